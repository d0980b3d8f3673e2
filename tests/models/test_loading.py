from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.loading import best_device, generator, load_pipeline, quiet


class Notes(list[str]):
    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        self.append(note)


def test_a_pipeline_is_loaded_once_and_anew_when_its_files_change(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    notes = Notes()
    first = load_pipeline(str(folder), notes)
    assert load_pipeline(pf.Model(str(folder)), notes) is first
    assert notes.count("Loading model …") == 1
    (folder / "model_index.json").touch()
    assert load_pipeline(str(folder), notes) is not first


def test_all_parts_come_in_the_precision_of_the_device(tiny_model: Path) -> None:
    pipeline = load_pipeline(str(tiny_model), Notes())
    _, dtype = best_device()
    parts = [pipeline.unet, pipeline.vae, pipeline.text_encoder, pipeline.text_encoder_2]
    assert {part.dtype for part in parts} == {dtype}


def test_a_damaged_model_says_where_it_lies(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(pf.ModelError, match="cannot be loaded") as caught:
        load_pipeline(str(folder), Notes())
    assert str(folder) in str(caught.value)


def test_pickled_weights_are_not_loaded(tiny_model: Path, tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(pf.ModelError, match="cannot be loaded"):
        load_pipeline(str(folder), Notes())


def test_every_64_bit_seed_is_taken_and_its_lowest_32_bits_make_the_noise() -> None:
    import torch

    def noise(seed: int) -> list[float]:
        return torch.randn(4, generator=generator(seed)).tolist()

    assert len({tuple(noise(seed)) for seed in (0, 1, 2**31, 2**32 - 1)}) == 4
    assert noise(2**64 - 1) == noise(2**32 - 1)


def test_quiet_leaves_the_libraries_as_they_were() -> None:
    from diffusers.utils import logging

    before = logging.get_verbosity()
    with quiet():
        assert logging.get_verbosity() == logging.ERROR
    assert logging.get_verbosity() == before
