"""Pictures, sounds and films as files that other programs open, with a record of what made them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import PIL.Image

from ..errors import MediaError
from .previews import eight_bits
from .sounds import frames_of, resampled, with_channels
from .tags import KEY, picture_options, wav_with_comment
from .values import Audio, Video

SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
FILMS = (".mp4", ".webm", ".mov", ".mkv", ".gif")
QUALITIES = ("small", "good", "best")
_SAMPLES = {16: "PCM_16", 24: "PCM_24"}
_BLOCK = 1 << 16
"""How many frames of a sound are encoded at once: Vorbis in libsndfile overflows its stack on long writes."""
_LOSSY_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class Codecs(NamedTuple):
    """Is how a film is encoded.

    Args:
        container: The format as FFmpeg calls it.
        pictures: The encoder; empty where there are none.
        sound: The encoder.
        options: Of the encoder of the pictures.
        bits: Bits per second; 0 leaves it to the options.
        sound_options: Of the encoder of the sound.
    """

    container: str
    pictures: str
    sound: str
    options: Mapping[str, str]
    bits: int = 0
    sound_options: Mapping[str, str] = MappingProxyType({})


def picture_file(image: PIL.Image.Image, ending: str, record: str = "") -> bytes:
    """Return a picture as a file.

    Args:
        image: The picture; what a format has no room for (transparency, wide numbers) is left out.
        ending: ".png", ".jpg", ".webp" …
        record: A text to carry; a .bmp has no room for one.
    """
    if ending == ".png":
        image = _for_png(image)
    elif ending not in (".webp", ".tif", ".tiff", ".avif"):
        image = image.convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, PIL.Image.registered_extensions()[ending], **picture_options(ending, record))
    return buffer.getvalue()


def quick_png(image: PIL.Image.Image) -> bytes:
    """Return a picture as a PNG in a third of the time; photographs are as small, drawings grow by up to a half."""
    buffer = io.BytesIO()
    # What the filters of a PNG leave over seldom repeats further back than a run.
    _for_png(image).save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def _for_png(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return a picture in a mode that PNG has."""
    if image.mode in ("I", "F"):
        return eight_bits(image)
    return image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else image.convert("RGB")


def sound_file(audio: Audio, ending: str, bits: int = 16, record: str = "") -> bytes:
    """Return a sound as a file.

    Args:
        audio: What is outside [-1, 1] is cut off.
        ending: One of SOUNDS.
        bits: Of a sample, in WAV and FLAC: 16 or 24.
        record: A text to carry.
    """
    import soundfile

    if ending == ".mp3":
        audio = with_channels(audio, min(audio.samples.shape[0], 2))
        audio = audio if audio.sample_rate in _LOSSY_RATES else resampled(audio, 48_000)
    form = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}[ending]
    kind = {".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}.get(ending, _SAMPLES[bits])
    buffer = io.BytesIO()
    samples = audio.samples.T.clip(-1, 1)
    with soundfile.SoundFile(buffer, "w", audio.sample_rate, audio.samples.shape[0], kind, format=form) as file:
        if record and ending != ".wav":
            file.comment = record
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK])
    content = buffer.getvalue()
    return wav_with_comment(content, record) if record and ending == ".wav" else content


def film_file(video: Video, ending: str, quality: str = "good", record: str = "") -> bytes:
    """Return a film as a file, with its sound.

    Sides of an odd number of pixels get one more, a copy of the last: the usual codecs store colours for two by two.

    Args:
        video: The film; a GIF is silent.
        ending: One of FILMS.
        quality: One of QUALITIES.
        record: A text to carry.
    """
    if ending == ".gif":
        return _gif(video, quality == "small", record)
    place = QUALITIES.index(quality)
    if ending == ".webm":
        options = {"crf": ("42", "31", "18")[place], "b": "0", "row-mt": "1", "deadline": "good", "cpu-used": "4"}
        return encoded(
            video.frames, video.fps, video.audio, Codecs("webm", "libvpx-vp9", "libopus", options), None, record
        )
    container = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}[ending]
    if _has("libx264"):
        codecs = Codecs(container, "libx264", "aac", {"crf": ("30", "21", "14")[place]})
    else:  # PyAV may be built without it
        _, height, width, _ = video.frames.shape
        share = (0.1, 0.3, 1.0)[place]
        codecs = Codecs(container, "mpeg4", "aac", {}, round(height * width * min(video.fps, 60) * share))
    return encoded(video.frames, video.fps, video.audio, codecs, None, record)


