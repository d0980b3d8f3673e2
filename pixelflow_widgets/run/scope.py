"""Does one plan within a run: what is found is taken, the rest runs as soon as it may, several nodes at once."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, NodeFailed, RunError, WorkerLost
from ..schema.usage import Usage
from .cache import Results, Slot, as_list
from .call import Call, Outcome
from .schedule import Schedule

if TYPE_CHECKING:
    from .executor import Run
    from .plan import Plan

_AT_ONCE = 100
"""How many nodes are looked up in the cache before somebody who pressed Stop is heard."""
MOST_THREADS = 8
"""How many nodes of one flow run at once; each waits in a thread of its own for the worker or the kernel."""
LEAVE_SECONDS = 5.0
"""How long a stopped run waits for a node that hears no Stop: a function in a thread of the kernel cannot be ended."""


class Scope:
    """Runs the nodes of one plan: of the flow itself, or of a body that one of its nodes runs.

    Args:
        run: The run that it is part of: who is told, who stops.
        plan: What is to be done.
        prefix: What stands before the ids of its nodes in events: "" or "outer/".
        item: Which turn of the body it is, as (number from 0, of how many).
        is_once: It is done once in the run, so that the seeds that it draws can stand in the flow as it was run.
    """

    def __init__(
        self, run: Run, plan: Plan, prefix: str = "", item: tuple[int, int] | None = None, *, is_once: bool = True
    ) -> None:
        self.run, self.plan, self.prefix, self.item, self.is_once = run, plan, prefix, item, is_once
        for (node, port), seed in plan.drawn.items() if is_once else ():
            run.drawn[f"{prefix}{node}.{port}"] = seed
        self.results: dict[str, Results] = {}
        self.errors: dict[str, RunError] = {}
        self.found: set[str] = set()
        self.has_twins = False
        """Some of its nodes are the same, so that one of them may find what another has made meanwhile."""
        self.on_usage: Callable[[Usage], None] | None = None
        """Hears what each of its nodes used: the node whose body this is counts it as its own."""
        self._schedule = Schedule(plan.order, plan.keyed, self.results)
        self._calls: dict[str, Call] = {}
        self._active: dict[str, str | None] = {}
        """The keys of the nodes that run in threads."""
        self._was_stopped = False
        self._twins: dict[str, list[str]] = {}
        self._ends: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()

    # The outside

    def outputs(self) -> dict[str, Slot]:
        """Return the flow's outputs that are there, by name."""
        return {
            name: self.results[node][port]
            for name, (node, port) in self.plan.outputs.items()
            if node in self.results and port in self.results[node]
        }

    @property
    def is_complete(self) -> bool:
        """Return whether everything that was asked for is there; what failed may have been got over."""
        return all(node in self.results for node in self.plan.wanted)

    def go(self) -> None:
        """Do everything; what fails is in `errors`, and what does not need it is done all the same.

        Raises:
            Cancelled: The run was stopped.
        """
        order = self.plan.order
        for start in range(0, len(order), _AT_ONCE):
            self._check()
            self._take_found(order[start : start + _AT_ONCE])
        if len(self.results) < len(order):
            keys = [key for keyed in self.plan.keyed.values() if (key := keyed.key) is not None]
            self.has_twins = len(set(keys)) < len(keys)
            self._schedule.want(self.plan.wanted)
            self._do_all()

    def _check(self) -> None:
        if self.run.is_stopping:
            raise Cancelled("The run was stopped.")

    def tell(self, kind: Any, node: str, **fields: Any) -> None:
        """Tell an event of a node."""
        fields["node"] = self.prefix + node
        if self.item is not None and fields.get("item") is None:
            fields["item"] = self.item
        self.run.keep(kind, fields)

    # What is there

    def _take_found(self, nodes: list[str]) -> None:
        """Take what the cache has, under keys that are known before anything ran."""
        plan, done, found = self.plan, self.plan.keys.done, []
        keys = [plan.keyed[node].key for node in nodes]
        for node, results in zip(nodes, self.run.cache.get_many(keys), strict=True):
            if results is None:
                continue
            self.results[node] = results
            keyed = done[node] = plan.keyed[node]
            found.append(node)
            if keyed.settings.facts and keyed.settings.facts.seeds:
                self._note_seeds(node)
        if found:
            self.found.update(found)
            self.run.tell_found([self.prefix + node for node in found] if self.prefix else found)

    def _note_seeds(self, node: str, used: Mapping[str, list[Any]] | None = None) -> None:
        """Record the seeds that a node uses; of one that does not run, as far as its inputs are here."""
        step = self.plan.step(node)
        for name, port in step.node_type.inputs.items():
            if not port.is_seed:
                continue
            if used is not None:
                values = used.get(name, [])
            elif name in step.values:
                values = [step.values[name].data]
            else:
                slots = [
                    self.results[link.source][link.output]
                    for link in step.links.get(name, ())
                    if link.source in self.results
                ]
                values = [item.data for slot in [*slots, *step.feeds.get(name, [])] for item in as_list(slot)]
            if values:
                self.run.note_seed(f"{self.prefix}{node}.{name}", values)

    # What has to be done

    def _do_all(self) -> None:
        schedule = self._schedule
        while schedule.ready or self._active:
            self._check_or_leave()
            while schedule.ready and len(self._active) < MOST_THREADS:
                self._begin(schedule.ready.popleft())
                if self.run.is_stopping:
                    break
            if self._active:
                self._end_some()
        if self._was_stopped:
            raise Cancelled("The run was stopped.")

    def _begin(self, node: str) -> None:
        key = self.plan.keyed[node].key
        if self._active and key is not None and key in self._active.values():
            self._twins.setdefault(key, []).append(node)  # what runs now gives its result too
            return
        call = self._calls.get(node)
        if call is None:
            call = self._calls[node] = Call(self, node)
        if call.stays_here or (call.may_wait_here and not self._active and not self._schedule.ready):
            self._end(node, call.do())
            return
        self._active[node] = key
        threading.Thread(
            target=lambda: self._ends.put((node, _guarded(call))), name=f"pixelflow-node-{node[:40]}", daemon=True
        ).start()

    def _end_some(self) -> None:
        """Take what has ended, waiting for one."""
        try:
            node, outcome = self._ends.get(timeout=0.1)
        except queue.Empty:
            return
        while True:
            key = self._active.pop(node)
            if key is not None:
                self._schedule.ready.extend(self._twins.pop(key, ()))
            self._end(node, outcome)
            try:
                node, outcome = self._ends.get_nowait()
            except queue.Empty:
                return

    def _check_or_leave(self) -> None:
        """Raise if the run was stopped, when the nodes that still run have heard it."""
        if not self.run.is_stopping:
            return
        deadline = time.monotonic() + LEAVE_SECONDS
        while self._active and time.monotonic() < deadline and not self.run.stop.now:
            self._end_some()
        for node in self._active:
            self.tell("node-cancelled", node, note="It did not stop by itself; what it does is left alone.")
        self._check()

    def _end(self, node: str, outcome: Outcome) -> None:
        if outcome.wanted is not None:
            self._schedule.wait_for(node, outcome.wanted)
            return
        call = self._calls.pop(node)
        if self.on_usage is not None:
            self.on_usage(call.usage)
        if isinstance(outcome.error, Cancelled):
            self.tell("node-cancelled", node)
            self._was_stopped = True
            self.run.cancel()
        elif outcome.is_borrowed:
            self.tell("node-cancelled", node)
            self._schedule.lose(node)
        elif outcome.error is not None:
            self._fail(node, outcome, call.usage)
        else:
            assert outcome.results is not None
            self.results[node] = outcome.results
            if outcome.seeds:
                self._note_seeds(node, outcome.seeds)
            if outcome.cached:
                self.found.add(node)
            self.plan.keys.done[node] = self.plan.keyed[node]
            cached, took = outcome.cached, outcome.took
            told = {"node": self.prefix + node, "cached": cached, "took": took, "peak": call.peak, "item": self.item}
            self.run.keep("node-finished", {**told, "usage": call.usage or None})
            self._schedule.done(node)

    def _fail(self, node: str, outcome: Outcome, usage: Usage) -> None:
        error = outcome.error
        message = f"'{self.plan.title(node)}' failed: {error}"
        trace = error.traceback if isinstance(error, NodeFailed) else outcome.traceback
        if isinstance(error, WorkerLost):
            named: RunError = WorkerLost(f"{message} Earlier results are kept; run again to go on.", node=node)
        else:
            partial = error.partial if isinstance(error, NodeFailed) else ""
            named = NodeFailed(message, node=node, traceback=trace, partial=partial)
        self.errors[node] = named
        self.tell("node-failed", node, note=str(named), traceback=trace, took=outcome.took, usage=usage or None)
        self._schedule.lose(node)

    def lazy_slot(self, node: str, name: str) -> tuple[list[Slot], list[str], RunError | None]:
        """Return (what has come into a lazy input, the nodes that are still to run for it, why it cannot come)."""
        slots: list[Slot] = []
        missing: list[str] = []
        for link in self.plan.keyed[node].links:
            if link.input != name:
                continue
            if link.source in self.results:
                slots.append(self.results[link.source][link.output])
            elif link.source in self._schedule.lost:
                return [], [], self._reason(link.source)
            else:
                missing.append(link.source)
        return slots, missing, None

    def _reason(self, node: str) -> RunError:
        """Return the error because of which a node has no result: its own, or that of the nearest before it."""
        seen, pending = {node}, [node]
        for one in pending:
            if one in self.errors:
                return self.errors[one]
            pending += [link.source for link in self.plan.keyed[one].links if link.source not in seen]
            seen.update(pending)
        return RunError(f"'{self.plan.title(node)}' gave no result.")


def _guarded(call: Call) -> Outcome:
    try:
        return call.do()
    except BaseException as error:  # a mistake of this package must not leave anybody waiting
        return Outcome(
            error=RunError(f"It broke off: {type(error).__name__}: {error}"), traceback=traceback.format_exc()
        )
