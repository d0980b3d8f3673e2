"""How long a training will take and how much memory, roughly, before it starts: from headers and settings alone."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ModelError, TrainingError
from ..media import Model
from ..models.cards import size_in_words
from ..models.devices import best_device, free_bytes
from ..models.estimates import weighed
from ..models.families import config_in
from ..models.fitting import ground_of
from ..models.live import is_live, pipeline_behind
from ..models.memory import memory
from ..models.single_files import settings_folder
from .settings import Settings

_STATE = 16
"""Bytes for each number that learns: itself, its gradient and AdamW's two means, in single precision."""
_USE = {"cuda": 0.35, "mps": 0.3, "cpu": 0.4}
"""Share of the speed of a plain product of matrices that a UNet comes to."""
_STEP_SECONDS = {"cuda": 0.05, "mps": 0.05, "cpu": 0.03}
"""What a step takes besides computing."""
_SLACK = 1.25
"""Times what was counted: memory is not used without gaps, and libraries want some of it."""
_WIDE_TOKENS = 34
"""Numbers that a layer of a text encoder keeps for the way back, for each token and each number of its width."""
_PRIOR_STEPS = 12


@dataclass(frozen=True)
class Estimate:
    """Says what a training will cost, about.

    Args:
        seconds: That it will take.
        bytes: That it will need on the device, with the model.
        free: Bytes that are free there, or would be once models that nobody uses were let go of.
        device: Where it would compute.
        learnt: How many numbers learn.
    """

    seconds: float
    bytes: int
    free: int
    device: str
    learnt: int

    @property
    def fits(self) -> bool:
        """Return whether there is memory enough, as far as can be told."""
        return self.bytes <= self.free

    def __str__(self) -> str:
        room = f"{size_in_words(self.bytes)} of memory, {size_in_words(self.free)} free"
        short = "" if self.fits else ": that may not be enough"
        return f"About {in_words(self.seconds)} on {self.device} and {room}{short}. Roughly; the first steps will tell."


def estimate(settings: Settings, model: Model | None = None) -> Estimate:
    """Return what a training will cost; no weights are loaded. The first time for a base takes seconds.

    Args:
        settings: With nothing left open; see `placed`.
        model: The base model, where it is more than its name in the settings.

    Raises:
        ModelError: The base model is not here, or says nothing of its size.
    """
    from .weighing import weigh

    model = model or Model(settings.base)
    device = best_device()
    unet, encoders, pixels = _configs(model)
    is_half = settings.precision in ("float16", "bfloat16") or (settings.precision == "auto" and device != "cpu")
    size = max(8, round((settings.resolution or 512) / pixels))
    tokens = max((config.get("max_position_embeddings", 77) for config in encoders), default=77)
    each = weigh(unet, settings, size, tokens, is_half)
    together = (settings.batch or 1) + (round(settings.prior * (settings.batch or 1)) if settings.prior else 0)
    texts_learn = bool(settings.text_encoders) and settings.method == "lora"
    learnt = each.learnt + sum(_learnt_by(config, settings) for config in encoders if texts_learn)
    kept = each.kept_saving if settings.gradient_checkpointing else each.kept
    if texts_learn or settings.method == "prompt":
        kept += sum(_kept_by(config, tokens) for config in encoders) * (2 if is_half else 4)
    state = _STATE * learnt + (2 * each.numbers if is_half and settings.method == "full" else 0)
    needed = weighed(replace(model, adapters=()), device) + _SLACK * (state + kept * max(1, together))
    work = each.work * (_looks(settings) + together * settings.accumulation * (settings.steps or 0) * _ways(settings))
    speed = _speed(device, settings.precision if settings.precision != "auto" else "") * _USE.get(device, 0.3)
    own = (settings.steps or 0) * settings.accumulation * _STEP_SECONDS.get(device, 0.05)
    return Estimate(work / speed + own, int(needed), _free(device), device, learnt)


def check_memory(settings: Settings, model: Model | None = None) -> None:
    """Check that there is memory enough where all weights shall learn; other methods need little beside the model.

    Args:
        settings: With nothing left open.
        model: The base model, where it is more than its name in the settings.

    Raises:
        TrainingError: It is short: says how much is needed and what to do.
        ModelError: The base model is not here, or says nothing of its size.
    """
    if settings.method != "full" or (found := estimate(settings, model)).fits:
        return
    needs, free = size_in_words(found.bytes), size_in_words(found.free)
    raise TrainingError(
        f"Teaching all {found.learnt / 1e6:,.0f} million weights of '{settings.base}' needs about {needs} of memory on "
        f"{found.device}, and {free} are free. Set method to 'lora', which needs a fraction of that, or lower batch "
        "and resolution."
    )


