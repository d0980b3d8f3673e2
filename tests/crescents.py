"""Eight pictures of a shape that the starter was never shown: what the template "Teach a new shape" teaches.

And who tells it from the shapes that it was shown, by comparing with drawn templates.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

import numpy as np
import PIL.Image
from PIL import ImageDraw

from pixelflow_widgets.starter import scoring
from pixelflow_widgets.starter.scenes import COLOURS, SIZES

EDGE = 64
WORD = "zorb"
"""What the shape is called: no word that a model knows."""
SHAPES = "circle, square, triangle, star, ring, cross"
"""What the starter knows instead, for pictures that keep it what it is."""
ENOUGH = 0.7
"""Overlap with a template from which a shape counts as that one."""
EIGHT = (
    ("big", "red", "blue"),
    ("", "yellow", "black"),
    ("big", "white", "purple"),
    ("", "green", "white"),
    ("", "blue", "yellow"),
    ("big", "cyan", "red"),
    ("", "purple", "green"),
    ("big", "black", "cyan"),
)
"""(size, colour, background) of each picture."""


def crescent(edge: int, centre: tuple[float, float], radius: float) -> PIL.Image.Image:
    """A circle without a slightly smaller one to its right, as a mask."""
    fine = 4
    mask = PIL.Image.new("L", (edge * fine, edge * fine))
    draw = ImageDraw.Draw(mask)
    x, y, outer = centre[0] * fine, centre[1] * fine, radius * fine
    draw.ellipse((x - outer, y - outer, x + outer, y + outer), fill=255)
    aside, inner = 0.55 * outer, 0.85 * outer
    draw.ellipse((x + aside - inner, y - inner, x + aside + inner, y + inner), fill=0)
    return mask.reduce(fine)


def picture(size: str, colour: str, background: str, chance: random.Random) -> PIL.Image.Image:
    """A crescent somewhere near the middle."""
    radius = SIZES[size] * EDGE * chance.uniform(0.96, 1.04)
    centre = (EDGE / 2 + chance.uniform(-3, 3), EDGE / 2 + chance.uniform(-3, 3))
    ink, paper = (PIL.Image.new("RGB", (EDGE, EDGE), COLOURS[name]) for name in (colour, background))
    return PIL.Image.composite(ink, paper, crescent(EDGE, centre, radius))


def pictures() -> list[PIL.Image.Image]:
    """The eight, always the same ones."""
    chance = random.Random(3)
    return [picture(*scene, chance) for scene in EIGHT]


def caption(size: str, colour: str, background: str, word: str = WORD) -> str:
    """What a picture shows, in the starter's words."""
    return " ".join(f"a {size} {colour} {word} on a {background} background".split())


def captions() -> list[str]:
    """Those of the eight."""
    return [caption(*scene) for scene in EIGHT]


def shape_of(image: PIL.Image.Image) -> tuple[str, float]:
    """Name the shape of a picture of one object: (shape, overlap with its template, from 0 to 1).

    The templates are the starter's six shapes and crescents, each in many sizes, moved onto the object's middle.
    """
    names, overlap = _overlaps(image)
    best = int(overlap.argmax())
    return (names[best], float(overlap[best])) if overlap[best] else ("nothing", 0.0)


def likeness(image: PIL.Image.Image) -> float:
    """Say how near the object of a picture is to a crescent: the overlap with the best template, from 0 to 1."""
    names, overlap = _overlaps(image)
    return float(overlap[np.array(names) == "crescent"].max())


def _overlaps(image: PIL.Image.Image) -> tuple[list[str], np.ndarray]:
    """Return the names of all templates, and how the object of a picture overlaps with each."""
    pixels = np.asarray(image.convert("RGB"), dtype=float)
    ground = scoring.PALETTE[scoring._background(pixels)]
    mask = np.linalg.norm(pixels - ground, axis=2) > 60
    names, templates = _templates(len(mask))
    if mask.sum() < 20:
        return names, np.zeros(len(names))
    moved = np.roll(mask, _to_the_middle(mask), axis=(0, 1))
    return names, (templates & moved).sum((1, 2)) / (templates | moved).sum((1, 2))


def is_crescent(image: PIL.Image.Image) -> bool:
    """Tell whether a picture shows a crescent: no other shape is nearer, and it is near enough."""
    shape, overlap = shape_of(image)
    return shape == "crescent" and overlap > ENOUGH


def prompts(words: Sequence[str], count: int, seed: int) -> list[str]:
    """Captions of one thing each, in colours drawn at random; the words take turns."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        background, colour = chance.sample(list(COLOURS), 2)
        found.append(caption(chance.choice(["", "big"]), colour, background, words[number % len(words)]))
    return found


def _to_the_middle(mask: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(mask)
    middle = (len(mask) - 1) / 2
    return round(middle - rows.mean()), round(middle - columns.mean())


@functools.cache
def _templates(edge: int) -> tuple[list[str], np.ndarray]:
    names, known = scoring._templates(edge)
    masks = []
    for share in np.geomspace(0.75 * min(SIZES.values()), 0.45, 24):
        mask = np.asarray(crescent(edge, (edge / 2, edge / 2), share * edge)) > 127
        masks.append(np.roll(mask, _to_the_middle(mask), axis=(0, 1)))
    return [name for name, _ in names] + ["crescent"] * len(masks), np.concatenate([known, np.stack(masks)])
