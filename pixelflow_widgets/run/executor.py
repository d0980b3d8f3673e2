"""A run: a plan that is done in a thread, can be followed, asked, answered and stopped."""

from __future__ import annotations

import functools
import itertools
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from ..errors import Cancelled, RunError
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..schema import NodeType, Registry
from .backends import Backend, InlineBackend, Stop, backend_for, check_backend
from .cache import Cache, MemoryCache, Results, process_cache
from .events import Event
from .plan import Plan, make_plan
from .questions import Question, Questions
from .records import Records
from .result import Result
from .scope import Scope
from .steps import Step
from .transport import can_travel
from .why import explain

Status = Literal["running", "done", "failed", "cancelled"]


def start(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    *,
    inputs: Mapping[str, Any] | None = None,
    targets: Iterable[str] | None = None,
    backend: str | Backend = "auto",
    cache: Cache | MemoryCache | None = None,
    on_event: Callable[[Event], None] | None = None,
    id: str | None = None,
    priority: int = 0,
    before_end: Callable[[Run], None] | None = None,
) -> Run:
    """Start a run and return at once.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        inputs: Values of the flow's inputs by name.
        targets: Names of outputs of the flow, or ids of nodes; None is everything that has an effect.
        backend: "auto", "inline", "worker", or a backend.
        cache: Where results are kept; the process's own, with the disk behind it, if None.
        on_event: Called with each event, in a thread of the run.
        id: What the run is called; made if not given.
        priority: Of its nodes where they wait for the worker; the smaller ones go first.
        before_end: Called in the run's thread when all is done, before anybody hears that it has ended.

    Raises:
        FlowProblems: Something that the targets need is wrong; nothing was started.
    """
    check_backend(backend)
    if cache is None or isinstance(cache, MemoryCache):
        cache = process_cache() if cache is None else Cache(cache)
    plan = make_plan(document, registry, files, inputs or {}, targets, is_kept=cache.has)
    run = Run(plan, registry, backend, cache, on_event, id, priority)
    run._before_end = before_end
    threading.Thread(target=run._work, name=f"pixelflow-run-{run.id}", daemon=True).start()
    return run


_Told = tuple[int, float, Any, dict[str, Any], Sequence[str]]
"""One event, or those of many nodes whose results were there, before somebody reads them.

(Number of the first, seconds, kind, fields, nodes that were found). Ten thousand nodes that are found make a few of
these, and not twenty thousand events that nobody reads.
"""


def _events_of(told: _Told, run: str) -> Iterator[Event]:
    first, seconds, kind, fields, found = told
    if not found:
        yield Event(kind, run, first, seconds, **fields)
    for number, node in enumerate(found):
        place = first + 2 * number
        yield Event("node-started", run, place, seconds, node=node, **fields)
        yield Event("node-finished", run, place + 1, seconds, node=node, cached=True, took=0.0, **fields)


