"""A travel poster with SDXL and a LoRA.

Needs: pip install diffusers transformers accelerate peft torch pillow
"""

import argparse
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionXLPipeline
from PIL import Image

PROMPT = (
    "travel poster of a lighthouse on a basalt cliff, flat screen-print colours, "
    "thick grain, limited palette of teal and rust"
)


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
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(
        pipe.scheduler.config, use_karras_sigmas=True
    )
    pipe.load_lora_weights(
        "ostris/ikea-instructions-lora-sdxl",
        weight_name="ikea_instructions_xl_v1_5.safetensors",
        adapter_name="instructions",
    )
    pipe.set_adapters(["instructions"], adapter_weights=[0.8])
    return pipe.to(device)


def make_poster(prompt: str, seed: int) -> Image.Image:
    pipe = load_pipeline()
    return pipe(
        prompt=prompt,
        negative_prompt="photo, watermark, text",
        width=1024,
        height=1024,
        num_inference_steps=30,
        guidance_scale=6.5,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).images[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompt", default=PROMPT, help="what the poster shows")
    parser.add_argument("--seed", type=int, default=1234567890)
    parser.add_argument("--out", type=Path, default=Path("poster.png"))
    args = parser.parse_args()
    make_poster(args.prompt, args.seed).save(args.out)
