"""Components in one file: ControlNets, autoencoders, motion adapters, put together by what their headers tell.

A file in diffusers' layout has the shapes of its class; numbers that no shape shows are those of the model that it goes
with. Every weight has to find its place: a file that only nearly fits is refused.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .detecting import Detected, detect
from .families import config_in
from .header_settings import Config, Shapes, vae_config, write_settings
from .safetensors_header import read_header
from .single_files import settings_of

_CLASSES = {"controlnet": "ControlNetModel", "vae": "AutoencoderKL", "motion": "MotionAdapter"}
_CONTROLNETS = {
    "FLUX.1": "FluxControlNetModel",
    "SD3": "SD3ControlNetModel",
    "Qwen-Image": "QwenImageControlNetModel",
}
"""Family → the class of its ControlNets in diffusers' layout; those of the UNets share one."""
_UNETS = ("", "SD1.5", "SD2", "SDXL", "SDXL Refiner", "Starter", "Kolors")
_PLAIN = ("", "union")
_FOLDER = "Get it as a folder in diffusers' format, and name the folder."
_HEADS, _GROUPS = 8, 32
"""Of every motion adapter that was published; no shape shows them."""


def component_class(place: Path) -> Any:
    """Return the diffusers class of one component: a folder names it, and of a file it is detected.

    Raises:
        ModelError: It is none that is used by itself.
    """
    import diffusers

    if place.is_dir():
        try:
            name = json.loads((place / "config.json").read_text(encoding="utf-8"))["_class_name"]
            return getattr(diffusers, name)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise ModelError(f"{place} holds no component of diffusers: its config.json names none.") from error
    found = detect(place)
    if found.kind not in _CLASSES:
        raise ModelError(f"'{place.name}' is no component that a model is lent with: {found.reason}")
    return getattr(diffusers, _class_of_controlnet(found) if found.kind == "controlnet" else _CLASSES[found.kind])


def _class_of_controlnet(found: Detected) -> str:
    """Return the class of a ControlNet in one file.

    Raises:
        ModelError: It is of a kind or a layout that is not read from one.
    """
    is_unet = found.base_model in _UNETS
    known = _CLASSES["controlnet"] if is_unet else _CONTROLNETS.get(found.base_model)
    if known is None or found.variant not in (_PLAIN[:1] if is_unet else _PLAIN) or not _is_read(found, is_unet):
        what = f"a ControlNet of {found.base_model or 'a family that nobody can tell'}"
        layout = f", {found.variant}" if found.variant else " in a layout of its makers" if not is_unet else ""
        raise ModelError(f"'{found.path.name}' is {what}{layout}, which is not read from one file. {_FOLDER}")
    return known


def _is_read(found: Detected, is_unet: bool) -> bool:
    return is_unet or found.format == "diffusers"


def load_component(path: Path, family: str, base: Path, dtype: Any) -> Any:
    """Load one component from its file.

    Args:
        path: The file.
        family: Of the model that it goes with.
        base: Folder or file of that model, whose settings its own are like.
        dtype: Its precision.

    Raises:
        ModelError: It is none, or nobody can tell how it is put together.
    """
    made = component_class(path)
    shapes = {name: shape for name, (_, shape) in read_header(path).tensors.items()}
    with contextlib.ExitStack() as stack:
        like = base if base.is_dir() else stack.enter_context(settings_of(family, base)).folder
        if made.__name__ == "AutoencoderKL" and (like / "vae" / "config.json").is_file():
            return _converted(made, path, dtype, config=str(like), subfolder="vae")
        written = _settings(made, like, shapes, family)
        if written is None:
            raise ModelError(
                f"'{path.name}' holds weights alone, and nobody here can tell how they are put together. {_FOLDER}"
            )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_settings({"config.json": {**written, "_class_name": made.__name__}}, folder)
        if made.__name__ in ("AutoencoderKL", "ControlNetModel") or not _is_of_diffusers(shapes):
            return _converted(made, path, dtype, config=str(folder))
        return _as_folder(made, path, folder, dtype)


def _is_of_diffusers(shapes: Shapes) -> bool:
    return not any(".temporal_transformer." in name for name in shapes)


def _converted(made: Any, path: Path, dtype: Any, **settings: str) -> Any:
    return made.from_single_file(str(path), dtype=dtype, local_files_only=True, **settings)


def _as_folder(made: Any, path: Path, folder: Path, dtype: Any) -> Any:
    """Load a file in diffusers' layout as if it lay in a folder with its settings.

    Raises:
        ModelError: It has weights too few, too many or of other shapes than its settings say.
    """
    (folder / "diffusion_pytorch_model.safetensors").symlink_to(path.resolve())
    try:
        thing, told = made.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"'{path.name}' does not go with this model: {str(error)[:200]} {_FOLDER}") from error
    odd = sorted([*told["missing_keys"], *told["unexpected_keys"], *map(str, told["mismatched_keys"])])
    if odd:
        raise ModelError(
            f"'{path.name}' does not go with this model: {len(odd)} of its weights have no place, among them "
            f"'{odd[0][:80]}'. {_FOLDER}"
        )
    return thing


