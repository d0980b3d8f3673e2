"""The text of an answer as its chunks come, believed no further than they can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import AnswerBroken
from ..following import MOST_SHOWN, earliest, log, used
from .asking import Asked
from .connecting import Broken

if TYPE_CHECKING:
    from ..loading import Report

LETTERS_A_TOKEN = 100
"""Far more than any token has: what is longer, the server does not end."""
CHUNKS_A_TOKEN = 20
_FREE = 2_000


class Reading:
    """Gathers an answer.

    Args:
        asked: What was wanted.
        report: Told with each chunk; may raise to stop.
    """

    def __init__(self, asked: Asked, report: Report) -> None:
        self._asked, self._report = asked, report
        self.text = ""
        self._refusal, self._reason, self._chunks, self._written = "", "", 0, 0
        self._usage: Any = None
        self._is_thinking = False

    @property
    def has_begun(self) -> bool:
        """Return whether the first word has come: nothing is asked again behind somebody's back from then on."""
        return bool(self.text)

    @property
    def is_told(self) -> bool:
        """Return whether the server said what was used."""
        return self._usage is not None

    def wait(self, silent: float) -> None:
        """Report that nothing comes; may raise to stop."""
        doing = "The model thinks" if self._is_thinking else "Waiting for the server"
        self._tell(f"{doing} … {silent:.0f} s" if silent >= 1 else f"{doing} …")

    def take(self, chunk: Any) -> bool:
        """Take a chunk; return False when no more is wanted: the text has come to a stop.

        Raises:
            AnswerBroken: More came than an answer of so many tokens can be.
        """
        self._chunks += 1
        self._usage = getattr(chunk, "usage", None) or self._usage
        choices = getattr(chunk, "choices", None)
        choice = choices[0] if isinstance(choices, list) and choices else None
        delta = getattr(choice, "delta", None)
        piece, refusal = getattr(delta, "content", None), getattr(delta, "refusal", None)
        reason = getattr(choice, "finish_reason", None)
        self._reason = reason if isinstance(reason, str) else self._reason
        self._refusal += refusal if isinstance(refusal, str) else ""
        self._is_thinking = not piece and bool(getattr(delta, "reasoning_content", None))
        if isinstance(piece, str) and piece:
            return self._add(piece)
        self._check_length()
        self._tell("The model thinks …" if self._is_thinking else "")
        return True

    def _add(self, piece: str) -> bool:
        begin = max(len(self.text) - max(map(len, self._asked.stop), default=0), 0)
        self.text += piece
        self._written += 1
        place = earliest(self.text, self._asked.stop, begin)
        if place is not None:
            self.text, self._reason = self.text[:place], "stop"
        self._check_length()
        self._tell(f"{self._written} tokens")
        return place is None

    def _check_length(self) -> None:
        most = self._asked.max_tokens
        if len(self.text) > LETTERS_A_TOKEN * most + _FREE or self._chunks > CHUNKS_A_TOKEN * most + _FREE:
            raise AnswerBroken(
                f"The server does not come to an end: {len(self.text)} letters in {self._chunks} parts, and {most} "
                "tokens were asked for. It was cut off.",
                self.text,
            )

    def end(self, *, is_whole: bool) -> None:
        """Take notice that no more comes.

        Raises:
            Broken: It ended in the middle.
        """
        if not self._reason and not is_whole:
            raise Broken

    def answer(self) -> str:
        """Return the text, and tell what is to be known of it.

        Raises:
            AnswerBroken: The server kept the answer back.
        """
        if self._refusal and not self.text:
            raise AnswerBroken(f"The model refuses: {self._refusal[:400]}")
        if self._reason == "content_filter":
            if not self.text:
                raise AnswerBroken("The server's filter kept the whole answer back. Say it in other words.")
            log(self._report, "The server's filter cut the answer off; what stands here is its beginning.")
        if self._reason == "length":
            log(
                self._report,
                f"The answer was cut off after max_tokens, {self._asked.max_tokens}. Raise it for all of it.",
            )
        return self.text

    def tell_usage(self, model: str, read: int) -> None:
        """Tell the tokens that were used: as the server says, else about as many as came and went.

        Args:
            model: What it is called.
            read: About how many tokens were sent.
        """
        told = self._usage
        cached = getattr(getattr(told, "prompt_tokens_details", None), "cached_tokens", None)
        used(
            self._report,
            model=model,
            input_tokens=_count(getattr(told, "prompt_tokens", None), read),
            cached_tokens=_count(cached, 0),
            output_tokens=_count(getattr(told, "completion_tokens", None), self._written),
        )

    def _tell(self, note: str) -> None:
        text = self.text
        shown = (lambda: text[-MOST_SHOWN:]) if text else None
        self._report(min(self._written / self._asked.max_tokens, 1.0), preview=shown, note=note)


def _count(told: Any, otherwise: int) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**53 else otherwise
