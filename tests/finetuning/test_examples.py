"""Latents are computed once, and drawn in batches of one size, by the seed alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.examples import Examples, Order

SHAPES = st.lists(st.sampled_from([(4, 8, 8), (4, 8, 16), (4, 16, 8)]), min_size=1, max_size=40)


@given(SHAPES, st.integers(1, 9), st.integers(0, 5))
def test_a_round_shows_every_picture_and_no_batch_mixes_sizes(
    shapes: list[tuple[int, ...]], batch: int, seed: int
) -> None:
    order = Order(dict(enumerate(shapes)), batch, seed)
    shown = [order.numbers(index) for index in range(order.batches)]
    assert all(len(numbers) == batch and len({shapes[number] for number in numbers}) == 1 for numbers in shown)
    counts = Counter(number for numbers in shown for number in numbers)
    assert set(counts) == set(range(len(shapes))), "every picture once at least; those that fill up, again"


@given(SHAPES, st.integers(1, 5), st.integers(0, 200))
def test_which_pictures_come_hangs_on_the_step_alone(shapes: list[tuple[int, ...]], batch: int, index: int) -> None:
    gone_through, asked_at_once = Order(dict(enumerate(shapes)), batch, 3), Order(dict(enumerate(shapes)), batch, 3)
    for before in range(index):
        gone_through.numbers(before)
    assert gone_through.numbers(index) == asked_at_once.numbers(index)


def test_rounds_differ() -> None:
    order = Order(dict.fromkeys(range(12), (4, 8, 8)), 4, 0)
    assert [order.numbers(index) for index in range(3)] != [order.numbers(index) for index in range(3, 6)]


def test_latents_are_computed_once(tmp_path: Path, crescents: Dataset) -> None:
    asked = []

    def latents(picture: object) -> torch.Tensor:
        asked.append(picture)
        return torch.full((4, 8, 8), len(asked), dtype=torch.float16)

    made = [
        Examples.keep(tmp_path / "x.safetensors", crescents.examples(64, 8), latents, lambda done: None)
        for _ in range(2)
    ]
    assert len(asked) == len(crescents) == len(made[1])
    batch = made[1].batch([2, 0], "cpu")
    assert batch.latents[:, 0, 0, 0].tolist() == [3, 1]
    assert batch.captions[0] == crescents.pictures[2].caption
    assert batch.sizes.tolist() == [[64, 64, 0, 0, 64, 64]] * 2
