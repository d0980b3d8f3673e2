"""What a model reads of a prompt: its tokens, counted by the model's own tokenizers, and where its window ends.

No model is loaded, and neither torch nor transformers: tokenizers and configurations lie beside the weights.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import PixelFlowError
from ..media import Model
from ..models.families import config_in, family_of_folder
from ..models.fitting import adapter_file, ground_of
from ..models.header_settings import FAMILIES as KNOWN_BY_HEADER
from ..models.header_settings import clip_pieces
from ..models.layout import INDEX
from ..models.safetensors_header import read_header
from ..models.single_files import settings_folder
from ..models.weights import place_of
from .encoding import MOST_PARTS
from .letters import Letters, joined, readable, uncommented
from .schedule import placed_readings
from .vocabularies import clip_tokenizer, longest_in, tokenizer_in
from .weighting import read_weights
from .windows import heeds_weights, passed_by, title_of, window_of_encoder, window_of_language_model

MOST_LETTERS = 100_000
"""Longer texts are not read."""
_ALL_STEPS = 1000
"""Changes that name a step are read as if there were so many: all of them count."""
_ENCODER = "text_encoder"
_SUFFIXES = ("", "_2", "_3", "_4")
_CLIP_WINDOW = 77


@dataclass(frozen=True)
class Tokens:
    """Is what an encoder makes of a text.

    Args:
        count: How many tokens, without marks of begin and end.
        spans: (first, behind the last) letter of each token in the text as it was given, in order.
        cut: Letter behind the last token that is read; None where all are.
        parts: In how many windows it is read.
        read: How many of the tokens are read.
    """

    count: int
    spans: tuple[tuple[int, int], ...]
    cut: int | None = None
    parts: int = 1
    read: int = 0


@dataclass(frozen=True)
class Reader:
    """Is one text encoder of a model, or the tokenizer of a language model.

    Args:
        name: "text_encoder", "text_encoder_2"; "tokenizer" of a language model.
        title: What people call it.
        window: How many tokens it reads at once, marks of begin and end included; None where nobody knows an end.
        usable: The same without those marks.
        is_chunked: Whether what is longer is read in parts; otherwise it is cut.
    """

    name: str
    title: str
    window: int | None
    usable: int | None
    is_chunked: bool
    tokenizer: Any = field(default=None, repr=False, compare=False)
    words: tuple[tuple[str, int], ...] = field(default=(), repr=False)

    def read(self, text: str | Letters) -> Tokens:
        """Return the tokens of a text, its letters taken as they stand: marks of weights are read, too."""
        return self._read([Letters.of(text)])

    def read_prompt(self, text: str | Letters) -> Tokens:
        """Return the tokens of a prompt: marks of weights are not read, but by language models; spans are of the text.

        Args:
            text: A prompt without comments, as it is read at some step.
        """
        if not self.is_encoder:
            return self.read(text)
        parts = [part.letters for part in read_weights(text)]
        return self._read(parts if self.is_chunked else [joined(parts)])

    @property
    def is_encoder(self) -> bool:
        """Return whether it reads prompts of pictures and films; language models read every letter."""
        return self.name.startswith(_ENCODER)

    def _read(self, parts: Sequence[Letters]) -> Tokens:
        """Return the tokens of a text that is read in parts, one for each weight."""
        found = [token for part in parts for token in self._tokens(part)]
        spans = tuple((start, end) for start, end, _ in found)
        if self.usable is None or len(spans) <= self.usable:
            return Tokens(len(spans), spans, read=len(spans))
        ends = [self.usable]
        if self.is_chunked:
            ends = list(_ends_of_parts([ends_word for *_, ends_word in found], self.usable))[:MOST_PARTS]
        cut = spans[ends[-1] - 1][1] if ends[-1] < len(spans) else None
        return Tokens(len(spans), spans, cut, len(ends), ends[-1])

    def _tokens(self, part: Letters) -> Iterator[tuple[int, int, bool]]:
        """Yield (first letter, behind the last, whether a word ends with it) of each token."""
        taught = dict(self.words)
        encoding = self.tokenizer.encode(readable(part.text), add_special_tokens=False)
        for offsets, token in zip(encoding.offsets, encoding.tokens, strict=True):
            first, behind = part.span(*offsets)
            for _ in range(taught.get(token, 1)):
                yield first, behind, token.endswith("</w>")


def readers_of(model: Model | str) -> list[Reader]:
    """Return what reads the prompts of a model, in the order of its encoders.

    Args:
        model: Card's name, Hub id, folder, file or handle.

    Returns:
        None where the model is not here, or its tokenizer cannot be read; nothing is raised for that.
    """
    try:
        place = place_of(model)
        handle = Model(model) if isinstance(model, str) else model
        readers = _of_folder(place) if place.is_dir() else _of_file(handle, place)
        words = _taught(handle) if readers else ()
    except (PixelFlowError, OSError, ValueError):
        return []
    return [_learned(reader, words) for reader in readers] if words else readers


def count(model: Model | str, *texts: str) -> int | None:
    """Return how many tokens a model reads of prompts, over all its encoders; None where nobody can tell.

    Args:
        model: Card's name, Hub id, folder, file or handle.
        texts: Prompts as they are written: marks of weights, changes and comments are not read.
    """
    readers = readers_of(model)
    if not readers or any(len(text) > MOST_LETTERS for text in texts):
        return None
    return sum(
        reader.read_prompt(said).read
        for reader in readers
        for text in texts
        for said in (said_of(text) if reader.is_encoder else [text])
    )


def said_of(text: str) -> list[Letters]:
    """Return what a prompt says, without comments: first of all at the first step, then what it changes to."""
    return [letters for _, letters in placed_readings(uncommented(text), _ALL_STEPS)]


def _ends_of_parts(ends_word: Sequence[bool], usable: int) -> Iterator[int]:
    """Yield behind which token each part ends: at the last word that ends within its window, as compel splits."""
    start = 0
    while len(ends_word) - start > usable:
        whole = (at + 1 for at in range(start + usable - 1, start - 1, -1) if ends_word[at])
        start = next(whole, start + usable)
        yield start
    yield len(ends_word)


def _of_folder(folder: Path) -> list[Reader]:
    """Return the readers of a folder that diffusers or transformers wrote."""
    index = config_in(folder, INDEX)
    if not index:
        return _of_language_model(folder)
    found, pipeline = family_of_folder(folder), str(index.get("_class_name") or "")
    is_chunked = found is not None and heeds_weights(found.name, pipeline)
    return [reader for suffix in _SUFFIXES for reader in _encoder(folder, suffix, pipeline, is_chunked)]


def _encoder(folder: Path, suffix: str, pipeline: str, is_chunked: bool) -> Iterator[Reader]:
    name, of_tokens = f"text_encoder{suffix}", folder / f"tokenizer{suffix}"
    config = config_in(folder / name, "config.json")
    tokenizer = tokenizer_in(of_tokens) if config else None
    if tokenizer is None:
        return
    window = window_of_encoder(config, pipeline, longest_in(of_tokens))
    passed = passed_by(pipeline)
    before = passed.before if passed else 0
    yield _reader(name, title_of(config, name), window, tokenizer, is_chunked, before)


def _of_language_model(folder: Path) -> list[Reader]:
    config, tokenizer = config_in(folder, "config.json"), tokenizer_in(folder)
    if tokenizer is None:
        return []
    window = window_of_language_model(config, longest_in(folder))
    return [_reader("tokenizer", "Tokens", window, tokenizer, is_chunked=False)]


def _of_file(model: Model, place: Path) -> list[Reader]:
    """Return the readers of a model in one file: those of the folder that lends it what it lacks, or CLIP's."""
    if place.suffix != ".safetensors":
        return []
    family, beside = ground_of(model).family, place.with_suffix("")
    if family not in KNOWN_BY_HEADER or (beside / INDEX).is_file():
        return _of_folder(settings_folder(family, place))
    titles = ("CLIP L", "CLIP G") if family == "SDXL" else ("CLIP L",)
    return [
        _reader(f"text_encoder{suffix}", title, _CLIP_WINDOW, _shipped_clip(), heeds_weights(family))
        for suffix, title in zip(_SUFFIXES, titles, strict=False)
    ]


