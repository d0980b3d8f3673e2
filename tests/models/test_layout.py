from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.models.layout import PICKLES, is_whole, missing_in, wanted_files

SDXL = [
    "LICENSE.md",
    "README.md",
    "model_index.json",
    "sd_xl_base_1.0.safetensors",
    "scheduler/scheduler_config.json",
    *(f"text_encoder/{name}" for name in ("config.json", "model.safetensors", "model.fp16.safetensors", "model.onnx")),
    *("text_encoder/flax_model.msgpack", "text_encoder/openvino_model.bin"),
    *(f"tokenizer/{name}" for name in ("merges.txt", "vocab.json", "tokenizer_config.json")),
    *(f"unet/{name}" for name in ("config.json", "model.onnx", "model.onnx_data", "openvino_model.xml")),
    *("unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors"),
    *("vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors", "vae_1_0/config.json"),
    "vae_1_0/diffusion_pytorch_model.safetensors",
]
INDEX = {
    "_class_name": "StableDiffusionXLPipeline",
    "_diffusers_version": "0.19.0",
    "force_zeros_for_empty_prompt": True,
    **{name: ["diffusers", "X"] for name in ("scheduler", "text_encoder", "tokenizer", "unet", "vae")},
    "feature_extractor": [None, None],
}


def test_a_pipeline_in_half_precision_is_its_parts_in_half_precision() -> None:
    assert sorted(wanted_files(SDXL, INDEX, "fp16")) == [
        "LICENSE.md",
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.fp16.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]


def test_without_a_precision_the_plain_files_are_taken_and_others_only_where_there_are_no_plain_ones() -> None:
    weights = [name for name in wanted_files(SDXL, INDEX) if name.endswith(".safetensors")]
    assert weights == [
        "text_encoder/model.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]


def test_the_index_of_the_shards_that_are_taken_comes_along_and_no_other() -> None:
    shards = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    half = [f"model.fp16-0000{number}-of-00002.safetensors" for number in (1, 2)]
    indexes = ["model.safetensors.index.json", "model.safetensors.index.fp16.json", "pytorch_model.bin.index.json"]
    names = ["config.json", "tokenizer.json", *shards, *half, *indexes, "original/model.safetensors"]
    assert wanted_files(names, None) == ["config.json", "tokenizer.json", indexes[0], *shards]
    assert wanted_files(names, None, "fp16") == ["config.json", "tokenizer.json", indexes[1], *half]


def test_one_whole_file_is_taken_before_shards_of_another_name() -> None:
    names = ["config.json", "consolidated.safetensors", "model.safetensors", "chat_template.jinja", "spiece.model"]
    assert wanted_files(names, None) == ["config.json", "chat_template.jinja", "spiece.model", "model.safetensors"]


@given(st.lists(st.text("ab./-_fp16mode", min_size=1, max_size=20)), st.sampled_from([None, "fp16"]))
def test_pickles_are_wanted_never(names: list[str], variant: str | None) -> None:
    given = [*names, *(f"model{end}" for end in PICKLES), *(f"{name}{end}" for name in names for end in PICKLES)]
    wanted = wanted_files(given, None, variant)
    assert not [name for name in wanted if name.endswith(PICKLES)]
    assert set(wanted) <= set(given)


def test_what_a_folder_lacks_is_said(tmp_path: Path) -> None:
    assert is_whole(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    assert missing_in(tmp_path) == ["weights as safetensors"]
    shards = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    (tmp_path / "model-1.safetensors").touch()
    assert missing_in(tmp_path) == ["model-2.safetensors"]
    (tmp_path / "model-2.safetensors").touch()
    assert is_whole(tmp_path)
    (tmp_path / "model_index.json").write_text(json.dumps({"vae": ["diffusers", "AutoencoderKL"], "x": [None, None]}))
    assert missing_in(tmp_path) == ["the folder vae"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"weight_map": 3}', '{"weight_map": {"a": ["x"]}}', "\x00"])
def test_a_damaged_index_harms_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(content)
    (tmp_path / "model_index.json").write_text(content)
    missing_in(tmp_path)
    (tmp_path / "model_index.json").unlink()
    missing_in(tmp_path)
