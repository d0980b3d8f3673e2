"""What is done with sounds: cut, joined, mixed, resampled, measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import MediaError
from .values import Audio

_CHUNK = 1 << 16
"""How many frames are handed to PyAV at once."""
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def length_of(audio: Audio) -> float:
    """Return how many seconds a sound lasts."""
    return audio.samples.shape[1] / audio.sample_rate


def silence(frames: int, like: Audio) -> Audio:
    """Return silence with the rate and the channels of another sound."""
    return Audio(np.zeros((like.samples.shape[0], frames), np.float32), like.sample_rate)


def trimmed(audio: Audio, start: float, end: float | None) -> Audio:
    """Return what sounds from one moment to another.

    Args:
        audio: The sound.
        start: In seconds.
        end: In seconds; None is the end, and so is what lies behind it.

    Raises:
        MediaError: Nothing lies between.
    """
    first = round(start * audio.sample_rate)
    last = audio.samples.shape[1] if end is None else min(round(end * audio.sample_rate), audio.samples.shape[1])
    if first >= last:
        until = "its end" if end is None else f"{end:g} s"
        raise MediaError(f"The sound lasts {length_of(audio):.2f} s; nothing lies between {start:g} s and {until}.")
    return Audio(np.ascontiguousarray(audio.samples[:, first:last]), audio.sample_rate)


def faded(audio: Audio, rise: float, fall: float) -> Audio:
    """Return a sound that comes in and goes out over so many seconds, in a straight line."""
    count = audio.samples.shape[1]
    shape = np.ones(count, np.float32)
    up, down = (min(round(seconds * audio.sample_rate), count) for seconds in (rise, fall))
    if up:
        shape[:up] *= np.arange(up, dtype=np.float32) / up
    if down:
        shape[count - down :] *= np.arange(down - 1, -1, -1, dtype=np.float32) / down
    return Audio(audio.samples * shape, audio.sample_rate)


def fitted(audio: Audio, frames: int) -> Audio:
    """Return a sound of so many frames: cut off, or with silence behind it."""
    samples = audio.samples[:, :frames]
    return Audio(np.pad(samples, ((0, 0), (0, frames - samples.shape[1]))), audio.sample_rate)


def with_channels(audio: Audio, channels: int) -> Audio:
    """Return a sound with so many channels: one is the mean of all, several of one are its copies."""
    have = audio.samples.shape[0]
    if have == channels:
        return audio
    if have > 1 and channels > 1 and have in _LAYOUTS and channels in _LAYOUTS:
        samples = _passed(audio, layout=_LAYOUTS[channels])
        return fitted(Audio(samples, audio.sample_rate), audio.samples.shape[1])
    mono = audio.samples.mean(axis=0, keepdims=True, dtype=np.float32)
    return Audio(np.repeat(mono, channels, axis=0), audio.sample_rate)


def resampled(audio: Audio, sample_rate: int) -> Audio:
    """Return a sound at another rate, in hertz, by FFmpeg's resampler."""
    if audio.sample_rate == sample_rate or not audio.samples.shape[1]:
        return Audio(audio.samples, sample_rate)
    parts = [
        _passed(Audio(channel[None], audio.sample_rate), rate=sample_rate)
        for channel in audio.samples  # each alone: any number of channels will do
    ]
    count = round(audio.samples.shape[1] * sample_rate / audio.sample_rate)
    return Audio(np.concatenate([fitted(Audio(part, sample_rate), count).samples for part in parts]), sample_rate)


def _passed(audio: Audio, **wished: Any) -> np.ndarray[Any, Any]:
    """Return the samples of a sound after PyAV's resampler."""
    import av

    resampler = av.AudioResampler(format="fltp", **wished)
    made = [part.to_ndarray() for frame in [*frames_of(audio), None] for part in resampler.resample(frame)]
    return np.concatenate(made, axis=1) if made else audio.samples[:, :0]


def frames_of(audio: Audio) -> Iterator[Any]:
    """Yield a sound as frames of PyAV."""
    import av

    layout = _LAYOUTS[audio.samples.shape[0]]
    for start in range(0, audio.samples.shape[1], _CHUNK):
        part = np.ascontiguousarray(audio.samples[:, start : start + _CHUNK])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = audio.sample_rate, start
        frame.time_base = _per(audio.sample_rate)
        yield frame


def _per(rate: int) -> Any:
    from fractions import Fraction

    return Fraction(1, rate)


def stretched(audio: Audio, speed: float) -> Audio:
    """Return a sound that is so many times as fast at the same pitch, by FFmpeg's `atempo`.

    Args:
        audio: The sound.
        speed: From 0.01 to 100.
    """
    import av
    from av.filter import Graph

    count = round(audio.samples.shape[1] / speed)
    if not count:
        return silence(0, audio)
    steps = max(1, math.ceil(abs(math.log2(speed))))  # each at most by two, where it sounds best
    graph = Graph()
    source = graph.add_abuffer(sample_rate=audio.sample_rate, format="fltp", layout=_LAYOUTS[audio.samples.shape[0]])
    chain = [graph.add("atempo", f"{speed ** (1 / steps):.9f}") for _ in range(steps)]
    graph.link_nodes(source, *chain, graph.add("aformat", "sample_fmts=fltp"), graph.add("abuffersink")).configure()
    parts: list[Any] = []
    for frame in [*frames_of(audio), None]:
        graph.push(frame)
        try:
            while True:
                parts.append(graph.pull().to_ndarray())
        except (av.BlockingIOError, av.EOFError):
            pass
    made = np.concatenate(parts, axis=1) if parts else audio.samples[:, :0]
    return fitted(Audio(np.ascontiguousarray(made, np.float32), audio.sample_rate), count)


