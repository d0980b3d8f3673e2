"""What a page shows of a value: small, encoded, good enough to judge by."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image

from .values import Audio, Video

PREVIEW_EDGE = 512


@dataclass(frozen=True)
class Preview:
    """Is a small picture, text or sound of a value that a page can show.

    Args:
        mime: Media type of `data`.
        data: Encoded bytes.
        size: (width, height) in pixels of the original, if it has one.
    """

    mime: str
    data: bytes
    size: tuple[int, int] | None = None


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
    """Return the sound as 16-bit WAV."""
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(audio.samples.shape[0])
        sound.setsampwidth(2)
        sound.setframerate(audio.sample_rate)
        sound.writeframes((audio.samples.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return Preview("audio/wav", buffer.getvalue())


def preview_video(video: Video) -> Preview:
    """Return a silent animated WebP whose longer edge is at most 512 pixels."""
    height, width = video.frames.shape[1:3]
    pictures = [PIL.Image.fromarray(frame) for frame in video.frames]
    for picture in pictures:
        picture.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE))
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "WEBP", save_all=True, append_images=pictures[1:], duration=round(1000 / video.fps), loop=0
    )
    return Preview("image/webp", buffer.getvalue(), (width, height))


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
