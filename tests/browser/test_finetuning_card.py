"""A training in a node's card: chart, words and samples while it goes, in a frame that keeps its place."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from pixelflow_widgets.media import Preview
from pixelflow_widgets.media.previews import LIVE_VIEW
from tests.widget.finetuning.views import live_view

from .editor import EditorPage
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_TELL = """([message, data]) => window.kernel.broadcast(
    message, [Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer])"""


def tell(harness: Harness, kind: str, preview: Preview) -> None:
    """Show a live view at the picture of the first node."""
    message = {"type": kind, "node": "n1", "port": "image", "mime": preview.mime, "count": 3}
    harness.page.evaluate(_TELL, [message, base64.b64encode(preview.data).decode()])


def frame_of(editor: EditorPage) -> Locator:
    return editor.node("n1").locator(".pf-frame")


def place_of(place: Locator) -> FloatRect:
    box = place.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_card_shows_a_training_as_it_goes_and_keeps_its_height(harness: Harness, artifacts: Path, theme: str) -> None:
    editor = harness.open("first", theme=theme)
    frame = frame_of(editor)
    before = place_of(editor.node("n1"))
    chart = frame.locator(".pf-chart")
    for step, words in ((0, "step 0 of 200"), (34, "step 34 of 200 · 2:16 left"), (120, "step 120 of 200 · 1:06 left")):
        tell(harness, "preview", live_view(step))
        expect(frame.locator(".pf-training > p")).to_contain_text(words)
        assert place_of(editor.node("n1")) == before
        editor.screenshot(artifacts / f"training-card-{theme}-{step}.png")
    expect(chart.locator(".pf-chart-smooth")).to_have_attribute("d", __import__("re").compile(r"^M.*60 \d"))
    strip = frame.locator(".pf-strip img")
    assert strip.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [256, 192]
    for part in (chart, frame.locator(".pf-training > p"), strip):
        inner, outer = place_of(part), place_of(frame)
        assert inner["y"] >= outer["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 0.5
        assert inner["x"] >= outer["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 0.5


def test_names_of_earlier_trainings_are_told_by_their_lines(harness: Harness) -> None:
    frame = frame_of(harness.open("first"))
    tell(harness, "preview", live_view())
    expect(frame.locator(".pf-chart-other title")).to_have_text("crescents, rank 4")
    expect(frame.get_by_role("img", name="Loss of crescents: step 120 of 200")).to_be_visible()


def test_a_training_that_is_over_keeps_its_view_and_its_samples_are_seen_large(harness: Harness) -> None:
    editor = harness.open("first")
    editor.button("Run").click()
    editor.wait_done()
    tell(harness, "result", live_view(200, status="finished"))
    frame = frame_of(editor)
    expect(frame).to_contain_text("200 steps in 2:44")
    frame.get_by_role("button", name="Look at the result").click()
    expect(editor.root.get_by_role("dialog", name="Result").locator("img")).to_be_visible()


@pytest.mark.parametrize(
    "preview", [Preview("application/of-tomorrow", b"{}"), Preview(LIVE_VIEW, b"\xff\xff\xff\x00{}")]
)
def test_what_a_page_cannot_show_breaks_nothing(harness: Harness, preview: Preview) -> None:
    editor = harness.open("first")
    tell(harness, "preview", preview)
    tell(harness, "preview", live_view())
    expect(frame_of(editor)).to_contain_text("step 120 of 200")
    tell(harness, "preview", preview)
    expect(frame_of(editor).locator(".pf-training")).to_have_count(0)
    expect(frame_of(editor).locator("img")).to_have_count(0)


def test_a_training_of_many_prompts_and_steps_stays_in_its_frame(harness: Harness, artifacts: Path) -> None:
    editor = harness.open("first")
    head = json.loads(live_view(200).data[4:].split(b"\xff\xd8")[0])
    steps = [0, 25, 50, 75, 100, 125, 150, 200]
    strip = {"prompts": [f"prompt {number}" for number in range(4)], "steps": steps, "tile": [64, 64]}
    from tests.widget.finetuning.views import packed, strip_of

    tell(harness, "preview", packed({**head, "strip": strip}, strip_of(4, 8)))
    frame = frame_of(editor)
    image = frame.locator(".pf-strip img")
    expect(image).to_be_visible()
    editor.screenshot(artifacts / "training-card-many.png")
    inner, outer = place_of(image), place_of(frame)
    assert inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 0.5
    assert inner["width"] > 0.5 * outer["width"]
