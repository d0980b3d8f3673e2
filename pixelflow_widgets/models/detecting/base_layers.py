"""The layers of a base model, under the names that adapters' layers have too."""

from __future__ import annotations

from pathlib import Path

from ...errors import ModelError
from ..safetensors_header import read_header
from .layer_names import folded, in_diffusers, in_text_encoder
from .layouts import PREFIXES, Tensors

_PARTS = ("unet", "transformer", "transformer_2", "text_encoder", "text_encoder_2", "text_encoder_3")

# Where single files keep text encoders → the part that diffusers makes of it; SDXL's first.
_ENCODERS = (
    ("conditioner.embedders.0.transformer.", "text_encoder"),
    ("conditioner.embedders.1.model.", "text_encoder_2"),
    ("cond_stage_model.transformer.", "text_encoder"),
    ("cond_stage_model.model.", "text_encoder"),
    ("text_encoders.clip_l.transformer.", "text_encoder"),
    ("text_encoders.clip_g.transformer.", "text_encoder_2"),
)
_DENOISER = PREFIXES[1:3]
_OF_UNETS = ("input_blocks.", "down_blocks.")


def base_shapes(place: Path | str) -> dict[str, tuple[int, int]]:
    """Return the layers of a base model: folded name in diffusers' layout → (outputs, inputs).

    Args:
        place: A folder of diffusers, a folder of one part, or a single file in its makers' layout.

    Raises:
        ModelError: A file is not sound, or the place holds none.
    """
    place = Path(place)
    if place.is_file():
        return _of_file(read_header(place).tensors)
    if not place.is_dir():
        raise ModelError(f"There is no model at {place}.")
    found: dict[str, tuple[int, int]] = {}
    for part in _PARTS:
        for file in sorted((place / part).glob("*.safetensors")):
            for name, (_, shape) in read_header(file).tensors.items():
                if plain := _layer(name, shape):
                    found[f"{part}_{folded(plain)}"] = shape[0], shape[1]
    if found:
        return found
    for file in sorted(place.glob("*.safetensors")):
        found |= _of_file(read_header(file).tensors)
    return found


def _layer(name: str, shape: tuple[int, ...]) -> str:
    """Return the name of the layer whose matrix a tensor is, or an empty string."""
    if len(shape) < 2 or not name.endswith((".weight", ".in_proj_weight")):
        return ""
    return name.removesuffix(".weight")


def _of_file(tensors: Tensors) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    denoiser = next((prefix for prefix in _DENOISER if any(name.startswith(prefix) for name in tensors)), "")
    denoiser_part = (
        "unet" if any(name.startswith(denoiser + start) for start in _OF_UNETS for name in tensors) else "transformer"
    )
    for name, (_, shape) in tensors.items():
        plain = _layer(name, shape)
        if not plain:
            continue
        size = shape[0], shape[1]
        encoder = next(((start, part) for start, part in _ENCODERS if plain.startswith(start)), None)
        if encoder:
            start, part = encoder
            found |= {f"{part}_{own}": each for own, each in in_text_encoder(folded(plain[len(start) :]), size)}
        elif plain.startswith(denoiser):
            own = folded(plain[len(denoiser) :])
            found |= {f"{denoiser_part}_{each}": named for each, named in in_diffusers(own, size)}
    return found
