"""How the nodes that write media into files are written into scripts: in plain words, where the ending allows it."""

from __future__ import annotations

import inspect
from pathlib import PurePosixPath

from ..media import free_path
from ..schema.exporting import Writing

_WIDE = (".png", ".webp", ".tif", ".tiff")
"""Of pictures: endings of files that may be transparent."""


def write_save_image(at: Writing) -> None:
    """Write how a picture is saved."""
    ending = _ending(at)
    if ending in (*_WIDE, ".jpg", ".jpeg", ".bmp"):
        image = at.code("image") if ending in _WIDE else f"{at.code('image')}.convert('RGB')"
        _save(at, f"{image}.save({{}})")
    else:
        _copy(at)


def write_save_audio(at: Writing) -> None:
    """Write how a sound is saved."""
    if _ending(at) in (".wav", ".flac") and at.is_fixed("bits"):
        at.add_import("import soundfile")
        audio, kind = at.code("audio"), f"PCM_{at.known('bits')}"
        _save(at, f"soundfile.write({{}}, {audio}.samples.T, {audio}.sample_rate, {kind!r})")
    else:
        _copy(at)


def write_save_video(at: Writing) -> None:
    """Write how a film is saved."""
    _copy(at)


def _ending(at: Writing) -> str:
    """Return how the name of a file ends; empty where only the run knows, or where the run would refuse it."""
    if not at.is_fixed("path"):
        return ""
    path = PurePosixPath(at.known("path"))
    return "" if path.is_absolute() or ".." in path.parts or "\\" in str(path) else path.suffix.lower()


def _save(at: Writing, call: str) -> None:
    at.add_import("from pathlib import Path")
    place = at.reused("file")
    at.line(f"{place} = {at.bring(free_path)}(Path({at.code('path')}))")
    at.line(f"{place}.parent.mkdir(parents=True, exist_ok=True)", call.format(place))
    at.give(text=f"str({place})" if at.is_read("text") else "None")


def _copy(at: Writing) -> None:
    """Write a call of the node's own function, which is copied; nobody could keep a record of the flow there."""
    function = inspect.unwrap(at.node_type.function)
    given = {port: at.code(port) for port in at.node_type.inputs if port != "provenance" and at.is_set(port)}
    if "bits" in given:  # a choice of numbers, which are words on their way
        given["bits"] = str(at.known("bits")) if at.is_fixed("bits") else f"int({given['bits']})"
    at.give(text=f"{at.bring(function)}({', '.join(f'{port}={code}' for port, code in given.items())})")
