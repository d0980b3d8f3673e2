"""Chance for libraries that draw from torch's own generators, and take none as an argument: transformers, mostly."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_alone = threading.RLock()
"""Torch's own generators belong to the process: two nodes that draw from them would change each other's results."""


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw the same numbers for the same seed within, and leave torch's own generators as they were.

    Args:
        seed: 0 to 2^64 - 1; torch's CPU generator reads the lowest 32 bits.
    """
    import torch

    with _alone, torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
