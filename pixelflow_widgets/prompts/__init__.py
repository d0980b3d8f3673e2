"""Words for models: how they are written, read as tokens, weighted and changed over the steps."""

from . import styles

__all__ = ["styles"]
