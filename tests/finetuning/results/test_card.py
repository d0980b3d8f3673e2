"""A model card is read by the Hub, and what it tells people to run does run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import PIL.Image
import pytest

from pixelflow_widgets.finetuning.results import write_card, write_embedding, write_lora, write_model
from tests.zoo import Zoo

from .learnt import about, pipeline_of, with_lora
from .test_embeddings import vectors

SAMPLES = [PIL.Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
HISTORY = pd.DataFrame(
    {"step": [1, 2, 3], "loss": [1.0, 0.8, 0.5], "seconds": [1.0, 2.0, 3.25], "steady": [None, 0.9, 0.75]}
)


def read(path: Path) -> Any:
    from huggingface_hub import ModelCard

    return ModelCard.load(path)


def test_the_hub_reads_licence_base_tags_and_prompt_from_a_card(tmp_path: Path) -> None:
    data = read(write_card(tmp_path / "README.md", about("sdxl", "SDXL"))).data
    assert data.license == "cc0-1.0"
    assert data.base_model == "stabilityai/stable-diffusion-xl-base-1.0"
    assert data.library_name == "diffusers"
    assert data.to_dict()["instance_prompt"] == "zorb"
    assert {"lora", "text-to-image", "stable-diffusion-xl"} <= set(data.tags)


def test_a_licence_that_the_hub_does_not_know_and_a_base_that_is_not_there_are_told_as_it_wants_them(
    tmp_path: Path,
) -> None:
    data = read(
        write_card(tmp_path / "README.md", about("starter", "Starter", licence="Ours, for friends"))
    ).data.to_dict()
    assert (data["license"], data["license_name"]) == ("other", "ours-for-friends")
    assert "base_model" not in data
    assert (
        "license"
        not in read(write_card(tmp_path / "README.md", about("starter", "Starter", licence=""))).data.to_dict()
    )


def test_a_card_shows_settings_figures_and_samples_that_lie_beside_it(tmp_path: Path) -> None:
    given = about("starter", "Starter", settings={"sample_prompts": ["a", "b|c", "a zorb"], "schedule": "cosine"})
    path = write_card(tmp_path / "README.md", given, SAMPLES, HISTORY, {"with the trigger": 0.82})
    text = path.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", text, re.MULTILINE))
    told = {
        name: rows[name] for name in ("rank", "alpha", "steps", "pictures", "schedule", "with the trigger", "seconds")
    }
    assert told == {
        "rank": "4",
        "alpha": "3",
        "steps": "120",
        "pictures": "8",
        "schedule": "cosine",
        "with the trigger": "0.82",
        "seconds": "3.2",
    }
    assert rows["loss on fixed noise, first and lowest"] == "0.9; 0.75"
    shown = re.findall(r"!\[.*?\]\((\S+?)\)", text)
    assert [PIL.Image.open(tmp_path / place).getpixel((0, 0)) for place in shown] == [
        (255, 0, 0),
        (0, 128, 0),
        (0, 0, 255),
    ]
    assert "a zorb" in text
    assert [entry["output"]["url"] for entry in read(path).data.to_dict()["widget"]] == shown


def test_a_card_names_no_folder_of_the_machine_and_no_score_that_was_not_taken(tmp_path: Path) -> None:
    text = write_card(tmp_path / "README.md", about("/home/lovelace/bases/ink", "SDXL")).read_text(encoding="utf-8")
    assert "lovelace" not in text
    assert "`ink`" in text
    assert "## Figures" not in text
    assert "Nobody has measured" in text


def with_weights(kind: str, folder: Path, base: Path) -> Path:
    """Write weights of a kind and their card into a folder that holds the base, too; return the card."""
    family = "SD1.5" if "sd15" in base.name else "SDXL"
    given = about("base", family, method=kind, settings={"sample_prompts": ["a zorb"]})
    if kind == "full":
        write_model(folder, pipeline_of(base), given)
    elif kind == "lora":
        write_lora(folder / "zorb.safetensors", with_lora(base)[1], given)
    else:
        names = ("clip_l",) if family == "SD1.5" else ("clip_l", "clip_g")
        write_embedding(folder / "zorb.safetensors", vectors(*names), given)
    shutil.copytree(base, folder / "base")
    return write_card(folder / "README.md", given)


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`")
@pytest.mark.parametrize(
    ("kind", "animal"), [("lora", "sdxl"), ("prompt", "sdxl"), ("prompt", "sd15"), ("full", "sd15")]
)
def test_the_code_of_a_card_runs_in_plain_diffusers_and_in_this_package(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, animal: str
) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    card = with_weights(kind, tmp_path / "weights" / "zorb", zoo(animal))
    text = card.read_text(encoding="utf-8")
    monkeypatch.chdir(card.parent)
    by_hand, ours = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "pixelflow" not in by_hand
    names: dict[str, Any] = {}
    exec(by_hand.replace(").images", ", num_inference_steps=1).images"), names)
    by_diffusers = names.pop("image")
    exec(ours.replace("model=model)", "model=model, steps=1)"), names)
    assert names["image"].size == by_diffusers.size
