"""Styles.

Written by PixelFlow 0.1.0.
Needs:
pip install "accelerate>=1.15.0" "diffusers>=0.42.1" "peft>=0.21.2" \
    "safetensors>=0.8.0" "torch>=2.13.0" "transformers>=5.23.0"
"""

import argparse
import functools
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline

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
    pipe.load_lora_weights(
        "ostris/ikea-instructions-lora-sdxl",
        weight_name="ikea_instructions_xl_v1_5.safetensors",
        adapter_name="ikea_instructions_xl_v1_5",
    )
    return pipe.to(DEVICE)


def main(
    prompt: str = "a red fox in fresh snow, soft morning light", seed: int = 7
) -> dict[str, object]:
    """Styles.

    Args:
        prompt: What both pictures show.
        seed: The same seed gives the same pictures.
    """
    # Plain
    pipe = load_sdxl()
    pipe.disable_lora()
    plain = pipe(
        prompt=prompt,
        width=1024,
        height=1024,
        num_inference_steps=30,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]

    # Styled
    pipe = load_sdxl()
    pipe.enable_lora()
    pipe.set_adapters(["ikea_instructions_xl_v1_5"], adapter_weights=[0.8])
    styled = pipe(
        prompt=prompt,
        width=1024,
        height=1024,
        num_inference_steps=30,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]

    return {"plain": plain, "styled": styled}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--prompt",
        default="a red fox in fresh snow, soft morning light",
        help="What both pictures show.",
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="The same seed gives the same pictures."
    )
    parser.add_argument("--out", type=Path, default=Path(), help="Where results go.")
    given = vars(parser.parse_args())
    out = given.pop("out")
    results = main(**given)
    results["plain"].save(out / "plain.png")
    results["styled"].save(out / "styled.png")
