"""How a training is written into a script: not at all. The script loads what the training made."""

from __future__ import annotations

from pathlib import Path

from ..errors import PixelFlowError
from ..finetuning.folders import State
from ..finetuning.keeping import handle_of, plain
from ..finetuning.places import placed
from ..schema.exporting import UNKNOWN, Writing
from .finetuning_checks import dataset_of, settings_of


def write_train_lora(at: Writing) -> None:
    """Give the model with what was trained before the script is written."""
    told = {name: at.known(name) for name in at.node_type.inputs}
    for name, value in told.items():
        if value is UNKNOWN:
            at.refuse(
                f"its input '{name}' is known only when the flow runs, and a script does not train. Put add_lora in "
                "its place, with the weights that it made."
            )
    for output in ("history", "samples"):
        if at.is_read(output):
            at.refuse(f"something reads its '{output}', and a script does not train. Take that away.")
    try:
        place = placed(dataset_of(told), settings_of(told), plain(told["model"]))
        state = State.read(place.folder)
    except PixelFlowError as error:
        at.refuse(str(error))
    weights = Path(state.weights)
    if not state.weights or not weights.exists() or state.step < state.steps:
        at.refuse("a script loads what was trained, and with these settings nothing is yet. Run it first.")
    at.settle(model=handle_of(told["model"], place.settings.method, weights), weights=str(weights))
