"""Small media of every format, honest and not."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import PIL.Image


def picture(format: str = "PNG", size: tuple[int, int] = (8, 6), colour: tuple[int, int, int] = (200, 30, 60)) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(file, format)
    return file.getvalue()


def moving(format: str, frames: int = 5, size: tuple[int, int] = (8, 6)) -> bytes:
    """Return a picture that moves."""
    images = [PIL.Image.new("RGB", size, (number * 7 % 256, 30, 60)) for number in range(frames)]
    file = io.BytesIO()
    images[0].save(file, format, save_all=True, append_images=images[1:], duration=40)
    return file.getvalue()


def png_that_claims(width: int, height: int, content: bytes = b"") -> bytes:
    """Return a PNG whose head says a size that its pixels need not have."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def sound(seconds: float = 0.5, rate: int = 8000) -> bytes:
    """Return a WAV file of silence."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.zeros((int(seconds * rate), 1), np.float32), rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def film(frames: int = 6, size: tuple[int, int] = (32, 16)) -> bytes:
    """Return an MP4 file."""
    from pixelflow_widgets.media import Video
    from pixelflow_widgets.media.encoders import film_file

    return film_file(Video(np.zeros((frames, size[1], size[0], 3), np.uint8), 10.0), ".mp4")


def text64(content: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(content).decode()
