r"""Weights of words in prompts: `(red hat)1.3`, `(red hat:1.3)`, `(red hat)+`, `hat++`, `hat--`, within each other.

Each sign is a tenth more or less: `++` is 1.21, `--` is 0.81. A number is from 0 to 4; weights within each other
multiply. What is not clearly a weight is text: `(orange)`, `(16:9)`, `18+`, `pre-war`. `C++` is a weight; `C\+\+` is
not. A `\` before one of `{}|()[]_#+-:` takes its meaning as a mark and is not read.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from .letters import Letters

HIGHEST = 4.0
"""The largest weight that can be written."""
_STRONGEST = 10.0
"""To which weights within each other multiply at most."""
_MORE, _LESS = 1.1, 0.9
_ESCAPED = frozenset("{}|()[]_#+-:")
_AFTER = re.compile(r"(?:(\d(?:\.\d{1,4})?|\.\d{1,4})(?![\w.]\w|\w)|(\+{1,14}|-{1,14})(?![\w+-]))")
_SIGNS = re.compile(r"(?:\+{2,14}|-{2,14})(?![\w+-])")
_NUMBER = re.compile(r"\s*(\d(?:\.\d{1,4})?|\.\d{1,4})\s*")
_LONGEST_NUMBER = 12
_WITHIN_WORD = frozenset("'’-")


@dataclass(frozen=True, eq=False)
class Fragment:
    """Is a part of a prompt that has one weight.

    Args:
        text: Its words, without marks.
        weight: 1 is as the model reads it anyway.
        start: Where its first letter stands in the prompt.
        end: Behind its last letter.
        letters: The text with the places of all its letters.
    """

    text: str
    weight: float
    start: int
    end: int
    letters: Letters = field(repr=False)


def read_weights(text: str | Letters) -> list[Fragment]:
    """Return a prompt in parts of one weight each, neighbours of the same weight as one; nothing of an empty prompt.

    Args:
        text: As it was written, without comments; or what a schedule left of it.
    """
    source = Letters.of(text)
    kept, ranges = _Marks(source.text).read()
    weights = _products(ranges, len(source.text))
    found: list[Fragment] = []
    for weight, group in itertools.groupby(kept, key=weights.__getitem__):
        letters = source.picked(group)
        found.append(Fragment(letters.text, weight, letters.places[0], letters.places[-1] + 1, letters))
    return found


def plain_text(text: str) -> str:
    """Return a prompt without the marks of weights."""
    return "".join(fragment.text for fragment in read_weights(text))


def has_weights(text: str) -> bool:
    """Return whether any word of a prompt weighs something else than 1."""
    return any(fragment.weight != 1 for fragment in read_weights(text))


class _Marks:
    """Reads marks from left to right, once.

    Args:
        text: The prompt.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_kept = bytearray(b"\1" * len(text))
        self._ranges: list[tuple[int, int, float]] = []
        self._open: list[tuple[int, int]] = []  # (where it opens, its last colon or -1)
        self._word = 0  # where the word begins that was read last; what is read is never a word again

    def read(self) -> tuple[list[int], list[tuple[int, int, float]]]:
        """Return the indexes of the letters that are text, and (first, behind, weight) of each weight."""
        at = 0
        while at < len(self._text):
            at = self._step(at)
        return [place for place, kept in enumerate(self._is_kept) if kept], self._ranges

    def _step(self, at: int) -> int:
        """Read what stands at a place, and return the next one."""
        letter = self._text[at]
        if letter == "\\" and at + 1 < len(self._text) and self._text[at + 1] in _ESCAPED:
            self._is_kept[at] = 0
            self._word = at + 2
            return at + 2
        if letter in "+-" and self._word < at and (signs := _SIGNS.match(self._text, at)):
            self._weigh(self._word, at, _of_signs(signs[0]), at, signs.end())
            return signs.end()
        if letter == "(":
            self._open.append((at, -1))
        elif letter == ":" and self._open:
            self._open[-1] = (self._open[-1][0], at)
        elif letter == ")" and self._open:
            return self._close(at)
        if not (_is_of_word(letter) or (letter in _WITHIN_WORD and self._word < at)):
            self._word = at + 1
        return at + 1

    def _close(self, at: int) -> int:
        """Read the end of a group, and return the next place: it has a weight, or its brackets are text."""
        start, colon = self._open.pop()
        self._word = at + 1
        inside = self._number_within(start, colon, at)
        after = None if inside is not None else _AFTER.match(self._text, at + 1)
        weight = inside if after is None else float(after[1]) if after[1] else _of_signs(after[2])
        if weight is None or weight > HIGHEST:
            return at + 1
        mark, end = (at, after.end()) if after else (colon, at + 1)
        self._is_kept[start] = 0
        self._weigh(start + 1, mark, weight, mark, end)
        return end

    def _number_within(self, start: int, colon: int, at: int) -> float | None:
        """Return the weight in `(red hat:1.2)`; None of `(4:3)`, `(at 9:3)` and `(16:9)`."""
        if colon <= start + 1 or at - colon > _LONGEST_NUMBER:
            return None
        number = _NUMBER.fullmatch(self._text, colon + 1, at)
        is_ratio = number is not None and "." not in number[1] and self._text[colon - 1].isdigit()
        return None if number is None or is_ratio or float(number[1]) > HIGHEST else float(number[1])

    def _weigh(self, first: int, behind: int, weight: float, mark: int, end: int) -> None:
        """Note a weight, and that the letters of its mark are no text."""
        self._is_kept[mark:end] = bytes(end - mark)
        self._ranges.append((first, behind, weight))
        self._word = end


def _is_of_word(letter: str) -> bool:
    """Return whether a letter belongs to a word: letters and digits of all scripts, signs that stand for things."""
    return letter.isalnum() or letter == "_" or (letter > "\x7f" and unicodedata.category(letter)[0] in "LMNS")


def _of_signs(signs: str) -> float:
    return min(round(math.pow(_MORE if signs[0] == "+" else _LESS, len(signs)), 6), HIGHEST)


def _products(ranges: Sequence[tuple[int, int, float]], length: int) -> list[float]:
    """Return the weight of each letter; ranges lie within each other or apart."""
    opening = sorted(ranges, key=lambda span: (span[0], -span[1]))
    weights, inside, next_one = [], [(length, 1.0)], 0
    for place in range(length):
        while inside[-1][0] <= place:
            inside.pop()
        while next_one < len(opening) and opening[next_one][0] == place:
            _, behind, weight = opening[next_one]
            if behind > place:
                inside.append((behind, min(round(inside[-1][1] * weight, 6), _STRONGEST)))
            next_one += 1
        weights.append(inside[-1][1])
    return weights
