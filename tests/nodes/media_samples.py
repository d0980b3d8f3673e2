"""Small pictures, sounds, films and tables to try nodes with."""

from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image

import pixelflow_widgets as pf


def picture(seed: int = 0, size: tuple[int, int] = (24, 16), mode: str = "RGB") -> PIL.Image.Image:
    """Return a picture of random blocks, so that it has edges, areas and every colour."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 6, *channels), np.uint8)
    return PIL.Image.fromarray(blocks).resize(size, PIL.Image.Resampling.NEAREST)


def tone(
    hertz: float = 440.0, seconds: float = 0.5, rate: int = 8000, channels: int = 1, loud: float = 0.5
) -> pf.Audio:
    """Return a sine; each channel is a little quieter than the one before."""
    moments = np.arange(round(rate * seconds)) / rate
    wave = loud * np.sin(2 * np.pi * hertz * moments)
    return pf.Audio(np.stack([wave * 0.9**channel for channel in range(channels)]).astype(np.float32), rate)


def film(
    count: int = 8, size: tuple[int, int] = (48, 32), fps: float = 8.0, sound: pf.Audio | None = None, seed: int = 0
) -> pf.Video:
    """Return a film of a picture that moves by two pixels a frame."""
    still = np.asarray(picture(seed, size))
    return pf.Video(np.stack([np.roll(still, 2 * number, axis=1) for number in range(count)]), fps, sound)


def table() -> Any:
    """Return a table of words and numbers."""
    import pandas

    return pandas.DataFrame({"animal": ["fox", "owl", "carp"], "legs": [4, 2, 0]})
