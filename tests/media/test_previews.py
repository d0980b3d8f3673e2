"""A preview is something that a page can decode."""

from __future__ import annotations

import io
import wave

import av
import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import MEDIA, Preview, preview_of, previews
from pixelflow_widgets.media.recordings import open_film


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
    assert samples[:, 0].tolist() == [0, 32767, -32768]


def test_a_sound_without_frames_has_a_preview() -> None:
    assert MEDIA["audio"].preview(pf.Audio(np.zeros((1, 0), np.float32), 8000)).mime == "audio/wav"


def test_a_sound_is_shown_with_its_length_and_its_peaks() -> None:
    wave = np.concatenate([np.zeros(4000), np.full(3000, -0.25), np.full(1000, 7)]).astype(np.float32)
    preview = MEDIA["audio"].preview(pf.Audio(np.stack([wave, wave / 2]), 8000))
    assert preview.seconds == 1
    assert preview.peaks == (0.0,) * 100 + (0.25,) * 75 + (1.0,) * 25
    assert MEDIA["audio"].preview(pf.Audio(wave[None, :3], 8000)).peaks == (0, 0, 0)
    assert MEDIA["audio"].preview(pf.Audio(wave[None, :0], 8000)).peaks == ()


def test_a_long_sound_is_sent_small_and_its_beginning_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MOST_SOUND", 60.0)
    samples = np.random.default_rng(0).normal(0, 0.1, (2, 90 * 16_000)).astype(np.float32)
    preview = MEDIA["audio"].preview(pf.Audio(samples, 16_000))
    assert (preview.mime, preview.seconds, len(preview.peaks)) == ("audio/webm", 90, 200)
    assert len(preview.data) < 1_000_000
    with av.open(io.BytesIO(preview.data)) as container:
        frames = list(container.decode(audio=0))
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
    assert sum(frame.samples for frame in frames) / frames[0].sample_rate == pytest.approx(60, abs=0.1)


def test_a_film_is_shown_moving_and_sounding() -> None:
    frames = np.zeros((6, 20, 40, 3), np.uint8)
    frames[3:] = 255
    preview = MEDIA["video"].preview(pf.Video(frames, 8, pf.Audio(np.full((1, 4000), 0.5, np.float32), 8000)))
    assert (preview.mime, preview.size, preview.seconds) == ("video/webm", (40, 20), 0.75)
    assert preview.peaks == (0.5,) * 200
    shown = open_film(preview.data)
    assert shown.frames.shape == (6, 120, 240, 3)  # few pixels are enlarged, so that each is seen
    assert shown.frames.mean(axis=(1, 2, 3)) == pytest.approx([0, 0, 0, 255, 255, 255], abs=3)
    assert shown.fps == 8
    assert shown.audio is not None and shown.audio.samples.shape[1] / shown.audio.sample_rate == pytest.approx(
        0.5, abs=0.05
    )


@pytest.mark.parametrize("encoder", ["vp8", "opus"])
def test_a_film_plays_in_browsers_that_lack_h264(encoder: str) -> None:
    silence = pf.Audio(np.zeros((1, 400), np.float32), 8000)
    preview = MEDIA["video"].preview(pf.Video(np.zeros((2, 16, 16, 3), np.uint8), 8, silence))
    with av.open(io.BytesIO(preview.data)) as container:
        assert encoder in {stream.codec_context.codec.canonical_name for stream in container.streams}


def test_the_poster_of_a_film_is_its_first_frame() -> None:
    frames = np.zeros((3, 300, 600, 3), np.uint8)
    frames[0] = (10, 200, 30)
    preview = MEDIA["video"].preview(pf.Video(frames, 8))
    poster = PIL.Image.open(io.BytesIO(preview.poster))
    assert poster.size == (512, 256)
    assert np.abs(np.asarray(poster)[9, 9].astype(int) - (10, 200, 30)).max() <= 3
    assert open_film(preview.data).frames.shape == (3, 256, 512, 3)
    assert (preview.peaks, preview.seconds) == ((), 3 / 8)


def test_a_long_or_fast_film_is_sent_with_fewer_frames_and_lasts_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = open_film(MEDIA["video"].preview(pf.Video(np.zeros((60, 8, 8, 3), np.uint8), 60)).data)
    assert (len(fast.frames), fast.fps) == (30, 30)
    monkeypatch.setattr(previews, "MOST_FRAMES", 10)
    long = open_film(MEDIA["video"].preview(pf.Video(np.zeros((25, 8, 8, 3), np.uint8), 6)).data)
    assert (len(long.frames), long.fps) == (9, 2)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 700), (701, 3), (511, 513)])
def test_a_film_of_any_size_has_a_preview_and_always_the_same(size: tuple[int, int]) -> None:
    video = pf.Video(np.random.default_rng(0).integers(0, 255, (2, *size, 3), np.uint8), 8)
    preview = MEDIA["video"].preview(video)
    assert preview == MEDIA["video"].preview(video)
    assert max(open_film(preview.data).frames.shape[1:3]) <= 512


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
    assert preview_of(pf.Video(np.zeros((1, 2, 2, 3), np.uint8), 8)).mime == "video/webm"
    assert preview_of(5).data == b"5"
    ready = Preview("text/plain", b"x")
    assert preview_of(ready) is ready
