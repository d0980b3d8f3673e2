"""The playground in JupyterLab: pictures for words, several at once, seeds, a dropped picture, texts, cells."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.zoo import Zoo

from .browser import LONG
from .lab import Lab, eventually, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
import pixelflow_widgets as pf

places = PLACES
"""
STARTER = """
play = pf.Playground("starter", steps=12)
play
"""
REPAINT = """
repaint = pf.Playground("starter", task="image_to_image", steps=12)
repaint
"""
CHAT = """
chat = pf.Playground(places["llama"], task="chat", max_tokens=12)
chat
"""
SLOW = """
import time
from typing import Annotated

@pf.node
def counts_slowly(upto: int = 3, seed: Annotated[int, pf.Seed()] = 0, progress: pf.Progress = pf.Progress()) -> int:
    for step in range(upto * 10):
        time.sleep(0.1)
        progress((step + 1) / (upto * 10), note=f"{step // 10 + 1} of {upto}")
    return upto

slow = pf.Flow("Counting")
counted = slow.add(counts_slowly, upto=slow.input("upto", 10), seed=slow.input("seed", 0))
slow.output("number", counted["number"])
counting = pf.Playground(slow)
counting
"""
AGAIN = "counting"
CELLS = [SETUP, STARTER, REPAINT, CHAT, SLOW, AGAIN]
RED, BLUE = (0, 2)


class Played:
    """Is a playground in the page.

    Args:
        lab: The notebook.
        cell: The number of its cell.
    """

    def __init__(self, lab: Lab, cell: int) -> None:
        lab.scroll_to(cell)
        self.root = lab.page.locator(".jp-Cell").nth(cell).locator(".pp")
        expect(self.form).to_be_visible(timeout=LONG)

    @property
    def form(self) -> Locator:
        """The form."""
        return self.root.get_by_role("form", name="Inputs")

    @property
    def cards(self) -> Locator:
        """The generations that are shown."""
        return self.root.locator(".pp-card")

    def say(self, words: str) -> None:
        """Write into the prompt."""
        self.form.get_by_label("Prompt", exact=True).fill(words)

    def generate(self) -> None:
        """Press the button."""
        self.form.get_by_role("button", name="Generate").click()

    def done(self, count: int = 1) -> Locator:
        """Wait until the shown generations are done, and return them."""
        cards = self.root.locator(".pp-card[data-status=succeeded]")
        expect(cards).to_have_count(count, timeout=LONG)
        return cards

    def tab(self, name: str) -> None:
        """Open a tab of the results."""
        self.root.get_by_role("tab", name=name).click()

    def shot(self, lab: Lab, artifacts: Path, name: str) -> None:
        """Keep how it looks, in light and dark."""
        for dark in (True, False):
            lab.theme(dark)
            lab.page.wait_for_timeout(400)
            self.root.screenshot(path=artifacts / f"playground-{name}-{'dark' if dark else 'light'}.png")


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page, zoo: Zoo) -> Iterator[Lab]:
    places = {"llama": str(zoo("llama"))}
    write_notebook(
        jupyter.root / "playing" / "playing.ipynb",
        *(cell.strip().replace("PLACES", json.dumps(places)) for cell in CELLS),
    )
    page.set_viewport_size({"width": 1300, "height": 1000})
    lab = Lab(page, jupyter)
    lab.open("playing/playing.ipynb")
    lab.run_all()
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


def colours_of(lab: Lab, expression: str) -> list[float]:
    """The mean of each colour of a picture in the kernel."""
    return lab.value(f"[float(c) for c in __import__('numpy').asarray({expression}.convert('RGB')).mean((0, 1))]")


