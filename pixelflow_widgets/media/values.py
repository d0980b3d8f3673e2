"""The Python types of what travels, where no other library has one, and the names for those that exist."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

import numpy as np
import PIL.Image

from ..errors import MediaError

Image = PIL.Image.Image
Mask = NewType("Mask", PIL.Image.Image)
"""A PIL image of mode "L": 255 where something is selected, 0 elsewhere."""
Latents = NewType("Latents", object)
"""A torch tensor (batch, channels, height, width) in a model's latent space."""
Table = NewType("Table", object)
"""A pandas DataFrame."""


@dataclass(frozen=True)
class Audio:
    """Holds a sound.

    Args:
        samples: float32 (channels, frames), in [-1, 1].
        sample_rate: Frames per second, in hertz.
    """

    samples: np.ndarray
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise MediaError(
                f"Audio wants float32 samples of shape (channels, frames), not {self.samples.dtype} of shape "
                f"{self.samples.shape}. Write Audio(samples.astype('float32').reshape(channels, -1), sample_rate)."
            )


@dataclass(frozen=True)
class Video:
    """Holds a film.

    Args:
        frames: uint8 (n, height, width, 3), RGB.
        fps: Frames per second.
        audio: Its sound, if any.
    """

    frames: np.ndarray
    fps: float
    audio: Audio | None = None

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.shape[-1] != 3 or self.frames.dtype != np.uint8:
            raise MediaError(
                f"Video wants uint8 frames of shape (n, height, width, 3), not {self.frames.dtype} of shape "
                f"{self.frames.shape}."
            )


@dataclass(frozen=True)
class Model:
    """Is a light handle on a model: where it comes from and how it is set up, never the module itself.

    Args:
        source: Name of a model card, Hub id, local folder or single file.
        options: What changes the pipeline: scheduler, dtype, variant.
        adapters: (source, weight) of each adapter, in order.
    """

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    adapters: tuple[tuple[str, float], ...] = ()

    def __hash__(self) -> int:
        return hash(self.as_json())

    def as_json(self) -> str:
        """Return the handle as canonical JSON."""
        return canonical_json({"source": self.source, "options": dict(self.options), "adapters": self.adapters})


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces, so that equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def blake3_hex(*chunks: bytes) -> str:
    """Return the BLAKE3 digest of the chunks one after another, as 64 hexadecimal digits."""
    from blake3 import blake3

    hasher = blake3()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()
