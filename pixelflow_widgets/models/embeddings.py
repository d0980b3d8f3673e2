"""Textual inversions: words that a text encoder learns for the time of a loan."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..media import Adapter
from .detecting.makers_words import OWN_WORDS, trigger_words
from .fitting import adapter_file
from .safetensors_header import read_header

_ENCODERS = (("tokenizer", "text_encoder", "clip_l"), ("tokenizer_2", "text_encoder_2", "clip_g"))
_NAMELESS = {"emb_params", "clip_l", "clip_g", "*"}


@contextlib.contextmanager
def embedded(pipeline: Any, adapters: Sequence[Adapter]) -> Iterator[None]:
    """Teach a pipeline words; afterwards its tokenizers and tables of embeddings are the ones that it had.

    Args:
        pipeline: Which is lent.
        adapters: Textual inversions, each a word; its vectors are multiplied by the weight.

    Raises:
        ModelError: The pipeline learns no words, or the vectors are as wide as none of its text encoders.
    """
    with contextlib.ExitStack() as undo:
        for tokenizer, encoder, _ in _ENCODERS if adapters else ():
            if getattr(pipeline, encoder, None) is not None:
                _set_aside(pipeline, tokenizer, encoder, undo)
        for adapter in adapters:
            _teach(pipeline, adapter_file(adapter), adapter.weight)
        yield


def _set_aside(pipeline: Any, tokenizer: str, encoder: str, undo: contextlib.ExitStack) -> None:
    """Have a tokenizer and a table of embeddings put back later; a copy of the tokenizer learns."""
    learner, known = getattr(pipeline, encoder), getattr(pipeline, tokenizer)
    table = learner.get_input_embeddings()
    weights, count, size = table.weight.data, table.num_embeddings, learner.config.vocab_size

    def put_back() -> None:
        table.weight.data, table.num_embeddings = weights, count  # transformers grows the table in place
        learner.set_input_embeddings(table)
        learner.config.vocab_size = size
        setattr(pipeline, tokenizer, known)

    undo.callback(put_back)
    setattr(pipeline, tokenizer, copy.deepcopy(known))


def _teach(pipeline: Any, path: Path, weight: float) -> None:
    from safetensors.torch import load_file

    if not hasattr(pipeline, "load_textual_inversion"):
        raise ModelError(
            f"A {type(pipeline).__name__} learns no words, so the embedding '{path.name}' has no use here."
        )
    tensors, word = load_file(path), word_of(path)
    is_learnt = False
    for tokenizer, encoder, name in _ENCODERS:
        learner = getattr(pipeline, encoder, None)
        vectors = tensors[name] if name in tensors else next(iter(tensors.values()))
        if learner is None or (name not in tensors and _NAMELESS & set(tensors) - {"emb_params", "*"}):
            continue
        if vectors.shape[-1] == learner.get_input_embeddings().weight.shape[-1]:
            vectors = (vectors * weight).reshape(-1, vectors.shape[-1])
            pipeline.load_textual_inversion(
                vectors, token=word, text_encoder=learner, tokenizer=getattr(pipeline, tokenizer)
            )
            is_learnt = True
    if not is_learnt:
        raise ModelError(f"The vectors of the embedding '{path.name}' are as wide as no text encoder of this model.")


def word_of(path: Path) -> str:
    """Return the word that an embedding is called by in a prompt: as its header says it, else its tensor or its file.

    Args:
        path: Its file.
    """
    header = read_header(path)
    if OWN_WORDS in header.metadata and (words := trigger_words(header.metadata)):
        return words[0]
    (first, *others) = header.tensors
    return path.stem if others or first in _NAMELESS else first
