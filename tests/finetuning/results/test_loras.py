"""A LoRA that was taught here is one everywhere: in plain diffusers, by kohya's names, for fit check and `detect`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ModelError
from pixelflow_widgets.finetuning.results import write_kohya, write_lora
from pixelflow_widgets.media import Adapter
from pixelflow_widgets.models.fitting import ground_of, why_unfit
from pixelflow_widgets.models.safetensors_header import read_header
from tests.zoo import Zoo

from .learnt import ALPHA, RANK, about, difference, picture, pipeline_of, with_lora

pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")

WRITERS = [write_lora, write_kohya]
STARTER = pf.models.card_of("starter")


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("animal", "family"), [("sdxl", "SDXL"), ("sd15", "SD1.5")])
def test_plain_diffusers_paints_the_same_with_the_file_as_the_training_did(
    zoo: Zoo, tmp_path: Path, write: Callable[..., Path], animal: str, family: str
) -> None:
    taught, parts = with_lora(zoo(animal))
    path = write(tmp_path / "zorb.safetensors", parts, about(zoo(animal), family))
    plain = pipeline_of(zoo(animal))
    before = picture(plain)
    plain.load_lora_weights(path)
    assert difference(picture(plain), picture(taught)) == 0
    assert difference(picture(plain), before) > 0.01, "otherwise nothing was shown"
    assert [path.name for path in tmp_path.iterdir()] == ["zorb.safetensors"], "nothing unfinished is left"


@pytest.mark.parametrize("part", ["unet", "text_encoder", "text_encoder_2"])
def test_each_part_of_a_pipeline_alone_has_its_effect_in_both_forms(zoo: Zoo, tmp_path: Path, part: str) -> None:
    _, parts = with_lora(zoo("sdxl"))
    seen = []
    for write in WRITERS:
        path = write(tmp_path / f"{write.__name__}.safetensors", {part: parts[part]}, about(zoo("sdxl"), "SDXL"))
        plain = pipeline_of(zoo("sdxl"))
        before = picture(plain)
        plain.load_lora_weights(path)
        seen.append(picture(plain))
        assert difference(seen[-1], before) > 1e-4
    assert difference(*seen) == 0


@pytest.mark.parametrize(("write", "form"), [(write_lora, "diffusers"), (write_kohya, "kohya")])
def test_detect_knows_the_form_the_base_the_rank_the_alpha_and_the_trigger(
    tmp_path: Path, write: Callable[..., Path], form: str
) -> None:
    assert STARTER is not None
    _, parts = with_lora(Path(STARTER.source))
    found = pf.models.detect(write(tmp_path / "zorb.safetensors", parts, about("starter", "Starter")))
    assert (found.kind, found.base_model, found.format) == ("lora", "Starter", form)
    assert (found.rank, found.alpha, found.trigger_words, found.resolution) == (RANK, ALPHA, ("zorb",), (64, 64))
    assert found.layers == sum(len(weights) for weights in parts.values()) // 2


def test_layers_told_by_their_shapes_are_not_overruled_by_what_a_header_claims(tmp_path: Path) -> None:
    assert STARTER is not None
    _, parts = with_lora(Path(STARTER.source))
    wrong = write_lora(tmp_path / "zorb.safetensors", parts, about("sdxl", "SDXL"))
    assert pf.models.detect(wrong).base_model == "Starter"


@pytest.mark.parametrize("write", WRITERS)
def test_the_header_says_everything_that_the_weights_were_made_of(
    zoo: Zoo, tmp_path: Path, write: Callable[..., Path]
) -> None:
    _, parts = with_lora(zoo("sd15"))
    told = read_header(write(tmp_path / "zorb.safetensors", parts, about(zoo("sd15"), "SD1.5"))).metadata
    expected = {
        "pixelflow.name": "zorb",
        "pixelflow.method": "lora",
        "pixelflow.base_model": "SD1.5",
        "pixelflow.base_digest": "b" * 64,
        "pixelflow.trigger_words": '["zorb"]',
        "pixelflow.rank": "4",
        "pixelflow.alpha": "3",
        "pixelflow.steps": "120",
        "pixelflow.pictures": "8",
        "pixelflow.dataset_digest": "d" * 64,
        "pixelflow.resolution": "64",
        "pixelflow.licence": "CC0-1.0",
        "pixelflow.date": "2026-11-23T17:00:00+00:00",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.trigger_phrase": "zorb",
        "modelspec.license": "CC0-1.0",
        "modelspec.date": "2026-11-23T17:00:00+00:00",
        "ss_base_model_version": "sd_v1",
        "ss_network_dim": "4",
        "ss_network_alpha": "3",
        "ss_network_module": "networks.lora",
        "ss_resolution": "(64, 64)",
    }
    assert {name: told.get(name) for name in expected} == expected
    assert json.loads(told["pixelflow.settings"])["schedule"] == "cosine"


@pytest.mark.parametrize("write", WRITERS)
def test_a_header_names_no_folder_of_the_machine(zoo: Zoo, tmp_path: Path, write: Callable[..., Path]) -> None:
    _, parts = with_lora(zoo("sd15"))
    told = read_header(write(tmp_path / "zorb.safetensors", parts, about(zoo("sd15"), "SD1.5"))).metadata
    assert told["pixelflow.base"] == zoo("sd15").name
    assert not [name for name, text in told.items() if "lovelace" in text or str(zoo("sd15").parent) in text]


@pytest.mark.parametrize("write", WRITERS)
def test_a_lora_of_the_starter_is_refused_by_another_base_in_words(
    zoo: Zoo, tmp_path: Path, write: Callable[..., Path]
) -> None:
    assert STARTER is not None
    _, parts = with_lora(Path(STARTER.source))
    path = write(tmp_path / "zorb.safetensors", parts, about("starter", "Starter"))
    why = why_unfit(Adapter(str(path)), ground_of(pf.Model(str(zoo("sd15")))))
    assert why == (
        "This adapter 'zorb.safetensors' was made for Starter; the model here is SD1.5. Choose an adapter for SD1.5."
    )
    assert why_unfit(Adapter(str(path)), ground_of(pf.Model("starter"))) is None


def test_weights_that_are_not_what_is_said_of_them_are_refused(zoo: Zoo, tmp_path: Path) -> None:
    _, parts = with_lora(zoo("sd15"))
    path = tmp_path / "zorb.safetensors"
    with pytest.raises(ModelError, match=r"said to have rank 8; its layers have rank 4"):
        write_lora(path, parts, about("sd15", "SD1.5", rank=8))
    with pytest.raises(ModelError, match="no layers"):
        write_kohya(path, {}, about("sd15", "SD1.5"))
    with pytest.raises(ModelError, match="is no weight of a LoRA"):
        write_lora(
            path,
            {"unet": {**parts["unet"], "conv_in.lora_magnitude_vector": next(iter(parts["unet"].values()))}},
            about("sd15", "SD1.5"),
        )
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_finished_leaves_the_one_before(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, parts = with_lora(zoo("sd15"))
    path = write_lora(tmp_path / "zorb.safetensors", parts, about("sd15", "SD1.5"))
    before = path.read_bytes()

    def fail(_: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no room"):
        write_lora(path, parts, about("sd15", "SD1.5", name="other"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
