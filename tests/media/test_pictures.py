"""A picture that somebody else made is read, or refused in words."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import open_picture
from pixelflow_widgets.media.colours import flat_mode, has_alpha


def encoded(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def half_red() -> PIL.Image.Image:
    image = PIL.Image.new("RGB", (40, 20), "blue")
    image.paste("red", (0, 0, 20, 20))
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_the_known_formats_are_read(kind: str, tmp_path: Path) -> None:
    data = encoded(half_red(), kind)
    path = tmp_path / "picture.unknown"
    path.write_bytes(data)
    for source in (data, path, io.BytesIO(data)):
        picture = open_picture(source).convert("RGB")
        assert picture.size == (40, 20)
        assert picture.getpixel((2, 10))[0] > 200


def test_a_picture_that_was_taken_sideways_is_turned_upright() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    picture = open_picture(encoded(half_red(), "JPEG", exif=exif))
    assert picture.size == (20, 40)
    assert picture.getpixel((10, 2))[0] > 200
    assert 0x0112 not in picture.getexif()


def test_a_picture_whose_palette_holds_transparent_colours_may_be_transparent() -> None:
    clear = PIL.Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    for image in (clear, clear.quantize(4), clear.quantize(4).convert("PA"), clear.convert("LA")):
        assert has_alpha(image)
        assert flat_mode(image).convert("RGBA").getpixel((0, 0))[3] == 0
    assert not has_alpha(half_red().quantize(4))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for edge in (9000, 100_000):  # more than we read; more than PIL itself opens
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0))
        bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")
        with pytest.raises(pf.MediaError, match=r"at most 64,000,000 are read|cannot be read as a picture"):
            open_picture(bomb)


def test_an_svg_is_no_picture() -> None:
    with pytest.raises(pf.MediaError, match="cannot be read as a picture"):
        open_picture(b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>')


def test_a_postscript_file_is_not_interpreted() -> None:
    with pytest.raises(pf.MediaError, match="cannot be read as a picture"):
        open_picture(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"])
def test_the_beginning_of_a_picture_is_no_picture(content: bytes) -> None:
    with pytest.raises(pf.MediaError, match="cannot be read as a picture"):
        open_picture(content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(pf.MediaError, match=r"nothing\.png"):
        open_picture(tmp_path / "nothing.png")


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")  # PIL warns of what it mends
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(kind: str) -> None:
    whole = encoded(half_red(), kind)
    chance = random.Random(kind)
    for _ in range(60):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.randrange(4)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            open_picture(bytes(data))
        except pf.MediaError:
            continue
