"""Lending models: loaded once, set up as the handle says, to oneself while a node computes with one."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ..errors import ModelError
from ..media import Model
from .adapters import dressed
from .bases import Base, base_under, forget, retire_others
from .cards import card_of
from .devices import best_device, precision
from .files import only_variant, state_of
from .fitting import ground_of, why_unfit_controlnet
from .live import family_of, folder_behind, pipeline_behind
from .loan import Loan
from .memory import memory
from .networks import network_for
from .pipelines import Extras, live_pipeline, pipeline_for
from .schedulers import scheduler_for
from .single_files import files_behind
from .weights import place_of

CODE = ("torch", "transformers", "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl")
"""Modules that take long to import; a worker that is warmed imports them ahead."""
_lending = threading.Lock()
_live: WeakKeyDictionary[Any, Base] = WeakKeyDictionary()
_PATIENCE_SECONDS = 0.2


class Report(Protocol):
    """Is told what is being done and shown unfinished results, as `Progress` is."""

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        """Report; may raise to stop."""
        ...


@contextlib.contextmanager
def lend(model: Model | str, task: str, report: Report, *, controlnets: Sequence[Model | str] = ()) -> Iterator[Loan]:
    """Lend what a node computes with: loaded, on its device, with its adapters and scheduler, to oneself meanwhile.

    Args:
        model: A handle, or the name of a card, a folder, a file or a Hub id.
        task: The node type that it shall do: "text_to_image".
        report: Told what is being loaded and waited for; may raise to stop.
        controlnets: ControlNets that guide it, for `control` and other tasks of pictures.

    Raises:
        ModelError: The model or an adapter is not here, cannot be loaded, does not fit, or does not do the task.
    """
    model = Model(model) if isinstance(model, str) else model
    if model.is_served:
        yield _served(model, task)
        return
    if CODE[-1] not in sys.modules:
        report(note="Loading model code …")
    base = _live_base(model) if model.is_live else _base(model)
    guides = [Model(handle) if isinstance(handle, str) else handle for handle in controlnets]
    for guide in guides:
        if why := why_unfit_controlnet(guide, model):
            raise ModelError(why)
    with _to_oneself(base.lock, report), _borrowed(base), contextlib.ExitStack() as setup:
        loan = _loan(model, base, task, report, [place_of(guide) for guide in guides])
        if loan.pipeline is not None:
            setup.enter_context(scheduler_for(loan.pipeline, model.options.get("scheduler"), loan.family, task))
        loan.worn = setup.enter_context(dressed(base, loan, model.adapters, report))
        yield loan


def _loan(model: Model, base: Base, task: str, report: Report, controlnets: Sequence[Path]) -> Loan:
    def told(note: str) -> None:
        report(note=note)

    loan = Loan(card_of(model), base.place, base.device, base.dtype, base.family, source=model.source)
    if model.is_live:
        loan.pipeline = live_pipeline(pipeline_behind(model), task, controlnets, base, told)
    elif is_pipeline(base.place):
        named = {name: place_of(str(model.options[name])) for name in ("vae", "motion") if model.options.get(name)}
        loan.pipeline = pipeline_for(base, task, Extras(controlnets, **named), told)
    else:
        loan.model, loan.processor = network_for(base, task, told)
    retire_others(base)
    return loan


def _served(model: Model, task: str) -> Loan:
    """Return the stand-in for a model on a server: nothing is loaded, and nobody waits for it."""
    from .served import faults_of, server_of

    for _, sentence, remedy in faults_of(model, task):
        raise ModelError(f"{sentence} {remedy}".strip())
    return Loan(card_of(model), Path(), "", None, "", source=model.source, server=server_of(model))


def is_pipeline(place: Path) -> bool:
    """Return whether diffusers loads what lies there: a folder with an index, or a single file that is no GGUF."""
    return (place / "model_index.json").is_file() or place.suffix == ".safetensors"


def _base(model: Model) -> Base:
    """Return what of a model is in memory, or where it will be."""
    place = place_of(model)
    family = ground_of(model).family
    device = best_device()
    dtype = precision(device, family, model.options.get("dtype"))
    variant = model.options.get("variant") or (only_variant(place) if place.is_dir() else None)
    card = card_of(model)
    title = card.title if card else place.name
    state = (state_of(place), *(state_of(path) for _, path in files_behind(family, place)))
    key = (str(place), state, str(dtype), variant, device)
    return base_under(key, lambda: Base(key, model.source, title, place, state, family, device, dtype, variant))


def _live_base(model: Model) -> Base:
    """Return the stand-in for a pipeline that the notebook holds, which is not counted here."""
    pipeline = pipeline_behind(model)
    with _lending:
        if pipeline not in _live:
            place = folder_behind(pipeline)
            card = card_of(model)
            _live[pipeline] = Base(
                key=model.source,
                source=model.source,
                title=type(pipeline).__name__,
                place=place or Path(),
                state=None,
                family=card.base_model if card else family_of(pipeline),
                device=str(pipeline.device),
                dtype=pipeline.dtype,
                is_live=True,
            )
        return _live[pipeline]


@contextlib.contextmanager
def _to_oneself(lock: threading.RLock, report: Report) -> Iterator[None]:
    while not lock.acquire(timeout=_PATIENCE_SECONDS):
        report(note="Waiting for the model, which is at another result …")
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _borrowed(base: Base) -> Iterator[None]:
    memory.begin(base)
    try:
        yield
    finally:
        memory.end(base)
        forget(base)


def generator(seed: int) -> Any:
    """Return a CPU generator: the same seed gives the same noise on every device.

    Args:
        seed: 0 to 2^64 - 1; torch's CPU generator reads the lowest 32 bits.
    """
    import torch

    return torch.Generator("cpu").manual_seed(seed)
