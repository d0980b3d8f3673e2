"""Music.

Written by PixelFlow 0.1.0.
Needs:
pip install "numpy>=2.4.6" "safetensors>=0.8.0" "soundfile>=0.14.0" \
    "torch>=2.13.0" "transformers>=5.23.0"
"""

import argparse
import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from transformers import AutoProcessor, MusicgenForConditionalGeneration

DEVICE = "mps" if torch.backends.mps.is_available() else "cpu"
if torch.cuda.is_available():
    DEVICE = "cuda"
DTYPE = {"cuda": torch.bfloat16, "mps": torch.float16, "cpu": torch.float32}[DEVICE]


@dataclass(eq=False)
class Audio:
    """Holds a sound: float32 (channels, frames) in [-1, 1], and frames per second."""

    samples: np.ndarray
    sample_rate: int


def within(samples: np.ndarray) -> np.ndarray:
    """Return samples that are no louder than 1."""
    peak = float(np.abs(samples).max(initial=0.0))
    return np.ascontiguousarray(samples / peak if peak > 1 else samples, np.float32)


def played(model: Any, inputs: Any, seconds: float, seed: int, **options: Any) -> Audio:
    """Return what a MusicGen makes of its inputs."""
    encoder = model.config.audio_encoder
    # One codebook begins after another.
    most = (
        math.ceil(seconds * encoder.frame_rate) + model.config.decoder.num_codebooks - 1
    )
    torch.manual_seed(seed)
    with torch.inference_mode():
        made = model.generate(**inputs, do_sample=True, max_new_tokens=most, **options)
    return Audio(within(made[0].float().cpu().numpy()), encoder.sampling_rate)


def music_of(
    model: Any, processor: Any, prompt: str, seconds: float, seed: int, **options: Any
) -> Audio:
    """Return the music that a MusicGen makes of a prompt."""
    inputs = processor(text=[prompt], padding=True, return_tensors="pt").to(
        model.device
    )
    return played(model, inputs, seconds, seed, **options)


@functools.cache
def load_musicgen() -> MusicgenForConditionalGeneration:
    model = MusicgenForConditionalGeneration.from_pretrained(
        "facebook/musicgen-small",
        revision="4c8334b02c6ec4e8664a91979669a501ec497792",
        dtype=DTYPE,
        use_safetensors=True,
    )
    return model.to(DEVICE)


@functools.cache
def load_musicgen_processor():
    return AutoProcessor.from_pretrained(
        "facebook/musicgen-small", revision="4c8334b02c6ec4e8664a91979669a501ec497792"
    )


def main(prompt: str = "slow piano, rain") -> Audio:
    """Music.

    Args:
        prompt: What it sounds like.
    """
    # Text to music
    music = music_of(
        load_musicgen(), load_musicgen_processor(), prompt, seconds=8.0, seed=7
    )

    return music


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--prompt", default="slow piano, rain", help="What it sounds like."
    )
    parser.add_argument("--out", type=Path, default=Path(), help="Where results go.")
    given = vars(parser.parse_args())
    out = given.pop("out")
    result = main(**given)
    soundfile.write(out / "music.wav", result.samples.T, result.sample_rate)
