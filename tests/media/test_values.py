"""The types of sound and film refuse what is none."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import pixelflow_widgets as pf

SAMPLES = np.zeros((2, 4), np.float32)
FRAMES = np.zeros((1, 2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    ("samples", "rate", "sentence"),
    [
        (SAMPLES.astype("float64"), 8000, r"not float64 of shape \(2, 4\)"),
        (SAMPLES[0], 8000, r"shape \(4,\)"),
        (np.zeros((0, 4), np.float32), 8000, "channels, frames"),
        ([0.0], 8000, "not list"),
        (SAMPLES, 0, "sample rate"),
        (SAMPLES, 44100.5, "sample rate"),
        (SAMPLES, "44100", "sample rate"),
    ],
)
def test_a_sound_of_the_wrong_shape_is_refused(samples: Any, rate: Any, sentence: str) -> None:
    with pytest.raises(pf.MediaError, match=sentence):
        pf.Audio(samples, rate)


@pytest.mark.parametrize(
    ("frames", "fps", "audio", "sentence"),
    [
        (FRAMES.astype("float32"), 8, None, "not float32"),
        (FRAMES[0], 8, None, r"shape \(2, 2, 3\)"),
        (FRAMES[:0], 8, None, "n, height, width, 3"),
        (FRAMES[..., :1], 8, None, "n, height, width, 3"),
        ("film.mp4", 8, None, "not str"),
        (FRAMES, 0, None, "positive number of frames"),
        (FRAMES, float("inf"), None, "positive number of frames"),
        (FRAMES, 8, SAMPLES, "is Audio, not ndarray"),
    ],
)
def test_a_film_of_the_wrong_shape_is_refused(frames: Any, fps: Any, audio: Any, sentence: str) -> None:
    with pytest.raises(pf.MediaError, match=sentence):
        pf.Video(frames, fps, audio)


def test_rates_of_other_number_types_become_plain_numbers() -> None:
    assert type(pf.Audio(SAMPLES, np.int64(8000)).sample_rate) is int
    assert pf.Video(FRAMES, Fraction(30000, 1001)).fps == pytest.approx(29.97, abs=0.001)  # type: ignore[arg-type]


def test_a_model_handle_can_be_a_key() -> None:
    assert {pf.Model("a", {"x": [1]}): 1}[pf.Model("a", {"x": [1]})] == 1
