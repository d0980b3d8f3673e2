"""What one safetensors file is."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from ..safetensors_header import Header, read_header
from .key_layouts import DENOISERS
from .layouts import Layout, Match, Tensors, find, fits, words_of
from .loras import detect_lora
from .makers_words import OWN_BASE, claimed_base, resolution, trigger_words
from .part_layouts import CONTROLNETS, ENCODERS, IP_ADAPTERS, MOTIONS, VAES
from .result import Detected

_VAE_PREFIXES = ("first_stage_model.", "vae.")
_DENOISER_PREFIX = "model.diffusion_model."
_ENCODER_PREFIXES = ("cond_stage_model.", "conditioner.", "text_encoders.")
_WIDTHS = {768: "SD1.5", 1024: "SD2", 4096: ""}
_MOST_TOKENS = 512
_LAYOUTS = {"original": "its makers' layout", "diffusers": "diffusers' layout", "transformers": "transformers' layout"}
_WORDS = {
    "controlnet": "ControlNet",
    "vae": "VAE",
    "ip_adapter": "IP-Adapter",
    "motion": "motion module",
    "text_encoder": "text encoder",
}


def detect_file(path: Path) -> Detected:
    """Return what a file of weights is.

    Raises:
        ModelError: It is no sound safetensors file; says why.
    """
    return with_size(detect_header(read_header(path)), [path])


def with_size(found: Detected, files: list[Path]) -> Detected:
    """Return what was found, with the size of its files."""
    return replace(found, megabytes=sum(file.stat().st_size for file in files) / 1e6)


def detect_header(header: Header) -> Detected:
    """Return what the tensors of a header are."""
    tensors = header.tensors
    if not tensors:
        return Detected(header.path, "unknown", reason="It holds no tensors.")
    match = find(tensors, (*IP_ADAPTERS, *CONTROLNETS[:2]))
    if match is None and (lora := detect_lora(header)):
        return lora
    match = match or find(tensors, (*CONTROLNETS, *MOTIONS)) or find(tensors, DENOISERS)
    match = match or _whole(header) or _embedding(header) or find(tensors, (*VAES, *ENCODERS))
    if isinstance(match, Detected):
        return match
    return _matched(header, match) if match else _unknown(header)


def _matched(header: Header, match: Match) -> Detected:
    layout = match.layout
    families = () if match.odd else layout.families
    parts = _parts(header.tensors, layout.part) if layout.kind == "model" and layout.part else ()
    base, reason = families[0] if len(families) == 1 else "", _reason(header.tensors, match, families)
    claim, entry = claimed_base(header.metadata)
    if not base and claim in families:
        base, reason = claim, f"{reason} Its maker names {claim} ({entry})."
    return Detected(
        path=header.path,
        kind=layout.kind,
        base_model=base,
        candidates=families if len(families) > 1 else (),
        format=layout.format,
        variant="" if match.odd else layout.variant,
        parts=parts,
        layers=_layers(header.tensors) if layout.kind in ("controlnet", "ip_adapter", "motion") else 0,
        trigger_words=trigger_words(header.metadata),
        resolution=resolution(header.metadata),
        reason=reason,
    )


def _whole(header: Header) -> Detected | None:
    """Return what a file is whose denoiser is of no known layout, or None: what stands beside it does not tell."""
    name = next((name for name in header.tensors if name.startswith(_DENOISER_PREFIX)), None)
    if name is None:
        return None
    is_unet = f"{_DENOISER_PREFIX}input_blocks.0.0.weight" in header.tensors
    claim, entry = claimed_base(header.metadata)
    said = f" Its maker names {claim} ({entry})." if claim else ""
    return Detected(
        header.path,
        "model",
        format="original",
        parts=_parts(header.tensors, "unet" if is_unet else "transformer"),
        trigger_words=trigger_words(header.metadata),
        resolution=resolution(header.metadata),
        reason=f"It has a denoiser ('{name[:60]}'), laid out as none that is known, so its base model is open.{said}",
    )


def _reason(tensors: Tensors, match: Match, families: tuple[str, ...]) -> str:
    layout = match.layout
    key = next(iter(layout.keys))
    if match.odd:
        shape = words_of(tensors[match.prefix + match.odd[0]][1])
        kind = f"{_kind_alone(layout)} ({_LAYOUTS.get(layout.format, layout.format)})"
        return f"It is laid out as a {kind}, but its '{match.odd[0]}' is {shape}, so its base model is open."
    if layout.kind == "unknown":
        return f"It is laid out as {layout.variant}, which does not work by itself here."
    if len(families) > 1:
        return f"It is {_kind_in_words(match)}; headers cannot tell {', '.join(families)} apart."
    return f"It has '{match.prefix}{key}'{_shape_of(match)}, as {_kind_in_words(match)} does."


def _shape_of(match: Match) -> str:
    shape = next(iter(match.layout.keys.values()))
    return f" of {words_of(number for number in shape if number is not None)}" if shape and None not in shape else ""


def _kind_in_words(match: Match) -> str:
    layout = match.layout
    kind = _kind_alone(layout)
    if len(layout.families) == 1:
        kind = f"the {kind} of {layout.families[0]}"
    else:
        kind = f"a {kind}{f' ({layout.variant})' if layout.variant else ''}"
    return f"{kind} ({_LAYOUTS.get(layout.format, layout.format)})"


def _kind_alone(layout: Layout) -> str:
    return _WORDS.get(layout.kind, layout.kind) if layout.kind != "model" else layout.part or "model"


def _parts(tensors: Tensors, part: str) -> tuple[str, ...]:
    """Return what a file with a denoiser holds besides it."""
    found = [part]
    if any(name.startswith(_VAE_PREFIXES) for name in tensors):
        found.append("vae")
    if any(name.startswith(_ENCODER_PREFIXES) for name in tensors):
        found.append("text_encoder")
    return tuple(found)


def _layers(tensors: Tensors) -> int:
    return len({name.rpartition(".")[0] for name, (_, shape) in tensors.items() if len(shape) > 1})


def _embedding(header: Header) -> Detected | None:
    """Return what a textual inversion is: a few vectors as wide as a text encoder, or None."""
    tensors = {
        name: shape
        for name, (_, shape) in header.tensors.items()
        if not name.startswith("string_to_token")
        and name not in ("name", "step", "sd_checkpoint", "sd_checkpoint_name")
    }
    if not 1 <= len(tensors) <= 2 or not all(_is_vectors(shape) for shape in tensors.values()):
        return None
    widths = [shape[-1] for shape in tensors.values()]
    format, base, reason = "diffusers", "", ""
    own = header.metadata.get(OWN_BASE, "")
    if set(tensors) == {"clip_l", "clip_g"}:
        format, base = "original", "SDXL" if (tensors["clip_l"][-1], tensors["clip_g"][-1]) == (768, 1280) else ""
        reason = "It has vectors for both text encoders of SDXL." if base else ""
    elif len(tensors) == 1:
        (name,) = tensors
        is_known = name == "emb_params" or name.startswith("string_to_param")
        if not is_known and not own and ("." in name or widths[0] not in _WIDTHS):
            return None
        format, base = "original" if is_known else "diffusers", _WIDTHS.get(widths[0], "")
        reason = f"Its vectors are {widths[0]} wide, as the text encoder of {base} reads them." if base else ""
    elif not _learnt_twice(tensors):
        return None
    if not base and own:
        base, reason = own, f"Its vectors are {words_of(widths)} wide; its maker names {own} ({OWN_BASE})."
    return Detected(
        header.path,
        "embedding",
        base_model=base,
        format=format,
        layers=sum(math.prod(shape[:-1]) for shape in tensors.values()),
        trigger_words=trigger_words(header.metadata),
        reason=reason or f"Its vectors are {words_of(widths)} wide, which fits no family that is known here.",
    )


def _learnt_twice(tensors: dict[str, tuple[int, ...]]) -> bool:
    """Return whether two tensors are the vectors of one word for two text encoders."""
    return all(name.startswith(("clip_", "text_encoders_", "string_to_param")) for name in tensors)


def _is_vectors(shape: tuple[int, ...]) -> bool:
    return (fits(shape, (None,)) and shape[0] >= 16) or (
        len(shape) == 2 and 1 <= shape[0] <= _MOST_TOKENS and shape[1] >= 16
    )


def _unknown(header: Header) -> Detected:
    names = sorted(header.tensors)
    shown = ", ".join(f"'{name[:60]}'" for name in names[:3])
    claim, entry = claimed_base(header.metadata)
    said = f" Its maker names {claim} ({entry})." if claim else ""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return Detected(
        header.path,
        "unknown",
        trigger_words=trigger_words(header.metadata),
        resolution=resolution(header.metadata),
        reason=f"Nothing that is known here is laid out like it: it holds {shown}{more}.{said}",
    )
