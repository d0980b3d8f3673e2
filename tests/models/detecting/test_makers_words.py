"""What makers write into the header: trigger words, resolution, alpha, base model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelflow_widgets.models.detecting import detect
from pixelflow_widgets.models.detecting.makers_words import claimed_alpha, claimed_base, resolution, trigger_words
from pixelflow_widgets.models.families import family

from ..layouts import write


def kohya(tags: object, folders: object = None) -> dict[str, str]:
    found = {"ss_tag_frequency": json.dumps(tags)}
    return found | ({"ss_dataset_dirs": json.dumps(folders)} if folders is not None else {})


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, ()),
        ({"modelspec.trigger_phrase": "sks dog"}, ("sks dog",)),
        ({"modelspec.trigger_phrase": " neon, , in neon style "}, ("neon", "in neon style")),
        ({"pixelflow.trigger_words": '["zk glass", "zk"]', "modelspec.trigger_phrase": "other"}, ("zk glass", "zk")),
        ({"pixelflow.trigger_words": "one; two"}, ("one", "two")),
        (kohya({"10_cat": {"mycat": 20, "sitting": 4}}, {"10_cat": {"img_count": 20}}), ("mycat",)),
        (kohya({"10_cat": {"mycat": 20, "sitting": 4}}), ("mycat",)),
        (kohya({"5_a": {"wob": 9, "x": 1}, "5_b": {"wob": 7, "blue": 7}}), ("wob", "blue")),
        (kohya({"10_cat": {"sitting": 4, "red": 3}}, {"10_cat": {"img_count": 20}}), ()),
        (kohya({"1_a": {"every word": 1, "of one": 1}}), ()),
        (kohya({"1_a": {f"tag {n}": 3 for n in range(9)}}), ("tag 0", "tag 1", "tag 2", "tag 3", "tag 4")),
        (kohya(["a"]), ()),
        (kohya({"a": [1]}), ()),
        (kohya({"a": {"b": "c", "d": None}}), ()),
        ({"ss_tag_frequency": "{"}, ()),
        ({"ss_tag_frequency": "[" * 100_000}, ()),
        ({"modelspec.trigger_phrase": "a\x00b, c\td"}, ("c d",)),
    ],
)
def test_trigger_words_are_those_that_are_said_or_always_there(
    metadata: dict[str, str], words: tuple[str, ...]
) -> None:
    assert trigger_words(metadata) == words


@pytest.mark.parametrize(
    ("metadata", "size"),
    [
        ({"modelspec.resolution": "1024x768"}, (1024, 768)),
        ({"ss_resolution": "(512, 768)"}, (512, 768)),
        ({"ss_resolution": "1024,1024"}, (1024, 1024)),
        ({"ss_resolution": "512"}, (512, 512)),
        ({"ss_resolution": "None"}, None),
        ({"modelspec.resolution": "0x0"}, None),
        ({"modelspec.resolution": "9" * 5000}, None),
    ],
)
def test_resolution_is_read_as_trainers_write_it(metadata: dict[str, str], size: tuple[int, int] | None) -> None:
    assert resolution(metadata) == size


@pytest.mark.parametrize(
    ("metadata", "alpha"),
    [
        ({"ss_network_alpha": "16.0"}, 16.0),
        ({"ss_network_alpha": "None"}, None),
        ({"ss_network_alpha": "1e999"}, None),
        ({"lora_adapter_metadata": '{"unet.r": 4, "unet.lora_alpha": 8}'}, 8.0),
        ({"lora_adapter_metadata": '{"unet.lora_alpha": 8, "text_encoder.lora_alpha": 4}'}, None),
        ({"lora_adapter_metadata": '{"unet.lora_alpha": 1' + "0" * 400 + "}"}, None),
        ({"lora_adapter_metadata": "[]"}, None),
    ],
)
def test_alpha_is_read_as_trainers_write_it(metadata: dict[str, str], alpha: float | None) -> None:
    assert claimed_alpha(metadata) == alpha


@pytest.mark.parametrize(
    ("entry", "word", "base"),
    [
        ("ss_base_model_version", "sd_v1", "SD1.5"),
        ("ss_base_model_version", "sd_v2_v", "SD2"),
        ("ss_base_model_version", "sdxl_base_v1-0", "SDXL"),
        ("ss_base_model_version", "sd3", "SD3"),
        ("ss_base_model_version", "flux1", "FLUX.1"),
        ("modelspec.architecture", "stable-diffusion-v1/lora", "SD1.5"),
        ("modelspec.architecture", "stable-diffusion-v2-768-v/textual-inversion", "SD2"),
        ("modelspec.architecture", "stable-diffusion-xl-v1-base/lora", "SDXL"),
        ("modelspec.architecture", "stable-diffusion-3-medium/lora", "SD3"),
        ("modelspec.architecture", "flux-1-dev/lora", "FLUX.1"),
        ("modelspec.architecture", "wan2.1/lora", "Wan 2.1"),
        ("modelspec.architecture", "hunyuan-video/lora", "HunyuanVideo"),
        ("pixelflow.base_model", "Starter", "Starter"),
        ("modelspec.architecture", "something else", ""),
    ],
)
def test_the_base_model_is_read_as_trainers_name_it(entry: str, word: str, base: str) -> None:
    assert claimed_base({entry: word}) == (base, entry if base else "")
    assert not base or family(base)


def test_they_come_with_what_was_detected(tmp_path: Path) -> None:
    words = {"modelspec.trigger_phrase": "glassy", "modelspec.resolution": "1024x1024"}
    found = detect(write(tmp_path / "x.safetensors", {"emb_params": (2, 768)}, words))
    assert (found.trigger_words, found.kind) == (("glassy",), "embedding")
    odd = detect(write(tmp_path / "y.safetensors", {"odd": (2, 3, 4)}, words))
    assert (odd.kind, odd.trigger_words, odd.resolution) == ("unknown", ("glassy",), (1024, 1024))
