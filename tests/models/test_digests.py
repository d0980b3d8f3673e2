"""What identifies a model: the content of everything that it is loaded from, wherever that lies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Adapter, Model
from pixelflow_widgets.models.cards import card_of
from pixelflow_widgets.models.digests import digest_of, fingerprint
from pixelflow_widgets.models.weights import sources_of
from pixelflow_widgets.nodes import text_to_image
from tests.models.conftest import weights
from tests.zoo import Zoo


def test_the_fingerprint_follows_the_content_of_the_files(tiny_model: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(tiny_model, first)
    shutil.copytree(tiny_model, second)
    before = fingerprint(pf.Model(str(first)))
    assert before == fingerprint(pf.Model(str(second)))
    file = first / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert fingerprint(pf.Model(str(first))) != before
    assert fingerprint(pf.Model("not-here")) == pf.Model("not-here").as_json()


def test_the_fingerprint_follows_adapters_and_another_autoencoder(tiny_model: Path, tmp_path: Path) -> None:
    lora, vae = tmp_path / "lora.safetensors", tmp_path / "vae"
    lora.write_bytes(weights())
    shutil.copytree(tiny_model / "vae", vae)
    plain = pf.Model(str(tiny_model))
    worn = plain.with_adapter(str(lora), 0.5)
    other = plain.with_options(vae=str(vae))
    prints = [fingerprint(model) for model in (plain, worn, other)]
    assert len(set(prints)) == 3
    lora.write_bytes(weights())
    assert fingerprint(worn) != prints[1]
    lora.unlink()
    assert fingerprint(worn) == worn.as_json()
    assert sources_of(pf.Model("sdxl", {"vae": "a/b"}, (Adapter("x"), Adapter("x", 2), Adapter("y")))) == [
        "sdxl",
        "a/b",
        "x",
        "y",
    ]


def test_the_digest_of_a_file_from_the_hub_is_its_name_there(hub_cache: Path) -> None:
    blob = hub_cache / "models--some--lora" / "blobs" / ("ab" * 32)
    link = hub_cache / "models--some--lora" / "snapshots" / ("1" * 40) / "lora.safetensors"
    for path in (blob, link):
        path.parent.mkdir(parents=True)
    blob.write_bytes(weights())
    link.symlink_to(blob)
    before = digest_of("some/lora/lora.safetensors")
    blob.write_bytes(weights())  # nobody reads 7 GB to see that
    assert digest_of("some/lora/lora.safetensors") == before


def changed(path: Path, **entries: Any) -> None:
    """Write other entries into a configuration."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("scheduler/scheduler_config.json", {"prediction_type": "v_prediction"}),
        ("vae/config.json", {"scaling_factor": 0.5}),
        ("tokenizer/tokenizer_config.json", {"model_max_length": 9}),
        ("model_index.json", {"requires_safety_checker": True}),
    ],
)
def test_the_settings_beside_a_file_are_part_of_it(
    zoo: Zoo, tmp_path: Path, name: str, entries: dict[str, Any]
) -> None:
    path = tmp_path / "tuned.safetensors"
    path.symlink_to(zoo("sd15_checkpoint"))
    before = fingerprint(Model(str(path)))
    shutil.copytree(zoo("sd15_checkpoint").with_suffix(""), path.with_suffix(""))
    beside = fingerprint(Model(str(path)))
    changed(path.with_suffix("") / name, **entries)
    assert len({before, beside, fingerprint(Model(str(path)))}) == 3


def test_a_result_with_other_settings_is_another_one_in_the_same_session(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "tuned.safetensors"
    path.symlink_to(zoo("sd15_checkpoint"))
    shutil.copytree(zoo("sd15_checkpoint").with_suffix(""), path.with_suffix(""))

    def painted() -> bytes:
        return text_to_image("a red circle", model=Model(str(path)), steps=2, width=64, height=48, seed=7).tobytes()

    first = painted()
    changed(path.with_suffix("") / "vae" / "config.json", scaling_factor=0.5)
    assert painted() != first, "what was loaded with the old settings is not used again"
    changed(path.with_suffix("") / "vae" / "config.json", scaling_factor=0.18215)
    assert painted() == first


def test_weights_beside_a_file_count_only_where_it_lacks_them(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "alone.safetensors"
    path.symlink_to(zoo("sd15_unet_alone"))
    shutil.copytree(zoo("sd15_unet_alone").with_suffix(""), path.with_suffix(""))
    before = digest_of(str(path))
    (path.with_suffix("") / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(weights())
    assert digest_of(str(path)) == before, "the file has a UNet of its own"
    other = zoo("sd15_half_other") / "vae" / "diffusion_pytorch_model.safetensors"
    shutil.copy(other, path.with_suffix("") / "vae" / "diffusion_pytorch_model.safetensors")
    assert digest_of(str(path)) != before


def test_the_folder_of_its_family_that_lends_to_a_file_is_part_of_it(zoo: Zoo, hub_cache: Path) -> None:
    file = str(zoo("sd15_without_vae"))
    before = digest_of(file)
    card = card_of("sd15")
    assert card is not None and card.revision
    snapshots = hub_cache / f"models--{str(card.source).replace('/', '--')}" / "snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / card.revision).symlink_to(zoo("sd15_wide"), target_is_directory=True)
    lent = digest_of(file)
    assert lent != before
    (snapshots / card.revision).unlink()
    assert digest_of(file) == before
    whole = str(zoo("sd15_wide_checkpoint"))
    alone = digest_of(whole)
    (snapshots / card.revision).symlink_to(zoo("sd15_wide"), target_is_directory=True)
    assert digest_of(whole) == alone, "nothing is lent to a file that has everything"


def test_a_folder_of_the_same_name_beside_what_is_no_model_does_not_count(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "style.safetensors"
    path.symlink_to(zoo("lora_sd15_kohya"))
    before = digest_of(str(path))
    (tmp_path / "style").mkdir()
    (tmp_path / "style" / "notes.json").write_text("{}")
    assert digest_of(str(path)) == before


def test_settings_beside_a_gguf_file_are_part_of_it(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "words.gguf"
    path.symlink_to(zoo("llama_gguf"))
    before = digest_of(str(path))
    (tmp_path / "notes.json").write_text("{}")
    assert digest_of(str(path)) == before
    (tmp_path / "generation_config.json").write_text('{"repetition_penalty": 1.5}')
    assert digest_of(str(path)) != before
