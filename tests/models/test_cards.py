from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.cards import ModelCard, card_of, cards, size_in_words
from pixelflow_widgets.models.families import FAMILIES
from pixelflow_widgets.models.schedulers import NAMES
from pixelflow_widgets.models.weights import looks_like_hub

WITHOUT_A_COMMIT = {"swin2sr-x4", "dpt", "mobilevit", "mms-tts", "csm"}
"""No commit of these could be verified from public files."""
UNKNOWN_FAMILIES = {"MobileViT", "CSM"}
PICKERS = {"controlnet", "lora", "ip_adapter", "motion"}


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_every_card_has_what_a_user_asks_first(card: ModelCard) -> None:
    assert card.licence and card.megabytes and card.tasks and card.base_model and card.title
    assert card.help.endswith(".") and len(card.help) <= 120
    assert card_of(card.name) is card
    assert card.memory_gb or card.kind == "lora"
    assert card.modality in ("text", "image", "audio", "video")
    assert set(card.takes) <= {"text", "image", "mask", "audio", "video"}
    assert card.base_model in {family.name for family in FAMILIES} | UNKNOWN_FAMILIES
    assert set(card.schedulers) <= set(NAMES)
    assert card.kind == "model" or card.tasks == (card.kind,)


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_what_a_card_suggests_is_what_it_allows(card: ModelCard) -> None:
    for option, (low, high) in card.limits.items():
        assert low <= high
        assert low <= card.defaults.get(option, low) <= high, option
    for option in ("width", "height"):
        assert card.defaults.get(option, 0) % card.multiple == 0


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_a_card_of_the_hub_pins_a_commit_where_one_could_be_verified(card: ModelCard) -> None:
    if isinstance(card.source, Path) or card.source.startswith("package:"):
        assert card.revision is None
        return
    assert looks_like_hub(card.source)
    assert (card.revision is None) == (card.name in WITHOUT_A_COMMIT)
    assert card.revision is None or (len(card.revision) == 40 and int(card.revision, 16))


def test_names_are_told_apart_and_every_node_that_takes_a_model_has_one() -> None:
    from pixelflow_widgets.controls import ModelPicker

    assert len({card.name for card in cards()}) == len(cards())
    ports = [port for node_type in pf.registry for port in node_type.inputs.values()]
    wanted = {port.control.task for port in ports if isinstance(port.control, ModelPicker)}
    served = {task for card in cards() for task in card.tasks}
    assert wanted - {"vae", "embedding", "vocoder", ""} <= served
    assert PICKERS <= served


def test_what_the_issue_lists_is_there() -> None:
    families = {card.base_model for card in cards(kind="model")}
    assert {"SD1.5", "SDXL", "SD3", "FLUX.1", "Qwen-Image", "LTX-Video", "Wan 2.1", "Stable Audio"} <= families
    assert {"MusicGen", "Whisper", "VITS", "LLaVA", "BLIP", "CLIP", "Swin2SR", "DPT", "CLIPSeg"} <= families
    assert len(cards(task="text_to_speech")) >= 2
    assert len(cards(task="controlnet", base_model="SDXL")) >= 2
    sizes = sorted(card.megabytes for card in cards(task="chat"))
    assert sizes[0] < 300 and sizes[-1] > 10_000
    assert [card.name for card in cards(task="motion")] == ["animatediff"]


def test_cards_are_found_by_task_modality_and_family() -> None:
    assert {card.name for card in cards("speech_to_text")} == {"whisper-tiny", "whisper-turbo"}
    assert all("audio" in (card.modality, *card.takes) for card in cards(modality="audio"))
    assert {card.kind for card in cards(base_model="SDXL")} == {"model", "controlnet", "ip_adapter", "lora"}
    assert cards("paint_the_house") == []


def test_a_card_is_found_by_its_source_and_by_a_handle() -> None:
    assert card_of("stabilityai/sdxl-turbo") is card_of("sdxl-turbo")
    assert card_of(pf.Model("whisper-tiny", {"dtype": "float16"})) is card_of("whisper-tiny")
    assert card_of("some/thing") is None
    starter = card_of("starter")
    assert starter and starter.is_here and starter.url == "shipped with this package"
    assert card_of(str(starter.source)) is starter


@pytest.mark.parametrize(
    ("count", "words"), [(6_940_000_000, "6.9 GB"), (98_000_000, "98.0 MB"), (1500, "1.5 kB"), (12, "12 bytes")]
)
def test_sizes_are_said_as_people_say_them(count: int, words: str) -> None:
    assert size_in_words(count) == words


def test_the_namespace_gives_functions_whatever_was_imported_before() -> None:
    import importlib

    for name in ("cards", "checking", "getting", "removing", "describing", "detecting", "memory"):
        importlib.import_module(f"pixelflow_widgets.models.{name}")
    for name in pf.models.__all__:
        assert callable(getattr(pf.models, name)), name
    with pytest.raises(AttributeError, match="Did you mean 'remove'"):
        pf.models.remov  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
