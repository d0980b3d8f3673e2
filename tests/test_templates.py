"""The templates: found by name, sound, and the one that teaches a new shape does so in the shell and as a script."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app
from pixelflow_widgets.flow.document import position
from pixelflow_widgets.flow.media_files import references
from tests.crescents import EIGHT, WORD, pictures

FOLDER = Path(pf.__file__).parent / "templates"
TEACHING = "teach_a_new_shape"


def test_they_are_listed_and_loaded_by_name_as_flows_of_nobodys_file(tmp_path: Path) -> None:
    assert pf.templates.names() == ["first", TEACHING]
    flow = pf.templates.load("first")
    assert flow.name == "first"
    with pytest.raises(pf.FlowFileError):
        flow.save()
    assert flow.save(tmp_path / "mine.flow.json").is_file()
    with pytest.raises(pf.FlowFileError, match=r"no template 'frist'\. Did you mean 'first'\? There is: first, teach_"):
        pf.templates.load("frist")


def test_the_one_that_teaches_is_what_its_script_makes() -> None:
    made: pf.Flow = runpy.run_path(str(FOLDER.parents[1] / "docs" / "make_template.py"))["teaching"]()
    assert made.document == pf.templates.load(TEACHING).document
    kept = {path.name for path in (FOLDER / f"{TEACHING}.media").iterdir()}
    assert kept == references(made.document)


def test_its_pictures_come_with_it_and_its_prompt_asks_for_none_of_them() -> None:
    flow = pf.templates.load(TEACHING)
    assert flow.problems() == []
    values = flow.nodes["train_lora"].values
    assert [image.tobytes() for image in values["images"]] == [image.tobytes() for image in pictures()]
    assert all(WORD in caption for caption in values["captions"])
    prompt = flow.signature.inputs[0].default
    assert WORD in prompt
    assert not [scene for scene in EIGHT if scene[1] in prompt and scene[2] in prompt]
    assert flow.signature.title == "Teach a new shape" and WORD in flow.signature.help
    assert all(position(flow.document, node) for node in flow.nodes)


@pytest.mark.slow
def test_it_runs_from_the_shell_and_its_script_paints_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.export.test_script import holds

    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    words: list[Any] = ["run", FOLDER / f"{TEACHING}.flow.json", "--set", "steps=2", "--backend", "inline"]
    done = CliRunner().invoke(app, [str(word) for word in [*words, "--out", tmp_path / "out"]])
    assert done.exit_code == 0, done.output
    with (
        PIL.Image.open(tmp_path / "out" / "taught.png") as taught,
        PIL.Image.open(tmp_path / "out" / "untaught.png") as other,
    ):
        assert taught.size == other.size == (64, 64) and taught.tobytes() != other.tobytes()
    flow = pf.templates.load(TEACHING)
    with pytest.raises(pf.ExportError, match="Run it first"):
        flow.to_script()
    flow.set_input("steps", default=2)
    assert f"{WORD}.safetensors" in holds(flow, tmp_path)
