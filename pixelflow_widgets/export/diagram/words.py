"""Words in a drawing: how a value reads, how wide a text will be, where it is cut or broken into lines.

A drawing is looked at on machines with other fonts, and SVG neither wraps nor cuts text. So widths are reckoned from
those of Arial, which the fonts asked for are close to, with a little room.
"""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

ELLIPSIS = "…"
_ROOM = 1.03
# Widths in ems of Arial, by groups of letters that are about as wide.
_WIDTHS = {
    **dict.fromkeys("ijl'|", 0.23),
    **dict.fromkeys("I.,:;!/\\ []tf", 0.285),
    **dict.fromkeys('()-r`"', 0.345),
    **dict.fromkeys("*^ckszvxyJ", 0.505),
    **dict.fromkeys("abdeghnopqu0123456789_#$?L", 0.556),
    **dict.fromkeys("+<>=~FTZ", 0.6),
    **dict.fromkeys("ABEKPSVXY&", 0.667),
    **dict.fromkeys("CDHNRUw", 0.722),
    **dict.fromkeys("GOQ", 0.778),
    **dict.fromkeys("mM", 0.833),
    **dict.fromkeys("W%—", 0.92),
    **dict.fromkeys("@…", 1.0),
}
_FILE_WORDS = {"png": "picture", "audio": "sound", "video": "video", "table": "table"}


@functools.lru_cache(4096)
def _ems(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if unicodedata.combining(letter):
        return 0
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0xFFFF else 0.62


@functools.lru_cache(4096)  # the names of ports come again on every card
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels wide a text is."""
    return sum(map(_ems, text)) * size * _ROOM * (1.06 if bold else 1)


def printable(text: Any) -> str:
    """Return a text on one line, without what XML may not hold."""
    text = str(text)[:6000]
    if text.isprintable() and "  " not in text:
        return text.strip()
    kept = (letter if letter.isprintable() or letter == "\u200d" else " " for letter in text)
    return " ".join("".join(kept).split())


@functools.lru_cache(4096)
def fitted(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return the text, or as much of its beginning as fits, with an ellipsis."""
    if width_of(text, size, bold=bold) <= width:
        return text
    left = width - width_of(ELLIPSIS, size, bold=bold)
    for place, letter in enumerate(text):
        left -= width_of(letter, size, bold=bold)
        if left < 0:
            return text[:place].rstrip() + ELLIPSIS
    return text


def wrapped(text: str, width: float, size: float, most: int) -> list[str]:
    """Return the text in lines, broken between words where that is possible.

    Args:
        text: On one line.
        width: Of a line, in pixels.
        size: Of the letters, in pixels.
        most: How many lines there may be; the last one is cut.
    """
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        while width_of(longer, size) > width:
            if not line:  # one word that is wider than a line
                line, word = _broken(word, width, size)
            lines.append(line)
            if len(lines) > most:
                break
            line, longer = "", word
        line = longer
        if len(lines) > most:
            break
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], fitted(f"{lines[most - 1]}{ELLIPSIS}", width, size)]
    return lines


def _broken(word: str, width: float, size: float) -> tuple[str, str]:
    taken = 1
    while taken < len(word) and width_of(word[: taken + 1], size) <= width:
        taken += 1
    return word[:taken], word[taken:]


def value_words(value: Any) -> str:
    """Return how a port's value reads on a card: a few words, never a dump."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return printable(", ".join(value_words(item) for item in value[:20]))
    return _handle(value) if isinstance(value, Mapping) else ELLIPSIS


def _number(value: float) -> str:
    if abs(value) < 1e15 and float(short := f"{value:.6g}") == int(float(short)):
        return str(int(float(short)))
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value)[:24]


def _handle(value: Mapping[str, Any]) -> str:
    """Media stand in a document as `{"$media": "<digest>.png"}`, models as `{"$model": {"source": …}}`."""
    model = value.get("$model")
    if isinstance(model, Mapping) and isinstance(source := model.get("source"), str):
        return printable(source)
    media = value.get("$media")
    return _FILE_WORDS.get(media.rpartition(".")[2], "file") if isinstance(media, str) else ELLIPSIS
