from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.models import check
from pixelflow_widgets.models.cards import described
from pixelflow_widgets.models.describing import gguf_architecture
from tests.models.conftest import weights
from tests.zoo import Zoo

PAINTING = {"text_to_image", "image_to_image", "inpaint", "outpaint", "control"}


def gguf(architecture: bytes = b"llama", key: bytes = b"general.architecture", version: int = 3) -> bytes:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    head = b"GGUF" + struct.pack("<IQQ", version, 0, 1)
    return head + text(key) + struct.pack("<I", 8) + text(architecture) + bytes(64)


def folder(tmp_path: Path, config: dict[str, Any]) -> str:
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(weights(megabytes=0.1))
    return str(tmp_path)


@pytest.mark.parametrize(
    ("class_name", "task", "modality", "base_model"),
    [
        ("WhisperForConditionalGeneration", "speech_to_text", "text", "Whisper"),
        ("MusicgenForConditionalGeneration", "text_to_music", "audio", "MusicGen"),
        ("VitsModel", "text_to_speech", "audio", "VITS"),
        ("BlipForConditionalGeneration", "caption", "text", "BLIP"),
        ("BlipForQuestionAnswering", "visual_question", "text", "BLIP"),
        ("CLIPModel", "clip_score", "text", "CLIP"),
        ("Swin2SRForImageSuperResolution", "upscale", "image", "Swin2SR"),
        ("DPTForDepthEstimation", "depth", "image", "DPT"),
        ("SegformerForSemanticSegmentation", "segment", "image", "SegFormer"),
        ("LlamaForCausalLM", "chat", "text", "Llama"),
        ("T5ForConditionalGeneration", "summarize", "text", "T5"),
        ("LlavaForConditionalGeneration", "visual_question", "text", "LLaVA"),
    ],
)
def test_a_folder_of_transformers_is_described_by_its_config(
    tmp_path: Path, class_name: str, task: str, modality: str, base_model: str
) -> None:
    config: dict[str, Any] = {"architectures": [class_name], "model_type": base_model.lower()}
    if base_model == "LLaVA":
        config["vision_config"] = {}
    card = described(folder(tmp_path, config))
    assert task in card.tasks
    assert (card.modality, card.base_model, card.kind) == (modality, base_model, "model")
    assert card.megabytes > 0.1 and card.is_here


def test_a_class_that_nobody_knows_does_nothing_here(tmp_path: Path) -> None:
    card = described(folder(tmp_path, {"architectures": ["OracleForEverything"], "model_type": "oracle"}))
    assert (card.tasks, card.kind, card.base_model) == ((), "unknown", "oracle")


def test_a_pipeline_of_the_users_own_takes_after_the_card_of_its_family(tiny_model: Path) -> None:
    card = described(str(tiny_model))
    assert card.base_model in ("SDXL", "Starter")
    assert "text_to_image" in card.tasks and card.modality == "image"
    assert card.schedulers and card.megabytes > 0
    assert card.title == tiny_model.name and card.name == str(tiny_model)


def test_an_adapter_is_described_by_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "style.safetensors"
    names = [f"lora_unet_down_blocks_1_attentions_0_transformer_blocks_{n}_attn2_to_k" for n in range(2)]
    header: dict[str, Any] = {}
    at = 0
    for name in names:
        for part, shape in (("lora_down.weight", [4, 2048]), ("lora_up.weight", [640, 4])):
            size = shape[0] * shape[1] * 2
            header[f"{name}.{part}"] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(at))
    card = described(str(file))
    assert (card.kind, card.tasks, card.base_model) == ("lora", ("lora",), "SDXL")
    assert card.help


def test_a_gguf_file_writes(tmp_path: Path) -> None:
    file = tmp_path / "words.gguf"
    file.write_bytes(gguf())
    card = described(str(file))
    assert "chat" in card.tasks and card.base_model == "Llama"
    file.write_bytes(gguf(key=b"general.other_thing_"))
    assert gguf_architecture(file) == ""


@pytest.mark.parametrize("content", [b"", b"GGUF", b"\x80\x04pickle" * 9, gguf(version=99)])
def test_what_calls_itself_gguf_and_is_not_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "words.gguf"
    file.write_bytes(content)
    with pytest.raises(pf.ModelError, match=r"'words\.gguf' is refused"):
        described(str(file))


@given(st.binary(max_size=200))
def test_no_bytes_whatever_make_reading_a_gguf_file_fail_in_another_way(tmp_path_factory: Any, rest: bytes) -> None:
    file = tmp_path_factory.mktemp("gguf") / "words.gguf"
    for content in (rest, b"GGUF\x03\0\0\0" + rest, gguf()[: len(rest)] + rest):
        file.write_bytes(content)
        with contextlib.suppress(pf.ModelError):
            assert isinstance(gguf_architecture(file), str)


def test_of_a_hub_id_that_is_not_here_only_the_name_is_known(hub_cache: Path) -> None:
    card = described("some/thing")
    assert (card.title, card.kind, card.tasks, card.size) == ("thing", "unknown", (), "unknown size")
    assert not card.is_here
    with pytest.raises(pf.ModelError, match="no model 'startr'"):
        described("startr")


def test_a_bad_file_is_not_described(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"PK\x03\x04")
    with pytest.raises(pf.ModelError, match="zip archive"):
        described(str(tmp_path / "x.safetensors"))


@pytest.mark.parametrize(
    ("name", "kind", "base_model", "modality", "tasks"),
    [
        ("sd15", "model", "SD1.5", "image", {*PAINTING, "text_to_video"}),
        ("sdxl", "model", "SDXL", "image", {*PAINTING, "text_to_video"}),
        ("sd3", "model", "SD3", "image", PAINTING),
        ("flux", "model", "FLUX.1", "image", PAINTING),
        ("qwen_image", "model", "Qwen-Image", "image", PAINTING),
        ("z_image", "model", "Z-Image", "image", PAINTING),
        ("ltx_video", "model", "LTX-Video", "video", {"text_to_video", "image_to_video"}),
        ("wan", "model", "Wan 2.1", "video", {"text_to_video"}),
        ("wan_image_to_video", "model", "Wan 2.1", "video", {"image_to_video"}),
        ("svd", "model", "SVD", "video", {"image_to_video"}),
        ("stable_audio", "model", "Stable Audio", "audio", {"text_to_sound", "text_to_music"}),
        ("audioldm", "model", "AudioLDM", "audio", {"text_to_sound", "text_to_music"}),
        ("whisper", "model", "Whisper", "text", {"speech_to_text"}),
        ("speecht5", "model", "SpeechT5", "audio", {"text_to_speech"}),
        ("speecht5_vocoder", "model", "speecht5_hifigan", "audio", {"vocoder"}),
        ("csm", "model", "csm", "audio", {"text_to_speech"}),
        ("llava", "model", "LLaVA", "text", {"chat", "visual_question", "caption"}),
        ("controlnet_flux", "controlnet", "FLUX.1", "image", {"controlnet"}),
        ("lora_sdxl", "lora", "", "", {"lora"}),
        ("ip_adapter_sdxl", "ip_adapter", "", "", {"ip_adapter"}),
        ("motion_sd15", "motion", "", "", {"motion"}),
    ],
)
def test_every_family_of_the_zoo_is_described_and_sound(
    zoo: Zoo, name: str, kind: str, base_model: str, modality: str, tasks: set[str]
) -> None:
    place = zoo(name)
    card = described(str(place))
    assert (card.kind, card.base_model, card.modality, set(card.tasks)) == (kind, base_model, modality, tasks)
    assert check(place).problems == ()
