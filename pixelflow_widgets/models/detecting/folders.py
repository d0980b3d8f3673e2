"""What a folder of weights is: its configurations say what, its headers for which base model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ..families import config_in, family_of_folder, family_of_model_type
from ..safetensors_header import Header, read_header
from .files import detect_header, with_size
from .result import Detected, Kind

# Classes of diffusers in a component's config.json → (kind, family where the class is for one only).
_CLASSES: dict[str, tuple[Kind, str]] = {
    "ControlNetModel": ("controlnet", ""),
    "ControlNetUnionModel": ("controlnet", "SDXL"),
    "SparseControlNetModel": ("controlnet", "SD1.5"),
    "FluxControlNetModel": ("controlnet", "FLUX.1"),
    "SD3ControlNetModel": ("controlnet", "SD3"),
    "QwenImageControlNetModel": ("controlnet", "Qwen-Image"),
    "ZImageControlNetModel": ("controlnet", "Z-Image"),
    "SanaControlNetModel": ("controlnet", "Sana"),
    "HunyuanDiT2DControlNetModel": ("controlnet", "HunyuanDiT"),
    "AutoencoderKL": ("vae", ""),
    "AutoencoderTiny": ("vae", ""),
    "AutoencoderKLWan": ("vae", "Wan 2.1"),
    "AutoencoderKLQwenImage": ("vae", "Qwen-Image"),
    "AutoencoderKLLTXVideo": ("vae", "LTX-Video"),
    "AutoencoderKLFlux2": ("vae", "FLUX.2"),
    "AutoencoderKLTemporalDecoder": ("vae", "SVD"),
    "AutoencoderOobleck": ("vae", "Stable Audio"),
    "AutoencoderDC": ("vae", "Sana"),
    "MotionAdapter": ("motion", ""),
    "FluxTransformer2DModel": ("model", "FLUX.1"),
    "Flux2Transformer2DModel": ("model", "FLUX.2"),
    "SD3Transformer2DModel": ("model", "SD3"),
    "QwenImageTransformer2DModel": ("model", "Qwen-Image"),
    "WanTransformer3DModel": ("model", "Wan 2.1"),
    "LTXVideoTransformer3DModel": ("model", "LTX-Video"),
    "UNet2DConditionModel": ("model", ""),
}
_ENCODERS = ("CLIPTextModel", "T5EncoderModel", "UMT5EncoderModel")
_WEIGHTS = ".safetensors"
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


def detect_folder(folder: Path) -> Detected:
    """Return what a folder is that diffusers, transformers or PEFT wrote, or that holds one file.

    Raises:
        ModelError: A file in it is not sound, or there is none that can be used; says why.
    """
    if (folder / "model_index.json").is_file():
        return _pipeline(folder)
    files = _files(folder)
    if not files:
        raise ModelError(_nothing(folder))
    config = config_in(folder, "config.json")
    if (settings := config_in(folder, "adapter_config.json")) or (folder / "adapter_config.json").is_file():
        return _peft(folder, settings)
    if isinstance(config.get("_class_name"), str):
        return _component(folder, config["_class_name"], files)
    if "model_type" in config or "architectures" in config:
        return _of_transformers(folder, config, files)
    lora = folder / "pytorch_lora_weights.safetensors"
    one = lora if lora.is_file() else files[0]
    if one is not lora and len(files) > 1 and not _is_one(files):
        names = ", ".join(file.name for file in files[:4])
        return with_size(
            Detected(folder, "unknown", reason=f"It holds several files; name one of them: {names}."), files
        )
    header = read_header(one) if one is lora else merged(files)
    return with_size(replace(detect_header(header), path=folder), [one] if one is lora else files)


def merged(files: Iterable[Path]) -> Header:
    """Return the headers of the parts of one model as if they were one."""
    headers = [read_header(file) for file in files]
    tensors = {name: kind for header in headers for name, kind in header.tensors.items()}
    return Header(headers[0].path, tensors, headers[0].metadata)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == _WEIGHTS and path.is_file())


def _is_one(files: list[Path]) -> bool:
    """Return whether files are the parts of one model: "model-00001-of-00003"."""
    return len({file.name.partition("-0")[0] for file in files}) == 1 and all("-of-" in file.name for file in files)


def _nothing(folder: Path) -> str:
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES)
    if pickles:
        return (
            f"'{folder.name}' is refused: it holds pickles only ({', '.join(pickles[:3])}), and loading one can run "
            "code. Get the model as safetensors."
        )
    return f"'{folder.name}' holds no weights: there is no .safetensors file and no model_index.json in it ({folder})."


def _pipeline(folder: Path) -> Detected:
    """Return what a whole pipeline of diffusers is."""
    index = config_in(folder, "model_index.json")
    known = family_of_folder(folder)
    held = [path.parent for path in sorted(folder.glob(f"*/*{_WEIGHTS}"))]
    files = sorted(folder.glob(f"*/*{_WEIGHTS}"))
    name = index.get("_class_name")
    named = f"its model_index.json names {name}" if isinstance(name, str) else "its model_index.json names no class"
    if known is None:
        reason = f"It is laid out as a pipeline of diffusers; {named}, whose family is not known here."
    else:
        reason = f"It is a pipeline of diffusers; {named}, and its shapes are those of {known.name}."
        if not known.config:
            reason = f"It is a pipeline of diffusers; {named}, which is for {known.name}."
    found = Detected(
        folder,
        "model",
        base_model=known.name if known else "",
        format="diffusers",
        parts=tuple(dict.fromkeys(part.name for part in held)),
        resolution=_trained_size(folder),
        reason=reason,
    )
    return with_size(found, files)


def _trained_size(folder: Path) -> tuple[int, int] | None:
    """Return the size in pixels that a UNet's or transformer's config names in latents."""
    configs = (config_in(folder / part, "config.json") for part in ("unet", "transformer"))
    latents = next((config.get("sample_size") for config in configs if config), None)
    blocks = config_in(folder / "vae", "config.json").get("block_out_channels")
    if type(latents) is not int or not isinstance(blocks, list) or not 0 < len(blocks) < 10:
        return None
    pixels = latents * 2 ** (len(blocks) - 1)
    return (pixels, pixels) if 0 < pixels <= 65536 else None


def _component(folder: Path, class_name: str, files: list[Path]) -> Detected:
    """Return what a part of a pipeline is that stands by itself: the class says what, the headers for whom."""
    found = detect_header(merged(files))
    kind, owner = _CLASSES.get(class_name, (found.kind, ""))
    if found.kind != kind:
        found = Detected(folder, kind, reason=f"Its config.json names {class_name}.")
    if owner and found.base_model != owner and not _is_special(found.base_model, owner):
        found = replace(found, base_model=owner, reason=f"Its config.json names {class_name}, which is for {owner}.")
    return with_size(replace(found, path=folder, format="diffusers"), files)


def _is_special(found: str, owner: str) -> bool:
    """Return whether headers found a family that shares the classes of another: "Wan 2.2 5B"."""
    return bool(found) and found.split(maxsplit=1)[0] == owner.split(maxsplit=1)[0]


def _of_transformers(folder: Path, config: Mapping[str, Any], files: list[Path]) -> Detected:
    classes = config.get("architectures")
    class_name = str(classes[0]) if isinstance(classes, list) and classes else ""
    if class_name.startswith(_ENCODERS):
        found = replace(detect_header(merged(files)), path=folder, kind="text_encoder", format="transformers")
        return with_size(found, files)
    model_type = config.get("model_type")
    known = family_of_model_type(model_type) if isinstance(model_type, str) else None
    named = f"Its config.json names {class_name or model_type or 'no class'}"
    if known is None:
        reason = f"{named}, whose family is not known here."
        kind: Kind = "model" if class_name or model_type else "unknown"
        return with_size(Detected(folder, kind, format="transformers", reason=reason), files)
    return with_size(
        Detected(
            folder, "model", base_model=known.name, format="transformers", reason=f"{named}, which is for {known.name}."
        ),
        files,
    )


def _peft(folder: Path, settings: Mapping[str, Any]) -> Detected:
    """Return what an adapter is that PEFT wrote: its settings stand beside its weights."""
    path = folder / "adapter_model.safetensors"
    if not path.is_file():
        raise ModelError(
            f"'{folder.name}' holds the settings of an adapter and not adapter_model.safetensors ({folder})."
        )
    found = detect_header(read_header(path))
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    return with_size(
        replace(
            found,
            path=folder,
            format="peft",
            rank=found.rank or (rank if type(rank) is int else None),
            alpha=float(alpha) if type(alpha) in (int, float) and abs(alpha) < 1e9 else found.alpha,
        ),
        [path],
    )
