"""An example of the node that trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.settings import Settings
from tests.crescents import WORD, captions, pictures
from tests.zoo import Zoo

from .examples import Example

TAKEN = ("trigger", "steps", "seed", "continue_from")
"""Settings of which the node does more than to hand them on."""


def taught(zoo: Zoo) -> Example:
    shared: dict[str, Any] = {"model": str(zoo("sdxl")), "steps": 1, "resolution": 32, "rank": 2, "trigger": WORD}
    shared |= {"sample_prompts": ["a"], "sample_every": 1, "batch": 2, "learning_rate": 0.001}
    ports = pf.registry["train_lora"].inputs
    handed_on = "That the node hands it on is in test_finetuning.py, what it does in tests/finetuning."
    return {
        "inputs": {**shared, "images": pictures()[:2], "captions": captions()[:2]},
        "vary": {
            "images": pictures()[4:6],
            "captions": captions()[4:6],
            "model": str(zoo("sdxl_other")),
            "trigger": "blip",
            "steps": 2,
            "continue_from": str(zoo("lora_sdxl")),
        },
        "unchanged": {
            **{name: handed_on for name in Settings.__dataclass_fields__ if name in ports and name not in TAKEN},
            "template": "It is for pictures without a caption; test_finetuning.py has some.",
            "dataset": "Pictures come from here or from images; test_finetuning.py compares both.",
        },
    }


EXAMPLES: dict[str, Callable[[Zoo], Example]] = {"train_lora": taught}
