"""Reading sound and film that somebody else made."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import MediaError
from .values import Audio, Video

MAX_BYTES = 1024**3
"""How much a recording may take when it is unpacked."""


FORMATS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,flac,wav,mp3,aac,mpeg,mpegts,flv,asf,gif"}
"""Files of sounds and films. FFmpeg knows playlists, too, and opens the files and addresses that they name."""


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


def open_film(content: bytes, start: float = 0.0, end: float | None = None, edge: int | None = None) -> Video:
    """Return a film with its sound from the bytes of a file: MP4, WebM, MOV, MKV, GIF.

    Args:
        content: The file.
        start: What comes before is left out; in seconds.
        end: What comes from there on is left out; in seconds, None is nothing.
        edge: The longer side is made as small as this, in pixels; None leaves it.

    Raises:
        MediaError: It is not a film in a known format, or takes more than 1 GB.
    """
    import av

    try:
        with av.open(io.BytesIO(content), "r", options=FORMATS) as container:
            if not container.streams.video:
                raise MediaError("There is no picture in this film.")
            stream = container.streams.video[0]
            frames, used = [], 0
            for frame in _between(container, stream, start, end):
                frames.append(_pixels(frame, edge))
                used += frames[-1].nbytes
                if used > MAX_BYTES:
                    raise MediaError("This film takes more than 1 GB when it is unpacked. Cut it or make it smaller.")
            if not frames:
                raise MediaError(f"This film has no picture from {start:g} s on. Begin earlier.")
            rate = stream.average_rate
        sound = _sound_of(content, start, end)
        return Video(np.stack(frames), float(rate or 25), sound)
    except (av.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"This cannot be read as a film (MP4, WebM, MOV, MKV, GIF): {error}") from error


def _between(container: Any, stream: Any, start: float, end: float | None) -> Iterator[Any]:
    """Yield the frames of a film from one moment to another, counted from its first frame."""
    first = None
    for frame in container.decode(stream):
        moment = frame.time if frame.time is not None else 0.0
        first = moment if first is None else first
        if end is not None and moment - first >= end - 1e-6:
            return
        if moment - first >= start - 1e-6:
            yield frame


def _pixels(frame: Any, edge: int | None) -> Any:
    longer = max(frame.width, frame.height)
    if edge is None or longer <= edge:
        return frame.to_ndarray(format="rgb24")
    width, height = (max(1, round(side * edge / longer)) for side in (frame.width, frame.height))
    return frame.to_ndarray(width=width, height=height, format="rgb24", interpolation="AREA")


def _sound_of(content: bytes, start: float, end: float | None) -> Audio | None:
    import av

    with av.open(io.BytesIO(content), "r", options=FORMATS) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        parts: list[Any] = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        if not parts:
            return None
        samples = np.concatenate([part.to_ndarray() for part in parts], axis=1)
        rate = int(stream.rate)
        last = None if end is None else round(end * rate)
        samples = samples[:, round(start * rate) : last]
        return Audio(np.ascontiguousarray(samples, np.float32), rate) if samples.shape[1] else None
