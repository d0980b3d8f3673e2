"""A training that is killed goes on from its last checkpoint, and ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixelflow_widgets.finetuning.folders import State, all_trainings
from pixelflow_widgets.finetuning.history import History

TEACH = """
import sys
from pixelflow_widgets.finetuning.dataset import Dataset
from pixelflow_widgets.finetuning.training import train
from tests.crescents import WORD, captions, pictures
from tests.finetuning.conftest import Listening, short

crescents = Dataset(pictures(), captions=captions(), trigger=WORD, name="crescents")
given = {"steps": 24, "sample_every": 8, "checkpoint_every": 5, "prior": 1.0, "prior_pictures": 4}
settings = short(sys.argv[1], method=sys.argv[2], **given)
print(train(crescents, settings, Listening()).weights)
"""


def begun(base: Path, method: str, data: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PIXELFLOW_DATA": str(data)}
    return subprocess.Popen(
        [sys.executable, "-c", TEACH, str(base), method], env=environment, stdout=subprocess.PIPE, text=True
    )


def result(base: Path, method: str, data: Path) -> Path:
    process = begun(base, method, data)
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return Path(told.splitlines()[-1])


@pytest.mark.parametrize("method", ["lora", "prompt"])
def test_killed_at_a_random_step_it_ends_with_the_same_weights_bit_for_bit(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    whole = result(tiny_model, method, tmp_path / "whole")
    data = tmp_path / "killed"
    monkeypatch.setenv("PIXELFLOW_DATA", str(data))
    at = random.Random().randrange(1, 23)
    process = begun(tiny_model, method, data)
    while not (rows := [row for folder in all_trainings() for row in History(folder / "history.jsonl").losses]) or (
        rows[-1][0] < at
    ):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.communicate()
    [folder] = all_trainings()
    assert State.read(folder).status == "stopped", "its process is gone"
    resumed = result(tiny_model, method, data)
    assert resumed.read_bytes()[8:] and _tensors(resumed) == _tensors(whole), f"killed at step {at}"
    steps = [step for step, _ in History(folder / "history.jsonl").losses]
    assert steps == list(range(1, 25)), "each step is told once"


def _tensors(path: Path) -> dict[str, bytes]:
    from safetensors.numpy import load_file

    return {name: tensor.tobytes() for name, tensor in load_file(path).items()}
