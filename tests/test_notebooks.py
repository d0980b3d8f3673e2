"""The notebooks run from top to bottom with nobody at a page; the first one is looked at in tests/browser, too."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import nbformat
import PIL.Image
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def colours(content: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The colours of a picture's corner and of its middle."""
    image = PIL.Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")
    return image.getpixel((3, 3)), image.getpixel((image.width // 2, image.height // 2))  # pyright: ignore[reportReturnType]


def test_what_is_published_is_called_and_played(tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "02_publish_and_call.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    said = "".join(output.get("text", "") for output in outputs)
    assert "Playground: http://127.0.0.1:" in said
    assert "/steps: The number 500 is too much" in said
    square, star, second, first, triangle = (
        colours(output["data"]["image/png"]) for output in outputs if "image/png" in output.get("data", {})
    )
    assert min(square[0]) > 200 and square[1][1] > max(square[1][0], square[1][2]), "a green square on white"
    assert max(star[0]) < 80 and min(star[1][:2]) > 150 > star[1][2], "a yellow star on black"
    assert second[0][2] > 150 > second[0][0], "version 2: on blue"
    assert first[0][2] > 150 > first[0][0] and first[1][0] > 150 > first[1][2], "version 1: a red circle on blue"
    assert triangle[0][1] > max(triangle[0][0], triangle[0][2]) and min(triangle[1]) > 150, "a white triangle on green"


def test_a_new_shape_is_taught_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    notebook = nbformat.read(ROOT / "notebooks" / "03_teach_a_new_shape.ipynb", as_version=4)
    for cell in notebook.cells:  # two steps show that all cells work; two hundred take minutes
        cell.source = cell.source.replace("steps=200,", "steps=2, sample_steps=2, prior_pictures=8, batch=2,")
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    said = "".join(output.get("text", "") for output in outputs)
    assert "zorb.safetensors" in said
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    tables = "".join(output["data"]["text/plain"] for output in outputs if "text/html" in output.get("data", {}))
    assert "finished" in tables and "starter" in tables


def test_prompts_are_compared(tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "04_prompts_and_costs.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    told = [output.get("data", {}).get("text/plain", "") for output in outputs]
    assert "Starter: 18 runs: 3 prompts × 3 seeds × 2 steps" in told, "what the saved notebook keeps"
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert len(list((tmp_path / "compared").glob("*.png"))) == 19
