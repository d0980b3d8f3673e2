from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.media.colours import BLENDS
from pixelflow_widgets.schema import registry

from ..flow.strategies import examples
from .media_samples import picture

SIDE = st.integers(0, 9)
MODES = ["1", "L", "LA", "RGB", "RGBA", "P", "PA", "CMYK", "I", "I;16", "F", "HSV"]


def plain(image: PIL.Image.Image) -> list[Any]:
    return [image.mode, image.size, image.tobytes()]


def array(image: PIL.Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def one(colour: tuple[int, ...], mode: str = "RGB", size: tuple[int, int] = (3, 2)) -> PIL.Image.Image:
    return PIL.Image.new(mode, size, colour)


# Cut, padded, turned


@examples(40)
@given(left=SIDE, top=SIDE, right=SIDE, bottom=SIDE, fill=st.sampled_from(["color", "edge", "mirror", "transparent"]))
def test_what_was_padded_is_cropped_to_what_it_was(left: int, top: int, right: int, bottom: int, fill: Any) -> None:
    image = picture(mode="RGBA" if fill == "transparent" else "RGB")
    padded = pf.nodes.pad(image, left, top, right, bottom, fill)
    assert padded.image.size == padded.mask.size == (24 + left + right, 16 + top + bottom)
    cropped = pf.nodes.crop(padded.image, 24, 16, left=left, top=top)
    assert plain(cropped) == plain(image)
    mask = array(padded.mask)
    assert mask[top : top + 16, left : left + 24].max(initial=0) == 0
    assert (mask == 255).sum() == mask.size - 24 * 16


def test_padding_fills_as_it_is_asked() -> None:
    image = picture()
    assert pf.nodes.pad(image, left=2, color="#ff0080").image.getpixel((0, 3)) == (255, 0, 128)
    assert pf.nodes.pad(image, left=2, fill="transparent").image.getpixel((0, 3)) == (0, 0, 0, 0)
    edge = array(pf.nodes.pad(image, left=2, fill="edge").image)
    assert (edge[:, :2] == edge[:, 2:3]).all()
    mirror = array(pf.nodes.pad(image, right=30, fill="mirror").image)
    assert (mirror[:, 24:48] == mirror[:, 23::-1]).all()
    with pytest.raises(pf.MediaError, match="'#nothing' is no colour"):
        pf.nodes.pad(image, 1, color="#nothing")
    with pytest.raises(pf.MediaError, match="at most 64,000,000"):
        pf.nodes.pad(image, 16000, 16000)


@pytest.mark.parametrize(
    ("place", "corner"),
    [
        ("upper left", (0, 0)),
        ("upper right", (16, 0)),
        ("center", (8, 6)),
        ("lower left", (0, 12)),
        ("lower right", (16, 12)),
    ],
)
def test_a_rectangle_is_cut_where_it_stands(place: Any, corner: tuple[int, int]) -> None:
    x, y = corner
    assert plain(pf.nodes.crop(picture(), 8, 4, place)) == plain(picture().crop((x, y, x + 8, y + 4)))


def test_a_crop_without_a_width_goes_to_the_border() -> None:
    image = picture()
    assert plain(pf.nodes.crop(image)) == plain(image)
    assert plain(pf.nodes.crop(image, left=5)) == plain(image.crop((5, 0, 24, 16)))
    assert plain(pf.nodes.crop(image, left=-5, top=-2, place="center")) == plain(image.crop((0, 0, 19, 14)))


@pytest.mark.parametrize("inputs", [{"width": 25}, {"left": 24}, {"height": 4, "top": 13}, {"width": 4, "left": -1}])
def test_a_rectangle_outside_the_picture_is_refused_in_words(inputs: dict[str, int]) -> None:
    with pytest.raises(pf.MediaError, match="does not lie in a picture of 24 x 16 pixels.*pad the picture first"):
        pf.nodes.crop(picture(), **inputs)


@examples(40)
@given(quarters=st.integers(-2, 2), mirror=st.sampled_from(["no", "left to right", "top to bottom"]))
def test_quarter_turns_back_and_forth_keep_every_pixel(quarters: int, mirror: Any) -> None:
    image = picture()
    turned = pf.nodes.rotate(image, 90 * quarters, mirror)
    back = pf.nodes.rotate(pf.nodes.rotate(turned, -90 * quarters), 0, mirror)
    assert plain(back) == plain(image)


def test_pictures_are_turned_clockwise() -> None:
    image = one((0, 0, 0))
    image.putpixel((0, 0), (255, 0, 0))
    assert pf.nodes.rotate(image, 90).getpixel((1, 0)) == (255, 0, 0)
    assert pf.nodes.rotate(image, 0, "left to right").getpixel((2, 0)) == (255, 0, 0)
    assert pf.nodes.rotate(image, 0, "top to bottom").getpixel((0, 1)) == (255, 0, 0)


def test_turning_keeps_the_size_or_all_of_the_picture() -> None:
    white = one((255, 255, 255), size=(40, 20))
    kept, grown = pf.nodes.rotate(white, 30, expand=False, color="#ff0000"), pf.nodes.rotate(white, 30, color="#ff0000")
    assert kept.size == (40, 20)
    assert grown.size == (46, 38)
    assert grown.getpixel((0, 0)) == (255, 0, 0)
    assert pf.nodes.rotate(white, 30, fill="transparent").getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert pf.nodes.rotate(white, 90, expand=False).size == (40, 20)


def test_resizing_fits_stretches_and_cuts() -> None:
    wide = PIL.Image.new("RGB", (40, 20), "red")
    sizes = {
        fit: pf.nodes.resize_image(image=wide, width=10, height=10, fit=fit).size  # type: ignore[arg-type]
        for fit in ("stretch", "contain", "cover")
    }
    assert sizes == {"stretch": (10, 10), "contain": (10, 5), "cover": (10, 10)}
    checkered = PIL.Image.new("L", (2, 2))
    checkered.putdata([0, 255, 255, 0])
    assert set(np.asarray(pf.nodes.resize_image(checkered, 8, 8, filter="nearest")).ravel()) == {0, 255}


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_any_mode_are_changed_and_not_touched(mode: str) -> None:
    image = PIL.Image.new(mode, (12, 12))
    before = image.copy()
    other = picture(size=(12, 12))
    for made in (
        pf.nodes.crop(image, 4, 4),
        pf.nodes.pad(image, 1, 1, 1, 1).image,
        pf.nodes.pad(image, 1, fill="transparent").image,
        pf.nodes.pad(image, 1, fill="mirror").image,
        pf.nodes.rotate(image, 33),
        pf.nodes.rotate(image, 33, fill="transparent"),
        pf.nodes.blend(image, other),
        pf.nodes.blend(other, image),
        pf.nodes.composite(image, other, scale=0.5),
        pf.nodes.composite(other, image),
        pf.nodes.adjust_color(image, contrast=2),
        pf.nodes.edges(image),
        pf.nodes.mask_from(image),
        pf.nodes.compare(image, other).image,
    ):
        assert made.size[0] >= 4
    assert plain(image) == plain(before)


# Mixed


def test_every_mode_of_blending_is_offered() -> None:
    assert registry["blend"].inputs["mode"].type.choices == tuple(BLENDS)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [  # of (102, 51, 204) below and (153, 204, 0) above: 0.4 0.2 0.8 and 0.6 0.8 0, by the formulas of the W3C
        ("normal", (153, 204, 0)),
        ("multiply", (61, 41, 0)),
        ("screen", (194, 214, 204)),
        ("overlay", (122, 82, 153)),
        ("hard light", (133, 173, 0)),
        ("soft light", (114, 89, 163)),
        ("darken", (102, 51, 0)),
        ("lighten", (153, 204, 204)),
        ("color dodge", (255, 255, 204)),
        ("color burn", (0, 0, 0)),
        ("difference", (51, 153, 204)),
        ("exclusion", (133, 173, 204)),
        ("add", (255, 255, 204)),
        ("subtract", (0, 0, 204)),
    ],
)
def test_two_colours_are_blended_as_the_standard_says(mode: Any, expected: tuple[int, ...]) -> None:
    made = pf.nodes.blend(one((102, 51, 204)), one((153, 204, 0)), mode, opacity=1)
    assert np.abs(array(made)[0, 0] - expected).max() <= 1


