"""Whole models and their parts, in the layouts of their makers and of diffusers: who they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.detecting import base_shapes, detect
from pixelflow_widgets.models.detecting.layer_names import folded
from pixelflow_widgets.models.detecting.layer_tables import possible
from pixelflow_widgets.models.families import family

from ..layouts import Layout, within, write
from ..layouts import originals as makers
from ..layouts.diffusers_models import MODELS, encoder, layout

FOUR = ("SD1.5", "SD2", "SDXL")
SIXTEEN = ("FLUX.1", "SD3", "Chroma", "Z-Image", "Lumina 2", "HiDream")

# Name in MODELS → (kind, base model or candidates, variant)
OF_DIFFUSERS: dict[str, tuple[str, str | tuple[str, ...], str]] = {
    "sd15": ("model", "SD1.5", ""),
    "sd15 inpaint": ("model", "SD1.5", "inpaint"),
    "sd2": ("model", "SD2", ""),
    "sdxl": ("model", "SDXL", ""),
    "sdxl inpaint": ("model", "SDXL", "inpaint"),
    "sdxl refiner": ("model", "SDXL Refiner", ""),
    "kolors": ("model", "Kolors", ""),
    "svd": ("model", "SVD", ""),
    "modelscope": ("model", "ModelScope", ""),
    "motion unet": ("model", "SD1.5", ""),
    "flux schnell": ("model", "FLUX.1", "schnell"),
    "flux dev": ("model", "FLUX.1", "dev"),
    "flux fill": ("model", "FLUX.1", "fill"),
    "flux depth": ("model", "FLUX.1", "control"),
    "flux2": ("model", "FLUX.2", ""),
    "flux3": ("model", "FLUX.3", ""),
    "chroma": ("model", "Chroma", ""),
    "sd3 medium": ("model", "SD3", "medium"),
    "sd35 medium": ("model", "SD3", "3.5 medium"),
    "sd35 large": ("model", "SD3", "3.5 large"),
    "qwen": ("model", "Qwen-Image", ""),
    "qwen 2.1": ("model", "Qwen-Image 2.1", ""),
    "wan 14B": ("model", "Wan 2.1", "text to video"),
    "wan 14B i2v": ("model", "Wan 2.1", "image to video"),
    "wan 1.3B": ("model", "Wan 2.1", "text to video"),
    "wan 5B": ("model", "Wan 2.2 5B", ""),
    "wan vace": ("model", "Wan 2.1", "VACE"),
    "ltx": ("model", "LTX-Video", ""),
    "ltx2": ("model", "LTX-2", ""),
    "hunyuan video": ("model", "HunyuanVideo", ""),
    "hunyuan video 1.5": ("model", "HunyuanVideo 1.5", ""),
    "mochi": ("model", "Mochi", ""),
    "cogvideox": ("model", "CogVideoX", ""),
    "cogview4": ("model", "CogView 4", ""),
    "auraflow": ("model", "AuraFlow", ""),
    "lumina2": ("model", "Lumina 2", ""),
    "z-image": ("model", "Z-Image", ""),
    "sana": ("model", "Sana", ""),
    "pixart": ("model", "PixArt", ""),
    "hunyuan dit": ("model", "HunyuanDiT", ""),
    "krea2": ("model", "Krea 2", ""),
    "stable audio": ("model", "Stable Audio", ""),
    "controlnet sd15": ("controlnet", "SD1.5", ""),
    "controlnet sdxl": ("controlnet", "SDXL", ""),
    "controlnet sdxl small": ("controlnet", "SDXL", ""),
    "controlnet sdxl union": ("controlnet", "SDXL", "union"),
    "controlnet flux": ("controlnet", "FLUX.1", ""),
    "controlnet flux union": ("controlnet", "FLUX.1", "union"),
    "controlnet sd3": ("controlnet", "SD3", ""),
    "controlnet qwen": ("controlnet", "Qwen-Image", ""),
    "sparse controlnet": ("controlnet", "SD1.5", "SparseCtrl"),
    "motion sd15": ("motion", "SD1.5", ""),
    "motion sdxl": ("motion", "SDXL", ""),
    "vae sd": ("vae", FOUR, ""),
    "vae flux": ("vae", SIXTEEN, ""),
    "vae wan": ("vae", ("Wan 2.1", "Qwen-Image"), ""),
    "vae qwen": ("vae", ("Wan 2.1", "Qwen-Image"), ""),
    "vae ltx": ("vae", "LTX-Video", ""),
    "vae flux2": ("vae", "FLUX.2", ""),
    "vae hunyuan video": ("vae", "HunyuanVideo", ""),
    "vae cogvideox": ("vae", "CogVideoX", ""),
    "vae svd": ("vae", "SVD", ""),
    "vae stable audio": ("vae", "Stable Audio", ""),
    "vae tiny": ("vae", FOUR, "tiny"),
    "vae tiny flux": ("vae", SIXTEEN, "tiny"),
}


def told(path: Path, tensors: Layout, metadata: dict[str, str] | None = None) -> tuple[str, str | tuple[str, ...], str]:
    found = detect(write(path / "weights.safetensors", tensors, metadata))
    assert found.reason.endswith(".") and (not found.base_model or family(found.base_model)) and found.megabytes > 0
    assert all(family(name) for name in found.candidates)
    return found.kind, found.base_model or found.candidates, found.variant


def test_every_layout_is_in_the_table() -> None:
    assert set(OF_DIFFUSERS) == set(MODELS)


@pytest.mark.parametrize("name", OF_DIFFUSERS)
def test_what_diffusers_saves_is_told(name: str, tmp_path: Path) -> None:
    assert told(tmp_path, layout(name)) == OF_DIFFUSERS[name]
    assert detect(tmp_path / "weights.safetensors").format == "diffusers"


def whole_flux() -> Layout:
    return within("model.diffusion_model.", makers.flux()) | within("vae.", makers.vae(16, False))


def whole_ltx() -> Layout:
    ltx = within("model.diffusion_model.", makers.ltx(layout("ltx")))
    return ltx | {"vae.per_channel_statistics.mean-of-means": (128,)}


# (kind, base model or candidates, variant, parts)
OF_MAKERS = {
    "SD1.5": (makers.sd15, "model", "SD1.5", "", ("unet", "vae", "text_encoder")),
    "SD1.5 inpaint": (lambda: makers.sd15(9), "model", "SD1.5", "inpaint", ("unet", "vae", "text_encoder")),
    "InstructPix2Pix": (lambda: makers.sd15(8), "model", "SD1.5", "instruct-pix2pix", ("unet", "vae", "text_encoder")),
    "SD2": (makers.sd2, "model", "SD2", "", ("unet", "vae", "text_encoder")),
    "SD2 depth": (lambda: makers.sd2(5), "model", "SD2", "depth", ("unet", "vae", "text_encoder")),
    "SDXL": (makers.sdxl, "model", "SDXL", "", ("unet", "vae", "text_encoder")),
    "SDXL inpaint": (lambda: makers.sdxl(9), "model", "SDXL", "inpaint", ("unet", "vae", "text_encoder")),
    "SDXL refiner": (makers.refiner, "model", "SDXL Refiner", "", ("unet", "vae", "text_encoder")),
    "a UNet alone": (lambda: makers.unet(**makers.XL), "model", "SDXL", "", ("unet",)),
    "FLUX.1 dev": (makers.flux, "model", "FLUX.1", "dev", ("transformer",)),
    "FLUX.1 dev with its VAE": (whole_flux, "model", "FLUX.1", "dev", ("transformer", "vae")),
    "FLUX.1 schnell": (lambda: makers.flux(guided=False), "model", "FLUX.1", "schnell", ("transformer",)),
    "FLUX.1 Fill": (lambda: makers.flux(given=384), "model", "FLUX.1", "fill", ("transformer",)),
    "FLUX.1 Depth": (lambda: makers.flux(given=128), "model", "FLUX.1", "control", ("transformer",)),
    "FLUX.2": (makers.flux2, "model", "FLUX.2", "", ("transformer",)),
    "Chroma": (makers.chroma, "model", "Chroma", "", ("transformer",)),
    "SD3": (lambda: within("model.diffusion_model.", makers.sd3()), "model", "SD3", "medium", ("transformer",)),
    "SD3.5 medium": (
        lambda: makers.sd3(dual=13, positions=147456, normed=True),
        *("model", "SD3", "3.5 medium"),
        ("transformer",),
    ),
    "SD3.5 large": (lambda: makers.sd3(2432, 38, normed=True), "model", "SD3", "3.5 large", ("transformer",)),
    "Wan 2.1 14B": (makers.wan, "model", "Wan 2.1", "text to video", ("transformer",)),
    "Wan 2.1 1.3B": (lambda: makers.wan(1536, 8960, 30), "model", "Wan 2.1", "text to video", ("transformer",)),
    "Wan 2.1 i2v": (lambda: makers.wan(given=36, image=True), "model", "Wan 2.1", "image to video", ("transformer",)),
    "Wan 2.2 5B": (lambda: makers.wan(3072, 14336, 30, given=48), "model", "Wan 2.2 5B", "", ("transformer",)),
    "LTX-Video": (whole_ltx, "model", "LTX-Video", "", ("transformer", "vae")),
    "Z-Image": (lambda: makers.z_image(layout("z-image")), "model", "Z-Image", "", ("transformer",)),
    "Qwen-Image": (
        lambda: within("model.diffusion_model.", layout("qwen")),
        "model",
        "Qwen-Image",
        "",
        ("transformer",),
    ),
    "ControlNet": (lambda: within("control_model.", makers.controlnet()), "controlnet", "SD1.5", "", ()),
    "ControlNet for SD2": (lambda: makers.controlnet(1024, linear=True), "controlnet", "SD2", "", ()),
    "ControlNet for SDXL": (lambda: makers.controlnet(**makers.XL), "controlnet", "SDXL", "", ()),
    "VAE": (makers.vae, "vae", FOUR, "", ()),
    "VAE within": (lambda: within("first_stage_model.", makers.vae()), "vae", FOUR, "", ()),
    "VAE of FLUX.1": (lambda: makers.vae(16, False), "vae", SIXTEEN, "", ()),
    "VAE of Wan": (makers.wan_vae, "vae", ("Wan 2.1", "Qwen-Image"), "", ()),
    "VAE of Wan 2.2 5B": (lambda: makers.wan_vae(48), "vae", "Wan 2.2 5B", "", ()),
    "CLIP-L": (makers.clip, "text_encoder", ("SD1.5", "SDXL", "SD3", "FLUX.1"), "CLIP-L", ()),
}


@pytest.mark.parametrize("name", OF_MAKERS)
def test_what_makers_publish_is_told(name: str, tmp_path: Path) -> None:
    make, *wanted = OF_MAKERS[name]
    found = detect(write(tmp_path / "weights.safetensors", make()))
    assert [found.kind, found.base_model or found.candidates, found.variant, found.parts] == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("clip-l", ("text_encoder", ("SD1.5", "SDXL", "SD3", "FLUX.1"), "CLIP-L")),
        ("clip-g", ("text_encoder", ("SDXL", "SD3"), "OpenCLIP-G")),
        ("openclip-h", ("text_encoder", "SD2", "OpenCLIP-H")),
        ("umt5-xxl", ("text_encoder", ("Wan 2.1", "Wan 2.2 5B"), "UMT5-XXL")),
        ("clip", ("model", "CLIP", "")),
        ("clip vision", ("unknown", (), "an image encoder of CLIP")),
        ("llama", ("unknown", (), "a language model")),
        ("gpt2", ("unknown", (), "a language model")),
    ],
)
def test_what_transformers_saves_is_told(name: str, wanted: tuple[object, ...], tmp_path: Path) -> None:
    assert told(tmp_path, encoder(name)) == wanted


def test_the_large_t5_serves_many_families(tmp_path: Path) -> None:
    kind, candidates, variant = told(tmp_path, encoder("t5-xxl"))
    assert (kind, variant) == ("text_encoder", "T5-XXL") and {"FLUX.1", "SD3", "LTX-Video"} <= set(candidates)


# The names that diffusers knows these by, which it carries too; their makers' whole layouts are not rebuilt here.
EXCERPTS: dict[str, tuple[str, Layout]] = {
    "HunyuanVideo": ("", {"txt_in.individual_token_refiner.blocks.0.adaLN_modulation.1.weight": (6144, 3072)}),
    "Mochi": ("model.diffusion_model.", {"blocks.0.attn.qkv_x.weight": (9216, 3072)}),
    "AuraFlow": ("", {"double_layers.0.attn.w2q.weight": (3072, 3072), "cond_seq_linear.weight": (3072, 2048)}),
    "Sana": ("", {"blocks.0.cross_attn.q_linear.weight": (2240, 2240), "attention_y_norm.weight": (2240,)}),
    "PixArt": (
        "",
        {
            "blocks.0.cross_attn.q_linear.weight": (1152, 1152),
            "y_embedder.y_proj.fc1.weight": (1152, 4096),
            "x_embedder.proj.weight": (1152, 4, 2, 2),
        },
    ),
    "HiDream": ("", {"double_stream_blocks.0.block.adaLN_modulation.1.weight": (30720, 2560)}),
    "Lumina 2": (
        "model.diffusion_model.",
        {"cap_embedder.0.weight": (2304,), "noise_refiner.0.attention.qkv.weight": (3840, 2304)},
    ),
    "Krea 2": ("", {"txtfusion.projector.weight": (12, 1)}),
    "LTX-2": (
        "model.diffusion_model.",
        {"av_ca_a2v_gate_adaln_single.emb.timestep_embedder.linear_1.weight": (4096, 256)},
    ),
    "FLUX.3": ("model.diffusion_model.", {"early_stream_modulations.image.lin.weight": (18432, 3072)}),
    "Cosmos Predict 2": (
        "net.",
        {"x_embedder.proj.1.weight": (2048, 68), "blocks.0.self_attn.q_proj.weight": (2048, 2048)},
    ),
    "Cosmos": (
        "net.",
        {"x_embedder.proj.1.weight": (4096, 68), "blocks.block0.blocks.0.block.attn.to_q.0.weight": (4096, 4096)},
    ),
    "Stable Cascade": (
        "",
        {"clip_txt_mapper.weight": (2048, 1280), "down_blocks.0.0.channelwise.0.weight": (8192, 2048)},
    ),
}


@pytest.mark.parametrize("name", EXCERPTS)
def test_other_families_are_told_by_their_own_names(name: str, tmp_path: Path) -> None:
    prefix, tensors = EXCERPTS[name]
    assert told(tmp_path, within(prefix, tensors))[:2] == ("model", name)


def test_a_unet_of_other_shapes_is_a_model_of_no_known_family(tmp_path: Path) -> None:
    tensors = makers.unet(cross=64)
    found = detect(write(tmp_path / "tiny.safetensors", tensors))
    assert (found.kind, found.base_model, found.candidates) == ("model", "", ())
    assert "attn2.to_k.weight' is 640 x 64, so its base model is open" in found.reason


@pytest.mark.parametrize("lacks", [(), ("cond_stage_model.",), ("first_stage_model.", "cond_stage_model.")])
def test_a_whole_model_with_a_denoiser_of_no_known_sizes_is_a_model_and_not_what_stands_beside_it(
    lacks: tuple[str, ...], tmp_path: Path
) -> None:
    denoiser = makers.unet(channels=48, factors=(1, 2, 3), depths=(0, 0, 1), cross=96)
    whole = within("model.diffusion_model.", denoiser) | within("first_stage_model.", makers.vae())
    whole |= within("cond_stage_model.transformer.", makers.clip())
    held = {name: shape for name, shape in whole.items() if not (lacks and name.startswith(lacks))}
    found = detect(write(tmp_path / "own.safetensors", held))
    assert (found.kind, found.base_model, found.candidates) == ("model", "", ())
    assert found.parts == ("unet", "vae", "text_encoder")[: 3 - len(lacks)]
    assert "laid out as none that is known, so its base model is open." in found.reason
    unheard = detect(write(tmp_path / "unheard.safetensors", {"model.diffusion_model.mixer.0.weight": (8, 8)}))
    assert (unheard.kind, unheard.base_model, unheard.parts) == ("model", "", ("transformer",))


def test_what_looks_like_nothing_known_is_unknown_and_says_what_it_holds(tmp_path: Path) -> None:
    found = detect(write(tmp_path / "odd.safetensors", {f"layer{number}.kernel": (4, 4) for number in range(9)}))
    assert (found.kind, found.base_model) == ("unknown", "")
    assert "'layer0.kernel'" in found.reason and "6 more" in found.reason
    empty = detect(write(tmp_path / "empty.safetensors", {}))
    assert empty.kind == "unknown" and "no tensors" in empty.reason


def test_a_shared_autoencoder_is_for_whom_its_maker_says(tmp_path: Path) -> None:
    claim = {"modelspec.architecture": "stable-diffusion-xl-v1-base/vae"}
    assert told(tmp_path, makers.vae(), claim) == ("vae", "SDXL", "")
    assert told(tmp_path, makers.vae(), {"modelspec.architecture": "flux-1-dev"}) == ("vae", FOUR, "")


LAYERED = {
    name: wanted[1]
    for name, wanted in OF_DIFFUSERS.items()
    if wanted[0] == "model" and name not in ("svd", "modelscope", "motion unet")
}
SHARED = {"kolors": "SDXL", "chroma": "FLUX.1"}


@pytest.mark.parametrize("name", LAYERED)
def test_the_table_of_layers_knows_every_matrix_of_every_block(name: str) -> None:
    matrices = [
        (folded(key.removesuffix(".weight")), (shape[0], shape[1]))
        for key, shape in layout(name).items()
        if key.endswith(".weight") and len(shape) > 1
    ]
    assert possible(matrices) == {SHARED.get(name, LAYERED[name])}


@pytest.mark.parametrize(
    ("name", "tensors", "part"),
    [
        ("sd15", makers.sd15(), "unet"),
        ("sdxl", makers.sdxl(), "unet"),
        ("flux dev", makers.flux(), "transformer"),
        ("sd3 medium", makers.sd3(), "transformer"),
        ("wan 14B i2v", makers.wan(given=36, image=True), "transformer"),
    ],
    ids=["SD1.5", "SDXL", "FLUX.1", "SD3", "Wan 2.1"],
)
def test_a_single_file_has_the_layers_of_the_folder_that_it_becomes(
    name: str, tensors: Layout, part: str, tmp_path: Path
) -> None:
    write(tmp_path / "folder" / part / "diffusion_pytorch_model.safetensors", layout(name))
    single = base_shapes(write(tmp_path / "single.safetensors", tensors))
    wanted = base_shapes(tmp_path / "folder")
    assert {key: shape for key, shape in single.items() if key.startswith(part)} == wanted and len(wanted) > 200


def test_text_encoders_of_a_single_file_have_the_names_of_a_folders(tmp_path: Path) -> None:
    single = base_shapes(write(tmp_path / "single.safetensors", makers.sdxl()))
    write(tmp_path / "text_encoder" / "model.safetensors", encoder("clip-l"))
    write(tmp_path / "text_encoder_2" / "model.safetensors", encoder("clip-g"))
    wanted = base_shapes(tmp_path)
    layers = {key: shape for key, shape in wanted.items() if "layers" in key}
    assert layers.items() <= single.items() and len(layers) == 44 * 6


def test_base_shapes_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pf.ModelError, match="There is no model at"):
        base_shapes(tmp_path / "nowhere")
