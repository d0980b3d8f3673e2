from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import recordings
from pixelflow_widgets.media.recordings import open_film, open_sound


def sound(form: str = "WAV", channels: int = 2) -> bytes:
    import soundfile

    wave = np.sin(np.linspace(0, 400, 8000, dtype=np.float32))
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([wave * 0.5] * channels, axis=1), 16000, format=form)
    return buffer.getvalue()


def film(*, with_sound: bool = True, frames: int = 5) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 32, 16, "yuv420p"
        voice = container.add_stream("aac", rate=16000) if with_sound else None
        for number in range(frames):
            pixels = np.full((16, 32, 3), number * 20, np.uint8)
            container.mux(picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(picture.encode())
        if voice is not None:
            wave = np.sin(np.linspace(0, 400, 8000, dtype=np.float32))[None]
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate = 16000
            container.mux(voice.encode(frame))
            container.mux(voice.encode())
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_sound_is_read_with_its_channels_and_rate(form: str) -> None:
    audio = open_sound(sound(form))
    assert isinstance(audio, pf.Audio)
    assert (audio.samples.shape[0], audio.sample_rate) == (2, 16000)
    assert audio.samples.dtype == np.float32
    assert 0.4 < np.abs(audio.samples).max() < 0.6


def test_a_film_is_read_with_its_frames_and_sound() -> None:
    video = open_film(film())
    assert video.frames.shape == (5, 16, 32, 3)
    assert video.fps == 10
    assert video.frames[4].mean() == pytest.approx(80, abs=8)
    assert video.audio is not None and video.audio.sample_rate == 16000


def test_a_silent_film_has_no_sound() -> None:
    assert open_film(film(with_sound=False)).audio is None


@pytest.mark.parametrize("content", [b"", b"nonsense", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypmp42"])
def test_what_is_no_recording_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(pf.MediaError, match="cannot be read as a sound"):
        open_sound(content)
    with pytest.raises(pf.MediaError, match="cannot be read as a film"):
        open_film(content)


def test_a_sound_is_no_film_and_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pf.MediaError, match="no picture"):
        open_film(sound())
    monkeypatch.setattr(recordings, "MAX_BYTES", 1000)
    with pytest.raises(pf.MediaError, match="more than 1 GB"):
        open_sound(sound())
    with pytest.raises(pf.MediaError, match="more than 1 GB"):
        open_film(film())


@pytest.mark.parametrize(
    "playlist",
    ["ffconcat version 1.0\nfile '{}'\n", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"],
)
def test_a_playlist_opens_no_file_that_it_names(playlist: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(film())
    with pytest.raises(pf.MediaError):
        open_film(playlist.format(secret).encode())
    with pytest.raises(pf.MediaError):
        open_sound(playlist.format(secret).encode())
