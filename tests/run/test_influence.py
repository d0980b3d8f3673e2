"""What has no influence does no work: each node writes down that it ran, and what ran is held against what had to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.run import Run, start
from pixelflow_widgets.run.cache import Cache, MemoryCache, process_cache
from pixelflow_widgets.run.why import stale_nodes

from ..flow.strategies import examples
from . import sample_nodes as nodes

LOG: list[str] = []
"""Which nodes have run, in their order: all of them run in this process."""


@pf.node(where="kernel")
def leaves_a_mark(label: str, first: int = 0, second: int = 0) -> int:
    """Gives a number that tells its inputs apart, and writes down that it ran."""
    LOG.append(label)
    return (first * 31 + second * 17 + sum(label.encode())) % 100_003


@pf.node(where="kernel")
def breaks_down(label: str) -> int:
    LOG.append(label)
    raise ValueError(f"{label} is broken")


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    LOG.clear()
    process_cache().memory.clear()


def ran(action: Callable[[], Any]) -> list[str]:
    """Return which nodes ran during an action."""
    LOG.clear()
    action()
    return sorted(LOG)


def run(flow: pf.Flow, **options: Any) -> Run:
    started = flow.start(backend="inline", **options)
    assert started.wait(60)
    return started


# Muted


def diamond() -> pf.Flow:
    """Returns a → b, side → b, b → c."""
    flow = pf.Flow("diamond")
    a, side = flow.add(leaves_a_mark, id="a", label="a"), flow.add(leaves_a_mark, id="side", label="side")
    b = flow.add(leaves_a_mark, id="b", label="b", first=a["number"], second=side["number"])
    flow.output("number", flow.add(leaves_a_mark, id="c", label="c", first=b["number"])["number"])
    return flow


def mute(flow: pf.Flow, node: str, muted: bool | None = True) -> None:
    flow.apply([{"op": "set_node", "id": node, "fields": {"muted": muted}}])


def test_a_muted_node_does_not_run_nor_does_what_only_it_needed() -> None:
    flow = diamond()
    mute(flow, "b")
    assert ran(lambda: run(flow)) == ["a", "c"]
    assert run(flow).result()["number"] == leaves_a_mark("c", leaves_a_mark("a"))


def test_muting_back_and_forth_runs_nothing_twice() -> None:
    flow = diamond()
    assert ran(lambda: run(flow)) == ["a", "b", "c", "side"]
    mute(flow, "b")
    assert ran(lambda: run(flow)) == ["c"]
    mute(flow, "b", None)
    assert ran(lambda: run(flow)) == []


def test_a_muted_node_that_fails_stops_nobody() -> None:
    flow = pf.Flow("broken")
    broken = flow.add(breaks_down, id="broken", label="broken")
    middle = flow.add(leaves_a_mark, id="middle", label="middle", first=1, second=broken["number"])
    flow.output("number", flow.add(leaves_a_mark, id="last", label="last", first=middle["number"])["number"])
    assert run(flow).status == "failed"
    mute(flow, "middle")
    assert ran(lambda: run(flow)) == ["last"]
    assert run(flow).result()["number"] == leaves_a_mark("last", 1)


COUNT = 7


@st.composite
def muted_flows(draw: st.DrawFn) -> list[tuple[int | None, int | None, bool]]:
    """Of each node: which node feeds its first and its second input, and whether it is muted."""
    return [
        (
            draw(st.none() | st.integers(0, number - 1)) if number else None,
            draw(st.none() | st.integers(0, number - 1)) if number else None,
            draw(st.booleans()),
        )
        for number in range(COUNT)
    ]


@pytest.mark.soak
@examples(25)
@given(muted_flows(), st.integers(0, COUNT - 1))
def test_what_runs_is_what_the_target_needs_through_muted_nodes(
    plan: list[tuple[int | None, int | None, bool]], target: int
) -> None:
    flow = pf.Flow("muted")
    for number, (first, second, is_muted) in enumerate(plan):
        given_: dict[str, Any] = {"first": first, "second": second}
        joined = {name: flow.nodes[f"n{source}"]["number"] for name, source in given_.items() if source is not None}
        flow.add(leaves_a_mark, id=f"n{number}", label=f"n{number}", **joined)
        if is_muted:
            mute(flow, f"n{number}")
    wanted: set[str] = set()

    def value(number: int | None) -> int:
        if number is None:
            return 0
        first, second, is_muted = plan[number]
        if is_muted:
            return value(first)
        wanted.add(f"n{number}")
        return leaves_a_mark.node_type.function(f"n{number}", value(first), value(second))  # type: ignore[attr-defined]

    right = value(target)
    started = start(
        flow.document, flow.registry, flow.media, targets=[f"n{target}"], cache=MemoryCache(), backend="inline"
    )
    LOG.clear()
    assert started.wait(60)
    assert started.partial_result()[f"n{target}.number"] == right
    finished = {event.node for event in started.events() if event.kind == "node-started"}
    assert finished - {f"n{number}" for number, (_, _, is_muted) in enumerate(plan) if is_muted} == wanted


# Switched off


def forked(condition: bool) -> pf.Flow:
    flow = pf.Flow("forked")
    on = flow.add(
        leaves_a_mark, id="on", label="on", first=flow.add(leaves_a_mark, id="before_on", label="before_on")["number"]
    )
    off = flow.add(
        leaves_a_mark,
        id="off",
        label="off",
        first=flow.add(leaves_a_mark, id="before_off", label="before_off")["number"],
    )
    taken = flow.add("switch", id="switch", condition=condition, on=on["number"], off=off["number"])
    port = next(iter(flow.registry["switch"].outputs))
    flow.output("number", flow.add(leaves_a_mark, id="after", label="after", first=taken[port])["number"])
    return flow


@pytest.mark.parametrize("condition", [True, False])
def test_of_a_switch_only_the_taken_side_runs(condition: bool) -> None:
    flow = forked(condition)
    side = "on" if condition else "off"
    assert ran(lambda: run(flow)) == sorted(["after", f"before_{side}", side])
    assert run(flow).result()["number"] == leaves_a_mark("after", leaves_a_mark(side, leaves_a_mark(f"before_{side}")))


def test_switching_back_runs_nothing() -> None:
    flow = forked(True)
    run(flow)
    flow.set("switch", condition=False)
    assert ran(lambda: run(flow)) == ["after", "before_off", "off"]
    flow.set("switch", condition=True)
    assert ran(lambda: run(flow)) == []


def test_an_edit_of_the_side_that_is_off_runs_nothing() -> None:
    flow = forked(True)
    run(flow)
    flow.set("before_off", second=9)
    assert ran(lambda: run(flow)) == []
    flow.set("before_on", second=9)
    assert ran(lambda: run(flow)) == ["after", "before_on", "on"]


def test_a_side_that_is_off_may_be_broken() -> None:
    flow = forked(True)
    flow.set("off", first=flow.add(breaks_down, id="broken", label="broken")["number"])
    assert "broken" not in ran(lambda: run(flow)) and run(flow).status == "done"
    flow.set("switch", condition=False)
    assert set(run(flow).errors) == {"broken"}


def test_of_what_is_tried_in_turn_nothing_runs_behind_the_first_that_works() -> None:
    flow = pf.Flow("tried")
    broken = flow.add(breaks_down, id="broken", label="broken")["number"]
    works = flow.add(leaves_a_mark, id="works", label="works")["number"]
    spare = flow.add(leaves_a_mark, id="spare", label="spare")["number"]
    tried = flow.add("first_that_works", id="tried", first=broken, second=works, third=spare)
    flow.output("number", tried[next(iter(tried.node_type.outputs))])
    assert ran(lambda: run(flow)) == ["broken", "works"]
    flow.set("tried", second=spare, third=works)
    assert "works" not in ran(lambda: run(flow))
    assert run(flow).result()["number"] == leaves_a_mark("spare")


# Pinned


def drawn() -> pf.Flow:
    """A seed that is drawn for each run, and what is made of it."""
    flow = pf.Flow("drawn")
    seed = flow.add("seed", id="seed", value="random")
    made = flow.add(leaves_a_mark, id="made", label="made", first=seed[next(iter(flow.registry["seed"].outputs))])
    flow.output("number", flow.add(leaves_a_mark, id="last", label="last", first=made["number"])["number"])
    return flow


def test_a_pin_holds_under_a_random_seed() -> None:
    flow = drawn()
    kept = run(flow).partial_result()["made.number"]
    flow.pin("made")
    for _ in range(3):
        assert ran(lambda: run(flow)) == []
        assert run(flow).partial_result()["made.number"] == kept
    flow.unpin("made")
    assert ran(lambda: run(flow)) == ["last", "made"]


def test_a_pin_holds_when_the_cache_runs_over() -> None:
    flow = drawn()
    cache = process_cache()
    kept = run(flow).result()["number"]
    flow.pin("last")
    former, cache.memory.limit = cache.memory.limit, 2000
    try:
        other = pf.Flow("other")
        for number in range(100):
            other.add(leaves_a_mark, id=f"n{number}", label=f"n{number}")
        run(other)
        assert ran(lambda: run(flow)) == []
        assert run(flow).result()["number"] == kept
    finally:
        cache.memory.limit = former


def test_a_pin_ends_with_an_edit_of_its_node_and_comes_back_with_undo() -> None:
    flow = drawn()
    run(flow)
    flow.pin("made")
    kept = run(flow).partial_result()["made.number"]
    flow.set("made", second=5)
    assert not flow.is_pinned("made")
    assert ran(lambda: run(flow)) == ["last", "made"]
    flow.undo()
    assert flow.is_pinned("made")
    assert run(flow).partial_result()["made.number"] == kept


def test_what_feeds_a_pinned_node_alone_does_not_run() -> None:
    flow = diamond()
    run(flow)
    flow.pin("b")
    flow.set("side", second=4)
    assert ran(lambda: run(flow)) == []
    assert run(flow).result()["number"] == leaves_a_mark(
        "c", leaves_a_mark("b", leaves_a_mark("a"), leaves_a_mark("side"))
    )


def test_a_pinned_node_of_no_result_in_this_kernel_runs() -> None:
    flow = diamond()
    run(flow)
    flow.pin("b")
    started = start(flow.document, flow.registry, flow.media, cache=Cache(), backend="inline")
    assert started.result()["number"] == run(flow).result()["number"]


# A cell that is run again


CELL = """
import pixelflow_widgets as pf
log = []
def inner(value):
    return value + 1
