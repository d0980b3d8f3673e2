"""Summaries of texts of any length: what is too long for the model is summarised part by part, and then the parts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ..errors import ModelError
from .following import Part
from .text_generation import (
    Sampling,
    answer,
    answers_instructions,
    length_of,
    pieces_of,
    rewritten,
    title_of,
    window_of,
)

if TYPE_CHECKING:
    from .loading import Loan, Report

Length = Literal["sentence", "paragraph", "points"]
_WORDS: dict[str, str] = {
    "sentence": "in one sentence",
    "paragraph": "in one short paragraph",
    "points": "as a list of the most important points, one a line, each beginning with '- '",
}
SENTENCE_TOKENS = 48
FREE = 96
"""Tokens left free for the instruction and the marks of a chat."""


def summary_of(loan: Loan, text: str, length: Length, focus: str, sampling: Sampling, report: Report) -> str:
    """Return a summary.

    Args:
        loan: A model that follows instructions, or one for summaries: T5, BART, Pegasus.
        text: Any length.
        length: How long.
        focus: What matters most; heard by models that follow instructions.
        sampling: How tokens are chosen.
        report: Told of each token, with the text so far; may raise to stop.

    Raises:
        ModelError: The model keeps too little in view to summarise anything into so many tokens.
    """
    longest = (window_of(loan) or 4 * sampling.max_tokens) - length_of(loan, focus) - FREE
    if answers_instructions(loan):
        longest -= sampling.max_tokens
    if longest < 2 * sampling.max_tokens:  # two summaries together would be no shorter than what they are of
        raise ModelError(
            f"{title_of(loan)} keeps {window_of(loan)} tokens in view, which is too little for summaries of "
            f"{sampling.max_tokens} tokens. Ask for fewer tokens, or choose a model with a longer context."
        )
    while len(parts := pieces_of(text, lambda piece: length_of(loan, piece) <= longest)) > 1:
        told = [
            _summary(loan, part, "paragraph", focus, sampling, _part_of(report, number, len(parts)))
            for number, part in enumerate(parts)
        ]
        text = "\n".join(told)
    return _summary(loan, text, length, focus, sampling, report)


def _summary(loan: Loan, text: str, length: Length, focus: str, sampling: Sampling, report: Report) -> str:
    if answers_instructions(loan):
        return answer(loan, text, sampling, report, system=instruction_for(length, focus))
    if length == "sentence":
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, SENTENCE_TOKENS))
    prefix = "summarize: " if loan.model.config.model_type in ("t5", "mt5", "umt5") else ""
    made = rewritten(loan, prefix + text, sampling, report)
    return "\n".join(f"- {part}" for part in re.split(r"(?<=[.!?])\s+", made)) if length == "points" else made


def instruction_for(length: str, focus: str) -> str:
    """Return what a chat model is told to do.

    Args:
        length: A sentence, a paragraph or points.
        focus: What matters most, if anything.
    """
    about = f" Say above all what it says of {focus.strip()}." if focus.strip() else ""
    return f"Summarise what the user writes {_WORDS[length]}.{about} Add nothing that is not in it."


def _part_of(report: Report, number: int, count: int) -> Part:
    """Return what reports on one of several parts."""
    return Part(report, number / count, 1 / count, f"Part {number + 1} of {count}: ")