def seconds_left(seconds: Sequence[float], steps: int) -> float | None:
    """Return how long a training will go on, by the steps that were measured; None before there are any.

    Args:
        seconds: That each step took so far; the first ones make ready and are slower, and the newest count most.
        steps: That are left.
    """
    return statistics.median(seconds[-50:]) * steps if seconds else None


def in_words(seconds: float) -> str:
    """Return a time as people say it: "40 seconds", "3 minutes", "2.5 hours"."""
    for unit, size, digits in (("day", 86_400, 1), ("hour", 3600, 1), ("minute", 60, 0)):
        if seconds >= 1.5 * size:
            return f"{round(seconds / size, digits or None):,} {unit}s"
    return f"{max(1, round(seconds))} second{'' if round(seconds) <= 1 else 's'}"


def _configs(model: Model) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], int]:
    """Return (the UNet's configuration, those of the text encoders, pixels of a picture for each latent)."""
    if is_live(model):
        pipeline = pipeline_behind(model)
        named = (getattr(pipeline, name, None) for name in ("text_encoder", "text_encoder_2"))
        texts = [encoder.config.to_dict() for encoder in named if encoder is not None]
        return dict(pipeline.unet.config), texts, pipeline.vae_scale_factor
    ground = ground_of(model)
    place = ground.place or Path()
    if place.is_file():
        place = settings_folder(ground.family, place)
    unet = config_in(place / "unet", "config.json")
    if not unet:
        raise ModelError(
            f"{ground.title} has no UNet that says how it is built, so nobody can tell what teaching costs."
        )
    found = (config_in(place / name, "config.json") for name in ("text_encoder", "text_encoder_2"))
    blocks = config_in(place / "vae", "config.json").get("block_out_channels") or (0,) * 4
    return unet, [config for config in found if config], 2 ** (len(blocks) - 1)


def _learnt_by(config: Mapping[str, Any], settings: Settings) -> int:
    """Return how many numbers of a text encoder learn in a LoRA: four square layers and two of the feed-forward."""
    width, inner = config.get("hidden_size", 0), config.get("intermediate_size", 0)
    return config.get("num_hidden_layers", 0) * (settings.rank or 1) * (8 * width + 2 * (width + inner))


def _kept_by(config: Mapping[str, Any], tokens: int) -> int:
    """Return about how many numbers a text encoder keeps for the way back, for one caption."""
    return config.get("num_hidden_layers", 0) * config.get("hidden_size", 0) * _WIDE_TOKENS * tokens


def _ways(settings: Settings) -> float:
    """Return how often a step goes through the UNet, counted in ways forward."""
    return 2.0 + (settings.method == "full") + bool(settings.gradient_checkpointing)


def _looks(settings: Settings) -> float:
    """Return how often the UNet is asked to paint, each time with and without the prompt: samples, the base's own."""
    looks = 1 + (settings.steps or 0) // (settings.sample_every or settings.steps or 1)
    painted = looks * (len(settings.sample_prompts) or 2) * settings.sample_steps
    return 2.0 * (painted + (settings.prior_pictures * _PRIOR_STEPS if settings.prior else 0))


@functools.cache
def _speed(device: str, precision: str) -> float:
    """Return how many operations a second a product of matrices comes to here, measured in a fraction of one."""
    import torch

    dtype = getattr(torch, precision) if precision else torch.float32 if device == "cpu" else torch.float16
    edge = 768 if device == "cpu" else 4096
    one = torch.ones(edge, edge, device=device, dtype=dtype)
    times = []
    for _ in range(6):
        begin = time.perf_counter()
        float((one @ one)[0, 0])  # waits until it is there
        times.append(time.perf_counter() - begin)
    return 2.0 * edge**3 / min(times)


def _free(device: str) -> int:
    """Return how many bytes are free, or would be once models that nobody uses were let go of."""
    idle = sum(kept.bytes for kept in memory.all() if kept.device == device and not kept.is_in_use)
    return free_bytes(device) + idle
