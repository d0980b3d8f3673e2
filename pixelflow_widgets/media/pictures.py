"""Reading pictures that somebody else made."""

from __future__ import annotations

import io
import struct
from typing import Any

import PIL.Image

from ..errors import MediaError

MAX_PIXELS = 64_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")


def open_picture(source: Any) -> PIL.Image.Image:
    """Return a picture from a path, bytes or open file, upright, with its size checked before it is decoded.

    Raises:
        MediaError: It is not a picture in a known format, or has more than 64 million pixels.
    """
    from PIL import ImageOps

    if isinstance(source, bytes):
        source = io.BytesIO(source)
    try:
        image = PIL.Image.open(source, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise MediaError(
                f"This picture has {image.width} x {image.height} pixels; at most {MAX_PIXELS:,} are read."
            )
        image.load()
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError, struct.error) as error:
        raise MediaError(f"This cannot be read as a picture ({', '.join(FORMATS)}): {error}") from error
    return ImageOps.exif_transpose(image)
