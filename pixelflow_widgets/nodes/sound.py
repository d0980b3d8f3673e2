"""Sounds changed without a model: cut, mixed, made louder, resampled."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from ..controls import Number, Slider
from ..errors import MediaError
from ..media import Audio
from ..media.sounds import faded, joined, loudness_of, mixed, resampled, trimmed, with_channels
from ..schema import node

SHELF = "audio"

Seconds = Annotated[float, Number(min=0, max=86_400, step=0.1, unit="s")]
Until = Annotated[float | None, Number(min=0, max=86_400, step=0.1, unit="s")]


@node
def trim_audio(
    audio: Audio, start: Seconds = 0.0, end: Until = None, fade_in: Seconds = 0.0, fade_out: Seconds = 0.0
) -> Audio:
    """Cuts a piece out of a sound.

    Args:
        audio: The sound.
        start: Where the piece begins, in seconds.
        end: Where it ends, in seconds from the start of the sound; empty is the end.
        fade_in: How long it takes to come in, in seconds.
        fade_out: How long it takes to go out, in seconds.
    """
    return faded(trimmed(audio, start, end), fade_in, fade_out)


@node
def mix_audio(
    audios: list[Audio],
    how: Literal["together", "in turn"] = "together",
    volumes: list[float] | None = None,
    overlap: Seconds = 0.0,
) -> Audio:
    """Makes one sound of several, over each other or one after another.

    The result has the highest of their rates and the most of their channels. Where the sum would be too loud to be
    held, all of it is made quieter.

    Args:
        audios: The sounds, in the order of the edges.
        how: together lays them over each other from the start; in turn plays one after another.
        volumes: A factor for each, or one for all: 0.5 is half; empty leaves them as they are.
        overlap: How long one goes on while the next comes in, in seconds; in turn only.
    """
    if not audios:
        raise MediaError("There are no sounds to mix: the list is empty.")
    factors = volumes or [1.0]
    if len(factors) not in (1, len(audios)):
        raise MediaError(
            f"There are {len(audios)} sounds and {len(factors)} volumes. Give each sound one, or one for all."
        )
    factors = factors * len(audios) if len(factors) == 1 else factors
    if how == "together":
        made = mixed(audios, factors)
    else:
        scaled = zip(audios, factors, strict=True)
        made = joined([Audio(one.samples * np.float32(factor), one.sample_rate) for one, factor in scaled], overlap)
    peak = float(np.abs(made.samples).max(initial=0))
    return Audio(made.samples / np.float32(peak), made.sample_rate) if peak > 1 else made


@node
def normalize_audio(
    audio: Audio,
    to: Literal["loudness", "peak"] = "loudness",
    loudness: Annotated[float, Slider(-40, -5, step=0.5)] = -16.0,
    peak: Annotated[float, Slider(-30, 0, step=0.5)] = -1.0,
) -> Audio:
    """Makes a sound as loud as others: by how loud it is heard, or by its highest point.

    Loudness is that of ITU-R BS.1770-4. Nothing is compressed: the whole sound is multiplied by one factor.

    Args:
        audio: The sound; silence stays as it is.
        to: What is made equal.
        loudness: In LUFS: -16 is usual for speech and the web, -14 for streamed music, -23 for television.
        peak: The highest point, in decibels below full; by loudness, a sound stays quieter where it would go beyond.
    """
    highest = float(np.abs(audio.samples).max(initial=0))
    measured = loudness_of(audio) if to == "loudness" else 0.0
    if not highest or measured is None:
        return audio
    gain = 10 ** (peak / 20) / highest
    if to == "loudness":
        gain = min(gain, 10 ** ((loudness - measured) / 20))
    return Audio(audio.samples * np.float32(gain), audio.sample_rate)


@node
def resample_audio(
    audio: Audio,
    sample_rate: Annotated[int, Number(min=1000, max=384_000, step=1, unit="Hz")] = 44_100,
    channels: Literal["as they are", "mono", "stereo"] = "as they are",
) -> Audio:
    """Changes the sample rate of a sound, and how many channels it has; its length and pitch stay.

    Args:
        audio: The sound.
        sample_rate: In hertz; many models of speech want 16000.
        channels: mono is the mean of all channels; stereo of one channel is two copies of it.
    """
    if channels != "as they are":
        audio = with_channels(audio, {"mono": 1, "stereo": 2}[channels])
    return resampled(audio, sample_rate)
