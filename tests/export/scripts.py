"""Runs scripts as a user would, who has diffusers and not this package: in forks of one interpreter.

`run_script(source, folder, prompt="a cat")` calls the script's `main` and returns what it gives as plain data, which
`plain` makes of the executor's results, too, so that both are compared with `==`. This file is also the program of that
interpreter, so it imports nothing of this package at the top.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import importlib.util
import os
import pickle
import signal
import struct
import subprocess
import sys
import traceback
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

_ABSENT = "pixelflow_widgets"
_AHEAD = ("torch", "diffusers", "transformers", "peft", "accelerate", "PIL.Image", "numpy")
_LIBRARIES = ("diffusers", "transformers", "torch", "peft", "numpy", "PIL", "scipy", "sklearn", "cv2", "av", "pandas")
_SECONDS = 300


def run_script(source: str, folder: Path, environment: Mapping[str, str] | None = None, /, **arguments: Any) -> Any:
    """Return what the `main` of a script gives, as `plain` data.

    Args:
        source: The script, which is written to `flow.py`.
        folder: Where it lies while it runs.
        environment: Variables besides those of this process, and besides the folders of the models that come with the
            package, which a script names in variables.
        arguments: Of `main`.

    Raises:
        AssertionError: It failed; with the traceback.
    """
    path = folder / "flow.py"
    path.write_text(source, encoding="utf-8")
    told = {**shipped(), **(environment or {})}
    _write(_server().stdin, (str(path), told, _sent(arguments), _threads()))  # type: ignore[arg-type]
    is_done, made = _read(_server().stdout)  # type: ignore[arg-type]
    assert is_done, f"{made}\n{source}"
    return made


def _sent(value: Any) -> Any:
    """Return an argument without our own types, which the other side does not know: it reads attributes alone."""
    if isinstance(value, dict):
        return {name: _sent(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_sent(item) for item in value]
    if dataclasses.is_dataclass(value):
        return types.SimpleNamespace(
            **{field.name: _sent(getattr(value, field.name)) for field in dataclasses.fields(value)}
        )
    return value


def plain(value: Any) -> Any:
    """Return a value as data that says everything and is compared with `==`."""
    if isinstance(value, str | bytes | int | float | bool | None):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    kind = type(value).__name__
    if hasattr(value, "tobytes") and hasattr(value, "mode"):
        return "image", value.mode, value.size, value.tobytes()
    if kind == "ndarray":
        return "array", str(value.dtype), value.shape, value.tobytes()
    if kind == "Tensor":
        return "tensor", str(value.dtype), plain(value.detach().cpu().float().numpy())
    if kind == "DataFrame":
        return "table", list(value.columns), plain(value.to_numpy().tolist())
    if dataclasses.is_dataclass(value):
        return kind, {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return plain(value.item()) if hasattr(value, "item") else (kind, plain(vars(value)))


def shipped() -> dict[str, str]:
    """Return the variables in which scripts look for the models that come with the package."""
    from pixelflow_widgets.models.cards import cards

    return {card.name.upper().replace("-", "_"): str(card.source) for card in cards() if isinstance(card.source, Path)}


def _threads() -> int:
    import torch

    return torch.get_num_threads()


@functools.cache
def _server() -> subprocess.Popen[bytes]:
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-P", __file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _write(stream: BinaryIO, value: Any) -> None:
    packed = pickle.dumps(value)
    stream.write(struct.pack("<q", len(packed)) + packed)
    stream.flush()


def _read(stream: BinaryIO) -> Any:
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError("the other side is gone")
    return pickle.loads(stream.read(struct.unpack("<q", head)[0]))


# In the other interpreter


class _Absent:
    """Says that this package is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] == _ABSENT:
            raise ModuleNotFoundError(f"No module named '{name}': a script does not need it", name=name)


def _serve() -> None:
    sys.meta_path.insert(0, _Absent())  # type: ignore[arg-type]
    sys.dont_write_bytecode = True  # two scripts of one second and one length would be taken for each other
    commands, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what scripts print is no answer
    for name in _AHEAD:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    while True:
        try:
            path, environment, arguments, threads = _read(commands)
        except EOFError:
            return
        _import_ahead(Path(path).read_text(encoding="utf-8"))
        child = os.fork()
        if not child:
            _run(path, environment, arguments, threads, answers)
        _, status = os.waitpid(child, 0)
        if status:
            _write(answers, (False, f"The script's process ended with {status}."))


def _import_ahead(source: str) -> None:
    """Import what a script imports of the libraries, for this one and all that come after it."""
    for statement in ast.parse(source).body:
        names = [one.name for one in statement.names] if isinstance(statement, ast.Import | ast.ImportFrom) else []
        module = getattr(statement, "module", None) or (names[0] if names else "")
        if module.partition(".")[0] in _LIBRARIES:
            with contextlib.suppress(Exception):  # the script itself will say so
                exec(ast.unparse(statement), {})


def _run(
    path: str, environment: Mapping[str, str], arguments: dict[str, Any], threads: int, answers: BinaryIO
) -> NoReturn:
    """Run a script in this process, which is a fork, answer and end."""
    signal.alarm(_SECONDS)
    status = 1
    try:
        try:
            answer = True, _made(path, environment, arguments, threads)
        except BaseException:
            answer = False, traceback.format_exc()
        _write(answers, answer)
        status = 0
    finally:
        os._exit(status)


def _made(path: str, environment: Mapping[str, str], arguments: dict[str, Any], threads: int) -> Any:
    import torch

    torch.set_num_threads(threads)
    os.environ.update(environment)
    os.chdir(Path(path).parent)
    spec = importlib.util.spec_from_file_location("flow", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["flow"] = module
    spec.loader.exec_module(module)
    return plain(module.main(**arguments))


if __name__ == "__main__":
    _serve()
