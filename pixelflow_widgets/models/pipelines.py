"""Diffusers pipelines, put together of components that are kept once for all tasks and models that use them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ModelError, PixelFlowError
from .bases import Base
from .components import component_class, load_component
from .devices import ran_out, sweep
from .files import bytes_in_memory, component_key, index_of, only_variant, weight_files
from .memory import Kept, memory, size_of
from .quiet import quiet
from .single_files import assembled, lenders, part_of, settings_of
from .tasks import MOTION, PIPELINES, RELATED

_OFFLOADED = 0.85
"""Of a device's memory that its largest component may take, if it shall be there whole while it computes."""


class Extras(NamedTuple):
    """Is what a base is lent with, besides its own components.

    Args:
        controlnets: Their folders.
        vae: The folder of another autoencoder.
        motion: The folder of a motion adapter.
    """

    controlnets: Sequence[Path] = ()
    vae: Path | None = None
    motion: Path | None = None


def pipeline_for(base: Base, task: str, extras: Extras, told: Callable[[str], None]) -> Any:
    """Return the pipeline of a base for a task; its components are those of every other pipeline of the base.

    Args:
        base: Which is lent.
        task: A node type.
        extras: What it is lent with.
        told: Is told what is being loaded.

    Raises:
        ModelError: It cannot be loaded, or does not serve the task.
    """
    brought = {
        name: _brought(base, path, told)
        for name, path in (("vae", extras.vae), ("motion_adapter", extras.motion))
        if path is not None
    }
    guides = [_brought(base, path, told) for path in extras.controlnets]
    things: dict[str, Any] = {name: kept.thing for name, kept in brought.items()} | _guided(guides)
    key = (PIPELINES.get(task) or task, *(kept.key for kept in (*brought.values(), *guides)))
    if key not in base.pipelines:
        whole = _whole(base, {"vae": things["vae"]} if "vae" in things else {}, told)
        pipeline = _of_task(whole, task, things, base)
        pipeline.set_progress_bar_config(disable=True)
        _place(pipeline, base)
        base.pipelines[key] = pipeline
    elif base.offload == "model":
        _place(base.pipelines[key], base)  # another pipeline may have taken the hooks over
    return base.pipelines[key]


def _guided(guides: Sequence[Kept]) -> dict[str, Any]:
    """Return ControlNets as pipelines take them: one as it is, several as a list."""
    things = [kept.thing for kept in guides]
    return {"controlnet": things[0] if len(things) == 1 else things} if things else {}


def live_pipeline(
    pipeline: Any, task: str, controlnets: Sequence[Path], base: Base, told: Callable[[str], None]
) -> Any:
    """Return a pipeline for a task with the components of one that the notebook holds, or that one itself.

    Args:
        pipeline: Which the notebook holds.
        task: A node type.
        controlnets: Their folders.
        base: Stands for it.
        told: Is told what is being loaded.

    Raises:
        ModelError: It does not serve the task.
    """
    made = _of_task(pipeline, task, _guided([_brought(base, path, told) for path in controlnets]), base)
    if type(made) is type(pipeline):
        return pipeline
    made.set_progress_bar_config(disable=True)
    return made


def _whole(base: Base, brought: Mapping[str, Any], told: Callable[[str], None]) -> Any:
    """Return the pipeline that a model's folder or file names, with what of it is in memory already."""
    from diffusers import DiffusionPipeline

    given: dict[str, Any] = {**base.light, **_found(base), **brought}
    _make_room(base, given, told)
    settings: dict[str, Any] = {"dtype": base.dtype, "use_safetensors": True, "local_files_only": True}
    if base.variant:
        settings["variant"] = base.variant
    if base.place.is_file():
        pipeline = _of_file(base, given, told)
    else:
        pipeline = attempt(lambda: DiffusionPipeline.from_pretrained(base.place, **settings, **given), base.place)
    for name, thing in pipeline.components.items():
        if thing is None or name in brought:
            continue
        if not hasattr(thing, "parameters"):
            base.light[name] = thing
        elif name not in base.kept:
            device = "cpu" if base.offload else base.device
            base.take(name, Kept(_key(base, name), name, thing, size_of(thing), device))
    memory.make_room(0, "cpu" if base.offload else base.device)  # measured, it may be more than was expected
    return pipeline


def _found(base: Base) -> dict[str, Any]:
    """Return the components that are in memory, be it for another model."""
    for name, entry in index_of(base.place).items():
        is_component = isinstance(entry, list) and len(entry) == 2 and entry[0]
        if is_component and name not in base.kept and (kept := memory.find(_key(base, name))) is not None:
            base.take(name, kept)
    return {name: kept.thing for name, kept in base.kept.items()}


def _key(base: Base, name: str) -> Hashable:
    where = "cpu" if base.offload else base.device
    if (lender := base.lenders.get(name)) is not None:
        return component_key(lender, name, base.dtype, only_variant(lender), where)
    beside = [base.state] if base.place.is_file() else []  # how a file is put together is said elsewhere
    return component_key(base.place, name, base.dtype, base.variant, where, *beside)


def _make_room(base: Base, given: Mapping[str, Any], told: Callable[[str], None]) -> None:
    """Let go of other models until this one fits; where a GPU cannot hold it, have it come there part by part."""
    if base.place.is_file():
        sizes = [] if base.kept else [bytes_in_memory([base.place], base.dtype.itemsize)]
    else:
        folders = [path for path in base.place.iterdir() if path.is_dir() and path.name not in given]
        sizes = [bytes_in_memory(weight_files(path, base.variant), base.dtype.itemsize) for path in folders]
    if not any(sizes):
        return
    told(f"Loading {base.title} …")
    if base.offload:
        memory.make_room(sum(sizes), "cpu")
        return
    lacking = memory.make_room(sum(sizes), base.device)
    if lacking and base.device == "cuda" and not base.kept:
        base.offload = "model" if max(sizes, default=0) <= memory.limit("cuda") * _OFFLOADED else "group"
        memory.make_room(sum(sizes), "cpu")