def test_hue_saturation_color_and_luminosity_are_taken_from_the_right_picture() -> None:
    def luminosity(pixel: Any) -> float:
        return float(np.dot(pixel, (0.3, 0.59, 0.11)))

    below, over = (180, 90, 60), (60, 120, 140)
    made = {
        mode: pf.nodes.blend(one(below), one(over), mode, 1).getpixel((0, 0))  # type: ignore[arg-type]
        for mode in ("hue", "saturation", "color", "luminosity")
    }
    for mode in ("hue", "saturation", "color"):
        assert luminosity(made[mode]) == pytest.approx(luminosity(below), abs=1.5)
    assert luminosity(made["luminosity"]) == pytest.approx(luminosity(over), abs=1.5)
    for mode, source in {"hue": over, "color": over, "saturation": below, "luminosity": below}.items():
        wanted, got = (colorsys.rgb_to_hsv(*pixel)[0] for pixel in (source, made[mode]))  # type: ignore[misc]
        assert got == pytest.approx(wanted, abs=0.02), mode


@examples(40)
@given(st.sampled_from(list(BLENDS)), st.integers(0, 3))
def test_an_opacity_of_zero_gives_the_picture_beneath(mode: Any, seed: int) -> None:
    for kind in ("RGB", "RGBA"):
        image = picture(seed, mode=kind)
        made = pf.nodes.blend(image, picture(seed + 1), mode, opacity=0)
        seen = array(image)[..., 3:].astype(bool) if kind == "RGBA" else True
        assert (array(made) == array(image))[np.broadcast_to(seen, array(image).shape)].all()


