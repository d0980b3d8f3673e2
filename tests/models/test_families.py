"""The table of families: one name each, told by the classes of diffusers and their shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.models.families import (
    FAMILIES,
    config_in,
    family,
    family_of_folder,
    family_of_model_type,
    family_of_pipeline,
)


def test_names_are_said_once_and_each_family_is_loaded_by_something() -> None:
    assert len({known.name for known in FAMILIES}) == len(FAMILIES)
    for known in FAMILIES:
        assert bool(known.pipelines) != bool(known.model_types), known.name
        assert known.modality in ("text", "image", "audio", "video") and family(known.name) is known
    types = [each for known in FAMILIES for each in known.model_types]
    assert len(set(types)) == len(types)
    assert family("nobody") is None and family_of_model_type("nobody") is None


@pytest.mark.parametrize(
    ("class_name", "config", "name"),
    [
        ("StableDiffusionPipeline", None, "SD1.5"),
        ("StableDiffusionControlNetInpaintPipeline", {"cross_attention_dim": 768}, "SD1.5"),
        ("StableDiffusionImg2ImgPipeline", {"cross_attention_dim": 1024}, "SD2"),
        ("StableDiffusionUpscalePipeline", {"cross_attention_dim": 1024}, "SD Upscaler"),
        ("StableDiffusionXLPipeline", {"cross_attention_dim": 2048}, "SDXL"),
        ("StableDiffusionXLPipeline", {"cross_attention_dim": 192, "block_out_channels": (64, 128)}, "Starter"),
        ("StableDiffusionXLPipeline", {"cross_attention_dim": 192, "block_out_channels": [8, 16]}, "SDXL"),
        ("StableDiffusion3Img2ImgPipeline", None, "SD3"),
        ("AnimateDiffPipeline", None, "SD1.5"),
        ("AnimateDiffSDXLPipeline", None, "SDXL"),
        ("FluxPipeline", None, "FLUX.1"),
        ("Flux2KleinPipeline", None, "FLUX.2"),
        ("QwenImageEditPipeline", None, "Qwen-Image"),
        ("QwenImage21Pipeline", None, "Qwen-Image 2.1"),
        ("WanVACEPipeline", {"in_channels": 16}, "Wan 2.1"),
        ("LTXImageToVideoPipeline", None, "LTX-Video"),
        ("LTX2Pipeline", None, "LTX-2"),
        ("HunyuanVideo15Pipeline", None, "HunyuanVideo 1.5"),
        ("Lumina2Pipeline", None, "Lumina 2"),
        ("AudioLDM2Pipeline", None, "AudioLDM 2"),
        ("StableAudioPipeline", None, "Stable Audio"),
        ("NobodyPipeline", None, None),
    ],
)
def test_a_class_and_its_shapes_say_the_family(
    class_name: str, config: dict[str, Any] | None, name: str | None
) -> None:
    found = family_of_pipeline(class_name, config)
    assert (found.name if found else None) == name


def test_every_class_that_diffusers_picks_by_itself_has_a_family() -> None:
    from diffusers.pipelines import auto_pipeline

    tables = [getattr(auto_pipeline, name) for name in dir(auto_pipeline) if name.endswith("_PIPELINES_MAPPING")]
    classes = {each.__name__ for table in tables for each in table.values()}
    unknown = sorted(name for name in classes if family_of_pipeline(name) is None)
    assert len(classes) > 60 and unknown == []


def test_a_folder_says_it_by_its_configurations(tmp_path: Path) -> None:
    assert family_of_folder(tmp_path) is None
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "whisper"}))
    assert family_of_folder(tmp_path) is family("Whisper")
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    assert family_of_folder(tmp_path) is family("FLUX.1")


def test_a_configuration_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    for content in (b"", b"[]", b"\xff", b"[" * 100_000, b"5"):
        (tmp_path / "config.json").write_bytes(content)
        assert config_in(tmp_path, "config.json") == {}
    assert config_in(tmp_path, "nothing.json") == {}
