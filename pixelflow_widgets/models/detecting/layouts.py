"""How files of weights are told apart by the names and shapes that they hold: a table of layouts and its reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .result import Kind

Tensors = Mapping[str, tuple[str, tuple[int, ...]]]
Shape = tuple[int | None, ...]

PREFIXES = (
    "",
    "model.diffusion_model.",
    "diffusion_model.",
    "model.",
    "net.",
    "transformer.",
    "unet.",
    "control_model.",
    "first_stage_model.",
    "vae.",
)
"""What stands before the names of a part where a file holds several, or was saved within something."""


@dataclass(frozen=True)
class Layout:
    """Is one way in which a kind of weights is laid out in a file.

    Args:
        kind: What such a file is for.
        families: Whose it is; several where they share names and shapes, or none where no family is meant.
        part: Of a model, which one it is: "unet", "transformer", "vae", "text_encoder".
        format: Who names tensors so.
        keys: Names that are all there, each with its shape where that tells something; None is any number.
        variant: What is special about it.
        absent: A name that is not there.
    """

    kind: Kind
    families: tuple[str, ...]
    part: str
    format: str
    keys: Mapping[str, Shape | None]
    variant: str = ""
    absent: str = ""


@dataclass(frozen=True)
class Match:
    """Is a layout found in a file, with what stands before its names.

    Args:
        layout: The layout.
        prefix: What stands before the names.
        odd: Names whose shapes are not the layout's.
    """

    layout: Layout
    prefix: str
    odd: tuple[str, ...] = ()


def find(tensors: Tensors, layouts: Iterable[Layout]) -> Match | None:
    """Return the first layout whose names and shapes are there, else the nearest whose names are, else None."""
    near: Match | None = None
    for match in _named(tensors, layouts):
        if not match.odd:
            return match
        if near is None or len(match.odd) < len(near.odd):
            near = match
    return near


def _named(tensors: Tensors, layouts: Iterable[Layout]) -> Iterator[Match]:
    for layout in layouts:
        first = next(iter(layout.keys))
        for prefix in PREFIXES:
            if prefix + first not in tensors or not all(prefix + name in tensors for name in layout.keys):
                continue
            if layout.absent and prefix + layout.absent in tensors:
                continue
            odd = (name for name, shape in layout.keys.items() if not fits(tensors[prefix + name][1], shape))
            yield Match(layout, prefix, tuple(odd))
            break


def fits(shape: tuple[int, ...], wanted: Shape | None) -> bool:
    """Return whether a shape is the wanted one, where None is any number, or any shape."""
    if wanted is None:
        return True
    return len(shape) == len(wanted) and all(
        number is None or number == length for length, number in zip(shape, wanted, strict=True)
    )


def words_of(shape: Iterable[Any]) -> str:
    """Return a shape as people write it: "640 x 2048"."""
    return " x ".join(str(length) for length in shape) or "one number"
