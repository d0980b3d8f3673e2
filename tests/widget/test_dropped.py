"""A file that is dropped on the editor: its flow is looked at, opened when somebody says so, and never run."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.provenance import record_text
from pixelflow_widgets.media.encoders import picture_file, sound_file
from pixelflow_widgets.media.tags import KEY, read_tags
from pixelflow_widgets.widget import auto_run
from tests.nodes.media_samples import picture, tone
from tests.run import sample_nodes as nodes

from .page import Page, wait_for

ids = (f"d{number}" for number in itertools.count())


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("mine")
    flow.add(nodes.double, value=3)
    return flow


@pytest.fixture
def page(flow: pf.Flow) -> Page:
    return Page(flow)


def other() -> pf.Flow:
    flow = pf.Flow("other")
    flow.add(nodes.double, value=flow.input("value", 4))
    flow.add(nodes.double, value=5)
    return flow


def record(document: Any) -> str:
    return record_text(document, "", {}, {})


def look(page: Page, content: bytes, name: str = "a.png") -> dict[str, Any]:
    return page.ask("look", [content], name=name)


CARRIERS = {
    "a.png": lambda document: picture_file(picture(), ".png", record(document)),
    "a.jpg": lambda document: picture_file(picture(), ".jpg", record(document)),
    "a.webp": lambda document: picture_file(picture(), ".webp", record(document)),
    "a.flac": lambda document: sound_file(tone(), ".flac", 16, record(document)),
    "a.flow.json": lambda document: json.dumps(document).encode(),
}


@pytest.mark.parametrize("name", CARRIERS)
def test_a_dropped_file_is_opened_in_two_steps_and_undone_in_one(page: Page, flow: pf.Flow, name: str) -> None:
    before, wanted = flow.document, other().document
    answer = look(page, CARRIERS[name](wanted), name)
    carried = answer["carried"]
    assert (carried["name"], carried["nodes"], carried["unknown"]) == ("other", 2, [])
    assert flow.document == before and flow.revision == 1
    opened = page.ask("open", key=carried["key"])
    assert (opened["type"], opened["source"]) == ("change", "page")
    assert flow.document == wanted
    assert page.of("result") == [] and flow.last_run is None
    page.ask("undo")
    assert flow.document == before


def test_what_was_looked_at_is_opened_once_and_only_by_its_key(page: Page, flow: pf.Flow) -> None:
    key = look(page, CARRIERS["a.png"](other().document))["carried"]["key"]
    assert page.ask("open", key="another")["type"] == "reject"
    assert page.ask("open", key=key)["type"] == "change"
    assert "Drop it again" in page.ask("open", key=key)["message"]


def test_three_files_wait_at_most(page: Page) -> None:
    keys = []
    for number in range(4):
        flow = other()
        flow.apply([{"op": "set_flow", "fields": {"name": f"n{number}"}}])
        keys.append(look(page, CARRIERS["a.png"](flow.document))["carried"]["key"])
    assert [page.ask("open", key=key)["type"] for key in keys] == ["reject", "change", "change", "change"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (picture_file(picture(), ".png"), "“a.png”: It carries no flow."),
        (b"", "“a.png”: This is not a flow file"),
        (b"\x89PNG\r\n\x1a\n damaged", "cannot be read"),
        (b'{"format": "pixelflow", "version": 1, "x": NaN}', "NaN is not a number"),
        (b'{"format":"pixelflow","version":1,"x":' + b"[" * 90 + b"]" * 90 + b"}", "nested too deep"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_flow_is_refused_and_changes_nothing(page: Page, flow: pf.Flow, content: bytes, words: str) -> None:
    before = flow.document
    answer = look(page, content)
    assert answer["type"] == "reject" and words in answer["message"]
    assert flow.document == before


def hostile() -> dict[str, Any]:
    """Return a flow that wants to run what it brings, read what the notebook holds, and show what it writes."""
    document = other().document
    document["nodes"]["evil"] = {
        "type": "notebook.evil",
        "title": "<script>document.title = 'stolen'</script>\x1b[2J\u202e",
        "values": {"text": "x"},
        "bindings": {"text": "secret"},
        "source": "import pathlib; pathlib.Path('ran').write_text('ran')",
    }
    document["nodes"]["else"] = {"type": "somebody.elses", "values": {}}
    document["inputs"][0]["variable"] = "secret"
    document["outputs"].append({"name": "stolen", "from": "double.number", "variable": "secret"})
    document["sources"] = {"notebook.evil": "import pathlib; pathlib.Path('ran').write_text('ran')"}
    return document


class Watched:
    """Counts who looks at it."""

    looked = 0

    def __getattribute__(self, name: str) -> Any:
        Watched.looked += 1
        return object.__getattribute__(self, name)


def test_a_hostile_flow_runs_nothing_and_reads_no_variable(
    page: Page, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import __main__

    monkeypatch.setattr(auto_run, "IDLE", 0.01)
    monkeypatch.setattr(__main__, "secret", Watched(), raising=False)
    started: list[Any] = []
    flow.on_run(started.append)
    page.editor.options = {**page.editor.options, "auto_run": True}
    eventually = wait_for(lambda: next((run for run in started if run.status == "done"), None))
    assert eventually is started.pop()  # of the flow that was here
    Watched.looked = 0
    carried = look(page, CARRIERS["a.png"](hostile()))["carried"]
    assert carried["unknown"] == ["notebook.evil", "somebody.elses"]
    assert page.ask("open", key=carried["key"])["type"] == "change"
    assert len(flow.nodes) == 4
    assert page.editor.options["auto_run"] is False
    page.edit({"op": "set_values", "id": "double", "values": {"value": 9}})
    flow.problems()
    page.ask("why", node="double")
    assert started == [] and not (tmp_path / "ran").exists()
    assert Watched.looked == 0
    assert {wish.name for wish in flow.unconfirmed} == {"secret"}


def test_a_large_flow_is_opened_or_refused_but_never_hangs(page: Page, flow: pf.Flow) -> None:
    document = other().document
    document["nodes"] = {f"n{number}": {"type": "number", "values": {}} for number in range(5000)}
    document["edges"], document["inputs"] = [], []
    carried = look(page, json.dumps(document).encode(), "large.flow.json")["carried"]
    assert carried["nodes"] == 5000
    assert page.ask("open", key=carried["key"])["type"] == "change"


def test_a_result_in_full_carries_its_flow_when_it_is_downloaded(page: Page, flow: pf.Flow) -> None:
    flow.add(nodes.gradient, size=6)
    page.run(run := next(ids))
    assert page.ended(run)["status"] == "done"
    answer = page.ask("want", node="gradient", port="image", full=True)
    assert KEY in read_tags(bytes(answer["buffers"][0]))
    small = page.ask("want", node="gradient", port="image")
    assert read_tags(bytes(small["buffers"][0])) == {}
