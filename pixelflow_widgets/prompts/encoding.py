"""Prompts with weights, longer than a window, or that change over the steps, as what CLIP's text encoders make of them.

`compel` encodes: parts of one weight each, in windows that are joined. What it gives takes the place of the prompt in a
call of diffusers. Nothing here knows of nodes, so that scripts can copy it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ..errors import MediaError
from .letters import readable, uncommented
from .schedule import placed_readings
from .weighting import read_weights

MOST_PARTS = 40
"""So many windows of a prompt are read; what stands behind them is not."""
MOST_TIMES = 64
"""How often a prompt is encoded at most: once for each change over the steps, and for each part of less weight."""
_SAID = ("prompt", "prompt_2", "negative_prompt", "clip_skip")
Pieces = Sequence[tuple[str, float]]
"""(text, weight) of each part of a prompt."""
Readings = Sequence[tuple[float, Pieces]]
"""(part of the steps from which on, what is read)."""


@dataclass(frozen=True)
class Encoded:
    """Is what a pipeline is given in place of a prompt.

    Args:
        arguments: Of its call.
        changes: (part of the steps, tensors by the names that callbacks know) from which on something else is read.
    """

    arguments: Mapping[str, Any]
    changes: Sequence[tuple[float, Mapping[str, Any]]] = ()

    @property
    def tensors(self) -> list[str]:
        """Return the names of the tensors that change over the steps."""
        return list(self.changes[0][1]) if self.changes else []

    def turned(self, fraction: float, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Return tensors of a callback with what is read from a part of the steps on.

        Args:
            fraction: Of the steps that are done.
            tensors: By name; the last row of each is of the prompt, the one before of the negative prompt.
        """
        import torch

        due = [new for moment, new in self.changes if moment <= fraction + 1e-6]
        news = due[-1] if due else {}
        return {
            **tensors,
            **{name: torch.cat([tensors[name][:-1], new.to(tensors[name])]) for name, new in news.items()},
        }


def pieces_of(text: str, steps: int = 1000) -> list[tuple[float, list[tuple[str, float]]]]:
    """Return what is read of a prompt: (part of the steps from which on, its parts), comments left out.

    Args:
        text: As it was written.
        steps: How many there are; changes may name them.
    """
    found = placed_readings(uncommented(readable(text)), steps)
    return [(moment, [(part.text, part.weight) for part in read_weights(letters)]) for moment, letters in found]


def needs_encoding(pipeline: Any, words: Mapping[str, Any], steps: int) -> bool:
    """Return whether a pipeline cannot read prompts by itself as they are meant.

    Args:
        pipeline: Of CLIP's encoders.
        words: Arguments of its call.
        steps: How many there are.
    """
    said = [pieces_of(words[name] or "", steps) for name in _SAID[:3] if name in words]
    if any(len(one) > 1 or any(weight != 1 for _, parts in one for _, weight in parts) for one in said):
        return True
    texts = [parts[0][0] for ((_, parts),) in said if parts]
    return any(
        len(tokenizer(text, truncation=True, max_length=window + 1)["input_ids"]) > window
        for tokenizer, encoder in _encoders(pipeline)
        for window in [_window(tokenizer, encoder)]
        for text in texts
    )


def spoken(pipeline: Any, steps: int, **words: Any) -> dict[str, Any]:
    """Return the arguments of a call for prompts as they were written: a script's way to what nodes do.

    Args:
        pipeline: Stable Diffusion 1.5, 2 or XL, or one of their kind.
        steps: How many are done.
        words: Its arguments `prompt`, and if they are to be heeded `prompt_2`, `negative_prompt`, `clip_skip`.
    """
    words = {"negative_prompt": None, **words}
    if not needs_encoding(pipeline, words, steps):
        plain = {name: plain_prompt(words[name]) or None for name in _SAID[1:3] if name in words}
        return {**words, **plain, "prompt": plain_prompt(words["prompt"])}
    return _arguments(encoded(pipeline, words, steps))


def spoken_pieces(pipeline: Any, clip_skip: int | None = None, **said: Readings) -> dict[str, Any]:
    """Return the arguments of a call for prompts in parts of one weight each.

    Args:
        pipeline: Stable Diffusion 1.5, 2 or XL, or one of their kind.
        clip_skip: How many of the last layers are left out.
        said: (part of the steps from which on, its parts) of `prompt`, `prompt_2` and `negative_prompt`.
    """
    return _arguments(encoded_pieces(pipeline, {"negative_prompt": [(0.0, [])], **said}, clip_skip))


