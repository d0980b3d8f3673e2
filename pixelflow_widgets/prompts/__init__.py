"""Words for models: how they are written, read as tokens, weighted and changed over the steps."""

from . import styles
from .reading import read_prompt

__all__ = ["read_prompt", "styles"]
