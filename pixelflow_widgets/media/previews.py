"""What a page shows of a value: small, encoded, good enough to judge by."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image

from .values import Audio, Video

PREVIEW_EDGE = 512
LIVE_VIEW = "application/vnd.pixelflow.training"
"""Media type of how far a training is: 4 bytes with the length of a JSON head, the head, samples as a JPEG."""

PEAKS = 200
"""How many peaks of a sound are told: as many as a card has room for."""
MOST_SOUND = 600.0
"""Seconds of a sound that a page can play; of a longer one it gets the beginning."""
MOST_BYTES = 2_000_000
"""What a sound may take as WAV; a longer one is sent as Opus."""
MOST_FRAMES = 900
"""Frames of a film that a page is sent; of a longer one every second, third … frame."""
MOST_FPS = 30
# Opus at its quickest: ten minutes take two seconds. A negative speed of VP8 is a fixed one: the same film makes the
# same bytes. Its threads would wait for each other most of the time.
_QUICK_SOUND = {"compression_level": "0"}
_QUICK_PICTURES = {
    "deadline": "realtime",
    "cpu-used": "-8",
    "auto-alt-ref": "0",
    "lag-in-frames": "0",
    "qmax": "40",
    "threads": "1",
}
_CLEAR_EDGE = 256
"""Films that are smaller than this are enlarged pixel by pixel, as their codec would smear them."""


@dataclass(frozen=True)
class Preview:
    """Is a small picture, text, sound or film of a value that a page can show.

    Args:
        mime: Media type of `data`.
        data: Encoded bytes.
        size: (width, height) in pixels of the original, if it has one.
        seconds: How long the original lasts, if it is a sound or film; what is in `data` may be the beginning.
        peaks: How far a sound reaches in each part of that time, from 0 to 1.
        poster: First frame of a film, as a picture.
    """

    mime: str
    data: bytes
    size: tuple[int, int] | None = None
    seconds: float | None = None
    peaks: tuple[float, ...] = ()
    poster: bytes = b""


def preview_image(image: PIL.Image.Image) -> Preview:
    """Return a JPEG (PNG where there is transparency) whose longer edge is at most 512 pixels."""
    size = image.size
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    image = eight_bits(image).convert("RGBA" if transparent else "RGB")
    image.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE))
    buffer = io.BytesIO()
    if transparent:
        image.save(buffer, "PNG", compress_level=1)
    else:
        # Small pictures keep every pixel; JPEG would smear a 64-pixel image.
        image.save(buffer, "JPEG", quality=95 if max(size) <= 128 else 88, subsampling=0)
    return Preview("image/png" if transparent else "image/jpeg", buffer.getvalue(), size)


def eight_bits(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return depths and heights, which have more than 256 steps, as grey from the lowest to the highest."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image, np.float64))
    low, high = values.min(), values.max()
    return PIL.Image.fromarray(((values - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8))


def preview_audio(audio: Audio) -> Preview:
    """Return the sound as 16-bit WAV, a long one as Opus in WebM, with its peaks; at most ten minutes of it."""
    from .encoders import Codecs, encoded, sound_file
    from .sounds import length_of, peaks_of

    samples = audio.samples[:, : round(MOST_SOUND * audio.sample_rate)]
    beginning, about = Audio(samples, audio.sample_rate), (None, length_of(audio), peaks_of(audio, PEAKS))
    if samples.size * 2 <= MOST_BYTES:
        return Preview("audio/wav", sound_file(beginning, ".wav"), *about)
    codecs = Codecs("webm", "", "libopus", {}, sound_options=_QUICK_SOUND)
    return Preview("audio/webm", encoded([], 1, beginning, codecs), *about)


def preview_video(video: Video) -> Preview:
    """Return a WebM with sound, its longer edge at most 512 pixels, with its first frame and the peaks of its sound.

    VP8 and Opus play in every browser, also in those without H.264.
    """
    from .encoders import Codecs, encoded
    from .sounds import length_of, peaks_of

    count, height, width, _ = video.frames.shape
    step = max(1, math.ceil(count / MOST_FRAMES), math.ceil(video.fps / MOST_FPS - 1e-6))
    fps = video.fps / step
    shown = _even(width, height)
    bits = max(200_000, round(shown[0] * shown[1] * min(fps, MOST_FPS) * 0.2))
    codecs = Codecs("webm", "libvpx", "libopus", _QUICK_PICTURES, bits, _QUICK_SOUND)
    data = encoded(video.frames[::step], fps, video.audio, codecs, shown)
    seconds = max(count / video.fps, length_of(video.audio) if video.audio else 0.0)
    peaks = peaks_of(video.audio, PEAKS) if video.audio else ()
    poster = preview_image(PIL.Image.fromarray(video.frames[0])).data
    return Preview("video/webm", data, (width, height), seconds, peaks, poster)


def _even(width: int, height: int) -> tuple[int, int]:
    """Return the size at which a film is shown: small enough, its sides even numbers."""
    longer = max(width, height)
    scale = PREVIEW_EDGE / longer if longer > PREVIEW_EDGE else max(1, _CLEAR_EDGE // longer)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def preview_text(value: Any) -> Preview:
    """Return the first 4,000 characters of a value's text."""
    return Preview("text/plain", str(value)[:4000].encode(errors="replace"))


def preview_table(frame: Any) -> Preview:
    return Preview("text/html", frame.head(50).to_html(border=0, escape=True).encode())


def preview_of(value: Any) -> Preview:
    """Return what a page shows of a value whose port type is not known: an unfinished result, or what makes one."""
    if callable(value):
        value = value()
    if isinstance(value, Preview):
        return value
    if isinstance(value, PIL.Image.Image):
        return preview_image(value)
    if isinstance(value, Audio):
        return preview_audio(value)
    return preview_video(value) if isinstance(value, Video) else preview_text(value)
