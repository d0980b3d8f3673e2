"""Every setting of a training does what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.training import Outcome, train

from .conftest import Listening, short

PLAIN = {"learning_rate": 1e-2, "text_encoders": True, "convolutions": True, "steps": 3, "sample_every": 3}


@pytest.fixture(scope="module", autouse=True)
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXELFLOW_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def base(tiny_model: Path) -> Path:
    return tiny_model


def taught(base: Path, crescents: Dataset, **given: Any) -> Outcome:
    return train(crescents, short(base, **PLAIN | given), Listening())


def weights(outcome: Outcome) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(outcome.weights)


def header(outcome: Outcome) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(outcome.weights, "pt") as file:
        return file.metadata()


@pytest.fixture(scope="module")
def plain(base: Path, crescents: Dataset) -> Outcome:
    return taught(base, crescents)


@pytest.mark.parametrize(
    "given",
    [
        {"seed": 1},
        {"learning_rate": 1e-3},
        {"alpha": 8.0},
        {"schedule": "constant", "warmup": 0},
        {"schedule": "linear"},
        {"warmup": 2},
        {"batch": 3},
        {"accumulation": 2},
        {"min_snr": 1.0},
        {"caption_dropout": 1.0},
        {"noise_offset": 0.5},
        {"prior": 1.0, "prior_pictures": 2},
        {"text_learning_rate": 1e-4},
        {"resolution": 32},
        {"held_out": 0.25},
        {"steps": 2},
        {"precision": "bfloat16"},
    ],
    ids=" ".join,
)
def test_it_leads_to_other_weights(base: Path, crescents: Dataset, plain: Outcome, given: dict[str, Any]) -> None:
    other = weights(taught(base, crescents, **given))
    before = weights(plain)
    assert set(other) == set(before)
    assert any(not torch.equal(before[name], other[name]) for name in before)


def test_the_weight_of_the_prior_counts(base: Path, crescents: Dataset) -> None:
    much, little = (
        weights(taught(base, crescents, prior=1.0, prior_pictures=2, prior_weight=weight)) for weight in (1.0, 0.1)
    )
    assert any(not torch.equal(much[name], little[name]) for name in much)


def test_the_rank_is_that_of_the_layers(base: Path, crescents: Dataset) -> None:
    found = taught(base, crescents, rank=3)
    assert {tensor.shape[0] for name, tensor in weights(found).items() if "lora_A" in name} == {3}
    assert header(found)["pixelflow.rank"] == "3" and header(found)["pixelflow.alpha"] == "3.0"


def test_text_encoders_and_convolutions_learn_only_if_asked(base: Path, crescents: Dataset, plain: Outcome) -> None:
    parts = {name.partition(".")[0] for name in weights(plain)}
    assert parts == {"unet", "text_encoder", "text_encoder_2"} and any("resnets" in name for name in weights(plain))
    less = weights(taught(base, crescents, text_encoders=False, convolutions=False))
    assert {name.partition(".")[0] for name in less} == {"unet"} and not any("resnets" in name for name in less)


def test_computing_again_instead_of_keeping_changes_nothing(base: Path, crescents: Dataset, plain: Outcome) -> None:
    saved = weights(taught(base, crescents, gradient_checkpointing=True))
    assert all(torch.allclose(saved[name], tensor, atol=1e-6) for name, tensor in weights(plain).items())


def test_a_word_has_as_many_vectors_as_asked(base: Path, crescents: Dataset) -> None:
    found = weights(taught(base, crescents, method="prompt", vectors=3))
    assert {tensor.shape for tensor in found.values()} == {(3, 16)} and len(found) == 2


def test_samples_are_painted_as_often_and_of_what_is_asked(base: Path, crescents: Dataset) -> None:
    found = taught(base, crescents, steps=4, sample_every=2, sample_prompts=["a zorb", "a star", "a cross"], seed=5)
    names = sorted(path.name for path in (found.folder / "samples").glob("*.png"))
    assert names == [f"{step:07d}-{number}.png" for step in (0, 2, 4) for number in range(3)]
    assert len(found.samples) == 3


def test_pictures_that_are_held_out_are_only_looked_at(base: Path, crescents: Dataset) -> None:
    found = taught(base, crescents, held_out=0.5, seed=7)
    rows = [json.loads(line) for line in (found.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(row["is_held_out"] for row in rows if "steady" in row)


def test_as_many_checkpoints_stay_as_asked(base: Path, crescents: Dataset) -> None:
    given = {"steps": 6, "sample_every": 6, "checkpoint_every": 1, "seed": 9}
    found = taught(base, crescents, keep_last=3, **given)
    names = sorted(path.name for path in (found.folder / "checkpoints").iterdir())
    assert names == [f"step-{step:07d}.pt" for step in (4, 5, 6)]


def test_name_and_licence_stand_in_the_header(base: Path, crescents: Dataset) -> None:
    found = taught(base, crescents, name="My crescent!", licence="MIT", seed=11)
    told = header(found)
    assert found.weights.name == "My-crescent.safetensors"
    assert told["pixelflow.licence"] == "MIT" and told["pixelflow.name"] == "My-crescent"
    expected = {"base_model", "base_digest", "trigger_words", "rank", "alpha", "steps", "pictures", "dataset_digest"}
    assert {f"pixelflow.{name}" for name in expected | {"resolution", "date"}} <= set(told)
