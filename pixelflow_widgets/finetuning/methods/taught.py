"""What every way of teaching does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch

from ..learner import Learner
from ..settings import Settings


class Taught(Protocol):
    """Is what learns in a model, from `lay` to `take_out`.

    `state_dict` and `load_state_dict` are what checkpoints keep: tensors by name, nothing that does not learn.
    """

    def __init__(self, learner: Learner, settings: Settings) -> None:
        """Keep both; nothing is changed yet."""
        ...

    def lay(self) -> None:
        """Put into the model what shall learn; the same seed begins with the same numbers."""
        ...

    def groups(self) -> list[dict[str, Any]]:
        """Return what learns, as an optimizer takes it: {"params": …, "lr": …} for each rate."""
        ...

    def modules(self) -> list[torch.nn.Module]:
        """Return the modules in which something learns; they are in training mode during a step."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what was learnt so far."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what was learnt before."""
        ...

    def take_out(self) -> None:
        """Leave the model as it was before."""
        ...


def parameters(taught: Taught) -> Iterator[torch.nn.Parameter]:
    """Yield everything that learns."""
    for group in taught.groups():
        yield from group["params"]
