from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app
from pixelflow_widgets.errors import ExportError


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    with pf.Flow("words") as flow:
        flow.output("words", pf.nodes.prompt(text=flow.input("text", "hello")))
    return flow.save(tmp_path / "words.flow.json")


def invoke(*words: object, **options: Any) -> Any:
    return CliRunner().invoke(app, ["export", *map(str, words)], **options)


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person sits at the terminal."""
    monkeypatch.setattr("pixelflow_widgets.cli.exporting._is_somebody_there", lambda: True)


def test_a_drawing_goes_to_standard_output(saved: Path) -> None:
    flow = pf.Flow.load(saved)
    for form, text in (("svg", flow.to_svg()), ("mermaid", flow.to_mermaid())):
        done = invoke(saved, "--to", form)
        assert done.exit_code == 0, done.output
        assert done.stdout_bytes.decode() == text
        assert done.stderr == ""


@pytest.mark.parametrize("form", ["script", "builder"])
def test_code_is_what_the_verb_of_the_flow_gives(saved: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(pf.Flow, f"to_{form}", lambda flow: f"# {form} of {flow.name} ü\n")
    done = invoke(saved, "--to", form)
    assert (done.exit_code, done.stdout_bytes.decode()) == (0, f"# {form} of words ü\n")


def test_a_notebook_is_written_as_its_file(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# words", id="a")])
    monkeypatch.setattr(pf.Flow, "to_notebook", lambda _: made)
    assert invoke(saved, "--to", "notebook", "--out", tmp_path / "words.ipynb").exit_code == 0
    assert nbformat.read(tmp_path / "words.ipynb", as_version=4) == made


def test_a_file_is_written_and_left_alone_while_it_is_the_same(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.svg"
    done = invoke(saved, "--to", "svg", "--out", path)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"Wrote {path}." in done.stderr
    assert path.read_bytes() == pf.Flow.load(saved).to_svg().encode()
    os.utime(path, (1, 1))
    done = invoke(saved, "--to", "svg", "--out", path)
    assert done.exit_code == 0 and "up to date" in done.stderr
    assert path.stat().st_mtime == 1


def test_a_file_that_differs_is_shown_and_kept_where_nobody_can_be_asked(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.mmd"
    path.write_text("flowchart LR\n  mine --> yours\n")
    done = invoke(saved, "--to", "mermaid", "--out", path)
    assert done.exit_code == 2
    assert f"--- {path}\n+++ the flow\n" in done.stderr
    assert "\n-  mine --> yours\n" in done.stderr and "\n+  input_text --> node_prompt\n" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("Write --force to write over it.")
    assert path.read_text() == "flowchart LR\n  mine --> yours\n"
    assert invoke(saved, "--to", "mermaid", "--out", path, "--force").exit_code == 0
    assert path.read_text() == pf.Flow.load(saved).to_mermaid()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2), ("\n", 2)])
def test_somebody_is_asked_before_a_file_is_written_over(
    saved: Path, tmp_path: Path, somebody: None, answer: str, code: int
) -> None:
    path = tmp_path / "words.mmd"
    path.write_text("mine\n")
    done = invoke(saved, "--to", "mermaid", "--out", path, input=answer)
    assert done.exit_code == code, done.output
    assert f"Write over {path}?" in done.stderr
    assert (path.read_text() == "mine\n") is (code == 2)


def test_what_is_no_text_and_what_a_terminal_would_obey_is_not_printed(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.svg"
    path.write_bytes(b"\x89PNG\xff\x00")
    done = invoke(saved, "--to", "svg", "--out", path)
    assert done.exit_code == 2 and f"{path} holds no text: 6 bytes." in done.stderr
    path.write_text("\x1b]0;owned\x07\n")
    done = invoke(saved, "--to", "svg", "--out", path)
    assert done.exit_code == 2 and "\x1b" not in done.stderr and "owned" in done.stderr


def test_what_cannot_be_exported_is_told_in_one_line_with_exit_code_1(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: pf.Flow) -> str:
        raise ExportError("'Twist' cannot be written as code:\nit holds a lock.")

    monkeypatch.setattr(pf.Flow, "to_script", refuse)
    done = invoke(saved, "--to", "script", "--out", tmp_path / "words.py")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "'Twist' cannot be written as code: it holds a lock.\n"
    assert not (tmp_path / "words.py").exists()


def test_what_is_no_flow_and_where_nothing_can_be_written_is_told_in_one_line(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    told = [
        invoke(tmp_path / "x.json", "--to", "svg"),
        invoke(tmp_path / "none.flow.json", "--to", "svg"),
        invoke(saved, "--to", "svg", "--out", tmp_path / "none" / "words.svg"),
        invoke(saved, "--to", "svg", "--out", tmp_path),
    ]
    assert [done.exit_code for done in told] == [1, 1, 1, 1]
    assert [len(done.stderr.splitlines()) for done in told] == [1, 1, 1, 1]
    sentences = ("not a flow file", "cannot be read", "There is no folder", "is a folder")
    assert all(sentence in done.stderr for done, sentence in zip(told, sentences, strict=True))


def test_a_form_that_there_is_not_is_refused_with_those_that_there_are(saved: Path) -> None:
    done = invoke(saved, "--to", "pdf")
    assert done.exit_code == 2
    assert all(form in done.output for form in ("script", "builder", "notebook", "svg", "mermaid"))


def test_drawing_from_the_shell_loads_no_torch(saved: Path) -> None:
    code = "import sys; from pixelflow_widgets.cli import app; app(standalone_mode=False)"
    code += "; assert 'torch' not in sys.modules and 'ipywidgets' not in sys.modules"
    command = [sys.executable, "-c", code, "export", str(saved), "--to", "svg"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    ET.fromstring(done.stdout)