def test_a_picture_is_painted_for_a_prompt(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 1)
    play.say("a red circle on a blue background")
    play.generate()
    card = play.done().first
    picture = card.locator("img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    colours = colours_of(lab, "play.last['image']")
    assert colours[BLUE] > colours[RED]
    assert lab.value("play.values['prompt']") == "a red circle on a blue background"
    play.shot(lab, artifacts, "starter")


def test_two_at_once_have_seeds_that_follow_and_one_of_python_is_shown_too(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 1)
    before = lab.value("len(play.results)")
    play.form.get_by_role("button", name="One more").click()
    play.say("a green square on a white background")
    play.generate()
    play.done(2)
    play.shot(lab, artifacts, "two")
    assert lab.value("len(play.results)") == before + 2
    play.form.get_by_role("button", name="One less").click()
    thumbs = play.root.get_by_role("navigation", name="History").get_by_role("button")
    shown = thumbs.count()
    lab.execute("play.generate(prompt='a yellow triangle on a black background', seed=5)")
    expect(thumbs).to_have_count(shown + 1)


def test_a_seed_that_was_used_gives_the_same_picture_again(lab: Lab) -> None:
    play = Played(lab, 1)
    play.say("a red circle on a blue background")
    play.generate()
    card = play.done().first
    first = lab.value("play.last['image'].tobytes().hex()")
    card.locator(".pp-seed-used").click()
    play.say("a red circle on a blue background ")
    play.generate()
    eventually(lambda: lab.value("play.last['image'].tobytes().hex()") == first, lambda same: same is True)


def test_a_dropped_picture_is_painted_over_and_a_result_is_used_as_input(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 2)
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (64, 64), (250, 20, 20)).save(buffer, "PNG")
    file = {"name": "red.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    play.form.locator("input[type=file]").first.set_input_files([file])  # type: ignore[list-item]
    play.say("a red circle on a red background")
    play.generate()
    play.done()
    given = colours_of(lab, "repaint.values['image']")
    assert np.allclose(given, (250, 20, 20))
    play.shot(lab, artifacts, "image-to-image")
    play.cards.first.get_by_role("button", name="Use as").first.click()
    play.generate()
    eventually(lambda: lab.value("len(repaint.results)"), lambda count: count == 2, LONG / 1000)
    assert lab.value("repaint.values['image'].tobytes() == repaint.results[0]['image'].tobytes()")


def test_a_model_that_writes_answers_in_words(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 3)
    play.say("Tell me of a lighthouse.")
    play.generate()
    play.done()
    answer = lab.value("chat.last['text']")
    assert isinstance(answer, str)
    play.shot(lab, artifacts, "chat")


def test_one_of_two_is_cancelled_and_the_other_goes_on(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 4)
    play.form.get_by_role("button", name="One more").click()
    play.generate()
    expect(play.cards).to_have_count(2)
    expect(play.root.locator(".pp-card[data-status=running]")).to_have_count(2)
    play.cards.first.get_by_role("button", name="Cancel").click()
    expect(play.root.locator(".pp-card[data-status=canceled]")).to_have_count(1)
    play.shot(lab, artifacts, "running")
    play.done(1)
    assert lab.value("[result['number'] for result in counting.results]") == [10]


def test_a_cell_that_shows_it_again_may_be_run_again(lab: Lab) -> None:
    for _ in range(2):
        lab.run_cell(5)
        play = Played(lab, 5)
    assert lab.errors() == []
    play.form.get_by_label("Upto").first.fill("1")
    play.generate()
    play.done(1)
    lab.run_cell(4)


def test_a_generation_is_cancelled_while_a_cell_runs(lab: Lab) -> None:
    play = Played(lab, 4)
    play.form.get_by_label("Upto").first.fill("30")
    play.generate()
    expect(play.root.locator(".pp-card[data-status=running]")).to_have_count(1)
    lab.busy("import time; began = time.time(); time.sleep(12)")
    play.cards.first.get_by_role("button", name="Cancel").click()
    expect(play.root.locator(".pp-card[data-status=canceled]")).to_have_count(1, timeout=8_000)
    lab.wait_for_busy()


def test_wrong_values_are_said_at_their_input(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 1)
    play.say("")
    play.generate()
    expect(play.form.get_by_role("alert").first).to_be_visible()
    play.shot(lab, artifacts, "refused")


def test_the_form_and_the_results_outlive_the_page(lab: Lab) -> None:
    lab.execute("play.generate(prompt='a green square on a white background', seed=8)")
    play = Played(lab, 1)
    play.say("a half-written prom")
    eventually(lambda: lab.value("play.values.get('prompt')"), lambda prompt: prompt == "a half-written prom")
    lab.save_and_reload()
    play = Played(lab, 1)
    expect(play.form.get_by_label("Prompt", exact=True)).to_have_value("a half-written prom")
    expect(play.root.get_by_role("navigation", name="History").get_by_role("button").first).to_be_visible()


def test_the_code_is_shown_and_the_flow_is_opened_as_a_cell_below(lab: Lab, artifacts: Path) -> None:
    play = Played(lab, 1)
    play.say("a red circle on a blue background")
    play.tab("Code")
    expect(play.root.locator("pre").first).to_contain_text("StableDiffusionXLPipeline", timeout=LONG)
    play.shot(lab, artifacts, "code")
    before = lab.cells()
    play.root.get_by_role("button", name="Open as flow").click()
    cells = eventually(lab.cells, lambda cells: len(cells) == len(before) + 1)
    assert cells[:2] == before[:2] and cells[3:] == before[2:]
    assert 'pf.Flow("Starter")' in cells[2] and "a red circle on a blue background" in cells[2]
    lab.run_cell(2)
    assert lab.errors() == []
    assert lab.value("flow.signature.title") == "Starter"


def test_a_saved_notebook_keeps_a_picture_of_what_came_out_and_words(lab: Lab) -> None:
    lab.save()
    outputs = [output.get("data", {}) for output in lab.outputs()]
    assert any("pixelflow-picture" in "".join(data.get("image/svg+xml", "")) for data in outputs)
    assert any("<playground of Starter" in "".join(data.get("text/plain", "")) for data in outputs)
