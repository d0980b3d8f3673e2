"""One prompt with SDXL, without and with a LoRA.

Needs: pip install diffusers transformers accelerate peft torch pillow
"""

import argparse
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image


def pick_device() -> tuple[str, torch.dtype]:
    if torch.cuda.is_available():
        return "cuda", torch.float16
    if torch.backends.mps.is_available():
        return "mps", torch.float16
    return "cpu", torch.float32


def load_pipeline() -> StableDiffusionXLPipeline:
    device, dtype = pick_device()
    pipe = StableDiffusionXLPipeline.from_pretrained(
        "stabilityai/stable-diffusion-xl-base-1.0",
        revision="462165984030d82259a11f4367a4eed129e94a7b",
        variant="fp16",
        dtype=dtype,
        use_safetensors=True,
    )
    pipe.load_lora_weights(
        "ostris/ikea-instructions-lora-sdxl",
        weight_name="ikea_instructions_xl_v1_5.safetensors",
        adapter_name="instructions",
    )
    return pipe.to(device)


def make_both(prompt: str, seed: int) -> dict[str, Image.Image]:
    pipe = load_pipeline()

    pipe.disable_lora()
    plain = pipe(
        prompt=prompt,
        width=1024,
        height=1024,
        num_inference_steps=30,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]

    pipe.enable_lora()
    pipe.set_adapters(["instructions"], adapter_weights=[0.8])
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
    parser.add_argument("--prompt", default="a red fox in fresh snow, soft morning light")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path())
    args = parser.parse_args()
    for name, image in make_both(args.prompt, args.seed).items():
        image.save(args.out / f"{name}.png")
