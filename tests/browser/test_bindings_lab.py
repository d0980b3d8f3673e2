"""The notebook's own objects on ports, nodes from cells, and what a flow from elsewhere may do, in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .editor import EditorPage
from .lab import Lab, eventually, in_both_themes, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = """
import numpy as np
import PIL.Image
import pixelflow_widgets as pf

ran = []
caption = "a lighthouse"
_row = np.linspace(40, 230, 96, dtype=np.uint8)
photo = np.stack([np.tile(_row, (64, 1)), np.full((64, 96), 120, np.uint8), np.tile(_row[::-1], (64, 1))], axis=-1)
"""
SHADE = """
@pf.node(where="kernel")
def shade(image: pf.Image, strength: float = 0.5) -> pf.Image:
    \"\"\"Darken an image.\"\"\"
    ran.append("shade")
    return image.point(lambda level: int(level * (1 - strength)))
"""
OTHERS = """
@pf.node(where="kernel")
def mirror(image: pf.Image) -> pf.Image:
    \"\"\"Turn an image round.\"\"\"
    ran.append("mirror")
    return image.transpose(0)

@pf.node(where="kernel")
def tile(size: int = 32) -> pf.Image:
    \"\"\"Paint a plain square.\"\"\"
    ran.append("tile")
    return PIL.Image.new("RGB", (size, size), "#33aa77")
"""
FLOW = """
flow = pf.Flow("poster")
shaded = flow.add(shade, id="shade", strength=0.25, position=(0, 0))
turned = flow.add(mirror, id="mirror", image=shaded["image"], position=(330, 0))
plain = flow.add(tile, id="tile", position=(330, 380))
flow.output("image", turned["image"])
flow.output("square", plain["image"])
flow
"""
CHANGE = "photo[:, :30] = 250"
SHADE_ANEW = """
@pf.node(where="kernel")
def shade(image: pf.Image, strength: float = 0.5, tint: str = "warm") -> pf.Image:
    \"\"\"Darken an image, and tint it.\"\"\"
    ran.append("shade")
    return image.point(lambda level: int(level * (1 - strength)))
"""
MIRROR_ANEW = OTHERS.replace("def mirror(image: pf.Image)", "def mirror(picture: pf.Image)").replace(
    "image.transpose", "picture.transpose"
)
ELSEWHERE = """
import pixelflow_widgets as pf

flow = pf.Flow.load("brought.flow.json")
flow
"""
BROUGHT = """
import PIL.Image
import pixelflow_widgets as pf

INKS = {"night": (20, 24, 60), "sand": (240, 214, 160)}

def mixed(first: tuple, second: tuple, share: float) -> tuple:
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))

@pf.node
def duotone(image: pf.Image, share: float = 0.6) -> pf.Image:
    \"\"\"Recolour an image with two inks.\"\"\"
    levels = [mixed(INKS["night"], INKS["sand"], share * level / 255) for level in range(256)]
    grey = image.convert("L")
    return PIL.Image.merge("RGB", [grey.point([level[band] for level in levels]) for band in range(3)])