# Several


def alike(sounds: Sequence[Audio]) -> list[Audio]:
    """Return sounds at the highest of their rates, with the most channels that one of them has."""
    rate = max(audio.sample_rate for audio in sounds)
    channels = max(audio.samples.shape[0] for audio in sounds)
    return [with_channels(resampled(audio, rate), channels) for audio in sounds]


def mixed(sounds: Sequence[Audio], volumes: Sequence[float]) -> Audio:
    """Return sounds over each other, each multiplied by its volume; as long as the longest."""
    sounds = alike(sounds)
    total = np.zeros((sounds[0].samples.shape[0], max(audio.samples.shape[1] for audio in sounds)), np.float32)
    for audio, volume in zip(sounds, volumes, strict=True):
        total[:, : audio.samples.shape[1]] += audio.samples * np.float32(volume)
    return Audio(total, sounds[0].sample_rate)


def joined(sounds: Sequence[Audio], overlap: float = 0.0) -> Audio:
    """Return sounds one after another; where they overlap, one goes while the next comes.

    Args:
        sounds: At least one.
        overlap: In seconds; less where a sound is shorter.
    """
    first, *others = alike(sounds)
    for audio in others:
        shared = min(overlap, length_of(first), length_of(audio))
        lap = round(shared * first.sample_rate)
        going, coming = faded(first, 0, shared).samples, faded(audio, shared, 0).samples
        if lap:
            middle = going[:, going.shape[1] - lap :] + coming[:, :lap]
            parts = [going[:, : going.shape[1] - lap], middle, coming[:, lap:]]
        else:
            parts = [first.samples, audio.samples]
        first = Audio(np.concatenate(parts, axis=1), first.sample_rate)
    return first


# Measured


def peaks_of(audio: Audio, count: int) -> tuple[float, ...]:
    """Return how far a sound reaches in each of so many parts, from 0 to 1; fewer where it has fewer frames."""
    frames = audio.samples.shape[1]
    if not frames:
        return ()
    reach = np.abs(audio.samples).max(axis=0)
    starts = np.linspace(0, frames, min(count, frames), endpoint=False).astype(int)
    return tuple(round(float(peak), 3) for peak in np.maximum.reduceat(reach, starts).clip(0, 1))


_K_WEIGHTING = (  # ITU-R BS.1770-4, annex 1, tables 1 and 2: numerator and denominator at 48 kHz
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)
_SURROUND = np.array([1, 1, 1, 0, 1.41, 1.41])
"""How much the channels of 5.1 count: left, right, center, bass, surround left and right."""


def loudness_of(audio: Audio) -> float | None:
    """Return how loud a sound is over all, in LUFS; None for silence.

    ITU-R BS.1770-4, annex 1: the mean square of the K-weighted channels in blocks of 400 ms that overlap by three
    quarters, without the blocks below -70 LUFS and those 10 LU below the mean of the rest. A sound shorter than a block
    is one block.
    """
    hop = max(1, audio.sample_rate // 10)
    powers = _powers(audio, hop)
    if len(powers) > 4:
        powers = np.convolve(powers, np.ones(4) / 4, mode="valid")
    else:
        powers = powers.mean(keepdims=True) if len(powers) else powers
    powers = powers[powers > 10 ** ((-70 + 0.691) / 10)]
    if not len(powers):
        return None
    powers = powers[powers > powers.mean() / 10]
    return -0.691 + 10 * math.log10(powers.mean())


def _powers(audio: Audio, hop: int) -> Any:
    """Return the weighted mean square of all channels, for each hop; what is left over at the end is left out."""
    count = audio.samples.shape[1]
    if count < hop:
        hop = max(count, 1)
    gains = _SURROUND if audio.samples.shape[0] == 6 else np.ones(audio.samples.shape[0])
    powers = np.zeros(count // hop)
    step, lead = 100 * hop, audio.sample_rate  # a second of run-up: what the filter remembers has faded by then
    for start in range(0, len(powers) * hop, step):
        end = min(start + step, len(powers) * hop)
        begin = max(0, start - lead)
        part = _weighted(audio.samples[:, begin:end], audio.sample_rate)[:, start - begin :]
        squares = np.square(part).reshape(len(part), -1, hop).mean(axis=2)
        powers[start // hop : end // hop] = gains @ squares
    return powers


def _weighted(samples: Any, rate: int) -> Any:
    """Return samples after the K-weighting, done on their spectrum.

    The filter is given for 48 kHz; its response at a frequency in hertz is the same at any rate.
    """
    size = samples.shape[1] + rate
    delay = np.exp(-2j * np.pi * np.minimum(np.fft.rfftfreq(size, 1 / rate), 24_000) / 48_000)
    response = np.ones(len(delay), complex)
    for above, below in _K_WEIGHTING:
        response *= np.polyval(above[::-1], delay) / np.polyval(below[::-1], delay)
    return np.fft.irfft(np.fft.rfft(samples, size) * response, size)[:, : samples.shape[1]]