class Run:
    """Is one execution of a flow; can be waited for, followed, answered and cancelled.

    Args:
        plan: What is to be done.
        registry: Which node types there are.
        backend: Who does it.
        cache: Where results are kept.
        on_event: Called with each event.
        id: What it is called; made if not given.
        priority: Of its nodes where they wait for the worker; the smaller ones go first.
    """

    def __init__(
        self,
        plan: Plan,
        registry: Registry,
        backend: str | Backend,
        cache: Cache,
        on_event: Callable[[Event], None] | None = None,
        id: str | None = None,
        priority: int = 0,
    ) -> None:
        self.id = id or secrets.token_hex(6)
        self.status: Status = "running"
        self.started_at = datetime.now(UTC)
        self.registry, self.cache, self.priority = registry, cache, priority
        self.stop = Stop()
        self.seeds: dict[str, int | list[int]] = {}
        """The seed that each node used, by "node.port"; a list for a node that was mapped over seeds."""
        self.drawn: dict[str, int] = {}
        """The seeds that were drawn by nodes which ran once: with them the flow gives the same again."""
        self.targets = list(plan.wanted)
        """The nodes whose results it was asked for."""
        self._plan = plan
        self._scope = Scope(self, plan)
        self.results, self.errors = self._scope.results, self._scope.errors
        self._questions = Questions(self.stop)
        self._backend = backend
        self._here = backend_for("inline", "kernel") if backend == "inline" else None
        self.is_inline = isinstance(backend, InlineBackend) or backend == "inline"
        self._on_event = on_event
        self._started = time.monotonic()
        self._told: list[_Told] = []
        self._count = 0  # of events
        self._followers = 0
        self._when_ended: list[Callable[[Run], None]] = []
        self._before_end: Callable[[Run], None] | None = None
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._ended = threading.Event()  # who waits for the end alone is not woken by every event

    # Following

    def cancel(self, *, now: bool = False) -> None:
        """Ask the run to stop; what is done stays.

        Args:
            now: Do not wait for nodes to leave by themselves: their worker process is ended at once.
        """
        self.stop.set_now() if now else self.stop.set()

    @property
    def node_types(self) -> dict[str, NodeType]:
        """Return the types of the nodes that it needs, by id, in their order."""
        facts = {node: keyed.settings.facts for node, keyed in self._plan.keyed.items()}
        return {node: known.node_type for node, known in facts.items() if known}

    @property
    def plan(self) -> Plan:
        """Return what it has to do."""
        return self._plan

    @property
    def document(self) -> Document:
        """Return the flow as it was when the run was started."""
        return self._plan.document

    @property
    def is_stopping(self) -> bool:
        """Return whether it was asked to stop."""
        return self.stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended, or some seconds; return whether it has."""
        return self._ended.wait(timeout)

    def when_ended(self, callback: Callable[[Run], None]) -> None:
        """Call back when the run has ended, in its thread; at once if it has."""
        with self._lock:
            if not self._ended.is_set():
                self._when_ended.append(callback)
                return
        callback(self)

    def events(self) -> Iterator[Event]:
        """Yield every event from the start, waiting for those to come, until the run has ended."""
        with self._changed:
            self._followers += 1
        try:
            for number in itertools.count():
                with self._changed:
                    self._changed.wait_for(lambda n=number: len(self._told) > n or self.status != "running")
                    if len(self._told) <= number:
                        return
                yield from _events_of(self._told[number], self.id)
        finally:
            with self._changed:
                self._followers -= 1

    def title(self, node: str) -> str:
        """Return what a node that it needs is called."""
        return self._plan.title(node)

    def happened(self, kinds: Container[str]) -> tuple[list[Event], list[str]]:
        """Return (the events of some kinds so far, the nodes whose results were there, which have none among them)."""
        told = tuple(self._told)
        events = [
            Event(kind, self.id, first, seconds, **fields)
            for first, seconds, kind, fields, found in told
            if not found and kind in kinds
        ]
        return events, [node for *_, found in told for node in found]

    def partial_result(self) -> Result:
        """Return what is done so far."""
        results = dict(self.results)
        return Result(self._plan.outputs, results, self.seeds, self._records(dict(self.drawn), results))

    def _records(self, drawn: Mapping[str, int], results: Mapping[str, Results]) -> Records:
        plan = self._plan
        return Records(plan.document, plan.inputs, drawn, self.registry, plan.files, self.started_at, results)

    @functools.cached_property
    def records(self) -> Records:
        """Return what writes the records of files."""
        return self._records(self.drawn, self.results)

    def why(self, node: str) -> str:
        """Return in words what made a node run again in this run, or that nothing did.

        Raises:
            KeyError: The run did not need the node.
        """
        if node not in self._plan.keyed:
            raise KeyError(f"This run did not need a node '{node}'. It needed: {', '.join(self._plan.order[:20])}.")
        is_there = node in self._scope.found
        return explain(node, self._plan.keyed, self._plan.before, self._plan.title, is_there=is_there)

    def result(self) -> Result:
        """Wait for the end and return the outputs.

        Raises:
            NodeFailed: A node raised.
            WorkerLost: The worker process died.
            Cancelled: The run was stopped.
        """
        self.wait()
        if self.errors and self.status != "done":  # else another way was taken than the one that failed
            raise next(iter(self.errors.values()))
        if self.status == "cancelled":
            raise Cancelled("The run was stopped before it was done. What is done is in run.partial_result().")
        return self.partial_result()

    # Questions

    @property
    def questions(self) -> dict[str, Question]:
        """Return what nodes ask now, by node."""
        return self._questions.open

    def answer(self, node: str, pick: int) -> None:
        """Answer what a node asks: which of its candidates is taken.

        Args:
            node: Id of the node.
            pick: Number of the candidate, from 0.

        Raises:
            RunError: It asks nothing, or there is no such candidate.
        """
        self._questions.answer(node, pick)

    def ask(self, scope: Scope, step: Step, candidates: list[Any], note: str) -> int:
        """Ask for a node which of its candidates is taken, and wait for the answer.

        Raises:
            Cancelled: The run was stopped.
        """
        question = Question(scope.prefix + step.node, step.title, list(candidates), note)
        pick = self._questions.ask(
            question, lambda: scope.tell("question", step.node, note=note, count=len(question.values))
        )
        scope.tell("progress", step.node, fraction=None)  # it goes on: whoever shows the question takes it away
        return pick

    # Working

    def backend_of(self, node_type: NodeType, values: Mapping[str, Any]) -> Backend:
        """Return who runs a node with such inputs: what cannot travel stays in this process."""
        if self._here is not None:
            return self._here
        backend = backend_for(self._backend, node_type.where)
        if self._backend == "auto" and not isinstance(backend, InlineBackend):
            ports = node_type.inputs
            if not all(can_travel(ports[name], value) for name, value in values.items() if name in ports):
                return backend_for("inline", "kernel")
        return backend

    def note_seed(self, port: str, used: list[Any]) -> None:
        """Record the seeds that a node used."""
        self.seeds[port] = used if len(set(used)) > 1 else used[0]

    def tell(self, kind: Any, **fields: Any) -> None:
        """Tell an event."""
        self.keep(kind, fields)

    def tell_found(self, nodes: Sequence[str]) -> None:
        """Tell that the results of nodes were there."""
        self.keep("found", {}, nodes)

    def keep(self, kind: Any, fields: dict[str, Any], found: Sequence[str] = ()) -> None:
        """Keep an event, and tell who listens."""
        if self._on_event is None:
            self._note(kind, fields, found)
            return
        with self._telling:  # several nodes tell at once, and the listener hears of one thing after another
            for event in _events_of(self._note(kind, fields, found), self.id):
                _call(self._on_event, event)

    def _note(self, kind: Any, fields: dict[str, Any], found: Sequence[str]) -> _Told:
        with self._lock:
            told = (self._count, time.monotonic() - self._started, kind, fields, found)
            self._told.append(told)
            self._count += len(found) * 2 or 1
            if self._followers:
                self._changed.notify_all()
            return told

    def _work(self) -> None:
        self.tell("run-started")
        status: Status = "failed"
        try:
            self._scope.go()
            status = "done" if self._scope.is_complete else "failed"
        except Cancelled:
            status = "cancelled"
        except Exception as error:  # a mistake of this package must not leave anybody waiting
            self.errors.setdefault("", RunError(f"The run broke off: {type(error).__name__}: {error}"))
            self.tell("node-failed", note=str(error), traceback=traceback.format_exc())
        finally:
            if self._before_end is not None:
                _call(self._before_end, self)
            self.tell("run-finished", status=status, took=time.monotonic() - self._started)
            with self._changed:
                self.status = status
                self._changed.notify_all()
                self._ended.set()
                listeners, self._when_ended = self._when_ended, []
            for listener in listeners:
                _call(listener, self)


def _call(listener: Callable[[Any], None], given: Any) -> None:
    try:
        listener(given)
    except Exception:  # a listener's mistake is not the run's
        traceback.print_exc()