photo = PIL.Image.linear_gradient("L").convert("RGB")
sent = pf.Flow("brought")
inked = sent.add(duotone, id="duotone", position=(0, 0))
sent.output("image", inked["image"])
sent.bind("duotone.image", "photo")
sent.bind_output("image", "poster")
sent.save("brought.flow.json")
"""


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page) -> Iterator[Lab]:
    write_notebook(jupyter.root / "bindings" / "bindings.ipynb", SETUP, SHADE, OTHERS, FLOW, CHANGE)
    write_notebook(jupyter.root / "bindings" / "sender.ipynb", BROUGHT)
    write_notebook(jupyter.root / "bindings" / "elsewhere.ipynb", ELSEWHERE)
    page.set_viewport_size({"width": 1500, "height": 1000})
    lab = Lab(page, jupyter)
    lab.open("bindings/bindings.ipynb")
    for cell in range(4):
        lab.run_cell(cell)
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture(scope="module")
def editor(lab: Lab, page: Page) -> EditorPage:
    editor = EditorPage(page).wait()
    lab.execute("flow.editor.viewport = {'x': 20, 'y': 20, 'zoom': 1}")
    return editor


def test_a_port_reads_the_variable_that_was_picked_among_those_that_fit(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    editor.row("shade.image").hover()
    editor.row("shade.image").get_by_role("button", name="Use a variable").click()
    menu = editor.root.get_by_role("menu", name="Variables")
    expect(menu.get_by_role("menuitem", name="photo")).to_contain_text("array 64 × 96 × 3")
    expect(menu.get_by_role("menuitem"), "a text was offered for an image").to_have_count(1)
    in_both_themes(lab, editor, artifacts, "bindings-pick")
    menu.get_by_role("menuitem", name="photo").click()
    expect(editor.row("shade.image")).to_contain_text("photo")
    editor.wait_synced()
    assert lab.value("flow.bindings") == {"shade.image": "photo"}
    editor.run()
    assert sorted(lab.value("ran")) == ["mirror", "shade", "tile"]
    in_both_themes(lab, editor, artifacts, "bindings-bound")


def test_a_variable_that_a_cell_has_changed_makes_stale_what_follows_it_and_no_more_runs(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    lab.execute("ran.clear()")
    lab.run_cell(4)
    for node, is_stale in (("shade", True), ("mirror", True), ("tile", False)):
        expect(editor.node(node)).to_have_count(1)
        expect(editor.root.locator(f'[data-node="{node}"][data-stale]')).to_have_count(int(is_stale))
    assert "variable 'photo' changed" in lab.value("flow.why('shade')")
    editor.run()
    assert sorted(lab.value("ran")) == ["mirror", "shade"]


def test_the_cell_of_a_node_run_anew_changes_the_placed_node_and_what_can_stay_does(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    lab.set_cell(1, SHADE_ANEW)
    lab.run_cell(1)
    expect(editor.row("shade.tint")).to_be_visible()
    expect(editor.row("shade.image")).to_contain_text("photo")
    assert lab.value("flow.nodes['shade'].values['strength']") == 0.25
    lab.set_cell(2, MIRROR_ANEW)
    lab.run_cell(2)
    lost = editor.root.locator('[data-port="mirror.image"].pf-row-input')
    expect(lost).to_contain_text("not there any more")
    expect(editor.root.locator(".pf-curve-group[data-lost]")).to_have_count(1)
    in_both_themes(lab, editor, artifacts, "bindings-lost")
    lost.hover()
    lost.get_by_role("button", name="Take Image away").click()
    expect(lost).to_have_count(0)
    editor.wait_synced()
    assert [edge["to"] for edge in lab.value("flow.document['edges']")] == []
    editor.undo()
    expect(lost).to_have_count(1)


def test_a_flow_from_elsewhere_reads_writes_and_runs_nothing_before_it_is_confirmed(
    lab: Lab, page: Page, artifacts: Path
) -> None:
    lab.reopen("bindings/sender.ipynb")
    lab.run_cell(0)
    assert lab.errors() == []
    lab.reopen("bindings/elsewhere.ipynb")
    lab.execute("import PIL.Image; photo = PIL.Image.radial_gradient('L').convert('RGB')")
    lab.run_cell(0)
    editor = EditorPage(page).wait()
    asks = editor.root.get_by_role("region", name="What the flow asks for")
    expect(asks).to_contain_text("def duotone")
    expect(asks).to_contain_text("def mixed")
    in_both_themes(lab, editor, artifacts, "bindings-asks")
    assert lab.value("flow.registry.find('notebook.duotone') is None")
    assert lab.value("[problem.code for problem in flow.problems()]") == ["untrusted-code", "unconfirmed"]
    asks.get_by_role("button", name="Run once").click()
    expect(asks.locator("pre")).to_have_count(0)
    assert lab.value("'duotone' in globals()") is False, "the code was run among the notebook's own names"
    asks.get_by_role("group", name="Read photo").get_by_role("button", name="Allow").click()
    expect(asks.get_by_role("group")).to_have_count(1)
    editor.run()
    assert lab.value("'poster' in globals()") is False
    asks.get_by_role("button", name="Allow").click()
    expect(asks).to_have_count(0)
    editor.run()
    eventually(lambda: lab.value("'poster' in globals()"), bool)
    assert lab.value("list(poster.size)") == [256, 256]
