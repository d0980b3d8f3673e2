"""What a prompt can become: one of the alternatives {red|blue}, one line of a wildcard __colour__, counted and drawn.

Nothing is written out before it is wanted: ten thousand alternatives side by side are counted, and drawn one at a time.
"""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import MediaError
from . import comments, wildcards
from .parsing import Choice, Parts, Placeholder, Reference, choice, groups, is_plain, parse
from .template import filled

__all__ = ["Variants", "all", "count", "draw", "groups", "in_words", "is_plain", "several"]

MOST_CHARACTERS = 1_000_000
"""Of one text that comes out, beyond the length of what was written."""
MOST_ALTOGETHER = 20_000_000
_MOST_BITS = 1_000_000
_MOST_BITS_KEPT = 100_000_000
_TOO_MANY = "This prompt has more combinations than can be counted: a number of more than a hundred thousand digits."
_MOST_DEPTH = 60
_MOST_PARTS = 1_000_000


class Variants:
    """Is what one prompt can become.

    Args:
        text: The prompt, without its comments.
        lists: The lines of each wildcard that it leads to, by name.

    Raises:
        MediaError: Alternatives are nested too deeply, or can never be drawn.
    """

    def __init__(self, text: str, lists: Mapping[str, Sequence[str]]) -> None:
        self._tree = parse(text)
        self._room = len(text) + MOST_CHARACTERS
        self._lists = lists
        self._known: dict[str, Choice] = {}
        self._sums: dict[int, list[int]] = {}
        self._bits = 0

    @property
    def count(self) -> int:
        """Return how many combinations there are.

        Raises:
            MediaError: There are too many to count: a number of hundreds of thousands of digits.
        """
        return self._count(self._tree, 0)

    def drawn(self, chance: random.Random, values: Mapping[str, Any] | None = None, missing: str = "stop") -> str:
        """Return one of them.

        Args:
            chance: Draws; an option of weight 3 comes three times as often as one of 1.
            values: Fill in the placeholders, and are taken as they are; None leaves those.
            missing: As for `template.filled`.

        Raises:
            MediaError: It becomes too long, or a placeholder has no value.
        """

        def pick(one: Choice) -> int:
            return min(bisect.bisect_right(one.ends, chance.random() * one.ends[-1]), len(one.ends) - 1)

        return self._written(pick, values, missing)

    def nth(self, number: int, values: Mapping[str, Any] | None = None, missing: str = "stop") -> str:
        """Return the combination of this number, from 0; the last alternative changes first.

        Args:
            number: Below the count.
            values: As for `drawn`.
            missing: As for `drawn`.

        Raises:
            MediaError: As for `drawn`.
        """
        picked: list[tuple[Choice, int]] = []
        self._decode(self._tree, number, picked, 0)
        chosen = iter(reversed(picked))
        return self._written(lambda one: next(chosen)[1], values, missing)

    def _choice(self, part: Choice | Reference) -> Choice:
        if isinstance(part, Choice):
            return part
        if part.name not in self._known:
            if part.name not in self._lists:
                raise MediaError(f"There is no wildcard '__{part.name}__' here.")
            self._known[part.name] = choice([parse(line) for line in self._lists[part.name]])
        return self._known[part.name]

    def _count(self, parts: Parts, depth: int) -> int:
        total = 1
        for part in parts:
            if isinstance(part, Choice | Reference):
                total *= self._ends(self._choice(part), depth)[-1]
                if total.bit_length() > _MOST_BITS:
                    raise MediaError(_TOO_MANY)
        return total

    def _ends(self, one: Choice, depth: int) -> list[int]:
        """Return how many combinations there are up to the end of each option."""
        _check_depth(depth)
        if id(one) not in self._sums:
            ends = []
            for total in itertools.accumulate(self._count(option, depth + 1) for option in one.options):
                ends.append(total)
                self._bits += total.bit_length()
                if self._bits > _MOST_BITS_KEPT:
                    raise MediaError(_TOO_MANY)
            self._sums[id(one)] = ends
        return self._sums[id(one)]

    def _decode(self, parts: Parts, number: int, picked: list[tuple[Choice, int]], depth: int) -> None:
        """Note which option each choice takes, from the end to the beginning."""
        for part in reversed(parts):
            if not isinstance(part, Choice | Reference):
                continue
            one = self._choice(part)
            ends = self._ends(one, depth)
            number, inside = divmod(number, ends[-1])
            option = bisect.bisect_right(ends, inside)
            self._decode(one.options[option], inside - (ends[option - 1] if option else 0), picked, depth + 1)
            picked.append((one, option))

    def _written(self, pick: Any, values: Mapping[str, Any] | None, missing: str) -> str:
        texts: list[str] = []
        length = steps = 0
        stack = [iter(self._tree)]
        while stack:
            part = next(stack[-1], None)
            steps += 1
            if part is None:
                stack.pop()
                continue
            if isinstance(part, Choice | Reference):
                _check_depth(len(stack))
                one = self._choice(part)
                stack.append(iter(one.options[pick(one)]))
                continue
            if isinstance(part, Placeholder):
                part = part.raw if values is None else filled(part.raw, values, missing)
            texts.append(part)
            length += len(part)
            if length > self._room or steps > _MOST_PARTS:
                raise MediaError(f"This prompt becomes longer than {MOST_CHARACTERS:,} characters.")
        return "".join(texts)


