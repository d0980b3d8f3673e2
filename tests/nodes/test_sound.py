from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.media.sounds import loudness_of

from ..flow.strategies import examples
from .media_samples import tone

SILENCE = pf.Audio(np.zeros((1, 800), np.float32), 8000)


def pitch(audio: pf.Audio) -> float:
    """The strongest frequency, in hertz."""
    spectrum = np.abs(np.fft.rfft(audio.samples[0]))
    return float(spectrum.argmax() * audio.sample_rate / audio.samples.shape[1])


def peak(audio: pf.Audio) -> float:
    return float(np.abs(audio.samples).max())


# Cut


@examples(40)
@given(cut=st.integers(1, 7))
def test_pieces_of_a_sound_make_the_whole(cut: int) -> None:
    audio = tone(channels=2, seconds=1.0)
    pieces = pf.nodes.trim_audio(audio, 0, cut / 8), pf.nodes.trim_audio(audio, cut / 8)
    whole = pf.nodes.mix_audio(list(pieces), "in turn")
    assert (whole.samples == audio.samples).all() and whole.sample_rate == audio.sample_rate


def test_a_piece_fades_in_and_out() -> None:
    steady = pf.Audio(np.ones((1, 1000), np.float32), 1000)
    faded = pf.nodes.trim_audio(steady, 0, None, fade_in=0.5, fade_out=0.2).samples[0]
    assert (faded[0], faded[250], faded[600], faded[900], faded[-1]) == (0, 0.5, 1, pytest.approx(0.495), 0)
    assert (steady.samples == 1).all()


def test_an_end_behind_the_sound_is_its_end_and_a_start_there_is_refused() -> None:
    assert pf.nodes.trim_audio(tone(), 0.25, 99).samples.shape == (1, 2000)
    with pytest.raises(pf.MediaError, match="The sound lasts 0.50 s; nothing lies between 1 s and its end"):
        pf.nodes.trim_audio(tone(), 1)
    with pytest.raises(pf.MediaError, match="nothing lies between 0.4 s and 0.2 s"):
        pf.nodes.trim_audio(tone(), 0.4, 0.2)


# Mixed


def test_sounds_are_laid_over_each_other_at_their_volumes() -> None:
    low, high = tone(200, 1.0), tone(1000, 0.5)
    made = pf.nodes.mix_audio([low, high], volumes=[1.0, 0.5])
    assert made.samples.shape == low.samples.shape
    assert made.samples[0, :4000] == pytest.approx(low.samples[0, :4000] + 0.5 * high.samples[0], abs=1e-6)
    assert made.samples[0, 4000:] == pytest.approx(low.samples[0, 4000:])
    assert pf.nodes.mix_audio([low], volumes=[0.5]).samples == pytest.approx(low.samples / 2)


def test_a_mix_that_would_be_too_loud_is_made_quieter_as_a_whole() -> None:
    made = pf.nodes.mix_audio([tone(loud=0.9), tone(loud=0.9)])
    assert peak(made) == pytest.approx(1)
    assert pitch(made) == pytest.approx(440)


def test_sounds_of_other_rates_and_channels_are_brought_together() -> None:
    made = pf.nodes.mix_audio([tone(300, 1.0, rate=8000), tone(300, 1.0, rate=16_000, channels=2)], "in turn")
    assert (made.sample_rate, made.samples.shape) == (16_000, (2, 32_000))
    assert pitch(pf.nodes.trim_audio(made, 0, 1)) == pytest.approx(300)


def test_one_goes_while_the_next_comes() -> None:
    steady = pf.Audio(np.full((1, 1000), 0.5, np.float32), 1000)
    made = pf.nodes.mix_audio([steady, steady, steady], "in turn", overlap=0.2)
    assert made.samples.shape[1] == 2600
    assert made.samples[0] == pytest.approx(0.5, abs=0.01)
    assert pf.nodes.mix_audio([steady, tone()], "in turn", overlap=99).samples.shape[1] > 0


def test_a_mix_of_nothing_and_a_wrong_number_of_volumes_are_refused() -> None:
    with pytest.raises(pf.MediaError, match="no sounds to mix"):
        pf.nodes.mix_audio([])
    with pytest.raises(pf.MediaError, match="3 sounds and 2 volumes"):
        pf.nodes.mix_audio([tone()] * 3, volumes=[1.0, 1.0])