def test_a_mask_says_where_it_is_blended_and_another_size_is_stretched() -> None:
    mask = PIL.Image.new("L", (24, 16))
    mask.paste(255, (0, 0, 12, 16))
    made = pf.nodes.blend(picture(1), one((9, 9, 9)), opacity=1, mask=mask)
    assert (array(made)[:, :12] == 9).all()
    assert (array(made)[:, 12:] == array(picture(1))[:, 12:]).all()


def test_transparent_pictures_stay_transparent() -> None:
    glass = PIL.Image.new("RGBA", (3, 2), (255, 0, 0, 0))
    assert pf.nodes.blend(glass, glass, opacity=1).getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert pf.nodes.blend(glass, one((0, 0, 255)), opacity=1).getpixel((0, 0)) == (0, 0, 255, 255)
    assert pf.nodes.blend(one((0, 0, 255)), glass, opacity=1).getpixel((0, 0)) == (0, 0, 255)


def test_a_picture_is_laid_on_another_one() -> None:
    ground, small = one((0, 0, 0), size=(10, 10)), one((255, 255, 255), size=(4, 4))
    made = array(pf.nodes.composite(ground, small, place="lower right", left=-1, top=2))
    assert (made.max(axis=2) == 255).nonzero()[0].min() == 8
    assert sorted(set((made.max(axis=2) == 255).nonzero()[1])) == [5, 6, 7, 8]
    assert (array(pf.nodes.composite(ground, small, left=-2, top=-2)) == 255).sum() == 2 * 2 * 3
    assert (array(pf.nodes.composite(ground, small, left=50)) == 0).all()
    assert (array(pf.nodes.composite(ground, small, scale=2)) == 255).sum() == 8 * 8 * 3
    with pytest.raises(pf.MediaError, match="smaller scale"):
        pf.nodes.composite(ground, one((0, 0, 0), size=(2000, 2000)), scale=100)


def test_what_is_not_masked_keeps_every_pixel() -> None:
    mask = PIL.Image.new("L", (24, 16))
    mask.paste(255, (3, 3, 9, 9))
    made, ground, over = (
        array(one) for one in (pf.nodes.composite(picture(1), picture(2), mask), picture(1), picture(2))
    )
    assert (made[3:9, 3:9] == over[3:9, 3:9]).all()
    assert (made[9:] == ground[9:]).all() and (made[:, 9:] == ground[:, 9:]).all()


