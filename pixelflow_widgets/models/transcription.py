"""Text of speech, with when each part was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import MediaError, ModelError
from ..media import Audio
from ..media.sounds import resampled, with_channels
from .following import each_token
from .languages import language_of
from .quiet import quiet
from .text_generation import title_of, tokenizer_of

if TYPE_CHECKING:
    from .loading import Loan, Report

AUTO = "auto"


class Segment(NamedTuple):
    """Is something that was said: from when to when, in seconds, and what."""

    start: float
    end: float
    text: str


def transcribed(
    loan: Loan, audio: Audio, language: str, into_english: bool, hint: str, report: Report
) -> list[Segment]:
    """Return what is said in a sound, in order.

    Args:
        loan: Whisper, or another model that hears speech; others know no times within a sound and no languages.
        audio: Of any length and sample rate, with any number of channels.
        language: Name or code of the language that is spoken; "auto" listens for it.
        into_english: Translate what is said.
        hint: Names and words that may occur, as they are written.
        report: Told how far it is, with the text of the present part; may raise to stop.

    Raises:
        MediaError: There is no sound.
        ModelError: The model does not know the language, or does not translate.
    """
    if not audio.samples.size:
        raise MediaError("This sound has no samples: there is nothing to hear.")
    heard = with_channels(resampled(audio, _ears(loan).sampling_rate), 1)
    if loan.model.config.model_type == "whisper":
        return _by_whisper(loan, heard, wishes_of(loan, language, into_english, hint), report)
    if into_english or language != AUTO or hint:
        raise ModelError(
            f"{title_of(loan)} writes down what it hears and knows no other language, translation or hint. "
            "Leave these as they were, or choose a Whisper."
        )
    seconds = heard.samples.shape[1] / heard.sample_rate
    return [Segment(0.0, seconds, _by_others(loan, heard, report))]


def _ears(loan: Loan) -> Any:
    """Return what makes a model's input of samples."""
    return getattr(loan.processor, "feature_extractor", loan.processor)


def wishes_of(loan: Loan, language: str, into_english: bool, hint: str) -> dict[str, Any]:
    """Return what Whisper's `generate` is given for language, task and hint.

    Raises:
        ModelError: It does not know the language, or does not translate.
    """
    config = loan.model.generation_config
    chosen: dict[str, Any] = {}
    if hint.strip():
        chosen["prompt_ids"] = loan.processor.get_prompt_ids(hint.strip(), return_tensors="pt").to(loan.model.device)
    if not getattr(config, "is_multilingual", False):
        if into_english or language_of("en" if language == AUTO else language).code != "en":
            raise ModelError(
                f"{title_of(loan)} hears English only. Choose one without '.en' in its name for other languages."
            )
        return chosen
    if language != AUTO:
        wanted = language_of(language)
        if f"<|{wanted.code}|>" not in config.lang_to_id:
            raise ModelError(f"{title_of(loan)} was not taught {wanted.name}. Choose another model, or 'auto'.")
        chosen["language"] = wanted.code
    return chosen | {"task": "translate" if into_english else "transcribe"}


def _by_whisper(loan: Loan, heard: Audio, arguments: dict[str, Any], report: Report) -> list[Segment]:
    import torch

    ears, model, tokenizer = _ears(loan), loan.model, tokenizer_of(loan)
    samples = heard.samples[0]
    if len(samples) > ears.n_samples:  # heard window by window
        inputs = ears(
            samples,
            sampling_rate=heard.sample_rate,
            return_tensors="pt",
            truncation=False,
            padding="longest",
            return_attention_mask=True,
        )
    else:
        inputs = ears(samples, sampling_rate=heard.sample_rate, return_tensors="pt", return_attention_mask=True)
    follow, at = _follower(tokenizer, report)
    with torch.inference_mode(), quiet():
        made = model.generate(
            inputs["input_features"].to(model.device, model.dtype),
            attention_mask=inputs["attention_mask"].to(model.device),
            return_timestamps=True,
            return_segments=True,
            monitor_progress=at,
            stopping_criteria=[follow],
            **arguments,
        )
    length = len(samples) / heard.sample_rate
    return [segment_of(part, tokenizer, length) for part in made["segments"][0]]


def segment_of(part: dict[str, Any], tokenizer: Any, length: float) -> Segment:
    """Return a part of what Whisper heard in a sound of so many seconds."""
    start, end = float(part["start"]), float(part["end"])
    text = tokenizer.decode(part["tokens"], skip_special_tokens=True)
    return Segment(round(min(start, length), 2), round(min(max(end, start), length), 2), text)


def _follower(tokenizer: Any, report: Report) -> tuple[Callable[..., Any], Callable[[Any], None]]:
    """Return what `generate` calls after each token, and what it calls after each window."""
    done = 0.0

    def notice(tokens: Any) -> None:
        report(done, preview=lambda: tokenizer.decode(tokens[0], skip_special_tokens=True), note="Listening …")

    def at(frames: Any) -> None:
        nonlocal done
        place, count = frames[0].tolist()
        done = min(place / max(count, 1), 1.0)

    return each_token(notice), at


def _by_others(loan: Loan, heard: Audio, report: Report) -> str:
    import torch

    report(note="Listening …")
    inputs = loan.processor(np.asarray(heard.samples[0]), sampling_rate=heard.sample_rate, return_tensors="pt")
    placed = {name: value.to(loan.model.device) for name, value in inputs.items()}
    with torch.inference_mode():
        if not loan.model.can_generate():  # connectionist temporal classification: a letter or none for each moment
            return loan.processor.batch_decode(loan.model(**placed).logits.argmax(-1))[0].strip()
        follow, _ = _follower(tokenizer_of(loan), report)
        tokens = loan.model.generate(**placed, stopping_criteria=[follow])
    return tokenizer_of(loan).decode(tokens[0], skip_special_tokens=True).strip()
