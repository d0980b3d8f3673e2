"""Sounds, films and tables on their way to a page: what is drawn of them at once, and every item of a list."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Audio
from pixelflow_widgets.media.values import Video

from .page import Page, add, wait_for


@pf.node
def two_sounds(seconds: float = 1.0) -> list[pf.Audio]:
    ramp = np.linspace(0, 1, round(8000 * seconds), dtype=np.float32)
    return [Audio(samples[None], 8000) for samples in (ramp, ramp[::-1].copy())]


@pf.node
def short_film(frames: int = 4) -> pf.Video:
    pictures = np.zeros((frames, 48, 64, 3), np.uint8)
    pictures[0] = (200, 20, 20)
    return Video(pictures, 4.0)


@pf.node
def small_table(rows: int = 2) -> pf.Table:
    return pandas.DataFrame({"label": [f"thing {row}" for row in range(rows)]})  # type: ignore[return-value]


def result(page: Page, function: Any) -> dict[str, Any]:
    page.edit(add("n", function.node_type.name))
    page.run("r1")
    (message,) = wait_for(lambda: page.of("result"))
    return message


def test_a_sound_comes_with_its_length_and_how_loud_it_is(page: Page) -> None:
    message = result(page, two_sounds)
    assert (message["mime"], message["seconds"], message["count"]) == ("audio/wav", 1.0, 2)
    peaks = message["peaks"]
    assert len(peaks) > 50 and peaks == sorted(peaks) and 98 <= peaks[-1] <= 100
    with wave.open(io.BytesIO(bytes(message["buffers"][0]))) as sound:
        assert sound.getnframes() == 8000


def test_each_sound_of_a_list_comes_with_its_own_peaks_when_it_is_asked_for(page: Page) -> None:
    first = result(page, two_sounds)
    answer = page.ask("want", node="n", port=first["port"], item=1)
    assert answer["peaks"][0] >= 98 and answer["peaks"][-1] <= 2
    assert page.ask("want", node="n", port=first["port"], item=2)["type"] == "reject"


def test_a_film_comes_as_webm_with_its_first_frame(page: Page) -> None:
    message = result(page, short_film)
    assert (message["mime"], message["poster"], message["seconds"]) == ("video/webm", True, 1.0)
    film, poster = message["buffers"]
    assert bytes(film[:4]) == b"\x1a\x45\xdf\xa3"
    colour = PIL.Image.open(io.BytesIO(bytes(poster))).convert("RGB").getpixel((5, 5))
    assert isinstance(colour, tuple) and colour[0] > 150 > colour[2]


def test_a_table_comes_as_rows_of_words(page: Page) -> None:
    message = result(page, small_table)
    assert message["mime"] == "text/html" and b"thing 1" in bytes(message["buffers"][0])


@pytest.mark.parametrize("port", ["nothing", None])
def test_what_was_not_made_is_refused(page: Page, port: Any) -> None:
    result(page, small_table)
    assert page.ask("want", node="n", port=port)["type"] == "reject"
