"""Runs a plan in a thread: takes from the cache what is there, gives the rest to a backend, tells what happens."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..errors import Cancelled, MediaError, NodeFailed, RunError, WorkerLost
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..media import Preview
from ..schema import NodeType, Registry
from .backends import Backend, Task, backend_for
from .cache import Cache, MemoryCache, Results, Slot, Value, as_list, process_cache
from .events import Event
from .plan import Plan, make_plan
from .result import Result
from .steps import Step, gather, identified, key_of
from .why import explain

Status = Literal["running", "done", "failed", "cancelled"]
_AT_ONCE = 100
"""How many nodes are looked up in the cache before somebody who pressed Stop is heard."""
_task_numbers = itertools.count()


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
        on_event: Called with each event, in the run's thread.
        id: What the run is called; made if not given.

    Raises:
        FlowProblems: Something that the targets need is wrong; nothing was started.
    """
    backend_for(backend, "auto") if isinstance(backend, str) else None  # a wrong name is said before anything starts
    plan = make_plan(document, registry, files, inputs or {}, targets)
    if cache is None or isinstance(cache, MemoryCache):
        cache = process_cache() if cache is None else Cache(cache)
    run = Run(plan, registry, backend, cache, on_event, id)
    threading.Thread(target=run._work, name=f"pixelflow-run-{run.id}", daemon=True).start()
    return run


