"""What a training made is a card like any other: listed, found by name, laid on, and harmless where it is broken."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ModelError
from pixelflow_widgets.finetuning.results import write_card, write_embedding, write_kohya, write_lora, write_model
from pixelflow_widgets.models import taught
from pixelflow_widgets.models.digests import digest_of
from pixelflow_widgets.models.fitting import trigger_words
from pixelflow_widgets.models.loading import lend
from pixelflow_widgets.models.weights import place_of
from tests.finetuning.results.learnt import about, difference, picture, pipeline_of, with_lora
from tests.finetuning.results.test_embeddings import vectors
from tests.zoo import Zoo

from .test_loading import Notes

pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user who taught nothing yet."""
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    folder = tmp_path / "data" / "weights"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def parts() -> dict[str, dict[str, Any]]:
    card = pf.models.card_of("starter")
    assert card is not None
    return with_lora(Path(card.source))[1]


def lora(weights: Path, parts: dict[str, dict[str, Any]], name: str = "zorb", **given: Any) -> Path:
    """Write a LoRA and what lies beside it, as a training leaves them."""
    told = about("starter", "Starter", name=name, **given)
    write_kohya(weights / name / "kohya" / f"{name}.safetensors", parts, told)
    write_card(weights / name / "README.md", told)
    return write_lora(weights / name / f"{name}.safetensors", parts, told)


def listed(kind: str) -> list[str]:
    return [card.name for card in pf.models.cards(kind=kind)]


def test_a_taught_lora_is_a_card_with_base_trigger_licence_and_how_it_came_about(
    weights: Path, parts: dict[str, dict[str, Any]]
) -> None:
    before = listed("lora")
    path = lora(weights, parts)
    assert listed("lora") == [*before, "zorb"]
    card = pf.models.info("zorb")
    assert (card.kind, card.base_model, card.licence, card.trigger_words) == ("lora", "Starter", "CC0-1.0", ("zorb",))
    assert card.help == "LoRA of a training here with 8 pictures on starter, 2026-11-23. Write 'zorb' in the prompt."
    assert (card.is_here, card.url) == (True, str(path))
    assert place_of("zorb") == path
    assert pf.models.card_of(str(path)) == card, "by its place, too"
    assert [one.name for one in pf.models.cards("lora", base_model="Starter")] == ["zorb"]
    assert trigger_words(pf.Model("starter").with_adapter("zorb")) == ("zorb",)


def test_a_handle_wears_a_taught_lora_by_its_name(weights: Path, parts: dict[str, dict[str, Any]]) -> None:
    path = lora(weights, parts)
    seen = []
    for model in (pf.Model("starter"), *(pf.Model("starter").with_adapter(source) for source in ("zorb", str(path)))):
        with lend(model, "text_to_image", Notes()) as loan:
            seen.append(picture(loan.pipeline))
    assert difference(seen[1], seen[2]) == 0
    assert difference(seen[0], seen[1]) > 1e-3


def test_a_folder_that_was_renamed_and_a_loose_file_are_found_by_their_own_names(
    weights: Path, parts: dict[str, dict[str, Any]]
) -> None:
    before = listed("lora")
    path = lora(weights, parts).parent.rename(weights / "blick") / "zorb.safetensors"
    shutil.copy(path, weights / "loose.safetensors")
    assert listed("lora") == [*before, "blick", "loose"]
    assert (place_of("blick"), place_of("loose")) == (path, weights / "loose.safetensors")
    assert pf.models.card_of(str(path.parent)) == pf.models.card_of("blick"), "by its folder, too"


def test_learnt_words_and_whole_models_are_cards_too(zoo: Zoo, weights: Path) -> None:
    given = about("sdxl", "SDXL", method="prompt", rank=None, alpha=None)
    write_embedding(weights / "word" / "word.safetensors", vectors("clip_l", "clip_g"), given)
    whole = about("sd15", "SD1.5", method="full", rank=None, alpha=None)
    folder = write_model(weights / "whole", pipeline_of(zoo("sd15")), whole)
    assert "word" in listed("embedding")
    assert pf.models.info("word").trigger_words == ("zorb",)
    card = pf.models.info("whole")
    assert (card.kind, card.base_model, card.trigger_words) == ("model", "SD1.5", ("zorb",))
    assert (card.revision, card.variant, card.is_here) == (None, None, True)
    assert (card.defaults["width"], card.defaults["steps"]) == (512, 25), "as its base's, which has a card"
    assert "whole" in [one.name for one in pf.models.cards("text_to_image")]
    assert place_of("whole") == folder
    with lend("whole", "text_to_image", Notes()) as loan:
        assert difference(picture(loan.pipeline), picture(pipeline_of(zoo("sd15")))) == 0


