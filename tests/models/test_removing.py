from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.cards import card_of
from pixelflow_widgets.models.getting import get
from pixelflow_widgets.models.removing import remove
from pixelflow_widgets.models.weights import is_here
from tests.models.conftest import weights
from tests.models.hub_server import Hub


def test_what_was_fetched_is_removed_and_its_bytes_come_back(hub: Hub, hub_cache: Path) -> None:
    files = {"config.json": '{"model_type": "clip"}', "model.safetensors": weights(megabytes=0.5)}
    hub.add("some/clip", files)
    get("some/clip")
    assert remove("some/clip") == sum(len(content) for content in hub.repositories["some/clip"].values())
    assert not is_here("some/clip")
    assert not (hub_cache / "models--some--clip").exists()
    get("some/clip")
    assert is_here("some/clip")


def test_one_file_of_a_repository_goes_and_the_others_stay(hub: Hub) -> None:
    same = weights()
    hub.add("some/loras", {"a.safetensors": same, "b.safetensors": same, "c.safetensors": weights()})
    for name in "abc":
        get(f"some/loras/{name}.safetensors")
    assert remove("some/loras/a.safetensors") == 0  # b has the same content
    assert remove("some/loras/c.safetensors") > 0
    assert is_here("some/loras/b.safetensors")


def test_an_encoder_that_two_adapters_share_goes_with_the_last(hub_file: Callable[..., Path], hub_cache: Path) -> None:
    names = ("ip-adapter-sd15", "ip-adapter-sdxl")
    for name in names:
        card = card_of(name)
        assert card
        file = str(card.source).removeprefix("h94/IP-Adapter/")
        for path in (file, "models/image_encoder/model.safetensors"):
            hub_file("h94/IP-Adapter", path, weights(), commit=card.revision)
        hub_file("h94/IP-Adapter", "models/image_encoder/config.json", b"{}", commit=card.revision)
    remove(names[0])
    assert [is_here(name) for name in names] == [False, True]
    remove(names[1])
    assert not (hub_cache / "models--h94--IP-Adapter").exists()


def test_what_came_of_a_fetch_that_was_stopped_can_be_removed(
    hub: Hub, hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 50_000)
    hub.add("some/clip", {"config.json": '{"model_type": "clip"}', "model.safetensors": weights(megabytes=0.5)})
    stop = Event()
    with pytest.raises(pf.Cancelled):
        get("some/clip", lambda done, *_: stop.set() if done else None, stop=stop)
    assert 0 < remove("some/clip") < 500_000
    assert not (hub_cache / "models--some--clip").exists()
    with pytest.raises(pf.ModelError, match="not on this machine"):
        remove("some/clip")


def test_what_did_not_come_from_the_hub_stays(tiny_model: Path, hub_cache: Path) -> None:
    with pytest.raises(pf.ModelError, match="ships with this package and stays"):
        remove("starter")
    with pytest.raises(pf.ModelError, match="it is yours"):
        remove(str(tiny_model))
    with pytest.raises(pf.ModelError, match="not on this machine"):
        remove("sdxl")
    assert tiny_model.is_dir()
