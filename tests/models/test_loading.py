"""Models are loaded once, whatever they are lent for, and set up as their handle says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.devices import best_device, precision
from pixelflow_widgets.models.files import only_variant
from pixelflow_widgets.models.loading import generator, lend
from pixelflow_widgets.models.memory import memory
from pixelflow_widgets.models.quiet import quiet
from tests.zoo import Zoo


class Notes(list[str]):
    """Hears what is reported."""

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        self.append(note)


@pytest.fixture
def copied(tiny_model: Path, tmp_path: Path) -> Path:
    """A model of a test's own."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def components(model: Any, task: str = "text_to_image", **options: Any) -> dict[str, Any]:
    """The modules that a loan computes with, by name."""
    with lend(model, task, Notes(), **options) as loan:
        return {name: part for name, part in loan.pipeline.components.items() if hasattr(part, "parameters")}


def test_a_model_is_loaded_once_and_anew_when_its_files_change(copied: Path) -> None:
    notes = Notes()
    with lend(str(copied), "text_to_image", notes) as loan:
        first = loan.pipeline
    with lend(pf.Model(str(copied)), "text_to_image", notes) as loan:
        assert loan.pipeline is first
    assert notes.count("Loading model …") == 1
    weights = copied / "unet" / "diffusion_pytorch_model.safetensors"
    weights.touch()
    with lend(str(copied), "text_to_image", notes) as loan:
        assert loan.pipeline.unet is not first.unet
        assert loan.pipeline.vae is first.vae, "what was not changed is not loaded again"


def test_tasks_of_one_base_hold_its_weights_once(zoo: Zoo) -> None:
    model = str(zoo("sdxl"))
    painted = components(model)
    held = sum(kept.bytes for kept in memory.all())
    for task in ("image_to_image", "inpaint", "outpaint"):
        assert {name: id(part) for name, part in components(model, task).items()} == {
            name: id(part) for name, part in painted.items()
        }
    assert sum(kept.bytes for kept in memory.all()) == held


def test_models_that_have_a_component_in_common_hold_it_once(zoo: Zoo, tmp_path: Path) -> None:
    source, other = zoo("sdxl"), tmp_path / "tuned"
    shutil.copytree(source, other)
    shutil.rmtree(other / "vae")
    (other / "vae").symlink_to(source / "vae", target_is_directory=True)
    first, second = components(str(source)), components(str(other))
    assert first["vae"] is second["vae"] and first["unet"] is not second["unet"]
    kept = next(kept for kept in memory.all() if kept.thing is first["vae"])
    assert len(kept.holders) == 2


def test_controlnets_share_the_base_and_are_loaded_once(zoo: Zoo) -> None:
    model, guide, other = str(zoo("sdxl")), str(zoo("controlnet_sdxl")), str(zoo("controlnet_sdxl_second"))
    base = components(model)
    one = components(model, "control", controlnets=[guide])
    two = components(model, "control", controlnets=[guide, pf.Model(other)])
    assert one["unet"] is two["unet"] is base["unet"]
    assert one["controlnet"] is two["controlnet"].nets[0]
    assert len(two["controlnet"].nets) == 2
    with lend(model, "image_to_image", Notes(), controlnets=[guide]) as loan:
        assert type(loan.pipeline).__name__ == "StableDiffusionXLControlNetImg2ImgPipeline"


def test_another_autoencoder_takes_the_place_of_the_models_own_for_those_who_ask(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("sdxl")))
    own, other = components(model), components(model.with_options(vae=str(zoo("vae_sdxl"))))
    assert own["vae"] is not other["vae"] and own["unet"] is other["unet"]
    assert components(model)["vae"] is own["vae"]


def test_a_scheduler_is_used_for_the_time_of_a_loan(tiny_model: Path) -> None:
    model = pf.Model(str(tiny_model))
    with lend(model.with_options(scheduler="Euler a"), "text_to_image", Notes()) as loan:
        pipeline = loan.pipeline
        assert type(pipeline.scheduler).__name__ == "EulerAncestralDiscreteScheduler"
        assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert type(pipeline.scheduler).__name__ == "DDIMScheduler"


