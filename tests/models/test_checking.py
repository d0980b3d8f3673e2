from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pixelflow_widgets.models import check
from pixelflow_widgets.models.getting import get
from tests.models.conftest import weights
from tests.models.hub_server import Hub


def test_a_sound_model_says_what_it_is(tiny_model: Path) -> None:
    found = check(tiny_model)
    assert found.is_sound and found.place == tiny_model and found.bytes > 1000
    assert found.card and found.card.kind == "model"
    assert str(found).startswith(f"{tiny_model}: sound, ")
    assert check("starter").is_sound


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.ckpt", b"\x80\x02", "'a.ckpt' is refused: it is a pickle"),
        ("a.safetensors", b"\x80\x04\x95xxxxxxxxxxxx", "in spite of its name it is a pickle"),
        ("a.safetensors", b"PK\x03\x04xxxxxxxxxxxx", "in spite of its name it is a zip archive"),
        ("a.safetensors", weights()[:-1], "it is cut off"),
        ("a.gguf", b"PK", "no GGUF file"),
        ("a.txt", b"x", "no .safetensors or .gguf file"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    found = check(tmp_path / name)
    assert not found.is_sound
    assert any(reason in problem for problem in found.problems)
    assert "not sound" in str(found) and reason in str(found)
    assert len(found.problems) == 1


def test_what_is_not_here_says_how_to_get_it(hub_cache: Path) -> None:
    found = check("sdxl")
    assert (found.is_sound, found.place, found.bytes) == (False, None, 0)
    assert "pixelflow models get sdxl" in found.problems[0]


def test_a_folder_in_which_something_is_missing_or_damaged_is_not_sound(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "clip", "architectures": ["CLIPModel"]}')
    assert check(tmp_path).problems == ("weights as safetensors is missing. Get the model again.",)
    (tmp_path / "model.safetensors").write_bytes(weights()[:-3])
    assert "it is cut off" in check(tmp_path).problems[0]
    (tmp_path / "model.safetensors").write_bytes(weights())
    assert check(tmp_path).is_sound


def test_pickles_and_code_beside_a_model_are_told_and_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "clip", "architectures": ["CLIPModel"]}')
    (tmp_path / "model.safetensors").write_bytes(weights())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02")
    (tmp_path / "modeling.py").write_text("raise SystemExit")
    found = check(tmp_path)
    assert found.is_sound
    assert found.notes == (
        "Pickles lie beside it and are never opened: pytorch_model.bin.",
        "Python code lies beside it and is never run.",
    )


def test_a_deep_check_notices_a_byte_that_changed(hub: Hub, hub_file: Callable[..., Path]) -> None:
    hub.add("some/clip", {"config.json": '{"model_type": "clip"}', "model.safetensors": weights()})
    place = get("some/clip")
    assert check("some/clip", deep=True).is_sound
    blob = (place / "model.safetensors").resolve()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    assert check("some/clip").is_sound
    assert "not what the Hub announced" in check("some/clip", deep=True).problems[0]
