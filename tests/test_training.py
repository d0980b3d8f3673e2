"""`pf.train` and `pf.Training`: in the background, from the folder alone, however it is cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.run.backends import shared_worker
from tests.crescents import WORD, captions, pictures

SHORT: dict[str, Any] = {
    "steps": 4,
    "batch": 2,
    "rank": 2,
    "sample_every": 2,
    "sample_steps": 1,
    "sample_prompts": (f"a red {WORD}", "a circle"),
}


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which trainings are kept, of this process and of a worker that is started for these tests."""
    folder = tmp_path_factory.mktemp("data")
    shared_worker().close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXELFLOW_DATA", str(folder))
        yield folder
        shared_worker().close()


@pytest.fixture
def short(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of four steps, and a name of the test's own."""
    return {**SHORT, "name": request.node.name.replace("_", "-")[:40], "seed": len(request.node.name)}


@pytest.fixture
def long(short: dict[str, Any]) -> dict[str, Any]:
    """Settings of a training that somebody has to stop."""
    return {**short, "steps": 5000, "sample_every": 5000, "checkpoint_every": 1}


@pytest.fixture
def crescents() -> pf.Dataset:
    return pf.Dataset(pictures(), captions=captions(), trigger=WORD)


def begin(model: Path, dataset: pf.Dataset, settings: dict[str, Any], more: dict[str, Any]) -> pf.Training:
    return pf.train(str(model), dataset, **{**settings, **more})


def painted(model: Any) -> bytes:
    return pf.nodes.text_to_image(f"a {WORD}", model=model, steps=2, seed=3).tobytes()


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_returns_at_once_and_what_it_made_paints(tiny_model: Path, crescents: pf.Dataset) -> None:
    training = pf.train(str(tiny_model), crescents, **SHORT)  # its name is the trigger word
    assert (training.name, training.trigger, training.status, training.weights) == (WORD, WORD, "running", None)
    with pytest.raises(pf.TrainingError, match="has no weights yet: it is running"):
        _ = training.model
    assert training.wait() is training
    assert (training.status, training.step, training.steps, training.error) == ("finished", 4, 4, "")
    assert training.history["step"].tolist() == [1, 2, 3, 4]
    assert [sample.size for sample in training.samples] == [(64, 64)] * 2
    assert training.weights is not None and training.weights.is_file()
    assert repr(training).startswith(f"Training('{WORD}', finished, step 4 of 4, best at ")
    assert painted(training.model) != painted(str(tiny_model))


def test_the_same_call_again_is_the_same_training(
    tiny_model: Path, crescents: pf.Dataset, short: dict[str, Any]
) -> None:
    first = pf.train(str(tiny_model), crescents, **short).wait()
    again = pf.train(str(tiny_model), pf.Dataset(crescents), **short)
    assert (again.folder, again.status, again.weights) == (first.folder, "finished", first.weights)
    other = begin(tiny_model, crescents, short, {"rank": 3}).wait()
    assert other.folder != first.folder and other.weights != first.weights
    table = pf.trainings()
    mine = table[table["name"] == first.name]
    assert mine["folder"].tolist() == [str(other.folder), str(first.folder)], "used last first"
    assert set(mine["status"]) == {"finished"} and set(mine["trigger"]) == {WORD}


def test_it_is_found_again_by_its_name_alone(tiny_model: Path, crescents: pf.Dataset) -> None:
    training = begin(tiny_model, crescents, SHORT, {"name": "moon"}).wait()
    for name in ("moon", training.folder.name, training.folder):
        found = pf.Training.open(name)
        assert (found.status, found.weights, found.model) == ("finished", training.weights, training.model)
        assert found.dataset.digest == crescents.digest and found.dataset.trigger == WORD
    with pytest.raises(pf.TrainingError, match=r"There is no training 'mon'\. Did you mean 'moon'\? There is: moon"):
        pf.Training.open("mon")


def test_stop_keeps_the_best_and_resume_goes_on(tiny_model: Path, crescents: pf.Dataset, long: dict[str, Any]) -> None:
    training = pf.train(str(tiny_model), crescents, **long)
    until(lambda: training.step >= 2)
    training.stop()
    training.wait()
    stopped = training.step
    assert training.status == "stopped" and 2 <= stopped < 5000
    assert training.weights is not None and training.weights.is_file()
    training.resume()
    until(lambda: training.step > stopped)
    training.cancel()
    training.wait()
    assert training.status == "stopped" and training.step > stopped
    assert training.history["step"].tolist() == list(range(1, training.step + 1))


def test_one_that_has_not_begun_can_be_stopped(tiny_model: Path, crescents: pf.Dataset, long: dict[str, Any]) -> None:
    training = pf.train(str(tiny_model), crescents, **long)
    training.stop()
    training.wait()
    assert (training.status, training.step) == ("stopped", 0)
    assert pf.Training.open(training.name).status == "stopped"


def test_a_killed_worker_is_a_failure_that_says_so_and_resume_ends_as_if_nothing_had_been(
    tiny_model: Path, crescents: pf.Dataset, short: dict[str, Any]
) -> None:
    # So many steps that even a fast machine is not done before it is killed.
    settings: dict[str, Any] = short | {"steps": 40, "checkpoint_every": 3, "sample_every": 40}
    training = pf.train(str(tiny_model), crescents, **settings)
    until(lambda: training.step >= 4)
    worker = shared_worker().pid
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(pf.TrainingError, match="failed: .*SIGKILL"):
        training.wait()
    assert training.status == "failed" and training.step < 40
    training.resume().wait()
    assert training.status == "finished"
    whole = begin(tiny_model, crescents, settings, {"sample_every": 39}).wait()
    assert whole.history["loss"].tolist() == training.history["loss"].tolist()


_KERNEL = """
import json, sys, time
import pixelflow_widgets as pf
from tests.crescents import *
dataset = pf.Dataset(pictures(), captions=captions(), trigger=WORD)
training = pf.train(sys.argv[1], dataset, **json.loads(sys.argv[2]))
while training.step < 3:
    time.sleep(0.02)
print(training.folder, flush=True)
time.sleep(60)
"""


def test_a_killed_kernel_loses_nothing_and_another_one_goes_on(tiny_model: Path, long: dict[str, Any]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(pf.__file__).parents[1])}
    command = [sys.executable, "-c", _KERNEL, str(tiny_model), json.dumps(long)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as kernel:
        assert kernel.stdout is not None
        folder = Path(kernel.stdout.readline().strip())
        assert pf.Training.open(folder).status == "running", "seen from another process"
        kernel.kill()
    training = pf.Training.open(folder.name)
    until(lambda: training.status == "stopped")
    step = training.step
    assert step >= 3
    training.resume()
    until(lambda: training.step > step)
    training.stop()
    training.wait()
    assert training.weights is not None


def test_listeners_hear_of_it_until_they_do_not_want_to(
    tiny_model: Path, crescents: pf.Dataset, short: dict[str, Any]
) -> None:
    training = pf.train(str(tiny_model), crescents, **short)
    heard: list[tuple[str, int]] = []
    end = training.on_change(lambda told: heard.append((told.status, told.step)))
    training.wait()
    until(lambda: bool(heard) and heard[-1] == ("finished", 4))
    end()


def test_a_pipeline_that_the_notebook_holds_is_taught_where_it_is(
    tiny_model: Path, crescents: pf.Dataset, short: dict[str, Any]
) -> None:
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(tiny_model, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    before = {name: weight.clone() for name, weight in pipeline.unet.state_dict().items()}
    model = pf.Model.from_object(pipeline)
    training = pf.train(model, crescents, **short).wait()
    after = pipeline.unet.state_dict()
    assert all(torch.equal(after[name], weight) for name, weight in before.items()), "it is what it was"
    assert training.model.source == model.source and len(training.model.adapters) == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"stepps": 3}, "There is no setting 'stepps'. Did you mean 'steps'?"),
        ({"rank": 0}, "rank is a whole number from 1 to 256, not 0."),
        ({"base": "flux", "steps": 1}, "got multiple values"),
    ],
)
def test_wrong_settings_are_refused_at_once(
    tiny_model: Path, crescents: pf.Dataset, settings: dict[str, Any], sentence: str
) -> None:
    before = len(pf.trainings())
    with pytest.raises((pf.TrainingError, TypeError), match=sentence.replace("?", r"\?")):
        pf.train(str(tiny_model), crescents, **settings)
    assert len(pf.trainings()) == before


def test_pictures_that_cannot_be_read_are_refused_at_once(
    tiny_model: Path, tmp_path: Path, short: dict[str, Any]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(MediaError, match="broken.png"):
        pf.train(str(tiny_model), tmp_path / "mine", trigger=WORD, **short)


def test_without_a_place_on_disk_it_says_what_to_set(
    tiny_model: Path, crescents: pf.Dataset, monkeypatch: pytest.MonkeyPatch, short: dict[str, Any]
) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", "none")
    with pytest.raises(pf.TrainingError, match="PIXELFLOW_DATA is 'none' here. Set it to a folder"):
        pf.train(str(tiny_model), crescents, **short)
