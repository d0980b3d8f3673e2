"""Captions of which the base model reads only the beginning: a training cuts them at the window of each encoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...media import Model
from ...prompts.tokens import MOST_LETTERS, readers_of
from .picture import Picture
from .problems import DatasetProblem, listed

_SHOWN = 40
"""Letters of what is read last."""


def too_long(pictures: Sequence[Picture], base: Model | str) -> Iterator[DatasetProblem]:
    """Yield a warning about captions that are longer than the base model reads, with numbers.

    Args:
        pictures: Those that can be read.
        base: The base model; where its tokenizers are not here, nothing is said.
    """
    readers = [reader for reader in readers_of(base) if reader.is_encoder and reader.usable is not None]
    if not readers:
        return
    narrow = min(readers, key=lambda reader: reader.usable or 0)
    usable = narrow.usable or 0
    found: list[tuple[int, str, Picture]] = []
    for picture in pictures:
        caption = picture.caption[:MOST_LETTERS]
        if len(caption.encode(errors="replace")) <= usable:  # no token is shorter than a byte
            continue
        spans = narrow.read(caption).spans
        if len(spans) > usable:
            found.append((len(spans), caption[: spans[usable - 1][1]] if usable else "", picture))
    if not found:
        return
    longest, read, worst = max(found, key=lambda one: one[0])
    names = tuple(picture.name for *_, picture in found)
    source = base.source if isinstance(base, Model) else base
    verb = "has a longer caption" if len(found) == 1 else "have longer captions"
    most = f"{longest} tokens" if len(found) == 1 else f"'{worst.name[:80]}' has most, {longest} tokens"
    told = f"{listed(names)} {verb} than '{source}' reads, {usable} tokens: {most}. "
    told += f"What stands behind '… {' '.join(read[-_SHOWN:].split())}' is not learnt."
    yield DatasetProblem("long-caption", told, "Shorten it, or begin with what matters.", "warning", names)
