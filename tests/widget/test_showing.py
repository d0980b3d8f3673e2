"""How a flow is shown, and `pf.edit`."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf

from .page import Page, add

WIDGET = "application/vnd.jupyter.widget-view+json"


def test_a_flow_as_the_last_line_of_a_cell_shows_its_editor(flow: pf.Flow) -> None:
    data, _ = flow._repr_mimebundle_()
    assert data[WIDGET]["model_id"] == flow.editor.model_id
    assert data["text/plain"] == repr(flow)
    assert flow._repr_mimebundle_()[0][WIDGET] == data[WIDGET], "a second cell shows the same editor"


def test_a_notebook_gets_the_editor_and_beneath_it_the_picture(flow: pf.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.core.getipython
    import IPython.display

    from pixelflow_widgets.widget.editor import Editor

    shown: list[Any] = []

    class Shell:
        kernel = object()

    monkeypatch.setattr(IPython.core.getipython, "get_ipython", Shell)
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata, raw: shown.append(data))
    monkeypatch.setattr(Editor, "show_picture", lambda editor: shown.append("picture"))
    flow._ipython_display_()
    assert WIDGET in shown[0]
    assert shown[1] == "picture"


def test_a_terminal_gets_words(flow: pf.Flow, capsys: pytest.CaptureFixture[str]) -> None:
    flow._ipython_display_()
    assert capsys.readouterr().out == "<flow tried: 0 nodes, 0 edges>\n"


def test_marimo_shows_the_editor_and_again_when_the_cell_runs_again() -> None:
    # In a process of its own: marimo changes ipywidgets for good.
    script = """
        import re
        import marimo
        from marimo._output.formatting import try_format
        import pixelflow_widgets as pf
        app = marimo.App()
        flow = pf.Flow("shown")
        first = try_format(flow)
        assert first.exception is None, first.traceback
        assert "marimo-anywidget" in first.data, first.data[:500]
        editor = flow.editor
        assert editor.model_id in first.data
        assert try_format(flow).data == first.data
        editor.comm.close()
        second = try_format(flow)
        assert flow.editor is not editor and flow.editor.model_id in second.data
        flow.editor._handle_msg({"content": {"data": {"method": "custom", "content": {
            "type": "ops", "client": "page", "seq": 1, "epoch": flow.epoch, "base_rev": 0,
            "ops": [{"op": "add_node", "id": "n", "node": {"type": "number", "values": {}}}]}}}, "buffers": []})
        assert list(flow.nodes) == ["n"]
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_flow_that_code_made_gets_a_draft_when_it_is_shown(flow: pf.Flow) -> None:
    assert not flow.is_draft
    flow._repr_mimebundle_()
    assert flow.is_draft
    Page(flow).edit(add("by_hand"))
    assert flow.path and flow.path.is_relative_to(Path.cwd() / ".pixelflow")
    flow.close()


def test_a_draft_that_cannot_be_kept_does_not_keep_the_flow_from_being_shown(
    flow: pf.Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses() -> None:
        raise OSError("Read-only file system")

    monkeypatch.setattr(flow, "keep_draft", refuses)
    assert WIDGET in flow._repr_mimebundle_()[0]
    assert "Read-only" in flow.editor._status(flow)["note"]


# pf.edit


def test_edit_makes_a_file_or_opens_it_and_gives_the_same_live_flow_again(tmp_path: Path, warmed: list[str]) -> None:
    flow = pf.edit("poster")
    assert (tmp_path / "poster.flow.json").is_file()
    assert flow.autosave
    Page(flow).edit(add("n"))
    assert pf.edit("poster.flow.json") is flow
    assert pf.edit(tmp_path / "poster") is flow
    assert pf.edit(flow) is flow
    assert list(flow.nodes) == ["n"]
    flow.close()
    assert list(pf.edit("poster").nodes) == ["n"]
    pf.edit("poster").close()


def test_edit_keeps_a_name_with_dots(tmp_path: Path) -> None:
    flow = pf.edit("poster.v2")
    assert (tmp_path / "poster.v2.flow.json").is_file()
    flow.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("folder", "is a folder"),
        ("", "names no file"),
        ("nowhere/poster", "There is no folder nowhere"),
        ("picture.png", "Flow.load"),
        ("flow.zip", "Flow.load"),
        ("broken.flow.json", "not a flow"),
    ],
)
def test_edit_says_what_is_wrong_with_a_path(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.flow.json").write_text("{}")
    with pytest.raises(pf.FlowFileError, match=words):
        pf.edit(path)
    assert sorted(entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")) == [
        "broken.flow.json",
        "folder",
    ]


def test_edit_wants_a_path_or_a_flow() -> None:
    with pytest.raises(TypeError, match="not int"):
        pf.edit(3)  # type: ignore[arg-type]
