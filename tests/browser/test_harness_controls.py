"""Every kind of control, in the page without Jupyter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from playwright.sync_api import Browser, expect

from .browser import complaints, page_of
from .editor import EditorPage, box_of
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]


SETTINGS: list[tuple[str, str, Any]] = [
    ("slider", "0.25", 0.25),
    ("number", "640", 640),
    ("text", "other words", "other words"),
    ("lines", "three\nother\nlines", "three\nother\nlines"),
    ("prompt", "a green star", "a green star"),
    ("seed", "18446744073709551615", "18446744073709551615"),
    ("colour", "#ff8800", "#ff8800"),
    ("file", "other.png", "other.png"),
    ("optional_number", "3.5", 3.5),
    ("optional_text", "said", "said"),
    ("required_text", "needed", "needed"),
]


@pytest.mark.parametrize(("port", "typed", "value"), SETTINGS, ids=[port for port, *_ in SETTINGS])
def test_a_control_that_is_typed_into_sets_its_value(controls: EditorPage, port: str, typed: str, value: Any) -> None:
    before = controls.page.evaluate("() => window.kernel.document")
    controls.set(f"n1.{port}", typed)
    after = controls.page.evaluate("() => window.kernel.document")
    assert after["nodes"]["n1"]["values"] == {port: value}
    controls.undo()
    assert controls.page.evaluate("() => window.kernel.document") == before


@pytest.fixture(scope="module")
def controls(browser: Browser, harness_page: Path) -> Iterator[EditorPage]:
    with page_of(browser, height=2400) as page:
        editor = Harness(page, harness_page).open("controls")
        page.evaluate("() => window.kernel.set('options', { height: 2200 })")
        editor.page.wait_for_function("() => document.querySelector('.pf-root').getBoundingClientRect().height > 2000")
        editor.button("Fit").click()
        page.wait_for_timeout(600)
        yield editor
        assert complaints(page) == []


def values_of(editor: EditorPage) -> Any:
    editor.wait_synced()
    return editor.page.evaluate("() => window.kernel.document.nodes.n1.values")


def test_what_is_picked_sets_its_value(controls: EditorPage, artifacts: Path) -> None:
    controls.screenshot(artifacts / "harness-controls-all.png")
    controls.row("n1.choices").locator("select").select_option(label="multiply")
    assert values_of(controls) == {"choices": "multiply"}
    controls.row("n1.toggle").get_by_role("switch").click()
    assert values_of(controls) == {"choices": "multiply", "toggle": False}
    controls.row("n1.model").get_by_role("combobox").click()
    controls.root.get_by_role("option").filter(has_text="Stable Diffusion XL").click()
    values = values_of(controls)
    assert "sdxl" in str(values["model"])
    for _ in range(3):
        controls.undo()
    assert values_of(controls) == {}


def test_a_slider_that_is_dragged_is_one_step(controls: EditorPage) -> None:
    bar = controls.row("n1.slider").get_by_role("slider")
    box = box_of(bar)
    y = box["y"] + box["height"] / 2
    controls.drag_points((box["x"] + box["width"] / 2, y), (box["x"] + box["width"] * 0.9, y))
    assert values_of(controls)["slider"] > 0.7
    controls.undo()
    assert values_of(controls) == {}


def test_a_picture_is_chosen_shown_and_taken_away(controls: EditorPage, tmp_path: Path) -> None:
    picture = tmp_path / "red.png"
    PIL.Image.new("RGB", (40, 30), (220, 30, 30)).save(picture)
    row = controls.row("n1.upload")
    row.locator("input[type=file]").set_input_files(picture)
    expect(row.locator("img")).to_be_visible()
    reference = values_of(controls)["upload"]
    assert reference["$media"].endswith(".png")
    row.hover()
    row.get_by_role("button", name="Clear").click()
    assert values_of(controls) == {}
    controls.undo()
    expect(row.locator("img")).to_be_visible()
    controls.undo()


def test_a_number_that_does_not_fit_is_said_in_words_and_not_sent(controls: EditorPage) -> None:
    field = controls.control("n1.number")
    field.fill("12 apples")
    field.blur()
    expect(controls.row("n1.number").get_by_role("alert")).not_to_be_empty()
    assert values_of(controls) == {}
    field.fill("512")
    field.blur()


def test_typing_joins_one_step(controls: EditorPage) -> None:
    field = controls.control("n1.text")
    field.click()
    field.press("Control+a")
    field.press_sequentially("slowly typed", delay=20)
    field.blur()
    assert values_of(controls) == {"text": "slowly typed"}
    controls.undo()
    assert values_of(controls) == {}
