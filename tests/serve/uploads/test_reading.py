"""Media from outside: by content, by their heads, within limits; nothing is fetched."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc

import PIL.Image
import pytest

from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.media import Audio, Video
from pixelflow_widgets.serve.uploads.limits import Limits
from pixelflow_widgets.serve.uploads.measuring import measure
from pixelflow_widgets.serve.uploads.reading import look_at, medium_of, open_medium, read_base64

from ..pictures import film, moving, picture, png_that_claims, sound, text64

LIMITS = Limits()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(8, 6), (1, 1), (300, 17)])
def test_the_head_of_a_picture_says_what_pil_says(format: str, size: tuple[int, int]) -> None:
    content = picture(format, size)
    facts = look_at("image", content, LIMITS)
    assert (facts.width, facts.height, facts.bytes) == (*size, len(content))
    assert facts.type == f"image/{format.lower()}"
    assert open_medium("image", content).size == size


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("alpha", [True, False])
def test_every_layout_of_webp_says_its_size(lossless: bool, alpha: bool) -> None:
    file = io.BytesIO()
    PIL.Image.new("RGBA" if alpha else "RGB", (41, 23), (9, 8, 7)).save(file, "WEBP", lossless=lossless)
    measured = measure(file.getvalue())
    assert (measured.width, measured.height, measured.frames) == (41, 23, 1)


def test_progressive_jpegs_with_much_before_their_size_are_measured() -> None:
    file = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x010E] = "x" * 30_000
    PIL.Image.new("RGB", (37, 29)).save(file, "JPEG", progressive=True, exif=exif, comment=b"\xff\xc0" * 100)
    measured = measure(file.getvalue())
    assert (measured.width, measured.height) == (37, 29)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF"])
def test_frames_are_counted_without_decoding(format: str) -> None:
    assert measure(moving(format, 5)).frames > 1
    with pytest.raises(MediaError, match=r"moves|film"):
        look_at("image", moving(format, 5), LIMITS)


def test_gifs_with_too_many_frames_are_refused_by_their_blocks() -> None:
    assert measure(moving("GIF", 60)).frames == 60
    with pytest.raises(MediaError, match="60 pictures; at most 50"):
        look_at("video", moving("GIF", 60), Limits(frames=50))
    assert look_at("video", moving("GIF", 6), LIMITS).frames == 6


@pytest.mark.parametrize("size", [(30_000, 30_000), (1, 70_000), (2**31 - 1, 2**31 - 1), (64_001, 1_000)])
def test_pictures_that_claim_too_many_pixels_cost_nothing(size: tuple[int, int]) -> None:
    content = png_that_claims(*size)
    tracemalloc.start()
    with pytest.raises(MediaError, match="pixels"):
        look_at("image", content, LIMITS)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_webp_that_claims_16384_pixels_a_side_is_not_opened() -> None:
    head = b"VP8X" + struct.pack("<IB3x", 10, 0) + (16383).to_bytes(3, "little") * 2
    content = b"RIFF" + struct.pack("<I", len(head) + 4) + b"WEBP" + head
    with pytest.raises(MediaError, match="16384 x 16384"):
        look_at("image", content, LIMITS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps({"a": 1}), "pickle"),
        (b"PK\x03\x04" + b"\0" * 40, "ZIP"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "SVG"),
        (b'<?xml version="1.0"?><svg/>', "SVG"),
        (b"  <!doctype html><script>1</script>", "HTML"),
        (b"\xff\xd8\xff\xe0", "ends before"),
        (b"\x89PNG\r\n\x1a\n", "begin with its size"),
        (b"GIF89a", "ends before|film"),
        (b"MZ\x90\0", "no picture"),
        (b"", "no picture"),
        (b"II*\0" + b"\0" * 40, "no picture"),
        (b"BM" + b"\0" * 60, "no picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_content(content: bytes, words: str) -> None:
    with pytest.raises(MediaError, match=words):
        look_at("image", content, LIMITS)


def test_damage_anywhere_is_told_in_words() -> None:
    for format in ("PNG", "JPEG", "WEBP"):
        content = picture(format, (40, 30))
        for place in range(0, len(content), 7):
            for damaged in (content[:place], content[:place] + b"\xff" * 4 + content[place + 4 :]):
                try:
                    look_at("image", damaged, LIMITS)
                    open_medium("image", damaged)
                except MediaError:
                    continue


def test_sounds_are_measured_before_they_are_read() -> None:
    facts = look_at("audio", sound(0.5), LIMITS)
    assert (facts.type, facts.seconds) == ("audio/wav", 0.5)
    assert isinstance(open_medium("audio", sound(0.5)), Audio)
    with pytest.raises(MediaError, match="at most 2 s"):
        look_at("audio", sound(3), Limits(seconds=2))
    with pytest.raises(MediaError, match="no sound"):
        look_at("audio", picture(), LIMITS)
    with pytest.raises(MediaError, match="damaged"):
        look_at("audio", b"RIFF\0\0\0\0WAVE", LIMITS)


def test_films_are_measured_before_they_are_read() -> None:
    facts = look_at("video", film(6), LIMITS)
    assert (facts.type, facts.width, facts.height, facts.frames) == ("video/mp4", 32, 16, 6)
    assert isinstance(open_medium("video", film(6)), Video)
    with pytest.raises(MediaError, match="6 pictures; at most 5"):
        look_at("video", film(6), Limits(frames=5))
    with pytest.raises(MediaError, match="no film"):
        look_at("video", b"#EXTM3U\nhttp://127.0.0.1/x\n", LIMITS)


def test_a_mask_is_grey() -> None:
    assert open_medium("mask", picture()).mode == "L"


def test_base64_comes_plain_or_as_a_data_url() -> None:
    content = picture()
    assert read_base64(text64(content)) == content
    assert read_base64(f"data:image/png;base64,{text64(content)}") == content


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1/x.png",
        "https://example.com/x.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "../secret.png",
        "data:image/svg+xml,<svg/>",
        "data:",
        "gopher://x",
        "aGk",
        "a b",
        "",
    ],
)
def test_addresses_paths_and_half_base64_are_refused(text: str) -> None:
    with pytest.raises(MediaError):
        read_base64(text)


def test_the_medium_of_an_upload_is_told_by_its_content() -> None:
    assert [medium_of(content) for content in (picture(), sound(), film(), moving("GIF"))] == [
        *("image", "audio", "video", "video")
    ]
    with pytest.raises(MediaError, match="pickle"):
        medium_of(pickle.dumps(1))
