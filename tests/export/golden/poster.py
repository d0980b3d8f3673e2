"""Poster.

Written by PixelFlow 0.1.0.
Needs:
pip install "accelerate>=1.15.0" "diffusers>=0.42.1" "peft>=0.21.2" \
    "pillow>=13.0.0" "safetensors>=0.8.0" "torch>=2.13.0" \
    "transformers>=5.23.0"
"""

import argparse
import functools
from pathlib import Path

import PIL.Image
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionXLPipeline

PROMPT = (
    "travel poster of a lighthouse on a basalt cliff, flat screen-print colours, thick "
    "grain, limited palette of teal and rust"
)
DEVICE = "mps" if torch.backends.mps.is_available() else "cpu"
if torch.cuda.is_available():
    DEVICE = "cuda"
DTYPE = torch.float32 if DEVICE == "cpu" else torch.float16


@functools.cache
def load_sdxl() -> StableDiffusionXLPipeline:
    pipe = StableDiffusionXLPipeline.from_pretrained(
        "stabilityai/stable-diffusion-xl-base-1.0",
        revision="462165984030d82259a11f4367a4eed129e94a7b",
        variant="fp16",
        dtype=DTYPE,
        use_safetensors=True,
    )
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(
        pipe.scheduler.config, use_karras_sigmas=True
    )
    pipe.load_lora_weights(
        "ostris/ikea-instructions-lora-sdxl",
        weight_name="ikea_instructions_xl_v1_5.safetensors",
        adapter_name="ikea_instructions_xl_v1_5",
    )
    pipe.set_adapters(["ikea_instructions_xl_v1_5"], adapter_weights=[0.8])
    return pipe.to(DEVICE)


def main(prompt: str = PROMPT, seed: int = 1234567890) -> PIL.Image.Image:
    """Poster.

    Args:
        prompt: What the poster shows.
        seed: The same seed gives the same poster.
    """
    # Text to image
    pipe = load_sdxl()
    poster = pipe(
        prompt=prompt,
        negative_prompt="photo, watermark, text",
        width=1024,
        height=1024,
        num_inference_steps=30,
        guidance_scale=6.5,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]

    return poster


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompt", default=PROMPT, help="What the poster shows.")
    parser.add_argument(
        "--seed",
        type=int,
        default=1234567890,
        help="The same seed gives the same poster.",
    )
    parser.add_argument("--out", type=Path, default=Path(), help="Where results go.")
    given = vars(parser.parse_args())
    out = given.pop("out")
    result = main(**given)
    result.save(out / "poster.png")
