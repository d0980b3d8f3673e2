"""A sheet holds every picture at its place, with its values, and is never too large."""

from __future__ import annotations

import colorsys
import itertools

import numpy as np
import PIL.Image
import pytest

from pixelflow_widgets.media.captions import font_of, wrapped
from pixelflow_widgets.media.contact_sheet import LARGEST, contact_sheet, labelled_sheet


def colour(number: int, count: int) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(number / count, 1, 1)
    return round(red * 255), round(green * 255), round(blue * 255)


def pictures(count: int, size: tuple[int, int] = (64, 64)) -> list[PIL.Image.Image | None]:
    return [PIL.Image.new("RGB", size, colour(number, count)) for number in range(count)]


def box_of(sheet: PIL.Image.Image, wanted: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Where a colour stands, as (left, top, right, bottom); fails where it is nowhere."""
    numbers = np.asarray(sheet.convert("RGBA")).view("<u4")[..., 0]  # one number a pixel: a sheet has millions
    red, green, blue = wanted
    found = numbers == (red | green << 8 | blue << 16 | 255 << 24)
    rows, columns = found.any(axis=1).nonzero()[0], found.any(axis=0).nonzero()[0]
    assert rows.size, wanted
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def inked(sheet: PIL.Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether something dark is written in a box."""
    return bool((np.asarray(sheet.crop(box).convert("L")) < 140).any())


def test_the_last_axis_runs_to_the_right_and_the_one_before_down() -> None:
    sheet = contact_sheet(pictures(6), {"prompt": ["a circle", "a star"], "weight": [None, "0.5", "1"]})
    boxes = [box_of(sheet, colour(number, 6)) for number in range(6)]
    lefts, tops = sorted({box[0] for box in boxes}), sorted({box[1] for box in boxes})
    assert [(lefts.index(box[0]), tops.index(box[1])) for box in boxes] == [
        (column, row) for row in range(2) for column in range(3)
    ]
    for box in boxes[:3]:
        assert inked(sheet, (box[0], 0, box[2], box[1])), "the value of the column stands above it"
    for box in boxes[::3]:
        assert inked(sheet, (0, box[1], box[0], box[3])), "the value of the row stands beside it"


def test_more_axes_make_groups() -> None:
    axes = {"sampler": ["euler", "ddim"], "seed": ["1", "2"], "steps": ["5", "20"]}
    sheet = contact_sheet(pictures(8), axes)
    boxes = [box_of(sheet, colour(number, 8)) for number in range(8)]
    assert {box[1] for box in boxes[:4]}.isdisjoint(box[1] for box in boxes[4:])
    assert [box[0] for box in boxes[:4]] == [box[0] for box in boxes[4:]]
    first_group = max(box[3] for box in boxes[:4])
    assert inked(sheet, (0, first_group, sheet.width, boxes[4][1])), "the second group has a heading"


def test_one_axis_is_written_below_its_pictures() -> None:
    sheet = contact_sheet(pictures(5), {"seed": list("12345")})
    for number in range(5):
        left, _, right, bottom = box_of(sheet, colour(number, 5))
        assert inked(sheet, (left, bottom, right, bottom + 24))


def test_small_pictures_are_enlarged_and_large_ones_are_made_smaller() -> None:
    for size, wanted in [((64, 64), 160), ((64, 32), 160), ((2000, 1000), 256)]:
        left, top, right, bottom = box_of(labelled_sheet(pictures(1, size)), colour(0, 1))
        assert abs(right - left - wanted) <= 1
        assert abs((bottom - top) / (right - left) - size[1] / size[0]) < 0.02


def test_pictures_of_several_shapes_keep_theirs() -> None:
    wide, high = PIL.Image.new("RGB", (200, 100), "red"), PIL.Image.new("RGB", (100, 200), "blue")
    sheet = labelled_sheet([wide, high])
    for wanted, shape in [((255, 0, 0), 2), ((0, 0, 255), 0.5)]:
        left, top, right, bottom = box_of(sheet, wanted)
        assert abs((right - left) / (bottom - top) - shape) < 0.02


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P", "I;16", "I", "F", "CMYK"])
def test_pictures_of_any_mode_are_shown(mode: str) -> None:
    sheet = labelled_sheet([PIL.Image.new(mode, (20, 20))], ["a"])
    assert sheet.mode == "RGB"


def test_what_is_transparent_shows_the_paper() -> None:
    clear = PIL.Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    assert min(labelled_sheet([clear]).getextrema(), key=lambda band: band[0])[0] > 230  # type: ignore[index]


def test_a_missing_picture_says_why() -> None:
    axes = {"seed": ["1", "2"], "steps": ["5", "20"]}
    given = pictures(4)
    given[2] = None
    plain, told = (contact_sheet(given, axes, errors) for errors in ({}, {2: "'Text to image' failed: out of memory"}))
    left, top = box_of(plain, colour(0, 4))[0], box_of(plain, colour(3, 4))[1]
    place = left + 1, top + 1, left + 159, top + 159
    assert not inked(plain, place)
    assert inked(told, place)


@pytest.mark.parametrize(
    ("counts", "size"), [((1, 700), (64, 64)), ((700, 1), (64, 64)), ((20, 20), (512, 512)), ((8, 8, 8), (90, 30))]
)
def test_a_sheet_is_never_too_large_and_shows_all(counts: tuple[int, ...], size: tuple[int, int]) -> None:
    axes = {f"axis_{place}": [str(value) for value in range(count)] for place, count in enumerate(counts)}
    count = len(list(itertools.product(*axes.values())))
    shown = pictures(count, size)
    sheet = contact_sheet(shown, axes)
    assert max(sheet.size) <= LARGEST
    for number in (0, count // 2, count - 1):
        box_of(sheet, colour(number, count))


def test_columns_are_kept_as_long_as_pictures_can_be_made_out() -> None:
    sheet = labelled_sheet(pictures(6), columns=6)
    assert len({box_of(sheet, colour(number, 6))[1] for number in range(6)}) == 1
    high = labelled_sheet(pictures(3) * 700, columns=1)
    assert max(high.size) <= LARGEST


def test_the_longest_label_and_one_without_spaces_are_cut() -> None:
    for label in ("word " * 500, "x" * 5000, "\n\n", "", "日本語 ✓"):
        sheet = labelled_sheet(pictures(2), [label, "b"])
        assert sheet.height <= 160 + 5 * 24


def test_no_pictures_make_an_empty_sheet() -> None:
    assert max(labelled_sheet([]).size) <= 200
    assert labelled_sheet([None], ["nothing"]).width > 100


def test_lines_break_at_words_and_end_in_an_ellipsis() -> None:
    font = font_of(14)
    text = "a red circle on a blue background, very detailed, by a master"
    lines = wrapped(text, font, 100, 3)
    assert len(lines) == 3
    assert text.startswith(f"{lines[0]} {lines[1]} {lines[2][:-1]}")
    assert lines[-1].endswith("…")
    assert all(font.getlength(line) <= 100 for line in lines)
    assert wrapped("  short\n one ", font, 100, 3) == ["short one"]
    assert wrapped("anything", font, 100, 0) == []
