"""Models and what changes them: adapters, schedulers, precision. Worked out while a flow is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from ..controls import Advanced, Choices, LoraPicker, LoraStack, ModelPicker, Slider, Text
from ..errors import MediaError, ModelError
from ..media import Adapter, Model
from ..models.fitting import Fault, check_adapter, check_model, check_source, ground_of, why_unfit_scheduler_on
from ..models.limits import beyond_limits
from ..models.schedulers import NAMES
from ..models.stacks import read_schedule, read_stack
from ..schema import Complaint, Port, node

Weight = Annotated[float, Slider(-2, 2, step=0.05)]
Schedule = Annotated[str, Text(placeholder="0:1 0.6:0.2"), Advanced()]


def complaints_of_model(port: Port, model: Model, known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say what is wrong with a model handle that comes to a port, and with what is asked of it."""
    task = port.control.task if isinstance(port.control, ModelPicker) else ""
    found = [_complaint(fault) for fault in check_model(task, model)]
    if port.name != "model":
        return found  # of what goes with a model nothing is asked
    for name, why, is_hard in beyond_limits(model, known):
        found.append(Complaint("limit", why, port=name, severity="error" if is_hard else "hint"))
    return found


def _complaint(fault: Fault, port: str = "") -> Complaint:
    return Complaint(fault.code, fault.sentence, fault.remedy, port, "hint" if fault.severity == "hint" else "error")


def _unfit(known: Mapping[str, Any], port: str, adapters: Iterable[Adapter]) -> Iterable[Complaint]:
    """Say which adapters do not fit the model that they are added to."""
    model = known.get("model")
    if not isinstance(model, Model):
        return
    try:
        ground = ground_of(model)
    except ModelError:
        return  # the model's own port says that it is not here
    for adapter in adapters:
        fault = check_adapter(adapter, ground) if adapter.weight else None
        if fault is not None:
            yield _complaint(fault, port)


def _unfit_lora(known: Mapping[str, Any]) -> Iterable[Complaint]:
    if "lora" in known:
        yield from _unfit(known, "lora", [Adapter(known["lora"], known.get("weight", 1.0))])


def _unfit_stack(known: Mapping[str, Any]) -> Iterable[Complaint]:
    try:
        yield from _unfit(known, "loras", read_stack(known.get("loras", "")))
    except MediaError:
        return  # working it out says so


def _unfit_ip_adapter(known: Mapping[str, Any]) -> Iterable[Complaint]:
    if "adapter" in known:
        yield from _unfit(known, "adapter", [Adapter(known["adapter"], known.get("weight", 1.0), "ip_adapter")])


def _unfit_embedding(known: Mapping[str, Any]) -> Iterable[Complaint]:
    if "embedding" in known:
        yield from _unfit(known, "embedding", [Adapter(known["embedding"], known.get("weight", 1.0), "embedding")])


def _unfit_scheduler(known: Mapping[str, Any]) -> Iterable[Complaint]:
    try:
        why = why_unfit_scheduler_on(ground_of(known["model"]), known["scheduler"])
    except (KeyError, ModelError):
        return
    if why:
        yield Complaint("scheduler", why, port="scheduler")


def _missing_vae(known: Mapping[str, Any]) -> Iterable[Complaint]:
    if known.get("vae") and (fault := check_source(known["vae"])):
        yield _complaint(fault, "vae")


