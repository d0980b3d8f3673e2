r"""Prompts that change over the steps: `[circle:square:0.5]` is a circle for the first half, then a square.

The number is a part of the steps from 0 to 1, or above 1 how many steps are done before it changes. Either word may be
empty, and changes may stand within each other. What is not clearly a change is text: `[red]`, `[a:b]`; so is what
follows `\[`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .letters import Letters

MOST_CHANGES = 50
"""How many changes are read; further ones are text."""
_NUMBER = re.compile(r"\s*(\d{1,4}(?:\.\d{1,6})?|\.\d{1,6})\s*")
_LONGEST_NUMBER = 16
_ESCAPED = frozenset("{}|()[]_#+-:\\")
_PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True)
class Change:
    """Is one `[from:to:when]` in a text, by the places of its marks.

    Args:
        start: Of "[".
        first: Of the first ":".
        second: Of the second ":".
        end: Of "]".
        when: The number.
    """

    start: int
    first: int
    second: int
    end: int
    when: float

    def fraction(self, steps: int) -> float:
        """Return when it changes, as a part of the steps."""
        return self.when if self.when <= 1 else self.when / steps

    def hidden(self, is_over: bool) -> tuple[tuple[int, int], ...]:
        """Return which stretches of the text are not read, before it changes or when that is over."""
        if is_over:
            return (self.start, self.first + 1), (self.second, self.end + 1)
        return (self.start, self.start + 1), (self.first, self.end + 1)


def readings(text: str, steps: int) -> list[tuple[float, str]]:
    """Return what is read when: (part of the steps from which on, text), the first from 0.

    Args:
        text: A prompt.
        steps: How many there are.
    """
    return [(fraction, letters.text) for fraction, letters in placed_readings(text, steps)]


def placed_readings(text: str | Letters, steps: int) -> list[tuple[float, Letters]]:
    """Return what `readings` returns, with the places of the letters in the text that was written."""
    source = Letters.of(text)
    changes = changes_in(source.text)
    moments = {change.fraction(steps) for change in changes}
    found: list[tuple[float, Letters]] = []
    for moment in sorted({0.0, *(moment for moment in moments if moment < 1)}):
        letters = _at(source, changes, moment, steps) if changes else source
        if not found or letters.text != found[-1][1].text:
            found.append((moment, letters))
    return found


def changes_over_steps(text: str | Letters) -> bool:
    """Return whether a prompt says different things at different steps."""
    return len(placed_readings(text, 1000)) > 1


def changes_in(text: str) -> list[Change]:
    """Return the changes in a text, inner ones before those around them."""
    found: list[Change] = []
    stack: list[tuple[str, int, list[int]]] = []  # what opens, where, its first three colons
    at = 0
    while at < len(text) and len(found) < MOST_CHANGES:
        letter = text[at]
        if letter == "\\" and text[at + 1 : at + 2] in _ESCAPED:
            at += 1
        elif letter in "([":
            stack.append((letter, at, []))
        elif letter == ":" and stack and len(stack[-1][2]) < 3:
            stack[-1][2].append(at)
        elif letter in ")]" and (change := _closed(stack, letter, at, text)):
            found.append(change)
        at += 1
    return found


def _closed(stack: list[tuple[str, int, list[int]]], letter: str, at: int, text: str) -> Change | None:
    """Take what a bracket closes off the stack, and return the change that it is, if it is one."""
    if letter == ")":
        if stack and stack[-1][0] == "(":
            stack.pop()
        return None
    while stack and stack[-1][0] != "[":  # a "(" that nothing closes
        stack.pop()
    if not stack:
        return None
    _, start, colons = stack.pop()
    if len(colons) != 2 or at - colons[1] > _LONGEST_NUMBER:
        return None
    number = _NUMBER.fullmatch(text, colons[1] + 1, at)
    return Change(start, colons[0], colons[1], at, float(number[1])) if number else None


def _at(source: Letters, changes: list[Change], moment: float, steps: int) -> Letters:
    """Return what is read at a moment."""
    hidden = bytearray(len(source.text))
    for change in changes:
        for start, end in change.hidden(change.fraction(steps) <= moment):
            hidden[start:end] = b"\1" * (end - start)
    return source.picked(at for at, is_hidden in enumerate(hidden) if not is_hidden)
