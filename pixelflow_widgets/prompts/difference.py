"""What changed between two prompts, by words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypedDict

MOST_CHANGES = 800
"""Of single words; beyond, what lies between the same ends is one change."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|\s+|[^\w\s]|_+")


class Part(TypedDict):
    """Is a part of both prompts, or of one."""

    kind: Literal["same", "added", "removed"]
    text: str


def parts(old: str, new: str) -> list[Part]:
    """Return what two prompts consist of: what is the same, what was removed, what was added, in their order.

    The texts of "same" and "removed" together are the old prompt, those of "same" and "added" the new one.

    Args:
        old: The earlier prompt.
        new: The later one.
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    middle = before[start : len(before) - end], after[start : len(after) - end]
    found: list[Part] = []
    removed: list[str] = []
    added: list[str] = []

    def tell() -> None:
        if removed:
            found.append({"kind": "removed", "text": "".join(removed)})
        if added:
            found.append({"kind": "added", "text": "".join(added)})
        removed.clear()
        added.clear()

    for kind, words in [("same", before[:start]), *_between(*middle), ("same", before[len(before) - end :])]:
        if kind != "same":
            (removed if kind == "removed" else added).extend(words)
        elif words:
            tell()
            same = found[-1] if found and found[-1]["kind"] == "same" else None
            if same is not None:
                same["text"] += "".join(words)
            else:
                found.append({"kind": "same", "text": "".join(words)})
    tell()
    return found


def _common(one: list[str], other: list[str]) -> int:
    """Return how many words are the same at the beginning."""
    for number, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return number
    return min(len(one), len(other))


def _between(old: list[str], new: list[str]) -> Iterator[tuple[Literal["same", "added", "removed"], list[str]]]:
    """Yield the fewest removals and additions that make one list of the other, or one of each beyond the bound.

    Myers' greedy way: with n words and d changes it takes n times d steps.
    """
    furthest, history = {1: 0}, []
    for changes in range(min(len(old) + len(new), MOST_CHANGES) + 1):
        history.append(dict(furthest))
        for line in range(-changes, changes + 1, 2):
            is_addition = line == -changes or (line != changes and furthest[line - 1] < furthest[line + 1])
            x = furthest[line + 1] if is_addition else furthest[line - 1] + 1
            while x < len(old) and x - line < len(new) and old[x] == new[x - line]:
                x += 1
            furthest[line] = x
            if x >= len(old) and x - line >= len(new):
                yield from reversed(list(_walked_back(old, new, history)))
                return
    yield "removed", old
    yield "added", new


def _walked_back(
    old: list[str], new: list[str], history: list[dict[int, int]]
) -> Iterator[tuple[Literal["same", "added", "removed"], list[str]]]:
    x, y = len(old), len(new)
    for changes in range(len(history) - 1, -1, -1):
        furthest, line = history[changes], x - y
        is_addition = line == -changes or (line != changes and furthest[line - 1] < furthest[line + 1])
        start = furthest[line + 1] if is_addition else furthest[line - 1] + 1
        if x > start:
            yield "same", old[start:x]
        x, y = start, start - line
        if changes and is_addition:
            y -= 1
            yield "added", [new[y]]
        elif changes:
            x -= 1
            yield "removed", [old[x]]
