"""LoRAs as trainers write them: for whom they were made, by whom, how large; and under which names their layers are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.models.detecting import Detected, base_shapes, detect

from ..layouts import Layout, adapters, write
from ..layouts import originals as makers
from ..layouts.adapters import ALL_LINEAR, ATTENTION, ENCODER, JOINT, STREAMS, WAN, kohya, layers, lora, peft
from ..layouts.diffusers_models import encoder, layout

ADDED = r"attn\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)$"
XL = ("SDXL", "Kolors")
FLUX = ("FLUX.1", "Chroma")


def xl() -> adapters.Layers:
    return layers(makers.unet(**makers.XL), ALL_LINEAR)


def encoders(*prefixes: str) -> Layout:
    found: Layout = {}
    for prefix, tensors in zip(prefixes, (makers.clip(), makers.clip(1280, 32)), strict=False):
        found |= kohya(layers(tensors, ENCODER), prefix)
    return found


def old_text_encoder() -> Layout:
    names = layers(makers.clip(), r"self_attn\.(q|k|v|out)_proj$")
    ends = ("lora_linear_layer.down.weight", "lora_linear_layer.up.weight")
    return lora(names, "text_encoder.", *ends)


def lightx() -> Layout:
    """As distilled LoRAs of Wan come: differences of norms and biases beside the pairs."""
    tensors = makers.wan()
    norms = {
        f"diffusion_model.{name.removesuffix('.weight')}.diff": shape
        for name, shape in tensors.items()
        if "norm3.weight" in name
    }
    biases = {
        f"diffusion_model.{name.removesuffix('.bias')}.diff_b": shape
        for name, shape in tensors.items()
        if "attn.q.bias" in name
    }
    return lora(layers(tensors, WAN), "diffusion_model.", rank=32) | norms | biases


# Name → (layout, base model, candidates, format, variant, rank)
LORAS: dict[str, tuple[Callable[[], Layout], str, tuple[str, ...], str, str, int | None]] = {
    "SD1.5 by kohya": (
        lambda: kohya(layers(layout("sd15"), ALL_LINEAR)) | encoders("lora_te_"),
        *("SD1.5", (), "kohya", "", 16),
    ),
    "SD2 by kohya": (lambda: kohya(layers(layout("sd2"), ALL_LINEAR), rank=4), "SD2", (), "kohya", "", 4),
    "SDXL by kohya": (lambda: kohya(xl(), rank=32) | encoders("lora_te1_", "lora_te2_"), "SDXL", XL, "kohya", "", 32),
    "SDXL by kohya, diffusers' names": (lambda: kohya(layers(layout("sdxl"), ALL_LINEAR)), "SDXL", XL, "kohya", "", 16),
    "SDXL refiner by kohya": (
        lambda: kohya(layers(makers.unet(**makers.REFINER), ALL_LINEAR)),
        *("SDXL Refiner", (), "kohya", "", 16),
    ),
    "FLUX.1 by kohya": (
        lambda: kohya(layers(makers.flux(), STREAMS)) | encoders("lora_te1_"),
        *("FLUX.1", FLUX, "kohya", "", 16),
    ),
    "FLUX.2 by kohya": (lambda: kohya(layers(makers.flux2(), STREAMS)), "FLUX.2", (), "kohya", "", 16),
    "SD3 by kohya": (lambda: kohya(layers(makers.sd3(), JOINT)), "SD3", (), "kohya", "", 16),
    "SD3.5 large by kohya": (
        lambda: kohya(layers(makers.sd3(2432, 38, normed=True), JOINT)),
        *("SD3", (), "kohya", "", 16),
    ),
    "Wan 2.1 by musubi": (lambda: kohya(layers(makers.wan(1536, 8960, 30), WAN)), "Wan 2.1", (), "kohya", "", 16),
    "Qwen-Image by musubi": (
        lambda: kohya(layers(layout("qwen"), r"attn\.(to_|add_)|_mlp\.|_mod\.")),
        *("Qwen-Image", (), "kohya", "", 16),
    ),
    "SDXL LoCon": (lambda: kohya(layers(makers.unet(**makers.XL), ".")), "SDXL", XL, "kohya", "LoCon", 16),
    "SDXL LoHa": (lambda: adapters.loha(xl()), "SDXL", XL, "kohya", "LoHa", 8),
    "SDXL LoKr": (lambda: adapters.lokr(xl()), "SDXL", XL, "kohya", "LoKr", 8),
    "SDXL DoRA": (lambda: adapters.dora(xl()), "SDXL", XL, "kohya", "DoRA", 16),
    "SDXL GLoRA": (lambda: adapters.glora(xl()), "SDXL", XL, "kohya", "GLoRA", None),
    "SDXL OFT": (lambda: adapters.oft(xl()), "", (), "kohya", "OFT", None),
    "SDXL IA3": (lambda: adapters.ia3(xl()), "", (), "kohya", "IA3", None),
    "SDXL by diffusers": (
        lambda: (
            peft(layers(layout("sdxl"), ATTENTION), "unet.") | peft(layers(makers.clip(), ENCODER), "text_encoder.")
        ),
        *("SDXL", XL, "diffusers", "", 16),
    ),
    "SDXL DoRA by diffusers": (
        lambda: adapters.peft_dora(layers(layout("sdxl"), ATTENTION), "unet."),
        *("SDXL", XL, "diffusers", "DoRA", 16),
    ),
    "SD1.5 by diffusers before PEFT": (
        lambda: adapters.old_diffusers(layers(layout("sd15"), ATTENTION)) | old_text_encoder(),
        *("SD1.5", (), "diffusers", "", 4),
    ),
    "SD1.5 by diffusers at first": (
        lambda: adapters.processors(layers(layout("sd15"), ATTENTION)),
        *("SD1.5", (), "diffusers", "", 4),
    ),
    "SD1.5 by PEFT": (
        lambda: peft(layers(layout("sd15"), ATTENTION), "base_model.model."),
        *("SD1.5", (), "peft", "", 16),
    ),
    "FLUX.1 by diffusers": (
        lambda: peft(layers(layout("flux dev"), ADDED), "transformer."),
        *("FLUX.1", FLUX, "diffusers", "", 16),
    ),
    "FLUX.1 by XLabs": (adapters.xlabs, "FLUX.1", FLUX, "xlabs", "", 16),
    "FLUX.1 control": (lambda: adapters.flux_control(makers.flux()), "FLUX.1", FLUX, "peft", "control", 128),
    "SD3 by diffusers": (
        lambda: peft(layers(layout("sd3 medium"), ADDED), "transformer."),
        *("SD3", (), "diffusers", "", 16),
    ),
    "SD3.5 medium by diffusers": (
        lambda: peft(layers(layout("sd35 medium"), ATTENTION), "transformer."),
        *("SD3", (), "diffusers", "", 16),
    ),
    "Wan 2.1, makers' names": (
        lambda: peft(layers(makers.wan(), WAN), "diffusion_model."),
        *("Wan 2.1", (), "original", "", 16),
    ),
    "Wan 2.1, distilled": (lightx, "Wan 2.1", (), "original", "", 32),
    "Wan 2.1 image to video by diffusers": (
        lambda: peft(layers(layout("wan 14B i2v"), r"attn\d\.|ffn\."), "transformer."),
        *("Wan 2.1", (), "diffusers", "", 16),
    ),
    "Wan 2.2 5B": (
        lambda: peft(layers(makers.wan(3072, 14336, 30, given=48), WAN), "diffusion_model."),
        *("Wan 2.2 5B", (), "original", "", 16),
    ),
    "Qwen-Image by diffusers": (
        lambda: peft(layers(layout("qwen"), ADDED), "transformer."),
        *("Qwen-Image", (), "diffusers", "", 16),
    ),
    "Qwen-Image by DiffSynth": (
        lambda: peft(layers(layout("qwen"), ADDED), "", name="default"),
        *("Qwen-Image", (), "peft", "", 16),
    ),
    "LTX-Video by diffusers": (
        lambda: peft(layers(layout("ltx"), r"attn\d\.to_|ff\."), "transformer."),
        *("LTX-Video", (), "diffusers", "", 16),
    ),
    "LTX-Video, makers' names": (
        lambda: peft(layers(makers.ltx(layout("ltx")), r"attn\d\.to_|ff\."), "diffusion_model."),
        *("LTX-Video", (), "original", "", 16),
    ),
    "LTX-2": (
        lambda: peft(layers(layout("ltx2"), r"attn\d?\.to_|ff\."), "diffusion_model."),
        *("LTX-2", (), "original", "", 16),
    ),
    "HunyuanVideo": (
        lambda: peft(layers(layout("hunyuan video"), r"transformer_blocks.*attn\.(to|add)"), "transformer."),
        *("HunyuanVideo", (), "diffusers", "", 16),
    ),
    "Z-Image": (
        lambda: peft(layers(layout("z-image"), r"layers.*attention\.to_"), "diffusion_model."),
        *("Z-Image", (), "original", "", 16),
    ),
    "Lumina 2": (
        lambda: peft(layers(layout("lumina2"), r"layers.*attn\.to_"), "transformer."),
        *("Lumina 2", (), "diffusers", "", 16),
    ),
    "AuraFlow": (
        lambda: peft(layers(layout("auraflow"), r"blocks.*attn\.to_"), "transformer."),
        *("AuraFlow", (), "diffusers", "", 16),
    ),
    "AnimateDiff": (
        lambda: adapters.motion_lora(adapters.original_motion(layout("motion sd15"))),
        *("SD1.5", (), "diffusers", "motion", 64),
    ),
    "text encoder of SD1.5": (lambda: encoders("lora_te_"), "SD1.5", (), "kohya", "", 16),
    "a language model by PEFT": (
        lambda: peft(layers(encoder("llama"), "self_attn"), "base_model.model."),
        *("", (), "peft", "", 16),
    ),
}


def found_in(path: Path, tensors: Layout, metadata: dict[str, str] | None = None) -> Detected:
    found = detect(write(path / "adapter.safetensors", tensors, metadata))
    assert found.kind == "lora" and found.reason.endswith(".")
    return found


@pytest.mark.parametrize("name", LORAS)
def test_a_lora_is_told(name: str, tmp_path: Path) -> None:
    make, *wanted = LORAS[name]
    found = found_in(tmp_path, make())
    assert [found.base_model, found.candidates, found.format, found.variant, found.rank] == wanted


OPEN = {
    "attention of both streams only": (
        lambda: kohya(layers(makers.flux(), r"double_blocks\.\d\.(img|txt)_attn\.(qkv|proj)$")),
        ("FLUX.1", "HunyuanVideo", "Qwen-Image", "Chroma"),
    ),
    "without cross-attention": (lambda: kohya(layers(layout("sd15"), r"attn1\.to_q$")), ("SD1.5", "SD2")),
    "CLIP-L only": (
        lambda: encoders("lora_te1_"),
        ("FLUX.1", "SD1.5", "SD3", "SDXL", "Chroma", "Kolors"),
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_is_the_same_in_several_families_is_left_open(name: str, tmp_path: Path) -> None:
    make, candidates = OPEN[name]
    found = found_in(tmp_path, make())
    assert (found.base_model, found.candidates) == ("", candidates) and "open" in found.reason


def test_its_maker_decides_what_its_layers_leave_open(tmp_path: Path) -> None:
    tensors = OPEN["without cross-attention"][0]()
    found = found_in(tmp_path, tensors, {"ss_base_model_version": "sd_v2_v"})
    assert found.base_model == "SD2" and "ss_base_model_version" in found.reason
    chroma = found_in(tmp_path, kohya(layers(makers.chroma(), STREAMS)), {"ss_base_model_version": "chroma"})
    assert chroma.base_model == "Chroma" and "FLUX.1" in chroma.candidates


def test_its_layers_decide_against_its_maker(tmp_path: Path) -> None:
    found = found_in(
        tmp_path, LORAS["SD1.5 by kohya"][0](), {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}
    )
    assert found.base_model == "SD1.5" and "names SDXL (modelspec.architecture), which has other layers" in found.reason


def test_its_maker_is_believed_where_no_shapes_are_known(tmp_path: Path) -> None:
    found = found_in(tmp_path, LORAS["SDXL OFT"][0](), {"ss_base_model_version": "sdxl_base_v1-0"})
    assert found.base_model == "SDXL"
    odd = found_in(tmp_path, LORAS["SDXL OFT"][0](), {"pixelflow.base_model": "No Such Family"})
    assert odd.base_model == ""


def test_widths_that_no_family_has_leave_it_open(tmp_path: Path) -> None:
    found = found_in(tmp_path, kohya(layers(makers.unet(cross=64), ALL_LINEAR)), {"ss_base_model_version": "sd_v1"})
    assert (found.base_model, found.candidates) == ("", ()) and "no family" in found.reason


def test_each_layer_counts_once(tmp_path: Path) -> None:
    names = layers(layout("sd15"), ATTENTION)
    assert found_in(tmp_path, kohya(names)).layers == found_in(tmp_path, peft(names, "unet.")).layers == len(names)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("SD1.5 by kohya", "sd15"),
        ("SDXL by kohya", "sdxl"),
        ("SDXL LoCon", "sdxl"),
        ("SDXL LoHa", "sdxl"),
        ("SDXL LoKr", "sdxl"),
        ("SD1.5 by diffusers at first", "sd15"),
        ("FLUX.1 by kohya", "flux dev"),
        ("FLUX.1 by XLabs", "flux dev"),
        ("FLUX.2 by kohya", "flux2"),
        ("SD3 by kohya", "sd3 medium"),
        ("SD3.5 large by kohya", "sd35 large"),
        ("Wan 2.1 by musubi", "wan 1.3B"),
        ("Wan 2.1, makers' names", "wan 14B"),
        ("Qwen-Image by musubi", "qwen"),
        ("LTX-Video, makers' names", "ltx"),
        ("Z-Image", "z-image"),
        ("Lumina 2", "lumina2"),
    ],
)
def test_its_layers_have_the_names_and_shapes_of_the_base_models(name: str, base: str, tmp_path: Path) -> None:
    part = "unet" if base in ("sd15", "sdxl") else "transformer"
    write(tmp_path / "base" / part / "diffusion_pytorch_model.safetensors", layout(base))
    known = base_shapes(tmp_path / "base")
    shapes = {key: shape for key, shape in found_in(tmp_path, LORAS[name][0]()).shapes.items() if key.startswith(part)}
    assert shapes.items() <= known.items() and len(shapes) > 50


@pytest.mark.parametrize(
    ("name", "mixin"),
    [
        ("SDXL by diffusers", "StableDiffusionXLLoraLoaderMixin"),
        ("SDXL by kohya", "StableDiffusionXLLoraLoaderMixin"),
        ("FLUX.1 by kohya", "FluxLoraLoaderMixin"),
        ("FLUX.1 by XLabs", "FluxLoraLoaderMixin"),
        ("Wan 2.1 by musubi", "WanLoraLoaderMixin"),
        ("Wan 2.1, makers' names", "WanLoraLoaderMixin"),
        ("Qwen-Image by musubi", "QwenImageLoraLoaderMixin"),
        ("LTX-Video, makers' names", "LTXVideoLoraLoaderMixin"),
        ("Z-Image", "ZImageLoraLoaderMixin"),
    ],
)
def test_its_layers_are_those_that_diffusers_makes_of_it(name: str, mixin: str, tmp_path: Path) -> None:
    """The file is converted by diffusers' own code, with tensors of one number seen as large ones."""
    from diffusers.loaders import lora_pipeline

    tensors = LORAS[name][0]()
    config: Any = None
    if mixin.startswith("StableDiffusionXL"):
        config = type("Config", (), {"layers_per_block": 2})()
    state = getattr(lora_pipeline, mixin).lora_state_dict(seen_as(tensors), unet_config=config)
    made = state[0] if isinstance(state, tuple) else state
    theirs = found_in(tmp_path, {key: tuple(tensor.shape) for key, tensor in made.items()})
    ours = found_in(tmp_path, tensors)
    assert ours.shapes == theirs.shapes and ours.base_model == theirs.base_model


