"""Running a flow: what has to be computed, in which order, by whom, and what is told about it meanwhile."""

from .executor import Run, start
from .result import Result

__all__ = ["Result", "Run", "start"]
