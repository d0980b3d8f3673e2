"""Loading pipelines, once each, and following them while they sample."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ..errors import ModelError
from ..media import Model
from .live import pipeline_behind
from .weights import folder_of

CODE = ("torch", "transformers", "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl")
"""Modules that take long to import; a worker that is warmed imports them ahead."""
_KEPT = 2
_loaded: OrderedDict[tuple[str, int], Any] = OrderedDict()
_lock = threading.RLock()
_lending = threading.Lock()
_in_use: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_PATIENCE_SECONDS = 0.2


class Report(Protocol):
    """Is told what is being done and shown unfinished pictures, as `Progress` is."""

    def __call__(self, fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        """Report; may raise to stop."""
        ...


def load_pipeline(model: Model | str, report: Report) -> Any:
    """Return the diffusers pipeline of a model, ready on the best device; the last two stay loaded.

    Args:
        model: A card's name, folder or Hub id, or a handle; one of `Model.from_object` is the pipeline itself.
        report: Told that code and weights are being loaded.

    Raises:
        ModelError: The model is not here, or its folder cannot be loaded.
    """
    model = Model(model) if isinstance(model, str) else model
    if model.is_live:
        return pipeline_behind(model)
    folder = folder_of(model)
    key = (model.as_json(), _state(folder))
    with _lock:
        if key in _loaded:
            _loaded.move_to_end(key)
            return _loaded[key]
        if CODE[-1] not in sys.modules:
            report(note="Loading model code …")
        with quiet():
            pipeline = _load(folder, report)
        _loaded[key] = pipeline
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
        return pipeline


@contextlib.contextmanager
def in_use(pipeline: Any, report: Report) -> Iterator[None]:
    """Have a pipeline to oneself: its scheduler remembers one picture at a time.

    Args:
        pipeline: The pipeline.
        report: Told that another picture is waited for; may raise to stop.
    """
    with _lending:
        own = _in_use.setdefault(pipeline, threading.RLock())
    while not own.acquire(timeout=_PATIENCE_SECONDS):
        report(note="Waiting for the model, which is at another picture …")
    try:
        yield
    finally:
        own.release()


def _state(folder: Path) -> int:
    """Return something that changes when the files of a model do: a model that was trained on is loaded anew."""
    return max(path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file())


def _load(folder: Path, report: Report) -> Any:
    from diffusers import DiffusionPipeline

    report(note=f"Loading {folder.name.replace('_', ' ')} …")
    device, dtype = best_device()
    try:
        pipeline = DiffusionPipeline.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"The model in {folder} cannot be loaded: {error}") from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' bars and advice out of a node's log while something is loaded; errors are raised anyway."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    libraries = [diffusers_logging, transformers_logging]
    before = [(library.get_verbosity(), library.is_progress_bar_enabled()) for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, (verbosity, bars) in zip(libraries, before, strict=True):
            library.set_verbosity(verbosity)
            if bars:
                library.enable_progress_bar()


def best_device() -> tuple[str, Any]:
    """Return (device, dtype) that suit this machine: half precision on a GPU, single on a CPU."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.float16
    if torch.backends.mps.is_available():
        return "mps", torch.float16
    return "cpu", torch.float32


def generator(seed: int) -> Any:
    """Return a CPU generator: the same seed gives the same noise on every device.

    Args:
        seed: 0 to 2^64 - 1; torch's CPU generator reads the lowest 32 bits.
    """
    import torch

    return torch.Generator("cpu").manual_seed(seed)
