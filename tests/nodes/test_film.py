from __future__ import annotations

import itertools

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.media import recordings

from ..flow.strategies import examples
from .media_samples import film, picture, tone
from .test_sound import pitch


def plain(shade: int, count: int = 4, size: tuple[int, int] = (8, 6), fps: float = 4.0, **options: object) -> pf.Video:
    frames = np.full((count, size[1], size[0], 3), shade, np.uint8)
    return pf.Video(frames, fps, **options)  # type: ignore[arg-type]


def shades(video: pf.Video) -> list[int]:
    return [int(frame[frame.shape[0] // 2, frame.shape[1] // 2, 0]) for frame in video.frames]


def seconds(video: pf.Video) -> float:
    assert video.audio is not None
    return video.audio.samples.shape[1] / video.audio.sample_rate


# Frames


def test_frames_come_out_as_they_went_in() -> None:
    sound = tone(seconds=2.0)
    apart = pf.nodes.video_to_frames(film(sound=sound))
    assert (len(apart.images), apart.fps) == (8, 8.0)
    assert apart.audio is sound
    together = pf.nodes.frames_to_video(apart.images, apart.fps, apart.audio)
    assert (together.frames == film().frames).all()
    assert seconds(together) == 1  # no longer than the pictures


def test_some_frames_are_taken() -> None:
    apart = pf.nodes.video_to_frames(film(), every=3, most=2)
    assert [np.asarray(image).tolist() for image in apart.images] == film().frames[[0, 3]].tolist()
    assert apart.fps == pytest.approx(8 / 3)
    assert apart.audio is None


def test_pictures_of_other_shapes_are_fitted_to_the_first() -> None:
    tall = PIL.Image.new("RGB", (8, 32), "white")
    glass = PIL.Image.new("RGBA", (24, 16), (255, 255, 255, 0))
    made = {fit: pf.nodes.frames_to_video([picture(), tall, glass], fit=fit) for fit in ("contain", "cover", "stretch")}  # type: ignore[arg-type]
    assert {video.frames.shape for video in made.values()} == {(3, 16, 24, 3)}
    assert [int((video.frames[1] > 200).mean() * 100) for video in made.values()] == [16, 100, 100]
    assert (made["contain"].frames[2] == 0).all()


def test_a_film_of_nothing_and_one_that_takes_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pf.MediaError, match="no pictures"):
        pf.nodes.frames_to_video([])
    monkeypatch.setattr("pixelflow_widgets.media.films.MAX_BYTES", 5000)
    with pytest.raises(pf.MediaError, match="5 frames of 24 x 16 pixels take 0.0 GB; at most 1 GB"):
        pf.nodes.frames_to_video([picture()] * 5)
    for too_much in (
        lambda: pf.nodes.interpolate(film(), 8),
        lambda: pf.nodes.concat_video([film(), film()]),
        lambda: pf.nodes.change_speed(film(), 1, fps=240),
    ):
        with pytest.raises(pf.MediaError, match="Make the film shorter or smaller"):
            too_much()


# Cut and joined


@examples(25)
@given(cut=st.integers(1, 7))
def test_pieces_of_a_film_make_the_whole(cut: int) -> None:
    whole = film(sound=tone(seconds=1.0))
    pieces = pf.nodes.trim_video(whole, 0, cut / 8), pf.nodes.trim_video(whole, cut / 8)
    made = pf.nodes.concat_video(list(pieces))
    assert (made.frames == whole.frames).all()
    assert made.audio is not None and whole.audio is not None
    assert (made.audio.samples == whole.audio.samples).all()


def test_a_piece_without_frames_is_refused() -> None:
    with pytest.raises(pf.MediaError, match="The film lasts 1.00 s; no frame lies between 2 s and its end"):
        pf.nodes.trim_video(film(), 2)
    short_sound = pf.nodes.trim_video(film(sound=tone(seconds=0.2)), 0.5)
    assert short_sound.audio is None and len(short_sound.frames) == 4


@examples(25)
@given(counts=st.lists(st.integers(1, 9), min_size=1, max_size=4), fade=st.sampled_from([0.0, 0.5, 9.0]))
def test_joined_films_last_as_long_as_all_of_them_less_what_they_share(counts: list[int], fade: float) -> None:
    films = [plain(10 * number, count) for number, count in enumerate(counts)]
    made = pf.nodes.concat_video(films, crossfade=fade)
    laps = [min(round(fade * 4), one // 2, other // 2) for one, other in itertools.pairwise(counts)]
    assert len(made.frames) == sum(counts) - sum(laps)
    assert shades(made)[0] == 0 and shades(made)[-1] == 10 * (len(counts) - 1)


def test_one_film_fades_into_the_next() -> None:
    made = pf.nodes.concat_video([plain(0, 6), plain(120, 6)], crossfade=0.75)
    assert shades(made) == [0, 0, 0, 30, 60, 90, 120, 120, 120]


def test_films_of_other_sizes_rates_and_sounds_follow_the_first() -> None:
    loud = plain(200, 8, (6, 6), 8.0, audio=tone(seconds=0.5, rate=16_000, channels=2))
    made = pf.nodes.concat_video([plain(100), loud, plain(50)])
    assert (made.frames.shape, made.fps) == ((12, 6, 8, 3), 4.0)
    assert shades(made) == [100] * 4 + [200] * 4 + [50] * 4
    assert made.frames[5, 3, 0, 0] == 0  # bars beside the square one
    assert made.audio is not None and made.audio.samples.shape == (2, 48_000)
    heard = np.abs(made.audio.samples[0]).reshape(6, -1).max(axis=1) > 0.1
    assert heard.tolist() == [False, False, True, False, False, False]
    with pytest.raises(pf.MediaError, match="no films to join"):
        pf.nodes.concat_video([])


# Speed


@examples(20)
@given(
    speed=st.sampled_from([0.25, 0.5, 0.8, 1.0, 1.5, 2.0, 4.0]), sound=st.sampled_from(["same pitch", "like a tape"])
)
def test_a_faster_film_keeps_its_frames_and_is_shorter_with_its_sound(speed: float, sound: str) -> None:
    made = pf.nodes.change_speed(film(sound=tone(600, 1.0)), speed, sound)  # type: ignore[arg-type]
    assert made.fps == 8 * speed and (made.frames == film().frames).all()
    assert seconds(made) == pytest.approx(1 / speed, abs=1e-3)
    assert made.audio is not None and made.audio.sample_rate == 8000
    assert pitch(made.audio) == pytest.approx(600 if sound == "same pitch" else 600 * speed, rel=0.02)


def test_frames_are_left_out_or_repeated_for_a_rate() -> None:
    numbered = pf.Video(np.arange(8, dtype=np.uint8).reshape(8, 1, 1, 1).repeat(3, axis=3), 8)
    assert shades(pf.nodes.change_speed(numbered, 2, fps=8)) == [0, 2, 4, 6]
    assert shades(pf.nodes.change_speed(numbered, 0.5, fps=8)) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    assert pf.nodes.change_speed(film(sound=tone()), 2, "silent").audio is None


# Sound


def test_a_film_is_given_a_sound_as_long_as_it_is() -> None:
    made = pf.nodes.add_audio(film(sound=tone(200)), tone(600, 0.25), volume=0.5, start=0.5)
    assert made.audio is not None and seconds(made) == 1
    loud = np.abs(made.audio.samples[0]).reshape(4, -1).max(axis=1)
    assert loud == pytest.approx([0, 0, 0.25, 0], abs=0.01)
    looped = pf.nodes.add_audio(film(), tone(600, 0.25), loop=True).audio
    assert looped is not None and np.abs(looped.samples[0]).reshape(8, -1).max(axis=1).min() > 0.4
    assert seconds(pf.nodes.add_audio(film(), tone(600, 9.0))) == 1


def test_a_sound_is_mixed_with_the_one_that_is_there() -> None:
    both = pf.nodes.add_audio(film(sound=tone(200, 1.0, loud=0.3)), tone(600, 1.0, 16_000, loud=0.3), mix=True).audio
    assert both is not None and both.samples.shape == (1, 16_000)
    spectrum = np.abs(np.fft.rfft(both.samples[0]))
    assert {200, 600} == set(np.argsort(spectrum)[-2:].tolist())
    louder = pf.nodes.add_audio(film(sound=tone(loud=1.0)), tone(loud=1.0), mix=True).audio
    assert louder is not None and np.abs(louder.samples).max() == pytest.approx(1)
    assert seconds(pf.nodes.add_audio(film(), tone(seconds=1.0), mix=True)) == 1
    with pytest.raises(pf.MediaError, match="a sound from 3 s on is never heard"):
        pf.nodes.add_audio(film(), tone(), start=3)


# Between


def moving(count: int, step: int) -> np.ndarray:
    """A patch that moves to the right over a grey ground."""
    patch = np.asarray(picture(3, (24, 24)).resize((24, 24), PIL.Image.Resampling.BICUBIC))
    frames = np.full((count, 64, 128, 3), 40, np.uint8)
    for number, frame in enumerate(frames):
        frame[20:44, 24 + step * number : 48 + step * number] = patch
    return frames


@pytest.mark.parametrize("how", ["motion", "crossfade"])
@pytest.mark.parametrize("factor", [2, 3])
def test_frames_between_keep_those_that_were_filmed_and_the_length(how: str, factor: int) -> None:
    sound = tone(seconds=1.0)
    made = pf.nodes.interpolate(pf.Video(moving(6, 4), 6, sound), factor, how)  # type: ignore[arg-type]
    assert (len(made.frames), made.fps, made.audio) == (6 * factor, 6 * factor, sound)
    assert (made.frames[::factor] == moving(6, 4)).all()


def test_motion_puts_what_moves_on_its_way_and_a_crossfade_shows_it_twice() -> None:
    filmed, true = pf.Video(moving(10, 4), 10), moving(20, 2)
    away = {}
    for how in ("motion", "crossfade"):
        made = pf.nodes.interpolate(filmed, 2, how)  # type: ignore[arg-type]
        between = np.abs(made.frames[5:17:2].astype(int) - true[5:17:2])
        away[how] = between.mean()
    assert away["motion"] < away["crossfade"] / 4


def test_small_and_short_films_are_crossfaded() -> None:
    for video in (film(2, (64, 64)), film(5, (20, 20)), film(1)):
        made = pf.nodes.interpolate(video, 2)
        assert (made.frames == pf.nodes.interpolate(video, 2, "crossfade").frames).all()
    assert shades(pf.nodes.interpolate(pf.nodes.concat_video([plain(0, 1), plain(100, 1)]), 2)) == [0, 50, 100, 100]


def test_the_limit_of_a_film_is_that_of_reading_one() -> None:
    assert recordings.MAX_BYTES == 1024**3


def test_long_work_tells_how_far_it_is_and_can_be_stopped() -> None:
    told: list[float] = []

    class Listener:
        def progress(self, fraction: float | None, note: str) -> None:
            told.append(fraction or 0)

        def preview(self, value: object) -> None: ...
        def log(self, line: str) -> None: ...
        def used(self, usage: object) -> None: ...

    frames = moving(8, 4)
    pf.nodes.interpolate(pf.Video(frames, 8), progress=pf.Progress(Listener()))
    assert told == sorted(told) and told[-1] == 1
    with pytest.raises(pf.Cancelled):
        pf.nodes.interpolate(pf.Video(frames, 8), progress=pf.Progress(Listener(), lambda: len(told) > 14))
