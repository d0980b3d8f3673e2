"""Learnt words as files: vectors for one text encoder by the word, for two as SDXL's tools name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ModelError
from .about import About
from .writing import write_tensors

_ONE, _BOTH = {"clip_l"}, {"clip_l", "clip_g"}


def write_embedding(path: Path | str, vectors: Mapping[str, Any], about: About) -> Path:
    """Write the vectors of a word that text encoders learnt.

    For one text encoder the tensor bears the word, as diffusers saves it; for two, the names that every tool for SDXL
    reads. Such tools know the word by the name of the file, so the file is best called like it.

    Args:
        path: Where; what stands there is replaced.
        vectors: {"clip_l": (n, width)} and, where there is a second text encoder, "clip_g".
        about: Says how they came about; its first trigger word is the word.

    Raises:
        ModelError: There is no word, or the vectors are not those of one word.
    """
    if not about.trigger:
        raise ModelError(f"The embedding '{about.name}' has no trigger word, and nothing could call it in a prompt.")
    if set(vectors) not in (_ONE, _BOTH):
        raise ModelError(f"An embedding has vectors clip_l, or clip_l and clip_g; here are {', '.join(vectors)}.")
    shapes = [tuple(tensor.shape) for tensor in vectors.values()]
    if any(len(shape) != 2 or not shape[0] for shape in shapes) or len({shape[0] for shape in shapes}) > 1:
        told = " and ".join(map(str, shapes))
        raise ModelError(f"The vectors of a word are equally many for each text encoder; here their shapes are {told}.")
    named = dict(vectors) if set(vectors) == _BOTH else {about.trigger: vectors["clip_l"]}
    return write_tensors(Path(path), named, about.header())
