"""Music and sound from words: by diffusion, or token by token."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image

from ..errors import MediaError, ModelError
from ..media import Audio
from ..media.sounds import resampled, with_channels
from .following import each_token
from .quiet import quiet
from .seeding import seeded
from .speech import within
from .text_generation import title_of

if TYPE_CHECKING:
    from .loading import Loan, Report

SECONDS = ("audio_end_in_s", "audio_length_in_s", "audio_duration_s", "audio_duration", "duration")
"""What pipelines call how long the sound shall be."""


def sounded(
    loan: Loan,
    prompt: str,
    negative_prompt: str,
    *,
    seconds: float,
    steps: int | None,
    guidance: float | None,
    seed: int,
    options: Mapping[str, Any],
    report: Report,
) -> Audio:
    """Return a sound of what a prompt says.

    Args:
        loan: A pipeline of diffusers (Stable Audio, AudioLDM, ACE-Step …) or MusicGen.
        prompt: What is heard.
        negative_prompt: What is not heard.
        seconds: How long.
        steps: How many times the noise is reduced; None is what suits the model.
        guidance: How strictly the prompt is followed; None is what suits the model.
        seed: The same seed gives the same sound.
        options: What only some families have: temperature, continue_from (MusicGen); lyrics (ACE-Step).
        report: Told of each step or token; may raise to stop.

    Raises:
        MediaError: The model makes no sound of that length.
        ModelError: The model is of a kind that is not known here.
    """
    if loan.pipeline is None:
        return _by_tokens(loan, prompt, negative_prompt, seconds, guidance, seed, options, report)
    arguments = {"negative_prompt": negative_prompt or None, "num_inference_steps": steps, "guidance_scale": guidance}
    return _by_diffusion(loan, prompt, seconds, arguments | dict(options), seed, report)


def _by_diffusion(
    loan: Loan, prompt: str, seconds: float, arguments: dict[str, Any], seed: int, report: Report
) -> Audio:
    from .loading import generator

    pipeline = loan.pipeline
    taken = inspect.signature(pipeline.__call__).parameters
    length = next((name for name in SECONDS if name in taken), None)
    if length is None:
        raise ModelError(f"{title_of(loan)} is a {type(pipeline).__name__}, which makes no sound of a given length.")
    _check_seconds(loan, seconds)
    defaults = dict(loan.card.defaults) if loan.card else {}
    suits = {"num_inference_steps": defaults.get("steps"), "guidance_scale": defaults.get("guidance")}
    chosen = {
        name: value for name, value in {**suits, **_given(arguments)}.items() if value is not None and name in taken
    }
    steps = chosen.get("num_inference_steps") or taken["num_inference_steps"].default
    made = pipeline(
        prompt=prompt,
        generator=generator(seed),
        **{length: seconds},
        **chosen,
        **_followed(loan, steps, taken, report),
    ).audios
    return audio_of(made, rate_of(pipeline), seconds)


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _followed(loan: Loan, steps: int | None, taken: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Return the argument by which a pipeline says that a step is done."""
    follow = loan.after_step(report, steps or 1, picture_of)
    if "callback_on_step_end" in taken:
        return {"callback_on_step_end": follow}
    return {"callback": lambda step, moment, latents: follow(loan.pipeline, step, moment, {"latents": latents})}


def picture_of(latents: Any) -> PIL.Image.Image:
    """Return unfinished sound as a grey picture, from left to right, in the model's own pitches.

    Args:
        latents: (batch, channels, moments) or (batch, channels, moments, pitches).
    """
    values = latents[0].detach().float().cpu().numpy()
    values = values if values.ndim == 2 else values.mean(axis=0).T
    low, high = np.percentile(values, (2, 98))
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255
    return PIL.Image.fromarray(grey[::-1].astype(np.uint8))


