"""Flows carry the code of notebook nodes: written when saved, shown when opened elsewhere, run when allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowError
from pixelflow_widgets.flow.carrying import sources_now
from pixelflow_widgets.schema import registry

from .notebook import notebook
from .test_cell_sources import Notebook

__all__ = ["notebook"]

CELL = """
import pixelflow_widgets as pf

STEP = 3

def further(n: int) -> int:
    return n + STEP

@pf.node
def counted(n: int = 1) -> int:
    return further(n)
"""


PAINTING = """
import PIL.Image
import pixelflow_widgets as pf

LEVEL = 3

@pf.node
def painted() -> pf.Image:
    return PIL.Image.new("RGB", (4, 4), (LEVEL, 0, 0))
"""


@pytest.fixture(autouse=True)
def types_of_their_own() -> Iterator[None]:
    """Node types that a test defines are gone after it."""
    len(registry)
    before = dict(registry._types)
    yield
    registry._types.clear()
    registry._types.update(before)


@pytest.fixture
def cells(notebook: dict[str, Any]) -> Notebook:
    return Notebook()


def forget(name: str) -> None:
    """Be another kernel, which has not run the cell."""
    del registry._types[f"notebook.{name}"]


def saved(cells: Notebook, path: Path) -> Path:
    cells.run(CELL)
    flow = pf.Flow("sent")
    count = flow.add("notebook.counted", id="count", n=4)
    flow.output("number", count["number"])
    return flow.save(path / "sent.flow.json")


def test_saving_writes_the_source_of_the_types_in_use_and_saving_again_gives_the_same_bytes(
    cells: Notebook, tmp_path: Path
) -> None:
    path = saved(cells, tmp_path)
    held = json.loads(path.read_text())["sources"]
    assert list(held) == ["notebook.counted"]
    assert "STEP = 3" in held["notebook.counted"]["source"] and len(held["notebook.counted"]["digest"]) == 64
    flow = pf.Flow.load(path)
    assert flow.save(tmp_path / "again.flow.json").read_bytes() == path.read_bytes()


def test_a_flow_of_built_in_types_carries_nothing(cells: Notebook, tmp_path: Path) -> None:
    flow = pf.Flow("plain")
    flow.add("prompt")
    assert "sources" not in json.loads(flow.save(tmp_path / "plain.flow.json").read_text())


def test_noting_the_source_is_no_step_of_undo(cells: Notebook, tmp_path: Path) -> None:
    cells.run(CELL)
    flow = pf.Flow("sent")
    flow.add("notebook.counted", id="count")
    flow.set("count", n=2)
    flow.save(tmp_path / "sent.flow.json")
    assert flow.is_saved
    flow.undo()
    assert flow.document["nodes"]["count"]["values"] == {} and "sources" in flow.document


def test_opening_elsewhere_runs_nothing_and_shows_the_code(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    forget("counted")
    flow = pf.Flow.load(path)
    assert registry.find("notebook.counted") is None
    assert "def further" in flow.untrusted["notebook.counted"]
    (problem, *_) = flow.problems()
    assert problem.code == "untrusted-code" and "flow.trust('notebook.counted')" in problem.remedy
    with pytest.raises(pf.FlowProblems, match="function of another notebook"):
        flow.run(backend="inline")
    flow.trust("notebook.counted")
    assert flow.untrusted == {} and flow.problems() == []
    assert flow.run(backend="inline")["number"] == 7
    assert "further" not in cells.names or cells.names["counted"] is not registry["counted"].function


def test_a_flow_that_was_trusted_saves_the_code_as_it_came(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    forget("counted")
    flow = pf.Flow.load(path)
    unread = flow.save(tmp_path / "unread.flow.json")
    assert unread.read_bytes() == path.read_bytes()
    flow.trust("notebook.counted")
    assert flow.save(tmp_path / "read.flow.json").read_bytes() == path.read_bytes()


def test_trust_once_asks_again_in_the_next_kernel_and_always_does_not_until_the_code_is_another(
    cells: Notebook, tmp_path: Path
) -> None:
    path = saved(cells, tmp_path)
    forget("counted")
    pf.Flow.load(path).trust("notebook.counted")
    forget("counted")
    flow = pf.Flow.load(path)
    assert list(flow.untrusted) == ["notebook.counted"]
    flow.trust("notebook.counted", always=True)
    forget("counted")
    assert pf.Flow.load(path).untrusted == {} and registry.find("notebook.counted") is not None
    forget("counted")
    document = json.loads(path.read_text())
    entry = document["sources"]["notebook.counted"]
    entry["source"] = entry["source"].replace("STEP = 3", "STEP = 4")  # the digest beside it is not believed
    path.write_text(json.dumps(document))
    assert list(pf.Flow.load(path).untrusted) == ["notebook.counted"]
    assert registry.find("notebook.counted") is None


def test_what_the_cell_defines_counts_and_not_what_a_file_brings(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    cells.run(CELL.replace("STEP = 3", "STEP = 10"))
    flow = pf.Flow.load(path)
    assert flow.untrusted == {}
    assert flow.run(backend="inline")["number"] == 14
    flow.save()
    assert "STEP = 10" in json.loads(path.read_text())["sources"]["notebook.counted"]["source"]


def test_code_that_fails_or_defines_something_else_says_so(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    forget("counted")
    document = json.loads(path.read_text())
    for source, words in (("1 / 0", "ZeroDivisionError"), ("x = 1", "defines no node type"), ("def (", "SyntaxError")):
        document["sources"]["notebook.counted"]["source"] = source
        path.write_text(json.dumps(document))
        flow = pf.Flow.load(path)
        with pytest.raises(FlowError, match=words):
            flow.trust("notebook.counted")
    with pytest.raises(KeyError, match="brings no code of a type 'notebook.other'"):
        flow.trust("notebook.other")


def test_only_types_of_notebooks_can_be_brought(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    forget("counted")
    document = json.loads(path.read_text())
    document["sources"] = {
        "text_to_image": {"source": "raise SystemExit", "digest": ""},
        "unused.one": {"source": "raise SystemExit", "digest": ""},
        "notebook.counted": 3,
    }
    path.write_text(json.dumps(document))
    assert pf.Flow.load(path).untrusted == {}


def test_a_subflow_brings_the_code_that_it_uses(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    outer = pf.Flow("outer")
    outer.add(path, id="inner")
    whole = outer.save(tmp_path / "outer.flow.json")
    assert "notebook.counted" in json.loads(whole.read_text())["sources"]
    forget("counted")
    flow = pf.Flow.load(whole)
    assert list(flow.untrusted) == ["notebook.counted"]
    flow.trust("notebook.counted")
    assert [one for one in flow.problems() if one.severity == "error"] == []


def test_damaged_sources_are_kept_as_they_came(cells: Notebook, tmp_path: Path) -> None:
    path = saved(cells, tmp_path)
    forget("counted")
    document = json.loads(path.read_text())
    for damage in (3, [], {"notebook.counted": []}, {"notebook.counted": {"source": 5}}, None):
        document["sources"] = damage
        path.write_text(json.dumps(document))
        flow = pf.Flow.load(path)
        assert flow.untrusted == {} and flow.problems()[0].node == "count"
        sources_now(flow.document, flow.registry.find)


def test_a_picture_of_a_flow_that_was_never_saved_carries_the_code_that_made_it(
    cells: Notebook, tmp_path: Path
) -> None:
    cells.run(PAINTING)
    flow = pf.Flow("sent")
    flow.output("image", flow.add("notebook.painted", id="painted")["image"])
    result = flow.run(backend="inline")
    cells.run(PAINTING.replace("(LEVEL, 0, 0)", "(9, LEVEL, 0)"))
    (path,) = result.save(tmp_path)
    assert "sources" not in flow.document and "sources" not in result.document
    forget("painted")
    opened = pf.Flow.load(path)
    assert "(LEVEL, 0, 0)" in opened.untrusted["notebook.painted"]


def test_a_picture_of_a_flow_of_built_in_types_carries_no_code(cells: Notebook, tmp_path: Path) -> None:
    flow = pf.Flow("plain")
    flow.output("image", flow.add("rotate", image=PIL.Image.new("RGB", (4, 4)), angle=90.0)["image"])
    (path,) = flow.run(backend="inline").save(tmp_path)
    assert "sources" not in pf.Flow.load(path).document


# Running the cell again


def test_a_cell_run_again_gives_placed_nodes_its_ports_and_values_and_edges_survive(cells: Notebook) -> None:
    cells.run(CELL)
    flow = pf.Flow("live")
    first = flow.add("notebook.counted", id="first", n=4)
    flow.add("notebook.counted", id="second", n=first["number"])
    cells.run(CELL.replace("n: int = 1)", 'n: int = 1, label: str = "x")'))
    assert list(flow.nodes["first"].inputs) == ["n", "label"]
    assert flow.nodes["first"].values == {"n": 4, "label": "x"} and flow.problems() == []
    assert flow.run(targets=["second"], backend="inline")["second.number"] == 10


def test_an_edge_to_a_port_that_is_gone_is_kept_as_a_problem_and_comes_back_with_the_port(cells: Notebook) -> None:
    cells.run(CELL)
    flow = pf.Flow("live")
    first = flow.add("notebook.counted", id="first", n=4)
    flow.add("notebook.counted", id="second", n=first["number"])
    cells.run(CELL.replace("def counted(n: int = 1)", "def counted(m: int = 1)").replace("further(n)", "further(m)"))
    assert len(flow.edges) == 1 and flow.document["nodes"]["first"]["values"] == {"n": 4}
    found = {(problem.code, problem.node, problem.severity) for problem in flow.problems()}
    assert ("unknown-port", "second", "error") in found and ("unknown-value", "first", "hint") in found
    cells.run(CELL)
    assert flow.problems() == []


def test_a_value_that_does_not_fit_a_retyped_port_is_a_problem_there(cells: Notebook) -> None:
    cells.run(CELL)
    flow = pf.Flow("live")
    flow.add("notebook.counted", id="first", n=4)
    cells.run(CELL.replace("n: int = 1", 'n: str = "a"').replace("further(n)", "len(n)"))
    (problem,) = flow.problems()
    assert (problem.code, problem.node, problem.port) == ("bad-value", "first", "n")
