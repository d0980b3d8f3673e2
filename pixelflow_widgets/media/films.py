"""What is done with films: cut, joined, sped up, given sound, given frames between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import PIL.Image

from ..errors import MediaError
from .recordings import MAX_BYTES
from .sounds import alike, fitted, joined, length_of, resampled, silence, stretched, trimmed
from .values import Audio, Video

Fit = Literal["contain", "cover", "stretch"]
Array = np.ndarray[Any, Any]


def duration_of(video: Video) -> float:
    """Return how many seconds the pictures of a film last."""
    return len(video.frames) / video.fps


def check_size(count: float, height: int, width: int) -> None:
    """Raise where so many frames of a size take more than 1 GB.

    Raises:
        MediaError: They do; says how much.
    """
    if (needed := count * height * width * 3) > MAX_BYTES:
        raise MediaError(
            f"{round(count):,} frames of {width} x {height} pixels take {needed / 1024**3:.1f} GB; at most 1 GB is "
            "made. Make the film shorter or smaller."
        )


def sized(pictures: Sequence[PIL.Image.Image], size: tuple[int, int], fit: Fit) -> Array:
    """Return pictures as frames (n, height, width, 3) of one size.

    Args:
        pictures: In any mode; what is transparent becomes black.
        size: (width, height).
        fit: What happens to those of another shape: black bars, cutting off, or stretching.
    """
    check_size(len(pictures), size[1], size[0])
    frames = np.zeros((len(pictures), size[1], size[0], 3), np.uint8)
    for frame, picture in zip(frames, pictures, strict=True):
        frame[:] = np.asarray(_one_sized(picture, size, fit))
    return frames


def _one_sized(picture: PIL.Image.Image, size: tuple[int, int], fit: Fit) -> PIL.Image.Image:
    from PIL import ImageOps

    from .colours import plain

    picture = plain(picture)
    if picture.mode == "RGBA":
        ground = PIL.Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = PIL.Image.alpha_composite(ground, picture).convert("RGB")
    if picture.size == size:
        return picture
    how = PIL.Image.Resampling.LANCZOS
    if fit == "stretch":
        return picture.resize(size, how)
    return ImageOps.pad(picture, size, how) if fit == "contain" else ImageOps.fit(picture, size, how)


def at_rate(video: Video, fps: float) -> Video:
    """Return a film at another number of frames per second: frames are left out or repeated; its length stays."""
    if fps == video.fps:
        return video
    count = max(1, round(len(video.frames) * fps / video.fps))
    check_size(count, *video.frames.shape[1:3])
    places = np.minimum((np.arange(count) * (video.fps / fps) + 1e-6).astype(int), len(video.frames) - 1)
    return Video(video.frames[places], fps, video.audio)


def cut(video: Video, start: float, end: float | None) -> Video:
    """Return what is seen and heard from one moment to another.

    Args:
        video: The film.
        start: In seconds.
        end: In seconds; None is the end, and so is what lies behind it.

    Raises:
        MediaError: There is no frame between.
    """
    first = round(start * video.fps)
    last = len(video.frames) if end is None else min(round(end * video.fps), len(video.frames))
    if first >= last:
        until = "its end" if end is None else f"{end:g} s"
        raise MediaError(f"The film lasts {duration_of(video):.2f} s; no frame lies between {start:g} s and {until}.")
    audio = video.audio
    if audio is not None:
        from_, to = first / video.fps, None if end is None else last / video.fps
        audio = trimmed(audio, from_, to) if from_ < length_of(audio) else None
    return Video(np.ascontiguousarray(video.frames[first:last]), video.fps, audio)


def concatenated(videos: Sequence[Video], fit: Fit, crossfade: float) -> Video:
    """Return films one after another, in the size and at the rate of the first.

    Args:
        videos: At least one.
        fit: What happens to those of another shape.
        crossfade: How long one fades into the next, in seconds; less where a film is shorter than twice that.
    """
    first = videos[0]
    height, width = first.frames.shape[1:3]
    check_size(sum(duration_of(video) for video in videos) * first.fps, height, width)
    films = [_with_size(at_rate(video, first.fps), (width, height), fit) for video in videos]
    laps = [
        min(round(crossfade * first.fps), len(one.frames) // 2, len(other.frames) // 2)
        for one, other in itertools.pairwise(films)
    ]
    parts: list[Array] = []
    for number, film in enumerate(films):
        before = laps[number - 1] if number else 0
        after = laps[number] if number < len(laps) else 0
        if before:
            going = films[number - 1].frames[len(films[number - 1].frames) - before :]
            parts.append(_faded(going, film.frames[:before]))
        parts.append(film.frames[before : len(film.frames) - after])
    return Video(np.concatenate(parts), first.fps, _sound_of_all(films, [lap / first.fps for lap in laps]))


def _with_size(video: Video, size: tuple[int, int], fit: Fit) -> Video:
    if video.frames.shape[1:3] == size[::-1]:
        return video
    pictures = [PIL.Image.fromarray(frame) for frame in video.frames]
    return Video(sized(pictures, size, fit), video.fps, video.audio)


def _faded(going: Array, coming: Array) -> Array:
    shares = (np.arange(1, len(going) + 1, dtype=np.float32) / (len(going) + 1))[:, None, None, None]
    return (going * (1 - shares) + coming * shares + 0.5).astype(np.uint8)


def _sound_of_all(films: Sequence[Video], laps: Sequence[float]) -> Audio | None:
    """Return the sounds of films one after another, silence where one has none; None where no film has any."""
    heard = [film.audio for film in films if film.audio is not None]
    if not heard:
        return None
    model = alike(heard)[0]
    sounds = [film.audio if film.audio is not None else silence(1, model) for film in films]
    sounds = [
        fitted(audio, round(duration_of(film) * model.sample_rate))
        for audio, film in zip(alike([model, *sounds])[1:], films, strict=True)
    ]
    made = sounds[0]
    for audio, lap in zip(sounds[1:], laps, strict=True):
        made = joined([made, audio], lap)
    return made


def sped_up(video: Video, speed: float, sound: str) -> Video:
    """Return a film that is so many times as fast; every frame stays, the number of frames per second changes.

    Args:
        video: The film.
        speed: Above 1 is faster.
        sound: "same pitch", "like a tape": higher the faster, or "silent".
    """
    audio = video.audio if sound != "silent" else None
    if audio is not None and speed != 1:
        if sound == "same pitch":
            audio = stretched(audio, speed)
        else:
            # Played at another rate, and brought back to the rate that it had.
            rate = max(1, round(audio.sample_rate * speed))
            audio = resampled(Audio(audio.samples, rate), audio.sample_rate)
    return Video(video.frames, video.fps * speed, audio)


# Frames between


def crossfaded(frames: Array, factor: int) -> Array:
    """Return frames with mixtures of each two between them: so many times as many, the last one held."""
    check_size(len(frames) * factor, *frames.shape[1:3])
    made = np.repeat(frames, factor, axis=0)
    for number, (frame, following) in enumerate(itertools.pairwise(frames)):
        for place in range(1, factor):
            share = np.uint16(round(256 * place / factor))  # in whole numbers, which takes a fifth of the time
            mixed = frame * (np.uint16(256) - share) + following * share + np.uint16(128)
            made[number * factor + place] = mixed >> 8
    return made


def moved(frames: Array, factor: int, report: Callable[[float], None] = lambda _: None) -> Array:
    """Return frames with others between them in which what moves is on its way: so many times as many.

    FFmpeg's `minterpolate`: blocks of pixels are searched for in the next frame and moved along
    (overlapped block motion compensation). It knows nothing of things: where one comes from behind another, it smears.

    Args:
        frames: uint8 (n, height, width, 3).
        factor: How many times as many there are.
        report: Is told how much is done; what it raises ends the work.
    """
    import av
    from av.filter import Graph

    count, height, width, _ = frames.shape
    check_size(count * factor, height, width)
    if count < 3 or min(height, width) < 32:  # too little to search in
        return crossfaded(frames, factor)
    graph = Graph()
    source = graph.add("buffer", f"video_size={width}x{height}:pix_fmt=yuv444p:time_base=1/25:pixel_aspect=1/1")
    options = f"fps={25 * factor}:mi_mode=mci:mc_mode=aobmc:me_mode=bilat:vsbmc=1:scd=fdiff"
    graph.link_nodes(source, graph.add("minterpolate", options), graph.add("buffersink")).configure()
    # It holds frames back and gives none for the last ones: the film goes on a little while the last frame stands.
    made: list[Array] = []
    for number, pixels in enumerate([*frames, *[frames[-1]] * 4, None]):
        frame = pixels
        if pixels is not None:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(format="yuv444p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
        report(min(1.0, number / count))
        graph.push(frame)
        try:
            while len(made) < count * factor:
                made.append(graph.vpull().to_ndarray(format="rgb24"))
        except (av.BlockingIOError, av.EOFError):
            pass
    made += [frames[-1]] * (count * factor - len(made))
    between = np.stack(made)
    between[::factor] = frames  # what was filmed stays as it was
    return between
