"""What a pipeline is given for the words of a painting: as text where it reads that as it is meant, else encoded."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import MediaError
from .encoding import Encoded, encoded, needs_encoding, pieces_of
from .letters import uncommented
from .schedule import changes_over_steps, placed_readings
from .tokens import MOST_LETTERS, Reader, Tokens, count, readers_of
from .windows import heeds_weights

if TYPE_CHECKING:
    from ..media import Model
    from ..models.image_generation import Told
    from ..models.loan import Loan


class Counting(Protocol):
    """Is told what a node used."""

    def used(self, *, model: str = "", input_tokens: int = 0, images: int = 0) -> None:
        """Take what was used besides what was told before."""
        ...


_PROMPTS = {
    "prompt": "prompt",
    "prompt_2": "second prompt",
    "prompt_3": "third prompt",
    "negative_prompt": "negative prompt",
}


def conditioned(loan: Loan, words: Mapping[str, Any], steps: int, report: Told) -> Encoded:
    """Return what takes the place of words in a call, and say in the log what is not read.

    Args:
        loan: The model.
        words: Arguments of its pipeline: the prompts, as they were written, and `clip_skip`.
        steps: How many are done.
        report: Told what the model cannot heed, and how long prompts are read.

    Raises:
        MediaError: A prompt is longer than anybody reads, or lowers too many of its words.
    """
    heeds = _heeds(loan)
    readers = readers_of(str(loan.folder))
    if not heeds:  # of a model that could, set in motion, say
        readers = [replace(reader, is_chunked=False) for reader in readers]
    for name, text in _texts(words):
        _check(name, text)
        for line in _told(name, text, words, readers, heeds):
            report.log(line)
    if heeds and needs_encoding(loan.pipeline, words, steps):
        return encoded(loan.pipeline, words, steps)
    return Encoded({name: _plain(words, name, steps) if name in _PROMPTS else words[name] for name in words})


def plain_words(loan: Loan, prompt: str, negative_prompt: str, report: Told) -> tuple[str, str]:
    """Return the prompts of a model that heeds no marks, without them; the log says what is not read.

    Args:
        loan: The model.
        prompt: As it was written.
        negative_prompt: What shall not be.
        report: As for `conditioned`.
    """
    said = conditioned(loan, {"prompt": prompt, "negative_prompt": negative_prompt}, 1, report).arguments
    return said["prompt"], said["negative_prompt"] or ""


def tell_used(report: Counting, model: Model | str, *prompts: str, images: int = 1) -> None:
    """Say what a painting took: the tokens of its prompts over all encoders, and the pictures.

    Args:
        report: Of the node.
        model: Which painted.
        prompts: As they were written, the negative one among them.
        images: How many were painted.
    """
    source = model if isinstance(model, str) else model.source
    report.used(model=source, input_tokens=count(model, *prompts) or 0, images=images)


def _heeds(loan: Loan) -> bool:
    """Return whether a pipeline takes what is encoded in place of a prompt."""
    made = type(loan.pipeline)
    return heeds_weights(loan.family, made.__name__) and "prompt_embeds" in inspect.signature(made.__call__).parameters


def _texts(words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name of the argument, text) of each prompt that says something."""
    for name in _PROMPTS:
        if isinstance(text := words.get(name), str) and text.strip():
            yield name, text


def _check(name: str, text: str) -> None:
    if len(text) > MOST_LETTERS:
        what = _PROMPTS[name]
        raise MediaError(f"The {what} has {len(text)} letters, and at most {MOST_LETTERS} are read. Shorten it.")


def _plain(words: Mapping[str, Any], name: str, steps: int) -> Any:
    """Return a prompt without marks, as it begins; what was nothing stays that."""
    text = words[name]
    if not isinstance(text, str):
        return text
    plain = "".join(part for part, _ in pieces_of(text, steps)[0][1])
    return plain or (None if name == "negative_prompt" and text.strip() else plain)


def _told(name: str, text: str, words: Mapping[str, Any], readers: list[Reader], heeds: bool) -> Iterator[str]:
    """Yield what somebody should know who wrote a prompt."""
    what = _PROMPTS[name]
    said = pieces_of(text)
    if not heeds and any(weight != 1 for _, parts in said for _, weight in parts):
        yield f"This model does not heed weights of words; they are taken out of the {what}."
    if changes_over_steps(uncommented(text)) and not (heeds and name != "negative_prompt"):
        yield f"The {what} stays as it begins: this model does not change it over the steps."
    begun = placed_readings(uncommented(text), 1)[0][1]
    counted = [(reader, reader.read_prompt(begun)) for reader in _that_read(name, words, readers)]
    if heeds:
        yield from _told_of_parts(what, counted)
    elif any(tokens.cut is not None for _, tokens in counted):
        each = ", ".join(f"{reader.title} reads {tokens.read} of {tokens.count}" for reader, tokens in counted)
        yield f"The {what} is longer than the model reads at once; tokens: {each}."


def _told_of_parts(what: str, counted: list[tuple[Reader, Tokens]]) -> Iterator[str]:
    """Yield in how many parts a prompt is read, by the encoder that needs most."""
    reader, tokens = max(counted, key=lambda one: one[1].parts, default=(None, None))
    if reader is not None and tokens is not None and tokens.parts > 1:
        rest = "" if tokens.cut is None else f"; what stands behind its first {tokens.read} tokens is not read"
        yield f"The {what} has {tokens.count} tokens; it is read in {tokens.parts} parts of {reader.usable}{rest}."


def _that_read(name: str, words: Mapping[str, Any], readers: list[Reader]) -> list[Reader]:
    """Return which encoders read a prompt; where the call says how long, the last ones read so much."""
    own = {"prompt_2": "text_encoder_2", "prompt_3": "text_encoder_3"}
    others = {encoder for argument, encoder in own.items() if words.get(argument)}
    most = words.get("max_sequence_length")
    found = [reader for reader in readers if (reader.name == own[name] if name in own else reader.name not in others)]
    if not isinstance(most, int):
        return found
    return [
        reader
        if reader.title.startswith("CLIP") or reader.window is None or reader.usable is None
        else replace(reader, window=most, usable=max(most - reader.window + reader.usable, 1))
        for reader in found
    ]
