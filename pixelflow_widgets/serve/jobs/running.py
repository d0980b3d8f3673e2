"""One job, from its row to its end: inputs are read, the flow is run, what happens is told, results are stored."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import (
    ArtifactGone,
    BudgetExceeded,
    EndpointChanged,
    FlowProblems,
    NodeFailed,
    PixelFlowError,
    ValuesRefused,
    WorkerLost,
)
from ...flow.signature import read_values
from ...run import Run, start
from ...run.backends import Backend
from ...run.events import Event
from ...usage.budgets import check_job
from ...usage.noting import note
from ..uploads.reading import open_medium
from .artifacts import Artifacts
from .following import Follower, gathered
from .job import Job
from .jobs import Jobs
from .results import Results, outputs_of, seeds_of

if TYPE_CHECKING:
    from ..publishing.endpoints import Endpoints, Opened

_log = logging.getLogger(__name__)

TELL_SECONDS = 0.1
"""How often a job's events are written: all that came meanwhile in one transaction."""
_RETRY_SECONDS = 1.0
_TYPES: tuple[tuple[type[Exception], str], ...] = (
    (NodeFailed, "node_failed"),
    (ValuesRefused, "values_refused"),
    (ArtifactGone, "artifact_gone"),
    (FlowProblems, "flow_refused"),
    (EndpointChanged, "endpoint_changed"),
    (BudgetExceeded, "over_budget"),
    (PixelFlowError, "failed"),
)


