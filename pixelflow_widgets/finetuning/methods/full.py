"""All weights of the UNet learn, in a copy: the model that others use stays what it is."""

from __future__ import annotations

import copy
from typing import Any

import torch

from ..learner import Learner
from ..settings import Settings


class Full:
    """Teaches the whole UNet; see `Taught`."""

    def __init__(self, learner: Learner, settings: Settings) -> None:
        self._learner, self._settings = learner, settings
        self._before = learner.pipeline.unet
        self._own: torch.nn.Module = self._before

    def lay(self) -> None:
        """Put a copy into the pipeline, in single precision."""
        from ...models.loras import take_out

        own = copy.deepcopy(self._before)
        for name in list(getattr(own, "peft_config", {})):  # LoRAs of others, which lie beside the layers
            take_out(name, [own])
        self._own = own.float().requires_grad_(True)
        self._learner.pipeline.register_modules(unet=self._own)

    def groups(self) -> list[dict[str, Any]]:
        """Return all weights of the copy."""
        return [{"params": list(self._own.parameters()), "lr": self._settings.learning_rate}]

    def modules(self) -> list[torch.nn.Module]:
        """Return the copy."""
        return [self._own]

    def state_dict(self) -> dict[str, Any]:
        """Return all weights."""
        return {"unet": {name: value.detach().cpu().clone() for name, value in self._own.state_dict().items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up weights."""
        self._own.load_state_dict(state["unet"])

    def take_out(self) -> None:
        """Put the UNet back that was there."""
        self._learner.pipeline.register_modules(unet=self._before)
