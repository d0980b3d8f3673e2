"""Pictures as the UNet sees them: latents computed once, kept on disk, and drawn in batches of one size."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ..media import Image

_READ = 32
"""Pictures that are encoded between two reports."""


class Shown(Protocol):
    """Is a picture in the size of its bucket, as `Dataset.examples` gives it."""

    @property
    def image(self) -> Image:
        """Return the picture."""
        ...

    @property
    def caption(self) -> str:
        """Return what it shows."""
        ...

    @property
    def original_size(self) -> tuple[int, int]:
        """Return (width, height), as it was."""
        ...

    @property
    def crop(self) -> tuple[int, int]:
        """Return (top, left) of what is left of it, after it was resized."""
        ...

    @property
    def target_size(self) -> tuple[int, int]:
        """Return (width, height) of its bucket."""
        ...


class Batch(NamedTuple):
    """Is what goes through the model at a time.

    Args:
        latents: (n, 4, height, width).
        captions: n texts.
        sizes: (n, 6): original size, crop and target size, each (height, width).
    """

    latents: torch.Tensor
    captions: list[str]
    sizes: torch.Tensor


class Examples:
    """Is a set of latents with captions; latents of all sizes, on disk.

    Args:
        path: The file that `keep` wrote.
    """

    def __init__(self, path: Path) -> None:
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["examples"])
        self._path = path
        self.captions: list[str] = told["captions"]
        self.sizes: list[list[int]] = told["sizes"]
        self.shapes: list[tuple[int, ...]] = [tuple(shape) for shape in told["shapes"]]

    def __len__(self) -> int:
        return len(self.captions)

    @classmethod
    def keep(
        cls,
        path: Path,
        pictures: Iterable[Shown],
        latents: Callable[[Image], torch.Tensor],
        report: Callable[[int], None],
    ) -> Examples:
        """Encode pictures and write them, or read what was written before.

        Args:
            path: Where to.
            pictures: In order.
            latents: Of one picture.
            report: Told how many are done, now and then; may raise to stop.
        """
        if path.is_file():
            return cls(path)
        found: dict[str, torch.Tensor] = {}
        captions, sizes = [], []
        for number, shown in enumerate(pictures):
            if number % _READ == 0:
                report(number)
            found[str(number)] = latents(shown.image).contiguous()
            captions.append(shown.caption)
            (width, height), (target_width, target_height) = shown.original_size, shown.target_size
            sizes.append([height, width, *shown.crop, target_height, target_width])
        shapes = [list(found[str(number)].shape) for number in range(len(captions))]
        told = {"captions": captions, "sizes": sizes, "shapes": shapes}
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        save_file(found, unfinished, {"examples": json.dumps(told, ensure_ascii=False)})
        unfinished.replace(path)
        return cls(path)

    def batch(self, numbers: Sequence[int], device: str) -> Batch:
        """Return examples of one size."""
        with safe_open(self._path, "pt") as file:
            latents = torch.stack([file.get_tensor(str(number)).float() for number in numbers])
        sizes = torch.tensor([self.sizes[number] for number in numbers], dtype=torch.float32)
        return Batch(latents.to(device), [self.captions[number] for number in numbers], sizes.to(device))


class Order:
    """Says which examples are in which batch: each once in a round, in another order each round, by the seed alone.

    Args:
        shapes: Of the latents of the examples that are learnt from, by number.
        batch: How many go together; a last one that is smaller is filled up from its own size.
        seed: Of the order.
    """

    def __init__(self, shapes: dict[int, tuple[int, ...]], batch: int, seed: int) -> None:
        self._batch, self._seed = batch, seed
        self._buckets: dict[Any, list[int]] = {}
        for number, shape in shapes.items():
            self._buckets.setdefault(shape, []).append(number)
        self._round: tuple[int, list[list[int]]] = (-1, [])
        self.batches = sum(-(-len(bucket) // batch) for bucket in self._buckets.values())

    def numbers(self, index: int) -> list[int]:
        """Return the examples of a batch, counted from the beginning of the training."""
        turn, place = divmod(index, self.batches)
        if self._round[0] != turn:
            self._round = turn, self._shuffled(random.Random(f"{self._seed} {turn}"))
        return self._round[1][place]

    def _shuffled(self, rng: random.Random) -> list[list[int]]:
        batches = []
        for bucket in self._buckets.values():
            drawn = rng.sample(bucket, len(bucket))
            while len(drawn) % self._batch:
                drawn += rng.sample(bucket, min(len(bucket), self._batch - len(drawn) % self._batch))
            batches += [drawn[start : start + self._batch] for start in range(0, len(drawn), self._batch)]
        rng.shuffle(batches)
        return batches
