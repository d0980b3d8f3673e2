"""Media that requests bring: what they are by their content, how large by their heads, and only then what they show."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import MediaError
from ...media.pictures import open_picture
from ...media.recordings import FORMATS, open_film, open_sound
from ...media.tags import kind_of
from .limits import Limits
from .measuring import PICTURES, measure, named_otherwise

SOUNDS = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}
FILMS = {"mov": "video/mp4", "matroska": "video/webm", "GIF": "image/gif"}
"""Formats by `media.tags.kind_of`, and the types under which they are kept."""
_LONGEST_SIDE = 65_535


@dataclass(frozen=True)
class Facts:
    """Is what is known of a medium without decoding it.

    Args:
        type: Its media type, by content, whatever the client calls it.
        bytes: How long it is.
        width: Of a picture or film, in pixels.
        height: Of a picture or film, in pixels.
        seconds: Of a sound or film.
        frames: Of a film, where its head says so.
    """

    type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    frames: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is known, for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def medium_of(content: bytes) -> str:
    """Return "image", "audio" or "video" by the first bytes of a file.

    Raises:
        MediaError: It is none of these.
    """
    kind = kind_of(content[:16])
    if kind in FILMS:
        return "video"
    if kind in SOUNDS:
        return "audio"
    if kind in PICTURES:
        return "image"
    taken = "PNG, JPEG, WebP, GIF, WAV, FLAC, Ogg, MP3, MP4, WebM"
    raise MediaError(f"This file is none of {taken}{named_otherwise(content)}.")


def look_at(kind: str, content: bytes, limits: Limits) -> Facts:
    """Return what the head of a medium says, with every limit checked.

    Args:
        kind: "image", "mask", "audio" or "video".
        content: The file.
        limits: How large it may be.

    Raises:
        MediaError: It is no such medium, or is larger than allowed.
    """
    if kind in ("image", "mask"):
        return _picture(content, limits)
    if kind == "audio":
        return _sound(content, limits)
    if kind == "video":
        return _film(content, limits)
    raise MediaError(f"A medium is an image, a mask, audio or video, not {kind!r}.")


def open_medium(kind: str, content: bytes) -> Any:
    """Return what a file shows: a PIL image, a mask, Audio or Video.

    Args:
        kind: As for `look_at`, which was asked before.
        content: The file.

    Raises:
        MediaError: It is damaged.
    """
    if kind == "audio":
        return open_sound(content)
    if kind == "video":
        return open_film(content)
    picture = open_picture(content)
    return picture.convert("L") if kind == "mask" else picture


def read_base64(text: str) -> bytes:
    """Return the bytes of base64, or of a `data:` URL in base64. Nothing is ever fetched.

    Raises:
        MediaError: It is neither.
    """
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise MediaError("A data URL is written 'data:image/png;base64,…'.")
    elif "://" in text[:40]:
        raise MediaError("Addresses are not fetched here. Send the file in base64, or upload it: POST /v1/uploads.")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        words = "This is neither base64 of a file nor an upload's id ('up_…'). Upload files: POST /v1/uploads."
        raise MediaError(words) from None
    if not content:
        raise MediaError("This file is empty.")
    return content


def _picture(content: bytes, limits: Limits) -> Facts:
    size = measure(content)
    if size.format == "GIF":
        raise MediaError("A GIF is a film here. Send the picture as PNG, JPEG or WebP.")
    if size.frames > 1:
        raise MediaError("This picture moves. Send one frame of it, or give it to an input that takes a film.")
    _check_pixels(size.width, size.height, limits)
    return Facts(PICTURES[size.format], len(content), size.width, size.height)


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels or max(width, height) > _LONGEST_SIDE:
        raise MediaError(f"This has {width} x {height} pixels; at most {limits.pixels:,} are read.")


def _check_seconds(seconds: float, limits: Limits) -> None:
    if not 0 <= seconds <= limits.seconds:
        raise MediaError(f"This lasts {seconds:.0f} s; at most {limits.seconds:g} s are read.")


def _sound(content: bytes, limits: Limits) -> Facts:
    import soundfile

    kind = kind_of(content[:16])
    if kind not in SOUNDS:
        raise MediaError(f"This is no sound that is read here (WAV, FLAC, Ogg, MP3){named_otherwise(content)}.")
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            seconds = file.frames / file.samplerate
            channels = file.channels
    except (soundfile.SoundFileError, RuntimeError, ValueError, ZeroDivisionError, OSError) as error:
        raise MediaError(f"This sound is damaged: {str(error)[:200]}") from None
    _check_seconds(seconds, limits)
    if channels > 8:
        raise MediaError(f"This sound has {channels} channels; at most 8 are read.")
    return Facts(SOUNDS[kind], len(content), seconds=round(seconds, 3))


def _film(content: bytes, limits: Limits) -> Facts:
    import av

    kind = kind_of(content[:16])
    if kind not in FILMS:
        raise MediaError(f"This is no film that is read here (MP4, WebM, GIF){named_otherwise(content)}.")
    if kind == "GIF":  # FFmpeg would count its frames by unpacking them
        size = measure(content)
        _check_film(size.width, size.height, size.frames, limits)
        return Facts(FILMS[kind], len(content), size.width, size.height, frames=size.frames)
    try:
        with av.open(io.BytesIO(content), "r", options=FORMATS) as container:
            if not container.streams.video:
                raise MediaError("There is no picture in this film.")
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            seconds = float(container.duration or 0) / av.time_base
            frames = stream.frames or round(seconds * float(stream.average_rate or 25))
    except (av.FFmpegError, ValueError, OSError) as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"This film is damaged: {str(error)[:200]}") from None
    _check_seconds(seconds, limits)
    _check_film(width, height, frames, limits)
    return Facts(FILMS[kind], len(content), width, height, round(seconds, 3), frames or None)


def _check_film(width: int, height: int, frames: int, limits: Limits) -> None:
    _check_pixels(width, height, limits)
    if frames > limits.frames:
        raise MediaError(f"This film has {frames} pictures; at most {limits.frames:,} are read.")
    if width * height * frames * 3 > 1024**3:
        raise MediaError(f"{frames} pictures of {width} x {height} take more than 1 GB. Cut it or make it smaller.")
