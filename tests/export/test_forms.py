"""Files of exported flows: what would change in one, and the media that lie beside it."""

from __future__ import annotations

from pathlib import Path

import PIL.Image

import pixelflow_widgets as pf
from pixelflow_widgets.export.forms import MOST_LINES, Form, difference, text_of, write


def test_a_difference_is_cut_and_says_how_much_is_left() -> None:
    before = "\n".join(map(str, range(1000))).encode()
    lines = difference(Path("x.py"), before, "")
    assert len(lines) == MOST_LINES + 1 and lines[-1] == f"… and {1003 - MOST_LINES} more lines"


def test_media_go_beside_the_code_that_reads_them_and_only_there(tmp_path: Path) -> None:
    flow = pf.Flow("small")
    flow.output("image", flow.add("resize_image", image=PIL.Image.new("RGB", (8, 8), "#369"), width=4)["image"])
    for form, count in ((Form.SCRIPT, 1), (Form.SVG, 0), (Form.NOTEBOOK, 1)):
        folder = tmp_path / form
        folder.mkdir()
        write(flow, folder / "x", text_of(flow, form))
        assert len(list(folder.glob("small.media/*.png"))) == count
