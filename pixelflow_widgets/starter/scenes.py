"""Captioned scenes of one or two coloured shapes: the whole world that the starter model knows."""

import hashlib
import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

# Far apart in RGB, so that a judge by pixels and a model of a few million parameters both tell them apart.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 220),
    "yellow": (240, 210, 40),
    "purple": (160, 50, 180),
    "cyan": (60, 205, 225),
    "black": (20, 20, 20),
    "white": (245, 245, 245),
}
SHAPES: tuple[str, ...] = ("circle", "square", "triangle", "star", "ring", "cross")
# The radius of the circle around a shape, as a share of the picture's side.
SIZES: dict[str, float] = {"small": 9.5 / 64, "": 14 / 64, "big": 20 / 64}
# The direction from the second object to the first, (x, y) with y downwards.
RELATIONS: dict[str, tuple[int, int]] = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}
# Two objects side by side need both diameters plus a little room.
MOST_RADII = 30 / 64


@dataclass(frozen=True)
class Object:
    """One shape with its size and colour, all words of this module's tables."""

    size: str
    colour: str
    shape: str

    @property
    def phrase(self) -> str:
        """The words for it: "a small green star"."""
        return " ".join(word for word in ("a", self.size, self.colour, self.shape) if word)


@dataclass(frozen=True)
class Scene:
    """One object, or two with a relation that says where the first is, on a plain background."""

    background: str
    objects: tuple[Object, ...]
    relation: str = ""

    @property
    def caption(self) -> str:
        """The sentence that describes it, as the model is prompted."""
        subject = f" {self.relation} ".join(thing.phrase for thing in self.objects)
        return f"{subject} on a {self.background} background"


def random_scene(rng: random.Random, pairs: float = 0.35) -> Scene:
    """Draws a scene at random; `pairs` is the share of scenes with two objects."""
    count = 2 if rng.random() < pairs else 1
    while True:
        background, *colours = rng.sample(list(COLOURS), 1 + count)
        objects = tuple(Object(rng.choice(list(SIZES)), colour, rng.choice(SHAPES)) for colour in colours)
        if count == 1:
            return Scene(background, objects)
        if sum(SIZES[thing.size] for thing in objects) <= MOST_RADII:
            return Scene(background, objects, rng.choice(list(RELATIONS)))


def training_scene(rng: random.Random, pairs: float = 0.35) -> Scene:
    """Draws a scene at random among those that are not held out."""
    while held_out(scene := random_scene(rng, pairs)):
        pass
    return scene


def held_out(scene: Scene) -> bool:
    """Tells whether training never sees this scene: about a tenth of all one-object scenes, by a hash of the caption.

    A two-object scene is held out when its own caption is, or when one of its objects alone on its background is.
    """
    alone = [Scene(scene.background, (thing,)) for thing in scene.objects]
    captions = {scene.caption, *(part.caption for part in alone)}
    return any(hashlib.sha256(caption.encode()).digest()[0] < 26 for caption in captions)


def draw(scene: Scene, rng: random.Random, pixels: int = 64) -> Image.Image:
    """Draws the scene as a square RGB picture; `rng` moves and scales the objects slightly."""
    side = pixels * 2  # Drawn at twice the size and reduced, for smooth edges.
    image = Image.new("RGB", (side, side), COLOURS[scene.background])
    canvas = ImageDraw.Draw(image)
    radii = [SIZES[thing.size] * rng.uniform(0.96, 1.04) for thing in scene.objects]
    for thing, radius, (x, y) in zip(scene.objects, radii, _centres(scene, radii, rng), strict=True):
        draw_shape(canvas, thing.shape, (x * side, y * side), radius * side, COLOURS[thing.colour])
    return image.reduce(2)


def _centres(scene: Scene, radii: list[float], rng: random.Random) -> list[tuple[float, float]]:
    """Places the objects: one near the middle, two apart along their relation's direction."""
    if len(radii) == 1:
        return [(0.5 + rng.uniform(-0.045, 0.045), 0.5 + rng.uniform(-0.045, 0.045))]
    # The room that both diameters leave is shared between the two margins and the gap.
    room = (1 - 2 * sum(radii)) / 3
    first = room * rng.uniform(0.7, 1.1) + radii[0]
    second = 1 - room * rng.uniform(0.7, 1.1) - radii[1]
    across = [0.5 + rng.uniform(-0.03, 0.03) for _ in radii]
    dx, dy = RELATIONS[scene.relation]
    along = (first, second) if dx + dy < 0 else (1 - first, 1 - second)
    return list(zip(along, across, strict=True)) if dx else list(zip(across, along, strict=True))


def draw_shape(
    canvas: ImageDraw.ImageDraw,
    shape: str,
    centre: tuple[float, float],
    radius: float,
    fill: tuple[int, int, int] | int,
) -> None:
    """Draws one shape inside the circle of `radius` pixels around `centre`."""
    x, y = centre
    if shape == "circle":
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    elif shape == "ring":
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), outline=fill, width=round(radius * 0.42))
    elif shape == "square":
        half = radius * 0.85
        canvas.rectangle((x - half, y - half, x + half, y + half), fill=fill)
    elif shape == "triangle":
        canvas.polygon([(x, y - radius), (x + radius, y + radius * 0.8), (x - radius, y + radius * 0.8)], fill=fill)
    elif shape == "cross":
        arm = radius * 0.33
        canvas.rectangle((x - arm, y - radius, x + arm, y + radius), fill=fill)
        canvas.rectangle((x - radius, y - arm, x + radius, y + arm), fill=fill)
    elif shape == "star":
        reach = [radius if corner % 2 == 0 else radius * 0.42 for corner in range(10)]
        angles = [corner * math.pi / 5 for corner in range(10)]
        canvas.polygon(
            [(x + r * math.sin(a), y - r * math.cos(a)) for r, a in zip(reach, angles, strict=True)], fill=fill
        )
    else:
        raise ValueError(f"There is no shape {shape!r} here; choose one of {', '.join(SHAPES)}.")
