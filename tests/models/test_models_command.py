from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app
from tests.models.conftest import weights
from tests.models.hub_server import Hub

MODEL = {"config.json": '{"model_type": "clip", "architectures": ["CLIPModel"]}', "model.safetensors": weights()}


def invoke(*words: object) -> Any:
    return CliRunner().invoke(app, ["models", *(str(word) for word in words)])


def test_models_are_listed_and_filtered(hub_cache: Path) -> None:
    lines = invoke("list").stdout.splitlines()
    assert any(line.startswith("here") and " starter " in line for line in lines)
    assert any(line.startswith("gated") and " flux-dev " in line for line in lines)
    assert "6.9 GB" in next(line for line in lines if " sdxl " in line)
    names = [entry["name"] for entry in json.loads(invoke("list", "--task", "speech_to_text", "--json").stdout)]
    assert names == ["whisper-tiny", "whisper-turbo"]
    found = json.loads(invoke("list", "turbo", "--base-model", "SDXL", "--json").stdout)
    assert [(entry["name"], entry["here"]) for entry in found] == [("sdxl-turbo", False)]
    assert [
        entry["name"] for entry in json.loads(invoke("list", "--here", "--modality", "image", "--json").stdout)
    ] == ["starter"]
    assert "No model has all of this" in invoke("list", "nonsense").stderr


def test_what_is_known_of_a_model_is_shown(hub_cache: Path) -> None:
    done = invoke("info", "sdxl-turbo")
    assert done.exit_code == 0, done.output
    for words in (
        "SDXL-Turbo (sdxl-turbo)",
        "6.9 GB",
        "steps 1 to 4",
        "Euler a",
        "models get sdxl-turbo",
        "71153311d3db",
    ):
        assert words in done.stdout
    told = json.loads(invoke("info", "starter", "--json").stdout)
    assert (told["base_model"], told["here"], told["licence"]) == ("Starter", True, "MIT")
    wrong = invoke("info", "startr")
    assert (wrong.exit_code, "Did you mean 'starter'" in wrong.stderr) == (1, True)


def test_a_model_is_got_checked_and_removed(hub: Hub) -> None:
    hub.add("some/clip", MODEL, licence="apache-2.0")
    shown = invoke("info", "some/clip", "--ask")
    assert "apache-2.0" in shown.stdout
    done = invoke("get", "some/clip")
    assert done.exit_code == 0, done.output
    assert "licence apache-2.0" in done.stderr
    place = Path(done.stdout.strip().removeprefix("some/clip: "))
    assert (place / "model.safetensors").is_file()
    assert invoke("check", "some/clip", "--deep").exit_code == 0
    removed = invoke("rm", "some/clip")
    assert (removed.exit_code, "freed" in removed.stdout) == (0, True)
    assert not place.exists()


def test_what_cannot_be_had_is_told_in_words_and_as_data(hub: Hub) -> None:
    hub.add("some/clip", MODEL)
    hub.gated.add("some/clip")
    done = invoke("get", "some/clip")
    assert (done.exit_code, "HF_TOKEN" in done.stderr) == (1, True)
    done = invoke("get", "some/clip", "--json")
    assert "gated" in json.loads(done.stdout)["error"]
    done = invoke("rm", "starter")
    assert (done.exit_code, "ships with this package" in done.stderr) == (2, True)


def test_a_flow_gets_all_that_it_lacks(hub: Hub, tmp_path: Path) -> None:
    hub.add("some/clip", MODEL)
    flow = pf.Flow("lacks")
    for name in ("some/clip", "starter"):
        flow.add("text_to_image", model=name)
    path = flow.save(tmp_path / "lacks.flow.json")
    done = invoke("get", path)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("some/clip: ")
    assert "Nothing is missing" in invoke("get", path).stderr
    assert invoke("get", tmp_path / "none.flow.json").exit_code == 2


@pytest.mark.parametrize("as_json", [False, True])
def test_files_are_checked_and_the_exit_code_says_if_one_is_bad(tmp_path: Path, as_json: bool) -> None:
    good, bad = tmp_path / "good.safetensors", tmp_path / "bad.safetensors"
    good.write_bytes(weights())
    bad.write_bytes(b"\x80\x04\x95" + bytes(20))
    done = invoke("check", good, bad, *(["--json"] if as_json else []))
    assert done.exit_code == 1
    if as_json:
        told = json.loads(done.stdout)
        assert [entry["sound"] for entry in told] == [True, False]
        assert "a pickle" in told[1]["problems"][0]
    else:
        assert f"{good}: sound" in done.stdout and "a pickle" in done.stdout
