"""Hands on ports and docks, in the page without Jupyter."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from .editor import box_of, middle
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_ports_that_do_not_fit_are_dim_and_a_refused_connection_says_why(harness: Harness) -> None:
    editor = harness.open("chain")
    editor.drag(editor.port("n4.audio", "output"), editor.port("n3.image", "input"), release=False)
    expect(editor.port("n3.image", "input")).to_have_attribute("data-fits", "no")
    assert opacity(editor.port("n3.image", "input")) < 0.6
    editor.page.mouse.up()
    bubble = editor.root.locator(".pf-bubble[role=tooltip]")
    expect(bubble).to_contain_text("Audio cannot connect to image")
    (x, y), seen = middle(editor.port("n3.image", "input")), box_of(bubble)
    assert abs(seen["x"] - x) < 40 and abs(seen["y"] + seen["height"] - y) < 40, "it is where the pointer is"
    expect(bubble).to_be_hidden(timeout=4000)
    expect(editor.notice).to_have_attribute("aria-live", "polite")
    expect(editor.notice).to_contain_text("audio")
    expect(editor.notice).to_contain_text("image")
    assert editor.revision == 0
    expect(editor.port("n3.image", "input")).not_to_have_attribute("data-fits", "no")

    editor.drag(editor.port("n1.text", "output"), editor.port("n2.negative_prompt", "input"), release=False)
    expect(editor.port("n2.negative_prompt", "input")).to_have_attribute("data-fits", "yes")
    expect(editor.port("n2.model", "input")).to_have_attribute("data-fits", "no")
    editor.page.mouse.up()
    editor.wait_synced()
    assert {"from": "n1.text", "to": "n2.negative_prompt"} in harness.document()["edges"]


def opacity(thing: Locator) -> float:
    return float(thing.evaluate("element => getComputedStyle(element).opacity"))


def test_a_circle_is_refused_in_words(harness: Harness) -> None:
    editor = harness.open("chain")
    editor.drag(editor.port("n3.image", "output"), editor.port("n3.image", "input"))
    assert editor.revision == 0
    expect(editor.notice).to_be_visible()


def test_a_new_connection_takes_the_place_of_the_old_one_in_one_step(harness: Harness) -> None:
    editor = harness.open("chain")
    before = harness.document()
    added = editor.add_node("Prompt", 0.12, 0.6)
    middle_document = harness.document()
    editor.connect(f"{added}.text", "n2.prompt")
    feeds = [edge["from"] for edge in harness.document()["edges"] if edge["to"] == "n2.prompt"]
    assert feeds == [f"{added}.text"]
    editor.undo()
    assert harness.document() == middle_document
    editor.undo()
    assert harness.document() == before


def test_a_connection_dropped_on_nothing_offers_what_fits(harness: Harness) -> None:
    editor = harness.open("first")
    editor.drag_points(middle(editor.port("n1.image", "output")), editor.free_corner)
    palette = editor.root.get_by_role("dialog", name="Add a node")
    options = palette.get_by_role("option")
    expect(options.filter(has_text="Duotone")).to_have_count(1)
    expect(options.filter(has_text="Text to speech")).to_have_count(0)
    options.filter(has_text="Duotone").click()
    added = editor.new_node({"n1"})
    assert {"from": "n1.image", "to": f"{added}.image"} in harness.document()["edges"]
    editor.undo()
    assert harness.document()["edges"] == []
    assert list(harness.document()["nodes"]) == ["n1"]


def test_docks_make_inputs_and_outputs_of_the_flow(harness: Harness) -> None:
    editor = harness.open("chain")
    documents = [harness.document()]

    def done() -> None:
        editor.wait_synced()
        documents.append(harness.document())

    free = {dock: editor.dock(dock).locator('.pf-port[data-port="+"]') for dock in ("inputs", "outputs")}
    editor.drag(free["inputs"], editor.port("n2.steps", "input"))
    done()
    (entry,) = [entry for entry in documents[-1]["inputs"] if entry["feeds"] == ["n2.steps"]]
    assert entry["type"] == "int"
    editor.drag(editor.port("n2.image", "output"), free["outputs"])
    done()
    (output,) = [entry for entry in documents[-1]["outputs"] if entry["from"] == "n2.image"]
    editor.dock("inputs").locator(f'.pf-row[data-port="{entry["name"]}"] .pf-port-title').dblclick()
    editor.page.keyboard.type("quality")
    editor.page.keyboard.press("Enter")
    expect(editor.dock("inputs")).to_contain_text("quality", ignore_case=True)
    done()
    row = editor.dock("outputs").locator(f'.pf-row[data-port="{output["name"]}"]')
    row.hover()
    row.get_by_role("button", name="Remove the output").click()
    expect(row).to_have_count(0)
    done()
    for expected in reversed(documents[:-1]):
        editor.undo()
        assert harness.document() == expected