# Loudness


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_loudness_is_that_of_the_standard(rate: int) -> None:
    """A full sine of 997 Hz in one channel is -3.01 LUFS, says BS.1770-4; in two channels twice as much power."""
    full = tone(997, 5.0, rate, loud=1.0)
    assert loudness_of(full) == pytest.approx(-3.01, abs=0.01)
    both = pf.Audio(np.repeat(full.samples, 2, axis=0), rate)
    assert loudness_of(both) == pytest.approx(0, abs=0.02)


def test_pauses_do_not_count() -> None:
    speech = tone(997, 5.0, 8000, loud=0.1)
    pause = pf.Audio(np.zeros((1, 80_000), np.float32), 8000)
    quiet = tone(997, 5.0, 8000, loud=0.001)
    alone = loudness_of(speech)
    assert alone is not None
    # The blocks in which it ends and begins hold some of both.
    assert loudness_of(pf.nodes.mix_audio([speech, pause, quiet], "in turn")) == pytest.approx(alone, abs=0.2)


@examples(15)
@given(loud=st.floats(0.01, 1), target=st.sampled_from([-40.0, -23.0, -16.0]), channels=st.integers(1, 2))
def test_a_sound_becomes_as_loud_as_it_is_asked(loud: float, target: float, channels: int) -> None:
    made = pf.nodes.normalize_audio(tone(1000, 1.0, channels=channels, loud=loud), loudness=target, peak=0)
    assert loudness_of(made) == pytest.approx(target, abs=0.01)


def test_a_sound_never_goes_beyond_its_peak() -> None:
    clicks = np.zeros((1, 8000), np.float32)
    clicks[0, ::2000] = 0.5  # hardly loud, and high
    made = pf.nodes.normalize_audio(pf.Audio(clicks, 8000), loudness=-5, peak=-6)
    assert peak(made) == pytest.approx(10 ** (-6 / 20))
    assert peak(pf.nodes.normalize_audio(tone(), "peak", peak=-20)) == pytest.approx(0.1, rel=1e-4)


def test_silence_stays_silence_and_short_sounds_are_measured_too() -> None:
    for to in ("loudness", "peak"):
        assert (pf.nodes.normalize_audio(SILENCE, to).samples == 0).all()  # type: ignore[arg-type]
    assert loudness_of(SILENCE) is None
    assert loudness_of(pf.Audio(np.zeros((1, 0), np.float32), 8000)) is None
    assert loudness_of(tone(997, 0.05, loud=1.0)) == pytest.approx(-3, abs=0.3)


# Resampled


@pytest.mark.parametrize("rate", [4000, 11_025, 16_000, 48_000])
def test_another_rate_keeps_length_and_pitch(rate: int) -> None:
    made = pf.nodes.resample_audio(tone(440, 1.0, channels=3), rate)
    assert (made.sample_rate, made.samples.shape) == (rate, (3, rate))
    assert pitch(made) == pytest.approx(440, abs=1)
    assert peak(made) == pytest.approx(0.5, abs=0.02)


def test_what_a_low_rate_cannot_hold_is_left_out() -> None:
    made = pf.nodes.resample_audio(tone(3000, 1.0), 4000)  # would turn up as 1000 Hz
    assert np.abs(made.samples[0, 200:-200]).max() < 0.01


def test_channels_are_mixed_and_copied() -> None:
    stereo = tone(channels=2)
    mono = pf.nodes.resample_audio(stereo, 8000, "mono")
    assert mono.samples[0] == pytest.approx(stereo.samples.mean(axis=0))
    both = pf.nodes.resample_audio(mono, 8000, "stereo").samples
    assert both.shape[0] == 2 and (both[0] == both[1]).all()
    assert pf.nodes.resample_audio(tone(channels=6), 8000, "stereo").samples.shape == (2, 4000)
    assert pf.nodes.resample_audio(tone(channels=11), 8000, "stereo").samples.shape == (2, 4000)


def test_nodes_of_sounds_map_over_lists() -> None:
    with pf.Flow("map") as flow:
        flow.output("audios", pf.nodes.trim_audio(audio=tone(), end=pf.nodes.count_up(start=1, count=2)))
    assert [one.samples.shape[1] for one in flow.run(backend="inline")["audios"]] == [4000, 4000]