# Masks


def test_masks_select_what_is_light_opaque_or_green() -> None:
    image = PIL.Image.new("RGBA", (3, 1))
    image.putdata([(255, 255, 255, 255), (0, 255, 0, 10), (0, 0, 0, 255)])
    assert array(pf.nodes.mask_from(image)).tolist() == [[255, 255, 0]]
    assert array(pf.nodes.mask_from(image, threshold=0.9)).tolist() == [[255, 0, 0]]
    assert array(pf.nodes.mask_from(image, "alpha")).tolist() == [[255, 0, 255]]
    assert array(pf.nodes.mask_from(image, "color", color="#00ff00")).tolist() == [[0, 255, 0]]
    assert array(pf.nodes.mask_from(image, "color", color="#00ff00", invert=True)).tolist() == [[255, 0, 255]]
    assert array(pf.nodes.mask_from(image, "color", color="#00ff00", tolerance=0.6)).tolist() == [[0, 255, 255]]


def test_a_soft_mask_rises_slowly() -> None:
    ramp = PIL.Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    hard, soft = array(pf.nodes.mask_from(ramp)), array(pf.nodes.mask_from(ramp, softness=0.5))
    assert set(hard.ravel()) == {0, 255}
    assert (np.diff(soft[0]) >= 0).all() and 120 < (np.diff(soft[0]) > 0).sum() < 136
    assert soft[0, 128] == pytest.approx(128, abs=2)


def test_shapes_are_where_they_are_asked_for() -> None:
    image = one((0, 0, 0), size=(20, 10))
    mask = array(pf.nodes.mask_from(image, "rectangle", left=3, top=2, width=5, height=4))
    assert mask.sum() == 5 * 4 * 255 and (mask[2:6, 3:8] == 255).all()
    assert (array(pf.nodes.mask_from(image, "rectangle")) == 255).all()
    round_ = array(pf.nodes.mask_from(image, "ellipse"))
    assert round_[5, 10] == 255 and round_[0, 0] == 0
    assert round_.sum() / 255 == pytest.approx(np.pi * 10 * 5, rel=0.03)


def test_a_mask_grows_shrinks_and_is_feathered() -> None:
    image = one((0, 0, 0), size=(20, 20))
    box: dict[str, Any] = {"by": "rectangle", "left": 8, "top": 8, "width": 4, "height": 4}
    assert array(pf.nodes.mask_from(image, **box, grow=2)).sum() == 8 * 8 * 255
    assert array(pf.nodes.mask_from(image, **box, grow=-1)).sum() == 2 * 2 * 255
    soft = array(pf.nodes.mask_from(image, **box, feather=2))
    assert 0 < soft[7, 10] < soft[9, 10] < 255


# Colours


def test_the_middle_of_every_slider_changes_nothing() -> None:
    for mode in ("RGB", "RGBA"):
        assert plain(pf.nodes.adjust_color(picture(mode=mode))) == plain(picture(mode=mode))


def test_colours_are_adjusted_as_css_does_it() -> None:
    image = one((100, 150, 200))
    adjusted = {
        name: pf.nodes.adjust_color(image, **{name: value}).getpixel((0, 0))  # type: ignore[arg-type]
        for name, value in {
            "brightness": 1.5, "contrast": 0.5, "saturation": 0.0, "hue": 90.0, "gamma": 2.0, "warmth": 1.0
        }.items()
    }  # fmt: skip
    expected = {  # by the matrices of CSS: brightness(1.5), contrast(.5), saturate(0), hue-rotate(90deg)
        "brightness": (150, 225, 255),
        "contrast": (114, 139, 164),
        "saturation": (143, 143, 143),
        "hue": (200, 122, 186),
        "gamma": (160, 196, 226),
        "warmth": (125, 150, 160),
    }
    for name, pixel in expected.items():
        assert np.abs(np.subtract(adjusted[name], pixel)).max() <= 1, (name, adjusted[name])  # type: ignore[arg-type]


