"""What the header of a checkpoint says of its settings: what its makers publish beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.models.header_settings import settings_from, tokenizers
from pixelflow_widgets.models.safetensors_header import read_header

from .layouts import originals, write
from .layouts.diffusers_models import MODELS, encoder, layout


def written(tmp_path: Path, tensors: Any, family: str, metadata: dict[str, str] | None = None) -> dict[str, Any]:
    header = read_header(write(tmp_path / "true.safetensors", tensors, metadata))
    found = settings_from(header, family)
    assert found is not None
    return found


def shapes_of(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    import diffusers
    import torch
    import transformers

    with torch.device("meta"):
        if "architectures" in config:
            made = getattr(transformers, config["architectures"][0])(transformers.CLIPTextConfig(**config))
        else:
            made = getattr(diffusers, config["_class_name"]).from_config(config)
    return {name: tuple(tensor.shape) for name, tensor in made.state_dict().items()}


@pytest.mark.parametrize(
    ("family", "tensors", "parts"),
    [
        ("SD1.5", originals.sd15(), {"unet": "sd15"}),
        ("SD1.5", originals.sd15(given=9), {"unet": "sd15 inpaint"}),
        ("SDXL", originals.sdxl(), {"unet": "sdxl", "text_encoder_2": "clip-g"}),
    ],
    ids=["SD1.5", "SD1.5 inpaint", "SDXL"],
)
def test_the_header_of_a_true_checkpoint_tells_the_published_settings(
    tmp_path: Path, family: str, tensors: Any, parts: dict[str, str]
) -> None:
    found = written(tmp_path, tensors, family)
    for part, name in {"vae": "vae sd", "text_encoder": "clip-l", **parts}.items():
        config = found[f"{part}/config.json"]
        assert shapes_of(config) == (encoder(name) if name.startswith("clip") else layout(name)), part
    published, unet = MODELS[parts["unet"]][1], found["unet/config.json"]
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in published.items()}
    assert {name: unet.get(name) for name in plain} == plain
    assert found["text_encoder/config.json"]["num_attention_heads"] == 12


def test_a_maker_says_how_a_checkpoint_was_trained(tmp_path: Path) -> None:
    name = "scheduler/scheduler_config.json"
    plain = written(tmp_path, originals.sdxl(), "SDXL")[name]
    assert (plain["prediction_type"], plain["rescale_betas_zero_snr"]) == ("epsilon", False)
    marked = written(tmp_path, {**originals.sdxl(), "v_pred": (1,), "ztsnr": (1,)}, "SDXL")[name]
    assert (marked["prediction_type"], marked["rescale_betas_zero_snr"]) == ("v_prediction", True)
    told = written(tmp_path, originals.sd15(), "SD1.5", {"modelspec.prediction_type": "v"})[name]
    assert told["prediction_type"] == "v_prediction"


def test_the_tokenizer_that_ships_is_clips() -> None:
    first, second = tokenizers("SDXL").values()
    # As published with the model: "a photo of a cat".
    assert first("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert first("").input_ids == [49406, 49407]
    assert len(first) == 49408
    assert first("x", padding="max_length").input_ids[-1] == 49407
    assert second("x", padding="max_length").input_ids[-1] == 0
    assert first("Grün, 日本!").input_ids[0] == 49406 and first.unk_token_id not in first("日本").input_ids[1:-1]


def test_other_families_and_layouts_are_not_guessed(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "two.safetensors", originals.sd2()))
    assert settings_from(header, "SD2") is None
    header = read_header(write(tmp_path / "folder.safetensors", layout("sd15")))
    assert settings_from(header, "SD1.5") is None
