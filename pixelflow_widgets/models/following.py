"""Following models of transformers while they write, token by token; the only place where they can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loading import Report

MOST_SHOWN = 4000
"""Letters of an unfinished text that are shown: the last ones, where it grows."""
_AROUND = 16
"""Tokens that are looked at beside those of an end: a letter may be several of them."""


def each_token(notice: Callable[[Any], object]) -> Callable[..., Any]:
    """Return what `generate` asks after each token whether to stop.

    Args:
        notice: Is given the tokens so far, (batch, length); may raise to stop. Where it returns True, the text ends.
    """
    import torch

    def follow(tokens: Any, _: Any, **__: Any) -> Any:
        ends = notice(tokens) is True
        return torch.full((len(tokens),), ends, dtype=torch.bool, device=tokens.device)

    return follow


def each_word(tokenizer: Any, report: Report, given: int, most: int, stop: Sequence[str] = ()) -> Callable[..., Any]:
    """Return what `generate` asks after each token, which reports how far it is and the text so far.

    Args:
        tokenizer: Makes text of tokens, when the text is shown.
        report: Is told; may raise to stop.
        given: How many tokens stand before the text.
        most: The longest text, in tokens.
        stop: Texts before which it ends.
    """
    longest = max((len(each.encode()) for each in stop), default=0) + _AROUND

    def text_of(written: Any) -> str:
        return tokenizer.decode(written, skip_special_tokens=True)

    def notice(tokens: Any) -> bool:
        written = tokens[0, given:]
        report(
            min(len(written) / most, 1.0),
            preview=lambda: until(text_of(written), stop)[-MOST_SHOWN:],
            note=f"{len(written)} tokens",
        )
        # A token has at least one byte, so the last ones hold every end that has just come; the whole text is asked
        # only then, where spaces may read otherwise.
        return bool(stop) and all(earliest(text_of(part), stop) is not None for part in (written[-longest:], written))

    return each_token(notice)


def earliest(text: str, stop: Sequence[str], begin: int = 0) -> int | None:
    """Return where the first of some ends begins in a text, or None.

    Args:
        text: The text.
        stop: The ends.
        begin: From which letter on is looked.
    """
    return min((place for each in stop if (place := text.find(each, begin)) >= 0), default=None)


def until(text: str, stop: Sequence[str]) -> str:
    """Return a text as far as the first of some ends."""
    return text[: earliest(text, stop)]


def log(report: Any, line: str) -> None:
    """Write a line to the log of whoever is told, where that keeps one."""
    if tell := getattr(report, "log", None):
        tell(line)


def used(report: Any, **counts: Any) -> None:
    """Tell what was used, as `Progress.used` takes it, to whoever counts."""
    if tell := getattr(report, "used", None):
        tell(**counts)


class Part:
    """Reports on a part of what is done; the rest goes on as it was told.

    Args:
        report: Is told.
        before: The share that is done before it, from 0 to 1.
        share: Its own.
        title: What stands before its notes.
        shown: Makes of what is shown of the part what is shown of all.
    """

    def __init__(
        self,
        report: Report,
        before: float,
        share: float,
        title: str = "",
        shown: Callable[[Any], Any] = lambda preview: preview,
    ) -> None:
        self._report, self._before, self._share, self._title, self._shown = report, before, share, title, shown

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        """Report; may raise to stop."""
        done = self._before + (fraction or 0) * self._share
        self._report(done, preview=None if preview is None else self._shown(preview), note=self._title + note)

    def log(self, line: str) -> None:
        """Pass a line on."""
        log(self._report, self._title + line)

    def used(self, **counts: Any) -> None:
        """Pass what was used on."""
        used(self._report, **counts)
