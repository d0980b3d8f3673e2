"""A version runs with the models that it was published with, or says why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import EndpointChanged, PublishRefused
from pixelflow_widgets.serve.publishing.endpoints import Endpoints
from pixelflow_widgets.serve.store import Store

from ..served import publish


@pytest.fixture
def own_model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "models" / "mine"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "serve")


def painting(model: pf.Model | str) -> pf.Flow:
    flow = pf.Flow("paint")
    node = flow.add("text_to_image", prompt=flow.input("prompt", "x"), model=model, steps=1, width=16, height=16)
    flow.output("image", node["image"])
    return flow


def test_a_model_whose_files_changed_is_named_before_a_run(store: Store, own_model: Path) -> None:
    endpoint = publish(store, painting(str(own_model)), "paint")
    endpoints = Endpoints(store)
    endpoints.check_models(endpoint)
    weights = next(own_model.rglob("*.safetensors"))
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(
        EndpointChanged, match=r"Version 1 of 'paint' was published with other files of the model '.*mine'"
    ):
        endpoints.check_models(endpoint)
    weights.write_bytes(content)
    endpoints.check_models(endpoint)
    shutil.rmtree(own_model)
    with pytest.raises(EndpointChanged, match="Version 1 of 'paint' cannot run: There is no model"):
        endpoints.check_models(endpoint)


def test_other_files_of_a_model_make_another_version(store: Store, own_model: Path) -> None:
    flow = painting(str(own_model))
    assert publish(store, flow, "paint").number == publish(store, flow, "paint").number == 1
    (own_model / "notes.txt").write_text("finetuned")
    assert publish(store, flow, "paint").number == 2


def test_models_that_nodes_hand_on_and_that_subflows_use_are_pinned_too(store: Store, own_model: Path) -> None:
    flow = painting("starter")
    load = flow.add("load_model", model=str(own_model))
    flow.set("text_to_image", model=load["model"])
    assert sorted(publish(store, flow, "paint").models) == [str(own_model)]
    flow.set("text_to_image", model="starter")
    flow.make_subflow(["text_to_image"], "inner")
    assert sorted(publish(store, flow, "paint").models) == ["starter"]


def test_adapters_of_a_model_that_callers_choose_are_pinned_too(store: Store, tmp_path: Path) -> None:
    lora = tmp_path / "style.safetensors"
    lora.write_bytes(b"not looked into")
    flow = painting("starter")
    model = flow.input("model", "starter", type=pf.Model, choices=["starter"])
    stack = flow.add("lora_stack", model=model, loras=f"{lora} 0.5")
    flow.set("text_to_image", model=stack["model"])
    assert sorted(publish(store, flow, "paint").models) == sorted(["starter", str(lora)])


def test_a_model_by_a_path_that_begins_in_this_folder_is_refused(
    store: Store, own_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_model.parent)
    with pytest.raises(PublishRefused, match=f"Write the whole path: {own_model}"):
        publish(store, painting("mine"), "paint")
