"""Families of base models: one table of what they are called, what they make, and which classes load them.

A family is an architecture with its shapes. Where two share diffusers' classes, the shapes tell them apart: the starter
is loaded by the classes of SDXL and is a family of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Family:
    """Is one architecture of base models.

    Args:
        name: What it is called everywhere: "SDXL".
        modality: Of what it makes.
        pipelines: How the names of its classes in diffusers begin.
        denoiser: Folder of the part that adapters change.
        config: Entries of that part's config.json that only this family has, where it shares its classes.
        model_types: What transformers calls it in config.json, if that loads it.
    """

    name: str
    modality: str
    pipelines: tuple[str, ...] = ()
    denoiser: str = "transformer"
    config: Mapping[str, Any] = field(default_factory=dict)
    model_types: tuple[str, ...] = ()


def _unet(name: str, *pipelines: str, modality: str = "image", **config: Any) -> Family:
    return Family(name, modality, pipelines, "unet", config)


def _image(name: str, *pipelines: str, **config: Any) -> Family:
    return Family(name, "image", pipelines, config=config)


def _video(name: str, *pipelines: str, **config: Any) -> Family:
    return Family(name, "video", pipelines, config=config)


def _audio(name: str, *pipelines: str, denoiser: str = "transformer") -> Family:
    return Family(name, "audio", pipelines, denoiser)


def _transformers(name: str, modality: str, *model_types: str) -> Family:
    return Family(name, modality, denoiser="", model_types=model_types)


FAMILIES = (
    _unet("SD1.5", "StableDiffusion", "AnimateDiff", "LatentConsistencyModel", "PIA", "TextToVideoZero"),
    _unet("SD2", "StableDiffusion", "StableUnCLIP", cross_attention_dim=1024),
    _unet("SDXL", "StableDiffusionXL", "AnimateDiffSDXL", "TextToVideoZeroSDXL"),
    _unet("SDXL Refiner", "StableDiffusionXL", cross_attention_dim=1280),
    _unet("Starter", "StableDiffusionXL", cross_attention_dim=192, block_out_channels=[64, 128]),
    _unet("SD Upscaler", "StableDiffusionUpscale", "StableDiffusionLatentUpscale"),
    _unet("Kolors", "Kolors"),
    _unet("Stable Cascade", "StableCascade"),
    _unet("SVD", "StableVideoDiffusion", modality="video"),
    _unet("ModelScope", "TextToVideoSD", "VideoToVideoSD", modality="video"),
    _unet("I2VGen-XL", "I2VGenXL", modality="video"),
    _unet("Kandinsky 2", "Kandinsky", "KandinskyV22"),
    _unet("Kandinsky 3", "Kandinsky3"),
    _unet("DeepFloyd IF", "IF"),
    _image("SD3", "StableDiffusion3"),
    _image("FLUX.1", "Flux", "VisualCloze"),
    _image("FLUX.2", "Flux2"),
    _image("FLUX.3", "Flux3"),
    _image("Chroma", "Chroma"),
    _image("Qwen-Image", "QwenImage"),
    _image("Qwen-Image 2.1", "QwenImage21"),
    _image("Z-Image", "ZImage"),
    _image("Krea 2", "Krea2"),
    _image("HiDream", "HiDreamImage"),
    _image("HunyuanDiT", "HunyuanDiT"),
    _image("HunyuanImage", "HunyuanImage"),
    _image("AuraFlow", "AuraFlow"),
    _image("PixArt", "PixArt"),
    _image("Sana", "Sana"),
    _image("Lumina", "Lumina"),
    _image("Lumina 2", "Lumina2"),
    _image("CogView 3", "CogView3Plus"),
    _image("CogView 4", "CogView4"),
    _image("OmniGen", "OmniGen"),
    _image("Cosmos Predict 2", "Cosmos2"),
    _image("GLM-Image", "GlmImage"),
    _image("Ideogram 4", "Ideogram4"),
    _image("Nucleus-Image", "NucleusMoEImage"),
    _image("Ovis-Image", "OvisImage"),
    _image("PRX", "PRX"),
    _image("Würstchen", "Wuerstchen"),
    _video("Wan 2.1", "Wan"),
    _video("Wan 2.2 5B", "Wan", in_channels=48),
    _video("LTX-Video", "LTX"),
    _video("LTX-2", "LTX2", "LTX25"),
    _video("HunyuanVideo", "HunyuanVideo", "HunyuanSkyreels"),
    _video("HunyuanVideo 1.5", "HunyuanVideo15"),
    _video("CogVideoX", "CogVideoX"),
    _video("Mochi", "Mochi"),
    _video("Cosmos", "Cosmos"),
    _video("Allegro", "Allegro"),
    _video("Latte", "Latte"),
    _video("SkyReels V2", "SkyReelsV2"),
    _video("Sana Video", "SanaVideo", "SanaImageToVideo"),
    _video("EasyAnimate", "EasyAnimate"),
    _video("AnyFlow", "AnyFlow"),
    _video("Helios", "Helios"),
    _video("Kandinsky 5", "Kandinsky5"),
    _audio("Stable Audio", "StableAudio"),
    _audio("Stable Audio 3", "StableAudio3"),
    _audio("AudioLDM", "AudioLDM", denoiser="unet"),
    _audio("AudioLDM 2", "AudioLDM2", denoiser="unet"),
    _audio("MusicLDM", "MusicLDM", denoiser="unet"),
    _audio("ACE-Step", "AceStep"),
    _audio("LongCat Audio", "LongCatAudioDiT"),
    _transformers("MusicGen", "audio", "musicgen"),
    _transformers("MusicGen Melody", "audio", "musicgen_melody"),
    _transformers("VITS", "audio", "vits"),
    _transformers("SpeechT5", "audio", "speecht5"),
    _transformers("Bark", "audio", "bark"),
    _transformers("Whisper", "text", "whisper"),
    _transformers("Llama", "text", "llama"),
    _transformers("SmolLM", "text", "smollm3"),
    _transformers("Mistral", "text", "mistral"),
    _transformers("Qwen 2", "text", "qwen2"),
    _transformers("Qwen 3", "text", "qwen3"),
    _transformers("Gemma", "text", "gemma", "gemma2", "gemma3_text"),
    _transformers("Phi", "text", "phi", "phi3"),
    _transformers("GPT-2", "text", "gpt2"),
    _transformers("LLaVA", "text", "llava"),
    _transformers("LLaVA-NeXT", "text", "llava_next"),
    _transformers("BLIP", "text", "blip"),
    _transformers("BART", "text", "bart"),
    _transformers("T5", "text", "t5"),
    _transformers("Marian", "text", "marian"),
    _transformers("M2M-100", "text", "m2m_100"),
    _transformers("CLIP", "text", "clip"),
    _transformers("Swin2SR", "image", "swin2sr"),
    _transformers("DPT", "image", "dpt"),
    _transformers("Depth Anything", "image", "depth_anything"),
    _transformers("SegFormer", "image", "segformer"),
    _transformers("Mask2Former", "image", "mask2former"),
    _transformers("OneFormer", "image", "oneformer"),
    _transformers("CLIPSeg", "image", "clipseg"),
    _transformers("SAM", "image", "sam"),
)
"""Where several have the same classes, the one without `config` is meant unless another's matches."""

