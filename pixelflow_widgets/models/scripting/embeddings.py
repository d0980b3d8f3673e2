"""Words that text encoders learn (textual inversion), as a script loads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import ModelError
from ...media import Adapter
from ..embeddings import word_of
from ..families import config_in
from ..fitting import adapter_file
from ..safetensors_header import read_header
from .places import adapter_in, quoted
from .writing import Writing

_ENCODERS = (("tokenizer", "text_encoder", "clip_l"), ("tokenizer_2", "text_encoder_2", "clip_g"))


def loading_words(at: Writing, words: Sequence[Adapter], base: Path | None) -> list[str]:
    """Return the statements that teach the text encoders of `pipe` words.

    Args:
        at: Takes the code.
        words: Textual inversions, in order.
        base: The folder of the model, which says how wide its text encoders are; None where it is not here.

    Raises:
        ModelError: A file is not here: which word it teaches stands in it.
    """
    return [line for adapter in words for line in _loading(at, adapter, base)]


def _loading(at: Writing, adapter: Adapter, base: Path | None) -> list[str]:
    path = adapter_file(adapter)
    shapes = {name: shape for name, (_, shape) in read_header(path).tensors.items()}
    word = word_of(path)
    learners = list(_learners(base, shapes))
    if not learners:
        raise ModelError(f"The vectors of the embedding '{path.name}' are as wide as no text encoder of this model.")
    folder, file, pins = adapter_in(at, adapter.source)
    if adapter.weight == 1 and len(shapes) == 1 and [encoder for _, encoder, _ in learners] == ["text_encoder"]:
        arguments = [folder, f"weight_name={quoted(file)}", *pins, f"token={quoted(word)}"]
        return [f"pipe.load_textual_inversion({', '.join(arguments)})"]
    at.add_import("from safetensors.torch import load_file")
    lines = [f"learnt = load_file({_file(at, folder, file, pins)})"]
    weight = "" if adapter.weight == 1 else f" * {adapter.weight!r}"
    for tokenizer, encoder, name in learners:
        vectors = f"learnt[{quoted(name)}]{weight}"
        lines.append(
            f"pipe.load_textual_inversion({vectors}, token={quoted(word)}, text_encoder=pipe.{encoder}, "
            f"tokenizer=pipe.{tokenizer})"
        )
    return lines


def _file(at: Writing, folder: str, file: str, pins: Sequence[str]) -> str:
    if pins:
        at.add_import("from huggingface_hub import hf_hub_download")
        return f"hf_hub_download({', '.join([folder, quoted(file), *pins])})"
    at.add_import("from pathlib import Path")
    return f"Path({folder}) / {quoted(file)}"


def _learners(base: Path | None, shapes: dict[str, tuple[int, ...]]) -> list[tuple[str, str, str]]:
    """Return (tokenizer, text encoder, name of its tensor) for each text encoder that a file has vectors for."""
    found, first = [], next(iter(shapes))
    for tokenizer, encoder, name in _ENCODERS:
        if name not in shapes and {"clip_l", "clip_g"} & set(shapes):
            continue
        tensor = name if name in shapes else first
        is_dir = base is not None and base.is_dir()
        width = config_in(base / encoder, "config.json").get("hidden_size") if base is not None and is_dir else None
        if is_dir and width != shapes[tensor][-1]:
            continue
        if not is_dir and name == "clip_g" and tensor != name:
            continue
        found.append((tokenizer, encoder, tensor))
    return found
