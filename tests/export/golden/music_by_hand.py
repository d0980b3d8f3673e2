"""Music of a prompt with MusicGen.

Needs: pip install transformers torch soundfile numpy
"""

import argparse
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import AutoProcessor, MusicgenForConditionalGeneration

MODEL = "facebook/musicgen-small"
REVISION = "4c8334b02c6ec4e8664a91979669a501ec497792"


@dataclass
class Music:
    """A sound: float32 (channels, frames), and its frames per second."""

    samples: np.ndarray
    sample_rate: int


def pick_device() -> tuple[str, torch.dtype]:
    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    if torch.backends.mps.is_available():
        return "mps", torch.float16
    return "cpu", torch.float32


@functools.cache
def load_model() -> MusicgenForConditionalGeneration:
    device, dtype = pick_device()
    model = MusicgenForConditionalGeneration.from_pretrained(
        MODEL, revision=REVISION, dtype=dtype, use_safetensors=True
    )
    return model.to(device)


@functools.cache
def load_processor():
    return AutoProcessor.from_pretrained(MODEL, revision=REVISION)


def tokens_for(model: MusicgenForConditionalGeneration, seconds: float) -> int:
    """Return how many tokens last so long: each codebook is delayed by one more."""
    frame_rate = model.config.audio_encoder.frame_rate
    return math.ceil(seconds * frame_rate) + model.config.decoder.num_codebooks - 1


def make_music(prompt: str, seconds: float = 8.0, seed: int = 7) -> Music:
    """Return the music of a prompt."""
    model, processor = load_model(), load_processor()
    inputs = processor(text=[prompt], padding=True, return_tensors="pt")
    torch.manual_seed(seed)
    with torch.inference_mode():
        made = model.generate(
            **inputs.to(model.device),
            do_sample=True,
            max_new_tokens=tokens_for(model, seconds),
        )
    samples = made[0].float().cpu().numpy()
    # The decoder overshoots now and then, which would click in a 16-bit file.
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > 1:
        samples = samples / peak
    return Music(samples, model.config.audio_encoder.sampling_rate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompt", default="slow piano, rain")
    parser.add_argument("--out", type=Path, default=Path("music.wav"))
    args = parser.parse_args()
    music = make_music(args.prompt)
    soundfile.write(args.out, music.samples.T, music.sample_rate)
