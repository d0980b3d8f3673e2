"""Hands on the canvas: selecting, moving, looking, keys, menus, in the page without Jupyter."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .editor import EditorPage, box_of, middle
from .harness import Harness

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def selected(editor: EditorPage) -> set[str]:
    return set(editor.root.locator(".pf-card-selected").evaluate_all("cards => cards.map(card => card.dataset.node)"))


def frame_all(editor: EditorPage, *nodes: str) -> None:
    """Drag a box around some nodes, from an empty place."""
    boxes = [box_of(editor.node(node)) for node in nodes]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    editor.drag_points((left - 12, top - 12), (right + 8, bottom + 8))


def place_of(editor: EditorPage, node: str) -> tuple[float, float]:
    box = box_of(editor.node(node))
    return box["x"], box["y"]


# Selecting, moving, looking


def test_a_box_selects_what_it_touches_and_delete_is_one_step_of_undo(harness: Harness) -> None:
    editor = harness.open("chain")
    before = harness.document()
    frame_all(editor, "n1", "n4")
    assert selected(editor) >= {"n1", "n4"}
    assert "n3" not in selected(editor)
    gone = selected(editor)
    editor.page.keyboard.press("Delete")
    editor.wait_synced()
    assert set(harness.document()["nodes"]) == set(before["nodes"]) - gone
    assert all(edge["from"].split(".")[0] not in gone for edge in harness.document()["edges"])
    editor.page.keyboard.press("Control+z")
    expect(editor.node("n1")).to_be_visible()
    editor.wait_synced()
    assert harness.document() == before


def test_dragging_one_of_several_selected_nodes_moves_them_all_in_one_step(harness: Harness) -> None:
    editor = harness.open("chain")
    before = harness.document()
    editor.title_of("n1").click()
    editor.page.keyboard.down("Shift")
    editor.title_of("n2").click()
    editor.page.keyboard.up("Shift")
    assert selected(editor) == {"n1", "n2"}
    old = {node: place_of(editor, node) for node in ("n1", "n2", "n3")}
    x, y = middle(editor.title_of("n1"))
    editor.drag_points((x, y), (x + 33, y + 21))
    editor.wait_synced()
    for node in ("n1", "n2"):
        assert place_of(editor, node) == pytest.approx((old[node][0] + 33, old[node][1] + 21), abs=6)
    assert place_of(editor, "n3") == pytest.approx(old["n3"], abs=1)
    editor.undo()
    assert harness.document() == before


@pytest.mark.parametrize("how", ["middle button", "space"])
def test_the_canvas_is_panned_without_an_edit(harness: Harness, how: str) -> None:
    editor = harness.open("first")
    revision = editor.revision
    old = place_of(editor, "n1")
    x, y = editor.free_corner
    if how == "space":
        editor.page.mouse.click(x, y)
        editor.page.keyboard.down("Space")
    editor.drag_points((x, y), (x + 70, y - 40), button="left" if how == "space" else "middle")
    if how == "space":
        editor.page.keyboard.up("Space")
    assert place_of(editor, "n1") == pytest.approx((old[0] + 70, old[1] - 40), abs=3)
    assert editor.revision == revision
    editor.button("Fit").click()
    expect_place(editor, "n1", old)


def expect_place(editor: EditorPage, node: str, place: tuple[float, float]) -> None:
    editor.page.wait_for_function(
        "([card, x, y]) => { const box = card.getBoundingClientRect();"
        " return Math.abs(box.x - x) < 4 && Math.abs(box.y - y) < 4; }",
        arg=[editor.node(node).element_handle(), *place],
    )


def test_the_wheel_scrolls_the_page_until_the_editor_has_the_focus(harness: Harness) -> None:
    editor = harness.open("first")
    page = editor.page
    page.evaluate("() => { document.body.style.height = '3000px'; }")
    x, y = editor.free_corner
    size = box_of(editor.node("n1"))["width"]

    page.mouse.move(x, y)
    page.mouse.wheel(0, 60)
    page.wait_for_function("() => window.scrollY > 0")
    assert box_of(editor.node("n1"))["width"] == size
    page.evaluate("() => window.scrollTo(0, 0)")

    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.wait_for_function(
        "([card, size]) => card.getBoundingClientRect().width > size * 1.05",
        arg=[editor.node("n1").element_handle(), size],
    )
    page.keyboard.up("Control")
    assert page.evaluate("() => window.scrollY") == 0
    size = box_of(editor.node("n1"))["width"]

    page.mouse.click(x, y)
    page.mouse.wheel(0, 120)
    page.wait_for_function(
        "([card, size]) => card.getBoundingClientRect().width < size * 0.95",
        arg=[editor.node("n1").element_handle(), size],
    )
    assert page.evaluate("() => window.scrollY") == 0


# Keys


def test_escape_closes_then_deselects_then_leaves(harness: Harness) -> None:
    editor = harness.open("first")
    editor.title_of("n1").click()
    assert selected(editor) == {"n1"}
    editor.page.keyboard.press("Tab")
    palette = editor.root.get_by_role("dialog", name="Add a node")
    expect(palette).to_be_visible()
    editor.page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    assert selected(editor) == {"n1"}
    editor.page.keyboard.press("Escape")
    assert selected(editor) == set()
    assert has_focus(editor)
    editor.page.keyboard.press("Escape")
    assert not has_focus(editor)


def has_focus(editor: EditorPage) -> bool:
    return editor.root.evaluate("root => root.contains(document.activeElement)")


def test_keys_do_nothing_while_the_focus_is_elsewhere(harness: Harness) -> None:
    editor = harness.open("first")
    editor.title_of("n1").click()
    editor.page.evaluate("() => document.activeElement.blur()")
    for key in ("Delete", "Control+d", "ArrowRight", "Control+z"):
        editor.page.keyboard.press(key)
    editor.page.wait_for_timeout(100)
    assert editor.revision == 0
    assert editor.nodes() == ["n1"]


def test_keys_inside_a_text_field_edit_the_text(harness: Harness) -> None:
    editor = harness.open("chain")
    field = editor.control("n4.text") if editor.row("n4.text").locator("textarea").count() else editor.control("n3.hue")
    field.click()
    for key in ("Delete", "Backspace", "ArrowLeft", "Control+a", "Control+c"):
        editor.page.keyboard.press(key)
    field.blur()
    assert len(harness.document()["nodes"]) == 5
    assert harness.document()["layout"] == {"positions": {}}


def test_arrows_move_the_selection_and_join_one_step(harness: Harness) -> None:
    editor = harness.open("first")
    before = harness.document()
    editor.title_of("n1").click()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowDown"):
        editor.page.keyboard.press(key)
    editor.wait_synced()
    assert harness.document()["layout"]["positions"]["n1"] == [10, 60]
    editor.undo()
    assert harness.document() == before


def test_copies_are_pasted_duplicated_cut_and_taken_back(harness: Harness) -> None:
    editor = harness.open("chain")
    editor.title_of("n1").click()
    editor.page.keyboard.down("Shift")
    editor.title_of("n2").click()
    editor.page.keyboard.up("Shift")
    documents = [harness.document()]
    for keys, count in ((["Control+c", "Control+v"], 7), (["Control+d"], 9), (["Control+x"], 7), (["Control+v"], 9)):
        for key in keys:
            editor.page.keyboard.press(key)
        editor.page.wait_for_function("count => Object.keys(window.kernel.document.nodes).length === count", arg=count)
        editor.wait_synced()
        documents.append(harness.document())
    pasted = set(documents[1]["nodes"]) - set(documents[0]["nodes"])
    inner = [edge for edge in documents[1]["edges"] if {edge[end].split(".")[0] for end in ("from", "to")} <= pasted]
    assert len(inner) == 1, "the edge between the two is copied with them"
    for expected in reversed(documents[:-1]):
        editor.undo()
        assert harness.document() == expected
    for expected in documents[1:]:
        editor.redo()
        assert harness.document() == expected


def test_a_flow_is_made_and_run_by_keys_alone(harness: Harness) -> None:
    editor = harness.open("empty")
    page = editor.page
    editor.root.focus()
    page.keyboard.press("Tab")
    page.keyboard.type("Text to im")
    expect(editor.root.get_by_role("option").first).to_contain_text("Text to image")
    page.keyboard.press("Enter")
    draw = editor.new_node(set())
    expect(editor.root.get_by_role("dialog", name="Add a node")).to_be_hidden()
    editor.control(f"{draw}.prompt").focus()
    page.keyboard.type("a red circle")
    page.keyboard.press("Control+Enter")
    editor.wait_done()
    expect(editor.node(draw)).to_have_attribute("data-state", "done")
    assert harness.document()["nodes"][draw]["values"] == {"prompt": "a red circle"}
    assert editor.result(draw).size[0] > 100


def test_a_node_has_a_menu(harness: Harness) -> None:
    editor = harness.open("chain")

    def choose(node: str, item: str) -> None:
        editor.node(node).hover()
        editor.node(node).get_by_role("button", name="More").click()
        editor.root.get_by_role("menuitem", name=item).click()

    choose("n1", "Duplicate")
    copy = editor.new_node({"n1", "n2", "n3", "n4", "n5"})
    choose(copy, "Rename")
    editor.page.keyboard.type("Another idea")
    editor.page.keyboard.press("Enter")
    expect(editor.node(copy)).to_contain_text("Another idea")
    editor.wait_synced()
    assert harness.document()["nodes"][copy]["title"] == "Another idea"
    choose(copy, "Delete")
    expect(editor.node(copy)).to_have_count(0)
    choose("n2", "Run to here")
    expect(editor.node("n2")).to_have_attribute("data-state", "done")
    expect(editor.node("n3")).to_have_attribute("data-state", "idle")


def test_a_double_click_renames(harness: Harness) -> None:
    editor = harness.open("first")
    editor.title_of("n1").dblclick()
    editor.page.keyboard.type("The picture")
    editor.page.keyboard.press("Enter")
    expect(editor.node("n1")).to_contain_text("The picture")
    editor.undo()
    expect(editor.node("n1")).to_contain_text("Text to image")


def test_the_handle_changes_the_height_and_full_screen_fills_the_window(harness: Harness) -> None:
    editor = harness.open("first")
    before = box_of(editor.root)["height"]
    handle = editor.root.get_by_role("separator", name="Height of the editor")
    x, y = middle(handle)
    editor.drag_points((x, y), (x, y + 120))
    assert box_of(editor.root)["height"] == pytest.approx(before + 120, abs=6)
    editor.page.wait_for_function("() => window.kernel.traits.options.height > 600")
    editor.button("Full screen").click()
    view = editor.page.viewport_size
    assert view
    editor.page.wait_for_function(
        "([root, width, height]) => { const box = root.getBoundingClientRect();"
        " return box.width >= width - 2 && box.height >= height - 2; }",
        arg=[editor.root.element_handle(), view["width"], view["height"]],
    )
    editor.root.get_by_role("toolbar").get_by_role("button", name="full screen").click()
    editor.page.wait_for_function(
        "([root, width]) => root.getBoundingClientRect().width < width",
        arg=[editor.root.element_handle(), view["width"]],
    )
