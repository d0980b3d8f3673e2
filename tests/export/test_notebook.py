"""Notebooks of flows: run headless by papermill and by nbclient, they give the pictures that the scripts give."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import papermill
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ExportError
from pixelflow_widgets.models.cards import cards

from . import script_nodes as nodes
from .scripts import plain, run_script

TEMPLATE = Path(pf.__file__).parent / "templates" / "first.flow.json"


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the folders of the models that come with the package, as a notebook wants them named."""
    for card in cards():
        if isinstance(card.source, Path):
            monkeypatch.setenv(card.name.upper().replace("-", "_"), str(card.source))


@pytest.fixture
def painted() -> pf.Flow:
    """A flow with two outputs, a note, and a picture of its own."""
    flow = pf.Flow("two")
    prompt = flow.input("prompt", "a red circle", help="What is painted.")
    flow.add("note", text="## How\nIt *paints*.", position=(0, 500))
    flow.add("note", text="First of all.", position=(0, -500))
    paint = flow.add("text_to_image", prompt=prompt, model=pf.Model("starter"), steps=2, seed=3)
    small = flow.add("resize_image", image=PIL.Image.linear_gradient("L").convert("RGB"), width=32, height=32)
    flow.output("picture", paint["image"])
    flow.output("small", small["image"])
    return flow


def pictures(notebook: Any) -> list[Any]:
    """Return the pictures that the cells show, as `plain` data."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [plain(PIL.Image.open(io.BytesIO(base64.b64decode(text)))) for text in shown]


def sources(notebook: Any, kind: str = "code") -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


@pytest.mark.slow
def test_the_template_runs_by_papermill_with_another_prompt_and_paints_what_the_script_paints(
    tmp_path: Path, shipped: None
) -> None:
    flow = pf.Flow.load(TEMPLATE)
    flow.to_notebook(tmp_path / "first.ipynb")
    wish = "a green square on a yellow background"
    done = papermill.execute_notebook(
        str(tmp_path / "first.ipynb"),
        str(tmp_path / "done.ipynb"),
        {"prompt": wish},
        cwd=str(tmp_path),
        progress_bar=False,
    )
    made = run_script(flow.to_script(), tmp_path, prompt=wish)
    assert pictures(done) == list(made.values())
    assert made != run_script(flow.to_script(), tmp_path), "the prompt makes no difference"


@pytest.mark.slow
def test_a_flow_with_two_outputs_runs_by_nbclient_and_finds_its_media_beside_it(
    painted: pf.Flow, tmp_path: Path, shipped: None
) -> None:
    (tmp_path / "elsewhere").mkdir()
    painted.save(tmp_path / "two.flow.json")
    script = painted.to_script()
    painted.to_notebook(tmp_path / "elsewhere" / "two.ipynb")
    assert len(list((tmp_path / "elsewhere" / "two.media").iterdir())) == 1
    notebook = nbformat.read(tmp_path / "elsewhere" / "two.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path / "elsewhere")}}).execute()
    assert pictures(notebook) == list(run_script(script, tmp_path).values())
    assert "'picture': <PIL." in notebook.cells[-1].outputs[0].data["text/plain"]


def test_notes_are_markdown_from_top_to_bottom_after_the_title(painted: pf.Flow) -> None:
    title, *notes = sources(painted.to_notebook(), "markdown")
    assert title.startswith("# Two\n") and '```\npip install "accelerate>=' in title
    assert notes == ["First of all.", "## How\nIt *paints*."]


def test_only_the_cell_of_the_inputs_has_a_tag_and_says_what_they_are(painted: pf.Flow) -> None:
    notebook = painted.to_notebook()
    (told,) = (cell for cell in notebook.cells if "tags" in cell.metadata)
    assert told.metadata.tags == ["parameters"]
    assert told.source == 'prompt = "a red circle"  # What is painted.'
    painted.input("tone", "warm", help="What the light is like, in one word " + "or two " * 8)
    told = next(cell for cell in painted.to_notebook().cells if "tags" in cell.metadata)
    assert told.source.splitlines()[-1] == 'tone = "warm"'
    assert told.source.splitlines()[-2].startswith("# What the light is like")


def test_each_node_has_its_cell_and_shows_what_is_an_output(painted: pf.Flow) -> None:
    cells = sources(painted.to_notebook())
    stages = [cell for cell in cells if cell.startswith("# ")]
    assert [cell.splitlines()[0] for cell in stages] == ["# Text to image", "# Resize image"]
    assert [cell.splitlines()[-1] for cell in stages] == ["picture", "small"]
    assert cells[-1] == 'results = {"picture": picture, "small": small}\nresults'
    assert not any("__file__" in cell or "this script" in cell for cell in cells)


def test_the_same_flow_gives_the_same_bytes(painted: pf.Flow, tmp_path: Path) -> None:
    painted.to_notebook(tmp_path / "one.ipynb")
    painted.to_notebook(tmp_path / "two.ipynb")
    assert (tmp_path / "one.ipynb").read_bytes() == (tmp_path / "two.ipynb").read_bytes()
    nbformat.validate(nbformat.read(tmp_path / "one.ipynb", as_version=4))


def test_a_notebook_has_its_ending_and_takes_no_folders_place(painted: pf.Flow, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"Write 'two.ipynb'"):
        painted.to_notebook(tmp_path / "two.py")
    (tmp_path / "folder.ipynb").mkdir()
    with pytest.raises(ExportError, match="cannot be written"):
        painted.to_notebook(tmp_path / "folder.ipynb")


def test_what_cannot_be_written_is_refused_by_name() -> None:
    flow = pf.Flow("t")
    flow.output("value", flow.add(nodes.raised)["number"])
    with pytest.raises(ExportError, match="'Raised'.*no value"):
        flow.to_notebook()
