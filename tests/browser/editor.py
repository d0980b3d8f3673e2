"""The editor as a hand uses it: what can be seen, clicked, dragged and typed, in any host."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from .browser import LONG, WAIT, pixels

# Each picture that a node shows while the block runs, in the order in which they came, at a quarter of its size.
_WATCH = """(root, node) => {
    const seen = (window.seenFrames = []);
    let last = null;
    const look = async () => {
        const frame = root.querySelector(`.pf-card[data-node="${node}"] .pf-frame`);
        const image = frame?.querySelector('img');
        if (!image?.src || image.src === last) return;
        last = image.src;
        try { await image.decode(); } catch { return; }
        const canvas = new OffscreenCanvas(32, 32);
        const context = canvas.getContext('2d');
        context.drawImage(image, 0, 0, 32, 32);
        const data = context.getImageData(0, 0, 32, 32).data;
        seen.push({ kind: image.dataset.kind, pixels: Array.from(data).filter((_, i) => i % 4 < 3) });
    };
    window.frameWatch?.disconnect();
    window.frameWatch = new MutationObserver(look);
    window.frameWatch.observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ['src'] });
}"""


_ENDED = "['done', 'failed', 'cancelled'].includes(root.querySelector('.pf-status').dataset.run)"


class EditorPage:
    """Is one editor on a page.

    Args:
        page: The page.
        number: Which editor of the page, counted from 0.
    """

    def __init__(self, page: Page, number: int = 0) -> None:
        self.page = page
        self.root = page.locator(".pf-root:visible").nth(number)

    def wait(self) -> EditorPage:
        """Wait until the editor is there and in step with the kernel; return it."""
        self.root.wait_for(timeout=LONG)
        self.root.scroll_into_view_if_needed()
        self.wait_synced()
        return self

    def wait_synced(self) -> None:
        """Wait until the kernel has answered every edit."""
        self._soon("root.dataset.pending === '0'", WAIT)
        expect(self.root).to_have_attribute("data-pending", "0")

    def _soon(self, condition: str, most: int) -> None:
        # Looking often costs nothing in the page; `expect` looks only once a second when it has looked some times.
        self.root.evaluate(
            f"""async (root, most) => {{
                const end = performance.now() + most;
                while (!({condition}) && performance.now() < end) await new Promise((go) => setTimeout(go, 10));
            }}""",
            most,
        )

    @property
    def free_corner(self) -> tuple[float, float]:
        """A point of the canvas, low on the left, where nothing stands unless much is there."""
        box = box_of(self.root)
        return box["x"] + 30, box["y"] + box["height"] - 70

    # What is there

    @property
    def revision(self) -> int:
        """The revision that the page shows."""
        return int(self.root.get_attribute("data-revision") or 0)

    def nodes(self) -> list[str]:
        """Return the ids of the nodes."""
        return self.root.locator(".pf-card").evaluate_all("cards => cards.map(card => card.dataset.node)")

    def node(self, name: str) -> Locator:
        """Return the card of a node."""
        return self.root.locator(f'.pf-card[data-node="{name}"]')

    def title_of(self, name: str) -> Locator:
        """Return the title of a node, by which it is dragged."""
        return self.node(name).locator(".pf-card-title")

    def port(self, name: str, side: str) -> Locator:
        """Return a port, "node.port" or the name of an entry of a dock."""
        return self.root.locator(f'.pf-port[data-port="{name}"][data-side="{side}"]')

    def row(self, name: str) -> Locator:
        """Return the row of a port of a node, with its control."""
        return self.root.locator(f'.pf-row-input[data-port="{name}"]')

    def dock(self, name: str) -> Locator:
        """Return the dock of the flow's "inputs" or "outputs"."""
        return self.root.locator(f'.pf-dock[data-dock="{name}"]')

    def button(self, name: str) -> Locator:
        """Return a button of the toolbar."""
        return self.root.get_by_role("toolbar").get_by_role("button", name=name, exact=True)

    @property
    def status(self) -> Locator:
        """The line that says what goes on."""
        return self.root.get_by_role("status")

    @property
    def notice(self) -> Locator:
        """What the editor has to say."""
        return self.root.locator(".pf-notice")

    @property
    def conflict(self) -> Locator:
        """The question which flow to keep."""
        return self.root.get_by_role("alertdialog")

    # Editing

    def add_node(self, name: str, x: float | None = None, y: float = 0.5) -> str:
        """Open the palette, choose a node type, and return the id of the new node.

        Args:
            name: Title of the node type.
            x: Of the place of the canvas that is clicked on twice, as a share of the editor's width; None is the
                button of the toolbar.
            y: Of the place, as a share of its height.
        """
        before = set(self.nodes())
        if x is None:
            self.button("Add a node").click()
        else:
            self._open_palette_at(x, y)
        self.choose(name)
        return self.new_node(before)

    def _open_palette_at(self, x: float, y: float) -> None:
        palette = self.root.get_by_role("dialog", name="Add a node")
        for seconds in (3, 3, 20):  # the notebook may scroll between looking where the editor is and clicking there
            box = box_of(self.root)
            self.page.mouse.dblclick(box["x"] + x * box["width"], box["y"] + y * box["height"])
            try:
                expect(palette).to_be_visible(timeout=seconds * 1000)
                return
            except AssertionError:
                if seconds == 20:
                    raise

    def choose(self, name: str) -> None:
        """Choose a node type in the palette, which is open."""
        palette = self.root.get_by_role("dialog", name="Add a node")
        palette.get_by_role("combobox").fill(name)
        palette.get_by_role("option").filter(has_text=name).first.click()

    def new_node(self, before: set[str]) -> str:
        """Return the id of the node that was not there before."""
        expect(self.root.locator(".pf-card")).to_have_count(len(before) + 1)
        self.wait_synced()
        (new,) = set(self.nodes()) - before
        return new

    def drag(self, start: Locator, end: Locator, *, release: bool = True) -> None:
        """Press on one thing, move to another, and let go there.

        Args:
            start: Where the button is pressed.
            end: Where it is let go.
            release: Leave the button pressed if False.
        """
        view = box_of(self.root)
        points = middle(start), middle(end)
        for x, y in points:
            assert 0 <= x - view["x"] <= view["width"] and 0 <= y - view["y"] <= view["height"], "it is not in view"
        self.drag_points(*points, release=release)

    def drag_points(
        self, start: tuple[float, float], end: tuple[float, float], *, button: Any = "left", release: bool = True
    ) -> None:
        """Press at a point of the page, move to another, and let go there."""
        self.page.mouse.move(*start)
        self.page.mouse.down(button=button)
        self.page.mouse.move(*end, steps=8)
        if release:
            self.page.mouse.up(button=button)

    def connect(self, source: str, target: str) -> None:
        """Drag a connection from an output port to an input port."""
        self.drag(self.port(source, "output"), self.port(target, "input"))
        self.wait_synced()

    def control(self, name: str) -> Locator:
        """Return the field that a port's value is typed into, "node.port"."""
        return self.row(name).locator("input[type=text], textarea").first

    def set(self, name: str, value: str) -> None:
        """Type a value into the control of a port, "node.port"."""
        control = self.control(name)
        control.click()
        control.fill(value)
        control.blur()
        self.wait_synced()

    def undo(self) -> None:
        """Click on Undo and wait for what it changes."""
        self._step("Undo")

    def redo(self) -> None:
        """Click on Redo and wait for what it changes."""
        self._step("Redo")

    def _step(self, name: str) -> None:
        before = self.revision
        self.button(name).click()
        self.page.wait_for_function(
            "([root, before]) => Number(root.dataset.revision) > before", arg=[self.root.element_handle(), before]
        )
        self.wait_synced()

    # Running

    def run(self) -> None:
        """Click on Run and wait until the run has ended well."""
        self.button("Run").click()
        self.wait_done()

    def wait_done(self) -> None:
        """Wait until the last run has ended well."""
        self._soon(_ENDED, LONG)
        expect(self.status).to_contain_text("Done", timeout=LONG)

    def watch_frames(self, node: str) -> None:
        """Collect from now on what pictures a node shows."""
        self.root.evaluate(_WATCH, node)

    def frames(self, kind: str) -> list[np.ndarray]:
        """Return the different pictures that the watched node has shown: "preview" or "result"."""
        frames = self.page.evaluate("kind => window.seenFrames.filter(f => f.kind === kind).map(f => f.pixels)", kind)
        different: list[np.ndarray] = []
        for frame in frames:
            picture = np.array(frame, dtype=float).reshape(32, 32, 3)
            if not any(np.array_equal(picture, other) for other in different):
                different.append(picture)
        return different

    def result(self, node: str) -> PIL.Image.Image:
        """Return the picture that a node shows as its result."""
        image = self.node(node).locator('.pf-frame img[data-kind="result"]').first
        image.wait_for()
        return pixels(image)

    def screenshot(self, path: Path) -> PIL.Image.Image:
        """Save and return a picture of the editor."""
        return PIL.Image.open(io.BytesIO(self.root.screenshot(path=path))).convert("RGB")


def box_of(thing: Locator) -> FloatRect:
    """Return where something lies on the page."""
    box = thing.bounding_box()
    assert box is not None, f"{thing} is not there"
    return box


def middle(thing: Locator) -> tuple[float, float]:
    """Return the point of the page in the middle of something."""
    box = box_of(thing)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