# Edges


def test_the_edges_of_a_disc_are_a_thin_closed_line() -> None:
    disc = PIL.Image.new("L", (60, 40))
    PIL.ImageDraw.Draw(disc).ellipse((15, 5, 45, 35), fill=255)
    found = array(pf.nodes.edges(disc)) > 0
    rows, columns = found.nonzero()
    away = np.hypot(columns - 30, rows - 20)
    assert away.min() > 13.5 and away.max() < 16.5
    assert 80 < found.sum() < 130  # about the length of the circle, 94
    inside = PIL.Image.fromarray(found)
    PIL.ImageDraw.floodfill(inside, (30, 20), 1)
    assert not inside.getpixel((0, 0))  # what is poured into it does not get out


def test_weak_edges_count_only_beside_strong_ones() -> None:
    ramp = np.zeros((20, 80), np.uint8)
    ramp[10:] = np.linspace(10, 255, 80).astype(np.uint8)  # an edge that grows to the right
    lone = np.zeros((20, 80), np.uint8)
    lone[10:] = 30
    strong = array(pf.nodes.edges(PIL.Image.fromarray(ramp), low=0.05, high=0.5)) > 0
    assert strong[:, 20].any() and strong[:, 70].any()
    assert not array(pf.nodes.edges(PIL.Image.fromarray(lone), low=0.05, high=0.5)).any()
    assert array(pf.nodes.edges(PIL.Image.fromarray(lone), low=0.03, high=0.06)).any()


def test_a_plain_picture_has_no_edges_and_thresholds_have_an_order() -> None:
    for low in (0.0, 0.1):
        assert not array(pf.nodes.edges(one((90, 90, 90), size=(9, 9)), low=low)).any()
    assert (array(pf.nodes.edges(one((90, 90, 90)), invert=True)) == 255).all()
    with pytest.raises(pf.MediaError, match="The low threshold, 0.5, is above the high one, 0.2"):
        pf.nodes.edges(picture(), low=0.5)


# Compared


def test_equal_pictures_are_equal_and_different_ones_are_measured() -> None:
    same = pf.nodes.compare(picture(), picture())
    assert (same.psnr, same.ssim) == (200.0, pytest.approx(1))
    grey = pf.nodes.compare(one((100, 100, 100), size=(32, 32)), one((110, 110, 110), size=(32, 32)))
    assert grey.psnr == pytest.approx(20 * np.log10(255 / 10), abs=0.01)
    means = np.array([100, 110]) / 255  # without any structure only the means count: (2ab + c) / (a² + b² + c)
    assert grey.ssim == pytest.approx((2 * means.prod() + 1e-4) / ((means**2).sum() + 1e-4), abs=1e-6)
    noise = np.random.default_rng(0).normal(0, 20, (64, 64, 3))
    noisy = PIL.Image.fromarray((array(picture(size=(64, 64))) + noise).clip(0, 255).astype(np.uint8))
    worse = pf.nodes.compare(picture(size=(64, 64)), noisy)
    assert 20 < worse.psnr < 25 and 0.3 < worse.ssim < 0.98


def test_two_pictures_are_shown_as_it_is_asked() -> None:
    first, second = one((10, 20, 30), size=(10, 4)), one((40, 20, 10), size=(20, 8))
    assert pf.nodes.compare(first, second).image.size == (20, 4)
    half = pf.nodes.compare(first, second, "slider", split=0.5).image
    assert [half.getpixel((x, 0)) for x in (4, 5, 6)] == [(10, 20, 30), (255, 255, 255), (40, 20, 10)]
    assert pf.nodes.compare(first, second, "slider", split=0).image.getpixel((0, 0)) == (40, 20, 10)
    assert pf.nodes.compare(first, second, "difference").image.getpixel((0, 0)) == (30, 0, 20)
    assert pf.nodes.compare(first, second, "difference", gain=20).image.getpixel((0, 0)) == (255, 0, 255)
