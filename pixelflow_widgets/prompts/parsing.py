r"""How prompts are written: alternatives {red|blue}, wildcards __colour__, placeholders {subject}; `\` makes them text.

Read in time that grows with the length. What is no mark is text: a `{` that nothing closes, a `|` outside of braces.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import MediaError
from . import comments
from .template import PLACEHOLDER

MOST_NESTED = 20
"""How many alternatives may stand within each other."""
_MARK = re.compile(r"\\[{}|()\[\]_#]|[{}|]|__([^\W_]{1,60}(?:[_\-/][^\W_]{1,60}){0,8})__")
_MEANT_HERE = frozenset("{}|_")
r"""Marks whose `\` goes when a prompt is written out; those of weights and comments are read by the painter."""
_WEIGHT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)::")


@dataclass(frozen=True, eq=False)
class Placeholder:
    """Is `{name}` in a text."""

    raw: str


@dataclass(frozen=True, eq=False)
class Reference:
    """Is `__name__` in a text: one of the options of a wildcard."""

    name: str


@dataclass(frozen=True, eq=False)
class Choice:
    """Is `{red|blue}` in a text, or what a wildcard gives: one of these."""

    ends: tuple[float, ...]
    """The weights of all options up to each one, added up."""
    options: tuple[Sequence[str | Placeholder | Reference | Choice], ...]


Parts = Sequence[str | Placeholder | Reference | Choice]


class _Piece(NamedTuple):
    """Is a mark where it stands, or the text between two."""

    kind: str
    text: str
    start: int
    owner: int = -1
    """Of a bar or closing brace: which opening brace it belongs to, by the number of its piece."""


def groups(text: str) -> list[tuple[int, int, int]]:
    """Return where alternatives stand: (start, end, number of options) of each, inner ones too, by their start.

    Args:
        text: A prompt; comments hold none.
    """
    pieces = _owned(_pieces(comments.masked(text)))
    bars: dict[int, int] = {}
    ends: dict[int, int] = {}
    for piece in pieces:
        if piece.kind == "bar":
            bars[piece.owner] = bars.get(piece.owner, 0) + 1
        elif piece.kind == "close":
            ends[piece.owner] = piece.start + 1
    return [(pieces[one].start, ends[one], bars[one] + 1) for one in sorted(ends)]


def references(text: str) -> list[tuple[str, int, int]]:
    """Return where wildcards are named: (name, start, end) of each."""
    found = _pieces(comments.masked(text)) if "__" in text else []
    return [(one.text[2:-2], one.start, one.start + len(one.text)) for one in found if one.kind == "wildcard"]


def is_plain(text: str) -> bool:
    r"""Return whether nothing in a text is written out: no alternative, wildcard, comment, and no `\` before a mark."""
    if not any(mark in text for mark in ("|", "__", "\\", "#")):
        return True
    if comments.spans(text):
        return False
    return all(piece.kind in ("text", "placeholder") for piece in _owned(_pieces(text)))


def parse(text: str) -> Parts:
    """Return what a text without comments consists of.

    Raises:
        MediaError: Alternatives are nested too deeply.
    """
    pieces = _owned(_pieces(text))
    groups_here = {piece.owner for piece in pieces if piece.kind == "close"}
    stack: list[list[list[str | Placeholder | Reference | Choice]]] = [[[]]]
    for number, piece in enumerate(pieces):
        here = stack[-1][-1]
        if number in groups_here:
            if len(stack) > MOST_NESTED:
                raise MediaError(f"More than {MOST_NESTED} alternatives {{a|b}} stand within each other here.")
            stack.append([[]])
        elif piece.kind == "bar":
            stack[-1].append([])
        elif piece.kind == "close":
            options = stack.pop()
            stack[-1][-1].append(choice([_merged(option) for option in options]))
        elif piece.kind == "wildcard":
            here.append(Reference(piece.text[2:-2]))
        elif piece.kind == "placeholder":
            here.append(Placeholder(piece.text))
        else:
            here.append(piece.text[1:] if piece.kind == "escape" and piece.text[1] in _MEANT_HERE else piece.text)
    return _merged(stack[0][0])


def choice(options: Sequence[Parts]) -> Choice:
    """Return the choice between texts, of which each may say its weight: `3::red` comes three times as often.

    Raises:
        MediaError: All weights are 0.
    """
    weights: list[float] = []
    kept: list[Parts] = []
    for option in options:
        found = _WEIGHT.match(option[0]) if option and isinstance(option[0], str) else None
        weight = float(found[1]) if found else 1.0
        if weight > 0:
            weights.append(weight)
            kept.append((option[0][found.end() :], *option[1:]) if found and isinstance(option[0], str) else option)
    if not kept:
        raise MediaError("Each of these alternatives has the weight 0, so that none can be drawn. Raise one of them.")
    return Choice(tuple(itertools.accumulate(weights)), tuple(kept))


def _merged(parts: Parts) -> Parts:
    """Return parts with texts side by side as one."""
    merged: list[str | Placeholder | Reference | Choice] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if texts:
            merged.append("".join(texts))
            texts = []
        merged.append(part)
    return [*merged, "".join(texts)] if texts else merged


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    place = 0
    while found := _MARK.search(text, place):
        if found.start() > place:
            pieces.append(_Piece("text", text[place : found.start()], place))
        place, mark = found.start(), found[0]
        if mark == "{" and (named := PLACEHOLDER.match(text, place)):
            pieces.append(_Piece("placeholder", named[0], place))
            place = named.end()
            continue
        kind = {"{": "open", "|": "bar", "}": "close", "\\": "escape", "_": "wildcard"}[mark[0]]
        pieces.append(_Piece(kind, mark, place))
        place += len(mark)
    return [*pieces, _Piece("text", text[place:], place)] if place < len(text) else pieces


def _owned(pieces: list[_Piece]) -> list[_Piece]:
    """Return pieces of which bars and closing braces know their alternatives; those that have none are text."""
    opened: list[tuple[int, list[int]]] = []
    owners: dict[int, int] = {}
    for number, piece in enumerate(pieces):
        if piece.kind == "open":
            opened.append((number, []))
        elif piece.kind == "bar" and opened:
            opened[-1][1].append(number)
        elif piece.kind == "close" and opened:
            start, bars = opened.pop()
            if bars:
                owners |= dict.fromkeys([start, *bars, number], start)
    return [
        _Piece(piece.kind if number in owners else "text", piece.text, piece.start, owners.get(number, -1))
        if piece.kind in ("open", "bar", "close")
        else piece
        for number, piece in enumerate(pieces)
    ]