def _reader(name: str, title: str, window: int | None, tokenizer: Any, is_chunked: bool, before: int = 0) -> Reader:
    marks = len(tokenizer.encode("").ids)
    usable = None if window is None else max(window - marks - before, 1)
    return Reader(name, title, window, usable, is_chunked, tokenizer)


def _taught(model: Model) -> tuple[tuple[str, int, int], ...]:
    """Return (word, tokens that it is read as, which encoder) of each embedding that a model wears."""
    from ..models.embeddings import word_of

    found = []
    for adapter in model.adapters:
        if adapter.kind == "embedding":
            path = adapter_file(adapter)
            tensors = read_header(path).tensors
            for place, name in enumerate(("clip_l", "clip_g")):
                _, shape = tensors.get(name) or next(iter(tensors.values()))
                found.append((word_of(path), shape[0] if len(shape) > 1 else 1, place))
    return tuple(found)


def _learned(reader: Reader, words: Sequence[tuple[str, int, int]]) -> Reader:
    """Return a reader that knows words of embeddings, each as many tokens as it has vectors."""
    if not reader.is_encoder:
        return reader
    place = _SUFFIXES.index(reader.name.removeprefix(_ENCODER))
    own = {word: count for word, count, at in words if at == min(place, 1)}
    return replace(reader, tokenizer=_knowing(reader.tokenizer, tuple(own)), words=tuple(own.items()))


@functools.lru_cache(8)
def _knowing(tokenizer: Any, words: tuple[str, ...]) -> Any:
    """Return a copy of a tokenizer that knows more words."""
    from tokenizers import AddedToken, Tokenizer

    learned = Tokenizer.from_str(tokenizer.to_str())
    learned.add_tokens([AddedToken(word, normalized=True) for word in words])
    return learned


@functools.cache
def _shipped_clip() -> Any:
    return clip_tokenizer(*clip_pieces())
