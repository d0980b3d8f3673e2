"""A whole model that was taught is a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.results import write_model
from pixelflow_widgets.models.safetensors_header import read_header
from tests.zoo import Zoo

from .learnt import about, difference, picture, pipeline_of, with_lora


@pytest.mark.parametrize(("animal", "family"), [("sdxl", "SDXL"), ("sd15", "SD1.5")])
def test_a_whole_model_loads_without_its_base_and_says_how_it_came_about(
    zoo: Zoo, tmp_path: Path, animal: str, family: str
) -> None:
    import torch

    base = Path(shutil.copytree(zoo(animal), tmp_path / "base"))
    taught = pipeline_of(base)
    before = picture(taught)
    with torch.no_grad():
        for parameter in taught.unet.parameters():
            parameter.mul_(1.05)
    folder = write_model(tmp_path / "zorb", taught, about(base, family, method="full", rank=None, alpha=None))
    shutil.rmtree(base)
    assert difference(picture(pipeline_of(folder)), picture(taught)) == 0
    assert difference(picture(taught), before) > 1e-4
    assert pf.models.info(str(folder)).base_model == family
    told = read_header(folder / "unet" / "diffusion_pytorch_model.safetensors").metadata
    assert (told["pixelflow.method"], told["pixelflow.trigger_words"], told["format"]) == ("full", '["zorb"]', "pt")
    assert "ss_network_dim" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["zorb"]


def test_a_whole_model_that_cannot_be_finished_leaves_the_one_before(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = pipeline_of(zoo("sd15"))
    told = about("sd15", "SD1.5", method="full", rank=None, alpha=None)
    folder = write_model(tmp_path / "zorb", pipeline, told)

    def fail(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("pixelflow_widgets.finetuning.results.whole_models.write_tensors", fail)
    with pytest.raises(OSError, match="no room"):
        write_model(folder, pipeline, told)
    assert [path.name for path in tmp_path.iterdir()] == ["zorb"]
    assert pf.models.info(str(folder)).base_model == "SD1.5"


def test_loras_that_others_laid_into_the_parts_are_not_written(zoo: Zoo, tmp_path: Path) -> None:
    pipeline = pipeline_of(zoo("sdxl"))
    plain = picture(pipeline)
    worn, _ = with_lora(zoo("sdxl"))
    parts = (worn.unet, worn.text_encoder)
    folder = write_model(tmp_path / "zorb", worn, about("sdxl", "SDXL", method="full", rank=None, alpha=None))
    assert difference(picture(pipeline_of(folder)), plain) == 0
    assert (worn.unet, worn.text_encoder) == parts, "whoever lent it has it back as it was"
    assert difference(picture(worn), plain) > 0
