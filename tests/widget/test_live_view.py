"""Live views of trainings: read as pages read them, drawn in saved pictures, kept as the picture of what came out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Preview
from pixelflow_widgets.media.previews import LIVE_VIEW
from pixelflow_widgets.widget.picture import draw, in_words
from pixelflow_widgets.widget.picture.live_view import read_live_view

from .conftest import gate
from .finetuning.views import live_view
from .page import Page, wait_for

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "live_view.json").read_text("utf-8"))


@pf.node(pure=False)
def pretends_to_train(steps: int = 3, progress: pf.Progress = pf.Progress()) -> list[pf.Image]:
    """Report live views as a training does, each when the test says so."""
    for step in range(steps + 1):
        gate.steps.acquire(timeout=10)
        view = live_view(step, steps, "finished" if step == steps else "running")
        progress(step / steps, preview=view)
    return [PIL.Image.new("RGB", (8, 8), (10 * step, 0, 0)) for step in range(3)]


def trained() -> pf.Flow:
    flow = pf.Flow("Trains")
    flow.output("samples", flow.add(pretends_to_train)["images"])
    return flow


def node_of(flow: pf.Flow) -> str:
    return next(iter(flow.document["nodes"]))


@pytest.mark.parametrize("vector", VECTORS["views"], ids=lambda vector: vector["title"])
def test_a_live_view_is_read_as_pages_read_it(vector: dict[str, Any]) -> None:
    view = read_live_view(Preview(LIVE_VIEW, bytes.fromhex(vector["hex"])))
    assert view is not None
    assert (view.words(), len(view.strip)) == (vector["words"], vector["strip_bytes"])
    if "line" in vector:
        places = [view.place(point) for point in view.head["losses"]]
        joined = [f"{_tenth(100 * across)} {_tenth(100 * down)}" for across, down in places]
        assert ("M" + "L".join(joined) if joined else "") == vector["line"]


def _tenth(value: float) -> str:
    return f"{int(10 * value + 0.5) / 10:g}"


@pytest.mark.parametrize("vector", VECTORS["damaged"], ids=lambda vector: vector["title"])
def test_what_is_damaged_is_no_live_view_and_breaks_no_picture(vector: dict[str, Any]) -> None:
    damaged = Preview(LIVE_VIEW, bytes.fromhex(vector["hex"]))
    assert read_live_view(damaged) is None
    flow = trained()
    assert "cannot be drawn" not in draw(flow.document, flow.registry, {node_of(flow): {"images": damaged}})
    assert in_words(flow.document, flow.registry, {node_of(flow): {"images": damaged}}, {})


def test_a_saved_picture_shows_chart_words_and_samples() -> None:
    flow = trained()
    view = live_view()
    drawn = draw(flow.document, flow.registry, {node_of(flow): {"images": view}})
    assert "step 120 of 200" in drawn and "data:image/jpeg" in drawn and ">best<" in drawn
    assert "step 120 of 200" in in_words(flow.document, flow.registry, {node_of(flow): {"images": view}}, {})


def test_pages_get_live_views_at_the_samples_and_the_last_one_stands_for_them() -> None:
    flow = trained()
    page = Page(flow)
    page.run("r1")
    gate.open()
    frame = wait_for(lambda: page.of("preview"))[-1]
    assert (frame["port"], frame["mime"]) == ("images", LIVE_VIEW)
    gate.open(3)
    page.ended("r1")
    result = wait_for(lambda: page.of("result"))[-1]
    assert result["port"] == "images"
    assert result["mime"] == LIVE_VIEW
    assert result["count"] == 3
    view = read_live_view(Preview(LIVE_VIEW, bytes(result["buffers"][0])))
    assert view is not None and view.head["status"] == "finished"
    first = page.ask("want", node=result["node"], port="images", item=0, full=True)
    assert first["mime"] == "image/png"
