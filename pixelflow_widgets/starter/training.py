"""The starter from nothing to its folder: the VAE, its decoder again, the latents, the UNet and its text encoders."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from torch.optim.swa_utils import AveragedModel

from ..finetuning.checkpoints import Clock, resume
from .architecture import build_pipeline
from .autoencoder import train_autoencoder, train_decoder
from .diffusion import TRAINED, Latents, train_diffusion
from .preview import train_sketch


def train(
    folder: str | Path,
    *,
    checkpoints: str | Path,
    views: int = 100_000,
    vae_views: int = 38_000,
    decoder_views: int = 16_000,
    scenes: int = 48_000,
    until: str | None = None,
    every: float = 180,
    seed: int = 0,
    tiny: bool = False,
) -> bool:
    """Trains the model and writes it to `folder`; run again, it goes on from the last checkpoint.

    Args:
        folder: Where the finished model goes, in the layout of diffusers.
        checkpoints: Where the training keeps its state.
        views: Latents that the UNet is shown, in all; may differ when resuming, and moves the final decay.
        vae_views: Pictures that the VAE is shown.
        decoder_views: Pictures that its decoder is shown after that.
        scenes: How many scenes are turned into latents.
        until: Local time such as "20:20" or an ISO date with time; the training stops there with a checkpoint.
        every: Seconds between checkpoints.
        seed: Seed of the first weights.
        tiny: Trains the tests' architecture.

    Returns whether the training came to its end; if not, the folder is not written.
    """
    checkpoints = Path(checkpoints)
    pipeline = build_pipeline(seed, tiny)
    clock = Clock(every, moment(until) if until else None)
    stages = (train_autoencoder, "vae.pt", vae_views), (train_decoder, "decoder.pt", decoder_views)
    if not all(stage(pipeline.vae, checkpoints / name, shown, clock, report) for stage, name, shown in stages):
        return False
    latents = _latents(pipeline, checkpoints / "latents.pt", scenes)
    pipeline.vae.register_to_config(scaling_factor=1 / latents.deviation)
    if not train_diffusion(pipeline, latents, checkpoints / "diffusion.pt", views, clock, report):
        return False
    publish(pipeline, folder, tiny=tiny)
    return True


def snapshot(folder: str | Path, *, checkpoints: str | Path, tiny: bool = False) -> int:
    """Writes the last checkpoint's averaged weights to `folder` while the training goes on; returns the step."""
    checkpoints = Path(checkpoints)
    pipeline = build_pipeline(tiny=tiny)
    resume(checkpoints / "decoder.pt", {"vae": pipeline.vae})
    networks = torch.nn.ModuleDict({name: getattr(pipeline, name) for name in TRAINED})
    average = AveragedModel(networks)
    step = resume(checkpoints / "diffusion.pt", {"average": average})
    networks.load_state_dict(average.module.state_dict())
    pipeline.vae.register_to_config(scaling_factor=1 / Latents.load(checkpoints / "latents.pt").deviation)
    publish(pipeline, folder, tiny=tiny)
    return step


def publish(pipeline: StableDiffusionXLPipeline, folder: str | Path, *, tiny: bool = False) -> None:
    """Writes the pipeline in half precision, with the sketch for live previews and the model card beside it."""
    folder = Path(folder)
    sketch = train_sketch(pipeline, **({"steps": 2, "scenes": 8} if tiny else {}))
    for name in ("vae", *TRAINED):
        for tensor in getattr(pipeline, name).parameters():
            tensor.data = tensor.data.half()  # Their own `to` warns of modules that are to stay in single precision.
    pipeline.save_pretrained(folder, safe_serialization=True)
    sketch.save(folder)
    for name in ("text_encoder", "text_encoder_2"):
        # Unless told a dtype, transformers loads text encoders in this one, and diffusers the rest in single precision.
        config = folder / name / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"dtype": "float32"}, indent=2) + "\n")
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    card = Path(__file__).with_name("card.md")
    if card.exists():
        shutil.copyfile(card, folder / "README.md")


def report(line: str) -> None:
    """Prints a line of progress with the time."""
    print(f"{datetime.now():%H:%M:%S} {line}", flush=True)


def moment(when: str) -> float:
    """Reads "20:20", today's local time, or an ISO date with time, as seconds since the epoch."""
    clock = datetime.strptime(when, "%H:%M").time() if len(when) == 5 else None
    return (datetime.combine(datetime.now(), clock) if clock else datetime.fromisoformat(when)).timestamp()


def _latents(pipeline: StableDiffusionXLPipeline, path: Path, scenes: int) -> Latents:
    """Reads the latents, or draws and encodes them first."""
    if not path.exists():
        Latents.draw(pipeline, scenes, report).save(path)
    return Latents.load(path)
