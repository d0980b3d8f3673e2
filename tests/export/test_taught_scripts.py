"""What was taught on this machine works in a script: its file is loaded, by plain diffusers, without this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.results import write_embedding, write_lora, write_model
from tests.finetuning.results.learnt import about, pipeline_of, with_lora
from tests.finetuning.results.test_embeddings import vectors
from tests.zoo import Zoo

from .test_script import holds

SMALL: dict[str, Any] = {"width": 64, "height": 48, "steps": 2, "seed": 7}

pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "weights"


def painted(prompt: str, model: Any) -> pf.Flow:
    flow = pf.Flow("painted")
    flow.output("image", flow.add("text_to_image", model=model, prompt=flow.input("prompt", prompt), **SMALL)["image"])
    return flow


def test_a_flow_whose_lora_was_taught_here_is_a_script_that_loads_its_file(
    zoo: Zoo, tmp_path: Path, weights: Path
) -> None:
    base = zoo("sdxl")
    write_lora(weights / "zorb" / "zorb.safetensors", with_lora(base)[1], about(base, "SDXL"))
    flow = pf.Flow("worn")
    worn = flow.add("add_lora", model=pf.Model(str(base)), lora="zorb", weight=0.8)["model"]
    for name, model in (("with", worn), ("without", pf.Model(str(base)))):
        node = flow.add("text_to_image", model=model, prompt="a zorb", **SMALL)
        flow.output(name, node["image"])
    script = holds(flow, tmp_path)
    assert 'weight_name="zorb.safetensors", adapter_name="zorb"' in " ".join(script.split())
    pictures = flow.run(backend="inline")
    assert pictures["with"].tobytes() != pictures["without"].tobytes(), "otherwise nothing was shown"


@pytest.mark.parametrize(("animal", "names"), [("sdxl", ("clip_l", "clip_g")), ("sd15", ("clip_l",))])
def test_a_word_that_was_learnt_here_is_taught_in_the_script(
    zoo: Zoo, tmp_path: Path, weights: Path, animal: str, names: tuple[str, ...]
) -> None:
    given = about(zoo(animal), "SDXL", method="prompt", rank=None, alpha=None, trigger_words=("<zorb>",))
    write_embedding(weights / "my word" / "my word.safetensors", vectors(*names), given)
    model = pf.Model(str(zoo(animal))).with_adapter("my word", kind="embedding")
    script = holds(painted("a <zorb>", model), tmp_path)
    assert 'token="<zorb>"' in script


def test_a_whole_model_that_was_taught_here_is_loaded_from_its_folder(zoo: Zoo, tmp_path: Path, weights: Path) -> None:
    given = about(zoo("sdxl"), "SDXL", method="full", rank=None, alpha=None)
    folder = write_model(weights / "whole", pipeline_of(zoo("sdxl_other")), given)
    script = holds(painted("a star", pf.Model("whole")), tmp_path)
    assert str(folder) in script.replace('"\n    "', "")
    assert "revision" not in script.partition("\n# pixelflow: ")[0]
