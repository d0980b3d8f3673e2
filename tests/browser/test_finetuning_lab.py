"""Fine-tuning in JupyterLab: captions on the sheet, a real training, Stop and Go on, and one in a node's card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.crescents import captions, pictures

from .browser import LONG
from .editor import EditorPage
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
import os
os.environ["PIXELFLOW_DATA"] = PLACES["data"]
import pixelflow_widgets as pf
"""
SHEET = """
dataset = pf.Dataset(PLACES["pictures"], trigger="zorb")
dataset
"""
SHORT = """
told = {"batch": 2, "rank": 2, "sample_every": 2, "sample_steps": 1, "sample_prompts": ["a big red zorb"], "prior": 0}
training = pf.train(PLACES["model"], dataset, steps=6, **told)
training
"""
LONG_ONE = """
long = pf.train(PLACES["model"], dataset, steps=4000, name="long", **told)
long
"""
NODE = """
flow = pf.Flow("teaching")
flow.add("train_lora", dataset=PLACES["pictures"], model=PLACES["model"], trigger="zorb", name="in a node", steps=6,
         batch=2, rank=2, sample_every=2, sample_prompts=["a big red zorb"], prior=0)
flow
"""
CELLS = [SETUP, SHEET, SHORT, LONG_ONE, NODE]


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("teaching")
    places = {"data": str(folder / "data"), "pictures": str(folder / "zorbs"), "model": str(tiny_model)}
    (folder / "zorbs").mkdir()
    for number, (picture, caption) in enumerate(zip(pictures(), captions(), strict=True)):
        picture.save(folder / "zorbs" / f"{number}.png")
        (folder / "zorbs" / f"{number}.txt").write_text(caption)
    cells = [cell.strip().replace("PLACES", "places") for cell in CELLS]
    cells[0] = f"places = {json.dumps(places)}\n{cells[0]}"
    write_notebook(jupyter.root / "teaching" / "teaching.ipynb", *cells)
    page.set_viewport_size({"width": 1300, "height": 1000})
    lab = Lab(page, jupyter)
    lab.open("teaching/teaching.ipynb")
    for cell in (0, 1):
        lab.run_cell(cell)
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


def shown(lab: Lab, cell: int) -> Locator:
    """What a cell shows of fine-tuning."""
    lab.scroll_to(cell)
    root = lab.page.locator(".jp-Cell").nth(cell).locator(".pt")
    expect(root).to_be_visible(timeout=LONG)
    return root


def in_themes(lab: Lab, root: Locator, artifacts: Path, name: str) -> None:
    """Keep how it looks, in dark and light."""
    for dark in (True, False):
        lab.theme(dark)
        lab.page.wait_for_timeout(400)
        root.screenshot(path=artifacts / f"finetuning-{name}-{'dark' if dark else 'light'}.png")


def test_a_caption_on_the_sheet_is_the_kernels(lab: Lab, artifacts: Path) -> None:
    root = shown(lab, 1)
    expect(root.locator(".pt-head")).to_contain_text("8 pictures")
    expect(root.locator(".pt-thumbnail img")).to_have_count(8)
    root.get_by_label("Caption of 0.png").fill("a huge red zorb")
    eventually(lambda: lab.value("dataset.pictures[0].caption"), lambda caption: caption == "a huge red zorb")
    root.get_by_label("Use 7.png").click()
    eventually(lambda: lab.value("len(dataset)"), lambda used: used == 7)
    lab.execute("dataset.take_in('7.png')")
    expect(root.get_by_label("Use 7.png")).to_be_checked()
    in_themes(lab, root, artifacts, "sheet")


