"""Generations: runs of what is played, each with values of its own; a few at once, the others wait in their order."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ...errors import Cancelled, PixelFlowError, RunError
from ...flow.document import Document
from ...flow.media_files import MediaFiles
from ...flow.signature import Signature
from ...media import Preview
from ...run import Result, Run, start
from ...run.events import Event
from ...run.history import process_history
from ...schema import Registry
from ...serve.http.shapes import job_told
from ...serve.jobs.following import Follower, gathered
from ...serve.jobs.job import Job
from ...serve.jobs.results import Results, outputs_of, seeds_of
from ...serve.jobs.running import failure_of
from .media import KeptMedia, ids_in

_log = logging.getLogger(__name__)

TELL_SECONDS = 0.1
MOST_KEPT = 100
"""Generations that have ended; older ones go with their media."""
MOST_WAITING = 100


@dataclass(frozen=True)
class Order:
    """Is what a generation is to do.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: Its media.
        signature: What it takes and gives.
        inputs: What it is given, as JSON; media by their ids.
        values: The same for a run.
        work: How much there is to do.
        estimate: How many seconds that will take.
        place: What the run is filed under in the history.
    """

    document: Document
    registry: Registry
    files: MediaFiles
    signature: Signature
    inputs: dict[str, Any]
    values: dict[str, Any] = field(repr=False)
    work: float = 1.0
    estimate: float | None = None
    place: str = ""


class Listener(Protocol):
    """Is told how generations get on, at most ten times a second for each."""

    def changed(self, told: dict[str, Any]) -> None:
        """Hear how far one is, as `JobTold` says it."""
        ...

    def previewed(self, id: str, preview: Preview) -> None:
        """Hear of an unfinished picture."""
        ...

    def took(self, work: float, seconds: float) -> None:
        """Hear how long one took that found nothing done before."""
        ...

    def ended(self) -> None:
        """Hear that one has ended."""
        ...


class Generation:
    """Is one run of what is played: waiting, on, or ended.

    Args:
        order: What it is to do.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.job = _new_job(order)
        self.run: Run | None = None
        self.result: Result | None = None
        """What came out, once it has succeeded."""
        self.error: Exception | None = None
        self.told: dict[str, Any] = {}
        """What was told of it last."""
        self.is_unwanted = False
        self._ended = threading.Event()

    @property
    def id(self) -> str:
        """Return what it is called."""
        return self.job.id

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, or some seconds; return whether it has."""
        return self._ended.wait(timeout)

    def outcome(self) -> Result:
        """Wait for the end and return what came out.

        Raises:
            PixelFlowError: It failed, or was cancelled.
        """
        self.wait()
        if self.result is None:
            raise self.error or Cancelled("The generation was cancelled.")
        return self.result

    def move(self, **changes: Any) -> None:
        """Be otherwise from now on."""
        self.job = replace(self.job, **changes)

    def end(self) -> None:
        """Let go whoever waits."""
        self._ended.set()


class Generations:
    """Does one generation after the other, or several at once.

    Args:
        media: Where results are kept as files.
        listener: Is told.
        backend: Who runs nodes.
    """

    def __init__(self, media: KeptMedia, listener: Listener, backend: str = "auto") -> None:
        self._media, self._listener, self._backend = media, listener, backend
        self._lock = threading.RLock()
        self._all: list[Generation] = []
        self._waiting: list[Generation] = []
        self._going: list[Generation] = []
        self._lanes = 1

    def add(self, orders: list[Order], lanes: int, kept: Mapping[str, Any]) -> list[Generation]:
        """Begin generations as soon as there is room; return them.

        Args:
            orders: What they are to do.
            lanes: How many may be on at once.
            kept: Values whose media are kept, too: what the form holds.

        Raises:
            RunError: Too many wait.
        """
        made = [Generation(order) for order in orders]
        with self._lock:
            if len(self._waiting) + len(made) > MOST_WAITING:
                raise RunError(f"{len(self._waiting)} generations wait already. Cancel some of them first.")
            self._all += made
            self._waiting += made
            self._lanes = lanes
            self._forget(kept)
        self._go_on()
        return made

    def _forget(self, kept: Mapping[str, Any]) -> None:
        over = [one for one in self._all if one.job.is_final][:-MOST_KEPT]
        if over:
            self._all = [one for one in self._all if one not in over]
            named = {id for values in (kept, *(one.job.inputs for one in self._all)) for id in ids_in(values)}
            self._media.keep_only(named, {one.id for one in self._all})

    def all(self) -> list[Generation]:
        """Return those that are kept, oldest first."""
        with self._lock:
            return list(self._all)

    def find(self, id: Any) -> Generation:
        """Return a generation.

        Raises:
            PixelFlowError: There is none of this id, or it is not kept any more.
        """
        for one in self.all():
            if one.id == id:
                return one
        raise PixelFlowError("This generation is not kept any more.")

    def told(self, one: Generation) -> dict[str, Any]:
        """Return how far a generation is, as `JobTold` says it."""
        with self._lock:
            position = self._waiting.index(one) if one in self._waiting else None
        told = job_told(one.job, position=position, estimate=one.order.estimate)
        return {**told, "urls": dict.fromkeys(told["urls"], "")}

    def cancel(self, id: Any) -> Generation:
        """Stop a generation, or take it out where it waits; return it.

        Raises:
            PixelFlowError: There is none.
        """
        one = self.find(id)
        with self._lock:
            one.is_unwanted = True
            was_waiting = one in self._waiting
            if was_waiting:
                self._waiting.remove(one)
                one.move(status="canceled", finished_at=time.time())
        if was_waiting:
            one.end()
            self._tell(one)
            self._tell_waiting()
        elif one.run is not None:
            one.run.cancel()
        return one

    # Doing

    def _go_on(self) -> None:
        """Begin what there is room for."""
        with self._lock:
            begun = self._waiting[: max(0, self._lanes - len(self._going))]
            del self._waiting[: len(begun)]
            self._going += begun
            for one in begun:
                one.move(status="running", started_at=time.time(), attempts=1)
        for one in begun:
            self._tell(one)
            name = f"pixelflow-generation-{one.id}"
            threading.Thread(target=self._do, args=(one,), name=name, daemon=True).start()
        self._tell_waiting()

    def _tell(self, one: Generation) -> None:
        if (told := self.told(one)) != one.told:
            one.told = told
            self._listener.changed(told)

    def _tell_waiting(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for one in waiting:
            self._tell(one)

    def _do(self, one: Generation) -> None:
        try:
            self._finish(one, self._follow(one))
        except PixelFlowError as error:
            self._fail(one, error)
        except Exception as error:  # a mistake of this package must not leave a generation behind that never ends
            _log.exception("A generation broke off.")
            self._fail(one, RunError(f"The generation broke off: {type(error).__name__}: {error}"))
        finally:
            with self._lock:
                self._going.remove(one)
            one.end()
            self._tell(one)
            self._go_on()
            self._listener.ended()

    def _follow(self, one: Generation) -> Follower:
        """Start the run and tell how it gets on until it has ended."""
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        order = one.order
        run = one.run = start(
            order.document,
            order.registry,
            order.files,
            inputs=order.values,
            targets=[given.name for given in order.signature.outputs],
            backend=self._backend,
            on_event=events.put,
            id=one.id,
        )
        process_history().follow(run, order.place, order.place, self._backend)
        if one.is_unwanted:
            run.cancel()
        follower, shown = Follower(run), None
        while not follower.is_ended:
            follower.hear(gathered(events, TELL_SECONDS))
            if follower.has_news:
                follower.news()
                one.move(progress=follower.progress, note=follower.note)
                self._tell(one)
            if follower.preview is not shown and follower.preview is not None:
                shown = follower.preview
                self._listener.previewed(one.id, shown)
        run.wait()
        return follower

    def _finish(self, one: Generation, follower: Follower) -> None:
        run, began = follower.run, one.job.started_at or 0.0
        if run.status == "cancelled":
            one.move(status="canceled", finished_at=time.time())
            return
        if run.status != "done":
            raise next(iter(run.errors.values()), None) or RunError("The flow did not give what it promises.")
        one.result = run.result()
        outputs = outputs_of(run, one.order.signature, Results(self._media, one.id, one.id))
        now = time.time()
        seconds = round(now - began, 3)
        usage = {"seconds": seconds, "nodes": follower.nodes, "found": follower.found}
        seeds = seeds_of(run, one.order.signature, one.job.inputs)
        one.move(status="succeeded", finished_at=now, progress=1.0, outputs=outputs, seeds=seeds, usage=usage)
        if not follower.found:
            self._listener.took(one.order.work, seconds)

    def _fail(self, one: Generation, error: PixelFlowError) -> None:
        one.error = error
        now = time.time()
        usage = {"seconds": round(now - (one.job.started_at or now), 3), "nodes": 0, "found": 0}
        one.move(status="failed", finished_at=now, error=failure_of(error, one.run), usage=usage)


def _new_job(order: Order) -> Job:
    return Job(
        id=secrets.token_hex(8),
        name=order.signature.name,
        number=0,
        key="",
        status="queued",
        priority=0,
        inputs=order.inputs,
        webhook=None,
        idempotency_key=None,
        body_hash="",
        created_at=time.time(),
        started_at=None,
        finished_at=None,
        expires_at=None,
        attempts=0,
        lost=0,
        owner=None,
        progress=None,
        note="",
        error=None,
        outputs=None,
        seeds=None,
        usage=None,
        cancel_asked=False,
    )
