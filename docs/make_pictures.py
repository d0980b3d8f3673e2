"""Makes the pictures of the README: `.venv/bin/python docs/make_pictures.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import PIL.Image
from PIL import ImageDraw, ImageFont
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pixelflow_widgets as pf  # noqa: E402
from pixelflow_widgets.models.weights import place_of  # noqa: E402
from pixelflow_widgets.starter.scoring import load, paint, unseen  # noqa: E402
from tests.browser.browser import chromium, page_of  # noqa: E402
from tests.browser.editor import EditorPage  # noqa: E402
from tests.browser.lab import Lab, write_notebook  # noqa: E402
from tests.browser.servers import jupyter_server  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
EDGE, GAP, LINES = 160, 16, 3
INK, PAPER = "#24292f", "#ffffff"


def starter_sheet(count: int = 10, columns: int = 5) -> PIL.Image.Image:
    """Pictures of prompts that training never saw, the first ones that the score draws, not chosen ones."""
    scenes = [*unseen(count * 3 // 5, 1, seed=1), *unseen(count * 2 // 5, 2, seed=1)]
    images = paint(load(place_of("starter")), [scene.caption for scene in scenes], seed=1)
    font = ImageFont.load_default(size=13)
    cell = EDGE + LINES * 17 + GAP
    rows = -(-count // columns)
    sheet = PIL.Image.new("RGB", (columns * (EDGE + GAP) + GAP, rows * cell + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (scene, image) in enumerate(zip(scenes, images, strict=True)):
        x, y = GAP + number % columns * (EDGE + GAP), GAP + number // columns * cell
        sheet.paste(pf.nodes.resize_image(image=image, width=EDGE, height=EDGE, filter="nearest"), (x, y))
        draw.rectangle((x - 1, y - 1, x + EDGE, y + EDGE), outline="#d0d7de")
        for line, text in enumerate(wrapped(scene.caption, font)):
            draw.text((x, y + EDGE + 4 + 17 * line), text, font=font, fill=INK)
    return sheet


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """The text in lines as wide as a picture."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > EDGE:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


CELL = """import pixelflow_widgets as pf

pf.edit("poster.flow.json")"""


def poster(path: Path) -> None:
    """A flow of the kind that the first picture shows."""
    flow = pf.Flow("poster")
    prompt = flow.input("prompt", "a red circle on a blue background")
    image = flow.add("text_to_image", prompt=prompt, steps=24, seed=7)
    large = flow.add("resize_image", image=image["image"], filter="nearest")
    flow.output("poster", large["image"])
    flow.save(path)


def notebook_pictures() -> None:
    """The editor in JupyterLab, light and dark, after a run by its button."""
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder, "notebooks"), Path(folder, "home")
        home.mkdir()
        root.mkdir()
        poster(root / "poster.flow.json")
        write_notebook(root / "poster.ipynb", CELL)
        with jupyter_server(root, home) as jupyter, chromium() as browser, page_of(browser, 1500, 900) as page:
            lab = Lab(page, jupyter)
            lab.open("poster.ipynb")
            lab.run_all()
            editor = EditorPage(page).wait()
            editor.run()
            expect(editor.node("resize_image")).to_have_attribute("data-state", "done", timeout=120_000)
            for dark in (False, True):
                lab.theme(dark)
                editor.root.scroll_into_view_if_needed()
                page.wait_for_timeout(1500)  # until the last preview has faded
                editor.screenshot(PICTURES / f"editor-{'dark' if dark else 'light'}.png")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    starter_sheet().save(PICTURES / "starter.png", optimize=True)
    notebook_pictures()
    for path in sorted(PICTURES.glob("*.png")):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
