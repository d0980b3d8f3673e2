"""Runs a plan in a thread: takes from the cache what is there, gives the rest to a backend, tells what happens."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from ..errors import Cancelled, MediaError, NodeFailed, RunError, WorkerLost
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..media import Preview, blake3_hex
from ..schema import NodeType, Registry
from .backends import Backend, Task, backend_for
from .cache import MemoryCache, Results, Slot, Value, as_list
from .events import Event
from .plan import Plan, Step, gather, key_of, make_plan, slot_of
from .result import Result

Status = Literal["running", "done", "failed", "cancelled"]
_CACHE = MemoryCache()
_task_numbers = itertools.count()


def start(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    *,
    inputs: Mapping[str, Any] | None = None,
    targets: Iterable[str] | None = None,
    backend: str | Backend = "auto",
    cache: MemoryCache | None = None,
    on_event: Callable[[Event], None] | None = None,
    id: str | None = None,
) -> Run:
    """Start a run and return at once.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The media that values refer to.
        inputs: Values of the flow's inputs by name.
        targets: Names of outputs of the flow, or ids of nodes; None is everything that has an effect.
        backend: "auto", "inline", "worker", or a backend.
        cache: Where results are kept; the process's own if None.
        on_event: Called with each event, in the run's thread.
        id: What the run is called; made if not given.

    Raises:
        FlowProblems: Something that the targets need is wrong; nothing was started.
    """
    backend_for(backend, "auto") if isinstance(backend, str) else None  # a wrong name is said before anything starts
    plan = make_plan(document, registry, files, inputs or {}, targets)
    run = Run(plan, registry, backend, cache if cache is not None else _CACHE, on_event, id)
    threading.Thread(target=run._work, name=f"pixelflow-run-{run.id}", daemon=True).start()
    return run


class Run:
    """Is one execution of a flow; can be waited for, followed and cancelled.

    Args:
        plan: What is to be done.
        registry: Which node types there are.
        backend: Who does it.
        cache: Where results are kept.
        on_event: Called with each event.
        id: What it is called; made if not given.
    """

    def __init__(
        self,
        plan: Plan,
        registry: Registry,
        backend: str | Backend,
        cache: MemoryCache,
        on_event: Callable[[Event], None] | None = None,
        id: str | None = None,
    ) -> None:
        self.id = id or secrets.token_hex(6)
        self.status: Status = "running"
        self.results: dict[str, Results] = {}
        self.errors: dict[str, RunError] = {}
        self.seeds: dict[str, int | list[int]] = {}
        """The seed that each node used, by "node.port"; a list for a node that was mapped over seeds."""
        self.node_types: dict[str, NodeType] = {step.node: step.node_type for step in plan.steps}
        """The types of the nodes that it runs, by id, in their order."""
        self._plan = plan
        self._registry = registry
        self._backend = backend
        self._cache = cache
        self._on_event = on_event
        self._started = time.monotonic()
        self._cancelled = threading.Event()
        self._events: list[Event] = []
        self._changed = threading.Condition()

    # Following

    def cancel(self) -> None:
        """Ask the run to stop; what is done stays."""
        self._cancelled.set()

    @property
    def is_stopping(self) -> bool:
        """Return whether it was asked to stop."""
        return self._cancelled.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended, or some seconds; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self.status != "running", timeout)

    def events(self) -> Iterator[Event]:
        """Yield every event from the start, waiting for those to come, until the run has ended."""
        for number in itertools.count():
            with self._changed:
                self._changed.wait_for(lambda n=number: len(self._events) > n or self.status != "running")
                if len(self._events) <= number:
                    return
                event = self._events[number]
            yield event

    def partial_result(self) -> Result:
        """Return what is done so far."""
        return Result(self._plan.outputs, dict(self.results), self.seeds, self._plan.resolved)

    def result(self) -> Result:
        """Wait for the end and return the outputs.

        Raises:
            NodeFailed: A node raised.
            WorkerLost: The worker process died.
            Cancelled: The run was stopped.
        """
        self.wait()
        if self.errors:
            raise next(iter(self.errors.values()))
        if self.status == "cancelled":
            raise Cancelled("The run was stopped before it was done. What is done is in run.partial_result().")
        return self.partial_result()

    # Working

    def _tell(self, kind: Any, **fields: Any) -> None:
        with self._changed:
            event = Event(kind, self.id, len(self._events), time.monotonic() - self._started, **fields)
            self._events.append(event)
            self._changed.notify_all()
        if self._on_event:
            try:
                self._on_event(event)
            except Exception:  # a listener's mistake is not the run's
                traceback.print_exc()

    def _work(self) -> None:
        self._tell("run-started")
        status: Status = "failed"
        try:
            status = self._do_steps()
        except Exception as error:  # a mistake of this package must not leave anybody waiting
            self.errors.setdefault("", RunError(f"The run broke off: {type(error).__name__}: {error}"))
            self._tell("node-failed", note=str(error), traceback=traceback.format_exc())
        finally:
            self._tell("run-finished", status=status, took=time.monotonic() - self._started)
            with self._changed:
                self.status = status
                self._changed.notify_all()

    def _do_steps(self) -> Status:
        for step in self._plan.steps:
            if self._cancelled.is_set():
                return "cancelled"
            sources = {edge.source for edges in step.edges.values() for edge in edges}
            if not sources <= self.results.keys():
                continue  # something before it failed, and has said so
            try:
                self._do_step(step)
            except Cancelled:
                self._tell("node-cancelled", node=step.node)
                return "cancelled"
            except (RunError, MediaError) as error:
                self._fail(step, error)
                if isinstance(error, WorkerLost):
                    return "failed"
        return "failed" if self.errors else "done"

    def _fail(self, step: Step, error: RunError | MediaError) -> None:
        message = f"'{step.title}' failed: {error}"
        trace = error.traceback if isinstance(error, NodeFailed) else ""
        if isinstance(error, WorkerLost):
            named: RunError = WorkerLost(f"{message} Earlier results are kept; run again to go on.", node=step.node)
        else:
            named = NodeFailed(message, node=step.node, traceback=trace)
        self.errors[step.node] = named
        self._tell("node-failed", node=step.node, note=str(named), traceback=trace)

    def _do_step(self, step: Step) -> None:
        items = gather(step, self.results)
        is_mapped = any(
            isinstance(slot, list) and not step.node_type.inputs[name].type.many
            for name, slots in self._incoming(step)
            for slot in slots
        )
        for name, port in step.node_type.inputs.items():
            used = [inputs[name].data for inputs in items if name in inputs] if port.is_seed else []
            if used:
                self.seeds[f"{step.node}.{name}"] = used if len(set(used)) > 1 else used[0]
        self._tell("node-started", node=step.node)
        done, cached, took = [], True, 0.0
        for number, inputs in enumerate(items):
            reporter = _Reporter(self, step.node, (number, len(items)) if is_mapped else None)
            results, hit = self._do_item(step, inputs, reporter)
            done.append(results)
            cached = cached and hit
            took += time.monotonic() - reporter.since
        if is_mapped:
            self.results[step.node] = {
                port: [value for results in done for value in as_list(results[port])] for port in step.node_type.outputs
            }
        else:
            self.results[step.node] = done[0]
        self._tell("node-finished", node=step.node, cached=cached, took=took)

    def _incoming(self, step: Step) -> Iterator[tuple[str, list[Slot]]]:
        for name in step.node_type.inputs:
            slots = [self.results[edge.source][edge.output] for edge in step.edges.get(name, ())]
            yield name, slots + step.feeds.get(name, [])

    def _do_item(self, step: Step, inputs: dict[str, Value], reporter: _Reporter) -> tuple[Results, bool]:
        key = key_of(step, inputs, self._registry)
        if step.node_type.pure and (found := self._cache.get(key)) is not None:
            return found, True
        task = Task(f"{self.id}-{next(_task_numbers)}", step.node_type, {n: v.data for n, v in inputs.items()})
        backend = backend_for(self._backend, step.node_type.where)
        outputs = backend.execute(task, reporter, self._cancelled)
        results = _identified(step, key, outputs)
        if step.node_type.pure:
            self._cache.put(key, results)
        return results, False


def _identified(step: Step, key: str, outputs: Mapping[str, Any]) -> Results:
    """Return outputs with digests: chained from the key, or of the content where the result is not repeatable."""
    results: Results = {}
    for name, port in step.node_type.outputs.items():
        data = outputs[name]
        if data is None:
            results[name] = Value(None, "none")
        elif not step.node_type.pure or step.drawn:
            results[name] = slot_of(port.type, data)
        elif port.type.many:
            results[name] = [Value(d, blake3_hex(f"{key}:{name}:{n}".encode())) for n, d in enumerate(data)]
        else:
            results[name] = Value(data, blake3_hex(f"{key}:{name}".encode()))
    return results


class _Reporter:
    """Makes events of what a node reports."""

    def __init__(self, run: Run, node: str, item: tuple[int, int] | None) -> None:
        self._run, self._node, self._item = run, node, item
        self.since = time.monotonic()

    def began(self) -> None:
        self.since = time.monotonic()  # a worker that had to be started is not the node's time

    def progress(self, fraction: float | None, note: str) -> None:
        self._run._tell("progress", node=self._node, item=self._item, fraction=fraction, note=note)

    def preview(self, value: Preview) -> None:
        self._run._tell("preview", node=self._node, item=self._item, preview=value)

    def log(self, line: str) -> None:
        self._run._tell("log", node=self._node, item=self._item, note=line)
