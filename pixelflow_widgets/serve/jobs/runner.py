"""What does the jobs: some threads that claim one after another and run them on the worker that all flows share."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from ...media import Preview
from ...run.backends import Backend, check_backend, shared_worker
from ...schema import Registry
from ..store import Store
from .artifacts import Artifacts
from .changes import QUEUE
from .jobs import Jobs
from .owners import Owner, bury_dead
from .retention import sweep
from .running import RunningJob

if TYPE_CHECKING:
    from ..publishing.endpoints import Endpoints

_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often it is seen whether another runner has died, and whether a job waits that nobody told of."""
SWEEP_SECONDS = 600.0
STOP_SECONDS = 5.0
"""How long stopped jobs have to leave; those that do not are given back all the same."""
_TROUBLE_SECONDS = 1.0


class Runner:
    """Runs the jobs of a store.

    Args:
        store: The store.
        registry: Which node types there are; the process's if not given.
        lanes: How many jobs run at once. Nodes that need a model take turns all the same.
        backend: Who runs nodes.
        jobs: The queue; one with the usual limits if not given.
        endpoints: Where versions are; those of the store if not given.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry | None = None,
        lanes: int = 2,
        *,
        backend: str | Backend = "auto",
        jobs: Jobs | None = None,
        endpoints: Endpoints | None = None,
    ) -> None:
        if endpoints is None:
            from ..publishing.endpoints import Endpoints

            endpoints = Endpoints(store) if registry is None else Endpoints(store, registry)
        check_backend(backend)
        self.jobs = jobs or Jobs(store)
        self._store, self._lanes, self._backend, self._endpoints = store, lanes, backend, endpoints
        self._artifacts = Artifacts(store)
        self._owner: Owner | None = None
        self._threads: list[threading.Thread] = []
        self._running: dict[str, RunningJob] = {}
        self._is_closing = threading.Event()

    def start(self) -> None:
        """Begin to run jobs, those first that a dead runner left."""
        if self._owner is not None:
            return
        owner = self._owner = Owner(self._store)
        closing = self._is_closing = threading.Event()  # a lane that did not end in time keeps the one it knows
        self._threads = [
            *(threading.Thread(target=self._work, args=(owner.id, closing), daemon=True) for _ in range(self._lanes)),
            threading.Thread(target=self._keep, args=(closing,), daemon=True),
        ]
        if self._backend in ("auto", "worker"):
            shared_worker().warm()  # the first job shall not wait for its start
        for thread in self._threads:
            thread.name = "pixelflow-runner"
            thread.start()

    def preview(self, job: str) -> Preview | None:
        """Return the newest unfinished result of a job that runs here, or None."""
        running = self._running.get(job)
        return running.follower.preview if running is not None and running.follower is not None else None

    def drain(self, seconds: float) -> bool:
        """Claim nothing more, and wait until what runs has ended; return whether it has. What has not is given back."""
        self._is_closing.set()
        self._wake()
        is_done = self._join(seconds)
        self.stop()
        return is_done

    def stop(self) -> None:
        """End; jobs that run here go back into the queue, before those that came after them."""
        if self._owner is None:
            return
        self._is_closing.set()
        for running in list(self._running.values()):
            running.leave()
        self._wake()
        self._join(STOP_SECONDS)
        self._owner.leave(self.jobs)
        self._owner = None

    def _wake(self) -> None:
        self._store.changes.tell([QUEUE])

    def _join(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, owner: str, closing: threading.Event) -> None:
        news = threading.Event()
        stop = self._store.changes.listen(QUEUE, news.set)
        try:
            while not closing.is_set():
                news.clear()
                try:
                    has_run = self._run_next(owner, closing)
                except Exception:  # a full or busy disk, say: jobs wait until it is better
                    _log.exception("No job could be claimed; it is tried again.")
                    has_run = False
                    closing.wait(_TROUBLE_SECONDS)
                if not has_run:
                    news.wait(LOOK_SECONDS)
        finally:
            stop()

    def _run_next(self, owner: str, closing: threading.Event) -> bool:
        job = self.jobs.claim(owner)
        if job is None:
            return False
        running = self._running[job.id] = RunningJob(job, self.jobs, self._artifacts, self._endpoints, self._backend)
        try:
            if closing.is_set():
                self.jobs.hand_back(job.id, owner, counts=False)
            else:
                running.go()
        finally:
            del self._running[job.id]
        return True

    def _keep(self, closing: threading.Event) -> None:
        """Take over what dead runners had, and remove what has expired."""
        swept_at = float("-inf")
        while not closing.is_set():
            try:
                if dead := bury_dead(self._store, self.jobs):
                    _log.warning("%d jobs of a process that is gone are done again.", len(dead))
                if time.monotonic() - swept_at > SWEEP_SECONDS:
                    if swept_at < 0:
                        self._artifacts.tidy(time.time())
                    sweep(self._store, time.time())
                    swept_at = time.monotonic()
            except Exception:  # as above
                _log.exception("The store could not be looked after; it is tried again.")
            closing.wait(LOOK_SECONDS)
