"""`pixelflow train`: told by a TOML file, followed in lines, stopped by Ctrl-C, gone on with by the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app
from pixelflow_widgets.finetuning.folders import SETTINGS
from pixelflow_widgets.run.backends import shared_worker
from tests.crescents import WORD, captions, pictures
from tests.run.test_executor import process_of

SHORT = "batch = 2\nrank = 2\nsample_every = 2\nsample_steps = 1\nsample_prompts = ['a circle']\ncheckpoint_every = 1"


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
def folder(tmp_path: Path) -> Path:
    """A folder with pictures, and captions beside them."""
    (tmp_path / "mine").mkdir()
    for number, (picture, caption) in enumerate(zip(pictures(), captions(), strict=True)):
        picture.save(tmp_path / "mine" / f"{number}.png")
        (tmp_path / "mine" / f"{number}.txt").write_text(caption)
    return tmp_path


def written(folder: Path, model: Path, training: str = "", dataset: str = 'source = "mine"') -> Path:
    """The file that tells a training."""
    told = f"""
[dataset]
{dataset}

[training]
base = "{model.as_posix()}"
trigger = "{WORD}"
{training}
"""
    path = folder / "run.toml"
    path.write_text(told, encoding="utf-8")
    return path


def invoke(*words: object) -> Any:
    return CliRunner().invoke(app, ["train", *map(str, words)])


def test_what_a_file_tells_is_trained_and_its_weights_are_printed(tiny_model: Path, folder: Path) -> None:
    config = written(folder, tiny_model, f"steps = 3\n{SHORT}")
    done = invoke("--config", config)
    assert done.exit_code == 0, done.output
    weights = Path(done.stdout.strip())
    assert weights.is_file() and weights.stem == WORD
    assert f"{WORD}: step 3 of 3 · loss 0." in done.stderr
    again = invoke("--config", config, "--json")
    told = json.loads(again.stdout)
    assert (told["status"], told["step"], told["weights"]) == ("finished", 3, str(weights))
    settings = pf.Training.open(told["folder"]).settings
    assert (settings.rank, settings.trigger) == (2, WORD)


@pytest.mark.parametrize(
    ("training", "dataset", "sentence"),
    [
        ("stepps = 3", 'source = "mine"', "There is no setting 'stepps'. Did you mean 'steps'?"),
        ("steps = 'three'", 'source = "mine"', "steps is a whole number"),
        ("", 'sorce = "mine"', "the table [dataset] knows no 'sorce'. Did you mean 'source'?"),
        ("", "", 'the table [dataset] wants source = "…", a folder or .zip'),
        ("", 'source = "elsewhere"', "elsewhere"),
        ("", 'source = "mine"\n[trianing]', "this file knows no 'trianing'. Did you mean 'training'?"),
        ("= 3", 'source = "mine"', "is no TOML"),
        ("method = 'lore'", 'source = "mine"', "method is one of 'lora', 'prompt', 'full', not 'lore'"),
    ],
)
def test_what_is_wrong_is_told_with_exit_code_2(
    tiny_model: Path, folder: Path, training: str, dataset: str, sentence: str
) -> None:
    done = invoke("--config", written(folder, tiny_model, training, dataset))
    assert done.exit_code == 2, done.output
    assert sentence in " ".join(done.output.split())
    assert json.loads(invoke("--config", folder / "run.toml", "--json").stdout)["status"] == "failed"


def test_a_file_that_is_not_there_and_a_base_that_is_not_here_are_told_with_exit_code_2(folder: Path) -> None:
    done = invoke("--config", folder / "none.toml")
    assert done.exit_code == 2 and "none.toml cannot be read" in done.output
    done = invoke("--config", written(folder, folder / "no-model", "steps = 1"))
    assert done.exit_code == 2 and "no-model" in done.output


def test_a_training_that_fails_is_told_with_exit_code_1(
    tiny_model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Any, timeout: float | None = None) -> None:
        raise pf.TrainingError("The training 'zorb' failed: out of luck.")

    monkeypatch.setattr(pf.Training, "wait", fails)
    done = invoke("--config", written(folder, tiny_model, f"steps = 3\n{SHORT}"))
    assert done.exit_code == 1 and "out of luck" in done.output


def test_ctrl_c_keeps_the_best_and_the_same_command_goes_on(tiny_model: Path, folder: Path, data: Path) -> None:
    config = written(folder, tiny_model, f"name = 'cut'\nsteps = 4000\n{SHORT.replace('every = 2', 'every = 4000')}")
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    script = f"{hears}; from pixelflow_widgets.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(Path(pf.__file__).parents[1]), "PIXELFLOW_DATA": str(data)}
    command = [sys.executable, "-c", script, "train", "--config", str(config)]
    with process_of(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        end = time.monotonic() + 90
        # A folder is there a moment before what tells of it.
        while not list((data / "trainings").glob(f"cut-*/{SETTINGS}")) or pf.Training.open("cut").step < 3:
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=90)
    assert process.returncode == 130, told
    training = pf.Training.open("cut")
    assert training.status == "stopped" and training.weights is not None
    words = told.decode()
    assert f"Stopped at step {training.step} of 4000. The best so far is {training.weights}." in words
    assert f"Write pixelflow train --config {config} to go on." in words


def test_the_help_says_what_the_file_looks_like() -> None:
    words = " ".join(invoke("--help").output.split())
    for word in ("[dataset]", "[training]", "trigger", "Exit codes"):
        assert word in words