def test_a_training_is_followed_to_its_end_and_its_python_paints(lab: Lab, artifacts: Path) -> None:
    lab.run_cell(2)
    root = shown(lab, 2)
    expect(root.locator(".pt-status")).to_have_text("Finished", timeout=LONG)
    expect(root.get_by_role("status")).to_contain_text("6 steps in")
    expect(root.get_by_role("region", name="What came out")).to_contain_text(".safetensors")
    expect(root.get_by_role("button", name="Enlarge the sample").first).to_be_visible()
    in_themes(lab, root, artifacts, "training")
    root.get_by_role("button", name="Enlarge the sample").last.click()
    expect(root.get_by_role("dialog").locator("img")).to_be_visible()
    lab.page.keyboard.press("Escape")
    code = lab.value("training.code")
    assert code in root.locator(".pt-code pre").inner_text()
    assert lab.execute(f"exec({code!r}); print(image.size)") == "(64, 64)"


def test_after_a_reload_the_page_shows_how_it_is(lab: Lab) -> None:
    lab.save()
    lab.reload()
    expect(shown(lab, 2).locator(".pt-status")).to_have_text("Finished", timeout=LONG)
    expect(shown(lab, 1).get_by_label("Caption of 0.png")).to_have_value("a huge red zorb")


def test_a_saved_notebook_shows_sheet_and_training_as_pictures(lab: Lab) -> None:
    svgs = [output["data"]["image/svg+xml"] for output in lab.outputs() if "image/svg+xml" in output.get("data", {})]
    drawn = ["".join(svg) for svg in svgs]
    assert len(drawn) == 2
    assert all("pixelflow-picture" in svg and "data:image/jpeg" in svg for svg in drawn)
    pictures_in_page = lab.page.locator('.jp-OutputArea-child img[src*="pixelflow-picture"]')
    expect(pictures_in_page.first).to_be_hidden()


def test_stop_keeps_the_best_and_go_on_goes_on(lab: Lab) -> None:
    lab.run_cell(3)
    root = shown(lab, 3)
    expect(root.get_by_role("status")).to_contain_text("of 4000", timeout=LONG)
    eventually(lambda: lab.value("long.step"), lambda step: step > 2, LONG / 1000)
    root.get_by_role("button", name="Stop").click()
    expect(root.locator(".pt-status")).to_have_text("Stopped", timeout=LONG)
    first = lab.value("long.step")
    assert 2 < first < 4000
    assert lab.value("long.weights is not None")
    root.get_by_role("button", name="Go on").click()
    expect(root.locator(".pt-status")).to_have_text("Training")
    eventually(lambda: lab.value("long.step"), lambda step: step > first, LONG / 1000)


def test_stop_is_heard_while_a_cell_waits_for_the_training(lab: Lab) -> None:
    root = shown(lab, 3)
    expect(root.locator(".pt-status")).to_have_text("Training")
    lab.busy("long.wait()")
    root.get_by_role("button", name="Stop").click()
    expect(root.locator(".pt-status")).to_have_text("Stopped", timeout=LONG)
    lab.wait_for_busy()


def test_a_training_in_a_nodes_card_is_seen_as_it_goes_and_stays_when_it_is_done(lab: Lab, artifacts: Path) -> None:
    lab.run_cell(4)
    lab.scroll_to(4)
    editor = EditorPage(lab.page)
    editor.root = lab.page.locator(".jp-Cell").nth(4).locator(".pf-root")
    editor.wait()
    card = editor.node("train_lora")
    editor.button("Run").click()
    expect(card.locator(".pf-training > p")).to_contain_text("6", timeout=LONG)
    expect(card).to_have_attribute("data-state", "done", timeout=LONG)
    expect(card.locator(".pf-training > p")).to_contain_text("6 steps in")
    expect(card.locator(".pf-strip img")).to_be_visible()
    editor.screenshot(artifacts / "finetuning-node.png")
    card.get_by_role("button", name="Look at the result").click()
    dialog = editor.root.get_by_role("dialog", name="Result")
    image = dialog.locator("img")
    expect(image).to_be_visible()
    expect(dialog).to_contain_text("64 × 64")
