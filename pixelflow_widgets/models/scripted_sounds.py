"""What scripts do with models that speak, play and listen: copied into them; tests hold it to what nodes do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..media import Audio
from ..media.sounds import resampled, with_channels
from .audio_generation import music_inputs
from .speech import PAUSE_SECONDS, longest_speech, sentences_of, within, xvector_of
from .transcription import Segment, segment_of

# Speech


def spoken(text: str, rate: int, seed: int, say: Callable[[str], np.ndarray]) -> Audio:
    """Say a text sentence by sentence, with a pause between."""
    import torch

    pause = np.zeros(round(rate * PAUSE_SECONDS), np.float32)
    torch.manual_seed(seed)
    with torch.inference_mode():
        parts = [part for sentence in sentences_of(text) for part in (pause, say(sentence))]
    return Audio(within(np.concatenate(parts[1:])[None]), rate)


def speech_of_vits(
    model: Any,
    tokenizer: Any,
    text: str,
    seed: int,
    speaker: int | None = None,
    noise_scale: float | None = None,
    **options: Any,
) -> Audio:
    """Say a text aloud."""
    model.noise_scale = model.config.noise_scale if noise_scale is None else noise_scale

    def say(sentence: str) -> np.ndarray:
        inputs = tokenizer(sentence, return_tensors="pt").to(model.device)
        made = model(**inputs, speaker_id=speaker, **options)
        return made.waveform[0].float().cpu().numpy()

    return spoken(text, model.config.sampling_rate, seed, say)


def speech_of_bark(model: Any, processor: Any, text: str, seed: int, voice: str | None = None, **options: Any) -> Audio:
    """Say a text aloud."""

    def say(sentence: str) -> np.ndarray:
        inputs = processor(sentence, voice_preset=voice).to(model.device)
        made = model.generate(**inputs, **options)
        return made[0].float().cpu().numpy().reshape(-1)

    return spoken(text, model.generation_config.sample_rate, seed, say)


def speech_of_csm(model: Any, processor: Any, text: str, seed: int, voice: str = "0", **options: Any) -> Audio:
    """Say a text aloud."""

    def say(sentence: str) -> np.ndarray:
        turn = [{"role": voice, "content": [{"type": "text", "text": sentence}]}]
        inputs = processor.apply_chat_template(turn, tokenize=True, return_dict=True, return_tensors="pt")
        most = longest_speech(model, sentence)
        made = model.generate(**inputs.to(model.device), output_audio=True, max_new_tokens=most, **options)
        return made[0].float().cpu().numpy().reshape(-1)

    return spoken(text, model.config.codec_config.sampling_rate, seed, say)


def speech_of_speecht5(
    model: Any,
    processor: Any,
    text: str,
    seed: int,
    vocoder: Any,
    speakers: Any = None,
    voice: str = "",
) -> Audio:
    """Say a text aloud."""
    import torch

    speaker = xvector_of(speakers, voice, model.config.speaker_embedding_dim)
    given = torch.from_numpy(speaker).to(model.device, model.dtype)

    def say(sentence: str) -> np.ndarray:
        inputs = processor(text=sentence, return_tensors="pt").to(model.device)
        pitches = model.generate(**inputs, speaker_embeddings=given)
        return vocoder(pitches.to(vocoder.dtype)).float().cpu().numpy()

    return spoken(text, vocoder.config.sampling_rate, seed, say)


# Music


def music_of(model: Any, processor: Any, prompt: str, seconds: float, seed: int, **options: Any) -> Audio:
    """Return the music that a MusicGen makes of a prompt."""
    inputs = processor(text=[prompt], padding=True, return_tensors="pt").to(model.device)
    return played(model, inputs, seconds, seed, **options)


def music_after(
    model: Any, processor: Any, prompt: str, before: Audio, seconds: float, seed: int, **options: Any
) -> Audio:
    """Return music and how a MusicGen goes on with it."""
    inputs = music_inputs(model, processor, prompt, before)
    return played(model, inputs, seconds, seed, **options)


def played(model: Any, inputs: Any, seconds: float, seed: int, **options: Any) -> Audio:
    """Return what a MusicGen makes of its inputs."""
    import torch

    encoder = model.config.audio_encoder
    # One codebook begins after another.
    most = math.ceil(seconds * encoder.frame_rate) + model.config.decoder.num_codebooks - 1
    torch.manual_seed(seed)
    with torch.inference_mode():
        made = model.generate(**inputs, do_sample=True, max_new_tokens=most, **options)
    return Audio(within(made[0].float().cpu().numpy()), encoder.sampling_rate)


# What is heard


def heard_by_whisper(model: Any, processor: Any, audio: Audio, **options: Any) -> list[Segment]:
    """Return what is said in a sound, and when."""
    import torch

    ears = processor.feature_extractor
    samples = with_channels(resampled(audio, ears.sampling_rate), 1).samples[0]
    is_long = len(samples) > ears.n_samples
    inputs = ears(
        samples,
        sampling_rate=ears.sampling_rate,
        return_tensors="pt",
        return_attention_mask=True,
        **({"truncation": False, "padding": "longest"} if is_long else {}),
    )
    with torch.inference_mode():
        made = model.generate(
            inputs["input_features"].to(model.device, model.dtype),
            attention_mask=inputs["attention_mask"].to(model.device),
            return_timestamps=True,
            return_segments=True,
            **options,
        )
    length = len(samples) / ears.sampling_rate
    return [segment_of(part, processor.tokenizer, length) for part in made["segments"][0]]


def heard_by_letters(model: Any, processor: Any, audio: Audio) -> list[Segment]:
    """Return what is said in a sound, as one part: a letter or none for each moment."""
    import torch

    rate = processor.feature_extractor.sampling_rate
    samples = with_channels(resampled(audio, rate), 1).samples[0]
    inputs = processor(samples, sampling_rate=rate, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        text = processor.batch_decode(model(**inputs).logits.argmax(-1))[0].strip()
    return [Segment(0.0, len(samples) / rate, text)]


def heard_by_words(model: Any, processor: Any, audio: Audio) -> list[Segment]:
    """Return what is said in a sound, as one part."""
    import torch

    rate = processor.feature_extractor.sampling_rate
    samples = with_channels(resampled(audio, rate), 1).samples[0]
    inputs = processor(samples, sampling_rate=rate, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        tokens = model.generate(**inputs)
    text = processor.tokenizer.decode(tokens[0], skip_special_tokens=True).strip()
    return [Segment(0.0, len(samples) / rate, text)]
