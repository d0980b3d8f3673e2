"""A picture is trained on as a person sees it."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from pixelflow_widgets.finetuning.dataset import Dataset

from .made import encoded, folder_of, photo, quarters

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners(image: PIL.Image.Image) -> list[tuple[int, ...]]:
    """The colours of the four quarters."""
    across, down = (image.width // 4, image.width * 3 // 4), (image.height // 4, image.height * 3 // 4)
    return [image.getpixel((x, y)) for y in down for x in across]  # type: ignore[misc]


def near(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]], by: int = 12) -> bool:
    return bool(np.abs(np.array(found, int) - np.array(wanted, int)).max() <= by)


def trained_on(*sources: bytes | PIL.Image.Image) -> PIL.Image.Image:
    dataset = Dataset([*sources])
    image = dataset.pictures[0].image()
    assert image.mode == "RGB"
    assert dataset.pictures[0].size == image.size
    return image


def codes(*sources: bytes | PIL.Image.Image) -> set[str]:
    return {problem.code for problem in Dataset([*sources], trigger="zorb", captions="template").problems()}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_every_known_format_is_read(kind: str, tmp_path: Path) -> None:
    options = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF") else {}
    content = encoded(quarters((64, 32)), kind, **options)
    assert near(corners(trained_on(content)), [RED, GREEN, BLUE, WHITE], 24)
    dataset = Dataset(folder_of(tmp_path, {f"x.{kind.lower()}": content}))
    assert dataset.pictures[0].size == (64, 32)


# What to do with a picture that was stored turned, by the number of EXIF's orientation.
TURNED = {
    1: None,
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_that_was_taken_sideways_is_turned_upright(orientation: int, kind: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    stored, turn = quarters((64, 32)), TURNED[orientation]
    content = encoded(stored, kind, exif=exif)
    image = trained_on(content)
    upright = stored if turn is None else stored.transpose(turn)
    assert image.size == upright.size
    assert near(corners(image), corners(upright), 90)  # WebP and JPEG smear small pictures
    (example,) = Dataset([content]).examples(64, 8)
    assert example.original_size == upright.size


def cmyk() -> PIL.Image.Image:
    """Cyan, magenta, yellow and nothing."""
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:8, :16, 0] = inks[:8, 16:, 1] = inks[8:, :16, 2] = 255
    return PIL.Image.fromarray(inks, "CMYK")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_picture_in_printing_inks_shows_their_colours(kind: str) -> None:
    content = encoded(cmyk(), kind)
    assert near(corners(trained_on(content)), [(0, 255, 255), (255, 0, 255), (255, 255, 0), WHITE], 30)


def swapped_profile() -> bytes:
    """A profile in which what is stored as red is blue, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def inks_profile() -> bytes:
    """A profile of a press whose cyan is a middle green (as the table of 16 mixtures in Lab says), all else paper."""
    mixtures = bytearray()
    for number in range(16):  # the last ink counts fastest
        mixtures += bytes((128, 128 - 60, 128 + 50) if number & 8 else (255, 128, 128))
    ramp = bytes(range(256))
    head = struct.pack(">4sI4B", b"mft1", 0, 4, 3, 2, 0) + struct.pack(
        ">9i", *(65536 * (at % 4 == 0) for at in range(9))
    )
    table = head + ramp * 4 + bytes(mixtures) + ramp * 3
    white = struct.pack(">4sI3I", b"XYZ ", 0, 63190, 65536, 54061)
    start = 128 + 4 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"A2B0", start, len(table), b"wtpt", start + len(table), len(white))
    size = start + len(table) + len(white)
    intro = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    intro += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    return intro.ljust(128, b"\0") + tags + table + white


def test_colours_follow_the_profile_that_a_picture_carries() -> None:
    image = trained_on(encoded(quarters(), "PNG", icc_profile=swapped_profile()))
    assert near(corners(image), [BLUE, GREEN, RED, WHITE], 3)
    see_through = quarters().convert("RGBA")
    see_through.putalpha(PIL.Image.new("L", (40, 20), 255))
    assert near(corners(trained_on(encoded(see_through, "PNG", icc_profile=swapped_profile()))), corners(image), 1)


def test_inks_follow_the_profile_that_a_picture_carries() -> None:
    upper_left, *others = corners(trained_on(encoded(cmyk(), "TIFF", icc_profile=inks_profile())))
    red, green, blue = upper_left
    assert green > 100 > max(red, blue)
    assert near(others, [WHITE] * 3, 8)


def test_a_profile_of_screens_changes_nothing_and_a_damaged_one_is_passed_over() -> None:
    image = photo(size=(16, 16))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile", srgb[:100]):
        assert trained_on(encoded(image, "PNG", icc_profile=profile)).tobytes() == image.tobytes()
    # made for colours, on a picture in greys
    assert trained_on(encoded(image.convert("L"), "PNG", icc_profile=srgb)).size == (16, 16)


