"""What a picture of a flow shows of a result: a small copy that can stand inside an SVG."""

from __future__ import annotations

import base64
import functools
import io
from dataclasses import dataclass

import numpy as np
import PIL.Image

from ...media import Preview

EDGE = 256
PIXEL_ART = 128
"""Pictures up to this edge are kept as they are and drawn with hard pixels."""
LARGEST = 40_000


@dataclass(frozen=True)
class Thumbnail:
    """Is a picture that stands inside another one.

    Args:
        uri: Holds the picture itself.
        width: In pixels.
        height: In pixels.
        hard: Its pixels are drawn as squares.
    """

    uri: str
    width: int
    height: int
    hard: bool = False


@functools.lru_cache(128)
def thumbnail(preview: Preview, most: int = LARGEST) -> Thumbnail | None:
    """Return a small copy of a picture or of the first frame of a video; None for what is neither.

    Args:
        preview: What a page would show.
        most: How many bytes it may take.
    """
    try:
        with PIL.Image.open(io.BytesIO(preview.data)) as image:
            hard = max(preview.size or image.size) <= PIXEL_ART
            if hard and len(preview.data) <= most and preview.mime in ("image/png", "image/jpeg"):
                return Thumbnail(_uri(preview.mime, preview.data), *image.size, hard=True)
            return _shrunk(image, most, hard)
    except Exception:  # each decoder stumbles over damage in its own way
        return None


def _shrunk(image: PIL.Image.Image, most: int, hard: bool) -> Thumbnail | None:
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    image.draft("RGB", (EDGE, EDGE))  # JPEG is decoded at a fraction of its size, which takes a fraction of the time
    image = image.convert("RGBA" if transparent else "RGB")
    for edge, quality in ((EDGE, 85), (EDGE, 70), (192, 75), (128, 75), (96, 65), (64, 60), (32, 60)):
        if max(image.size) > edge:
            image.thumbnail((edge, edge))
        buffer = io.BytesIO()
        if transparent or hard:
            image.save(buffer, "PNG")
            mime = "image/png"
        else:
            image.save(buffer, "JPEG", quality=quality)
            mime = "image/jpeg"
        if buffer.tell() <= most:
            return Thumbnail(_uri(mime, buffer.getvalue()), *image.size, hard=hard)
    return None


def _uri(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def loudness(peaks: tuple[float, ...], columns: int) -> tuple[float, ...]:
    """Return how loud a sound is over time, from 0 to 1 where it is loudest; nothing of no sound.

    Args:
        peaks: How far it reaches in each part of its time.
        columns: How many values are returned.
    """
    if not peaks:
        return ()
    parts = np.array_split(np.array(peaks), columns) if len(peaks) >= columns else [np.array([p]) for p in peaks]
    highest = np.array([part.max() for part in parts])
    return tuple(float(peak) for peak in highest / max(highest.max(), 1e-6))
