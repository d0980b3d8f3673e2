"""Faults at random points of random runs: nothing hangs, nothing wrong is given, nothing earlier is lost.

PIXELFLOW_SOAK=10 tries 200 of them; the number of a test is its seed.
"""

from __future__ import annotations

import errno
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import Run, disk_cache, start
from pixelflow_widgets.run.backends import InlineBackend, Task, WorkerBackend
from pixelflow_widgets.run.cache import Cache
from pixelflow_widgets.run.disk_cache import DiskCache
from pixelflow_widgets.run.events import Event

from ..flow.strategies import SOAK
from . import fault_nodes as nodes
from .watchdog import end_in_time, in_time

COUNT = 13 if SOAK == 1 else 20 * SOAK
WORKER_MEMORY = 1024**3


class Both:
    """Does what "auto" does, with a worker that may be killed."""

    def __init__(self, worker: WorkerBackend) -> None:
        self.worker, self._inline = worker, InlineBackend()

    def execute(self, task: Task, listener: Any, cancelled: Any) -> dict[str, Any]:
        backend = self._inline if task.node_type.where == "kernel" else self.worker
        return backend.execute(task, listener, cancelled)

    def close(self) -> None:
        self.worker.close()


@pytest.fixture(scope="module")
def backend() -> Iterator[Both]:
    """One worker for all faults: each has to leave it, or the next one, as good as new."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXELFLOW_WORKER_MEMORY", str(WORKER_MEMORY))
        both = Both(WorkerBackend(grace=0.5))
        yield both
        both.close()


class Case:
    """Is a random flow whose right results are known, and what happens to it.

    Args:
        seed: What is drawn from.
        folder: Where its nodes write that they ran.
        backend: Who runs it.
    """

    def __init__(self, seed: int, folder: Path, backend: Both) -> None:
        self.chance = random.Random(seed)
        self.folder, self.backend = folder, backend
        self.disk = DiskCache(folder / "cache")
        self.cache = Cache(disk=self.disk)
        self.flow = pf.Flow("faults")
        self.right: dict[str, int] = {}
        self.sources: dict[str, list[str]] = {}
        count = self.chance.randrange(6, 10)
        for number in range(count):
            self._place(f"n{number}", is_here=number not in (1, count - 1) and self.chance.random() < 0.3)
        self.finished: set[str] = set()
        """Nodes that a run has said to be finished."""

    def _place(self, label: str, *, is_here: bool) -> None:
        sources = sorted(self.chance.sample(sorted(self.right), k=min(len(self.right), self.chance.randrange(3))))
        given = [self.chance.randrange(1000)]
        joined = [self.flow.nodes[source]["number"] for source in sources]
        node_type = nodes.works_here if is_here else nodes.works
        self.flow.add(node_type, id=label, values=joined or given, label=label, folder=str(self.folder))
        self.sources[label] = sources
        self.right[label] = nodes.answer([self.right[source] for source in sources] or given, label)

    def after(self, victim: str) -> set[str]:
        """Return the nodes that need the result of one."""
        found = {victim}
        for label, sources in self.sources.items():
            if found.intersection(sources):
                found.add(label)
        return found - {victim}

    def victim(self) -> str:
        """Return a node that has not run yet, and that runs in the worker."""
        left = [label for label in self.right if label not in self.finished]
        return self.chance.choice([label for label in left if self.flow.nodes[label].node_type.where != "kernel"])

    def run(self, strike: Callable[[Run], None] | None = None, when: Callable[[Event], bool] | None = None) -> Run:
        """Run everything; strike at a random moment, or at the first event that is wanted."""
        moment, left = threading.Event(), self.chance.randrange(1, 50)
        listening = when or (lambda event: event.sequence >= left)
        targets = list(self.right)
        run = self._start(targets, lambda event: moment.set() if listening(event) else None)

        def act() -> None:
            while not moment.wait(0.01):
                if run.wait(0):
                    return
            strike(run) if strike else None

        in_time(act)
        end_in_time([run])
        self.look_at(run)
        return run

    def run_to(self, target: str) -> Run:
        run = self._start([target], None)
        end_in_time([run])
        self.look_at(run)
        return run

    def _start(self, targets: list[str], on_event: Any) -> Run:
        flow = self.flow
        return start(
            flow.document,
            flow.registry,
            flow.media,
            targets=targets,
            cache=self.cache,
            backend=self.backend,
            on_event=on_event,
        )

    def look_at(self, run: Run) -> None:
        """Hold what a run gave against what is right."""
        finished = {event.node for event in run.events() if event.kind == "node-finished" and event.node}
        given = {label: run.partial_result()[f"{label}.number"] for label in run.results}
        assert given == {label: self.right[label] for label in given}
        assert finished == set(given)
        self.finished |= finished
        if run.status == "failed":
            assert run.errors and set(run.errors) <= set(self.right)
            for label, error in run.errors.items():
                assert label not in given and f"'{self.flow.nodes[label].title}' failed: " in str(error)
        elif run.status == "done":
            assert not run.errors
        else:
            assert run.status == "cancelled"

    def damage(self) -> None:
        """Spoil some files of the cache, as a crash of the machine or a bad disk would."""
        files = sorted(path for path in (self.folder / "cache").rglob("*") if path.is_file())
        for path in self.chance.sample(files, k=self.chance.randrange(1, len(files) // 2 + 2)):
            content = bytearray(path.read_bytes())
            match self.chance.randrange(4):
                case 0:
                    path.unlink()
                case 1:
                    path.write_bytes(content[: self.chance.randrange(len(content) + 1)])
                case 2 if content:
                    content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
                    path.write_bytes(content)
                case _:
                    path.write_bytes(os.urandom(40))


def raises(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, "raise")
    run = case.run()
    assert set(run.errors) == {victim} and "ValueError: as ordered" in str(run.errors[victim])
    assert set(run.results) == set(case.right) - {victim} - case.after(victim)


def raises_in_the_kernel(case: Case) -> None:
    here = [label for label in case.right if case.flow.nodes[label].node_type.where == "kernel"]
    victim = case.chance.choice([label for label in here if label not in case.finished] or [case.victim()])
    nodes.order(case.folder, victim, case.chance.choice(["raise", "no memory", "exit"]))
    assert set(case.run().errors) == {victim}


def has_no_memory(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, "no memory")
    run = case.run()
    assert set(run.errors) == {victim} and "emory" in str(run.errors[victim])


def takes_all_memory(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, "hoard")
    run = case.run()
    assert set(run.errors) == {victim} and "emory" in str(run.errors[victim])
    assert set(run.results) == set(case.right) - {victim} - case.after(victim)


def ends_its_process(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, case.chance.choice(["end", "crash"]))
    run = case.run()
    assert set(run.errors) == {victim} and isinstance(run.errors[victim], pf.WorkerLost)
    assert set(run.results) == set(case.right) - {victim} - case.after(victim)


def leaves_by_system_exit(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, "exit")
    assert set(case.run().errors) == {victim}


def prints_a_flood(case: Case) -> None:
    nodes.order(case.folder, case.victim(), "flood")
    run = case.run()
    assert run.status == "done"
    assert sum(event.kind == "log" for event in run.events()) < 2000


def is_stuck_until_stop(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, "hang")
    is_twice = case.chance.random() < 0.5

    def stop(run: Run) -> None:
        run.cancel()
        if is_twice:
            run.cancel(now=True)

    run = case.run(stop, lambda event: event.node == victim and (event.fraction or 0) > 0.5)
    assert run.status == "cancelled" and victim not in run.results


def is_stuck_beyond_its_limit(case: Case) -> None:
    victim = case.victim()
    nodes.order(case.folder, victim, "hang")
    case.flow.apply([{"op": "set_node", "id": victim, "fields": {"limit": 0.4}}])
    run = case.run()
    assert set(run.errors) == {victim} and "time limit" in str(run.errors[victim])
    assert set(run.results) == set(case.right) - {victim} - case.after(victim)
    case.flow.undo()


def loses_its_worker(case: Case) -> None:
    def kill(_: Run) -> None:
        if (pid := case.backend.worker.pid) is not None:
            os.kill(pid, signal.SIGKILL)

    run = case.run(kill)
    assert all(isinstance(error, pf.WorkerLost) for error in run.errors.values())


def is_stopped(case: Case) -> None:
    now = case.chance.random() < 0.5
    case.run(lambda run: run.cancel(now=now))


def has_no_room_on_disk(case: Case) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        target = case.chance.choice([(disk_cache.os, "replace"), (disk_cache.tempfile, "mkstemp")])
        run = case.run(lambda _: patch.setattr(*target, full))
        assert case.disk.flush()
    assert run.status == "done"


def finds_damaged_results(case: Case) -> None:
    assert case.run().status == "done" and case.disk.flush()
    case.damage()
    case.cache.memory.clear()
    assert case.run(lambda _: case.damage()).status == "done"


FAULTS = [
    raises,
    raises_in_the_kernel,
    has_no_memory,
    takes_all_memory,
    ends_its_process,
    leaves_by_system_exit,
    prints_a_flood,
    is_stuck_until_stop,
    is_stuck_beyond_its_limit,
    loses_its_worker,
    is_stopped,
    has_no_room_on_disk,
    finds_damaged_results,
]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(COUNT), ids=lambda seed: f"{FAULTS[seed % len(FAULTS)].__name__}-{seed}")
def test_after_any_fault_the_next_run_is_right_and_runs_nothing_twice(seed: int, tmp_path: Path, backend: Both) -> None:
    case = Case(seed, tmp_path, backend)
    case.run_to(case.chance.choice(list(case.right)[: len(case.right) // 2]))
    FAULTS[seed % len(FAULTS)](case)
    nodes.forget_orders(tmp_path)  # of a node that was stopped before it obeyed
    kept, before = set(case.finished), nodes.ran(tmp_path)
    last = case.run()
    assert last.status == "done" and set(last.results) == set(case.right)
    assert not kept.intersection(nodes.ran(tmp_path)[len(before) :])


TURNS = 6


def looped(folder: Path) -> tuple[pf.Flow, int]:
    """A flow that does one thing six times, each time with what came out before; and what comes out in the end."""
    turn = pf.Flow("turn")
    value = turn.input("value", 1)
    turn.output("value", turn.add(nodes.works, id="work", values=value, label="turn", folder=str(folder))["number"])
    flow = pf.Flow("looped")
    flow.output("value", flow.loop("repeat", flow.add(turn, id="once"), times=TURNS)["value"])
    flow.remove("once")
    right = 1
    for _ in range(TURNS):
        right = nodes.answer([right], "turn")
    return flow, right


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3 if SOAK == 1 else 3 * SOAK))
def test_a_loop_that_breaks_off_goes_on_where_it_was(seed: int, tmp_path: Path, backend: Both) -> None:
    flow, right = looped(tmp_path)
    last_turn = random.Random(seed).randrange(1, TURNS - 1)
    fault = ["raise", "crash", "stop"][seed % 3]

    def strike(event: Event) -> None:
        if event.item == (last_turn, TURNS) and event.kind == "node-started":
            began.wait(10)
            run.cancel() if fault == "stop" else nodes.order(tmp_path, "turn", fault)

    began = threading.Event()
    cache = Cache()
    options: dict[str, Any] = {"cache": cache, "backend": backend}
    run = start(flow.document, flow.registry, flow.media, **options, on_event=strike)
    began.set()
    end_in_time([run])
    assert run.status == ("cancelled" if fault == "stop" else "failed")
    nodes.forget_orders(tmp_path)
    assert last_turn <= len(nodes.ran(tmp_path)) < TURNS
    run = start(flow.document, flow.registry, flow.media, **options)
    end_in_time([run])
    assert run.result()["value"] == right
    assert len(nodes.ran(tmp_path)) == TURNS


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3 if SOAK == 1 else 5 * SOAK))
def test_an_interrupt_of_the_kernel_ends_the_run_and_nothing_else(seed: int, tmp_path: Path, backend: Both) -> None:
    case = Case(seed, tmp_path, backend)
    case.flow.run(targets=["n0"], backend=backend)  # what is imported late is imported
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs hear none
    moment = threading.Timer(case.chance.random() * 0.2, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        moment.start()
        case.flow.run(targets=list(case.right), backend=backend)
        time.sleep(5)  # it came after the end
    signal.signal(signal.SIGINT, former)
    assert case.flow.last_run is not None
    end_in_time([case.flow.last_run])
    case.look_at(case.flow.last_run)
    kept, before = set(case.finished), nodes.ran(tmp_path)
    last = case.flow.start(targets=list(case.right), backend=backend)
    end_in_time([last])
    case.look_at(last)
    assert last.status == "done" and set(last.results) == set(case.right)
    assert not kept.intersection(nodes.ran(tmp_path)[len(before) :])
