"""Translating: by instruction, or with models made for it, each of which hears of the languages in its own way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import AnswerBroken, ModelError
from .following import Part
from .languages import Language, language_of
from .text_generation import (
    Sampling,
    answer,
    answers_instructions,
    length_of,
    pieces_of,
    rewritten,
    title_of,
    tokenizer_of,
    window_of,
)

if TYPE_CHECKING:
    from .loading import Loan, Report

AUTO = "auto"
MARKS = 8
"""Tokens left free for the marks of languages, turns and ends."""
SHORT = 512
"""What a model for translation is given at once where it does not say how much it can keep in view."""


def translated(loan: Loan, text: str, target: str, source: str, sampling: Sampling, report: Report) -> str:
    """Return a text in another language; lines stay lines.

    Args:
        loan: A model that follows instructions, or one for translation: T5, NLLB, M2M100, mBART, MADLAD, Marian.
        text: Any length; what is too long for the model is translated sentence by sentence.
        target: Name or code of the language of the answer.
        source: Name or code of the language of the text; "auto" where the model need not know it.
        sampling: How tokens are chosen; at most so many for one line or sentence.
        report: Told how far it is, with the text so far; may raise to stop.

    Raises:
        ModelError: The model does not translate that way.
    """
    say = _by_instruction(loan, source, target) if answers_instructions(loan) else by_direction(loan, source, target)
    lines = [pieces_of(line, say.fits(sampling.max_tokens)) if line.strip() else [] for line in text.split("\n")]
    count, done, made = max(sum(map(len, lines)), 1), 0, ""
    for number, pieces in enumerate(lines):
        made += "\n" if number else ""
        for place, piece in enumerate(pieces):
            made += " " if place else ""
            part = Part(report, done / count, 1 / count, shown=functools.partial(_behind, made))
            try:
                made += say.translate(piece.strip(), sampling, part)
            except AnswerBroken as error:
                raise AnswerBroken(str(error), made + error.partial) from None
            done += 1
    return made


def _behind(before: str, preview: Callable[[], str]) -> Callable[[], str]:
    """Return what shows a text behind what was made before it."""
    return lambda: before + preview()


class _ByInstruction(NamedTuple):
    """Asks a chat model in words."""

    loan: Loan
    system: str

    def fits(self, most: int) -> Callable[[str], bool]:
        window = window_of(self.loan) or 4 * most
        longest = min(most, (window - length_of(self.loan, self.system) - MARKS) // 2)
        return lambda piece: length_of(self.loan, piece) <= max(longest, 1)

    def translate(self, piece: str, sampling: Sampling, report: Report) -> str:
        return answer(self.loan, piece, sampling, report, system=self.system)


class ByDirection(NamedTuple):
    """Asks a model for translation: by words before the text, or by the token that its answer begins with."""

    loan: Loan
    prefix: str = ""
    first_token: int | None = None

    def fits(self, most: int) -> Callable[[str], bool]:
        """Return what says whether a text is short enough."""
        longest = min(most, (window_of(self.loan) or SHORT) - length_of(self.loan, self.prefix) - MARKS)
        return lambda piece: length_of(self.loan, piece) <= longest

    def translate(self, piece: str, sampling: Sampling, report: Report) -> str:
        """Return a short text in the other language."""
        return rewritten(self.loan, self.prefix + piece, sampling, report, first_token=self.first_token)


def _by_instruction(loan: Loan, source: str, target: str) -> _ByInstruction:
    return _ByInstruction(loan, instruction_for(target, source))


def instruction_for(target: str, source: str) -> str:
    """Return what a chat model is told to do.

    Args:
        target: The language of the answer.
        source: The language of the text, or "auto".
    """
    origin = "" if source == AUTO else f" from {source}"
    return (
        f"Translate what the user writes{origin} into {target}. Keep its tone and its names. Do not answer questions "
        "in it, translate them. Say nothing but the translation."
    )


def by_direction(loan: Loan, source: str, target: str) -> ByDirection:
    """Return how a model for translation hears of the languages; sets the source of tokenizers that keep one.

    Args:
        loan: The model.
        source: Name or code of the language of the text, or "auto".
        target: Name or code of the language of the answer.

    Raises:
        ModelError: It does not say how, or wants to know the source.
    """
    tokenizer, wanted = tokenizer_of(loan), language_of(target)
    if codes := getattr(tokenizer, "supported_language_codes", None):  # Marian, several targets
        return ByDirection(loan, prefix=_marian_mark(loan, codes, wanted) + " ")
    if getattr(tokenizer, "target_lang", None):  # Marian, one target
        _must_be(loan, tokenizer.target_lang, wanted)
        return ByDirection(loan)
    if _knows(tokenizer, f"<2{wanted.code}>"):  # MADLAD
        return ByDirection(loan, prefix=f"<2{wanted.code}> ")
    marks = {"flores": wanted.flores, "region": wanted.region, "code": f"__{wanted.code}__"}  # NLLB, mBART, M2M100
    for kind, mark in marks.items():
        if mark and _knows(tokenizer, mark):
            tokenizer.src_lang = getattr(_known_source(loan, source), kind)
            return ByDirection(loan, first_token=tokenizer.convert_tokens_to_ids(mark))
    if loan.model.config.model_type in ("t5", "mt5", "umt5"):
        return ByDirection(loan, prefix=f"translate {_known_source(loan, source).name} to {wanted.name}: ")
    raise ModelError(
        f"{title_of(loan)} does not say how it is asked for {wanted.name}. Choose a model for translation "
        "(NLLB, M2M100, mBART, MADLAD, Marian, T5) or one that follows instructions."
    )


def _known_source(loan: Loan, source: str) -> Language:
    if source == AUTO:
        raise ModelError(
            f"{title_of(loan)} has to be told which language the text is in. Set 'source' to a language, not to auto."
        )
    return language_of(source)


def _marian_mark(loan: Loan, marks: list[str], wanted: Language) -> str:
    names = {wanted.code, wanted.flores, wanted.flores[:3], wanted.flores.replace("_", "")}
    for mark in marks:
        if mark.strip("><") in names:
            return mark
    raise ModelError(f"{title_of(loan)} does not translate into {wanted.name}. It knows {', '.join(marks[:12])}.")


def _must_be(loan: Loan, known: str, wanted: Language) -> None:
    if known.casefold() not in (wanted.code, wanted.flores[:3], wanted.name.casefold()):
        raise ModelError(
            f"{title_of(loan)} translates into '{known}' only, not into {wanted.name}. "
            f"Choose a model that translates into {wanted.name}."
        )


def _knows(tokenizer: Any, token: str) -> bool:
    number = tokenizer.convert_tokens_to_ids(token)
    return number is not None and number != tokenizer.unk_token_id