@node(is_static=True, check=_missing_vae)
def load_model(
    model: Annotated[Model, ModelPicker()] = "starter",  # type: ignore[assignment]
    precision: Annotated[Literal["auto", "float32", "float16", "bfloat16"], Advanced()] = "auto",
    vae: Annotated[str, ModelPicker("vae"), Advanced()] = "",
    variant: Annotated[str, Text(placeholder="fp16"), Advanced()] = "",
    revision: Annotated[str, Text(placeholder="main"), Advanced()] = "",
) -> Model:
    """Names a model, so that several nodes use the same one; it is loaded when the first of them runs.

    Args:
        model: A card's name, a Hub id, a folder or a file.
        precision: auto is half precision on a GPU and float32 on a CPU; float16 takes half the memory of float32.
        vae: Another autoencoder of the same family: a folder, a Hub id. Empty is the model's own.
        variant: Which files of a folder are read, where it has several: "fp16". Empty finds out.
        revision: Commit or branch on the Hub; empty is the card's, else the newest that is here.
    """
    chosen = {"dtype": None if precision == "auto" else precision, "vae": vae, "variant": variant, "revision": revision}
    return _handle(model).with_options(**{name: value or None for name, value in chosen.items() if value})


@node(is_static=True, check=_unfit_lora)
def add_lora(
    model: Model,
    lora: Annotated[str, LoraPicker()],
    weight: Weight = 1.0,
    schedule: Schedule = "",
) -> Model:
    """Adds a LoRA to a model: a style, a person, a thing that it learnt. The model itself is not changed.

    Args:
        model: The base model; the LoRA is made for its family.
        lora: A file, a folder, a Hub id or a card's name.
        weight: How strongly; 0 is as if it were not there, and below 0 it drives away what it learnt.
        schedule: Factor of the weight over the steps, such as "0:1 0.6:0.2": whole at first, a fifth from 60 % on.
    """
    return _handle(model).with_adapter(lora, weight, schedule=read_schedule(schedule))


@node(is_static=True, check=_unfit_stack)
def lora_stack(model: Model, loras: Annotated[str, LoraStack()] = "") -> Model:
    """Adds several LoRAs to a model, each with its weight; each can be switched off.

    Args:
        model: The base model; the LoRAs are made for its family.
        loras: One a line: "name weight", or "name weight @ 0:1 0.6:0.2" with a schedule; # before it switches it off.
    """
    made = _handle(model)
    for adapter in read_stack(loras):
        made = made.with_adapter(adapter)
    return made


@node(is_static=True, check=_unfit_ip_adapter)
def add_ip_adapter(
    model: Model,
    adapter: Annotated[str, ModelPicker("ip_adapter")],
    weight: Annotated[float, Slider(0, 2, step=0.05)] = 0.6,
    schedule: Schedule = "",
) -> Model:
    """Lets a model look at a picture beside the prompt: the node that paints gets it as its reference image.

    Args:
        model: The base model; the adapter is made for its family.
        adapter: A file, a Hub id with the file behind it, or a card's name.
        weight: How strongly; 0 is as if it were not there.
        schedule: Factor of the weight over the steps, such as "0:1 0.6:0.2".
    """
    return _handle(model).with_adapter(adapter, weight, kind="ip_adapter", schedule=read_schedule(schedule))


@node(is_static=True, check=_unfit_embedding)
def add_embedding(
    model: Model,
    embedding: Annotated[str, ModelPicker("embedding")],
    weight: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
) -> Model:
    """Teaches a model's text encoder a word (textual inversion): name it in the prompt, and it means what was learnt.

    Args:
        model: The base model; the embedding is made for its family.
        embedding: A file, a Hub id with the file behind it, or a card's name.
        weight: How strongly; 0 is as if it were not there.
    """
    return _handle(model).with_adapter(embedding, weight, kind="embedding")


@node(is_static=True, check=_unfit_scheduler)
def set_scheduler(model: Model, scheduler: Annotated[str, Choices(NAMES)] = "DPM++ 2M Karras") -> Model:
    """Chooses how a model takes the noise away: which scheduler, in the field's names.

    Args:
        model: The base model; which schedulers it takes depends on how it was trained.
        scheduler: LCM and TCD want a LoRA that was made for few steps.
    """
    return _handle(model).with_options(scheduler=scheduler)


def _handle(model: Model | str) -> Model:
    """Return a handle; called as a plain function, a node is given names, too."""
    return Model(model) if isinstance(model, str) else model
