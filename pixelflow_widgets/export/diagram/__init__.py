"""A flow as a drawing: SVG as the editor shows it, and Mermaid. The picture of a saved notebook is drawn by it too."""

from .mermaid import mermaid_of
from .svg import svg_of

__all__ = ["mermaid_of", "svg_of"]
