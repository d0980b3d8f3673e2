"""Tokens of prompts: as many as the model's own tokenizers make, and a mark where its window ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.media import Adapter, Model
from pixelflow_widgets.prompts.tokens import Reader, count, readers_of
from tests.zoo import Zoo

from .hostile import hostile_texts

_STARTER = Path(__file__).parents[2] / "pixelflow_widgets" / "starter" / "text_to_image"


def _own(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def _assert_equal_counts(reader: Reader, own: Any) -> None:
    for text in hostile_texts():
        made = own(text, add_special_tokens=False)["input_ids"]
        read = reader.read(text)
        assert read.count == len(made) == len(read.spans), text[:80]
        assert all(0 <= first <= behind <= len(text) for first, behind in read.spans), text[:80]


@pytest.mark.parametrize("place", [0, 1])
def test_the_encoders_that_ship_read_as_many_tokens_as_their_own_tokenizers_make(place: int) -> None:
    reader = readers_of("starter")[place]
    _assert_equal_counts(reader, _own(_STARTER / ("tokenizer", "tokenizer_2")[place]))
    assert (reader.name, reader.window, reader.usable) == (("text_encoder", "text_encoder_2")[place], 32, 30)
    assert reader.is_chunked


def test_a_language_model_of_byte_pairs_reads_as_many_tokens_as_its_own_tokenizer_makes(zoo: Zoo) -> None:
    (reader,) = readers_of(str(zoo("llama")))
    _assert_equal_counts(reader, _own(zoo("llama")))
    assert (reader.name, reader.title, reader.window, reader.is_chunked) == ("tokenizer", "Tokens", 512, False)


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("sd15", [(77, 75)]),
        ("sdxl", [(77, 75), (77, 75)]),
        ("sd3", [(77, 75), (77, 75), (256, 255)]),
        ("flux", [(77, 75), (512, 511)]),
        ("qwen_image", [(512, 512)]),
    ],
)
def test_every_encoder_of_a_family_counts_as_its_own_tokenizer(
    zoo: Zoo, name: str, windows: list[tuple[int, int]]
) -> None:
    readers = readers_of(str(zoo(name)))
    assert [(reader.window, reader.usable) for reader in readers] == windows
    assert {reader.is_chunked for reader in readers} == {name in ("sd15", "sdxl")}
    for reader in readers:
        own = _own(zoo(name) / reader.name.replace("text_encoder", "tokenizer"))
        _assert_equal_counts(reader, own)


def test_clip_folders_in_the_old_layout_of_the_hub_count_alike(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "sd15"
    shutil.copytree(zoo("sd15"), folder)
    own = folder / "tokenizer"
    known = json.loads((own / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    (own / "tokenizer.json").unlink()
    (own / "vocab.json").write_text(json.dumps(known["vocab"]), encoding="utf-8")
    merges = [" ".join(pair) for pair in known["merges"]]
    (own / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    marks = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": True, "__type": "AddedToken"}
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "bos_token": {"content": "<|startoftext|>", **marks},
        "eos_token": {"content": "<|endoftext|>", **marks},
        "pad_token": "<|endoftext|>",
        "unk_token": {"content": "<|endoftext|>", **marks},
    }
    (own / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (reader,) = readers_of(str(folder))
    assert (reader.window, reader.usable) == (77, 75)
    _assert_equal_counts(reader, _own(own))


def test_a_model_in_one_file_has_the_readers_of_its_family(zoo: Zoo) -> None:
    (reader,) = readers_of(str(zoo("sd15_wide_checkpoint")))
    assert (reader.title, reader.window, reader.usable, reader.is_chunked) == ("CLIP L", 77, 75, True)
    assert reader.read("a photograph of an astronaut riding a horse").count == 8


@pytest.mark.parametrize("model", ["nothing-of-that-name", "", "some/where", "server:tiny", "/etc/passwd", "\x00"])
def test_what_is_not_here_has_no_readers(model: str) -> None:
    assert readers_of(model) == []
    assert count(model, "a red circle") is None


@pytest.mark.parametrize(
    "broken",
    ["", "{}", "[]", "not json", '{"version": "1.0", "model": {"type": "BPE", "vocab": 3}}', '{"model": null}'],
)
def test_a_tokenizer_that_cannot_be_read_is_none(zoo: Zoo, tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(zoo("llama"), folder)
    (folder / "tokenizer.json").write_text(broken, encoding="utf-8")
    assert readers_of(str(folder)) == []


def test_a_changed_tokenizer_is_read_anew(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "changing"
    shutil.copytree(zoo("llama"), folder)
    assert readers_of(str(folder))[0].read("xyz").count > 0
    (folder / "tokenizer.json").unlink()
    assert readers_of(str(folder)) == []


def test_halves_of_letters_are_counted_and_break_nothing() -> None:
    read = readers_of("starter")[0].read("red \ud83d circle \udc00")
    assert read.count == readers_of("starter")[0].read("red � circle �").count
    assert read.spans[0] == (0, 3)


def _embedded(encoder: Any, own: Any, text: str) -> Any:
    """Return the states of a text that is cut as diffusers cuts it."""
    import torch

    ids = own(
        text, padding="max_length", max_length=own.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids
    with torch.inference_mode():
        return encoder(ids).last_hidden_state


@pytest.mark.parametrize(("name", "window"), [("starter", 32), ("sd15", 77)])
def test_the_mark_stands_behind_the_last_token_that_the_encoder_really_reads(zoo: Zoo, name: str, window: int) -> None:
    import torch
    from transformers import CLIPTextModel

    folder = _STARTER if name == "starter" else zoo(name)
    encoder, own = CLIPTextModel.from_pretrained(folder / "text_encoder"), _own(folder / "tokenizer")
    (reader, *_) = readers_of(str(folder))
    text = "a red circle, " * 40
    usable = window - 2
    assert reader.usable == usable
    read = Reader(reader.name, reader.title, reader.window, usable, False, reader.tokenizer).read(text)
    assert read.cut == read.spans[usable - 1][1] and read.read == usable
    whole = _embedded(encoder, own, text)
    for other in ("", " blue square" * 30, "!?"):
        assert torch.equal(whole, _embedded(encoder, own, f"{text[: read.cut]} {other}"))
    first, behind = read.spans[usable - 1]
    changed = f"{text[:first]} star {text[behind:]}"
    assert not torch.equal(whole, _embedded(encoder, own, changed))


@pytest.mark.parametrize(("name", "size"), [("flux", 512), ("sd3", 256)])
def test_the_mark_of_t5_stands_where_its_pipeline_cuts(zoo: Zoo, name: str, size: int) -> None:
    import torch
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(zoo(name))
    reader = readers_of(str(zoo(name)))[-1]
    assert (reader.title, reader.window) == ("T5", size)
    text = "circle " * 600
    read = reader.read(text)
    assert read.cut is not None and read.read == size - 1

    def states(text: str) -> Any:
        with torch.inference_mode():
            return pipeline._get_t5_prompt_embeds(prompt=text, max_sequence_length=size)

    whole = states(text)
    assert torch.equal(whole, states(f"{text[: read.cut]} star"))
    assert not torch.equal(whole, states(f"{text[: read.spans[size - 2][0]]} star"))


def test_a_chunked_reader_reads_all_in_parts_that_end_with_words() -> None:
    (reader, *_) = readers_of("starter")
    read = reader.read("a red circle " * 11)
    assert (read.count, read.cut, read.parts, read.read) == (33, None, 2, 33)
    assert reader.read("x" * 20_000).parts == 40
    assert reader.read("x" * 20_000).cut == 1200


def test_windows_are_those_of_diffusers() -> None:
    import inspect

    import diffusers

    from pixelflow_widgets.prompts.windows import PASSED

    for passed in PASSED:
        made = getattr(diffusers, f"{passed.starts}Pipeline")
        assert inspect.signature(made.__call__).parameters["max_sequence_length"].default == passed.most, passed.starts


def test_a_word_of_an_embedding_counts_as_many_tokens_as_it_has_vectors(zoo: Zoo) -> None:
    plain = readers_of(str(zoo("sd15")))[0].read("a cat").count
    model = Model(str(zoo("sd15")), {}, (Adapter(str(zoo("embedding_sd15")), kind="embedding"),))
    read = readers_of(model)[0].read("a <zoo-cat> cat")
    assert read.count == plain + 2
    assert read.spans[1] == read.spans[2] == (2, 11)


def test_the_count_is_of_all_encoders() -> None:
    first, second = readers_of("starter")
    text = "a red circle on a blue background"
    assert count("starter", text, "blurry") == sum(
        reader.read(part).count for reader in (first, second) for part in (text, "blurry")
    )
    assert count("starter", "") == 0
    assert count("starter", "a" * 100_001) is None


def test_counting_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from pixelflow_widgets.prompts.tokens import readers_of; assert readers_of('starter');"
        "assert not {'torch', 'transformers', 'diffusers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
