"""Folders that diffusers, transformers and PEFT write."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.detecting import detect

from ..layouts import Layout, adapters, write
from ..layouts.diffusers_models import XL_UNET, encoder, layout

STARTER = Path(pf.__file__).parent / "starter" / "text_to_image"


def configured(folder: Path, name: str, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(config))
    return folder


def component(folder: Path, class_name: str, tensors: Layout) -> Path:
    write(folder / "diffusion_pytorch_model.safetensors", tensors)
    return configured(folder, "config.json", _class_name=class_name)


def test_the_starter_is_a_family_of_its_own() -> None:
    found = detect(STARTER)
    assert (found.kind, found.base_model, found.format, found.resolution) == ("model", "Starter", "diffusers", (64, 64))
    assert set(found.parts) == {"unet", "vae", "text_encoder", "text_encoder_2"} and 10 < found.megabytes < 12
    assert "StableDiffusionXLPipeline" in found.reason and "Starter" in found.reason
    for part, kind in (("unet", "model"), ("vae", "vae")):
        assert (detect(STARTER / part).kind, detect(STARTER / part).base_model) == (kind, "Starter")
    assert detect(STARTER / "text_encoder").kind == "text_encoder"


def test_its_classes_with_other_shapes_are_sdxl(tiny_model: Path, tmp_path: Path) -> None:
    assert detect(tiny_model).base_model == "SDXL"
    folder = configured(tmp_path / "xl", "model_index.json", _class_name="StableDiffusionXLImg2ImgPipeline")
    unet = {name: XL_UNET[name] for name in ("cross_attention_dim", "block_out_channels")}
    configured(folder / "unet", "config.json", **unet)
    assert detect(folder).base_model == "SDXL"
    configured(folder / "unet", "config.json", **{**unet, "cross_attention_dim": 1280})
    assert detect(folder).base_model == "SDXL Refiner"


@pytest.mark.parametrize(
    ("class_name", "config", "base"),
    [
        ("StableDiffusionPipeline", {"cross_attention_dim": 768}, "SD1.5"),
        ("StableDiffusionPipeline", {"cross_attention_dim": 1024}, "SD2"),
        ("WanPipeline", {"in_channels": 16}, "Wan 2.1"),
        ("WanImageToVideoPipeline", {"in_channels": 48}, "Wan 2.2 5B"),
        ("FluxKontextPipeline", {}, "FLUX.1"),
        ("StableDiffusion3Pipeline", {}, "SD3"),
        ("QwenImageEditPlusPipeline", {}, "Qwen-Image"),
        ("NobodyKnowsPipeline", {}, ""),
    ],
)
def test_a_pipeline_is_told_by_its_class_and_shapes(
    class_name: str, config: dict[str, Any], base: str, tmp_path: Path
) -> None:
    configured(tmp_path, "model_index.json", _class_name=class_name)
    part = "unet" if "cross_attention_dim" in config else "transformer"
    configured(tmp_path / part, "config.json", **config)
    found = detect(tmp_path)
    assert (found.kind, found.base_model) == ("model", base) and class_name in found.reason


@pytest.mark.parametrize(
    ("class_name", "name", "kind", "base"),
    [
        ("ControlNetModel", "controlnet sdxl", "controlnet", "SDXL"),
        ("ControlNetModel", "controlnet sd15", "controlnet", "SD1.5"),
        ("FluxControlNetModel", "controlnet flux", "controlnet", "FLUX.1"),
        ("MotionAdapter", "motion sd15", "motion", "SD1.5"),
        ("AutoencoderKL", "vae flux", "vae", ""),
        ("AutoencoderKLWan", "vae wan", "vae", "Wan 2.1"),
        ("AutoencoderKLQwenImage", "vae qwen", "vae", "Qwen-Image"),
        ("WanTransformer3DModel", "wan 5B", "model", "Wan 2.2 5B"),
        ("FluxTransformer2DModel", "flux dev", "model", "FLUX.1"),
    ],
)
def test_a_part_by_itself_is_told_by_its_class_and_its_header(
    class_name: str, name: str, kind: str, base: str, tmp_path: Path
) -> None:
    found = detect(component(tmp_path, class_name, layout(name)))
    assert (found.kind, found.base_model, found.path) == (kind, base, tmp_path)


def test_a_tiny_part_is_what_its_class_says_for_nobody_known(tmp_path: Path) -> None:
    tensors = {name: tuple(min(length, 8) for length in shape) for name, shape in layout("controlnet sd15").items()}
    found = detect(component(tmp_path, "ControlNetModel", tensors))
    assert (found.kind, found.base_model) == ("controlnet", "") and "open" in found.reason


def test_parts_in_several_files_are_one_model(tmp_path: Path) -> None:
    tensors = list(layout("flux dev").items())
    half = len(tensors) // 2
    write(tmp_path / "diffusion_pytorch_model-00001-of-00002.safetensors", dict(tensors[:half]))
    write(tmp_path / "diffusion_pytorch_model-00002-of-00002.safetensors", dict(tensors[half:]))
    assert (detect(tmp_path).kind, detect(tmp_path).base_model) == ("model", "FLUX.1")
    found = detect(configured(tmp_path, "config.json", _class_name="FluxTransformer2DModel"))
    assert (found.base_model, found.variant) == ("FLUX.1", "dev") and found.megabytes > 20_000


@pytest.mark.parametrize(
    ("model_type", "class_name", "base"),
    [
        ("whisper", "WhisperForConditionalGeneration", "Whisper"),
        ("musicgen", "MusicgenForConditionalGeneration", "MusicGen"),
        ("llama", "LlamaForCausalLM", "Llama"),
        ("llava", "LlavaForConditionalGeneration", "LLaVA"),
        ("nobody", "NobodyForCausalLM", ""),
    ],
)
def test_what_transformers_loads_is_told_by_its_config(
    model_type: str, class_name: str, base: str, tmp_path: Path
) -> None:
    write(tmp_path / "model.safetensors", encoder("gpt2"))
    found = detect(configured(tmp_path, "config.json", model_type=model_type, architectures=[class_name]))
    assert (found.kind, found.base_model, found.format) == (
        "model",
        base,
        "transformers",
    ) and class_name in found.reason


def test_a_text_encoder_of_transformers_is_one(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", encoder("openclip-h"))
    found = detect(configured(tmp_path, "config.json", model_type="clip_text_model", architectures=["CLIPTextModel"]))
    assert (found.kind, found.base_model) == ("text_encoder", "SD2")


def test_an_adapter_of_peft_brings_its_settings(tmp_path: Path) -> None:
    names = adapters.layers(layout("sd15"), adapters.ATTENTION)
    write(tmp_path / "adapter_model.safetensors", adapters.peft(names, "base_model.model.", rank=8))
    found = detect(configured(tmp_path, "adapter_config.json", r=8, lora_alpha=32, peft_type="LORA"))
    assert (found.kind, found.base_model, found.format, found.rank, found.alpha) == ("lora", "SD1.5", "peft", 8, 32.0)
    (tmp_path / "adapter_model.safetensors").rename(tmp_path / "other.safetensors")
    with pytest.raises(pf.ModelError, match="settings of an adapter and not adapter_model"):
        detect(tmp_path)


def test_a_folder_of_several_files_asks_which(tmp_path: Path) -> None:
    write(tmp_path / "one.safetensors", {"emb_params": (2, 768)})
    assert detect(tmp_path).kind == "embedding"
    write(tmp_path / "two.safetensors", {"emb_params": (2, 1024)})
    found = detect(tmp_path)
    assert found.kind == "unknown" and "name one of them: one.safetensors, two.safetensors" in found.reason


def test_a_folder_of_pickles_or_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pf.ModelError, match="holds no weights"):
        detect(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(pf.ModelError, match=r"pickles only \(pytorch_model.bin\)"):
        detect(tmp_path)
    with pytest.raises(pf.ModelError, match="There is no file or folder"):
        detect(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "[" * 100_000, '{"_class_name": 5}', "\ud800".encode("utf-8", "surrogatepass")]
)
def test_a_broken_configuration_breaks_nothing(content: str | bytes, tmp_path: Path) -> None:
    content = content.encode() if isinstance(content, str) else content
    shutil.copytree(STARTER / "vae", tmp_path / "vae")
    (tmp_path / "vae" / "config.json").write_bytes(content)
    assert detect(tmp_path / "vae").kind == "vae"
    (tmp_path / "model_index.json").write_bytes(content)
    assert (detect(tmp_path).kind, detect(tmp_path).base_model) == ("model", "")
