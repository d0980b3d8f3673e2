"""Every exception a user can meet, in one tree.

PixelFlowError
├── NodeTypeError            a function cannot become a node type
├── MediaError               a value cannot be encoded, decoded or is not what its medium wants
│   └── DatasetRefused       pictures and captions cannot be trained on; carries every reason
├── ModelError               a model is missing, damaged or does not fit
│   └── AnswerBroken         a server or a model broke off, or did not keep to the form; carries the text so far
├── SecretError              a secret is missing, or does not belong to the server that wants it
├── TrainingError            a training cannot begin or go on
├── RatesError               a file of prices or budgets is wrong
├── FlowError
│   ├── FlowFileError        a file is not a flow that can be read
│   ├── OperationRejected    an edit breaks a rule of the document
│   ├── FlowProblems         a flow refuses to run; carries every problem
│   ├── PublishRefused       a flow cannot be served as it is; carries every reason
│   ├── ValuesRefused        values that came from outside do not fit a flow's inputs; says where each is wrong
│   └── RecordingError       Python control flow on a value that is only known when the flow runs
├── RunError
│   ├── NodeFailed           a node raised; names it and keeps its traceback
│   ├── WorkerLost           the worker process died or could not start
│   ├── BudgetExceeded       a run would cost more than a budget allows; nothing was started
│   └── Cancelled            somebody pressed Stop
└── ServeError               what is served cannot be published, kept or done
    ├── NoEndpoint           there is no such endpoint or version, or it was unpublished
    ├── EndpointChanged      what a version was published with is not there any more
    ├── StoreError           the store of jobs and endpoints cannot be used
    ├── ArtifactGone         a stored medium is not there any more
    ├── QueueFull            too many jobs wait; says when to come again
    ├── IdempotencyClash     one Idempotency-Key came with two different requests
    ├── ExtraMissing         a package that only the extra `serve` brings is not installed
    ├── WebhookError         a webhook cannot be had, or a delivery is not from whom it says
    └── CallFailed           a server refused a call, or its job failed; carries the answer
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .flow.problems import Problem


class PixelFlowError(Exception):
    """Is the root of every error that this package raises on purpose."""


class NodeTypeError(PixelFlowError, TypeError):
    """Says why a function cannot become a node type, and what to write instead."""


class MediaError(PixelFlowError, ValueError):
    """Says why a value is not the medium that was asked for."""


class DatasetRefused(MediaError):
    """Carries every reason why pictures and captions cannot be trained on.

    Args:
        problems: What is wrong, at least one; each says it in words.
    """

    def __init__(self, problems: Iterable[object]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(["This dataset cannot be trained on:", *(f"  - {each}" for each in self.problems)]))


class ModelError(PixelFlowError):
    """Says which model is missing, damaged or unfit, and what to do."""


class AnswerBroken(ModelError):
    """Carries what a language model had said when it broke off, or the answer that is not as it was asked for.

    Args:
        message: One sentence, with the remedy.
        partial: The text so far; may be empty.
    """

    def __init__(self, message: str, partial: str = "") -> None:
        super().__init__(message)
        self.partial = partial


class SecretError(PixelFlowError, LookupError):
    """Says which secret is missing, or where it may not go, and what to do."""


class TrainingError(PixelFlowError, ValueError):
    """Says why a training cannot begin or go on: a setting, the base model or the memory does not allow it."""


class RatesError(PixelFlowError, ValueError):
    """Says what is wrong in a file of prices or budgets, and what to write instead."""


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


class PublishRefused(FlowError, ValueError):
    """Carries every reason why a flow cannot be served as it is.

    Args:
        problems: What is wrong, at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(["This flow cannot be published:", *(f"  - {each}" for each in self.problems)]))


class ValuesRefused(FlowError, ValueError):
    """Says where values that came from outside do not fit the inputs of a flow.

    Args:
        problems: "at", a JSON Pointer into the values, and "message"; at least one.
    """

    def __init__(self, problems: Iterable[Mapping[str, str]]) -> None:
        self.problems = [dict(problem) for problem in problems]
        told = [f"{each['at']}: {each['message']}" if each["at"] else each["message"] for each in self.problems]
        super().__init__("\n".join(["These values do not fit:", *(f"  - {line}" for line in told)]))


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
        partial: What it had written when it broke off, where that is text.
    """

    def __init__(self, message: str, *, node: str | None = None, traceback: str = "", partial: str = "") -> None:
        super().__init__(message, node=node)
        self.traceback = traceback
        self.partial = partial


class WorkerLost(RunError):
    """Says how the worker process ended; earlier results stay and the next run starts a new worker."""


class BudgetExceeded(RunError):
    """Says why a run was stopped before it was started: by which budget, what it would cost, what is left.

    Args:
        message: What would be exceeded, and what to do.
        over: Each budget in the way: "budget" ("run", "flow" or "day"), "unit", "limit", "left", "needed" (None where
            that is not known) and "reason".
        node: Id of the node that has no price, if that is why.
    """

    def __init__(self, message: str, over: Iterable[Mapping[str, Any]] = (), *, node: str | None = None) -> None:
        super().__init__(message, node=node)
        self.over = [dict(each) for each in over]

    def as_json(self) -> dict[str, Any]:
        """Return it as a page is told it."""
        return {"message": str(self), "over": self.over}


class Cancelled(RunError):
    """Says that a run was stopped before it was done."""


class ServeError(PixelFlowError):
    """Is the root of what can go wrong where flows are published and served."""


class NoEndpoint(ServeError, LookupError):
    """Says that there is no such endpoint or version.

    Args:
        message: One sentence, with the remedy.
        is_gone: There was one, and it was unpublished.
    """

    def __init__(self, message: str, *, is_gone: bool = False) -> None:
        super().__init__(message)
        self.is_gone = is_gone


class EndpointChanged(ServeError):
    """Says that something a version was published with is another one now, or is not there: a model, a module."""


class StoreError(ServeError):
    """Says why the store of jobs and endpoints cannot be used, and what to do."""


class ArtifactGone(ServeError, LookupError):
    """Says that a stored medium is not there, or not any more."""


class QueueFull(ServeError):
    """Says that too many jobs wait already.

    Args:
        message: One sentence, with the remedy.
        retry_after: Seconds after which there may be room.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class IdempotencyClash(ServeError):
    """Says that an Idempotency-Key stands for another request already."""


class ExtraMissing(ServeError, ImportError):
    """Says what needs which package, and the command that installs it."""


class WebhookError(ServeError, ValueError):
    """Says why a webhook cannot be had, or why a delivery is not believed."""


class CallFailed(ServeError):
    """Carries what a server answered instead of a result.

    Args:
        message: One sentence, with the remedy where one is known.
        type: The server's word for it: "rate_limited", "node_failed" …
        status: The HTTP status, or None where the job was accepted and failed later.
        details: What else the server said.
    """

    def __init__(
        self, message: str, *, type: str = "", status: int | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.type = type
        self.status = status
        self.details = dict(details or {})


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the most similar known word, or an empty string."""
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{match[0]}'?" if match else ""