class RunningJob:
    """Is a job that a runner has claimed.

    Args:
        job: The job.
        jobs: Where it is told what happens.
        artifacts: Where media lie.
        endpoints: Where the version is that it runs.
        backend: Who runs its nodes.
    """

    def __init__(
        self, job: Job, jobs: Jobs, artifacts: Artifacts, endpoints: Endpoints, backend: str | Backend = "auto"
    ) -> None:
        self.job = job
        self.follower: Follower | None = None
        """Knows how far it is; None before it has begun."""
        self._jobs, self._artifacts, self._endpoints, self._backend = jobs, artifacts, endpoints, backend
        self._owner = job.owner or ""
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._is_changed = threading.Event()
        self._is_leaving = self._is_lost = self._is_late = False

    def leave(self) -> None:
        """Stop, and put the job back into the queue: the runner ends."""
        self._is_leaving = True
        self._events.put(None)

    def go(self) -> None:
        """Run the job until it has ended, or is in the queue again."""
        stop = self._jobs.listen(self.job.id, self._is_changed.set)
        self._is_changed.set()  # it may have been canceled before anybody listened
        began = time.monotonic()
        try:
            opened = self._endpoints.opened(self.job.name, self.job.number)
            self._endpoints.check_models(opened.endpoint)
            follower = self.follower = Follower(self._begin(opened))
            self._follow(follower, began + opened.endpoint.caps["seconds"])
            self._end(follower, opened, round(time.monotonic() - began, 3))
        except PixelFlowError as error:
            self._fail(error)
        except Exception as error:  # a mistake of this package must not leave a job behind that never ends
            _log.exception("The job %s broke off.", self.job.id)
            self._fail(PixelFlowError(f"The job broke off: {type(error).__name__}. The server's log says more."))
        finally:
            stop()

    def _begin(self, opened: Opened) -> Run:
        signature = opened.endpoint.signature
        inputs = read_values(signature, self.job.inputs, self._medium)
        targets = [given.name for given in signature.outputs]
        check_job(opened.document, opened.registry, opened.files, inputs, targets)
        return start(
            opened.document,
            opened.registry,
            opened.files,
            inputs=inputs,
            targets=targets,
            backend=self._backend,
            on_event=self._events.put,
            id=self.job.id,
            priority=self.job.priority,
        )

    def _medium(self, kind: str, upload: str) -> Any:
        return open_medium(kind, self._artifacts.read(upload))

    # While it runs

    def _follow(self, follower: Follower, until: float) -> None:
        """Tell what happens until the run has ended; what came last is told with the end."""
        while True:
            follower.hear(gathered(self._events, TELL_SECONDS))
            if follower.is_ended:
                follower.run.wait()
                return
            if follower.has_news:
                self._tell(follower)
            self._look(follower.run, until)

    def _tell(self, follower: Follower) -> None:
        try:
            if not self._jobs.tell(self.job.id, self._owner, follower.news(), follower.progress, follower.note):
                self._is_lost = True  # another has it: what this run gives is nobody's
        except sqlite3.Error:  # a full disk: the next time it may work
            _log.exception("What happened to the job %s could not be written.", self.job.id)

    def _look(self, run: Run, until: float) -> None:
        """Stop the run if somebody wants that, or it takes too long."""
        self._is_late = self._is_late or time.monotonic() > until
        is_unwanted = self._is_late or self._is_lost or self._is_leaving
        if self._is_changed.is_set() and not is_unwanted:
            self._is_changed.clear()
            job = self._jobs.find(self.job.id)
            is_unwanted = job is None or job.cancel_asked
        if is_unwanted and not run.is_stopping:
            run.cancel()

    # Its end

    def _end(self, follower: Follower, opened: Opened, seconds: float) -> None:
        run = follower.run
        error = next(iter(run.errors.values()), None)
        usage = {"seconds": seconds, "nodes": follower.nodes, "found": follower.found, **follower.spending.as_json()}
        self._note(run, opened)
        if run.status == "done":
            signature = opened.endpoint.signature
            outputs = outputs_of(run, signature, Results(self._artifacts, self.job.id, self.job.key))
            seeds = seeds_of(run, signature, self.job.inputs)
            self._finish(follower, "succeeded", outputs=outputs, seeds=seeds, usage=usage)
        elif self._is_leaving and run.status == "cancelled":
            self._surely(lambda: self._jobs.hand_back(self.job.id, self._owner, counts=False))
        elif self._is_late:
            words = f"The job took longer than the {opened.endpoint.caps['seconds']:g} s that this flow may take."
            self._finish(follower, "failed", error={"type": "deadline", "message": words}, usage=usage)
        elif run.status == "cancelled":
            self._finish(follower, "canceled", usage=usage)
        elif isinstance(error, WorkerLost):
            words = str(error).partition("\n")[0]  # what the process wrote last is for the log
            _log.warning("The job %s lost its worker: %s", self.job.id, error)
            self._surely(lambda: self._jobs.hand_back(self.job.id, self._owner, words=words))
        else:
            self._fail(error or PixelFlowError("The flow did not give what it promises."), usage)

    def _note(self, run: Run, opened: Opened) -> None:
        """Note what it took for estimates and budgets; nothing of that may break a job."""
        try:
            note(run, opened.files)
        except Exception:
            _log.exception("What the job %s took could not be noted.", self.job.id)

    def _finish(self, follower: Follower, status: str, **found: Any) -> None:
        told = follower.news()
        self._surely(lambda: self._jobs.finish(self.job.id, self._owner, status, told=told, **found))

    def _fail(self, error: Exception, usage: dict[str, Any] | None = None) -> None:
        run = self.follower.run if self.follower else None
        told = failure_of(error, run)
        self._surely(lambda: self._jobs.finish(self.job.id, self._owner, "failed", error=told, usage=usage))

    def _surely(self, write: Callable[[], object]) -> None:
        """Write what must be written, however long the disk is full; if the runner ends, others take the job over."""
        while True:
            try:
                write()
                return
            except sqlite3.Error:
                _log.exception("How the job %s ended could not be written; it is tried again.", self.job.id)
                if self._is_leaving:
                    return
                time.sleep(_RETRY_SECONDS)


def failure_of(error: Exception, run: Run | None = None) -> dict[str, Any]:
    """Return why a run failed, as JSON.

    Args:
        error: Why.
        run: The run, if it has begun.
    """
    told: dict[str, Any] = {"type": next(name for kind, name in _TYPES if isinstance(error, kind))}
    told["message"] = str(error)
    if (node := getattr(error, "node", None)) and run is not None:
        told |= {"node": node, "title": run.title(node)}
    return told
