"""Tiny models of random weights in the true layout of every family: built from configs, read back by the true code.

`zoo("sdxl")` builds a model when it is first asked for and returns where it lies: a folder, or a file.
`zoo("sdxl_other")` is one of the same shapes with other weights. A new one is a function with `@animal` in a module of
this package; its name is the model's.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Builder = Callable[[Path, "Zoo"], "Path | None"]
_BUILDERS: dict[str, Builder] = {}
_OTHER = "_other"


def animal(builder: Builder) -> Builder:
    """Add a builder to the zoo.

    Args:
        builder: Takes an empty folder and the zoo, where it finds what it is made for (the base of an adapter), writes
            the files, and returns which of them is the model; None is the folder.
    """
    assert builder.__name__ not in _BUILDERS, f"Two animals are called {builder.__name__}."
    _BUILDERS[builder.__name__] = builder
    return builder


class Zoo:
    """Builds each model once.

    Args:
        root: Where they are written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._built: dict[str, Path] = {}

    def __call__(self, name: str) -> Path:
        """Return the folder or file of a model."""
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def _build(self, name: str) -> Path:
        import torch

        from pixelflow_widgets.models.quiet import quiet

        seed = 1 if name.endswith(_OTHER) else 0
        builder = builders()[name.removesuffix(_OTHER)]
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        with torch.random.fork_rng(), quiet():
            torch.manual_seed(seed)
            return builder(folder, self) or folder


def builders() -> dict[str, Builder]:
    """Return every builder by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return _BUILDERS


def enliven(module: Any, scale: float = 0.1) -> Any:
    """Return a module whose weights are all random: what starts at zero (a ControlNet's way out) has an effect.

    Args:
        module: Any torch module.
        scale: Standard deviation of what was zero.
    """
    import torch

    with torch.no_grad():
        for parameter in module.parameters():
            if not parameter.any():
                parameter.normal_(0, scale)
    return module
