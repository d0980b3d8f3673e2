"""Films changed without a model: cut, joined, sped up, taken apart and put together."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
import PIL.Image

from ..controls import Number, Slider
from ..errors import MediaError
from ..media import Audio, Image, Video
from ..media.films import at_rate, concatenated, crossfaded, cut, duration_of, moved, sized, sped_up
from ..media.sounds import alike, fitted, mixed, silence
from ..schema import Progress, node
from .sound import Seconds, Until

SHELF = "video"

Rate = Annotated[float, Number(min=0.1, max=240, step=1, unit="fps")]
Fit = Literal["contain", "cover", "stretch"]


class Frames(NamedTuple):
    """Are the pictures of a film, how many there are in a second, and its sound."""

    images: list[Image]
    fps: float
    audio: Audio | None


@node
def video_to_frames(
    video: Video,
    every: Annotated[int, Number(min=1, max=10_000, step=1)] = 1,
    most: Annotated[int | None, Number(min=1, step=1)] = None,
) -> Frames:
    """Takes a film apart into pictures.

    Args:
        video: The film.
        every: 1 takes each frame, 2 every second one.
        most: Only so many, the first ones; empty is all.

    Returns:
        The pictures; how many of them make a second; and the sound of the film, if it has one.
    """
    taken = video.frames[::every][:most]
    return Frames([PIL.Image.fromarray(frame) for frame in taken], video.fps / every, video.audio)


@node
def frames_to_video(images: list[Image], fps: Rate = 8.0, audio: Audio | None = None, fit: Fit = "contain") -> Video:
    """Makes a film of pictures, in the size of the first one.

    Args:
        images: The frames, in order.
        fps: How many are shown in a second.
        audio: Its sound; is cut off where the pictures end.
        fit: What happens to pictures of another shape: contain leaves black bars, cover cuts off what stands over.
    """
    if not images:
        raise MediaError("There are no pictures to make a film of: the list is empty.")
    frames = sized(images, images[0].size, fit)
    if audio is not None:
        length = round(len(frames) / fps * audio.sample_rate)
        audio = fitted(audio, min(length, audio.samples.shape[1]))
    return Video(frames, fps, audio)


@node
def trim_video(video: Video, start: Seconds = 0.0, end: Until = None) -> Video:
    """Cuts a piece out of a film, with its sound; to the nearest frame.

    Args:
        video: The film.
        start: Where the piece begins, in seconds.
        end: Where it ends, in seconds from the start of the film; empty is the end.
    """
    return cut(video, start, end)


@node
def concat_video(videos: list[Video], fit: Fit = "contain", crossfade: Seconds = 0.0) -> Video:
    """Shows films one after another, in the size and with the frame rate of the first one.

    Frames of the others are left out or repeated so that each film keeps its length. A film without sound is silent
    while it is shown.

    Args:
        videos: The films, in the order of the edges.
        fit: What happens to films of another shape: contain leaves black bars, cover cuts off what stands over.
        crossfade: How long one fades into the next, in seconds; at most half of a film.
    """
    if not videos:
        raise MediaError("There are no films to join: the list is empty.")
    return concatenated(videos, fit, crossfade)


@node
def change_speed(
    video: Video,
    speed: Annotated[float, Number(min=0.05, max=20, step=0.05)] = 2.0,
    sound: Literal["same pitch", "like a tape", "silent"] = "same pitch",
    fps: Annotated[float | None, Number(min=0.1, max=240, step=1, unit="fps")] = None,
) -> Video:
    """Makes a film faster or slower, with its sound.

    Args:
        video: The film.
        speed: 2 is twice as fast, 0.5 half as fast.
        sound: Keeps its pitch, becomes higher the faster it is, or is left out.
        fps: Frames per second of the result: some are left out or repeated; empty keeps each frame, so that a film that
            is twice as fast has twice as many in a second.
    """
    made = sped_up(video, speed, sound)
    return made if fps is None else at_rate(made, fps)


@node
def add_audio(
    video: Video,
    audio: Audio,
    mix: bool = False,
    volume: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
    start: Seconds = 0.0,
    loop: bool = False,
) -> Video:
    """Gives a film a sound; it is as long as the pictures.

    Args:
        video: The film.
        audio: The sound; is cut off where the pictures end, and silence follows where it ends earlier.
        mix: It is added to the sound that the film has; otherwise it takes its place.
        volume: How loud it is: 1 is as it is.
        start: When it begins, in seconds.
        loop: It begins again where it ends.
    """
    if start >= duration_of(video):
        raise MediaError(f"The film lasts {duration_of(video):.2f} s; a sound from {start:g} s on is never heard.")
    count, first = round(duration_of(video) * audio.sample_rate), round(start * audio.sample_rate)
    samples = audio.samples
    if loop and 0 < samples.shape[1] < count - first:
        samples = np.tile(samples, (1, -(-(count - first) // samples.shape[1])))
    ahead = silence(first, audio).samples
    placed = fitted(Audio(np.concatenate([ahead, samples * np.float32(volume)], axis=1), audio.sample_rate), count)
    if mix and video.audio is not None:
        length = max(placed.samples.shape[1] / placed.sample_rate, 0)
        placed, other = alike([placed, video.audio])
        placed = fitted(mixed([placed, other], [1, 1]), round(length * placed.sample_rate))
        placed = Audio(placed.samples / max(1.0, float(np.abs(placed.samples).max(initial=0))), placed.sample_rate)
    return Video(video.frames, video.fps, placed)


@node
def interpolate(
    video: Video,
    factor: Annotated[int, Slider(2, 8, step=1)] = 2,
    how: Literal["motion", "crossfade"] = "motion",
    progress: Progress = Progress(),
) -> Video:
    """Makes a film smoother by frames between its frames; its length and sound stay.

    No model is asked. Motion searches blocks of pixels in the next frame and moves them along (FFmpeg's minterpolate):
    good for slow and even movement, smeared where things cover each other. Frames of fewer than 32 pixels are
    crossfaded.

    Args:
        video: The film.
        factor: How many times as many frames there are.
        how: crossfade mixes neighbours: what moves is seen twice, and nothing is smeared.
    """
    between = moved(video.frames, factor, progress) if how == "motion" else crossfaded(video.frames, factor)
    return Video(between, video.fps * factor, video.audio)
