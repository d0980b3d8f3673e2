"""Does one node: once, or once for each item that it is mapped over; from the cache, by a backend, or by its body."""

from __future__ import annotations

import itertools
import math
import time
import traceback as traces
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, MediaError, NodeFailed, RunError, WorkerLost
from ..flow.complaints import complaints_of
from ..media import Preview
from ..schema import NodeType
from ..schema.asking import Ask
from ..schema.lazy import Lazy, NotYet
from ..schema.usage import Usage
from .backends import Task
from .cache import Results, Slot, Value, as_list
from .steps import Step, arrived, by_content, gather, identified, key_of

if TYPE_CHECKING:
    from .scope import Scope

_task_numbers = itertools.count()
_MOST_TOLD = 5


@dataclass(slots=True)
class Outcome:
    """Is how a node ended, or what it still wants.

    Args:
        results: What it gave.
        error: Why it gave nothing.
        traceback: Of an error that carries none itself.
        wanted: The nodes that have to run before it can go on.
        cached: Its results were all there.
        took: Seconds.
        seeds: The seeds that it used, by port.
        is_borrowed: The error is that of another node, which has said so itself.
    """

    results: Results | None = None
    error: Exception | None = None
    traceback: str = ""
    wanted: list[str] | None = None
    cached: bool = False
    took: float = 0.0
    seeds: dict[str, list[Any]] | None = None
    is_borrowed: bool = False


class Call:
    """Does one node of a scope; is called again where a lazy input was wanted and has come.

    Args:
        scope: The plan that it is part of, as far as that is done.
        node: Its id.
    """

    __slots__ = (
        "_borrowed",
        "_cached",
        "_done",
        "_errors",
        "_facts",
        "_has_begun",
        "_keyed",
        "_node",
        "_scope",
        "_took",
        "may_wait_here",
        "peak",
        "stays_here",
        "usage",
    )

    def __init__(self, scope: Scope, node: str) -> None:
        self.peak: int | None = None
        """Bytes that it took at most, where that is known."""
        self.usage = Usage()
        """What it has used so far, in all its items and in what it runs."""
        self._scope, self._node = scope, node
        self._keyed = scope.plan.keyed[node]
        facts = self._keyed.settings.facts
        assert facts is not None
        self._facts = facts
        node_type = facts.node_type
        is_inline = scope.run.is_inline
        self.stays_here = is_inline or facts.passes is not None
        """It runs in the thread that asks: one after another, or nothing to wait for."""
        self.may_wait_here = node_type.where != "kernel"
        """Who waits for it hears Stop: the worker ends what does not."""
        self._has_begun = False
        self._borrowed: RunError | None = None
        self._done: list[Results] = []
        self._errors: dict[int, Exception] = {}
        self._cached = True
        self._took = 0.0

    def do(self) -> Outcome:
        """Do it, or say what it wants first."""
        try:
            return self._try()
        except NotYet as wish:
            _, missing, _ = self._scope.lazy_slot(self._node, wish.port)
            return Outcome(wanted=missing)
        except (RunError, MediaError) as error:
            return Outcome(error=error, took=self._took, is_borrowed=error is self._borrowed)
        except Exception as error:  # a mistake of this package fails the node, and nothing else
            broke = RunError(f"It broke off: {type(error).__name__}: {error}")
            return Outcome(error=broke, traceback=traces.format_exc(), took=self._took)

    def _try(self) -> Outcome:
        scope = self._scope
        step = scope.plan.step(self._node)
        if self._facts.passes is not None:
            return self._pass(step)
        items, is_mapped = gather(step, scope.results)
        if not self._has_begun:
            self._has_begun = True
            scope.tell("node-started", self._node)
        for number in range(len(self._done), len(items)):
            self._do_next(step, items[number], (number, len(items)) if is_mapped else None)
        if self._errors:
            raise self._several(len(items))
        outcome = Outcome(self._joined(step, is_mapped), cached=self._cached and bool(items), took=self._took)
        if self._facts.seeds:
            seeds = self._facts.seeds
            outcome.seeds = {name: [given[name].data for given in items if name in given] for name in seeds}
        return outcome

    def _pass(self, step: Step) -> Outcome:
        """Let what comes in go out again: the node is muted."""
        results: Results = {}
        for output, name in (self._facts.passes or {}).items():
            slots = arrived(step, self._scope.results, name)
            results[output] = slots[0] if slots else step.values.get(name, Value(None, "none"))
        return Outcome(results, cached=True)

    def _do_next(self, step: Step, inputs: dict[str, Value], item: tuple[int, int] | None) -> None:
        reporter = Reporter(self, item)
        try:
            results, hit = self._do_item(step, inputs, None if item else self._keyed.key, reporter)
        except (Cancelled, WorkerLost):
            raise
        except (RunError, MediaError) as error:
            if item is None:
                raise
            self._errors[len(self._done)] = error  # the other items are done all the same, and kept
            results, hit = {}, False
            self._scope.tell("item-failed", self._node, item=item, note=str(error))
        finally:
            self._took += time.monotonic() - reporter.since
        self._done.append(results)
        self._cached = self._cached and hit

    def _joined(self, step: Step, is_mapped: bool) -> Results:
        if not is_mapped:
            return self._done[0]
        return {
            port: [value for results in self._done for value in as_list(results[port])]
            for port in step.node_type.outputs
        }

    def _several(self, count: int) -> NodeFailed:
        told = [f"item {number + 1}: {error}" for number, error in self._errors.items()]
        more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        first = next(iter(self._errors.values()))
        trace, partial = (first.traceback, first.partial) if isinstance(first, NodeFailed) else ("", "")
        which = f"{len(told)} of {count} items failed; the others are kept"
        return NodeFailed(f"{which}: {'; '.join(told[:_MOST_TOLD])}{more}", traceback=trace, partial=partial)

    def _do_item(
        self, step: Step, inputs: dict[str, Value], key: str | None, reporter: Reporter
    ) -> tuple[Results, bool]:
        node_type, run = step.node_type, self._scope.run
        found = None
        if self._facts.lazy:
            key = None
        elif key is not None:
            found = run.cache.memory.get(key) if self._scope.has_twins else None
        else:
            key = key_of(step, by_content(step, inputs) if node_type.ask else inputs, run.registry)
            found = run.cache.get(key) if node_type.pure else None
        if found is not None:
            return found, True
        if node_type.body is not None:
            from .bodies import do_body

            results = do_body(self._scope, step, inputs, node_type.body, reporter)
        else:
            results = self._execute(step, inputs, key, reporter)
        if key is not None and node_type.pure and reporter.is_whole:
            took = time.monotonic() - reporter.since
            run.cache.put(key, results, node_type.outputs, took, is_lasting=self._facts.is_lasting)
        return results, False

    def _execute(self, step: Step, inputs: Mapping[str, Value], key: str | None, reporter: Reporter) -> Results:
        node_type, run = step.node_type, self._scope.run
        arguments: dict[str, Any] = {name: value.data for name, value in inputs.items()}
        if self._facts.is_checked:
            self._check(node_type, arguments)
        backend = run.backend_of(node_type, arguments)
        passed: dict[int, Slot] = {}
        if self._facts.hands_on:
            passed = {id(value.data): value for value in inputs.values()}
            for name in self._facts.lazy:
                arguments[name] = self._lazy(step, name, passed)
        if node_type.ask:
            arguments[node_type.ask] = Ask(lambda candidates, note: run.ask(self._scope, step, candidates, note))
        if node_type.record:
            own = "" if self._scope.prefix else self._node
            arguments[node_type.record] = run.records.of_writer(own, arguments)
        limit = _limit_of(self._scope.plan.document["nodes"][self._node])
        task = Task(f"{run.id}-{next(_task_numbers)}", node_type, arguments, limit=limit, priority=run.priority)
        outputs = backend.execute(task, reporter, run.stop)
        return identified(step, key, outputs, passed)

    def _check(self, node_type: NodeType, arguments: Mapping[str, Any]) -> None:
        """Refuse what came over edges that nobody could know before the run.

        Raises:
            NodeFailed: An adapter does not fit its model, say; nothing was sent to a backend.
        """
        known = {name: value for name, value in arguments.items() if name in node_type.inputs}
        wrong = [one for one in complaints_of(node_type, self._scope.run.registry, known) if one.severity == "error"]
        if wrong:
            raise NodeFailed(" ".join(map(str, wrong)), node=self._node)

    def _lazy(self, step: Step, name: str, passed: dict[int, Slot]) -> Lazy[Any] | None:
        """Return a lazy input: what stands there, what has come, or a wish when it is asked for."""
        port = step.node_type.inputs[name]
        is_joined = name in step.links or name in step.feeds
        if not is_joined and (name not in step.values or step.values[name].data is None):
            return None

        def resolve() -> Any:
            slots, missing, error = self._scope.lazy_slot(self._node, name)
            if error is not None:
                self._borrowed = error
                raise error
            if missing:
                raise NotYet(name)
            slots += step.feeds.get(name, [])
            slot = slots[0] if is_joined else step.values[name]
            if isinstance(slot, list):
                data: Any = [port.type.one.check(item.data) for item in slot]
            else:
                data = port.check(slot.data)
            passed[id(data)] = slot
            return data

        return Lazy(resolve)


