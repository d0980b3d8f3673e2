"""How the nodes that write media into files are written into scripts: in plain words, where the ending allows it."""

from __future__ import annotations

import inspect
from pathlib import PurePosixPath

from ..media import free_path
from ..schema.exporting import Writing

_WIDE = (".png", ".webp", ".tif", ".tiff")
"""Of pictures: endings of files that may be transparent."""
_QUALITIES = {"small": 30, "good": 21, "best": 14}
FILM_IMPORTS = ("import av", "import numpy as np", "from fractions import Fraction")
FILM = ("save film",)
"""The key of the function by which a script saves films."""
SAVE_FILM = '''
def save_film(film, path, quality=21):
    """Write a film to a file, with its sound."""
    _, height, width, _ = film.frames.shape
    even = (0, 0), (0, height % 2), (0, width % 2), (0, 0)  # as codecs want it
    has_sound = film.audio is not None and film.audio.samples.size > 0
    with av.open(str(path), "w") as container:
        rate = Fraction(film.fps).limit_denominator(1001)
        stream = container.add_stream("libx264", rate, options={"crf": str(quality)})
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context  # players guess the colours otherwise
        context.colorspace, context.color_range = 6, 1
        context.color_primaries, context.color_trc = 1, 1
        if has_sound:
            heard = sound_frame(film.audio.samples, film.audio.sample_rate)
            usual = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100)
            played = heard.sample_rate if heard.sample_rate in usual else 48_000
            layout = "mono" if len(film.audio.samples) == 1 else "stereo"
            sound = container.add_stream("aac", played, layout=layout)
        for number, pixels in enumerate(np.pad(film.frames, even, mode="edge")):
            shown = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            shown = shown.reformat(format="yuv420p", interpolation="AREA")
            shown.pts, shown.time_base = number, 1 / rate
            container.mux(stream.encode(shown))
        container.mux(stream.encode())
        if has_sound:
            resampler = av.AudioResampler("fltp", layout, played)
            parts = [*resampler.resample(heard), *resampler.resample(None)]
            samples = np.concatenate([one.to_ndarray() for one in parts], axis=1)
            count = round(film.audio.samples.shape[1] * played / heard.sample_rate)
            heard = sound_frame(samples[:, :count].clip(-1, 1), played)
            container.mux([*sound.encode(heard), *sound.encode()])


def sound_frame(samples, rate):
    layouts = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
    frame = av.AudioFrame.from_ndarray(samples, "fltp", layouts[len(samples)])
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame
'''
"""Sounds are encoded behind the pictures, as a run does it."""


def write_save_image(at: Writing) -> None:
    """Write how a picture is saved."""
    ending = _ending(at)
    if ending in (*_WIDE, ".jpg", ".jpeg", ".bmp"):
        image = at.code("image") if ending in _WIDE else f"{at.code('image')}.convert('RGB')"
        _save(at, f"{image}.save({{}})")
    else:
        _copy(at)


def write_save_audio(at: Writing) -> None:
    """Write how a sound is saved."""
    if _ending(at) in (".wav", ".flac") and at.is_fixed("bits"):
        at.add_import("import soundfile")
        audio, kind = at.code("audio"), f"PCM_{at.known('bits')}"
        _save(at, f"soundfile.write({{}}, {audio}.samples.T, {audio}.sample_rate, {kind!r})")
    else:
        _copy(at)


def write_save_video(at: Writing) -> None:
    """Write how a film is saved."""
    if _ending(at) in (".mp4", ".mov", ".mkv") and at.is_fixed("quality"):
        for line in FILM_IMPORTS:
            at.add_import(line)
        name, quality = at.define(FILM, "save_film", lambda _: SAVE_FILM), _QUALITIES[at.known("quality")]
        _save(at, f"{name}({at.code('video')}, {{}}{'' if quality == 21 else f', quality={quality}'})")
    else:
        _copy(at)


def _ending(at: Writing) -> str:
    """Return how the name of a file ends; empty where only the run knows, or where the run would refuse it."""
    if not at.is_fixed("path"):
        return ""
    path = PurePosixPath(at.known("path"))
    return "" if path.is_absolute() or ".." in path.parts or "\\" in str(path) else path.suffix.lower()


def _save(at: Writing, call: str) -> None:
    at.add_import("from pathlib import Path")
    place = at.reused("file")
    at.line(f"{place} = {at.bring(free_path)}(Path({at.code('path')}))")
    at.line(f"{place}.parent.mkdir(parents=True, exist_ok=True)", call.format(place))
    at.give(text=f"str({place})" if at.is_read("text") else "None")


def _copy(at: Writing) -> None:
    """Write a call of the node's own function, which is copied; nobody could keep a record of the flow there."""
    function = inspect.unwrap(at.node_type.function)
    given = {port: at.code(port) for port in at.node_type.inputs if port != "provenance" and at.is_set(port)}
    if "bits" in given:  # a choice of numbers, which are words on their way
        given["bits"] = str(at.known("bits")) if at.is_fixed("bits") else f"int({given['bits']})"
    at.give(text=f"{at.bring(function)}({', '.join(f'{port}={code}' for port, code in given.items())})")
