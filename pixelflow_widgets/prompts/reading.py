"""How a prompt is read, as pages show it and estimates count it: tokens, weights, marks, and what to know of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import PixelFlowError
from ..media import Model
from . import comments, template, variants
from .letters import Letters
from .parsing import groups, references
from .tokens import MOST_LETTERS, Reader, Tokens, readers_of, said_of
from .weighting import Fragment, read_weights

MOST_SPANS = 2000
"""So many tokens of each encoder are told one by one."""


@dataclass(frozen=True)
class PromptReading:
    """Is what is known of a prompt; offsets are of Python's text.

    Args:
        text: As it was written.
        readers: (encoder, tokens) of each that reads it.
        weights: Parts that weigh something else than 1.
        variables: (name, start, end) of each placeholder.
        alternatives: (start, end, number of options) of each.
        comments: (start, end) of each.
        variants: How many prompts its alternatives and wildcards make; None where there are none, or nobody can tell.
        notes: Sentences.
    """

    text: str
    readers: tuple[tuple[Reader, Tokens], ...] = ()
    weights: tuple[Fragment, ...] = ()
    variables: tuple[tuple[str, int, int], ...] = ()
    alternatives: tuple[tuple[int, int, int], ...] = ()
    comments: tuple[tuple[int, int], ...] = ()
    variants: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def heeds_weights(self) -> bool:
        """Return whether the model heeds weights, and reads long prompts in parts."""
        return any(reader.is_chunked for reader, _ in self.readers)

    def as_json(self) -> dict[str, Any]:
        """Return it for pages, which count letters in units of UTF-16."""
        at = _units(self.text)
        return {
            "text": self.text,
            "readers": [_reader_json(reader, tokens, at) for reader, tokens in self.readers],
            "weights": [{"start": at(one.start), "end": at(one.end), "weight": one.weight} for one in self.weights],
            "variables": [{"name": name, "start": at(start), "end": at(end)} for name, start, end in self.variables],
            "alternatives": [
                {"start": at(start), "end": at(end), "options": options} for start, end, options in self.alternatives
            ],
            "comments": [{"start": at(start), "end": at(end)} for start, end in self.comments],
            "variants": self.variants,
            "notes": list(self.notes),
            "heeds_weights": self.heeds_weights,
        }


def read_prompt(text: str, model: Model | str | None, *, negative: bool = False) -> PromptReading:
    """Return how a prompt is read.

    Args:
        text: As it was written.
        model: Which reads it; None where there is none, and no tokens are counted.
        negative: Whether it says what shall not be seen.
    """
    if len(text) > MOST_LETTERS:
        return PromptReading(text, notes=(f"Texts of more than {MOST_LETTERS:,} letters are not read.",))
    readers = readers_of(model) if model is not None else []
    said = said_of(text)
    counted = tuple((reader, reader.read_prompt(said[0] if reader.is_encoder else text)) for reader in readers)
    if readers and not any(reader.is_encoder for reader in readers):
        return PromptReading(text, counted, notes=tuple(_told_of_tokens("text", counted)))
    weights = _weights(said)
    made, why = _variants(text)
    notes = [*_told(model, counted, bool(weights), len(said) > 1, negative), *why]
    return PromptReading(
        text,
        counted,
        weights,
        tuple(template.variables(text)),
        tuple(groups(text)),
        tuple(comments.spans(text)),
        made,
        tuple(notes),
    )


def _weights(said: Sequence[Letters]) -> tuple[Fragment, ...]:
    """Return the parts that weigh something else than 1 at any step, by their place."""
    found = {(part.start, part.end, part.weight): part for letters in said for part in read_weights(letters)}
    return tuple(found[key] for key in sorted(found) if key[2] != 1)


def _variants(text: str) -> tuple[int | None, list[str]]:
    """Return (how many prompts a text makes, why nobody can tell)."""
    if not groups(text) and not references(text):
        return None, []
    try:
        return variants.count(text), []
    except PixelFlowError as error:
        return None, [str(error)]


def _told(
    model: Model | str | None,
    counted: Sequence[tuple[Reader, Tokens]],
    has_weights: bool,
    changes: bool,
    negative: bool,
) -> Iterator[str]:
    """Yield what somebody should know who writes the prompt."""
    heeds = any(reader.is_chunked for reader, _ in counted)
    if model is not None and not counted:
        yield "How many tokens it has cannot be told: the tokenizer of the model is not here, or cannot be read."
    if counted and has_weights and not heeds:
        yield "This model does not heed weights of words; they are taken out."
    if counted and changes and (negative or not heeds):
        who = "A negative prompt" if heeds else "A prompt of this model"
        yield f"{who} does not change over the steps; it stays as it begins."
    elif changes:
        yield "It changes over the steps; tokens are counted as it begins."
    yield from _told_of_tokens("negative prompt" if negative else "prompt", counted)


def _told_of_tokens(what: str, counted: Sequence[tuple[Reader, Tokens]]) -> Iterator[str]:
    """Yield in how many parts a prompt is read, or how much of it."""
    for reader, tokens in counted:
        if tokens.cut is not None:
            yield f"{reader.title} reads the first {tokens.read} of its {tokens.count} tokens."
    longest = max((one for one in counted if one[0].is_chunked), key=lambda one: one[1].parts, default=None)
    if longest is not None and longest[1].parts > 1:
        reader, tokens = longest
        yield f"The {what} has {tokens.count} tokens; it is read in {tokens.parts} parts of {reader.usable}."


def _reader_json(reader: Reader, tokens: Tokens, at: Callable[[int], int]) -> dict[str, Any]:
    return {
        "name": reader.name,
        "title": reader.title,
        "count": tokens.count,
        "window": reader.window,
        "usable": reader.usable,
        "parts": tokens.parts,
        "cut": None if tokens.cut is None else at(tokens.cut),
        "spans": [[at(start), at(end)] for start, end in tokens.spans[:MOST_SPANS]],
    }


def _units(text: str) -> Callable[[int], int]:
    """Return what makes an offset in UTF-16 of one in Python's text."""
    if text.isascii() or max(text) < "\U00010000":
        return lambda place: place
    places = [0, *itertools.accumulate(2 if letter > "\uffff" else 1 for letter in text)]
    return lambda place: places[min(place, len(text))]