def test_all_parts_come_in_the_precision_of_the_device_or_of_the_handle(tiny_model: Path) -> None:
    import torch

    dtype = precision(best_device(), "SDXL")
    assert {part.dtype for part in components(str(tiny_model)).values()} == {dtype}
    half = components(pf.Model(str(tiny_model)).with_options(dtype="bfloat16"))
    assert {part.dtype for part in half.values()} == {torch.bfloat16}
    assert precision("cpu", "FLUX.1") is torch.float32


def test_a_variant_is_found_by_the_names_of_the_files(copied: Path) -> None:
    assert only_variant(copied) is None
    for path in copied.rglob("*model.safetensors"):
        path.rename(path.with_name(path.name.replace(".safetensors", ".fp16.safetensors")))
    assert only_variant(copied) == "fp16"
    assert "unet" in components(str(copied))


@pytest.mark.parametrize(("animal", "task"), [("llama", "chat"), ("clip", "clip_score"), ("dpt", "depth")])
def test_models_of_transformers_come_with_what_prepares_their_inputs(zoo: Zoo, animal: str, task: str) -> None:
    with lend(str(zoo(animal)), task, Notes()) as loan:
        assert loan.pipeline is None and loan.processor is not None and not loan.model.training
        first = loan.model
    with lend(str(zoo(animal)), task, Notes()) as loan:
        assert loan.model is first


def test_a_model_that_does_not_do_the_task_says_so(zoo: Zoo) -> None:
    with (
        pytest.raises(pf.ModelError, match=r"does not do chat\. Choose another model"),
        lend(str(zoo("dpt")), "chat", Notes()),
    ):
        pass
    with (
        pytest.raises(pf.ModelError, match="does not do image to image"),
        lend(str(zoo("audioldm")), "image_to_image", Notes()),
    ):
        pass


def test_a_damaged_model_says_where_it_lies(copied: Path) -> None:
    weights = copied / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(pf.ModelError) as caught, lend(str(copied), "text_to_image", Notes()):
        pass
    assert str(copied) in str(caught.value)