_LARGEST_CONFIG = 10_000_000


def family(name: str) -> Family | None:
    """Return the family of a name, or None."""
    return next((known for known in FAMILIES if known.name == name), None)


def family_of_pipeline(class_name: str, config: Mapping[str, Any] | None = None) -> Family | None:
    """Return the family that a class of diffusers' pipelines is for, or None where it is not known.

    Args:
        class_name: "StableDiffusionXLImg2ImgPipeline".
        config: The config of its denoiser, which tells families of one class apart.
    """
    length = max(
        (len(start) for known in FAMILIES for start in known.pipelines if class_name.startswith(start)), default=0
    )
    sharing = [known for known in FAMILIES if class_name[:length] in known.pipelines] if length else []
    special = [known for known in sharing if known.config and _has(config or {}, known.config)]
    return next(iter(special or [known for known in sharing if not known.config]), None)


def family_of_model_type(model_type: str) -> Family | None:
    """Return the family that transformers calls by a model type, or None."""
    return next((known for known in FAMILIES if model_type in known.model_types), None)


def family_of_folder(folder: Path) -> Family | None:
    """Return the family of a folder that diffusers or transformers wrote, or None where it is not known."""
    pipeline = config_in(folder, "model_index.json").get("_class_name")
    if isinstance(pipeline, str):
        configs = (config_in(folder / part, "config.json") for part in ("unet", "transformer"))
        return family_of_pipeline(pipeline, next((config for config in configs if config), None))
    model_type = config_in(folder, "config.json").get("model_type")
    return family_of_model_type(model_type) if isinstance(model_type, str) else None


def config_in(folder: Path, name: str) -> dict[str, Any]:
    """Return a JSON object beside weights; an empty one where there is none that can be read."""
    path = folder / name
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _has(config: Mapping[str, Any], entries: Mapping[str, Any]) -> bool:
    def plain(value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    return all(plain(config.get(name)) == value for name, value in entries.items())
