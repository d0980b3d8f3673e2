"""ControlNets and motion adapters in one file: put together by their headers, as their folders are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Model
from pixelflow_widgets.models.components import component_class
from pixelflow_widgets.nodes import control, text_to_image
from tests.nodes.pictures import scene
from tests.zoo import Zoo

from .layouts import originals, write
from .layouts.diffusers_models import layout

GUIDES = {
    "flux": ("controlnet_flux", "FluxControlNetModel"),
    "sd3": ("controlnet_sd3", "SD3ControlNetModel"),
    "qwen_image": ("controlnet_qwen_image", "QwenImageControlNetModel"),
}
XLABS = {
    "controlnet_blocks.0.weight": (64, 64),
    "double_blocks.0.img_attn.norm.key_norm.scale": (8,),
    "input_hint_block.0.weight": (16, 3, 3, 3),
}


def alone(folder: Path, target: Path) -> Path:
    """The weights of a folder without its settings."""
    (source,) = folder.glob("*.safetensors")
    shutil.copy(source, target)
    return target


def guided(base: Path, guide: Path) -> bytes:
    settings: dict[str, Any] = {"model": Model(str(base)), "steps": 2, "width": 32, "height": 32, "seed": 7}
    return control("a red circle", [scene(1, 32, 32)], [Model(str(guide))], **settings).tobytes()


@pytest.mark.parametrize("base", GUIDES)
def test_a_controlnet_of_a_transformer_guides_from_a_file_as_from_its_folder(
    zoo: Zoo, tmp_path: Path, base: str
) -> None:
    name, made = GUIDES[base]
    file = alone(zoo(name), tmp_path / "guide.safetensors")
    assert component_class(file).__name__ == made
    wanted = guided(zoo(base), zoo(name))
    settings: dict[str, Any] = {"steps": 2, "width": 32, "height": 32, "seed": 7}
    assert guided(zoo(base), file) == wanted
    assert wanted != text_to_image("a red circle", model=Model(str(zoo(base))), **settings).tobytes()


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (
            XLABS,
            "is a ControlNet of FLUX.1 in a layout of its makers, which is not read from one file.",
        ),
        (layout("controlnet sdxl union"), "is a ControlNet of SDXL, union, which is not read from one file."),
        (layout("sparse controlnet"), "is a ControlNet of SD1.5, SparseCtrl, which is not read from one file."),
        (originals.vae(16, False), ""),
    ],
    ids=["XLabs", "union", "SparseCtrl", "VAE"],
)
def test_what_is_not_read_from_one_file_asks_for_its_folder(tmp_path: Path, tensors: Any, words: str) -> None:
    path = write(tmp_path / "one.safetensors", tensors)
    if not words:
        assert component_class(path).__name__ == "AutoencoderKL"
        return
    with pytest.raises(pf.ModelError, match=words) as caught:
        component_class(path)
    assert "folder in diffusers' format" in str(caught.value)


def test_a_controlnet_of_other_sizes_is_refused_and_not_loaded_halfway(zoo: Zoo, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = alone(zoo("controlnet_flux"), tmp_path / "cut.safetensors")
    tensors = {name: tensor for name, tensor in load_file(file).items() if "context_embedder.bias" not in name}
    save_file(tensors, file)
    with pytest.raises(pf.ModelError, match=r"does not go with this model.*context_embedder.bias.*folder"):
        guided(zoo("flux"), file)


def test_a_motion_adapter_sets_in_motion_from_a_file_as_from_its_folder(zoo: Zoo, tmp_path: Path) -> None:
    def filmed(motion: Path) -> bytes:
        settings: dict[str, Any] = {"width": 64, "height": 64, "steps": 2, "frames": 2, "seed": 7}
        made = pf.nodes.text_to_video("a circle", model=str(zoo("sd15_of_32")), motion=str(motion), **settings)
        return made.frames.tobytes()

    wanted = filmed(zoo("motion_of_32"))
    assert filmed(alone(zoo("motion_of_32"), tmp_path / "motion.safetensors")) == wanted
    narrow = {f"down_blocks.{level}.motion_modules.0.norm.weight": (24,) for level in range(4)}
    narrow["down_blocks.0.motion_modules.0.transformer_blocks.0.pos_embed.pe"] = (1, 16, 24)
    with pytest.raises(pf.ModelError, match="nobody here can tell how they are put together. Get it as a folder"):
        filmed(write(tmp_path / "narrow.safetensors", narrow))