def helper(value):
    return inner(value) * 2
def other(value):
    return value - 1
@pf.node(where="kernel")
def uses_helper(value: int, label: str = "") -> int:
    log.append(label or "uses_helper")
    return helper(value)
@pf.node(where="kernel")
def uses_helper_too(value: int) -> int:
    log.append("uses_helper_too")
    return helper(value) + 5
@pf.node(where="kernel")
def uses_other(value: int) -> int:
    log.append("uses_other")
    return other(value)
"""


def test_a_helper_that_changed_in_a_cell_makes_exactly_its_instances_stale() -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(CELL, space)
    flow = pf.Flow("cell")
    for name in ("first", "second"):
        flow.add(space["uses_helper"], id=name, value=1, label=name)
    flow.add(space["uses_helper_too"], id="third", value=2)
    flow.add(space["uses_other"], id="apart", value=3)
    flow.add(nodes.double, id="plain", value=3)
    flow.add(nodes.double, id="behind", value=flow.nodes["first"]["number"])
    everything = list(flow.nodes)
    run(flow, targets=everything)

    def stale() -> set[str]:
        return set(stale_nodes(flow.document, flow.registry, flow.media))

    assert stale() == set()
    exec("def inner(value):\n    return value + 100", space)  # a helper of the helper
    assert stale() == {"first", "second", "third", "behind"}
    space["log"].clear()
    again = run(flow, targets=everything).partial_result()
    assert sorted(space["log"]) == ["first", "second", "uses_helper_too"]
    assert again["first.number"] == 202 and again["behind.number"] == 404 and again["apart.number"] == 2
    assert stale() == set()
    exec("def inner(value):\n    # said in other words\n    return value + 100", space)
    assert stale() == set()
    exec("def inner(value):\n    return value + 1", space)  # as it was: its results are still there
    assert stale() == set()


def test_a_value_of_a_cell_that_changed_makes_stale_who_reads_it() -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("factor = 2\n" + CELL.replace("value - 1", "value * factor"), space)
    flow = pf.Flow("cell")
    flow.add(space["uses_helper"], id="apart", value=1)
    flow.add(space["uses_other"], id="reads", value=3)
    run(flow, targets=["apart", "reads"])
    space["factor"] = 3
    assert stale_nodes(flow.document, flow.registry, flow.media) == ["reads"]
    assert run(flow, targets=["reads"]).partial_result()["reads.number"] == 9