def transparent(mode: str) -> PIL.Image.Image:
    """Red on the left, nothing (over black) on the right."""
    image = PIL.Image.new("RGBA", (32, 16), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 16, 16))
    if mode in ("P", "PA"):
        return image.quantize(4).convert(mode)
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "PA", "RGBa"])
def test_what_is_transparent_is_white(mode: str) -> None:
    image = trained_on(transparent(mode))
    assert image.getpixel((24, 8)) == WHITE
    assert image.getpixel((8, 8)) != WHITE


def test_half_transparent_is_half_white_and_a_transparent_colour_of_a_png_is_white() -> None:
    half = PIL.Image.new("RGBA", (16, 16), (255, 0, 0, 128))
    assert near([trained_on(half).getpixel((0, 0))], [(255, 127, 127)], 2)  # type: ignore[list-item]
    keyed = encoded(quarters(), "PNG", transparency=(255, 0, 0))
    assert corners(trained_on(keyed)) == [WHITE, GREEN, BLUE, WHITE]
    gif = encoded(transparent("RGBA"), "GIF")
    assert near(corners(trained_on(gif))[1::2], [WHITE, WHITE])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_brightness(kind: str) -> None:
    deep = PIL.Image.fromarray(np.full((16, 16), 64 * 257, np.uint16))
    assert trained_on(encoded(deep, kind)).getpixel((0, 0)) == (64, 64, 64)
    assert trained_on(deep).getpixel((0, 0)) == (64, 64, 64)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I", "F", "YCbCr", "HSV", "LAB", "CMYK", "RGBX", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    if mode == "LAB":
        to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        image = ImageCms.applyTransform(quarters(), to_lab)
        assert image is not None
        assert near(corners(trained_on(image)), [RED, GREEN, BLUE, WHITE], 40)
    else:
        image = quarters().convert("L").convert(mode) if mode == "I;16" else quarters().convert(mode)
        assert trained_on(image).size == (40, 20)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken_and_told(kind: str) -> None:
    frames = [PIL.Image.new("RGB", (32, 32), colour) for colour in ("red", "blue", "green")]
    moving = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    assert near([trained_on(moving).getpixel((5, 5))], [RED])  # type: ignore[list-item]
    dataset = Dataset([moving], trigger="zorb", captions="template")
    (problem,) = [problem for problem in dataset.problems() if problem.code == "animated"]
    assert str(problem).startswith("'picture 1' is animated: only the first frame is trained on.")
    assert problem.severity == "warning"
    assert len([*dataset.examples(32, 8)]) == 1
    assert "animated" not in codes(encoded(frames[0], kind))


def test_of_a_picture_with_pages_the_first_is_taken_and_told() -> None:
    pages = [PIL.Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    content = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert trained_on(content).getpixel((5, 5)) == RED
    assert "pages" in codes(content)


def test_the_second_picture_that_cameras_keep_in_a_jpeg_is_no_animation() -> None:
    content = encoded(photo(1), "MPO", save_all=True, append_images=[photo(2)])
    with PIL.Image.open(io.BytesIO(content)) as opened:
        assert (opened.format, opened.n_frames) == ("MPO", 2)
    assert not codes(content) & {"animated", "pages"}


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "a.heif", "b.jxl", "c.psd", "d.cr2", "e.svg"])
def test_formats_that_are_not_read_are_refused_in_words(name: str, tmp_path: Path) -> None:
    dataset = Dataset(folder_of(tmp_path, {name: b"ftypheic", "1.png": photo()}))
    (problem,) = [problem for problem in dataset.problems() if problem.severity == "error"]
    ending = name.rpartition(".")[2].upper()
    assert f"'{name}': Pictures in the format {ending} are not read here. Save it as PNG or JPEG." in str(problem)


def test_a_picture_of_nearly_a_hundred_million_pixels_is_read_without_a_warning() -> None:
    content = encoded(PIL.Image.new("1", (9_950, 9_950)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Dataset([content]).pictures[0].fault == ""


def test_a_picture_that_was_opened_and_is_gone_or_damaged_is_named(tmp_path: Path) -> None:
    closed = PIL.Image.open(io.BytesIO(encoded(photo())))
    closed.close()
    torn = PIL.Image.open(io.BytesIO(encoded(photo())[:300]))
    for image in (closed, torn):
        (problem,) = [problem for problem in Dataset([image]).problems() if problem.severity == "error"]
        assert str(problem).startswith("'picture 1': This picture cannot be decoded: ")


def test_users_pictures_are_not_changed() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    given = PIL.Image.open(io.BytesIO(encoded(quarters(), "PNG", exif=exif)))
    before = (given.size, given.mode, given.tobytes())
    dataset = Dataset([given])
    assert dataset.pictures[0].size == (20, 40)
    dataset.pictures[0].image().paste("black", (0, 0, 9, 9))
    list(dataset.examples(16, 8))
    assert (given.size, given.mode, given.tobytes()) == before
    plain = photo()
    copy = Dataset([plain]).pictures[0].image()
    copy.paste("black", (0, 0, 9, 9))
    assert plain.tobytes() == photo().tobytes()