def test_pickled_weights_are_not_loaded(copied: Path) -> None:
    import torch

    (copied / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, copied / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(pf.ModelError, match="cannot be loaded"), lend(str(copied), "text_to_image", Notes()):
        pass


def test_loading_is_tried_once_more_when_memory_ran_out(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import DiffusionPipeline

    components(str(copied))
    other = copied.with_name("other")
    shutil.copytree(copied, other)
    load, tries = DiffusionPipeline.from_pretrained, []

    def runs_out(*arguments: Any, **options: Any) -> Any:
        tries.append(len(memory.all()))
        if len(tries) == 1:
            raise MemoryError
        return load(*arguments, **options)

    monkeypatch.setattr(DiffusionPipeline, "from_pretrained", runs_out)
    assert "unet" in components(str(other))
    assert tries[1] == 0 < tries[0], "the other model was let go of"


def test_a_call_that_runs_out_of_memory_is_made_once_more_with_the_same_noise(tiny_model: Path) -> None:
    import torch

    seen: list[list[float]] = []

    def work(generator: Any) -> str:
        seen.append(torch.randn(3, generator=generator).tolist())
        if len(seen) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return "done"

    with lend(str(tiny_model), "text_to_image", Notes()) as loan:
        assert loan.attempt(work, generator=generator(3)) == "done"
        with pytest.raises(ValueError, match="another reason"):
            loan.attempt(lambda: (_ for _ in ()).throw(ValueError("another reason")))
    assert seen[0] == seen[1]


def test_every_64_bit_seed_is_taken_and_its_lowest_32_bits_make_the_noise() -> None:
    import torch

    def noise(seed: int) -> list[float]:
        return torch.randn(4, generator=generator(seed)).tolist()

    assert len({tuple(noise(seed)) for seed in (0, 1, 2**31, 2**32 - 1)}) == 4
    assert noise(2**64 - 1) == noise(2**32 - 1)


def test_quiet_leaves_the_libraries_as_they_were() -> None:
    from diffusers.utils import logging

    before = logging.get_verbosity()
    with quiet():
        assert logging.get_verbosity() == logging.ERROR
    assert logging.get_verbosity() == before


@pytest.mark.parametrize(("share", "how"), [(2.5, "model"), (0.2, "group")])
def test_what_a_gpu_cannot_hold_comes_there_part_by_part(
    copied: Path, monkeypatch: pytest.MonkeyPatch, share: float, how: str
) -> None:
    """No GPU is here: what is seen is which way is taken, and that nothing is put there whole."""
    from diffusers import StableDiffusionXLPipeline

    from pixelflow_widgets.models import loading, pipelines

    largest = (copied / "unet" / "diffusion_pytorch_model.safetensors").stat().st_size
    room = {"cuda": int(largest * share), "cpu": 10**12}
    taken: list[tuple[str, str]] = []
    monkeypatch.setattr(loading, "best_device", lambda: "cuda")
    monkeypatch.setattr(loading, "precision", lambda *_: __import__("torch").float32)
    monkeypatch.setattr(type(memory), "limit", lambda _, device: room[device])
    monkeypatch.setattr("pixelflow_widgets.models.memory.free_bytes", lambda device: room[device])
    monkeypatch.setattr(
        StableDiffusionXLPipeline, "enable_model_cpu_offload", lambda _, device: taken.append(("model", device))
    )
    monkeypatch.setattr(pipelines, "_group", lambda _, device: taken.append(("group", device)))
    parts = components(str(copied))
    assert taken == [(how, "cuda")]
    assert {str(part.device) for part in parts.values()} == {"cpu"}
    mine = [kept for kept in memory.all() if kept.thing in parts.values()]
    assert len(mine) == len(parts) and {kept.device for kept in mine} == {"cpu"}


def test_layer_by_layer_the_same_picture_is_painted(copied: Path) -> None:
    from pixelflow_widgets.models.pipelines import _group

    def painted(pipeline: Any) -> bytes:
        made = pipeline(prompt="x", num_inference_steps=2, width=32, height=32, generator=generator(1))
        return made.images[0].tobytes()

    with lend(str(copied), "text_to_image", Notes()) as loan:
        plain = painted(loan.pipeline)
        _group(loan.pipeline, "cpu")
        _group(loan.pipeline, "cpu")  # of two pipelines with the same parts, both ask for it
        assert painted(loan.pipeline) == plain


def test_a_single_file_is_set_up_by_a_folder_of_its_family(tiny_model: Path, tmp_path: Path) -> None:
    from pixelflow_widgets.models.components import component_class
    from pixelflow_widgets.models.single_files import pipeline_class, settings_folder

    path = tmp_path / "tuned.safetensors"
    with pytest.raises(pf.ModelError, match=r"holds weights alone.*pixelflow models get sdxl"):
        settings_folder("SDXL", path)
    shutil.copytree(tiny_model, tmp_path / "tuned")
    assert settings_folder("SDXL", path) == tmp_path / "tuned"
    assert settings_folder("Starter", tmp_path / "other.safetensors").name == "text_to_image"
    assert pipeline_class("SDXL", path).__name__ == "StableDiffusionXLPipeline"
    assert pipeline_class("FLUX.1", path).__name__ == "FluxPipeline"
    with pytest.raises(pf.ModelError, match="Get the model as a folder"):
        pipeline_class("Whisper", path)
    assert component_class(tiny_model / "vae").__name__ == "AutoencoderKL"
    with pytest.raises(pf.ModelError, match="names none"):
        component_class(tiny_model)
