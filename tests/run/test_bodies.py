"""A flow inside a node: run once, repeated with carried values, for each row, for each cell of a grid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import MemoryCache

from . import sample_nodes as nodes
from .test_schedule import fails_on_odd, run, times


class Grown(NamedTuple):
    value: int
    go_on: bool


@pf.node
def doubles_until(value: int, path: str, most: int = 40) -> Grown:
    """Doubles, counts how often it really ran, and says whether there is more to do."""
    with Path(path).open("a") as file:
        file.write("x")
    return Grown(value * 2, value * 2 < most)


@pf.node
def painted(level: int, size: int = 8) -> pf.Image:
    return PIL.Image.new("RGB", (size, size), (level, level, level))


@pf.node
def with_seed(seed: Annotated[int, pf.Seed()] = 0) -> int:
    return seed


@pf.node
def rows_of(values: list[int]) -> pf.Table:
    import pandas

    return pandas.DataFrame({"value": values, "note": [f"row {value}" for value in values]})


def doubling(path: Path) -> pf.Flow:
    with pf.Flow("grow") as body:
        grown = doubles_until(value=body.input("value", 1), path=str(path))
        body.output("value", grown.value)
        body.output("go_on", grown.go_on)
    return body


def holding(body: pf.Flow, name: str = "body") -> pf.Flow:
    flow = pf.Flow("outer")
    flow.apply([{"op": "set_subflow", "name": name, "subflow": {"document": body.document}}])
    return flow


def test_a_subflow_gives_what_its_flow_gives_and_is_kept_as_one(tmp_path: Path) -> None:
    cache, flow = MemoryCache(), holding(doubling(tmp_path / "runs"))
    flow.add("flow/body", id="inner", value=5)
    flow.output("value", flow.nodes["inner"]["value"])
    started = run(flow, cache)
    assert started.result()["value"] == 10
    told = [(event.kind, event.node) for event in started.events()]
    assert told.index(("node-started", "inner")) < told.index(("node-started", "inner/doubles_until"))
    assert told.index(("node-finished", "inner/doubles_until")) < told.index(("node-finished", "inner"))
    again = run(flow, cache)
    assert again.result()["value"] == 10
    assert not any(event.node == "inner/doubles_until" for event in again.events())
    assert times(tmp_path / "runs") == 1


def test_an_input_that_feeds_a_subflow_and_a_list_into_it_run_it_for_each_item(tmp_path: Path) -> None:
    flow = holding(doubling(tmp_path / "runs"))
    flow.add(nodes.numbers, id="numbers", count=3)
    flow.add("flow/body", id="inner", value=flow.nodes["numbers"]["numbers"])
    flow.output("values", flow.nodes["inner"]["value"])
    assert run(flow).result()["values"] == [0, 2, 4]


def test_repeat_carries_what_goes_out_under_the_name_of_an_input_and_shows_every_turn(tmp_path: Path) -> None:
    cache, flow = MemoryCache(), holding(doubling(tmp_path / "runs"))
    flow.add("repeat/body", id="loop", value=3, times=4)
    flow.output("value", flow.nodes["loop"]["value"])
    result = run(flow, cache).result()
    assert result["value"] == 48 and result["loop.every_value"] == [6, 12, 24, 48]
    flow.set("loop", times=6)  # the first four turns are found
    assert run(flow, cache).result()["value"] == 192
    assert times(tmp_path / "runs") == 6


def test_while_ends_when_its_body_says_so_and_after_the_most_turns(tmp_path: Path) -> None:
    flow = holding(doubling(tmp_path / "runs"))
    flow.add("while_/body", id="loop", value=3)
    flow.output("value", flow.nodes["loop"]["value"])
    assert run(flow).result()["value"] == 48
    flow.set("loop", at_most=2)
    started = run(flow)
    assert started.result()["value"] == 12
    assert any("ended after 2 times" in event.note for event in started.events() if event.kind == "log")


def test_for_each_runs_for_every_row_and_gives_lists_and_a_table(tmp_path: Path) -> None:
    flow = holding(doubling(tmp_path / "runs"))
    flow.add(nodes.numbers, id="numbers", count=3)
    flow.add(rows_of, id="rows", values=flow.nodes["numbers"]["numbers"])
    flow.add("for_each/body", id="each", rows=flow.nodes["rows"]["table"])
    flow.output("table", flow.nodes["each"]["table"])
    result = run(flow).result()
    assert result["each.values"] == [0, 2, 4]
    assert list(result["table"]["value"]) == [0, 1, 2] and list(result["table"]["value_out"]) == [0, 2, 4]


def test_rows_that_fail_are_named_and_the_others_are_kept(tmp_path: Path) -> None:
    with pf.Flow("odd") as body:
        body.output("even", fails_on_odd(value=body.input("value", 0), path=str(tmp_path / "runs")))
    cache, flow = MemoryCache(), holding(body)
    flow.add(nodes.numbers, id="numbers", count=4)
    flow.add(rows_of, id="rows", values=flow.nodes["numbers"]["numbers"])
    flow.add("for_each/body", id="each", rows=flow.nodes["rows"]["table"])
    for runs in (4, 6):
        started = run(flow, cache, targets=["each"])
        started.wait()
        assert "2 of 4 rows failed" in str(started.errors["each"]) and "row 2" in str(started.errors["each"])
        assert times(tmp_path / "runs") == runs


def test_a_grid_makes_a_cell_for_every_combination_a_sheet_and_a_table() -> None:
    with pf.Flow("paint") as body:
        body.output("image", painted(level=body.input("level", 0), size=body.input("size", 8)))
    flow = holding(body)
    flow.add("grid/body", id="grid", axes="level: 10 | 200\nsize: 8 | 16 | 24")
    flow.output("sheet", flow.nodes["grid"]["image"])
    flow.output("table", flow.nodes["grid"]["table"])
    result = run(flow).result()
    assert [picture.size for picture in result["grid.images"]] == [(8, 8), (16, 16), (24, 24)] * 2
    assert list(result["table"]["level"]) == ["10"] * 3 + ["200"] * 3
    assert all(cell.startswith("data:image/png;base64,") for cell in result["table"]["image"])
    assert result["sheet"].width >= 3 * 24


def test_a_grid_with_an_axis_that_is_no_input_says_which_there_are() -> None:
    with pf.Flow("paint") as body:
        body.output("image", painted(level=body.input("level", 0)))
    flow = holding(body)
    flow.add("grid/body", id="grid", axes="lefel: 10 | 200")
    flow.output("sheet", flow.nodes["grid"]["image"])
    with pytest.raises(pf.NodeFailed, match="level"):
        run(flow).result()


def test_a_failure_in_a_body_names_the_node_in_it_and_the_one_around_it() -> None:
    with pf.Flow("bad") as body:
        body.output("text", nodes.fails(text="the reason"))
    flow = holding(body)
    flow.add("flow/body", id="inner", title="Around")
    flow.output("text", flow.nodes["inner"]["text"])
    with pytest.raises(pf.NodeFailed, match=r"'Around' failed: 'Fails' failed: ValueError: the reason"):
        run(flow).result()


def test_bodies_nest(tmp_path: Path) -> None:
    middle = holding(doubling(tmp_path / "runs"), "small")
    middle.add("repeat/small", id="loop", value=middle.input("value", 1), times=2)
    middle.output("value", middle.nodes["loop"]["value"])
    flow = holding(middle, "large")
    flow.add("repeat/large", id="loop", value=1, times=3)
    flow.output("value", flow.nodes["loop"]["value"])
    started = run(flow)
    assert started.result()["value"] == 2**6
    assert any(event.node == "loop/loop/doubles_until" for event in started.events())


def test_a_random_seed_in_a_body_is_drawn_each_turn_and_recorded() -> None:
    with pf.Flow("chance") as body:
        body.output("seed", with_seed(seed="random"))
    flow = holding(body)
    flow.add("repeat/body", id="loop", times=3)
    flow.output("seed", flow.nodes["loop"]["seed"])
    cache = MemoryCache()
    first, second = run(flow, cache), run(flow, cache)
    assert len(set(first.result()["loop.every_seed"])) == 3
    assert first.result()["seed"] != second.result()["seed"]
    assert first.seeds["loop/with_seed.seed"] == first.result()["seed"]


def test_the_flow_as_it_was_run_holds_the_seeds_that_were_drawn_in_subflows() -> None:
    with pf.Flow("chance") as body:
        body.output("seed", with_seed(seed="random"))
    flow = holding(body)
    for node in ("first", "second"):
        flow.add("flow/body", id=node)
        flow.output(node, flow.nodes[node]["seed"])
    result = run(flow).result()
    assert result["first"] != result["second"]
    again = start(result.document, flow.registry, flow.media, backend="inline", cache=MemoryCache()).result()
    assert dict(again) == dict(result)
    assert flow.document["subflows"].keys() == {"body"}


def test_stop_ends_a_loop_between_two_turns(tmp_path: Path) -> None:
    with pf.Flow("slow") as body:
        body.output("value", nodes.steps(count=body.input("value", 3), seconds=0.01))
    flow = holding(body)
    flow.add("repeat/body", id="loop", times=1000)
    flow.output("value", flow.nodes["loop"]["value"])
    started = run(flow, backend="auto")
    seen = 0
    for event in started.events():
        seen += event.kind == "node-finished"
        if seen == 2:
            started.cancel()
    assert started.status == "cancelled" and seen < 6
