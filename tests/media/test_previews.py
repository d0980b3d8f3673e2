"""A preview is something that a page can decode."""

from __future__ import annotations

import io
import wave

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import MEDIA, Preview, preview_of


def opened(preview: Preview) -> PIL.Image.Image:
    image = PIL.Image.open(io.BytesIO(preview.data))
    image.load()
    return image


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "PA", "CMYK", "I", "I;16", "F", "HSV"])
def test_an_image_of_any_mode_has_a_preview(mode: str) -> None:
    preview = MEDIA["image"].preview(PIL.Image.new(mode, (40, 20)))
    assert preview.size == (40, 20)
    assert opened(preview).size == (40, 20)
    assert preview.mime == ("image/png" if mode in ("LA", "RGBA", "PA") else "image/jpeg")


@pytest.mark.parametrize(("mode", "highest"), [("I", 70_000), ("F", 0.01)])
def test_depths_are_shown_from_the_lowest_to_the_highest(mode: str, highest: float) -> None:
    image = PIL.Image.new(mode, (64, 64), 0)
    image.paste(highest, (32, 0, 64, 64))
    shown = opened(MEDIA["image"].preview(image)).convert("L")
    assert shown.getpixel((4, 4)) < 5
    assert shown.getpixel((60, 4)) > 250


def test_a_large_image_is_made_small_and_its_size_is_told() -> None:
    preview = MEDIA["image"].preview(PIL.Image.new("RGB", (2000, 500), "red"))
    assert preview.size == (2000, 500)
    assert opened(preview).size == (512, 128)


def test_a_preview_does_not_change_the_image() -> None:
    image = PIL.Image.new("RGB", (2000, 500), "red")
    MEDIA["image"].preview(image)
    assert image.size == (2000, 500)


def test_transparency_is_seen() -> None:
    image = PIL.Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert opened(MEDIA["image"].preview(image)).getpixel((0, 0))[3] == 0


def test_a_sound_is_shown_as_wav_and_clipped() -> None:
    sound = pf.Audio(np.array([[0, 2, -2], [0.5, 0, 0]], np.float32), 8000)
    with wave.open(io.BytesIO(MEDIA["audio"].preview(sound).data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 3)
        samples = np.frombuffer(file.readframes(3), "<i2").reshape(3, 2)
    assert samples[:, 0].tolist() == [0, 32767, -32767]


def test_a_sound_without_frames_has_a_preview() -> None:
    assert MEDIA["audio"].preview(pf.Audio(np.zeros((1, 0), np.float32), 8000)).mime == "audio/wav"


def test_a_film_is_shown_moving() -> None:
    frames = np.zeros((3, 20, 40, 3), np.uint8)
    frames[1] = 255
    preview = MEDIA["video"].preview(pf.Video(frames, 8))
    assert preview.size == (40, 20)
    assert PIL.Image.open(io.BytesIO(preview.data)).n_frames == 3  # type: ignore[attr-defined]


def test_a_long_text_is_cut_and_a_broken_one_still_shown() -> None:
    assert len(MEDIA["text"].preview("x" * 10_000).data) == 4000
    assert preview_of("a\ud800").data == b"a?"


def test_a_table_is_shown_without_its_markup_working() -> None:
    import pandas as pd

    shown = MEDIA["table"].preview(pd.DataFrame({"<b>": ["<script>"]})).data.decode()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_the_kind_of_an_unfinished_result_is_seen() -> None:
    assert preview_of(PIL.Image.new("L", (2, 2))).mime == "image/jpeg"
    assert preview_of(pf.Audio(np.zeros((1, 2), np.float32), 8)).mime == "audio/wav"
    assert preview_of(pf.Video(np.zeros((1, 2, 2, 3), np.uint8), 8)).mime == "image/webp"
    assert preview_of(5).data == b"5"
    ready = Preview("text/plain", b"x")
    assert preview_of(ready) is ready