def _check_seconds(loan: Loan, seconds: float) -> None:
    """Refuse what is longer than a pipeline was made for, where it says so.

    Raises:
        MediaError: It is.
    """
    vae, transformer = getattr(loan.pipeline, "vae", None), getattr(loan.pipeline, "transformer", None)
    if not (hasattr(vae, "hop_length") and getattr(getattr(transformer, "config", None), "sample_size", None)):
        return
    longest = transformer.config.sample_size * vae.hop_length / vae.config.sampling_rate
    if seconds > longest:
        raise MediaError(f"{title_of(loan)} makes at most {longest:.2f} seconds; {seconds:g} are asked for.")


def rate_of(pipeline: Any) -> int:
    """Return the sample rate of what a pipeline makes, in hertz."""
    for part in (getattr(pipeline, "vocoder", None), getattr(pipeline, "vae", None)):
        config = getattr(part, "config", None)
        for name in ("sampling_rate", "sample_rate", "output_sampling_rate"):
            if rate := getattr(config, name, None):
                return int(rate)
    return int(pipeline.sample_rate)


def audio_of(made: Any, rate: int, seconds: float) -> Audio:
    """Return the first of several sounds, no longer than was asked for."""
    samples = made[0]
    samples = samples.float().cpu().numpy() if hasattr(samples, "cpu") else np.asarray(samples)
    samples = np.atleast_2d(samples.astype(np.float32))
    return Audio(within(samples[:, : max(math.ceil(seconds * rate), 1)]), rate)


def _by_tokens(
    loan: Loan,
    prompt: str,
    negative_prompt: str,
    seconds: float,
    guidance: float | None,
    seed: int,
    options: Mapping[str, Any],
    report: Report,
) -> Audio:
    import torch

    model = loan.model
    if model.config.model_type != "musicgen":
        raise ModelError(
            f"{title_of(loan)} is a '{model.config.model_type}', which is not known to make music here. "
            "Choose a MusicGen or a pipeline of diffusers."
        )
    if negative_prompt.strip():
        raise ModelError(f"{title_of(loan)} takes no negative prompt. Leave it empty, or choose another model.")
    encoder = model.config.audio_encoder
    most = math.ceil(seconds * encoder.frame_rate) + model.config.decoder.num_codebooks - 1  # one begins after another
    _check_room(loan, most, seconds)

    def notice(tokens: Any) -> None:
        report(min(tokens.shape[1] / most, 1.0), note=f"{tokens.shape[1]} of {most} moments")

    chosen = {"guidance_scale": guidance, "temperature": options.get("temperature")}
    inputs = music_inputs(model, loan.processor, prompt, options.get("continue_from"))
    with torch.inference_mode(), seeded(seed), quiet():
        made = model.generate(
            **inputs, **_given(chosen), do_sample=True, max_new_tokens=most, stopping_criteria=[each_token(notice)]
        )
    samples = made[0].float().cpu().numpy()
    return Audio(within(samples), encoder.sampling_rate)


def music_inputs(model: Any, processor: Any, prompt: str, before: Audio | None) -> dict[str, Any]:
    """Return the tensors of a prompt, and of the music that goes before."""
    rate, channels = model.config.audio_encoder.sampling_rate, model.config.decoder.audio_channels
    heard: dict[str, Any] = {}
    if before is not None:
        samples = with_channels(resampled(before, rate), channels).samples
        heard = {"audio": samples[0] if channels == 1 else samples.T, "sampling_rate": rate}
    inputs = processor(text=[prompt], padding=True, return_tensors="pt", **heard)
    return {
        name: value.to(model.device, model.dtype) if value.is_floating_point() else value.to(model.device)
        for name, value in inputs.items()
    }


def _check_room(loan: Loan, tokens: int, seconds: float) -> None:
    room = getattr(loan.model.config.decoder, "max_position_embeddings", None)
    if room is not None and tokens > room:
        longest = room / loan.model.config.audio_encoder.frame_rate
        raise MediaError(f"{title_of(loan)} makes at most {longest:.1f} seconds at once; {seconds:g} are asked for.")
