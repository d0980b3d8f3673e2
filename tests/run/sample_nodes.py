"""Node types that the tests run, importable by name from the worker."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL.Image

import pixelflow_widgets as pf


@pf.node
def double(value: int) -> int:
    """Doubles a number."""
    return value * 2


@pf.node
def add(first: float, second: float = 1.0) -> float:
    return first + second


class Halves(NamedTuple):
    left: pf.Image
    right: pf.Image


@pf.node
def halves(image: pf.Image) -> Halves:
    """Cuts a picture in two."""
    middle = image.width // 2
    return Halves(image.crop((0, 0, middle, image.height)), image.crop((middle, 0, image.width, image.height)))


@pf.node
def gradient(size: int = 8) -> pf.Image:
    row = np.linspace(0, 255, size, dtype=np.uint8)
    return PIL.Image.fromarray(np.stack([np.tile(row, (size, 1))] * 3, axis=-1))


@pf.node
def numbers(count: int = 3) -> list[int]:
    return list(range(count))


@pf.node
def total(values: list[int]) -> int:
    return sum(values)


@pf.node
def maybe(value: int | None = None) -> int | None:
    return value


@pf.node
def fails(text: str = "the reason") -> str:
    raise ValueError(text)


@pf.node
def lies(text: str = "") -> int:
    """Promises a number and gives text."""
    return f"not a number {text}"  # type: ignore[return-value]


@pf.node
def talks(text: str = "hello") -> str:
    print(text)
    print("a warning", file=sys.stderr)
    return text


@pf.node
def steps(count: int = 4, seconds: float = 0.0, progress: pf.Progress = pf.Progress()) -> int:
    """Reports each step, with a picture."""
    for step in range(count):
        time.sleep(seconds)
        progress((step + 1) / count, preview=PIL.Image.new("RGB", (4, 4), (step, 0, 0)), note=f"step {step}")
    return count


@pf.node
def never_ends(value: int = 0) -> int:
    """Does not look whether anybody pressed Stop."""
    while True:
        time.sleep(0.05)


@pf.node(grace=30)
def puts_away(path: str, progress: pf.Progress = pf.Progress()) -> int:
    """Takes its time, after Stop, to keep what it has."""
    try:
        while True:
            progress(0.5)
            time.sleep(0.01)
    finally:
        time.sleep(1)
        Path(path).write_text("kept")


@pf.node
def holds_model(model: pf.Model, progress: pf.Progress = pf.Progress()) -> int:
    """Computes until it is stopped, where nodes that take a model do: in the worker's main thread."""
    while True:
        progress(0.5)
        time.sleep(0.01)


def sum_of(*values: int) -> dict[str, int]:
    """What a test asks the worker for."""
    if not values:
        raise ValueError("there is nothing to add")
    return {"sum": sum(values)}


@pf.node
def dies(code: int = 3) -> int:
    """Ends its process, as a crash in native code would."""
    sys.stderr.flush()
    os.write(2, b"the native library says goodbye\n")
    os._exit(code)


@pf.node(pure=False)
def counts(path: str) -> int:
    """Counts how often it ran, in a file."""
    place = Path(path)
    before = int(place.read_text()) if place.exists() else 0
    place.write_text(str(before + 1))
    return before + 1


@pf.node
def counts_purely(path: str, value: int = 0) -> int:
    """Adds a line to a file each time it runs, and says that it does not: shows what the cache kept from running."""
    with Path(path).open("a") as file:
        file.write("x")
    return value


@pf.node
def process_id(value: int = 0) -> int:
    return os.getpid()


@pf.node(where="kernel")
def kernel_process_id(value: int = 0) -> int:
    return os.getpid()


@pf.node
def large(edge: int = 1024) -> pf.Image:
    return PIL.Image.fromarray(np.arange(edge * edge * 3, dtype=np.uint32).astype(np.uint8).reshape(edge, edge, 3))


@pf.node
def prints_natively(count: int = 100_000) -> int:
    """Writes to standard output past Python, as a native library would."""
    for _ in range(count // 1000):
        os.write(1, b"x" * 1000)
    return count


@pf.node
def asks(question: str = "?") -> str:
    return input(question)


@pf.node
def announces(count: int = 4, progress: pf.Progress = pf.Progress()) -> int:
    """Says that it has begun, then takes its time."""
    print("begun")
    for step in range(count):
        time.sleep(0.01)
        progress((step + 1) / count)
    return count


@pf.node
def counts_slowly(path: str, value: int = 0) -> int:
    """As `counts_purely`, and long enough for its result to be worth a file."""
    time.sleep(0.03)
    with Path(path).open("a") as file:
        file.write("x")
    return value


@pf.node
def paints_on_its_input(image: pf.Image, wanted: bool = True) -> pf.Image:
    """Does what no node may."""
    if wanted:
        image.paste((1, 2, 3), (0, 0, 1, 1))
    return image


@pf.node
def sorts_its_input(values: list[int]) -> int:
    values.sort()
    return values[0]


@pf.node
def short_tone() -> pf.Audio:
    return pf.Audio(np.sin(np.arange(800, dtype=np.float32) / 3)[None], 8000)


@pf.node
def short_film() -> pf.Video:
    return pf.Video(np.full((4, 16, 16, 3), 90, np.uint8), 4.0)


@pf.node
def short_rows() -> pf.Table:
    import pandas

    return pandas.DataFrame({"name": ["a", "b"], "count": [1, 2]})  # type: ignore[return-value]
