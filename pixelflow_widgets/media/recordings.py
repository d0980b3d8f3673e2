"""Reading sound and film that somebody else made."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ..errors import MediaError
from .values import Audio, Video

MAX_BYTES = 1024**3
"""How much a recording may take when it is unpacked."""


def open_sound(content: bytes) -> Audio:
    """Return a sound from the bytes of a file: WAV, FLAC, Ogg or MP3.

    Raises:
        MediaError: It is not a sound in a known format, or takes more than 1 GB.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.frames * file.channels * 4 > MAX_BYTES:
                raise MediaError("This sound takes more than 1 GB when it is unpacked. Cut it first.")
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.SoundFileError, RuntimeError, ValueError, OSError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"This cannot be read as a sound (WAV, FLAC, Ogg, MP3): {error}") from error
    return Audio(np.ascontiguousarray(samples.T), rate)


def open_film(content: bytes) -> Video:
    """Return a film with its sound from the bytes of a file: MP4, WebM, MOV, MKV, GIF.

    Raises:
        MediaError: It is not a film in a known format, or takes more than 1 GB.
    """
    import av

    try:
        with av.open(io.BytesIO(content), "r") as container:
            if not container.streams.video:
                raise MediaError("There is no picture in this film.")
            frames, used = [], 0
            for frame in container.decode(container.streams.video[0]):
                frames.append(frame.to_ndarray(format="rgb24"))
                used += frames[-1].nbytes
                if used > MAX_BYTES:
                    raise MediaError("This film takes more than 1 GB when it is unpacked. Cut it or make it smaller.")
            rate = container.streams.video[0].average_rate
        return Video(np.stack(frames), float(rate or 25), _sound_of(content))
    except (av.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"This cannot be read as a film (MP4, WebM, MOV, MKV, GIF): {error}") from error


def _sound_of(content: bytes) -> Audio | None:
    import av

    with av.open(io.BytesIO(content), "r") as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        parts: list[Any] = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        if not parts:
            return None
        samples = np.concatenate([part.to_ndarray() for part in parts], axis=1)
        return Audio(np.ascontiguousarray(samples, np.float32), int(stream.rate))