def _of_file(base: Base, given: Mapping[str, Any], told: Callable[[str], None]) -> Any:
    """Return the pipeline of a single file; parts that it lacks come from a folder of its family."""
    with settings_of(base.family, base.place) as found:
        parts = {**found.light, **given}
        for name, folder in lenders(found, base.family, base.place, given).items():
            parts[name] = None if folder is None else _lent(base, name, folder, told)
        return attempt(lambda: assembled(found, base.place, dtype=base.dtype, **parts), base.place)


def _lent(base: Base, name: str, folder: Path, told: Callable[[str], None]) -> Any:
    """Return a part that a single file lacks, of another model: from memory, if it is there."""
    base.lenders[name] = folder
    kept = memory.find(_key(base, name))
    if kept is not None:
        base.take(name, kept)
        return kept.thing
    told(f"Loading the {name.replace('_', ' ')} of {folder.name} …")
    variant = only_variant(folder)
    needed = bytes_in_memory(weight_files(folder / name, variant), base.dtype.itemsize)
    memory.make_room(needed, "cpu" if base.offload else base.device)
    return attempt(lambda: part_of(folder, name, dtype=base.dtype, variant=variant), folder)


def _brought(base: Base, path: Path, told: Callable[[str], None]) -> Kept:
    """Return a component of another model: a ControlNet, an autoencoder."""
    like = [base.state] if path.is_file() else []  # settings of a file are like those of the model
    key = component_key(path, "", base.dtype, "cpu" if base.offload else base.device, *like)
    kept = base.extras.get(key) or memory.find(key)
    if kept is None:
        told(f"Loading {path.name} …")
        where = path / "vae" if (path / "model_index.json").is_file() else path
        memory.make_room(bytes_in_memory(weight_files(where), base.dtype.itemsize), base.device)
        module = attempt(lambda: _component(path, base), path)
        if not base.offload:
            module.to(base.device)
        kept = Kept(key, path.name, module, size_of(module), "cpu" if base.offload else base.device)
    return base.take_extra(kept)


def _component(path: Path, base: Base) -> Any:
    """Load one component by the class that it names, or that it was detected to be."""
    folder = path / "vae" if (path / "model_index.json").is_file() else path  # the autoencoder of a whole model
    if not folder.is_dir():
        return load_component(path, base.family, base.place, base.dtype)
    made = component_class(folder)
    return made.from_pretrained(folder, dtype=base.dtype, use_safetensors=True, local_files_only=True)


def _of_task(whole: Any, task: str, brought: dict[str, Any], base: Base) -> Any:
    """Return a pipeline for a task, of the components of another one."""
    import diffusers

    try:
        with quiet():
            return _made(diffusers, whole, task, brought, base)
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        does = task.replace("_", " ")
        raise ModelError(
            f"{base.title} does not do {does}: its pipeline is {type(whole).__name__}. Choose a model for {does}."
        ) from error


def _made(diffusers: Any, whole: Any, task: str, brought: dict[str, Any], base: Base) -> Any:
    if "motion_adapter" in brought:
        memory.drop(base.loras.clear())  # the film's denoiser is read from the still's, whose layers must be plain
        moving = getattr(diffusers, MOTION[base.family])
        return moving.from_pipe(whole, motion_adapter=brought["motion_adapter"], dtype=base.dtype)
    if name := PIPELINES.get(task):
        extra = {"controlnet": brought["controlnet"]} if "controlnet" in brought else {}
        return getattr(diffusers, name).from_pipe(whole, **extra)
    made = _related(whole, task)
    if made is None or isinstance(whole, made):
        return whole
    return made.from_pipe(whole, dtype=base.dtype)


def _related(whole: Any, task: str) -> Any:
    """Return the class that does a task with what another class loaded, if diffusers names one."""
    tables = importlib.import_module("diffusers.pipelines.auto_pipeline")
    wanted = getattr(tables, RELATED.get(task, ""), {})
    for table in vars(tables).values():
        if isinstance(table, dict):
            for family, made in table.items():
                if made is type(whole) and family in wanted:
                    return wanted[family]
    return None


def _place(pipeline: Any, base: Base) -> None:
    """Put a pipeline where it computes."""
    if not base.offload:
        pipeline.to(base.device)
    elif base.offload == "model":
        pipeline.enable_model_cpu_offload(device=base.device)
    else:
        _group(pipeline, base.device)


def _group(pipeline: Any, device: str) -> None:
    import torch
    from diffusers.hooks import apply_group_offloading
    from diffusers.hooks.group_offloading import _is_group_offload_enabled

    for module in pipeline.components.values():
        if isinstance(module, torch.nn.Module) and not _is_group_offload_enabled(module):
            apply_group_offloading(
                module, onload_device=torch.device(device), offload_type="leaf_level", use_stream=device == "cuda"
            )


def attempt(load: Callable[[], Any], place: Path) -> Any:
    """Load something; if memory runs out, let go of what nobody uses and try once more.

    Raises:
        ModelError: It cannot be loaded.
    """
    for is_last in (False, True):
        try:
            with quiet():
                return load()
        except PixelFlowError:
            raise
        except Exception as error:
            if not ran_out(error):
                raise ModelError(f"The model in {place} cannot be loaded: {error}") from error
            if is_last:
                raise
        memory.free()
        sweep()
    raise AssertionError
