"""Sounds for the tests of nodes."""

from __future__ import annotations

import numpy as np

from pixelflow_widgets.media import Audio


def tones(seconds: float, pitch: float = 440.0, rate: int = 16_000, channels: int = 1) -> Audio:
    """Return a tone that swells, with its fifth in the second channel."""
    moments = np.arange(round(seconds * rate)) / rate
    waves = [np.sin(2 * np.pi * pitch * (1 + channel / 2) * moments) * moments for channel in range(channels)]
    return Audio(np.stack(waves).astype(np.float32) / max(seconds, 1.0), rate)
