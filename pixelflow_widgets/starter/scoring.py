"""How well the starter paints what it is told, judged by pixels alone."""

import itertools
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .scenes import (
    COLOURS,
    RELATIONS,
    SHAPES,
    SIZES,
    Object,
    Scene,
    draw_shape,
    held_out,
    random_scene,
)

if TYPE_CHECKING:
    from diffusers import StableDiffusionXLPipeline

PALETTE = np.array(list(COLOURS.values()), dtype=float)


@dataclass(frozen=True)
class Verdict:
    """What the judge found right in one picture; `relation` is None where the scene has one object."""

    background: bool
    colour: bool
    shape: bool
    size: bool
    relation: bool | None = None


@dataclass(frozen=True)
class Scores:
    """Shares of pictures in which each property is right, in [0, 1], and CPU seconds an image."""

    background: float
    colour: float
    shape: float
    size: float
    relation: float | None
    seconds: float

    @classmethod
    def of(cls, verdicts: Sequence[Verdict], seconds: float) -> "Scores":
        """Averages the verdicts; a property that no verdict has is None."""
        shares = {}
        for field in fields(Verdict):
            found = [value for verdict in verdicts if (value := getattr(verdict, field.name)) is not None]
            shares[field.name] = sum(found) / len(found) if found else None
        return cls(**shares, seconds=seconds)


def score(
    folder: str | Path,
    *,
    prompts: int = 200,
    pairs: int = 100,
    seed: int = 1,
    steps: int = 20,
    guidance: float = 3,
    sheet: str | Path | None = None,
) -> dict[str, Scores]:
    """Paints scenes that the training never saw and prints the shares of right ones, for one and for two objects.

    Args:
        folder: The model's folder.
        prompts: How many one-object prompts.
        pairs: How many two-object prompts.
        seed: Seed of the choice of prompts and of the noise.
        steps: Denoising steps.
        guidance: Weight of the prompt over the empty one.
        sheet: Where to save all pictures as one, if anywhere.
    """
    pipeline = load(folder)
    found, images = {}, []
    for name, scenes in {"one object": unseen(prompts, 1, seed), "two objects": unseen(pairs, 2, seed)}.items():
        if not scenes:
            continue
        start = time.process_time()
        painted = paint(pipeline, [scene.caption for scene in scenes], seed, steps, guidance)
        seconds = (time.process_time() - start) / len(scenes)
        found[name] = Scores.of([judge(image, scene) for image, scene in zip(painted, scenes, strict=True)], seconds)
        images += painted
    print(table(found))
    if sheet:
        contact_sheet(images).save(sheet)
    return found


def load(folder: str | Path) -> "StableDiffusionXLPipeline":
    """Loads the model in single precision, which CPUs compute fastest, and without progress bars."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def paint(
    pipeline: "StableDiffusionXLPipeline", prompts: Sequence[str], seed: int, steps: int = 20, guidance: float = 3
) -> list[Image.Image]:
    """Paints the prompts in batches of 20, each with a seed of its own."""
    import torch

    images = []
    for start in range(0, len(prompts), 20):
        batch = list(prompts[start : start + 20])
        generators = [torch.Generator().manual_seed(seed * 1_000_003 + start + number) for number in range(len(batch))]
        images += pipeline(batch, num_inference_steps=steps, guidance_scale=guidance, generator=generators).images
    return images


def unseen(count: int, objects: int, seed: int) -> list[Scene]:
    """Chooses held-out scenes of one or two objects; all differ as long as there are enough of them."""
    rng = random.Random(f"unseen {objects} {seed}")
    if objects == 2:
        scenes = (random_scene(rng, pairs=1) for _ in itertools.count())
        return list(itertools.islice(filter(held_out, scenes), count))
    things = itertools.product(COLOURS, SIZES, COLOURS, SHAPES)
    single = [Scene(place, (Object(size, colour, shape),)) for place, size, colour, shape in things if place != colour]
    single = [scene for scene in single if held_out(scene)]
    rng.shuffle(single)
    return list(itertools.islice(itertools.cycle(single), count))


def judge(image: Image.Image, scene: Scene) -> Verdict:
    """Compares a picture with the scene it should show; with two objects, both must be right."""
    pixels = np.asarray(image.convert("RGB"), dtype=float)
    place = _background(pixels)
    foreground = np.linalg.norm(pixels - PALETTE[place], axis=2) > 60
    masks = [foreground]
    if len(scene.objects) == 2:
        masks = [_only(pixels, _number(thing.colour), foreground) for thing in scene.objects]
    wanted = [(_number(thing.colour), thing.shape, thing.size) for thing in scene.objects]
    seen = [_recognise(pixels, mask) for mask in masks]
    colour, shape, size = (
        all(found and found[trait] == asked[trait] for found, asked in zip(seen, wanted, strict=True))
        for trait in range(3)
    )
    relation = _relation(masks, scene.relation) if scene.relation else None
    return Verdict(place == _number(scene.background), colour, shape, size, relation)


def table(found: dict[str, Scores]) -> str:
    """Formats the scores as lines of a Markdown table."""
    names = [field.name for field in fields(Scores)]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for title, scores in found.items():
        values = [getattr(scores, name) for name in names[:-1]]
        shares = ["-" if value is None else f"{value:.1%}" for value in values]
        lines.append("| " + " | ".join([title, *shares, f"{scores.seconds:.2f}"]) + " |")
    return "\n".join(lines)


def contact_sheet(images: Sequence[Image.Image], columns: int = 20) -> Image.Image:
    """Lays pictures of one size out in rows."""
    width, height = images[0].size
    sheet = Image.new("RGB", (width * min(columns, len(images)), height * -(-len(images) // columns)))
    for number, image in enumerate(images):
        sheet.paste(image, (number % columns * width, number // columns * height))
    return sheet


def nearest(pixels: np.ndarray) -> np.ndarray:
    """Numbers the palette's colour nearest to each pixel; (..., 3) to (...)."""
    return np.linalg.norm(pixels[..., None, :] - PALETTE, axis=-1).argmin(-1)


