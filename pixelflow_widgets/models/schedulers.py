"""Schedulers by the names that people know, and which of them go with a model."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ModelError, nearest

_EVEN = {"use_karras_sigmas": False, "use_exponential_sigmas": False, "use_beta_sigmas": False}
_KARRAS = {**_EVEN, "use_karras_sigmas": True}
_DPM = {"algorithm_type": "dpmsolver++", "solver_order": 2, "final_sigmas_type": "zero"}
_SDE = {**_DPM, "algorithm_type": "sde-dpmsolver++"}
_FLOW = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
_STRAIGHT = {**_EVEN, "stochastic_sampling": False}

# Name → (class of diffusers, options that differ from the model's own), for models that predict noise or velocity …
DIFFUSION: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Euler": ("EulerDiscreteScheduler", _EVEN),
    "Euler Karras": ("EulerDiscreteScheduler", _KARRAS),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", _EVEN),
    "DPM2": ("KDPM2DiscreteScheduler", _EVEN),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", _EVEN),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {**_DPM, **_EVEN}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {**_DPM, **_KARRAS}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {**_SDE, **_EVEN}),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", {**_SDE, **_KARRAS}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {**_DPM, **_EVEN}),
    "DPM++ 2S Karras": ("DPMSolverSinglestepScheduler", {**_DPM, **_KARRAS}),
    "DEIS": ("DEISMultistepScheduler", _EVEN),
    "UniPC": ("UniPCMultistepScheduler", _EVEN),
    "UniPC Karras": ("UniPCMultistepScheduler", _KARRAS),
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "LCM": ("LCMScheduler", {}),
    "TCD": ("TCDScheduler", {}),
}
# … and for those that flow straight from noise to a picture.
FLOW: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Euler": ("FlowMatchEulerDiscreteScheduler", _STRAIGHT),
    "Euler Karras": ("FlowMatchEulerDiscreteScheduler", {**_STRAIGHT, **_KARRAS}),
    "Euler a": ("FlowMatchEulerDiscreteScheduler", {**_EVEN, "stochastic_sampling": True}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {**_DPM, **_EVEN, **_FLOW}),
    "UniPC": ("UniPCMultistepScheduler", {**_EVEN, **_FLOW}),
}
NAMES = tuple(DIFFUSION)
"""Every name; which of them a model takes, `names_for` says."""
_DISTILLED = ("LCMScheduler", "TCDScheduler")
"""They go with every model of their kind that a LoRA prepared for them; diffusers does not list them."""


def names_for(place: Path) -> tuple[str, ...]:
    """Return which schedulers a model takes, from its scheduler's configuration alone; none where there is no choice.

    Args:
        place: The model's folder.
    """
    try:
        config = json.loads((place / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(_table(config))


def _table(config: Mapping[str, Any]) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Return what may take the place of a scheduler."""
    name = str(config.get("_class_name", ""))
    if name.startswith("FlowMatch") or config.get("use_flow_sigmas"):
        return FLOW
    return DIFFUSION if name in {known for known, _ in DIFFUSION.values()} | _OTHERS else {}


_OTHERS = {"LMSDiscreteScheduler", "DPMSolverSDEScheduler", "EDMEulerScheduler"}


@contextlib.contextmanager
def scheduler_for(pipeline: Any, name: str | None) -> Iterator[None]:
    """Let a pipeline use another scheduler.

    Args:
        pipeline: Which is lent.
        name: One of `NAMES`; None is the model's own.

    Raises:
        ModelError: There is none of that name, or the model does not take it.
    """
    if not name:
        yield
        return
    own = pipeline.scheduler
    pipeline.scheduler = _made(own, name, type(pipeline).__name__)
    try:
        yield
    finally:
        pipeline.scheduler = own


def why_unfit_scheduler(name: str, names: tuple[str, ...]) -> str | None:
    """Return why a model that takes schedulers of these names does not take this one, or None."""
    if name in names:
        return None
    if name not in NAMES:
        return f"There is no scheduler '{name}'.{nearest(name, NAMES)} There are {', '.join(NAMES)}."
    if not names:
        return f"This model takes no other scheduler than its own; '{name}' was chosen. Leave the scheduler empty."
    return f"This model does not take the scheduler '{name}'. Choose one of {', '.join(names)}."


def _made(own: Any, name: str, pipeline: str) -> Any:
    import diffusers

    config = {"_class_name": type(own).__name__, **own.config}
    table = _table(config)
    if why := why_unfit_scheduler(name, tuple(table)):
        raise ModelError(f"{why} ({pipeline})")
    made, options = replacement(config, name)
    kind = getattr(diffusers, made)
    if table is DIFFUSION and kind not in own.compatibles and made not in _DISTILLED and kind is not type(own):
        raise ModelError(
            f"{type(own).__name__} of {pipeline} cannot be replaced by '{name}'. Choose another scheduler."
        )
    return kind.from_config(own.config, **options)


def replacement(config: Mapping[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """Return (class of diffusers, options that differ from the model's own) of a scheduler that takes another's place.

    Args:
        config: Of the model's own, with its class.
        name: One of `names_for` the model.
    """
    made, options = _table(config)[name]
    options = dict(options)
    if "use_flow_sigmas" in options:
        options["flow_shift"] = config.get("flow_shift", config.get("shift", 1.0))
    elif made.startswith("FlowMatch"):
        options["shift"] = config.get("shift", config.get("flow_shift", 1.0))
    return made, options