def _arguments(made: Encoded) -> dict[str, Any]:
    """Return the arguments of a call; a callback among them where something changes over the steps."""
    if not made.tensors:
        return dict(made.arguments)

    def change(pipeline: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        return made.turned((step + 1) / pipeline.num_timesteps, tensors)

    names = ["latents", *made.tensors]
    return {**made.arguments, "callback_on_step_end": change, "callback_on_step_end_tensor_inputs": names}


def plain_prompt(text: str | None) -> str:
    """Return a prompt without comments and marks of weights, as it begins."""
    return "".join(part for part, _ in pieces_of(text or "")[0][1])


def encoded(pipeline: Any, words: Mapping[str, Any], steps: int) -> Encoded:
    """Return what takes the place of the words in a call.

    Args:
        pipeline: Stable Diffusion 1.5, 2 or XL, or one of their kind.
        words: Its arguments `prompt`, and if they are to be heeded `prompt_2`, `negative_prompt`, `clip_skip`.
        steps: How many there are.

    Raises:
        MediaError: A prompt changes too often, or lowers too many of its words.
    """
    said = {name: pieces_of(words[name] or "", steps) for name in _SAID[:3] if name in words}
    if not words.get("prompt_2"):
        said.pop("prompt_2", None)
    return encoded_pieces(pipeline, said, words.get("clip_skip"))


def encoded_pieces(pipeline: Any, said: Mapping[str, Readings], clip_skip: int | None) -> Encoded:
    """Return what takes the place of prompts in a call.

    Args:
        pipeline: As for `encoded`.
        said: What is read when of `prompt`, and if they are to be heeded `prompt_2` and `negative_prompt`.
        clip_skip: How many of the last layers are left out.

    Raises:
        MediaError: A prompt changes too often, or lowers too many of its words.
    """
    import torch

    for readings in said.values():
        times = sum(1 + sum(weight < 1 for _, weight in pieces) for _, pieces in readings)
        if times > MOST_TIMES:
            raise MediaError(
                f"A prompt is encoded once for each change over the steps, and for each part that weighs less than 1: "
                f"at most {MOST_TIMES} times. This one asks for {times}; change it less often, or lower fewer words."
            )
    is_xl, first = hasattr(pipeline, "text_encoder_2"), said["prompt"]
    second = said.get("prompt_2") or first
    moments = sorted({moment for moment, _ in (*first, *second)})
    against = said["negative_prompt"][0][1] if "negative_prompt" in said else []
    is_zero = is_xl and not against and pipeline.config.get("force_zeros_for_empty_prompt", False)
    with torch.no_grad():
        wanted = [[_at(first, moment), _at(second, moment)] for moment in moments]
        skips = [*([clip_skip] * len(wanted)), None]
        made, pooled = _states(pipeline, [*wanted, [against, against]], skips, is_xl)
    names = ["prompt_embeds", "pooled_prompt_embeds"][: 2 if is_xl else 1]
    arguments: dict[str, Any] = dict(zip(names, (made[0], pooled[0]), strict=False))
    if "negative_prompt" in said:
        other = [torch.zeros_like(made[0]), torch.zeros_like(pooled[0])] if is_zero else [made[-1], pooled[-1]]
        arguments |= dict(zip((f"negative_{name}" for name in names), other, strict=False))
    heard = ["prompt_embeds", "add_text_embeds"][: len(names)]
    changes: list[tuple[float, dict[str, Any]]] = [
        (moment, dict(zip(heard, tensors, strict=False)))
        for moment, *tensors in zip(moments[1:], made[1:], pooled[1:], strict=False)
    ]
    return Encoded(arguments, changes[: len(moments) - 1])


def _at(readings: Sequence[tuple[float, Any]], moment: float) -> Any:
    return [parts for start, parts in readings if start <= moment][-1]


def _encoders(pipeline: Any) -> list[tuple[Any, Any]]:
    """Return (tokenizer, text encoder) of each that a pipeline has."""
    every = [
        (getattr(pipeline, f"tokenizer{suffix}", None), getattr(pipeline, f"text_encoder{suffix}", None))
        for suffix in ("", "_2")
    ]
    return [(tokenizer, encoder) for tokenizer, encoder in every if tokenizer is not None and encoder is not None]


def _window(tokenizer: Any, encoder: Any) -> int:
    return min(tokenizer.model_max_length, encoder.config.max_position_embeddings)


def _states(
    pipeline: Any, texts: Sequence[Sequence[Pieces]], skips: Sequence[int | None], is_xl: bool
) -> tuple[list[Any], list[Any]]:
    """Return the states of texts, all of one length, and what the last encoder makes of each as a whole.

    Args:
        pipeline: Whose encoders are asked.
        texts: Of each text what the first and what the second encoder reads.
        skips: How many of the last layers are left out for each text.
        is_xl: Whether it is of the kind of SDXL.
    """
    import torch

    columns = [
        [
            _provider(pipeline, tokenizer, encoder, skip, is_xl)(text[place])
            for text, skip in zip(texts, skips, strict=True)
        ]
        for place, (tokenizer, encoder) in enumerate(_encoders(pipeline))
    ]
    last = _encoders(pipeline)[-1]
    wholes = [_whole(pipeline, *last, text[len(columns) - 1]) if is_xl else None for text in texts]
    longest = max(state.shape[1] for column in columns for state, _ in column)
    rows = zip(*([_filled(*one, longest) for one in column] for column in columns), strict=True)
    return [torch.cat(row, dim=-1) for row in rows], wholes


def _filled(state: Any, nothing: Any, length: int) -> Any:
    """Return states that are as long as the longest, windows of nothing behind them."""
    import torch

    return torch.cat([state, *[nothing] * ((length - state.shape[1]) // nothing.shape[1])], dim=1)


def _provider(
    pipeline: Any, tokenizer: Any, encoder: Any, skip: int | None, is_xl: bool
) -> Callable[[Pieces], tuple[Any, Any]]:
    """Return what makes (states of a text, of nothing) with one of the encoders."""
    from compel.embeddings_provider import EmbeddingsProvider, SplitLongTextMode

    window = _window(tokenizer, encoder)
    made: Any = EmbeddingsProvider  # its hints know fewer tokenizers than it takes
    asked = made(
        _Words(pipeline, tokenizer, MOST_PARTS * (window - 2)),
        _Layer(encoder, skip, is_xl, pipeline._execution_device),
        truncate=False,
        device=pipeline._execution_device,
        split_long_text_mode=SplitLongTextMode.WORDS,
        model_max_length=window,
    )

    def states(pieces: Pieces) -> tuple[Any, Any]:
        nothing = asked.get_embeddings_for_weighted_prompt_fragments([[""]], [[1.0]], device=asked.device)
        if not pieces:
            return nothing, nothing
        texts, weights = [text for text, _ in pieces], [weight for _, weight in pieces]
        found = asked.get_embeddings_for_weighted_prompt_fragments([texts], [weights], device=asked.device)
        return found[:, : MOST_PARTS * window], nothing

    return states


def _whole(pipeline: Any, tokenizer: Any, encoder: Any, pieces: Pieces) -> Any:
    """Return what an encoder makes of a text as a whole, which heeds no weights, and reads one window."""
    text = "".join(text for text, _ in pieces)
    window = _window(tokenizer, encoder)
    (text,) = _with_taught(pipeline, tokenizer, [text])
    read = tokenizer(text, padding="max_length", max_length=window, truncation=True, return_tensors="pt")
    return encoder(read.input_ids.to(pipeline._execution_device))[0]


def _with_taught(pipeline: Any, tokenizer: Any, texts: list[str]) -> list[str]:
    """Return texts in which a word that was taught as several tokens stands as these."""
    is_taught = set(tokenizer.added_tokens_encoder) - set(tokenizer.all_special_tokens)
    return pipeline.maybe_convert_prompt(texts, tokenizer) if is_taught else texts


class _Words:
    """Is a tokenizer for compel: words of several tokens that were taught are whole, and no text is too long."""

    def __init__(self, pipeline: Any, tokenizer: Any, most: int) -> None:
        self._pipeline, self._tokenizer, self._most = pipeline, tokenizer, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __call__(self, texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        texts = _with_taught(self._pipeline, self._tokenizer, texts)
        left, found = self._most, []
        for numbers in self._tokenizer(texts, truncation=True, max_length=self._most + 2)["input_ids"]:
            kept = numbers[1:-1][:left]
            left -= len(kept)
            found.append([numbers[0], *kept, numbers[-1]])
        return {"input_ids": found}


class _Layer:
    """Is a text encoder for compel, of which one layer is taken as its family does.

    Args:
        encoder: CLIP's.
        skip: How many of the last layers are left out.
        is_xl: Whether the family takes the last layer but one anyway, as it is.
        device: Where it computes; it may lie elsewhere until it does.
    """

    def __init__(self, encoder: Any, skip: int | None, is_xl: bool, device: Any) -> None:
        self._encoder, self._skip, self._is_xl = encoder, skip, is_xl
        self.device, self.dtype = device, encoder.dtype

    def __call__(self, tokens: Any, mask: Any = None, **_: Any) -> Any:
        if self._skip is None and not self._is_xl:
            return SimpleNamespace(last_hidden_state=self._encoder(tokens, mask)[0])
        states = self._encoder(tokens, mask, output_hidden_states=True).hidden_states
        state = states[-((self._skip or 0) + (2 if self._is_xl else 1))]
        if not self._is_xl:
            state = getattr(self._encoder, "text_model", self._encoder).final_layer_norm(state)
        return SimpleNamespace(last_hidden_state=state)