def _settings(made: Any, like: Path, shapes: Shapes, family: str) -> Config | None:
    """Return the settings of a component, or None where its header and its model do not tell them all."""
    name = made.__name__
    if name == "AutoencoderKL":
        return vae_config(shapes, family)
    if name == "MotionAdapter":
        return _motion(shapes)
    if name == "ControlNetModel":
        return _controlnet(made, config_in(like / "unet", "config.json"), shapes)
    base = config_in(like / "transformer", "config.json")
    told = _of_transformer(name, base, shapes) if base else None
    if told is None:
        return None
    shared = set(made._get_init_keys(made)) - {"self"}
    return {entry: value for entry, value in base.items() if entry in shared} | told


def _of_transformer(name: str, base: Mapping[str, Any], shapes: Shapes) -> Config | None:
    """Return what a transformer's ControlNet differs in from its transformer; its blocks are fewer."""
    found: Config = {"num_layers": _count(shapes, r"transformer_blocks\.(\d+)\.")}
    if name == "FluxControlNetModel":
        modes, hint = (shapes.get(f"{key}.weight") for key in ("controlnet_mode_embedder", "input_hint_block.conv_out"))
        return found | {
            "num_single_layers": _count(shapes, r"single_transformer_blocks\.(\d+)\."),
            "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in shapes,
            "num_mode": modes[0] if modes else None,
            "conditioning_embedding_channels": hint[0] if hint else None,
        }
    if name == "QwenImageControlNetModel":
        return found | {"extra_condition_channels": shapes["controlnet_x_embedder.weight"][1] - base["in_channels"]}
    if "pos_embed.pos_embed" not in shapes or "context_embedder.weight" not in shapes:
        return None  # those of SD3.5 large differ in what no shape shows
    dual = {int(block[1]) for key in shapes if (block := re.match(r"transformer_blocks\.(\d+)\.attn2\.", key))}
    return found | {
        "extra_conditioning_channels": shapes["pos_embed_input.proj.weight"][1] - base["in_channels"],
        "pos_embed_max_size": math.isqrt(shapes["pos_embed.pos_embed"][1]),
        "dual_attention_layers": sorted(dual),
        "qk_norm": base.get("qk_norm") if "transformer_blocks.0.attn.norm_q.weight" in shapes else None,
    }


def _count(shapes: Shapes, pattern: str) -> int:
    """Return how many numbered blocks there are."""
    return len({found[1] for name in shapes if (found := re.match(pattern, name))})


def _motion(shapes: Shapes) -> Config | None:
    """Return the settings of a motion adapter, or None where its widths are not those of published ones."""
    norm = r"(?:\.temporal_transformer)?\.norm\.weight"
    modules = {
        (int(found[1]), int(found[2])): shape[0]
        for name, shape in shapes.items()
        if (found := re.fullmatch(rf"down_blocks\.(\d+)\.motion_modules\.(\d+){norm}", name))
    }
    places = next((shape for name, shape in shapes.items() if name.endswith((".pos_embed.pe", ".pos_encoder.pe"))), ())
    if not modules or len(places) != 3 or any(width % _GROUPS for width in modules.values()):
        return None
    levels = 1 + max(level for level, _ in modules)
    entry = shapes.get("conv_in.weight")
    return {
        "block_out_channels": [modules[level, 0] for level in range(levels)],
        "motion_layers_per_block": 1 + max(number for _, number in modules),
        "motion_transformer_layers_per_block": _count(
            shapes, r"down_blocks\.0\.motion_modules\.0\.(?:temporal_transformer\.)?transformer_blocks\.(\d+)\."
        ),
        "motion_num_attention_heads": _HEADS,
        "motion_norm_num_groups": _GROUPS,
        "motion_max_seq_length": places[1],
        "use_motion_mid_block": any(name.startswith("mid_block.") for name in shapes),
        "conv_in_channels": entry[1] if entry else None,
    }


def _controlnet(made: Any, unet: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any] | None:
    """Return the settings of a ControlNet in its inventors' layout: a copy of its UNet's way down, and a way in."""
    prefix = next((start for start in ("", "control_model.") if f"{start}input_hint_block.0.weight" in shapes), None)
    if prefix is None or not unet:
        return None
    shared = set(made._get_init_keys(made)) - {"self"}
    widths = [shapes[f"{prefix}input_hint_block.{place}.weight"][0] for place in range(0, 15, 2)]
    config = {name: value for name, value in unet.items() if name in shared and name != "in_channels"}
    return {**config, "_class_name": made.__name__, "conditioning_embedding_out_channels": widths[0:7:2]}
