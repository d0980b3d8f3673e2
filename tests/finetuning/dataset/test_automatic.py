"""Automatic captions are written once a picture, by the model that the node `caption` would take."""

from __future__ import annotations

from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.models import vision
from pixelflow_widgets.nodes import caption
from tests.nodes.told import Told
from tests.zoo import Zoo

from .made import photo


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The pictures that a caption was written for."""
    done: list[Any] = []
    real = vision.described

    def noted(loan: Any, image: Any, *rest: Any) -> str:
        done.append(image)
        return real(loan, image, *rest)

    monkeypatch.setattr(vision, "described", noted)
    return done


def automatic(zoo: Zoo, **options: Any) -> Dataset:
    pictures = [photo(number) for number in range(1, 4)]
    return Dataset(pictures, captions="auto", caption_model=str(zoo("blip")), **options)


def test_captions_are_what_the_node_writes_behind_the_trigger(zoo: Zoo, written: list[Any]) -> None:
    dataset, told = automatic(zoo, trigger="zorb"), Told()
    assert [picture.caption for picture in dataset.pictures] == ["", "", ""]
    dataset.look(told.reporter)
    model = pf.Model(str(zoo("blip")))
    expected = [caption(photo(number), model=model) for number in range(1, 4)]
    assert [picture.caption for picture in dataset.pictures] == [f"zorb, {' '.join(text.split())}" for text in expected]
    assert "Looking at picture 2 …" in told.notes
    assert told.fractions[-1] == pytest.approx(2 / 3)
    del written[:]
    dataset.look()
    dataset.check(64)
    assert dataset.digest
    assert written == []


def test_only_what_is_used_and_has_no_caption_by_hand_is_described(zoo: Zoo, written: list[Any]) -> None:
    dataset = automatic(zoo)
    dataset.leave_out("picture 1")
    dataset.caption("picture 2", "by hand")
    assert dataset.problems(64)
    assert len(written) == 1
    dataset.take_in("picture 1")
    dataset.look()
    assert all(picture.caption for picture in dataset.pictures if picture.name != "picture 2")
    digest = dataset.digest
    assert len(written) == 2
    other = Dataset(dataset, trigger="zorb")
    assert other.pictures[0].caption == f"zorb, {dataset.pictures[0].caption}".strip(" ,")
    assert other.digest != digest
    assert len(written) == 2, "another dataset of the same pictures takes over what was written"


def test_stopping_keeps_what_was_written(zoo: Zoo, written: list[Any]) -> None:
    dataset = automatic(zoo)

    class Stopped(Exception):
        pass

    def stop_at_the_second(fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        if note.endswith("picture 2 …"):
            raise Stopped

    with pytest.raises(Stopped):
        dataset.look(stop_at_the_second)
    assert len(written) == 1
    dataset.look()
    assert len(written) == 3


def test_a_model_that_is_not_here_is_named() -> None:
    with pytest.raises(pf.PixelFlowError, match="nowhere"):
        Dataset([photo()], captions="auto", caption_model="nowhere/blip").look()
