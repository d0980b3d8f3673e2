"""Sounds, films and tables on their way to a page: what is drawn of them at once, and every item of a list."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Audio
from pixelflow_widgets.media.tags import read_tags
from pixelflow_widgets.media.values import Video

from .page import Page, add, wait_for


@pf.node
def two_sounds(seconds: float = 1.0) -> list[pf.Audio]:
    ramp = np.linspace(0, 1, round(8000 * seconds), dtype=np.float32)
    return [Audio(samples[None], 8000) for samples in (ramp, ramp[::-1].copy())]


@pf.node
def brief_film(frames: int = 4) -> pf.Video:
    pictures = np.zeros((frames, 48, 64, 3), np.uint8)
    pictures[0] = (200, 20, 20)
    return Video(pictures, 4.0)


@pf.node
def small_table(rows: int = 2) -> pf.Table:
    return pandas.DataFrame({"label": [f"thing {row}" for row in range(rows)]})  # type: ignore[return-value]


@pf.node
def small_picture(shade: int = 90) -> pf.Image:
    return PIL.Image.new("RGB", (40, 30), (shade, 20, 60))  # type: ignore[return-value]


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
    message = result(page, brief_film)
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


@pytest.mark.parametrize(("function", "name"), [(two_sounds, "n.sounds-2.wav"), (brief_film, "n.video.mp4")])
def test_a_sound_or_film_that_is_saved_from_a_page_says_what_made_it_unless_that_is_left_out(
    page: Page, function: Any, name: str
) -> None:
    port, item = result(page, function)["port"], 1 if function is two_sounds else 0
    whole = page.ask("want", node="n", port=port, item=item, **{"as": "file"})
    assert whole["file"] == name.replace("sounds", port)
    record = json.loads(read_tags(bytes(whole["buffers"][0]))["pixelflow"])
    assert list(record["flow"]["nodes"]) == ["n"]
    bare = page.ask("want", node="n", port=port, item=item, **{"as": "bare file"})
    assert bare["file"] == whole["file"] and read_tags(bytes(bare["buffers"][0])) == {}


def test_a_picture_that_is_saved_bare_has_the_same_pixels_and_no_record(page: Page) -> None:
    port = result(page, small_picture)["port"]
    whole, bare = (
        bytes(page.ask("want", node="n", port=port, **{"as": form})["buffers"][0]) for form in ("file", "bare file")
    )
    assert "pixelflow" in read_tags(whole) and read_tags(bare) == {}
    pictures = [PIL.Image.open(io.BytesIO(content)) for content in (whole, bare)]
    assert pictures[0].tobytes() == pictures[1].tobytes() and pictures[0].size == (40, 30)


def test_a_table_is_saved_whole_as_rows_with_commas(page: Page) -> None:
    port = result(page, small_table)["port"]
    answer = page.ask("want", node="n", port=port, **{"as": "file"})
    assert answer["file"] == f"n.{port}.csv"
    assert b"thing 1" in bytes(answer["buffers"][0])


def test_a_file_of_an_item_that_there_is_not_is_refused(page: Page) -> None:
    port = result(page, two_sounds)["port"]
    assert page.ask("want", node="n", port=port, item=5, **{"as": "file"})["type"] == "reject"
