"""What pages ask about the flow as text: each form, its file with a question before anything goes, a node as cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.widget import export_requests

from .page import Page


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    flow = pf.Flow("words")
    first = flow.add("prompt", text="a mill")
    flow.output("text", flow.add("join_text", texts=[first["text"], flow.input("more", "at dusk")])["text"])
    return flow


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the notebook has defined."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(export_requests, "notebook_names", lambda: found)
    return found


def test_each_form_is_what_the_flow_gives_with_a_file_for_it(flow: pf.Flow, page: Page) -> None:
    wanted = {
        "script": (flow.to_script(), "words.py"),
        "builder": (flow.to_builder(), "words_flow.py"),
        "svg": (flow.to_svg(), "words.svg"),
        "mermaid": (flow.to_mermaid(), "words.mmd"),
    }
    for form, (text, file) in wanted.items():
        answer = page.ask("export_flow", to=form)
        assert (answer["text"], answer["file"]) == (text, file)
    answer = page.ask("export_flow", to="notebook")
    assert answer["file"] == "words.ipynb" and '"nbformat": 4' in answer["text"]


def test_the_file_lies_beside_that_of_the_flow(flow: pf.Flow, page: Page, tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    flow.save("flows/poster.flow.json")
    assert Path(page.ask("export_flow", to="script")["file"]) == Path("flows/poster.py")
    flow.save(tmp_path.parent / f"{tmp_path.name}.flow.json")
    assert page.ask("export_flow", to="svg")["file"] == str(tmp_path.parent / f"{tmp_path.name}.svg")


def test_a_file_is_written_and_left_alone_while_it_is_the_same(flow: pf.Flow, page: Page) -> None:
    answer = page.ask("write_export", to="script", path=" words.py ")
    assert (answer["did"], answer["file"]) == (True, "words.py")
    assert Path("words.py").read_text() == flow.to_script()
    assert page.ask("write_export", to="script", path="words.py")["did"] is False


def test_what_differs_is_shown_and_goes_only_when_just_that_was_shown(flow: pf.Flow, page: Page) -> None:
    path = Path("words.mmd")
    path.write_text("mine\n")
    asked = page.ask("write_export", to="mermaid", path="words.mmd")
    assert asked["difference"][:2] == ["--- words.mmd", "+++ the flow"] and "-mine" in asked["difference"]
    assert path.read_text() == "mine\n"
    path.write_text("mine, and more\n")
    again = page.ask("write_export", to="mermaid", path="words.mmd", over=asked["over"])
    assert "-mine, and more" in again["difference"] and path.read_text() == "mine, and more\n"
    assert page.ask("write_export", to="mermaid", path="words.mmd", over=again["over"])["did"] is True
    assert path.read_text() == flow.to_mermaid()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": "pdf", "path": "x.pdf"}, "exported as script, builder"),
        ({"to": ["script"], "path": "x.py"}, "exported as"),
        ({"to": "svg", "path": "none/x.svg"}, "no folder 'none'"),
        ({"to": "svg", "path": "."}, "is a folder"),
        ({"to": "svg", "path": " "}, "wants a name"),
        ({"to": "svg", "path": "x\0.svg"}, "wants a name"),
        ({"to": "svg", "path": "x" * 300}, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(page: Page, fields: dict[str, Any], words: str) -> None:
    answer = page.ask("write_export", **fields)
    assert answer["type"] == "reject" and words in answer["message"]


def test_a_flow_that_cannot_be_exported_says_why(flow: pf.Flow, page: Page) -> None:
    flow.output("image", flow.add("resize_image", title="Shrink")["image"])
    answer = page.ask("export_flow", to="script")
    assert answer["type"] == "reject" and "'Shrink'" in answer["message"]


def test_a_node_is_given_as_cells_that_call_the_flow_as_the_notebook_does(
    flow: pf.Flow, page: Page, names: dict[str, Any]
) -> None:
    (join,) = (key for key, node in flow.nodes.items() if node.node_type.name == "join_text")
    assert "Save it first" in page.ask("node_cells", node=join)["message"]
    flow.save("words.flow.json")
    assert "flow = pf.edit(" in page.ask("node_cells", node=join)["cells"][0]
    names |= {"other": pf.Flow("words"), "_7": flow, "poster": flow}
    assert f'inputs = poster.values_into("{join}")' in page.ask("node_cells", node=join)["cells"][0]
    names["flow"] = flow
    assert page.ask("node_cells", node=join)["cells"] == flow.to_cells(join)
    for wrong in ("gone", 7, "a b"):
        assert page.ask("node_cells", node=wrong)["type"] == "reject"