def test_a_whole_model_whose_base_has_no_card_paints_in_the_size_that_it_was_taught_at(zoo: Zoo, weights: Path) -> None:
    whole = about("/bases/mine", "SD1.5", method="full", rank=None, alpha=None, resolution=64)
    write_model(weights / "whole", pipeline_of(zoo("sd15")), whole)
    card = pf.models.info("whole")
    assert (card.defaults["width"], card.defaults["height"], card.limits) == (64, 64, {})
    assert "inpaint" in card.tasks


def test_a_file_that_is_written_anew_or_removed_is_seen_at_once(
    weights: Path, parts: dict[str, dict[str, Any]]
) -> None:
    path, state, digest = lora(weights, parts), taught.taught_state(), None
    digest = digest_of("zorb")
    lora(weights, parts, trigger_words=("blick",), steps=121)
    assert pf.models.info("zorb").trigger_words == ("blick",)
    assert digest_of("zorb") != digest
    path.unlink()
    assert "zorb" not in listed("lora")
    assert pf.models.card_of("zorb") is None
    assert taught.taught_state() != state


def test_headers_are_read_once_for_a_state_of_a_file(
    weights: Path, parts: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lora(weights, parts)
    assert "zorb" in listed("lora")

    def fail(*_: object) -> None:
        raise AssertionError("It was read again.")

    monkeypatch.setattr(taught, "detect", fail)
    monkeypatch.setattr(taught, "read_header", fail)
    assert "zorb" in listed("lora")
    assert pf.models.card_of("zorb") is not None


def test_what_is_broken_in_the_folder_breaks_no_listing(weights: Path, parts: dict[str, dict[str, Any]]) -> None:
    whole = lora(weights, parts).read_bytes()
    (weights / "cut.safetensors").write_bytes(whole[:-100])
    (weights / "empty.safetensors").write_bytes(b"")
    (weights / "pickle.safetensors").write_bytes(b"\x80\x04\x95")
    (weights / "folder.safetensors").mkdir()
    (weights / "part").mkdir()
    (weights / "bare" / "unet").mkdir(parents=True)
    (weights / "bare" / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(whole)
    (weights / "gone.safetensors").symlink_to(weights / "nowhere")
    (weights / "several").mkdir()
    for name in ("one", "two"):
        (weights / "several" / f"{name}.safetensors").write_bytes(whole)
    (weights / "zorb.safetensors.123.part").write_bytes(whole[:50])
    assert [card.name for card in pf.models.cards() if str(card.source).startswith(str(weights))] == ["zorb"]
    assert pf.models.card_of("cut") is None
    with pytest.raises(ModelError, match="is refused"):
        pf.models.info(str(weights / "cut.safetensors"))


@pytest.mark.parametrize("name", ["", ".", "..", "../zorb", "sub/zorb", "zorb/zorb", "zorb\0", "zorb" * 200, "\ud800"])
def test_no_name_reaches_out_of_the_folder_or_raises(
    weights: Path, parts: dict[str, dict[str, Any]], name: str
) -> None:
    lora(weights.parent, parts)
    lora(weights / "sub", parts)
    assert pf.models.card_of(name) is None


def test_a_card_of_the_catalogue_wins_over_an_equal_name(weights: Path, parts: dict[str, dict[str, Any]]) -> None:
    path = lora(weights, parts, "starter")
    assert pf.models.info("starter").kind == "model"
    assert place_of("starter") != path
    assert str(path) in listed("lora"), "it can be picked by its place"
    assert pf.models.info(str(path)).kind == "lora"


def test_where_nothing_is_kept_on_disk_nothing_is_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", "none")
    assert taught.taught_folder() is None
    assert pf.models.cards() == pf.models.cards(taught=False)
    assert pf.models.card_of("zorb") is None
    assert taught.taught_state() == ()


def test_what_was_taught_is_not_removed_as_if_it_had_been_fetched(
    weights: Path, parts: dict[str, dict[str, Any]]
) -> None:
    path = lora(weights, parts)
    with pytest.raises(ModelError, match="it is yours"):
        pf.models.remove("zorb")
    assert path.is_file()
