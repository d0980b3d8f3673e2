"""What was copied into a script: written to a file, checked, run without this package, compared."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import PIL.Image

import pixelflow_widgets as pf
from pixelflow_widgets.export.names import Names
from pixelflow_widgets.export.sources import Sources

WITHOUT_US = """
import importlib.abc, sys

class Nowhere(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pixelflow_widgets":
            raise ImportError("A script imports nothing of ours.")

sys.meta_path.insert(0, Nowhere())
"""


def brought(*things: Callable[..., Any] | type) -> str:
    """Return a module of what was copied, as a script holds it, not yet formatted."""
    sources = Sources(Names())
    for thing in things:
        sources.bring(thing)
    return as_module(sources)


def as_module(sources: Sources) -> str:
    """Return the parts of what was copied as one text."""
    return "\n\n\n".join(["\n".join(sorted(sources.imports)), *sources.definitions]) + "\n"


def loaded(text: str) -> ModuleType:
    """Return a module of a text, run in this interpreter."""
    module = ModuleType("copied")
    sys.modules["copied"] = module  # dataclasses look there
    exec(compile(text, "copied.py", "exec"), vars(module))
    return module


def checked(text: str, path: Path) -> str:
    """Return what ruff has to say of a module after it sorted the imports and formatted it."""
    path.write_text(text)
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, "--isolated", str(path)], check=True)
    rules = ["--select", "E,F,I,UP,B", "--target-version", "py311", "--output-format", "concise", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", *rules, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def run_without_us(path: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run a file, and code behind it, where importing this package raises."""
    program = f"{WITHOUT_US}\nimport runpy\nscript = runpy.run_path({str(path)!r})\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=path.parent, capture_output=True, text=True, check=False, timeout=120
    )


def as_theirs(value: Any, module: ModuleType) -> Any:
    """Return a value with the classes that a script has for sounds and films."""
    if isinstance(value, list):
        return [as_theirs(item, module) for item in value]
    if isinstance(value, pf.Audio) and hasattr(module, "Audio"):
        return module.Audio(value.samples, value.sample_rate)
    if isinstance(value, pf.Video) and hasattr(module, "Video"):
        return module.Video(value.frames, value.fps, as_theirs(value.audio, module))
    return value


def plainly(value: Any) -> Any:
    """Return a value as plain data, so that equal ones are equal, whatever classes they are of."""
    if isinstance(value, PIL.Image.Image):
        return value.mode, value.size, value.tobytes()
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [plainly(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        return [plainly(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plainly(item) for key, item in value.items()}
    if type(value).__name__ == "DataFrame":
        return value.to_dict("list"), [str(kind) for kind in value.dtypes]
    return type(value).__name__, value


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, with what they hold."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
