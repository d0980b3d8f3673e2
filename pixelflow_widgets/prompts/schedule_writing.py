"""Writing a prompt that changes over the steps: `[a red circle:a blue star:0.5]`, as painting nodes read it."""

from __future__ import annotations

import itertools
import re

from ..errors import MediaError
from . import comments

_STAGE = re.compile(r"\s*(?:([01]?\.\d{1,6}|[01])|(\d{1,3}(?:\.\d{1,6})?)\s*%)\s*:\s*(.*)", re.DOTALL)  # 16:9 is none
_PAIRS = {")": "(", "]": "["}
MOST_STAGES = 16


def scheduled(text: str, then: str | None = None, at: float = 0.5) -> str:
    """Return a prompt that changes from one line to the next while a picture is painted.

    Args:
        text: A prompt a line, in their order. A line may say from which part of the steps on it holds, as in
            `0.5: a blue star` or `50%: a blue star`; where no line does, each holds for as long as the others.
        then: One more prompt, behind the lines.
        at: From which part of the steps on that one holds, from 0 to 1.

    Raises:
        MediaError: Parts are not between 0 and 1, do not grow, or only some lines have one; or there are too many.
    """
    lines = [line.strip() for line in comments.without(text).splitlines() if line.strip()]
    found = [_STAGE.fullmatch(line) for line in lines]
    words = [stage[3].strip() if stage else line for stage, line in zip(found, lines, strict=True)]
    if len(words) + (then is not None) > MOST_STAGES:
        raise MediaError(f"The prompt changes {len(words)} times. {MOST_STAGES} prompts are the most.")
    starts = _starts(lines, found, 1.0 if then is None else at)
    if then is not None:
        words, starts = [*(words or [""]), then.strip()], [*(starts or [0.0]), at]
    if any(not 0 <= one <= 1 for one in starts) or any(b <= a for a, b in itertools.pairwise(starts)):
        told = ", ".join(f"{one:g}" for one in starts)
        raise MediaError(f"The prompts would hold from {told} of the steps on. Let these parts grow, from 0 to 1.")
    if len(words) < 2:
        return "".join(words)
    written = _guarded(words[-1])
    for word, start in zip(words[-2::-1], starts[:0:-1], strict=True):
        written = f"[{_guarded(word)}:{written}:{f'{start:.6f}'.rstrip('0').rstrip('.')}]"
    return written


def _guarded(words: str) -> str:
    r"""Return words with a `\` before what would be a mark of the change around them: bare colons, lone brackets."""
    opened: list[tuple[str, int]] = []
    guarded: set[int] = set()
    colons: dict[int, int] = {}
    """Where each colon stands, and the bracket around it."""
    at = 0
    while at < len(words):
        letter = words[at]
        if letter == "\\" and at + 1 < len(words):
            at += 1
        elif letter in "([":
            opened.append((letter, at))
        elif letter in ")]" and opened and opened[-1][0] == _PAIRS[letter]:
            opened.pop()
        elif letter in ")]":
            guarded.add(at)
        elif letter == ":":
            colons[at] = opened[-1][1] if opened else -1
        at += 1
    lone = {place for _, place in opened}
    guarded |= lone | {place for place, bracket in colons.items() if bracket == -1 or bracket in lone}
    text = "".join(f"\\{letter}" if at in guarded else letter for at, letter in enumerate(words))
    return text + "\\" if (len(words) - len(words.rstrip("\\"))) % 2 else text


def _starts(lines: list[str], found: list[re.Match[str] | None], end: float) -> list[float]:
    """Return from which part of the steps on each line holds; the first one holds from the beginning."""
    told = [float(stage[1] or 0) + float(stage[2] or 0) / 100 if stage else None for stage in found]
    if not any(one is not None for one in told[1:]):
        return [end * number / len(lines) for number in range(len(lines))]
    if told[0]:
        raise MediaError(f"The first line, '{lines[0][:60]}', holds from the beginning. Take its '{told[0]:g}:' away.")
    starts = []
    for number, (line, start) in enumerate(zip(lines, told, strict=True)):
        if start is None and number:
            raise MediaError(f"The line '{line[:60]}' does not say when it begins. Write '0.5: {line[:20]}', say.")
        starts.append(start if number else 0.0)
    return starts
