"""Node types of published flows that the tests run, importable by name from the worker and from other processes."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Annotated

import numpy as np
import PIL.Image

import pixelflow_widgets as pf


def stamp(text: str) -> PIL.Image.Image:
    """Return the picture that stands for a text."""
    pixels = np.frombuffer(hashlib.blake2b(text.encode(), digest_size=48).digest(), np.uint8).reshape(4, 4, 3)
    return PIL.Image.fromarray(np.kron(pixels, np.ones((4, 4, 1), np.uint8)))


@pf.node
def stamped(text: str, seconds: Annotated[float, pf.Number(min=0, max=60)] = 0.0) -> pf.Image:
    """Draws the picture that stands for a text."""
    time.sleep(seconds)
    return stamp(text)


@pf.node
def echoed(image: pf.Image) -> pf.Image:
    """Gives a picture back, turned over."""
    return image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)


@pf.node
def counted_slowly(count: Annotated[int, pf.Number(min=1, max=1000)] = 3, progress: pf.Progress = pf.Progress()) -> int:
    """Counts, and tells of it."""
    for place in range(count):
        progress((place + 1) / count, note=f"step {place + 1}", preview=stamp(str(place)))
        time.sleep(0.05)
    return count


@pf.node
def breaks_off(text: str) -> str:
    """Raises what it was given."""
    raise ValueError(text)


@pf.node
def ends_the_worker(text: str) -> str:
    """Ends the process that runs it."""
    os._exit(3)


@pf.node
def drawn_number(seed: Annotated[int, pf.Seed()] = 7) -> int:
    """Gives the seed that it used."""
    return seed


@pf.node
def tabled(rows: Annotated[int, pf.Number(min=1, max=10)] = 2) -> pf.Table:
    """Gives a table."""
    import pandas

    return pandas.DataFrame({"place": range(rows), "word": [f"w{place}" for place in range(rows)]})


@pf.node
def spends(text: str, model: str = "server:priced", progress: pf.Progress = pf.Progress()) -> str:
    """Says that a model read a thousand tokens and wrote a hundred."""
    progress.used(model=model, input_tokens=1000, cached_tokens=200, output_tokens=100, images=1)
    return text
