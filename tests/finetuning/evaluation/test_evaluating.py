"""What a training came to is measured on the product's own pictures, and stands in its card afterwards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import pixelflow_widgets as pf
from pixelflow_widgets.errors import Cancelled, TrainingError
from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.evaluation import drift, evaluate, grid, loss_with_and_without
from pixelflow_widgets.finetuning.evaluation.drift import unrelated_prompts
from pixelflow_widgets.finetuning.evaluation.painting import Quiet
from pixelflow_widgets.finetuning.results import About, write_lora
from pixelflow_widgets.finetuning.settings import Settings
from pixelflow_widgets.finetuning.training import train
from pixelflow_widgets.media import Image
from tests.finetuning.conftest import Listening, short
from tests.finetuning.results.learnt import about, with_lora
from tests.zoo import Zoo

pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")
SMALL: dict[str, Any] = {"edge": 32, "steps": 2}


@pytest.fixture
def base(zoo: Zoo) -> pf.Model:
    return pf.Model(str(zoo("sdxl")))


@pytest.fixture
def ink(zoo: Zoo, tmp_path: Path) -> Path:
    """A LoRA that does something to every picture."""
    return write_lora(tmp_path / "ink.safetensors", with_lora(zoo("sdxl"))[1], about("sdxl", "SDXL", name="ink"))


class Held:
    """A training as `pf.Training` holds one."""

    def __init__(self, dataset: Dataset, settings: Settings, outcome: Any) -> None:
        self.dataset, self.folder = dataset, outcome.folder
        self.settings = settings
        self.weights: Path | None = outcome.weights
        self.history = outcome.history


def held(dataset: Dataset, base: Path, **given: Any) -> Held:
    from pixelflow_widgets.finetuning.places import placed

    settings = placed(dataset, short(base, **given)).settings
    return Held(dataset, settings, train(dataset, short(base, **given), Listening()))


def test_pictures_without_it_do_not_drift_and_more_weight_drifts_more(base: pf.Model, ink: Path) -> None:
    def worn(weight: float) -> pf.Model:
        return base.with_adapter(str(ink), weight)

    table: Any = drift(base, worn, ["a circle", "a star"], seeds=(3,), weights=(0.0, 0.3, 1.0), **SMALL)
    assert list(table.columns) == ["prompt", "seed", "weight", "distance"]
    assert len(table) == 6
    mean = table.groupby("weight")["distance"].mean()
    assert mean[0.0] == 0
    assert 0 < mean[0.3] < mean[1.0]


def test_a_judge_scores_pictures_with_and_without(base: pf.Model, ink: Path) -> None:
    def brightness(picture: Image, prompt: str) -> float:
        assert prompt == "a circle"
        return float(np.asarray(picture).mean())

    table: Any = drift(
        base, lambda weight: base.with_adapter(str(ink), weight), ["a circle"], score=brightness, **SMALL
    )
    assert (table["score"] != table["score_without"]).any()
    assert table["score_without"].nunique() <= 2, "one for each seed"


def test_a_grid_shows_each_prompt_step_and_weight_once(base: pf.Model, zoo: Zoo, ink: Path) -> None:
    found: Any = grid(base, {10: ink, 5: str(zoo("lora_sdxl"))}, ["a circle", "a star"], weights=(0.0, 1.0), **SMALL)
    rows = list(found.table[["prompt", "step", "weight"]].itertuples(index=False, name=None))
    assert rows == [(p, s, w) for p in ("a circle", "a star") for s in (5, 10) for w in (0.0, 1.0)]
    looks = [picture.tobytes() for picture in found.pictures]
    assert looks[0] == looks[2], "weight 0 is the base, after any step"
    assert len({looks[0], looks[1], looks[3]}) == 3
    assert (found.table.loc[found.table["weight"] == 0, "distance"] == 0).all()
    assert (found.table.loc[found.table["weight"] == 1, "distance"] > 0).all()
    assert found.sheet.width > 2 * found.pictures[0].width


def test_the_loss_without_is_that_of_the_base_and_noise_is_the_same_each_time(
    base: pf.Model, ink: Path, crescents: Dataset
) -> None:
    def examples(multiple: int) -> list[Any]:
        return list(crescents.examples(64, multiple))[:3]

    worn = base.with_adapter(str(ink))
    first = loss_with_and_without(base, worn, examples, is_held_out=True)
    assert (first.pictures, first.is_held_out) == (3, True)
    assert first.taught != first.base
    assert loss_with_and_without(base, worn, examples, is_held_out=True) == first
    assert loss_with_and_without(base, base, examples, is_held_out=True).taught == first.base


def test_unrelated_prompts_have_the_kinds_and_not_the_trigger() -> None:
    settings = Settings(trigger="zorb", class_words="circle, star")
    found = unrelated_prompts(["a red zorb", "a red zorb", "a blue zorb", "a picture"], settings, 4)
    assert found == ["a red circle", "a blue star", "a red circle", "a blue star"] or not any(
        "zorb" in p for p in found
    )
    assert len(found) == 4
    assert not [p for p in unrelated_prompts(["a zorb"], Settings(trigger="zorb")) if "zorb" in p]


def test_an_evaluation_measures_all_and_writes_the_card(zoo: Zoo, data: Path, crescents: Dataset) -> None:
    training = held(crescents, zoo("sdxl"), steps=4, checkpoint_every=2, sample_every=2, held_out=0.25)
    found: Any = evaluate(training, seeds=(0,), weights=(1.0,), prompts=["a red zorb"])
    assert (found.losses.pictures, found.losses.is_held_out) == (2, True)
    assert len(found.nearest) == len(found.made) == 1
    assert set(found.drift["weight"]) == {1.0}
    assert not any("zorb" in prompt for prompt in found.drift["prompt"])
    assert found.grid is not None
    assert set(found.grid.table["step"]) >= {4}
    assert len(set(found.grid.table["step"])) > 1, "steps that checkpoints still hold are shown, too"
    assert training.weights is not None
    card = (training.weights.parent / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", card, re.MULTILINE))
    assert "loss on 2 pictures that were held out, with and without" in rows
    assert "distance of unrelated prompts at weight 1 (0 is none)" in rows
    assert "Nobody has measured" not in card
    assert rows["rank"] == "4"
    assert "loss on 2 pictures that were held out" in repr(found)


@pytest.mark.parametrize("method", ["prompt", "full"])
def test_other_methods_are_measured_too(zoo: Zoo, data: Path, crescents: Dataset, method: str) -> None:
    training = held(crescents, zoo("sdxl"), steps=2, method=method, learning_rate=1e-2)
    found: Any = evaluate(training, seeds=(0,), weights=(1.0,), prompts=["a red zorb"], unrelated=["a circle"])
    assert found.losses.taught != found.losses.base
    assert (found.grid is None) == (method == "full")
    if method == "full":
        assert found.drift["distance"].max() > 0
    else:
        assert found.drift["distance"].max() == 0, "a word that is not said changes nothing"


def test_weights_that_are_worse_than_none_are_warned_of(zoo: Zoo, data: Path, crescents: Dataset) -> None:
    training = held(crescents, zoo("sdxl"), steps=10)
    assert training.weights is not None
    with safe_open(training.weights, "pt") as file:
        about_it, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    # The way back from what was learnt leads away from the pictures.
    back = {name: -tensor if ".up." in name or "lora_B" in name else tensor for name, tensor in tensors.items()}
    assert any(torch.equal(back[name], -tensor) and tensor.any() for name, tensor in tensors.items())
    save_file(back, training.weights, about_it)
    found: Any = evaluate(training, seeds=(0,), weights=(1.0,), prompts=["a red zorb"], unrelated=["a circle"])
    assert found.losses.taught > found.losses.base
    assert any("it learnt nothing that holds for them" in warning for warning in found.warnings)


def test_a_training_without_weights_is_not_measured(zoo: Zoo, data: Path, crescents: Dataset) -> None:
    training = held(crescents, zoo("sdxl"), steps=1)
    training.weights = None
    with pytest.raises(TrainingError, match="has no weights yet"):
        evaluate(training)


def test_measuring_can_be_stopped_and_tells_how_far_it_is(base: pf.Model, ink: Path) -> None:
    class Told:
        parts: list[float | None] = []

        def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
            self.parts.append(fraction)
            if fraction and fraction > 0.5:
                raise Cancelled("stopped")

        def log(self, line: str) -> None: ...

    told = Told()
    with pytest.raises(Cancelled):
        grid(base, {1: ink}, ["a", "b"], weights=(1.0,), quiet=Quiet(told, 4), **SMALL)
    rising = [part for part in told.parts if part is not None]
    assert rising == sorted(rising)


def test_weights_say_again_how_they_came_about(ink: Path) -> None:
    told = About.of(ink)
    assert told == about("sdxl", "SDXL", name="ink", alpha=3.0, settings=told.settings)
    assert told.settings["schedule"] == "cosine"