class _Told(NamedTuple):
    """Is one event, or those of many nodes whose results were there, before somebody reads them.

    Ten thousand nodes that are found make a few of these, and not twenty thousand events that nobody reads.
    """

    first: int
    seconds: float
    kind: Any
    fields: dict[str, Any]
    found: Sequence[str] = ()

    def events(self, run: str) -> Iterator[Event]:
        if not self.found:
            yield Event(self.kind, run, self.first, self.seconds, **self.fields)
        for number, node in enumerate(self.found):
            place = self.first + 2 * number
            yield Event("node-started", run, place, self.seconds, node=node)
            yield Event("node-finished", run, place + 1, self.seconds, node=node, cached=True, took=0.0)


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
        cache: Cache,
        on_event: Callable[[Event], None] | None = None,
        id: str | None = None,
    ) -> None:
        self.id = id or secrets.token_hex(6)
        self.status: Status = "running"
        self.results: dict[str, Results] = {}
        self.errors: dict[str, RunError] = {}
        self.seeds: dict[str, int | list[int]] = {}
        """The seed that each node used, by "node.port"; a list for a node that was mapped over seeds."""
        self._plan = plan
        self._registry = registry
        self._backend = backend
        self._cache = cache
        self._on_event = on_event
        self._started = time.monotonic()
        self._cancelled = threading.Event()
        self._found: set[str] = set()
        self._told: list[_Told] = []
        self._count = 0  # of events
        self._followers = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._ended = threading.Event()  # who waits for the end alone is not woken by every event

    # Following

    def cancel(self) -> None:
        """Ask the run to stop; what is done stays."""
        self._cancelled.set()

    @property
    def node_types(self) -> dict[str, NodeType]:
        """Return the types of the nodes that it needs, by id, in their order."""
        facts = {node: keyed.settings.facts for node, keyed in self._plan.keyed.items()}
        return {node: known.node_type for node, known in facts.items() if known}

    @property
    def is_stopping(self) -> bool:
        """Return whether it was asked to stop."""
        return self._cancelled.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended, or some seconds; return whether it has."""
        return self._ended.wait(timeout)

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
                yield from self._told[number].events(self.id)
        finally:
            with self._changed:
                self._followers -= 1

    def partial_result(self) -> Result:
        """Return what is done so far."""
        return Result(self._plan.outputs, dict(self.results), self.seeds, self._plan.resolved)

    def why(self, node: str) -> str:
        """Return in words what made a node run again in this run, or that nothing did.

        Raises:
            KeyError: The run did not need the node.
        """
        if node not in self._plan.keyed:
            raise KeyError(f"This run did not need a node '{node}'. It needed: {', '.join(self._plan.order[:20])}.")
        return explain(node, self._plan.keyed, self._plan.before, self._plan.title, is_there=node in self._found)

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
        self._keep(_Told(self._count, time.monotonic() - self._started, kind, fields))

    def _keep(self, told: _Told) -> None:
        with self._lock:
            self._told.append(told)
            self._count += len(told.found) * 2 or 1
            if self._followers:
                self._changed.notify_all()
        if self._on_event:
            for event in told.events(self.id):
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
            self._ended.set()

    def _do_steps(self) -> Status:
        plan = self._plan
        for start in range(0, len(plan.order), _AT_ONCE):
            if self._cancelled.is_set():
                return "cancelled"
            self._take_found(plan.order[start : start + _AT_ONCE])
        to_do = self._to_do()
        for node in plan.order if to_do else ():
            if node not in to_do:
                continue
            if self._cancelled.is_set():
                return "cancelled"
            try:
                self._do_step(node)
            except Cancelled:
                self._tell("node-cancelled", node=node)
                return "cancelled"
            except (RunError, MediaError) as error:
                self._fail(node, error)
                if isinstance(error, WorkerLost):
                    return "failed"
        return "failed" if self.errors else "done"

    def _take_found(self, nodes: list[str]) -> None:
        """Take what the cache has, under keys that are known before anything ran."""
        plan, done, found = self._plan, self._plan.keys.done, []
        for node, results in zip(nodes, self._cache.get_many([plan.keyed[node].key for node in nodes]), strict=True):
            if results is None:
                continue
            self.results[node] = results
            keyed = done[node] = plan.keyed[node]
            found.append(node)
            if keyed.settings.facts and keyed.settings.facts.seeds:
                self._note_seeds(plan.step(node))
        if found:
            self._found.update(found)
            self._keep(_Told(self._count, time.monotonic() - self._started, "found", {}, found))

    def _to_do(self) -> set[str]:
        """Return the nodes that have to run: what is wanted and not there, and what these need that is not there."""
        plan = self._plan
        if len(self.results) == len(plan.order):
            return set()
        wanted, to_do = set(plan.wanted), set()
        for node in reversed(plan.order):
            keyed = plan.keyed[node]
            if node not in self.results and (keyed.key is None or node in wanted):
                to_do.add(node)
                wanted.update([link.source for link in keyed.links])
        return to_do

    def _fail(self, node: str, error: RunError | MediaError) -> None:
        message = f"'{self._plan.title(node)}' failed: {error}"
        trace = error.traceback if isinstance(error, NodeFailed) else ""
        if isinstance(error, WorkerLost):
            named: RunError = WorkerLost(f"{message} Earlier results are kept; run again to go on.", node=node)
        else:
            named = NodeFailed(message, node=node, traceback=trace)
        self.errors[node] = named
        self._tell("node-failed", node=node, note=str(named), traceback=trace)

    def _do_step(self, node: str) -> None:
        keyed = self._plan.keyed[node]
        for link in keyed.links:
            if link.source not in self.results:
                return  # something before it failed, and has said so
        step, key = self._plan.step(node), keyed.key
        items = gather(step, self.results)
        is_mapped = key is None and any(
            isinstance(slot, list) and not step.node_type.inputs[name].type.many
            for name, slots in self._incoming(step)
            for slot in slots
        )
        facts = keyed.settings.facts
        if facts and facts.seeds:
            self._note_seeds(step, items)
        self._tell("node-started", node=node)
        done, cached, took = [], True, 0.0
        for number, inputs in enumerate(items):
            reporter = _Reporter(self, node, (number, len(items)) if is_mapped else None)
            results, hit = self._do_item(step, inputs, key, reporter)
            done.append(results)
            cached = cached and hit
            took += time.monotonic() - reporter.since
        if is_mapped:
            self.results[node] = {
                port: [value for results in done for value in as_list(results[port])] for port in step.node_type.outputs
            }
        else:
            self.results[node] = done[0]
        if cached and items:
            self._found.add(node)
        self._plan.keys.done[node] = keyed
        self._tell("node-finished", node=node, cached=cached, took=took)

    def _note_seeds(self, step: Step, items: list[dict[str, Value]] | None = None) -> None:
        """Record the seeds that a node uses; of one that does not run, as far as its inputs are here."""
        for name, port in step.node_type.inputs.items():
            if not port.is_seed:
                continue
            if items is not None:
                used = [inputs[name].data for inputs in items if name in inputs]
            elif name in step.values:
                used = [step.values[name].data]
            else:
                used = [item.data for slot in self._arrived(step, name) for item in as_list(slot)]
            if used:
                self.seeds[f"{step.node}.{name}"] = used if len(set(used)) > 1 else used[0]

    def _incoming(self, step: Step) -> Iterator[tuple[str, list[Slot]]]:
        for name in step.node_type.inputs:
            yield name, self._arrived(step, name)

    def _arrived(self, step: Step, name: str) -> list[Slot]:
        links = [link for link in step.links.get(name, ()) if link.source in self.results]
        return [self.results[link.source][link.output] for link in links] + step.feeds.get(name, [])

    def _do_item(
        self, step: Step, inputs: dict[str, Value], key: str | None, reporter: _Reporter
    ) -> tuple[Results, bool]:
        node_type, found = step.node_type, None
        if key is not None:
            found = self._cache.memory.get(key)  # a twin of this node may have run meanwhile
        else:
            key = key_of(step, inputs, self._registry)
            found = self._cache.get(key) if node_type.pure else None
        if found is not None:
            return found, True
        task = Task(f"{self.id}-{next(_task_numbers)}", node_type, {n: v.data for n, v in inputs.items()})
        backend = backend_for(self._backend, node_type.where)
        outputs = backend.execute(task, reporter, self._cancelled)
        took = time.monotonic() - reporter.since
        results = identified(step, key, outputs)
        if node_type.pure:
            facts = self._plan.keyed[step.node].settings.facts
            self._cache.put(key, results, node_type.outputs, took, is_lasting=facts is None or facts.is_lasting)
        return results, False


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
