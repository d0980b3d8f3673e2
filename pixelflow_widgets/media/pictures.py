"""Reading pictures that somebody else made."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator
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

    with opening(source) as image:
        image.load()
        return ImageOps.exif_transpose(image)


@contextlib.contextmanager
def opening(source: Any, most: int = MAX_PIXELS, formats: tuple[str, ...] = FORMATS) -> Iterator[PIL.Image.Image]:
    """Lend a picture that is not decoded yet, its size checked; what PIL says when it is decoded becomes a MediaError.

    Args:
        source: A path, bytes or an open file.
        most: How many pixels it may have.
        formats: Which it may be in.

    Raises:
        MediaError: It is not a picture in one of the formats, has more pixels, or is damaged.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    try:
        with PIL.Image.open(source, formats=formats) as image:
            if image.width * image.height > most:
                raise MediaError(f"This picture has {image.width} x {image.height} pixels; at most {most:,} are read.")
            yield image
    except MediaError:
        raise
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError, struct.error) as error:
        raise MediaError(f"This cannot be read as a picture ({', '.join(formats)}): {error}") from error
