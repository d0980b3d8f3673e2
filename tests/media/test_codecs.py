"""What is stored of each medium comes back as it was, and its digest tells two contents apart."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import pixelflow_widgets as pf
from pixelflow_widgets.media import MEDIA

pytestmark = pytest.mark.soak
settings.register_profile("media", max_examples=40 * int(os.environ.get("PIXELFLOW_SOAK", "1")), deadline=None)
often = settings.get_profile("media")

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))
BITS = {
    "1": np.uint8,
    "L": np.uint8,
    "LA": np.uint8,
    "RGB": np.uint8,
    "RGBA": np.uint8,
    "P": np.uint8,
    "CMYK": np.uint8,
}


@st.composite
def images(draw: st.DrawFn) -> PIL.Image.Image:
    mode = draw(st.sampled_from(["1", "L", "LA", "RGB", "RGBA", "P", "CMYK", "I;16", "I", "F"]))
    width, height = draw(SIZES)
    size = width * height * {"LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4, "I;16": 2, "I": 4, "F": 4}.get(mode, 1)
    content = draw(st.binary(min_size=size, max_size=size))
    if mode == "1":
        return PIL.Image.frombytes("L", (width, height), content).convert("1")
    if mode == "F":
        numbers = np.frombuffer(content, np.uint8).astype(np.float32)[: width * height].reshape(height, width)
        return PIL.Image.fromarray(numbers / 7)
    image = PIL.Image.frombytes(mode, (width, height), content)
    if mode == "P":
        image.putpalette(draw(st.binary(min_size=768, max_size=768)))
    return image


@st.composite
def sounds(draw: st.DrawFn) -> pf.Audio:
    shape = draw(st.tuples(st.integers(1, 3), st.integers(0, 20)))
    return pf.Audio(
        draw(hnp.arrays(np.float32, shape, elements=st.floats(-1, 1, width=32))), draw(st.integers(1, 96000))
    )


@st.composite
def films(draw: st.DrawFn) -> pf.Video:
    shape = (*draw(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))), 3)
    fps = draw(st.floats(0.1, 240))
    return pf.Video(draw(hnp.arrays(np.uint8, shape)), fps, draw(st.none() | sounds()))


def there_and_back(name: str, value: Any) -> Any:
    medium = MEDIA[name]
    value = medium.check(value)
    back = medium.check(medium.decode(medium.encode(value)))
    assert medium.digest(back) == medium.digest(value)
    return back


@often
@given(images())
def test_an_image_of_any_mode_comes_back_as_it_was(image: PIL.Image.Image) -> None:
    back = there_and_back("image", image)
    stored = image.convert("RGB") if image.mode in ("P", "CMYK") else image
    assert back.mode == stored.mode
    assert back.tobytes() == stored.tobytes()


def test_a_palette_with_transparency_comes_back_with_transparency() -> None:
    image = PIL.Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 1
    back = there_and_back("image", image)
    assert back.mode == "RGBA"
    assert [back.getpixel((0, 0)), back.getpixel((1, 0))] == [(255, 0, 0, 255), (0, 255, 0, 0)]


@pytest.mark.parametrize("mode", ["RGBa", "La", "PA", "HSV", "YCbCr", "LAB", "RGBX", "I;16B"])
def test_a_rare_image_mode_is_stored_in_the_nearest_one(mode: str) -> None:
    sources = {"RGBa": "RGBA", "La": "LA", "PA": "LA", "I;16B": "I"}
    source = PIL.Image.new(sources.get(mode, "RGB"), (3, 2), 0)
    image = PIL.Image.new("PA", (3, 2)) if mode == "PA" else source.convert(mode)
    assert there_and_back("image", image).size == (3, 2)


def test_a_mask_of_another_mode_becomes_grey() -> None:
    assert there_and_back("mask", PIL.Image.new("RGB", (2, 2), "white")).tobytes() == b"\xff" * 4


@often
@given(sounds())
def test_a_sound_comes_back_as_it_was(sound: pf.Audio) -> None:
    back = there_and_back("audio", sound)
    assert back.sample_rate == sound.sample_rate
    np.testing.assert_array_equal(back.samples, sound.samples)


@often
@given(films())
def test_a_film_comes_back_with_its_sound(film: pf.Video) -> None:
    back = there_and_back("video", film)
    assert back.fps == film.fps
    np.testing.assert_array_equal(back.frames, film.frames)
    assert (back.audio is None) == (film.audio is None)
    if film.audio is not None:
        np.testing.assert_array_equal(back.audio.samples, film.audio.samples)


@often
@given(st.text())
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert there_and_back("text", text) == text


@often
@given(st.integers(-(2**70), 2**70), st.floats(-1e300, 1e300), st.booleans())
def test_numbers_and_flags_come_back_as_they_were(whole: int, number: float, flag: bool) -> None:
    assert there_and_back("int", whole) == whole
    assert there_and_back("float", number) == number
    assert there_and_back("flag", flag) is flag


@often
@given(
    st.text(min_size=1),
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()),
    st.lists(st.builds(pf.Adapter, st.text(), st.floats(-2, 2), st.sampled_from(["lora", "embedding"]))),
)
def test_a_model_handle_comes_back_as_it_was(source: str, options: dict[str, Any], adapters: list[Any]) -> None:
    model = pf.Model(source, options, tuple(adapters))
    assert there_and_back("model", model) == model


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int64"])
def test_latents_come_back_in_their_own_precision(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    latents = (
        torch.arange(24).reshape(1, 4, 2, 3).to(getattr(torch, dtype))[..., ::2].requires_grad_(dtype == "float32")
    )
    back = there_and_back("latents", latents)
    assert back.dtype == latents.dtype
    assert torch.equal(back, latents)


def tables() -> dict[str, Any]:
    import pandas as pd

    third = 1 / 3
    days = pd.to_datetime(["2024-01-01T12:00:00.123456789", None])
    return {
        "numbers": pd.DataFrame({"a": [1, 2], "b": [third, float("nan")], "c": [True, False]}),
        "narrow numbers": pd.DataFrame({"a": np.array([1, 2], "int8"), "b": np.array([third, 2], "float32")}),
        "large numbers": pd.DataFrame({"a": [2**62 + 1, -(2**62)], "b": [1e308, 5e-324]}),
        "texts": pd.DataFrame({"a": ["ä\n", None], "b": ["", "☃"]}),
        "mixed": pd.DataFrame({"a": pd.Series([1, "x", None, 2.5, True], dtype=object)}),
        "nullable": pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}),
        "dates": pd.DataFrame({"a": days, "b": days.tz_localize("Europe/Berlin"), "c": days - days[0]}),
        "categories": pd.DataFrame({"a": pd.Categorical(["x", None, "x"], ["y", "x"], ordered=True)}),
        "an index": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "x"], name="key")),
        "two indexes": pd.DataFrame(
            {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", None])
        ),
        "a part": pd.DataFrame({"a": range(9)}).iloc[2:8:3],
        "one name twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "numbered columns": pd.DataFrame([[1, 2]]),
        "no rows": pd.DataFrame({"a": pd.Series([], dtype="float64")}),
        "no columns": pd.DataFrame(index=[1, 2]),
        "nothing": pd.DataFrame(),
    }


@pytest.mark.parametrize("name", tables())
def test_a_table_comes_back_as_it_was(name: str) -> None:
    import pandas as pd

    frame = tables()[name]
    back = there_and_back("table", frame)
    pd.testing.assert_frame_equal(back, frame, check_exact=True, check_column_type=False, check_freq=False)


def test_a_table_of_objects_says_which_column_cannot_be_stored() -> None:
    import pandas as pd

    with pytest.raises(pf.MediaError, match="'b' of a table holds dict"):
        MEDIA["table"].encode(pd.DataFrame({"a": [1], "b": [{"x": 1}]}))
    with pytest.raises(pf.MediaError, match="one row of column names"):
        MEDIA["table"].encode(pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])))


def test_nothing_is_decoded_by_pickle() -> None:
    import io
    import pickle

    buffer = io.BytesIO()
    np.save(buffer, np.array([{"x": 1}], dtype=object), allow_pickle=True)
    for data in (buffer.getvalue(), pickle.dumps("x")):
        with pytest.raises(ValueError):
            MEDIA["image"].decode(data)


def distinct_values() -> list[tuple[str, Any]]:
    black, white = PIL.Image.new("L", (2, 2)), PIL.Image.new("L", (2, 2), 255)
    silence = np.zeros((1, 4), np.float32)
    frames = np.zeros((1, 2, 2, 3), np.uint8)
    return [
        *(("text", text) for text in ("", "a", "A", "a ")),
        ("choice", "a"),
        *(("int", number) for number in (0, 1, -1)),
        *(("float", number) for number in (0, 1.5)),
        *(("flag", flag) for flag in (True, False)),
        *(("image", image) for image in (black, white, black.convert("RGB"), black.resize((4, 1)), black.convert("1"))),
        ("mask", black),
        *(("audio", pf.Audio(silence, rate)) for rate in (8000, 16000)),
        ("audio", pf.Audio(silence.reshape(2, 2), 8000)),
        *(("video", pf.Video(frames, fps)) for fps in (8, 16)),
        ("video", pf.Video(frames, 8, pf.Audio(silence, 8000))),
        *(
            ("model", model)
            for model in ("a", pf.Model("a", {"dtype": "x"}), pf.Model("a", adapters=(pf.Adapter("b"),)))
        ),
    ]


def test_values_that_differ_have_digests_that_differ() -> None:
    values = distinct_values()
    digests = {MEDIA[name].digest(MEDIA[name].check(value)) for name, value in values}
    assert len(digests) == len(values)


def test_equal_values_have_equal_digests_however_they_came_about() -> None:
    image = MEDIA["image"].digest
    wide = PIL.Image.new("RGB", (4, 2), "red")
    assert image(wide) == image(wide.crop((0, 0, 4, 2))) == image(PIL.Image.fromarray(np.asarray(wide)))
    assert image(wide) == image(wide.quantize(2))
    assert MEDIA["model"].digest(pf.Model("a", {"x": 1, "y": 2})) == MEDIA["model"].digest(
        pf.Model("a", {"y": 2, "x": 1})
    )
    assert MEDIA["float"].digest(MEDIA["float"].check(1)) == MEDIA["float"].digest(1.0)
    samples = np.zeros((8, 1), np.float32)
    assert MEDIA["audio"].digest(pf.Audio(samples.T, 8)) == MEDIA["audio"].digest(pf.Audio(samples.T.copy(), 8))


BAD = [
    ("text", 5, "Text is wanted here; this is int"),
    ("text", "\ud800", "half a character"),
    ("text", b"x", "Text is wanted"),
    ("int", 1.5, "A whole number is wanted"),
    ("int", True, "A whole number is wanted"),
    ("int", "seven", "A whole number is wanted"),
    ("int", "²", "A whole number is wanted"),
    ("int", "--5", "A whole number is wanted"),
    ("int", "", "A whole number is wanted"),
    ("int", float("nan"), "A whole number is wanted"),
    ("int", None, "A whole number is wanted"),
    ("float", True, "A number is wanted"),
    ("float", "1.5", "A number is wanted"),
    ("float", float("nan"), "A finite number is wanted"),
    ("float", float("inf"), "A finite number is wanted"),
    ("float", 10**400, "A finite number is wanted"),
    ("flag", 1, "True or False is wanted"),
    ("image", np.zeros((2, 2, 3), np.uint8), "PIL.Image.fromarray"),
    ("image", "photo.png", "A PIL image is wanted"),
    ("image", PIL.Image.new("RGB", (0, 5)), "at least one pixel"),
    ("mask", 5, "A PIL image is wanted"),
    ("audio", np.zeros((1, 2), np.float32), "Audio is wanted"),
    ("video", [], "Video is wanted"),
    ("latents", np.zeros(2), "A torch tensor of latents is wanted"),
    ("table", {"a": [1]}, "A pandas DataFrame is wanted"),
    ("model", "", "A model: a name, a folder or pf.Model"),
    ("model", 5, "A model: a name, a folder or pf.Model"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_a_value_of_the_wrong_kind_is_refused_in_words(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(pf.MediaError, match=sentence):
        MEDIA[name].check(value)


def test_values_are_brought_into_their_canonical_form() -> None:
    assert MEDIA["int"].check("18446744073709551615") == 2**64 - 1
    assert MEDIA["int"].check(np.int64(3)) == 3
    assert MEDIA["int"].check(4.0) == 4
    assert type(MEDIA["float"].check(np.float32(0.5))) is float
    assert MEDIA["flag"].check(np.True_) is True
    assert MEDIA["model"].check("starter") == pf.Model("starter")


@often
@given(st.sampled_from(["image", "audio", "video", "table", "model", "latents"]), st.binary(max_size=200))
def test_garbage_never_decodes_into_a_value_of_another_kind(name: str, garbage: bytes) -> None:
    try:
        value = MEDIA[name].decode(garbage)
    except Exception:  # a decoder may stumble in any way; whoever reads files turns that into a sentence
        return
    MEDIA[name].check(value)
