"""Where a script finds models and computes with them: folders, files, the Hub; the device and the precision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import ModelError
from ...media import Adapter, Model
from ..cards import PACKAGE, ModelCard, card_of
from ..devices import _HALF
from ..files import only_variant
from ..fitting import adapter_file
from ..weights import hub_cache, place_of, split_source
from .writing import Writing

_DEVICE = """{name} = "mps" if torch.backends.mps.is_available() else "cpu"
if torch.cuda.is_available():
    {name} = "cuda"
"""
_LONG = 60
"""How many characters of a path stand where it is used."""


@dataclass(frozen=True)
class Place:
    """Is where a script finds a model.

    Args:
        code: The expression of a folder, a file, or a Hub id.
        here: Where it is on this machine, if it is.
        settings: Arguments that pin which files of it are taken: revision, variant.
        file: Name of the file within a repository on the Hub, if it is one file of it.
    """

    code: str
    here: Path | None = None
    settings: tuple[str, ...] = ()
    file: str = ""

    @property
    def is_file(self) -> bool:
        """Return whether it is one file of weights."""
        return bool(self.file) or (self.here is not None and self.here.is_file())

    def file_in(self, at: Writing) -> str:
        """Return the expression of the file itself; one on the Hub is fetched."""
        if not self.file:
            return self.code
        at.add_import("from huggingface_hub import hf_hub_download")
        return f"hf_hub_download({', '.join([self.code, quoted(self.file), *self.settings])})"


def device_in(at: Writing) -> str:
    """Return the name of the constant that says where a script computes."""
    at.add_import("import torch")
    return at.define(("device",), "DEVICE", lambda name: _DEVICE.format(name=name))


def dtype_in(at: Writing, family: str, wanted: str | None = None) -> str:
    """Return the expression of the precision of a model.

    Args:
        at: Takes the code.
        family: Its base model.
        wanted: What its handle asks for.
    """
    at.add_import("import torch")
    if wanted:
        return f"torch.{wanted}"
    half = "float16" if family in _HALF else "bfloat16"
    device = device_in(at)
    if half == "float16":
        source = f'torch.float32 if {device} == "cpu" else torch.float16'
    else:
        source = f'{{"cuda": torch.bfloat16, "mps": torch.float16, "cpu": torch.float32}}[{device}]'
    return at.define(("dtype", half), "DTYPE", lambda name: f"{name} = {source}")


def quoted(text: str) -> str:
    """Return a text as Python writes it."""
    escaped = repr(text)
    return escaped if '"' in text else f'"{escaped[1:-1]}"'.replace("\\'", "'")


def text_in(at: Writing, text: str, wanted: str) -> str:
    """Return the expression of the name of a place; a long one becomes a constant."""
    if len(text) <= _LONG:
        return quoted(text)
    parts = re.findall(rf"[^/]{{1,{_LONG}}}/?|/", text)
    lines = [""]
    for part in parts:
        if lines[-1] and len(lines[-1] + part) > _LONG:
            lines.append("")
        lines[-1] += part
    body = "\n".join(f"    {quoted(line)}" for line in lines)
    return at.define(("text", text), wanted.upper(), lambda name: f"{name} = (\n{body}\n)")


def local_in(at: Writing, path: str | Path, wanted: str = "MODEL") -> str:
    """Return the expression of a file or folder of this machine; below the home folder it is said from there.

    Args:
        at: Takes the code.
        path: As it stands in the flow.
        wanted: How a constant is called that holds it, if it is long.
    """
    place = Path(path).expanduser()
    home = Path.home()
    if place.is_absolute() and place != home and place.is_relative_to(home):
        at.add_import("from pathlib import Path")
        return f"Path.home() / {text_in(at, place.relative_to(home).as_posix(), wanted)}"
    return text_in(at, place.as_posix(), wanted)


def place_in(at: Writing, model: Model, card: ModelCard | None = None) -> tuple[str, list[str]]:
    """Return (the expression of where a model lies, the arguments that pin which files of it)."""
    place = located(at, model, card)
    return place.code, list(place.settings)


def located(at: Writing, model: Model, card: ModelCard | None = None) -> Place:
    """Return where a script finds a model.

    Args:
        at: Takes the code.
        model: The handle.
        card: What is known of it; it is looked up where this is None.
    """
    if model.is_live:
        at.refuse(
            "its model is an object of this notebook, which a script cannot load. Save it with save_pretrained and "
            "name that folder."
        )
    card = card or card_of(model)
    source = card.source if card else model.source
    here = _here(model)
    if isinstance(source, Path):
        return Place(_shipped(at, card.name if card else source.name), here)
    if source.startswith(PACKAGE):
        return Place(local_in(at, here, _constant(source)) if here else quoted(source), here)
    if _is_local(source):
        settings = _variant(model, card, here)
        return Place(local_in(at, source if here is None or here.is_dir() else here, _constant(source)), here, settings)
    repository, file = split_source(source)
    revision = model.options.get("revision") or (card.revision if card else None) or _commit(here)
    settings = (f"revision={quoted(revision)}",) if revision else ()
    return Place(quoted(repository), here, settings + (() if file else _variant(model, card, here)), file)


def adapter_in(at: Writing, source: str) -> tuple[str, str, tuple[str, ...]]:
    """Return (the expression of a folder or Hub id, the file within it, arguments that pin it) of an adapter.

    Args:
        at: Takes the code.
        source: As the adapter names it: a file, a folder, a Hub id, a file within one, a card's name.
    """
    card = card_of(source)
    named = str(card.source) if card else source
    try:
        here = adapter_file(Adapter(source))
    except ModelError:
        here = None
    if _is_local(named):
        path = Path(named).expanduser() if here is None else here
        return local_in(at, path.parent, f"{_constant(path.stem)}_FOLDER"), path.name, ()
    repository, file = split_source(named)
    if not file and here is not None:
        file = here.relative_to(_snapshot(here)).as_posix() if _snapshot(here) else here.name
    revision = (card.revision if card else None) or _commit(here)
    return quoted(repository), file, (f"revision={quoted(revision)}",) if revision else ()


def _constant(source: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", Path(source).stem).strip("_") or "MODEL"


def _here(model: Model) -> Path | None:
    try:
        return place_of(model)
    except ModelError:
        return None


def _is_local(source: str) -> bool:
    """Return whether a name is of a file or folder, be it here or not."""
    if source.startswith(("/", "~", ".")):
        return True
    try:
        return Path(source).exists()
    except (OSError, ValueError):
        return False


def _variant(model: Model, card: ModelCard | None, here: Path | None) -> tuple[str, ...]:
    own = only_variant(here) if card is None and here is not None and here.is_dir() else None
    variant = model.options.get("variant") or (card.variant if card else None) or own
    return (f"variant={quoted(variant)}",) if variant else ()


def _snapshot(here: Path | None) -> Path | None:
    """Return the folder of a commit in the Hub's cache in which something lies, if it does."""
    if here is None or not here.is_relative_to(hub_cache()):
        return None
    parts = here.relative_to(hub_cache()).parts
    return hub_cache().joinpath(*parts[:3]) if len(parts) > 2 and parts[1] == "snapshots" else None


def _commit(here: Path | None) -> str | None:
    """Return the commit that is in the Hub's cache, so that a script takes the same."""
    found = _snapshot(here)
    return found.name if found is not None and re.fullmatch("[0-9a-f]{40}", found.name) else None


def _shipped(at: Writing, name: str) -> str:
    """Return the constant of the folder of a model that comes with this package."""
    at.add_import("import os")
    at.add_import("from pathlib import Path")
    constant = name.upper().replace("-", "_")
    return at.define(
        ("shipped", name),
        constant,
        lambda known: (
            f"# The model '{name}' comes with the package pixelflow-widgets;\n"
            f"# `pixelflow models info {name}` says in which folder. Copy that beside this\n"
            f"# script, or name it in the environment variable {constant}.\n"
            f'{known} = os.environ.get("{constant}", str(Path(__file__).parent / "{name}"))'
        ),
    )
