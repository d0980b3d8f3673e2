"""The layouts that these tests are made of are the real ones: diffusers' own converters make its own models of them."""

from __future__ import annotations

from typing import Any

import pytest

from ..layouts import Layout, within
from ..layouts import originals as makers
from ..layouts.diffusers_models import MODELS, layout


def on_meta(tensors: Layout) -> dict[str, Any]:
    import torch

    return {name: torch.empty(shape, device="meta") for name, shape in tensors.items()}


def converted(converter: str, tensors: Layout, *more: Any) -> Layout:
    from diffusers.loaders import single_file_utils

    made = getattr(single_file_utils, converter)(on_meta(tensors), *more)
    return {name: tuple(tensor.shape) for name, tensor in made.items()}


@pytest.mark.parametrize(
    ("tensors", "name"),
    [
        (makers.unet(), "sd15"),
        (makers.unet(given=9), "sd15 inpaint"),
        (makers.unet(**makers.SD2), "sd2"),
        (makers.unet(**makers.XL), "sdxl"),
        (makers.unet(**makers.REFINER), "sdxl refiner"),
    ],
    ids=["SD1.5", "SD1.5 inpaint", "SD2", "SDXL", "SDXL refiner"],
)
def test_unets_become_diffusers_unets(tensors: Layout, name: str) -> None:
    added = MODELS[name][1].get("addition_embed_type")
    config = {"layers_per_block": 2, "class_embed_type": None, "addition_embed_type": added}
    tensors = within("model.diffusion_model.", tensors)
    assert converted("convert_ldm_unet_checkpoint", tensors, config) == layout(name)


@pytest.mark.parametrize(("tensors", "name"), [(makers.vae(), "vae sd"), (makers.vae(16, False), "vae flux")])
def test_autoencoders_become_diffusers_autoencoders(tensors: Layout, name: str) -> None:
    config = {"down_block_types": [None] * 4, "up_block_types": [None] * 4}
    assert converted("convert_ldm_vae_checkpoint", tensors, config) == layout(name)


@pytest.mark.parametrize(
    ("converter", "tensors", "name"),
    [
        ("flux", makers.flux(), "flux dev"),
        ("flux", makers.flux(guided=False), "flux schnell"),
        ("flux2", makers.flux2(), "flux2"),
        ("chroma", makers.chroma(), "chroma"),
    ],
)
def test_fluxes_become_diffusers_transformers(converter: str, tensors: Layout, name: str) -> None:
    assert converted(f"convert_{converter}_transformer_checkpoint_to_diffusers", tensors) == layout(name)


@pytest.mark.parametrize(
    ("tensors", "name"),
    [
        (makers.sd3(), "sd3 medium"),
        (makers.sd3(dual=13, positions=147456, normed=True), "sd35 medium"),
        (makers.sd3(2432, 38, normed=True), "sd35 large"),
    ],
    ids=["SD3", "SD3.5 medium", "SD3.5 large"],
)
def test_sd3s_become_diffusers_transformers(tensors: Layout, name: str) -> None:
    assert converted("convert_sd3_transformer_checkpoint_to_diffusers", tensors) == layout(name)


@pytest.mark.parametrize(
    ("tensors", "name"),
    [
        (makers.wan(), "wan 14B"),
        (makers.wan(1536, 8960, 30), "wan 1.3B"),
        (makers.wan(given=36, image=True), "wan 14B i2v"),
        (makers.wan(3072, 14336, 30, given=48), "wan 5B"),
    ],
    ids=["14B", "1.3B", "image to video", "2.2 5B"],
)
def test_wans_become_diffusers_transformers(tensors: Layout, name: str) -> None:
    assert converted("convert_wan_transformer_to_diffusers", tensors) == layout(name)


def test_ltx_and_z_image_become_diffusers_transformers() -> None:
    ltx, z_image = layout("ltx"), layout("z-image")
    assert converted("convert_ltx_transformer_checkpoint_to_diffusers", makers.ltx(ltx)) == ltx
    assert converted("convert_z_image_transformer_checkpoint_to_diffusers", makers.z_image(z_image)) == z_image
