"""What identifies a model: the content of everything that it is loaded from."""

from __future__ import annotations

import functools
import os
import threading
from pathlib import Path

from ..errors import ModelError
from ..media import Model, blake3_hex
from ..media.values import SERVED, live_object
from .fitting import ground_of
from .live import state_of
from .served import server_of
from .single_files import files_behind
from .weights import companions_of, files_in, place_of, sources_of

_digests: dict[tuple[str, int, int], str] = {}
_lock = threading.Lock()


def fingerprint(model: Model) -> str:
    """Return what identifies the weights, and the libraries and machine whose arithmetic they meet.

    Where the model is not here, its handle alone identifies it; the node will say what is missing.
    """
    if model.is_live:
        pipeline = live_object(model.source)
        return model.as_json() + ("" if pipeline is None else blake3_hex(state_of(pipeline).encode()))
    if model.is_served:
        # Which model, where and how it is asked is all that is known; the same question gives what was paid for before.
        return blake3_hex(model.as_json().encode(), server_of(model).address.encode())
    digests = []
    for source in sources_of(model):
        wanted = Model(source, {"revision": model.options.get("revision")}) if source == model.source else Model(source)
        try:
            digests.append(digest_of(wanted))
        except ModelError:
            return model.as_json()
    threads = os.environ.get("OMP_NUM_THREADS", str(os.cpu_count()))
    libraries = " ".join(f"{name} {_minor(name)}" for name in ("torch", "diffusers", "transformers"))
    return f"{' '.join(digests)} {libraries} threads {threads}"


def digest_of(model: Model | str) -> str:
    """Return what identifies the files of a model, its companions and what lends to it among them, wherever they lie.

    Raises:
        ModelError: It is not here.
    """
    source = model if isinstance(model, str) else model.source
    if source.startswith(SERVED):
        return blake3_hex(source.encode())
    place = place_of(model)
    told = [f"{name} {_digest(path)}\n" for name, path in files_in(place)]
    for companion in companions_of(model).values():
        told += [f"{companion.name}/{name} {_digest(path)}\n" for name, path in files_in(companion)]
    told += [f"{name} {_digest(path)}\n" for name, path in _behind(model, place)]
    return blake3_hex(*(line.encode() for line in told))


def _behind(model: Model | str, place: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of what lends to a model in one file; of what cannot be loaded anyway, nothing."""
    try:
        return files_behind(ground_of(Model(model) if isinstance(model, str) else model).family, place)
    except ModelError:
        return []


def _digest(path: Path) -> str:
    """Return what identifies a file's content; it is read once for each state (size, time) of the file."""
    if path.is_symlink() and path.resolve().parent.name == "blobs":
        return path.resolve().name  # the Hub's cache names its files by their digest
    stat = path.stat()
    state = (str(path), stat.st_size, stat.st_mtime_ns)
    with _lock:
        if state not in _digests:
            from blake3 import blake3

            _digests[state] = blake3().update_mmap(path).hexdigest() if stat.st_size else "empty"
        return _digests[state]


@functools.cache
def _minor(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return ".".join(version(package).split(".")[:2])
    except PackageNotFoundError:
        return "none"
