"""What changes the models of `diffusion`: LoRAs in several formats, ControlNets, an IP-Adapter, textual inversions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import Zoo, animal, enliven

# Layers that kohya's scripts train; those of the text encoder all, by which diffusers knows the format.
_KOHYA = ("attn2.to_q", "attn2.to_v", "attn1.to_k", "q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
_ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]


@animal
def lora_sd15(folder: Path, zoo: Zoo) -> Path:
    """A LoRA for SD1.5 as diffusers saves it, with what the trainer noted."""
    return _save_lora(folder, zoo("sd15"), "unet", {"modelspec.architecture": "stable-diffusion-v1/lora"})


@animal
def lora_sd15_kohya(folder: Path, zoo: Zoo) -> Path:
    """A LoRA for SD1.5 as kohya's scripts save it: for the UNet and the text encoder, with tags."""
    from safetensors.torch import save_file

    notes = {
        "ss_base_model_version": "sd_v1",
        "ss_network_dim": "2",
        "ss_network_alpha": "1.0",
        "ss_network_module": "networks.lora",
        "ss_resolution": "(512, 512)",
        "ss_tag_frequency": json.dumps({"10_pxflw": {"pxflw style": 10, "red circle": 4}}),
    }
    tensors: dict[str, Any] = {}
    for prefix, module in (("lora_unet", _part(zoo("sd15"), "unet")), ("lora_te", _part(zoo("sd15"), "text_encoder"))):
        for name, layer in module.named_modules():
            if name.endswith(_KOHYA):
                tensors |= _kohya_layer(f"{prefix}_{_with_text_model(prefix, name).replace('.', '_')}", layer)
    path = folder / "kohya.safetensors"
    save_file(tensors, path, metadata=notes)
    return path