def seen_as(tensors: Layout) -> dict[str, Any]:
    """Tensors of these shapes that take no memory: all numbers of one are the same one."""
    import torch

    one = torch.ones((), dtype=torch.float16)
    shown = {name: one.expand(shape) for name, shape in tensors.items()}
    return {name: tensor.clone() if name.startswith("lora_te") else tensor for name, tensor in shown.items()}


@pytest.fixture(scope="module")
def starter_lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA on the starter, saved as diffusers saves what was trained."""
    import torch
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    from pixelflow_widgets.starter import architecture

    unet = UNet2DConditionModel.from_pretrained(
        Path(architecture.__file__).parent / "text_to_image" / "unet", dtype=torch.float32
    )
    settings = LoraConfig(r=4, lora_alpha=8, target_modules=["to_q", "to_k", "to_v", "to_out.0"])
    unet.add_adapter(settings)
    folder = tmp_path_factory.mktemp("lora")
    StableDiffusionXLPipeline.save_lora_weights(
        folder,
        unet_lora_layers=convert_state_dict_to_diffusers(get_peft_model_state_dict(unet)),
        unet_lora_adapter_metadata=settings.to_dict(),
    )
    return folder


def test_a_lora_that_was_trained_on_the_starter_is_for_the_starter(starter_lora: Path) -> None:
    from pixelflow_widgets.starter import architecture

    found = detect(starter_lora / "pytorch_lora_weights.safetensors")
    assert (found.kind, found.base_model, found.candidates) == ("lora", "Starter", ())
    assert (found.rank, found.alpha, found.format) == (4, 8.0, "diffusers")
    known = base_shapes(Path(architecture.__file__).parent / "text_to_image")
    assert found.shapes.items() <= known.items() and found.layers == len(found.shapes) == 32
    assert detect(starter_lora).base_model == "Starter" and detect(starter_lora).path == starter_lora


def test_alpha_is_read_beside_the_layer_where_no_entry_names_it(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {
        f"{name}.lora_down.weight": np.zeros((4, 768), np.float16),
        f"{name}.lora_up.weight": np.zeros((320, 4), np.float16),
        f"{name}.alpha": np.asarray(2.5, np.float16),
    }
    path = tmp_path / "alpha.safetensors"
    save_file(tensors, path)
    assert detect(path).alpha == 2.5
    save_file(tensors, path, {"ss_network_alpha": "1"})
    assert detect(path).alpha == 1.0
