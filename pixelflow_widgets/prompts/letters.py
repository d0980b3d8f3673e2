"""A text that remembers where its letters stood before marks were taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import comments

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Letters:
    """Is a text with the place of each letter in the text that somebody wrote.

    Args:
        text: What is left.
        places: As long as the text, growing.
    """

    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str | Letters) -> Letters:
        """Return a text whose letters stand where they stand; letters as they are."""
        return cls(text, range(len(text))) if isinstance(text, str) else text

    def picked(self, indexes: Iterable[int]) -> Letters:
        """Return some of the letters, in order.

        Args:
            indexes: Which, by their index in the text; they grow.
        """
        chosen = list(indexes)
        return Letters("".join([self.text[at] for at in chosen]), [self.places[at] for at in chosen])

    def span(self, first: int, behind: int) -> tuple[int, int]:
        """Return where letters of the text stood: (first, behind the last).

        Args:
            first: Index of the first letter.
            behind: Index behind the last one.
        """
        if first < behind:
            return self.places[first], self.places[behind - 1] + 1
        at = self.places[first] if first < len(self.places) else self.places[-1] + 1 if self.places else 0
        return at, at


def joined(parts: Sequence[Letters]) -> Letters:
    """Return texts as one."""
    if len(parts) == 1:
        return parts[0]
    return Letters("".join(part.text for part in parts), [place for part in parts for place in part.places])


def readable(text: str) -> str:
    """Return a text that tokenizers take: halves of letters, which no encoding has, are replaced one by one."""
    return _SURROGATES.sub("\ufffd", text)


def uncommented(text: str) -> Letters:
    """Return a prompt without the lines that are comments."""
    kept = comments.without(text)
    if len(kept) == len(text):
        return Letters.of(text)
    hidden = bytearray(len(text))
    for start, end in comments.spans(text):
        hidden[start:end] = b"\1" * (end - start)
    return _aligned(text, kept, hidden)


def _aligned(text: str, kept: str, hidden: bytearray) -> Letters:
    """Return the letters that were kept: in order, outside of comments, ends of lines where they were kept, too."""
    places, at = [], 0
    for place, letter in enumerate(text):
        if at < len(kept) and not hidden[place] and letter == kept[at]:
            places.append(place)
            at += 1
    return Letters(kept, places) if at == len(kept) else Letters(kept, range(len(kept)))
