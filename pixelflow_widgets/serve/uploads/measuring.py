"""How large a picture is, by its first bytes: nothing is decoded, nothing is allocated for it.

Libraries that open a picture may make room for all of it before they say how large it is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ...errors import MediaError
from ...media.tags import kind_of

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
"""Formats that are read over HTTP, and their types."""
_CHUNKS = 100_000


@dataclass(frozen=True)
class Size:
    """Is what the head of a picture says.

    Args:
        format: A key of `PICTURES`.
        width: In pixels.
        height: In pixels.
        frames: Pictures in it; more than one moves.
    """

    format: str
    width: int
    height: int
    frames: int = 1


def measure(content: bytes) -> Size:
    """Return the format and size of a picture.

    Raises:
        MediaError: It is no PNG, JPEG, WebP or GIF, or its head is damaged.
    """
    reader = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "GIF": _gif}.get(kind := kind_of(content[:16]))
    if reader is None:
        raise MediaError(f"This is no picture that is read here (PNG, JPEG, WebP){named_otherwise(content)}.")
    try:
        width, height, frames = reader(content)
    except (struct.error, IndexError):
        raise MediaError(f"This {kind} ends before it says how large it is.") from None
    if not width or not height:
        raise MediaError(f"This {kind} has no pixels.")
    return Size(kind, width, height, frames)


def named_otherwise(content: bytes) -> str:
    """Return what a refused file seems to be, as ": it is …", or nothing."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if content[:1] == b"\x80" and content[1:2] in b"\x02\x03\x04\x05":
        return ": it is a pickle, which could run code"
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ": it is a ZIP archive"
    if start.startswith((b"<svg", b"<?xml")) or b"<svg" in start:
        return ": it is SVG or XML, which could run code in a page"
    if start.startswith((b"<!doctype", b"<html", b"<script")):
        return ": it is HTML"
    return ""


def _png(content: bytes) -> tuple[int, int, int]:
    if content[12:16] != b"IHDR":
        raise MediaError("This PNG does not begin with its size.")
    width, height = struct.unpack(">II", content[16:24])
    place, frames = 8, 1
    for _ in range(_CHUNKS):
        if place + 8 > len(content):
            break
        length, name = struct.unpack(">I4s", content[place : place + 8])
        if name == b"acTL":
            frames = struct.unpack(">I", content[place + 8 : place + 12])[0]
        if name in (b"IDAT", b"IEND"):
            break
        place += 12 + length
    return width, height, frames


def _jpeg(content: bytes) -> tuple[int, int, int]:
    place = 2
    for _ in range(_CHUNKS):
        while content[place] == 0xFF and content[place + 1] == 0xFF:
            place += 1
        if content[place] != 0xFF:
            break
        marker = content[place + 1]
        if marker in (0x01, *range(0xD0, 0xD8)):
            place += 2
            continue
        (length,) = struct.unpack(">H", content[place + 2 : place + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height, 1
        if marker in (0xD9, 0xDA):
            break
        place += 2 + length
    raise MediaError("This JPEG does not say how large it is.")


def _webp(content: bytes) -> tuple[int, int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        height = int.from_bytes(content[27:30], "little") + 1
        return width, height, 2 if content[20] & 2 else 1
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", content[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF, 1
    raise MediaError("This WebP does not say how large it is.")


def _gif(content: bytes) -> tuple[int, int, int]:
    """Return the size and the number of frames, block by block; nothing is unpacked."""
    width, height, flags = struct.unpack("<HHB", content[6:11])
    place = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    frames = 0
    while place < len(content):
        kind = content[place]
        if kind == 0x2C:
            frames += 1
            flags = content[place + 9]
            place += 11 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
        elif kind == 0x21:
            place += 2
        else:
            break
        while place < len(content) and content[place]:
            place += 1 + content[place]
        place += 1
    return width, height, max(frames, 1)
