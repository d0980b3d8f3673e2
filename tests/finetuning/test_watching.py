"""The live view says in numbers what a chart shows, and holds still while it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.training import train
from pixelflow_widgets.finetuning.watching import _ceiling, _thinned, view_of
from pixelflow_widgets.media.previews import LIVE_VIEW, Preview

from .conftest import Listening, short


def read(preview: Preview) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(preview.data[:4], "little")
    return json.loads(preview.data[4 : 4 + length]), preview.data[4 + length :]


def test_a_view_tells_losses_looks_and_samples(data: Path, tiny_model: Path, crescents: Dataset) -> None:
    listening = Listening()
    settings = short(tiny_model, steps=4, sample_every=2, sample_prompts=["a zorb", "a star"])
    outcome = train(crescents, settings, listening)
    told, strip = read(listening.views[-1]())
    assert view_of(outcome.folder).mime == LIVE_VIEW
    assert (told["step"], told["steps"], told["status"], told["best"]) == (4, 4, "finished", outcome.best_step)
    assert [step for step, _ in told["losses"]] == [1, 2, 3, 4] == [step for step, _ in told["smoothed"]]
    assert [step for step, _ in told["steady"]] == [0, 2, 4]
    assert told["strip"]["prompts"] == ["a zorb", "a star"] and told["strip"]["steps"] == [0, 2, 4]
    import io

    width, height = told["strip"]["tile"]
    assert PIL.Image.open(io.BytesIO(strip)).size == (3 * width, 2 * height)
    again, _ = read(view_of(outcome.folder))
    assert again["losses"] == told["losses"] and again["status"] == "finished"


def test_earlier_trainings_of_a_name_lie_under_it(data: Path, tiny_model: Path, crescents: Dataset) -> None:
    for rank in (2, 4):
        listening = Listening()
        train(crescents, short(tiny_model, rank=rank), listening)
    told, _ = read(listening.views[-1]())
    assert [other["name"] for other in told["others"]] == ["rank 2, alpha 2.0"]
    assert len(told["others"][0]["smoothed"]) == 4


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=10), st.lists(st.floats(1e-6, 1e6), max_size=10))
def test_the_top_of_the_chart_is_decided_by_its_beginning(first: list[float], later: list[float]) -> None:
    losses = list(enumerate(first + [first[0]] * (10 - len(first))))
    top = _ceiling(losses, [])
    assert max(first) <= top <= 12 * max(first)
    assert _ceiling([*losses, *((10 + step, value) for step, value in enumerate(later))], []) == top


@pytest.mark.parametrize("count", [0, 1, 239, 240, 241, 5000])
def test_long_histories_are_thinned_to_what_a_chart_can_show(count: int) -> None:
    found = _thinned([(step, 1.0) for step in range(count)], 240)
    assert len(found) == min(count, 240)
    assert not count or (found[0][0], found[-1][0]) == (0, count - 1)


def test_what_is_no_number_is_left_out() -> None:
    assert _thinned([(1, float("nan")), (2, 0.5), (3, float("inf"))], 240) == [[2, 0.5]]