def _limit_of(entry: Mapping[str, Any]) -> float | None:
    """Return how many seconds a node may take, as its entry says; what is no time is none."""
    limit = entry.get("limit")
    if limit is None:
        return None
    return limit if isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < math.inf else None


class Reporter:
    """Makes events of what a node reports."""

    __slots__ = ("_call", "_item", "is_of_an_item", "is_whole", "since")

    def __init__(self, call: Call, item: tuple[int, int] | None) -> None:
        self._call, self._item = call, item
        self.since = time.monotonic()
        self.is_whole = True
        """Nothing of the result is missing: it may be kept."""
        self.is_of_an_item = item is not None

    def began(self) -> None:
        """Take notice that the node's own time begins: a worker that had to be started is not part of it."""
        self.since = time.monotonic()

    def progress(self, fraction: float | None, note: str) -> None:
        """Tell how much is done."""
        self._tell("progress", fraction=fraction, note=note)

    def preview(self, value: Preview) -> None:
        """Tell an unfinished result."""
        self._tell("preview", preview=value)

    def log(self, line: str) -> None:
        """Tell a line of the log."""
        self._tell("log", note=line)

    def peak(self, bytes: int) -> None:
        """Take notice of how many bytes it took."""
        self._call.peak = max(self._call.peak or 0, bytes)

    def used(self, usage: Usage) -> None:
        """Take notice of what it used."""
        self._call.usage += usage

    def _tell(self, kind: Any, **fields: Any) -> None:
        call = self._call
        call._scope.tell(kind, call._node, item=self._item, **fields)
