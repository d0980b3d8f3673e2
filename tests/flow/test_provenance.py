"""A picture carries the flow that made it."""

from __future__ import annotations

import io
from pathlib import Path

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.provenance import png_with_flow, resolved

from .sample_types import REGISTRY


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("poster ☃", registry=REGISTRY)
    prompt = flow.input("prompt", "a red circle")
    flow.add("tests.paint", prompt=prompt, seed="random")
    return flow


def test_a_picture_that_carries_a_flow_is_loaded_as_one(flow: pf.Flow, tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    path.write_bytes(png_with_flow(PIL.Image.new("RGB", (4, 4), "red"), flow.document))
    loaded = pf.Flow.load(path, registry=REGISTRY)
    assert loaded.document == flow.document
    with PIL.Image.open(path) as image:
        assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16", "I", "F", "CMYK"])
def test_a_picture_of_any_mode_can_carry_a_flow(flow: pf.Flow, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    path.write_bytes(png_with_flow(PIL.Image.new(mode, (4, 4)), flow.document))
    assert pf.Flow.load(path, registry=REGISTRY).name == "poster ☃"


def test_the_flow_as_it_was_run_holds_the_given_inputs_and_the_drawn_seeds(flow: pf.Flow) -> None:
    document = resolved(flow.document, {"prompt": "a blue square"}, {"paint.seed": 7})
    assert document["inputs"][0]["default"] == "a blue square"
    assert document["nodes"]["paint"]["values"] == {"seed": 7}
    assert flow.document["inputs"][0]["default"] == "a red circle"
    assert flow.document["nodes"]["paint"]["values"] == {"seed": "random"}


def test_a_flow_too_long_for_a_picture_is_left_out(flow: pf.Flow, tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    path.write_bytes(png_with_flow(PIL.Image.new("RGB", (4, 4)), {**flow.document, "long": "x" * 1_000_000}))
    with pytest.raises(pf.FlowFileError, match="carries no flow"):
        pf.Flow.load(path)


def test_a_picture_without_a_flow_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    PIL.Image.new("RGB", (4, 4)).save(path)
    with pytest.raises(pf.FlowFileError, match="carries no flow"):
        pf.Flow.load(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(pf.FlowFileError, match="cannot be read"):
        pf.Flow.load(path)


def test_a_text_bomb_in_a_picture_is_refused(flow: pf.Flow, tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("pixelflow", " " * 50_000_000, zip=True)
    buffer = io.BytesIO()
    PIL.Image.new("L", (1, 1)).save(buffer, "PNG", pnginfo=info)
    path = tmp_path / "bomb.png"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(pf.FlowFileError):
        pf.Flow.load(path)
