"""Every exception a user can meet, in one tree.

PixelFlowError
├── NodeTypeError            a function cannot become a node type
├── MediaError               a value cannot be encoded, decoded or is not what its medium wants
├── ModelError               a model is missing, damaged or does not fit
├── FlowError
│   ├── FlowFileError        a file is not a flow that can be read
│   ├── OperationRejected    an edit breaks a rule of the document
│   ├── FlowProblems         a flow refuses to run; carries every problem
│   └── RecordingError       Python control flow on a value that is only known when the flow runs
└── RunError
    ├── NodeFailed           a node raised; names it and keeps its traceback
    ├── WorkerLost           the worker process died or could not start
    └── Cancelled            somebody pressed Stop
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .flow.problems import Problem


class PixelFlowError(Exception):
    """Is the root of every error that this package raises on purpose."""


class NodeTypeError(PixelFlowError, TypeError):
    """Says why a function cannot become a node type, and what to write instead."""


class MediaError(PixelFlowError, ValueError):
    """Says why a value is not the medium that was asked for."""


class ModelError(PixelFlowError):
    """Says which model is missing, damaged or unfit, and what to do."""


class FlowError(PixelFlowError):
    """Is the root of what can be wrong with a flow."""


class FlowFileError(FlowError, ValueError):
    """Says why a file cannot be read as a flow."""


class ExportError(FlowError, ValueError):
    """Says why a flow cannot be written as code, or why code cannot be read as a flow, and where."""


class OperationRejected(FlowError, ValueError):
    """Says which rule an edit breaks; the document is unchanged."""


class RecordingError(FlowError, TypeError):
    """Says that a recorded value has no value yet, and which node to use instead."""


class FlowProblems(FlowError, ValueError):
    """Carries every problem of a flow that refuses to run.

    Args:
        problems: What is wrong, at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(["This flow cannot run:", *(f"  - {problem}" for problem in self.problems)]))


class RunError(PixelFlowError):
    """Is the root of what can go wrong while a flow runs.

    Args:
        message: One sentence, with the remedy.
        node: Id of the node where it happened, if it was one.
    """

    def __init__(self, message: str, *, node: str | None = None) -> None:
        super().__init__(message)
        self.node = node


class NodeFailed(RunError):
    """Names the node that raised and keeps the traceback of the process where it ran.

    Args:
        message: One sentence, with the remedy where one is known.
        node: Id of the node.
        traceback: The original traceback as text.
    """

    def __init__(self, message: str, *, node: str | None = None, traceback: str = "") -> None:
        super().__init__(message, node=node)
        self.traceback = traceback


class WorkerLost(RunError):
    """Says how the worker process ended; earlier results stay and the next run starts a new worker."""


class Cancelled(RunError):
    """Says that a run was stopped before it was done."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the most similar known word, or an empty string."""
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{match[0]}'?" if match else ""
