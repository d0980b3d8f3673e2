from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models import card_of, cards
from pixelflow_widgets.models.weights import fingerprint, folder_of


def test_every_card_has_what_a_user_asks_first() -> None:
    for card in cards():
        assert card.licence and card.megabytes and card.tasks and card.base_model and card.help.endswith(".")
        assert card_of(card.name) is card
    assert len({card.name for card in cards()}) == len(cards())


def test_hub_cards_pin_a_revision() -> None:
    assert all(card.revision and len(card.revision) == 40 for card in cards() if isinstance(card.source, str))


def test_a_folder_of_the_users_own_is_a_model(tiny_model: Path) -> None:
    assert folder_of(str(tiny_model)) == tiny_model
    assert card_of(str(tiny_model)) is None


def test_a_model_that_is_not_here_says_its_size_licence_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelflow_widgets.models.weights._fetched", lambda *_: None)  # nor in anybody's Hub cache
    with pytest.raises(pf.ModelError, match=r"6\.9 GB, licence CreativeML .* hf download stabilityai/.* --revision"):
        folder_of("sdxl")


def test_an_unknown_model_names_the_nearest_card() -> None:
    with pytest.raises(pf.ModelError, match="no model 'startr' here.*Did you mean 'starter'"):
        folder_of("startr")
    with pytest.raises(pf.ModelError, match="no model"):
        folder_of("../../etc/passwd")


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(pf.ModelError, match="no model_index.json"):
        folder_of(str(tmp_path))


def test_the_fingerprint_follows_the_content_of_the_files(tiny_model: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(tiny_model, first)
    shutil.copytree(tiny_model, second)
    before = fingerprint(pf.Model(str(first)))
    assert before == fingerprint(pf.Model(str(second)))
    weights = first / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert fingerprint(pf.Model(str(first))) != before
    assert fingerprint(pf.Model("not-here")) == pf.Model("not-here").as_json()
