"""What ten LoRAs cost in memory beside their base model, and whether models come and go without a trace.

One base of Stable Diffusion XL's classes with random weights, ten LoRAs of rank 16 on all of its attention; private
bytes of this process before and after. Then two models take turns where only one may stay.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

import gc
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.models.loading import lend
from pixelflow_widgets.models.memory import VARIABLE, memory, resident
from pixelflow_widgets.models.quiet import quiet

LORAS = 10
RANK = 16
BOUND = 1.05
CYCLES = 200
EARLY, LATE = slice(20, 60), slice(160, 200)
FLAT = 1.02


def private_bytes() -> int:
    """Bytes that this process wrote, and that no other has."""
    text = Path("/proc/self/smaps_rollup").read_text()
    fields = dict(line.split(":", 1) for line in text.splitlines()[1:])
    return int(fields["Private_Dirty"].split()[0]) * 1024


def nobody(fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
    """Hear nothing."""


def build_base(folder: Path, channels: tuple[int, int] = (160, 480)) -> Path:
    """Write a model in SDXL's format; in half precision, so that what is loaded is no mere view of the file."""
    import torch
    from diffusers import UNet2DConditionModel

    from pixelflow_widgets.starter.architecture import build_pipeline

    pipeline = build_pipeline(tiny=True)
    config = {**pipeline.unet.config, "block_out_channels": channels, "attention_head_dim": 10, "norm_num_groups": 32}
    config |= {"layers_per_block": 2, "transformer_layers_per_block": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipeline.unet = UNet2DConditionModel.from_config(config)
    with quiet():
        pipeline.to(torch.float16).save_pretrained(folder)
    return folder


def build_loras(base: Path, folder: Path, count: int = LORAS) -> list[Path]:
    """Write LoRAs for a base model, as diffusers saves them."""
    import torch
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
    from peft import LoraConfig, get_peft_model_state_dict

    unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet")
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    paths = []
    for number in range(count):
        torch.manual_seed(number)
        layers: dict[str, Any] = {
            name: torch.randn_like(value) * 0.02 for name, value in get_peft_model_state_dict(unet).items()
        }
        path = folder / f"lora_{number}.safetensors"
        StableDiffusionXLPipeline.save_lora_weights(folder, unet_lora_layers=layers, weight_name=path.name)
        paths.append(path)
    return paths


def stack_row(base: Path, loras: list[Path]) -> bool:
    """Compare what is private to the process with the base alone and with all LoRAs on it."""
    model = pf.Model(str(base))
    stack = model
    for number, path in enumerate(loras):
        stack = stack.with_adapter(str(path), 0.1 * (number + 1))
    with lend(stack.with_options(dtype="float32"), "text_to_image", nobody):
        pass  # code and caches of the libraries are there after this
    memory.free()
    gc.collect()
    nothing = private_bytes()
    with lend(model, "text_to_image", nobody):
        alone = private_bytes() - nothing
    with lend(stack, "text_to_image", nobody) as loan:
        together = private_bytes() - nothing
        acting = len(loan.pipeline.get_active_adapters())
    weights = sum(path.stat().st_size for path in loras)
    adapters = sum(part.bytes for found in resident() for part in found.parts if part.name.startswith("lora_"))
    ratio = together / (alone + adapters)
    is_kept = ratio <= BOUND and acting == LORAS
    print(
        f"base {alone / 1e6:.1f} MB, {LORAS} LoRAs {adapters / 1e6:.1f} MB ({weights / 1e6:.1f} MB of files), together "
        f"{together / 1e6:.1f} MB: {ratio:.3f} of base + adapters; bound {BOUND} - {'kept' if is_kept else 'BROKEN'}"
    )
    return is_kept


def cycles_row(folders: list[Path], lora: Path) -> bool:
    """Load models in turn where only one may stay, and look at what is left each time."""
    used = []
    files = sum(path.stat().st_size for path in folders[0].rglob("*.safetensors"))
    os.environ[VARIABLE] = str(int(2 * files * 1.5))  # in memory they are twice as large
    for number in range(CYCLES):
        with lend(pf.Model(str(folders[number % 2])).with_adapter(str(lora), 0.5), "text_to_image", nobody):
            pass
        assert sum(kept.bytes for kept in memory.all()) <= memory.limit("cpu")
        used.append(private_bytes())
    early, late = statistics.median(used[EARLY]), statistics.median(used[LATE])
    is_kept = late <= FLAT * early
    print(
        f"{CYCLES} times loaded and let go of: {early / 1e6:.1f} MB in cycles 20-60, {late / 1e6:.1f} MB in 160-200: "
        f"{late / early:.3f}; bound {FLAT} - {'kept' if is_kept else 'BROKEN'}"
    )
    return is_kept


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = build_base(folder / "base")
        loras = build_loras(base, folder)
        kept = [stack_row(base, loras)]
        memory.free()
        small = [build_base(folder / name, (32, 160)) for name in ("one", "two")]
        lora = build_loras(small[0], folder, 1)[0]
        kept.append(cycles_row(small, lora))
    return not all(kept)


if __name__ == "__main__":
    sys.exit(main())
