"""Schedulers by the names that people know, and which of them go with a model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ModelError, nearest
from .families import config_in, family_of_folder

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
_EULER = "FlowMatchEulerDiscreteScheduler"
_BOTH, _UNIPC = ("DPM++ 2M", "UniPC"), ("UniPC",)
_SOLVERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "FLUX.1": {"text_to_image": _BOTH, "control": _UNIPC},
    "SD3": {"text_to_image": _BOTH, "control": _BOTH},
    "Qwen-Image": {"text_to_image": _UNIPC},
    "LTX-Video": {"text_to_video": _UNIPC, "image_to_video": _UNIPC},
    "Wan 2.1": {"text_to_video": _BOTH, "image_to_video": _BOTH},
    "Wan 2.2 5B": {"text_to_video": _BOTH, "image_to_video": _BOTH},
}
"""Family → task → what goes there besides Euler: the other pipelines of diffusers give noise levels of their own, which
DPM++ 2M does not take, or have the scheduler mix noise into a picture, which neither does."""
NAMES = tuple(DIFFUSION)
"""Every name; which of them a model takes, `names_for` says."""
_DISTILLED = ("LCMScheduler", "TCDScheduler")
"""They go with every model of their kind that a LoRA prepared for them; diffusers does not list them."""


def names_for(place: Path, task: str = "") -> tuple[str, ...]:
    """Return which schedulers a model takes, from its configurations alone; none where there is no choice.

    Args:
        place: The model's folder.
        task: A node type; empty gives those that any of its tasks takes.
    """
    known = family_of_folder(place)
    return names_of(config_in(place / "scheduler", "scheduler_config.json"), known.name if known else "", task)


def names_of(config: Mapping[str, Any], family: str, task: str = "") -> tuple[str, ...]:
    """Return which schedulers take the place of one.

    Args:
        config: Of the model's own scheduler, with its class.
        family: The model's base model.
        task: A node type; empty gives those that any task takes.
    """
    table = _table(config)
    if table is not FLOW:
        return tuple(table)
    solvers = _SOLVERS.get(family, {})
    fitting = {name for each, names in solvers.items() if task in ("", each) for name in names}
    if family == "FLUX.1" and not config.get("use_dynamic_shifting"):
        fitting.discard("DPM++ 2M")  # its pipeline shifts the noise levels of all, which this one then refuses
    own = str(config.get("_class_name", ""))
    return tuple(name for name, (made, _) in FLOW.items() if made in (_EULER, own) or name in fitting)


def flowing(family: str, **config: Any) -> tuple[str, ...]:
    """Return which schedulers a family takes that flows straight from noise, for any of its tasks.

    Args:
        family: The base model.
        config: What its scheduler's settings differ in.
    """
    return names_of({"_class_name": _EULER, **config}, family)


def _table(config: Mapping[str, Any]) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Return what may take the place of a scheduler."""
    name = str(config.get("_class_name", ""))
    if name.startswith("FlowMatch") or config.get("use_flow_sigmas"):
        return FLOW
    return DIFFUSION if name in {known for known, _ in DIFFUSION.values()} | _OTHERS else {}


_OTHERS = {"LMSDiscreteScheduler", "DPMSolverSDEScheduler", "EDMEulerScheduler"}


@contextlib.contextmanager
def scheduler_for(pipeline: Any, name: str | None, family: str, task: str) -> Iterator[None]:
    """Let a pipeline use another scheduler.

    Args:
        pipeline: Which is lent.
        name: One of `NAMES`; None is the model's own.
        family: The model's base model.
        task: A node type.

    Raises:
        ModelError: There is none of that name, or the model does not take it.
    """
    if not name:
        yield
        return
    own = pipeline.scheduler
    config = {"_class_name": type(own).__name__, **own.config}
    if why := why_unfit_scheduler(name, names_of(config, family, task), task):
        raise ModelError(f"{why} ({type(pipeline).__name__})")
    pipeline.scheduler = _made(own, config, name, type(pipeline).__name__)
    try:
        yield
    finally:
        pipeline.scheduler = own


def why_unfit_scheduler(name: str, names: tuple[str, ...], task: str = "") -> str | None:
    """Return why a model that takes schedulers of these names, for a task, does not take this one, or None."""
    if name in names:
        return None
    if name not in NAMES:
        return f"There is no scheduler '{name}'.{nearest(name, NAMES)} There are {', '.join(NAMES)}."
    if not names:
        return f"This model takes no other scheduler than its own; '{name}' was chosen. Leave the scheduler empty."
    does = f" for {task.replace('_', ' ')}" if task else ""
    return f"This model does not take the scheduler '{name}'{does}. Choose one of {', '.join(names)}."


def _made(own: Any, config: Mapping[str, Any], name: str, pipeline: str) -> Any:
    import diffusers

    made, options = replacement(config, name)
    kind = getattr(diffusers, made)
    if _table(config) is DIFFUSION and kind not in own.compatibles and made not in _DISTILLED and kind is not type(own):
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
