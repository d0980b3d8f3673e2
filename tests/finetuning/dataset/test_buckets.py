"""Pictures of any shape come exactly into a size that a model trains in, and SDXL is told how."""

from __future__ import annotations

import itertools
import math

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelflow_widgets.finetuning.dataset import Dataset, buckets
from pixelflow_widgets.finetuning.dataset.buckets import bucket_of, cut_into

from .made import photo

sides = st.integers(1, 20_000)
resolutions = st.integers(8, 2048)
multiples = st.sampled_from([8, 16, 32, 64])


@given(resolution=resolutions, multiple=multiples)
def test_buckets_are_multiples_of_about_one_number_of_pixels(resolution: int, multiple: int) -> None:
    sizes = buckets(resolution, multiple)
    middle = max(multiple, round(resolution / multiple) * multiple)
    assert (middle, middle) in sizes
    assert len(set(sizes)) == len(sizes)
    assert sorted(sizes, key=lambda size: size[0] / size[1]) == sizes
    for width, height in sizes:
        assert width % multiple == height % multiple == 0
        assert width and height
        assert 0.5 <= width / height <= 2
        assert (height, width) in sizes
        # Rounding one side to a multiple changes it by half of one at most, both sides of the square by a whole one.
        assert abs(width * height - resolution**2) <= max(middle, min(width, height)) * multiple + multiple**2


def test_buckets_of_the_usual_models() -> None:
    assert buckets(64, 8) == [(48, 88), (56, 72), (64, 64), (72, 56), (88, 48)]
    assert (832, 1280) in buckets(1024, 64)
    assert max(width * height for width, height in buckets(1024, 64)) <= 1.05 * 1024**2


@given(size=st.tuples(sides, sides), resolution=resolutions, multiple=multiples)
def test_the_bucket_is_the_one_of_the_nearest_shape(size: tuple[int, int], resolution: int, multiple: int) -> None:
    sizes = buckets(resolution, multiple)
    chosen = bucket_of(size, sizes)

    def off(bucket: tuple[int, int]) -> float:
        return abs(math.log(bucket[0] / bucket[1] * size[1] / size[0]))

    assert chosen in sizes
    assert off(chosen) <= min(map(off, sizes)) + 1e-6
    turned = bucket_of(size[::-1], sizes)
    assert math.isclose(off(turned[::-1]), off(chosen), abs_tol=1e-6)


@given(size=st.tuples(sides, sides), resolution=resolutions, multiple=multiples)
def test_a_cut_covers_its_bucket_and_takes_the_middle(size: tuple[int, int], resolution: int, multiple: int) -> None:
    bucket = bucket_of(size, buckets(resolution, multiple))
    cut = cut_into(size, bucket)
    assert cut.resized[0] >= bucket[0]
    assert cut.resized[1] >= bucket[1]
    assert cut.resized[0] == bucket[0] or cut.resized[1] == bucket[1], "nothing more is cut off than must be"
    spare = cut.resized[0] - bucket[0], cut.resized[1] - bucket[1]
    assert cut.crop == (spare[1] // 2, spare[0] // 2)
    # The whole picture keeps its shape, to a pixel.
    longest = max(side / edge for side, edge in zip(cut.resized, size, strict=True))
    assert all(abs(side - edge * longest) <= longest + 1 for side, edge in zip(cut.resized, size, strict=True))


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    resolution=st.integers(8, 128),
    multiple=st.sampled_from([8, 16, 32]),
)
def test_an_example_is_exactly_of_its_bucket_and_tells_how_it_was_cut(
    size: tuple[int, int], resolution: int, multiple: int
) -> None:
    (example,) = Dataset([photo(size=size)], captions=["a zorb"]).examples(resolution, multiple)
    assert example.image.size == example.target_size
    assert example.image.mode == "RGB"
    assert example.target_size in buckets(resolution, multiple)
    assert example.original_size == size
    assert example.crop == cut_into(size, example.target_size).crop
    assert (example.name, example.caption) == ("picture 1", "a zorb")


def ramp(width: int, height: int) -> PIL.Image.Image:
    """Red says how far to the right, green how far down, as shares of 255."""
    red = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    green = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    return PIL.Image.fromarray(np.stack([red, green, 0 * red], -1).astype(np.uint8))


@pytest.mark.parametrize("size", [(300, 100), (100, 300), (640, 480), (64, 64), (31, 90), (700, 90)])
def test_the_crop_says_where_what_is_seen_stood_in_the_resized_picture(size: tuple[int, int]) -> None:
    (example,) = Dataset([ramp(*size)]).examples(64, 8)
    pixels = np.asarray(example.image, float)
    top, left = example.crop
    wide, high = cut_into(size, example.target_size).resized
    rows, columns = (np.arange(edge) + 0.5 for edge in (example.target_size[1], example.target_size[0]))
    assert np.abs(pixels[..., 0] - 255 * (left + columns) / wide).max() < 255 * 1.5 / min(wide, size[0]) + 2
    assert np.abs(pixels[..., 1] - (255 * (top + rows) / high)[:, None]).max() < 255 * 1.5 / min(high, size[1]) + 2


@pytest.mark.parametrize("size", [(100, 80), (640, 480), (30, 20)])
def test_resizing_is_lanczos_of_the_whole_picture_cut_in_the_middle(size: tuple[int, int]) -> None:
    image = photo(size=size)
    (example,) = Dataset([image]).examples(64, 8)
    cut = cut_into(size, example.target_size)
    whole = image.resize(cut.resized, PIL.Image.Resampling.LANCZOS)
    expected = whole.crop((cut.left, cut.top, cut.left + cut.bucket[0], cut.top + cut.bucket[1]))
    inner = np.s_[4:-4, 4:-4]
    assert np.abs(np.asarray(example.image, int)[inner] - np.asarray(expected, int)[inner]).max() <= 1


def test_a_picture_of_the_size_of_its_bucket_is_not_touched() -> None:
    image = photo(size=(88, 48))
    (example,) = Dataset([image]).examples(64, 8)
    assert example.image.tobytes() == image.tobytes()
    assert (example.original_size, example.crop, example.target_size) == ((88, 48), (0, 0), (88, 48))


def test_a_long_strip_takes_no_more_memory_than_its_bucket() -> None:
    (example,) = Dataset([photo(size=(2, 30_000))]).examples(1024, 64)
    assert example.image.size == (768, 1344)
    assert example.crop[0] == (768 * 15_000 - 1344) // 2


def test_examples_are_given_one_by_one_in_order_and_those_left_out_are_not() -> None:
    dataset = Dataset([photo(number, (60 + number, 60)) for number in range(20)])
    dataset.leave_out("picture 3")
    made = dataset.examples(32, 8)
    assert [example.name for example in itertools.islice(made, 3)] == ["picture 1", "picture 2", "picture 4"]
    assert [example.name for example in made][-1] == "picture 20"
