"""Random flows under random edits: what is kept never shows in what comes out, and nothing waits for ever."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowProblems
from pixelflow_widgets.run import Run
from pixelflow_widgets.run.backends import WorkerBackend
from pixelflow_widgets.run.cache import process_cache
from pixelflow_widgets.run.why import stale_nodes

from ..flow.strategies import SOAK, examples
from .random_flows import BEGINNING, KINDS, TYPES_OF_ALL_KINDS, WORLD, Edits, from_nothing, outcome
from .test_faults import Both
from .watchdog import end_in_time, in_time

MEANT = st.sampled_from([kind for kind, often in KINDS.items() for _ in range(often)])
EDITS = [kind for kind, often in KINDS.items() if "run" not in kind for _ in range(often)]
NUMBERS = st.integers(0, 9)
BEGINNINGS = st.tuples(*[st.tuples(st.just(kind), NUMBERS, NUMBERS, NUMBERS) for kind in BEGINNING])
STEPS = st.builds(
    lambda first, then: [*first, *then],
    BEGINNINGS,
    st.lists(st.tuples(MEANT, NUMBERS, NUMBERS, NUMBERS), min_size=15, max_size=40),
)


def run_and_compare(edits: Edits, wanted: list[str], backend: str | Both) -> None:
    """Run nodes, and hold what they give against what they give from nothing."""
    if not wanted:
        return
    run = edits.flow.start(targets=wanted, backend=backend)
    end_in_time([run])
    assert outcome(run, wanted) == from_nothing(edits, run, wanted)


@pytest.mark.soak
@examples(30)
@given(STEPS, st.sampled_from([10**9, 3000]), st.sampled_from(["inline", "auto"]))
def test_after_any_edits_a_run_gives_what_it_gives_from_nothing(
    steps: list[tuple[str, int, int, int]], room: int, backend: str
) -> None:
    memory = process_cache().memory
    memory.clear()  # what earlier examples made would be found
    former, memory.limit, WORLD["weather"] = memory.limit, room, 1
    edits = Edits(pf.Flow("random"))
    try:
        for kind, one, two, value in [*steps, ("run", 0, 0, 0)]:
            if kind in ("run", "run to"):
                runnable = edits.runnable()
                run_and_compare(edits, runnable if kind == "run" else runnable[one % 8 : one % 8 + 1], backend)
            else:
                edits.do(kind, one, two, value)
    finally:
        memory.limit = former


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    backend = Both(WorkerBackend(grace=0.5))
    yield backend
    backend.close()


class Busy:
    """Is a flow that several threads edit, run, stop, answer and ask about, all at once.

    Args:
        seed: What they draw from.
        backend: Has a worker that may be killed.
    """

    def __init__(self, seed: int, backend: Both) -> None:
        self.seed, self.backend = seed, backend
        self.edits = Edits(pf.Flow("busy"), TYPES_OF_ALL_KINDS)
        self.runs: list[Run] = []
        self.left = 2
        """Threads that still start runs."""
        self._draw(random.Random(seed), BEGINNING)

    def _draw(self, chance: random.Random, kinds: list[str]) -> None:
        for kind in kinds:
            self.edits.do(kind, chance.randrange(10), chance.randrange(10), chance.randrange(10))

    @property
    def is_busy(self) -> bool:
        return self.left > 0 or any(run.status == "running" for run in self.runs)

    def edit(self) -> None:
        chance = random.Random(f"edit {self.seed}")
        for _ in range(40):
            self._draw(chance, [chance.choice(EDITS)])
            time.sleep(chance.random() * 0.01)

    def run(self, name: str) -> None:
        chance = random.Random(f"{name} {self.seed}")
        for _ in range(20):
            nodes = list(self.edits.flow.nodes)
            targets = None if chance.random() < 0.5 or not nodes else [chance.choice(nodes)]
            try:
                run = self.edits.flow.start(
                    targets=targets, backend=chance.choice(["inline", self.backend, self.backend])
                )
            except (FlowProblems, pf.PixelFlowError):  # what was drawn cannot run, or the node is gone
                continue
            self.runs.append(run)
            run.wait(chance.choice([0, 0.01, None]))
        self.left -= 1

    def stop(self) -> None:
        chance = random.Random(f"stop {self.seed}")
        while self.is_busy:
            time.sleep(chance.random() * 0.02)
            running = [run for run in self.runs if run.status == "running"]
            if running:
                chance.choice(running).cancel(now=chance.random() < 0.1)

    def answer(self) -> None:
        chance = random.Random(f"answer {self.seed}")
        while self.is_busy:
            time.sleep(chance.random() * 0.02)
            for run in tuple(self.runs):
                for node, question in run.questions.items():
                    with contextlib.suppress(pf.RunError):  # it was stopped meanwhile
                        run.answer(node, chance.randrange(len(question.values)))

    def wonder(self) -> None:
        chance = random.Random(f"wonder {self.seed}")
        while self.is_busy:
            time.sleep(0.005)
            flow = self.edits.flow
            stale_nodes(flow.document, flow.registry, flow.media)
            for node in list(flow.nodes)[:1]:
                with contextlib.suppress(KeyError):  # it was removed meanwhile
                    flow.why(node)
            if self.runs:
                run = chance.choice(self.runs)
                numbers = [event.sequence for event in run.events()]
                assert numbers == list(range(len(numbers)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3 if SOAK == 1 else 10 * SOAK))
def test_edits_runs_stops_and_answers_at_once_never_wait_for_ever(seed: int, both: Both) -> None:
    process_cache().memory.clear()
    busy = Busy(seed, both)
    in_time(busy.edit, busy.edit, lambda: busy.run("one"), lambda: busy.run("two"), busy.stop, busy.answer, busy.wonder)
    flow = busy.edits.flow
    for node in list(flow.nodes.values()):
        inside = node.node_type.body.types if node.node_type.body else [node.node_type]
        if any(one.name.endswith("picks") for one in inside):
            flow.remove(node)  # what it gives is up to whoever answered
    run_and_compare(busy.edits, busy.edits.runnable(), both)
