"""What a LoRA was made for: told by its layers, and by its maker's words where they leave it open."""

from __future__ import annotations

from ..families import family
from ..safetensors_header import Header
from .layer_tables import DERIVED, possible
from .lora_layers import LoraLayers, lora_layers
from .makers_words import claimed_alpha, claimed_base, resolution, trigger_words
from .result import Detected

# Widths of text encoders → who has such a one, where nothing but text encoders is changed.
_ENCODERS = {
    ("text_encoder", 768): {"SD1.5", "SDXL", "SD3", "FLUX.1"},
    ("text_encoder", 1024): {"SD2"},
    ("text_encoder_2", 1280): {"SDXL", "SD3"},
    ("text_encoder_2", 4096): {"FLUX.1"},
    ("text_encoder_3", 4096): {"SD3"},
    ("text_encoder", 64): {"Starter"},
    ("text_encoder_2", 128): {"Starter"},
}
_CONTROLLED = ("x_embedder", (3072, 128))
"""FLUX.1's control LoRAs widen the way in: beside the picture there is the hint."""


def detect_lora(header: Header) -> Detected | None:
    """Return what a LoRA is, or None where the file is none."""
    layers = lora_layers(header.tensors)
    if layers is None:
        return None
    metadata = header.metadata
    found, why = _families(layers)
    claim, entry = claimed_base(metadata)
    base, candidates, reason = _decided(found, why, claim, entry)
    alpha = claimed_alpha(metadata)
    return Detected(
        path=header.path,
        kind="lora",
        base_model=base,
        candidates=candidates,
        format=layers.format,
        variant=_variant(layers),
        rank=layers.rank,
        alpha=alpha if alpha is not None else _first_alpha(header, layers),
        layers=len(layers.modules),
        trigger_words=trigger_words(metadata),
        resolution=resolution(metadata),
        shapes=layers.shapes,
        reason=reason,
    )


def _families(layers: LoraLayers) -> tuple[set[str] | None, str]:
    """Return (families that have these layers, how that was seen); None where no layer is known."""
    denoiser = [
        item for part in ("unet", "transformer", "transformer_2") for item in layers.parts.get(part, {}).items()
    ]
    if any("motion_modules" in name for name, _ in denoiser):
        is_deep = any("_blocks_3_" in name for name, _ in denoiser)
        return ({"SD1.5"} if is_deep else {"SD1.5", "SDXL"}), f"Its {len(layers.modules)} layers of motion modules"
    if any("temporal_transformer_blocks" in name for name, _ in denoiser):
        return {"SVD"}, f"Its {len(layers.modules)} layers, some of them between pictures,"
    found = possible(denoiser)
    if found is not None:
        return found, f"Its {len(layers.modules)} layers"
    if denoiser:
        return None, "No base model that is known here has layers of these names"
    if not layers.parts:
        return (
            None,
            f"The tensors of {layers.variant or 'its method'} do not say the shapes of the layers that it changes",
        )
    encoders: set[str] | None = None
    for part, named in layers.parts.items():
        for name, (_, inputs) in named.items():
            if name.endswith("q_proj") and (having := _encoder_of(layers, part, inputs)):
                encoders = having if encoders is None else encoders & having
    return encoders, "It changes text encoders only, and their layers"


def _encoder_of(layers: LoraLayers, part: str, width: int) -> set[str]:
    if "lora_te_" in layers.prefixes and width == 768:  # kohya's name where there is only one text encoder
        return {"SD1.5"}
    return _ENCODERS.get((part, width), set())


def _decided(found: set[str] | None, why: str, claim: str, entry: str) -> tuple[str, tuple[str, ...], str]:
    """Return (base model, candidates, reason) of what shapes and words say; where they differ, shapes do."""
    said = f" Its maker names {claim} ({entry})." if claim else ""
    if found is None:
        base = claim if family(claim) else ""
        return base, (), f"{why}.{said}" if base else f"{why}, so its base model is open.{said}"
    if not found:
        return "", (), f"{why} have the shapes of no family that is known here, so its base model is open.{said}"
    same = {derived for base in found for derived in DERIVED.get(base, ())}
    candidates = tuple(sorted(found) + sorted(same))
    if claim in found | same:
        return claim, candidates, f"{why} fit {_listed(candidates)}, and its maker names {claim} ({entry})."
    if len(found) == 1:
        (base,) = found
        other = f", which {_listed(sorted(same))} shares" if same else ""
        differs = f" Its maker names {claim} ({entry}), which has other layers." if claim else ""
        return base, candidates if same else (), f"{why} are those of {base}{other}.{differs}"
    return "", candidates, f"{why} are the same in {_listed(candidates)}, so its base model is open.{said}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _variant(layers: LoraLayers) -> str:
    if layers.variant:
        return layers.variant
    transformer = layers.parts.get("transformer", {})
    if transformer.get(_CONTROLLED[0]) == _CONTROLLED[1]:
        return "control"
    return "motion" if any("motion_modules" in name for name in layers.parts.get("unet", {})) else ""


def _first_alpha(header: Header, layers: LoraLayers) -> float | None:
    """Return the alpha that stands in the file beside the first layer that has one."""
    for module, shapes in layers.modules.items():
        if "alpha" in shapes:
            return header.number(f"{module}.alpha")
    return None
