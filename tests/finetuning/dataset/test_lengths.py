"""Captions that are longer than the base model reads are told, with numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset import Dataset
from tests.zoo import Zoo

from .made import folder_of, photo

WORDS = ["red", "blue", "circle", "star", "square", "green"]


def dataset(place: Path, captions: list[str]) -> Dataset:
    pictures = {f"{number}.png": photo(number) for number in range(len(captions))}
    texts = {f"{number}.txt": caption for number, caption in enumerate(captions)}
    return Dataset(folder_of(place, {**pictures, **texts}), trigger="zorb")


def caption(tokens: int) -> str:
    return " ".join(["zorb", *(WORDS[number % len(WORDS)] for number in range(tokens))])


def long_ones(found: Dataset, base: pf.Model | str) -> list[str]:
    return [str(problem) for problem in found.problems(64, base) if problem.code == "long-caption"]


def test_captions_beyond_the_window_are_told_as_many_tokens_as_the_tokenizer_makes(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    found = dataset(tmp_path, [caption(5), caption(60), caption(40), caption(8), caption(8)])
    folder = Path(pf.__file__).parent / "starter" / "text_to_image" / "tokenizer"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    number = len(tokenizer(caption(60), add_special_tokens=False).input_ids)
    (told,) = long_ones(found, "starter")
    assert told.startswith("'1.png' and '2.png' have longer captions than 'starter' reads, 30 tokens: ")
    assert f"'1.png' has most, {number} tokens." in told
    (problem,) = (one for one in found.problems(64, "starter") if one.code == "long-caption")
    assert (problem.severity, problem.pictures) == ("warning", ("1.png", "2.png"))


def test_what_is_said_to_be_read_last_is_the_last_that_the_training_sees(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    text = caption(60)
    (told,) = long_ones(dataset(tmp_path, [text, caption(3)]), "starter")
    tokenizer = AutoTokenizer.from_pretrained(Path(pf.__file__).parent / "starter" / "text_to_image" / "tokenizer")
    seen = tokenizer(text, truncation=True, max_length=tokenizer.model_max_length).input_ids
    read = tokenizer.decode(seen, skip_special_tokens=True)
    last = told.partition("behind '… ")[2].partition("' is not")[0]
    assert read.replace(" ", "").endswith(last.replace(" ", ""))
    assert "'0.png' has a longer caption than" in told


def test_short_captions_and_bases_that_are_not_here_are_not_told(tmp_path: Path, zoo: Zoo) -> None:
    found = dataset(tmp_path, [caption(5), caption(20)])
    assert long_ones(found, "starter") == []
    long = dataset(tmp_path / "long", [caption(300)] * 2)
    assert long_ones(long, "nobody/has-this") == []
    assert long_ones(long, pf.Model(str(zoo("sdxl")))) != []
    assert [one for one in long.problems(64) if one.code == "long-caption"] == []


@pytest.mark.parametrize("text", ["🦊" * 200, "x" * 200_000, "\ud800" * 50])
def test_strange_captions_are_counted_too(tmp_path: Path, text: str) -> None:
    found = dataset(tmp_path, [caption(3), caption(4)])
    found.caption("0.png", text)
    assert len(long_ones(found, "starter")) == 1