def count(text: str, folder: Path | None = None) -> int:
    """Return how many combinations of alternatives and wildcards a prompt has; 1 where it has none.

    Args:
        text: The prompt.
        folder: Where wildcards lie; the user's if not given.

    Raises:
        MediaError: A wildcard is not there, alternatives are nested too deeply, or there are too many to count.
    """
    return 1 if is_plain(text) else _variants(text, folder).count


def draw(text: str, seed: int, folder: Path | None = None) -> str:
    r"""Return a prompt with its comments dropped and its alternatives drawn: the same for the same seed.

    Args:
        text: The prompt. `\` before a brace, a bar or an underscore takes its meaning, and is dropped.
        seed: Any whole number.
        folder: As for `count`.

    Raises:
        MediaError: As for `count`, or it becomes too long.
    """
    return text if is_plain(text) else _variants(text, folder).drawn(random.Random(seed))


def all(text: str, most: int, folder: Path | None = None) -> list[str]:
    """Return the combinations of a prompt, in order, the last alternative changing first.

    Args:
        text: The prompt.
        most: How many at most.
        folder: As for `count`.

    Raises:
        MediaError: As for `draw`.
    """
    return [text] if is_plain(text) else first(_variants(text, folder), most)


def several(text: str, number: int, seed: int, folder: Path | None = None) -> list[str]:
    """Return some combinations of a prompt, drawn; none comes twice before all were there.

    Args:
        text: The prompt.
        number: How many; all where there are fewer.
        seed: Any whole number.
        folder: As for `count`.

    Raises:
        MediaError: As for `draw`.
    """
    return [text] if is_plain(text) else some(_variants(text, folder), number, seed)


def first(variants: Variants, most: int) -> list[str]:
    """Return the first combinations of a prompt; see `all`."""
    return _bounded(variants.nth(number) for number in range(min(variants.count, most)))


def some(variants: Variants, number: int, seed: int) -> list[str]:
    """Return combinations of a prompt, drawn; see `several`."""
    chance = random.Random(seed)
    wanted = min(number, variants.count)
    drawn: dict[str, None] = {}
    for one in _limited(variants.drawn(chance) for _ in range(20 * wanted)):
        drawn[one] = None
        if len(drawn) == wanted:
            return list(drawn)
    if variants.count <= 20 * wanted:  # what is left comes too seldom
        drawn |= dict.fromkeys(first(variants, variants.count))
    return list(drawn)[:wanted]


def in_words(number: int) -> str:
    """Return a number of combinations as it is read: 1,024, or about 10^3010."""
    return f"{number:,}" if number < 10**12 else f"about 10^{int(number.bit_length() * 0.30103)}"


def _variants(text: str, folder: Path | None) -> Variants:
    return Variants(comments.without(text), wildcards.gathered(text, folder))


def _check_depth(depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise MediaError(
            f"The alternatives and wildcards of this prompt lie more than {_MOST_DEPTH} within each other."
        )


def _limited(texts: Any) -> Any:
    room = MOST_ALTOGETHER
    for text in texts:
        room -= len(text)
        if room < 0:
            raise MediaError(f"These prompts have more than {MOST_ALTOGETHER:,} characters together. Take fewer.")
        yield text


def _bounded(texts: Any) -> list[str]:
    return list(_limited(texts))