def _number(colour: str) -> int:
    """Numbers a colour's name in the palette."""
    return list(COLOURS).index(colour)


def _background(pixels: np.ndarray) -> int:
    """Numbers the colour of the four corners, by their median."""
    corners = pixels[np.ix_([0, 1, 2, -3, -2, -1], [0, 1, 2, -3, -2, -1])]
    return int(nearest(np.median(corners.reshape(-1, 3), axis=0)))


def _only(pixels: np.ndarray, colour: int, foreground: np.ndarray) -> np.ndarray:
    """Masks one of two objects: pixels nearest to its colour that touch a pure one.

    Where another object's edge blends into the background, a colour between them may pass for this one.
    """
    pure = foreground & (np.linalg.norm(pixels - PALETTE[colour], axis=-1) < 45)
    near = Image.fromarray(pure).convert("L").filter(ImageFilter.MaxFilter(3))
    return foreground & (nearest(pixels) == colour) & (np.asarray(near) > 0)


def _recognise(pixels: np.ndarray, mask: np.ndarray) -> tuple[int, str, str] | None:
    """Names the colour, shape and size under a mask, by the best overlap with a drawn template; None if it is tiny."""
    if mask.sum() < 20:
        return None
    side = len(mask)
    rows, columns = np.nonzero(mask)
    shift = [round((side - 1) / 2 - axis.mean()) for axis in (rows, columns)]
    moved = np.roll(mask, shift, axis=(0, 1))
    names, templates = _templates(side)
    overlap = (templates & moved).sum((1, 2)) / (templates | moved).sum((1, 2))
    shape, radius = names[int(overlap.argmax())]
    size = min(SIZES, key=lambda name: abs(math.log(SIZES[name] * side / radius)))
    return int(nearest(np.median(pixels[mask], axis=0))), shape, size


@cache
def _templates(side: int) -> tuple[list[tuple[str, float]], np.ndarray]:
    """Draws every shape at many radii with its centre of mass in the middle.

    Returns the names with radii in pixels, and masks (n, side, side).
    """
    names, masks = [], []
    for shape, share in itertools.product(SHAPES, np.geomspace(0.75 * min(SIZES.values()), 0.45, 24)):
        radius, middle = share * side, (side - 1) / 2
        for _ in range(2):  # First to find the centre of mass, then to draw it in the middle.
            large = Image.new("L", (side * 4, side * 4))
            draw_shape(ImageDraw.Draw(large), shape, (side * 2, 4 * middle + 2), radius * 4, 255)
            mask = np.asarray(large.reduce(4)) > 127
            middle += (side - 1) / 2 - np.nonzero(mask)[0].mean()
        names.append((shape, radius))
        masks.append(mask)
    return names, np.stack(masks)


def _relation(masks: list[np.ndarray], relation: str) -> bool:
    """Tells whether the first mask's centre lies from the second's in the relation's direction, within 45 degrees."""
    if not all(mask.any() for mask in masks):
        return False
    (y, x), (other_y, other_x) = [[axis.mean() for axis in np.nonzero(mask)] for mask in masks]
    dx, dy = RELATIONS[relation]
    along = (x - other_x) * dx + (y - other_y) * dy
    across = abs((x - other_x) * dy) + abs((y - other_y) * dx)
    return bool(along > across)
