"""Speech from text, sentence by sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MediaError, ModelError
from ..media import Audio
from .following import each_token
from .quiet import quiet
from .seeding import seeded
from .text_generation import pieces_of, title_of, tokenizer_of

if TYPE_CHECKING:
    from .loading import Loan, Report

PAUSE_SECONDS = 0.2
"""Between two sentences: models leave none at the end of what they say."""
_LONGEST = 240
"""Letters that are said at once. Bark forgets what comes after 13 seconds; others are spoken better in sentences."""

_SECONDS_A_LETTER, _SECONDS_MORE = 0.1, 2.0
"""The slowest speech that CSM is given room for."""

VOCODER = "microsoft/speecht5_hifigan"
"""What makes sound of the pitches that a SpeechT5 says, where no other is chosen."""

Voice = Callable[[str], np.ndarray]


def spoken(loan: Loan, text: str, voice: str, seed: int, options: Mapping[str, Any], report: Report) -> Audio:
    """Return a text as it is said aloud.

    Args:
        loan: A VITS (MMS, LJSpeech, VCTK …), Bark, CSM or SpeechT5.
        text: Any length.
        voice: Which of its voices: a number, or a name; empty is its first, or any.
        seed: The same seed says it the same way.
        options: What only some families have: speaking_rate, noise_scale (VITS), temperature (Bark, CSM), vocoder,
            speakers (SpeechT5).
        report: Told of each sentence, with the sound so far; may raise to stop.

    Raises:
        MediaError: There is nothing in the text that the model can say.
        ModelError: It has no such voice, or is no model of a kind that is known here.
    """
    import torch

    kind = loan.model.config.model_type
    if kind not in _SPEAKERS:
        raise ModelError(
            f"{title_of(loan)} is a '{kind}', and how that is made to speak is not known here. "
            f"Choose one of these kinds: {', '.join(_SPEAKERS)}."
        )
    rate, say = _SPEAKERS[kind](loan, voice, options, report)
    sentences = sentences_of(text)
    pause = np.zeros(round(rate * PAUSE_SECONDS), np.float32)
    said: list[np.ndarray] = []
    with torch.inference_mode(), seeded(seed), quiet():
        for number, sentence in enumerate(sentences):
            so_far = Audio(np.concatenate(said)[None], rate) if said else None
            report(number / len(sentences), preview=so_far, note=f"Sentence {number + 1} of {len(sentences)}")
            said += [pause, say(sentence)] if said else [say(sentence)]
    return Audio(within(np.concatenate(said)[None]), rate)


def sentences_of(text: str) -> list[str]:
    """Return a text in the pieces that are said at once."""
    pieces = pieces_of(text.strip(), lambda part: len(part) <= _LONGEST)
    return [piece.strip() for piece in pieces if piece.strip()]


def within(samples: np.ndarray) -> np.ndarray:
    """Return samples that are no louder than 1: those that are, all made quieter by the same."""
    peak = float(np.abs(samples).max(initial=0.0))
    return np.ascontiguousarray(samples / peak if peak > 1 else samples, np.float32)


def _vits(loan: Loan, voice: str, options: Mapping[str, Any], _: Report) -> tuple[int, Voice]:
    model, tokenizer = loan.model, tokenizer_of(loan)
    count = model.config.num_speakers
    speaker = number_of_voice(loan, voice, count)
    chosen = {} if "speaking_rate" not in options else {"speaking_rate": options["speaking_rate"]}

    def say(sentence: str) -> np.ndarray:
        inputs = tokenizer(sentence, return_tensors="pt").to(model.device)
        if inputs["input_ids"].shape[1] < 2:
            raise MediaError(f"{title_of(loan)} knows none of the letters of '{sentence[:40]}'.")
        before = model.noise_scale
        model.noise_scale = options.get("noise_scale", before)
        try:
            return model(**inputs, speaker_id=speaker, **chosen).waveform[0].float().cpu().numpy()
        finally:
            model.noise_scale = before

    return model.config.sampling_rate, say


def number_of_voice(loan: Loan, voice: str, count: int) -> int | None:
    """Return the number of a voice of a VITS, or None where it has but one.

    Args:
        loan: The model, for its name.
        voice: As the user calls it.
        count: How many it has.

    Raises:
        ModelError: It has no such voice.
    """
    if count < 2:
        if voice.strip():
            raise ModelError(f"{title_of(loan)} has one voice. Leave 'voice' empty, or choose a model with several.")
        return None
    if voice.strip() and not (voice.strip().isdecimal() and int(voice) < count):
        raise ModelError(f"{title_of(loan)} has voices 0 to {count - 1}; there is no '{voice}'.")
    return int(voice or 0)


def _bark(loan: Loan, voice: str, options: Mapping[str, Any], report: Report) -> tuple[int, Voice]:
    model, processor = loan.model, loan.processor
    voices = processor.available_voice_presets
    if voice.strip() and voice.strip() not in voices:
        known = ", ".join(voices[:8]) + (" …" if len(voices) > 8 else "") if voices else "none"
        raise ModelError(f"{title_of(loan)} has no voice '{voice}'. Its voices: {known}.")
    chosen: dict[str, Any] = {}
    if "temperature" in options:
        chosen = {"semantic_temperature": options["temperature"], "coarse_temperature": options["temperature"]}

    def say(sentence: str) -> np.ndarray:
        inputs = processor(sentence, voice_preset=voice.strip() or None).to(model.device)
        stop = [each_token(lambda tokens: report(note=f"{tokens.shape[1]} tokens"))]
        made = model.generate(**inputs, semantic_stopping_criteria=stop, coarse_stopping_criteria=stop, **chosen)
        return made[0].float().cpu().numpy().reshape(-1)

    return model.generation_config.sample_rate, say


def _csm(loan: Loan, voice: str, options: Mapping[str, Any], report: Report) -> tuple[int, Voice]:
    model, processor = loan.model, loan.processor
    speaker = voice.strip() or "0"
    if not speaker.isdecimal():
        raise ModelError(f"{title_of(loan)} calls its voices by numbers: 0, 1, 2 …; there is no '{voice}'.")
    chosen = {} if "temperature" not in options else {"temperature": options["temperature"]}
    codec = model.config.codec_config

    def say(sentence: str) -> np.ndarray:
        turn = [{"role": speaker, "content": [{"type": "text", "text": sentence}]}]
        inputs = processor.apply_chat_template(turn, tokenize=True, return_dict=True, return_tensors="pt")
        longest = longest_speech(model, sentence)
        # Its own way of generating asks no stopping criteria.
        hook = model.backbone_model.register_forward_pre_hook(lambda *_: report())
        try:
            made = model.generate(**inputs.to(model.device), output_audio=True, max_new_tokens=longest, **chosen)
        finally:
            hook.remove()
        return made[0].float().cpu().numpy().reshape(-1)

    return codec.sampling_rate, say


def longest_speech(model: Any, sentence: str) -> int:
    """Return how many moments a CSM is given for a sentence."""
    return math.ceil(model.config.codec_config.frame_rate * (_SECONDS_MORE + _SECONDS_A_LETTER * len(sentence)))


def _speecht5(loan: Loan, voice: str, options: Mapping[str, Any], report: Report) -> tuple[int, Voice]:
    import torch

    from .loading import lend

    model, tokenizer = loan.model, tokenizer_of(loan)
    speaker = xvector_of(options.get("speakers"), voice, model.config.speaker_embedding_dim)
    given = torch.from_numpy(speaker).to(model.device, model.dtype)
    vocoder = options.get("vocoder") or VOCODER
    with lend(vocoder, "vocoder", report) as lent:
        rate = lent.model.config.sampling_rate

    def say(sentence: str) -> np.ndarray:
        inputs = tokenizer(sentence, return_tensors="pt").to(model.device)
        if not tokenizer.decode(inputs["input_ids"][0], skip_special_tokens=True).strip():
            raise MediaError(f"{title_of(loan)} knows none of the letters of '{sentence[:40]}'.")
        # Its own way of generating asks no stopping criteria.
        hook = model.speecht5.decoder.wrapped_decoder.register_forward_pre_hook(lambda *_: report())
        try:
            pitches = model.generate(**inputs, speaker_embeddings=given)
        finally:
            hook.remove()
        with lend(vocoder, "vocoder", report) as lent:
            return lent.model(pitches.to(lent.device, lent.dtype)).float().cpu().numpy()

    return rate, say


def xvector_of(speakers: Any, voice: str, length: int) -> np.ndarray:
    """Return the numbers that say how somebody sounds, as (1, length) float32; without a table, zeros: nobody's voice.

    Args:
        speakers: A row for each speaker: the numbers in the column 'xvector', or each in a column of its own.
        voice: The number of the row; empty is the first.
        length: How many numbers the model takes.

    Raises:
        MediaError: There is no such row, or it holds other numbers.
    """
    voice = voice.strip()
    if speakers is None:
        if voice:
            raise MediaError("This model has no voices of its own. Leave 'voice' empty, or give a table of 'speakers'.")
        return np.zeros((1, length), np.float32)
    if not (voice or "0").isdecimal() or int(voice or 0) >= len(speakers):
        raise MediaError(
            f"The voices here are the rows of 'speakers', 0 to {len(speakers) - 1}; there is no '{voice}'."
        )
    row = speakers.iloc[int(voice or 0)]
    try:
        found = np.asarray(row.get("xvector", row), np.float32).reshape(1, -1)
    except (TypeError, ValueError):
        found = np.zeros((1, 0), np.float32)
    if found.shape[1] != length:
        raise MediaError(
            f"This model takes {length} numbers a speaker, in the column 'xvector' or in as many columns; the table "
            "has others."
        )
    return found


_SPEAKERS: dict[str, Callable[..., tuple[int, Voice]]] = {
    "vits": _vits,
    "bark": _bark,
    "csm": _csm,
    "speecht5": _speecht5,
}
