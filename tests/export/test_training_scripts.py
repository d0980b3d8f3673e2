"""Flows that train, as scripts: a script loads what the training made, and paints the same pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.builder_difference import difference
from tests.crescents import WORD, captions, pictures
from tests.nodes.test_finetuning import PAINTED, SHORT

from .test_script import holds, main_of


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))


def teaching(model: Path, **more: Any) -> pf.Flow:
    """Pictures, a training whose steps are an input, and what it taught beside what the model does untaught."""
    flow = pf.Flow("teaching")
    steps, prompt = flow.input("steps", 2), flow.input("prompt", f"a yellow {WORD}")
    given = {"images": pictures(), "captions": captions(), "trigger": WORD, **SHORT, **more, "steps": steps}
    taught = flow.add("train_lora", given | {"model": str(model)})["model"]
    for name, used in (("taught", taught), ("untaught", str(model))):
        flow.output(name, flow.add("text_to_image", {**PAINTED, "model": used, "prompt": prompt})["image"])
    return flow


def test_a_script_loads_what_was_trained_and_paints_the_same(tiny_model: Path, tmp_path: Path) -> None:
    flow = teaching(tiny_model)
    with pytest.raises(pf.ExportError, match="'Train LoRA' cannot be written as a script: .* Run it first"):
        flow.to_script()
    flow.run(backend="inline")
    script = holds(flow, tmp_path)
    assert script.count("load_lora_weights(") == 1 and f"{WORD}.safetensors" in script
    assert "def main(prompt" in script and "steps: int" not in script, "steps that no script takes are no argument"
    assert "PIL.Image.open" not in script and "train" not in main_of(script).lower().replace("pretrained", "")
    holds(flow, tmp_path, prompt=f"a blue {WORD}")


def test_what_was_learnt_by_other_methods_is_loaded_as_what_it_is(tiny_model: Path, tmp_path: Path) -> None:
    flow = teaching(tiny_model, method="prompt")
    flow.run(backend="inline")
    assert "load_lora_weights(" not in holds(flow, tmp_path)


def test_what_only_a_training_has_is_refused(tiny_model: Path) -> None:
    flow = teaching(tiny_model)
    flow.output("samples", flow.nodes["train_lora"]["samples"])
    flow.run(backend="inline")
    with pytest.raises(pf.ExportError, match="something reads its 'samples', and a script does not train"):
        flow.to_script()


def test_pictures_that_another_node_brings_are_refused(tiny_model: Path) -> None:
    flow = teaching(tiny_model)
    flow.set("train_lora", images=None)
    small = flow.add("resize_image", image=pictures()[0], width=64, height=64)
    flow.connect(small["image"], flow.nodes["train_lora"].inputs["images"])
    with pytest.raises(pf.ExportError, match="its input 'images' is known only when the flow runs, .* Put add_lora in"):
        flow.to_script()


def test_the_builder_reads_back_exactly_and_without_a_training(tiny_model: Path) -> None:
    flow = teaching(tiny_model)
    assert difference(pf.Flow.from_builder(flow.to_builder()).document, flow.document) == ({}, [])
