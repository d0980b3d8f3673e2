"""A training learns, leaves the model as it was, goes on where it stopped, and keeps what it learnt."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.errors import Cancelled, DatasetRefused, TrainingError
from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.folders import FINISH, State, all_trainings
from pixelflow_widgets.finetuning.places import placed
from pixelflow_widgets.finetuning.training import Outcome, train
from pixelflow_widgets.media import Model
from pixelflow_widgets.models.image_generation import Painting, paint
from pixelflow_widgets.models.loading import lend
from tests.zoo import Zoo

from .conftest import Listening, short

QUICK = {"lora": 5e-3, "prompt": 5e-2, "full": 1e-3}
"""Rates at which random weights learn within a few steps."""


@pytest.fixture(autouse=True)
def _kept(data: Path) -> None:
    """Have every test keep its trainings in a folder of its own."""


def painted(model: Model | str) -> bytes:
    with lend(model, "text_to_image", Listening()) as loan:
        return paint(loan, Painting("a big red zorb", steps=2, seed=3), Listening(), width=64, height=64).tobytes()


def weights_of(outcome: Outcome) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(outcome.weights)


@pytest.mark.parametrize("method", ["lora", "prompt", "full"])
@pytest.mark.parametrize("family", ["sdxl", "sd15", "sd2", "starter"])
def test_the_loss_falls_on_every_family_by_every_method(
    zoo: Zoo, tiny_model: Path, crescents: Dataset, family: str, method: str
) -> None:
    base = tiny_model if family == "starter" else zoo(family)
    settings = short(base, method=method, steps=40, batch=4, sample_every=40, learning_rate=QUICK[method])
    before = painted(str(base))
    outcome = train(crescents, settings, Listening())
    steady = dict(zip(outcome.history["step"], outcome.history["steady"], strict=True))
    first = json.loads((outcome.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert steady[40] < first["steady"], "measured on the same noise"
    assert outcome.best_step == 40 and outcome.is_finished
    assert painted(str(base)) == before, "the model is what it was"


@pytest.mark.parametrize("method", ["lora", "prompt"])
def test_what_was_learnt_changes_the_picture_and_can_be_taken_off(
    tiny_model: Path, crescents: Dataset, method: str
) -> None:
    outcome = train(crescents, short(tiny_model, method=method, learning_rate=0.05), Listening())
    plain = Model(str(tiny_model))
    kind = {"lora": "lora", "prompt": "embedding"}[method]
    taught = plain.with_adapter(str(outcome.weights), kind=kind)
    assert painted(taught) != painted(plain)
    assert painted(plain.with_adapter(str(outcome.weights), 0.0, kind=kind)) == painted(plain)


def test_a_whole_model_is_a_folder_that_paints_otherwise(tiny_model: Path, crescents: Dataset) -> None:
    outcome = train(crescents, short(tiny_model, method="full", learning_rate=0.01), Listening())
    assert outcome.weights.is_dir() and painted(str(outcome.weights)) != painted(str(tiny_model))


def test_the_same_training_is_not_done_twice(tiny_model: Path, crescents: Dataset) -> None:
    first = train(crescents, short(tiny_model), Listening())
    again = Listening()
    assert train(crescents, short(tiny_model), again) == first and again.notes == []
    assert train(crescents, short(tiny_model, seed=1), Listening()).folder != first.folder


def test_the_same_seed_gives_the_same_weights(tiny_model: Path, crescents: Dataset) -> None:
    import shutil

    import torch

    first = train(crescents, short(tiny_model), Listening())
    kept = weights_of(first)
    shutil.rmtree(first.folder)
    again = weights_of(train(crescents, short(tiny_model), Listening()))
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_stop_keeps_the_best_so_far_and_run_goes_on(tiny_model: Path, crescents: Dataset) -> None:
    import torch

    settings = short(tiny_model, steps=6, sample_every=2)
    with pytest.raises(Cancelled):
        train(crescents, settings, Listening(stop_at="step 5"))
    [folder] = all_trainings()
    state = State.read(folder)
    assert state.status == "stopped" and state.step == 5 and state.best_step == 4
    stopped = Path(state.weights)
    assert stopped.is_file(), "the best weights so far can be used"

    listening = Listening()
    resumed = train(crescents, settings, listening)
    assert resumed.is_finished and resumed.weights == stopped, "the result takes the place of the unfinished one"
    assert not [note for note in listening.notes if note.startswith(("step 1 ", "step 5 "))], "it began after step 5"
    whole = train(crescents, short(tiny_model, steps=6, sample_every=2, name="whole"), Listening(), folder=folder / "x")
    one, other = weights_of(resumed), weights_of(whole)
    assert all(torch.equal(one[name], other[name]) for name in other), "as if nobody had stopped it"


def test_a_file_called_finish_ends_it_softly(tiny_model: Path, crescents: Dataset) -> None:
    settings = short(tiny_model, steps=500, sample_every=500)
    folder = placed(crescents, settings).folder

    class Finishing(Listening):
        def __call__(self, *args: Any, **more: Any) -> None:
            super().__call__(*args, **more)
            if self.notes[-1].startswith("step 3 "):
                (folder / FINISH).touch()

    outcome = train(crescents, settings, Finishing())
    assert outcome.steps == 3 and not outcome.is_finished and outcome.weights.is_file()
    assert State.read(folder).status == "stopped", "it can go on"


def test_a_loss_that_runs_away_is_said_in_words(tiny_model: Path, crescents: Dataset) -> None:
    import torch

    settings = short(tiny_model, method="full", steps=200, learning_rate=1.0, warmup=0, schedule="constant")
    with pytest.raises(TrainingError, match="Lower the learning rate"):
        train(crescents, settings, Listening())
    [folder] = all_trainings()
    assert State.read(folder).status == "failed" and "ran away" in State.read(folder).error
    checkpoint = torch.load(max((folder / "checkpoints").glob("*.pt")), weights_only=True)
    assert all(tensor.isfinite().all() for tensor in checkpoint["taught"]["unet"].values()), "it can go on from there"


def test_a_damaged_checkpoint_is_named_and_once_it_is_removed_the_training_goes_on(
    tiny_model: Path, crescents: Dataset
) -> None:
    settings = short(tiny_model, steps=6, sample_every=2, checkpoint_every=2)
    with pytest.raises(Cancelled):
        train(crescents, settings, Listening(stop_at="step 5"))
    [folder] = all_trainings()
    damaged = max((folder / "checkpoints").glob("*.pt"))
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(TrainingError, match=r"The checkpoint .*step-0000005\.pt is damaged.* Remove it"):
        train(crescents, settings, Listening())
    damaged.unlink()
    assert train(crescents, settings, Listening()).is_finished


def test_two_programs_are_not_at_one_training(tiny_model: Path, crescents: Dataset) -> None:
    settings = short(tiny_model)
    folder = placed(crescents, settings).folder
    State("running", 3, 4, process=os.getppid()).write(folder)
    with pytest.raises(TrainingError, match=r"Another program \(process \d+\) is at the training .*, at step 3 of 4"):
        train(crescents, settings, Listening())
    State("running", 3, 4, process=2**22 + 1).write(folder)
    assert train(crescents, settings, Listening()).is_finished, "that process is gone"


def test_a_bad_data_set_is_refused_before_the_model_is_loaded(tiny_model: Path) -> None:
    listening = Listening()
    with pytest.raises(DatasetRefused):
        train(Dataset([], trigger="zorb"), short(tiny_model), listening)
    assert listening.notes == [] and all_trainings() == []


def test_stop_before_the_first_step_is_no_training_that_runs(tiny_model: Path, crescents: Dataset) -> None:
    with pytest.raises(Cancelled):
        train(crescents, short(tiny_model), Listening(stop_at="reading pictures"))
    [folder] = all_trainings()
    assert State.read(folder).status == "stopped"


def test_a_whole_model_holds_nothing_of_a_lora_that_lies_beside_its_base(tiny_model: Path, crescents: Dataset) -> None:
    lora = train(crescents, short(tiny_model), Listening())
    painted(Model(str(tiny_model)).with_adapter(str(lora.weights)))
    whole = train(crescents, short(tiny_model, method="full"), Listening())
    assert painted(str(whole.weights)), "it can be loaded"


def test_nothing_is_taught_where_nothing_can_be_kept(
    tiny_model: Path, crescents: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", "none")
    with pytest.raises(TrainingError, match="PIXELFLOW_DATA is 'none' here"):
        train(crescents, short(tiny_model), Listening())


def test_a_word_that_the_tokenizer_knows_is_refused(tiny_model: Path, crescents: Dataset) -> None:
    before = painted(str(tiny_model))
    with pytest.raises(TrainingError, match="'red' is a word that the model's tokenizer knows as one"):
        train(crescents, short(tiny_model, method="prompt", trigger="red"), Listening())
    assert painted(str(tiny_model)) == before


def test_a_lora_is_taught_further(tiny_model: Path, crescents: Dataset) -> None:
    import torch

    first = train(crescents, short(tiny_model, rank=2, alpha=3.0), Listening())
    further = train(crescents, short(tiny_model, continue_from=str(first.weights), name="further"), Listening())
    one, other = weights_of(first), weights_of(further)
    assert set(one) == set(other) and any(not torch.equal(one[name], other[name]) for name in one)
    looks = [json.loads(line) for line in (further.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    own = [json.loads(line) for line in (first.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert looks[0]["steady"] == pytest.approx(own[-1]["steady"], rel=1e-3), "it begins where the other ended"