def encoded(
    frames: Iterable[Any],
    fps: float,
    audio: Audio | None,
    codecs: Codecs,
    size: tuple[int, int] | None = None,
    record: str = "",
) -> bytes:
    """Return frames and sound as a file.

    Args:
        frames: uint8 (height, width, 3), RGB.
        fps: Frames per second.
        audio: The sound, if any.
        codecs: How it is encoded.
        size: (width, height) of the file; None is that of the frames.
        record: A text to carry.

    Raises:
        MediaError: The encoder refuses; says why.
    """
    import av

    buffer = io.BytesIO()
    try:
        # bitexact: no random ids, so that the same film is the same file.
        # MP4 and MOV have names of their own for texts, and room for others only when asked.
        roomy = {"movflags": "use_metadata_tags"} if record and codecs.container in ("mp4", "mov") else {}
        with av.open(buffer, "w", format=codecs.container, options={"fflags": "+bitexact", **roomy}) as container:
            if record:
                container.metadata[KEY] = record
            pictures = _picture_stream(container, fps, codecs) if codecs.pictures else None
            sound = _sound_stream(container, audio, codecs) if audio is not None and audio.samples.size else None
            if pictures is not None:
                _encode_pictures(container, pictures, frames, size)
            if sound is not None:
                _encode_sound(container, *sound)
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(f"This cannot be written as {codecs.container}: {error}") from error
    return buffer.getvalue()


def _picture_stream(container: Any, fps: float, codecs: Codecs) -> Any:
    rate = Fraction(fps).limit_denominator(1001)
    stream = container.add_stream(codecs.pictures, rate=rate, options=dict(codecs.options))
    if codecs.bits:
        stream.bit_rate = codecs.bits
    # Said in the file, as players guess from the size otherwise: FFmpeg turns RGB into the YUV of Rec. 601.
    context = stream.codec_context
    context.colorspace, context.color_range, context.color_primaries, context.color_trc = 6, 1, 1, 1
    return stream


def _encode_pictures(container: Any, stream: Any, frames: Iterable[Any], size: tuple[int, int] | None) -> None:
    import av

    for number, pixels in enumerate(frames):
        if size is None and (pixels.shape[0] % 2 or pixels.shape[1] % 2):
            pixels = np.pad(pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge")
        width, height = size or (pixels.shape[1], pixels.shape[0])
        if number == 0:
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        # From few pixels every one stays a square; from many, all of them count.
        how = "POINT" if width > pixels.shape[1] else "AREA"
        frame = frame.reformat(width, height, "yuv420p", interpolation=how)
        frame.pts = number
        frame.time_base = 1 / stream.codec_context.framerate
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _sound_stream(container: Any, audio: Audio, codecs: Codecs) -> tuple[Any, Audio]:
    audio = with_channels(audio, min(audio.samples.shape[0], 2))
    is_fitting = audio.sample_rate in _LOSSY_RATES and codecs.sound != "libopus"
    audio = audio if is_fitting else resampled(audio, 48_000)
    layout = "mono" if audio.samples.shape[0] == 1 else "stereo"
    options = dict(codecs.sound_options)
    return container.add_stream(codecs.sound, rate=audio.sample_rate, layout=layout, options=options), audio


def _encode_sound(container: Any, stream: Any, audio: Audio) -> None:
    for frame in frames_of(Audio(audio.samples.clip(-1, 1), audio.sample_rate)):
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _has(encoder: str) -> bool:
    import av

    return encoder in av.codecs_available


def _gif(video: Video, is_quick: bool, record: str) -> bytes:
    # The finer choice of 256 colours takes seventy times as long.
    choice = PIL.Image.Quantize.FASTOCTREE if is_quick else PIL.Image.Quantize.MEDIANCUT
    first, *others = [PIL.Image.fromarray(frame).quantize(256, choice) for frame in video.frames]
    buffer = io.BytesIO()
    # A GIF counts hundredths of a second; browsers slow down what is faster than two of them.
    pause = max(20, round(100 / video.fps) * 10)
    first.save(
        buffer, "GIF", save_all=True, append_images=others, duration=pause, loop=0, **picture_options(".gif", record)
    )
    return buffer.getvalue()
