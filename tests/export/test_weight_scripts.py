"""Weights of adapters that only the script knows: inputs of the flow, axes of a grid, numbers that nodes give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from tests.nodes.pictures import scene
from tests.zoo import Zoo

from .test_script import holds, main_of

SMALL: dict[str, Any] = {"width": 64, "height": 48, "steps": 2}


def styled(zoo: Zoo, name: str = "styled", default: float = 0.8, schedule: str = "") -> pf.Flow:
    """Returns a flow that paints with a LoRA whose weight is an input."""
    flow = pf.Flow(name)
    prompt, seed, weight = flow.input("prompt", "a red circle"), flow.input("seed", 7), flow.input("weight", default)
    model, lora = pf.Model(str(zoo("sdxl"))), str(zoo("lora_sdxl"))
    worn = flow.add("add_lora", model=model, lora=lora, weight=weight, schedule=schedule)["model"]
    painted = flow.add("text_to_image", model=worn, prompt=prompt, seed=seed, **SMALL)
    flow.output("image", painted["image"])
    return flow


@pytest.mark.parametrize("weight", [0.3, 0.0, -1.0])
def test_a_weight_that_is_an_input_is_an_argument_even_where_it_is_nothing_by_default(
    zoo: Zoo, tmp_path: Path, weight: float
) -> None:
    script = holds(styled(zoo, default=0.0), tmp_path, weight=weight)
    assert 'set_adapters(["lora_sdxl"], adapter_weights=[weight])' in main_of(script)


def test_a_grid_weighs_a_lora_in_each_cell(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("grid")
    grid = flow.grid(flow.add(styled(zoo)), {"prompt": ["a", "b"], "seed": [1, 2], "weight": [0.0, 0.5, 1.0]})
    flow.output("images", grid["images"])
    script = holds(flow, tmp_path)
    assert script.count("load_lora_weights(") == 1
    assert "adapter_weights=[weight]" in script


def test_weights_that_nodes_share_are_set_before_each_use(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("shared")
    weight, model, lora = flow.input("weight", 0.8), pf.Model(str(zoo("sd15"))), str(zoo("lora_sd15"))
    once = flow.add("add_lora", model=model, lora=lora, weight=weight)["model"]
    twice = flow.add("add_lora", model=once, lora=lora, weight=0.25)["model"]
    for one in (model, once, twice):
        painted = flow.add("text_to_image", model=one, prompt="a star", seed=1, **SMALL)
        flow.output(f"image_{len(flow.outputs)}", painted["image"])
    main = main_of(holds(flow, tmp_path, weight=0.4))
    assert "adapter_weights=[weight]" in main and "adapter_weights=[0.25 + weight]" in main
    assert "disable_lora()" in main


def test_the_weight_of_an_ip_adapter_is_an_argument_too(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("looked")
    weight, model = flow.input("weight", 0.6), pf.Model(str(zoo("sd15")))
    worn = flow.add("add_ip_adapter", model=model, adapter=str(zoo("ip_adapter_sd15")), weight=weight)["model"]
    reference = {"options.reference_image": scene(1, 40, 40)}
    flow.output(
        "image",
        flow.add("text_to_image", {"model": worn, "prompt": "a star", "seed": 1, **SMALL, **reference})["image"],
    )
    assert "set_ip_adapter_scale(weight)" in main_of(holds(flow, tmp_path, weight=0.9))


def test_what_else_changes_a_model_is_refused_by_name(zoo: Zoo) -> None:
    with pytest.raises(pf.ExportError, match="'Add LoRA': its input 'weight' is known only when the flow runs"):
        styled(zoo, schedule="0:1 0.5:0").to_script()
    flow = pf.Flow("chosen")
    scheduler = flow.input("scheduler", "Euler")
    model = flow.add("set_scheduler", model=pf.Model(str(zoo("sdxl"))), scheduler=scheduler)["model"]
    flow.output("image", flow.add("text_to_image", model=model, prompt="a star", **SMALL)["image"])
    with pytest.raises(pf.ExportError, match="its input 'scheduler' is known only when the flow runs"):
        flow.to_script()


def test_a_model_whose_weight_is_open_goes_into_no_subflow(zoo: Zoo) -> None:
    body = pf.Flow("body")
    body.output(
        "image", body.add("text_to_image", model=body.input("model", type=pf.Model), prompt="a star", **SMALL)["image"]
    )
    flow = pf.Flow("outer")
    model = pf.Model(str(zoo("sdxl")))
    worn = flow.add("add_lora", model=model, lora=str(zoo("lora_sdxl")), weight=flow.input("weight", 0.8))["model"]
    flow.output("image", flow.add(body, model=worn)["image"])
    with pytest.raises(pf.ExportError, match="Put the adapter into the subflow"):
        flow.to_script()