@animal
def lora_sdxl(folder: Path, zoo: Zoo) -> Path:
    """A LoRA for SDXL as diffusers saves it."""
    return _save_lora(folder, zoo("sdxl"), "unet", {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"})


@animal
def lora_sdxl_second(folder: Path, zoo: Zoo) -> Path:
    """Another LoRA for SDXL: other weights, another rank."""
    notes = {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora", "modelspec.trigger_phrase": "in zoo style"}
    return _save_lora(folder, zoo("sdxl"), "unet", notes, rank=2)


@animal
def lora_sd3(folder: Path, zoo: Zoo) -> Path:
    """A LoRA for SD3.5 as diffusers saves it."""
    return _save_lora(folder, zoo("sd3"), "transformer", {"modelspec.architecture": "stable-diffusion-v3/lora"})


@animal
def lora_flux(folder: Path, zoo: Zoo) -> Path:
    """A LoRA for FLUX.1 as diffusers saves it."""
    return _save_lora(folder, zoo("flux"), "transformer", {"modelspec.architecture": "flux-1-dev/lora"})


@animal
def lora_qwen_image(folder: Path, zoo: Zoo) -> Path:
    """A LoRA for Qwen-Image as diffusers saves it."""
    return _save_lora(folder, zoo("qwen_image"), "transformer", {"modelspec.architecture": "qwen-image/lora"})


@animal
def controlnet_sd15(folder: Path, zoo: Zoo) -> None:
    """A ControlNet for SD1.5."""
    _save_controlnet(folder, zoo("sd15"))


@animal
def controlnet_sdxl(folder: Path, zoo: Zoo) -> None:
    """A ControlNet for SDXL."""
    _save_controlnet(folder, zoo("sdxl"))


@animal
def controlnet_sdxl_second(folder: Path, zoo: Zoo) -> None:
    """Another ControlNet for SDXL."""
    import torch

    torch.manual_seed(1)
    _save_controlnet(folder, zoo("sdxl"))


@animal
def controlnet_sd3(folder: Path, zoo: Zoo) -> None:
    """A ControlNet for SD3.5."""
    from diffusers import SD3ControlNetModel

    transformer = _part(zoo("sd3"), "transformer")
    made = SD3ControlNetModel.from_transformer(transformer, num_layers=1, num_extra_conditioning_channels=0)
    enliven(made, 0.3).save_pretrained(folder)


@animal
def controlnet_flux(folder: Path, zoo: Zoo) -> None:
    """A ControlNet for FLUX.1."""
    from diffusers import FluxControlNetModel

    transformer = _part(zoo("flux"), "transformer")
    made = FluxControlNetModel.from_transformer(
        transformer, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2
    )
    enliven(made, 0.3).save_pretrained(folder)


@animal
def controlnet_qwen_image(folder: Path, zoo: Zoo) -> None:
    """A ControlNet for Qwen-Image."""
    from diffusers import QwenImageControlNetModel

    made = QwenImageControlNetModel.from_transformer(
        _part(zoo("qwen_image"), "transformer"), num_layers=1, attention_head_dim=16, num_attention_heads=2
    )
    enliven(made, 0.3).save_pretrained(folder)


@animal
def ip_adapter_sd15(folder: Path, zoo: Zoo) -> Path:
    """An IP-Adapter for SD1.5 in its repository's layout: models/….safetensors beside models/image_encoder/."""
    return _save_ip_adapter(folder, zoo("sd15"), "ip-adapter_sd15.safetensors", "models")


@animal
def ip_adapter_sdxl(folder: Path, zoo: Zoo) -> Path:
    """An IP-Adapter for SDXL in its repository's layout."""
    return _save_ip_adapter(folder, zoo("sdxl"), "ip-adapter_sdxl.safetensors", "sdxl_models")


@animal
def embedding_sd15(folder: Path, zoo: Zoo) -> Path:
    """A textual inversion for SD1.5: two vectors for one word."""
    import torch
    from safetensors.torch import save_file

    path = folder / "zoo-cat.safetensors"
    save_file({"<zoo-cat>": torch.randn(2, 32)}, path)
    return path


@animal
def embedding_sdxl(folder: Path, zoo: Zoo) -> Path:
    """A textual inversion for SDXL: a vector for each of the text encoders."""
    import torch
    from safetensors.torch import save_file

    path = folder / "zoo-dog.safetensors"
    save_file({"clip_l": torch.randn(1, 32), "clip_g": torch.randn(1, 32)}, path)
    return path


@animal
def vae_sdxl(folder: Path, _: Zoo) -> None:
    """An autoencoder of its own for SDXL: other weights."""
    from .diffusion import autoencoder

    autoencoder(scaling_factor=0.13025).save_pretrained(folder)


def _part(base: Path, name: str) -> Any:
    """Return one module of a model's folder."""
    from diffusers import DiffusionPipeline

    return getattr(DiffusionPipeline.from_pretrained(base), name)


def _with_text_model(prefix: str, name: str) -> str:
    """Return a layer's name as kohya writes it: its text encoders begin with text_model, whatever the library does."""
    return name if prefix == "lora_unet" or name.startswith("text_model.") else f"text_model.{name}"


def _kohya_layer(name: str, layer: Any, rank: int = 2) -> dict[str, Any]:
    import torch

    return {
        f"{name}.lora_down.weight": torch.randn(rank, layer.in_features) * 0.3,
        f"{name}.lora_up.weight": torch.randn(layer.out_features, rank) * 0.3,
        f"{name}.alpha": torch.tensor(1.0),
    }


def _save_lora(folder: Path, base: Path, part: str, notes: dict[str, str], rank: int = 4) -> Path:
    """Write a LoRA of the attention of a UNet or transformer, with notes in its header, and return the file."""
    import torch
    from diffusers import DiffusionPipeline
    from peft import LoraConfig, get_peft_model_state_dict
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    pipeline = DiffusionPipeline.from_pretrained(base)
    module = getattr(pipeline, part)
    torch.manual_seed(rank)
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=_ATTENTION)
    module.add_adapter(config)
    for name, parameter in module.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    layers = {f"{part}_lora_layers": get_peft_model_state_dict(module)}
    metadata = {f"{part}_lora_adapter_metadata": config.to_dict()}
    type(pipeline).save_lora_weights(folder, **layers, **metadata)
    path = folder / "pytorch_lora_weights.safetensors"
    with safe_open(path, "pt") as file:
        notes = {**(file.metadata() or {}), **notes}
    save_file(load_file(path), path, metadata=notes)
    return path


def _save_controlnet(folder: Path, base: Path) -> None:
    from diffusers import ControlNetModel

    made = ControlNetModel.from_unet(_part(base, "unet"), conditioning_embedding_out_channels=(4, 4, 8, 8))
    enliven(made, 0.3).save_pretrained(folder)


def _save_ip_adapter(folder: Path, base: Path, name: str, inside: str) -> Path:
    """Write the projection of an image's embedding, keys and values for each cross attention, and the image encoder."""
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    unet = _part(base, "unet")
    width = unet.config.cross_attention_dim
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * width, 32) * 0.2,
        "image_proj.proj.bias": torch.zeros(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }
    for place, layer in enumerate(unet.attn_processors):
        if "attn2" in layer:
            out = unet.get_submodule(layer.removesuffix(".processor")).to_k.out_features
            tensors[f"ip_adapter.{place}.to_k_ip.weight"] = torch.randn(out, width) * 0.3
            tensors[f"ip_adapter.{place}.to_v_ip.weight"] = torch.randn(out, width) * 0.3
    (folder / inside).mkdir()
    save_file(tensors, folder / inside / name)
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
        projection_dim=32,
    )
    CLIPVisionModelWithProjection(config).save_pretrained(folder / inside / "image_encoder")
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor.save_pretrained(folder / inside / "image_encoder")
    return folder / inside / name
