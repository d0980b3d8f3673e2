"""Media that a user put into a flow: kept by content, saved beside it, never in an evictable cache alone.

In a document a medium is {"$media": "<digest>.<ending>"}; the bytes lie in `<name>.media/` or in the zip.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import media
from ..errors import MediaError
from ..schema import PortType
from .variables import Variables

KEY = "$media"
MODEL_KEY = "$model"
PLAIN = ("text", "choice", "int", "float", "flag", "model")
"""Types whose values stand in the document itself."""
_REFERENCE = re.compile(r"([0-9a-f]{64})\.(png|audio|video|latents|table)\Z")


class MediaFiles:
    """Holds media by reference; those of a loaded flow are read from its folder when first asked for.

    Args:
        folder: Where the files of a loaded flow lie.
        contents: File contents by reference, of a flow that came in one file.
    """

    def __init__(self, folder: Path | None = None, contents: Mapping[str, bytes] | None = None) -> None:
        self.folder = folder
        self.variables: Variables | None = None
        """The variables of the notebook that the flow may use: their values are no more in the document than media."""
        self._contents = dict(contents or {})
        self._values: dict[str, Any] = {}
        self._earlier: list[Path] = []
        self._lock = threading.Lock()

    def put(self, port_type: PortType, value: Any) -> dict[str, str]:
        """Keep a medium and return what stands for it in the document."""
        medium = port_type.medium
        value = _canonical(medium.name, value)
        reference = f"{medium.digest(value)}.{_ending(port_type)}"
        with self._lock:
            self._values[reference] = value
            if self.folder is not None:
                self._write(self.folder, reference)
        return {KEY: reference}

    def get(self, port_type: PortType, reference: Any) -> Any:
        """Return the medium behind a reference.

        Raises:
            MediaError: The reference is malformed, its file is missing or damaged; names the file.
        """
        match = _REFERENCE.match(reference) if isinstance(reference, str) else None
        if match is None:
            raise MediaError(f"{str(reference)[:80]!r} is not the name of a medium of this flow.")
        if match[2] != _ending(port_type):
            raise MediaError(f"The medium {reference} is not {port_type.one}.")
        with self._lock:
            if reference not in self._values:
                self._values[reference] = self._read(port_type, reference, match[1])
            return self._values[reference]

    def has(self, reference: str) -> bool:
        """Return whether the medium of a reference is here, without reading it."""
        if reference in self._values or reference in self._contents:
            return True
        folders = [self.folder, *self._earlier] if self.folder else self._earlier
        return any((folder / reference).is_file() for folder in folders)

    def write_to(self, folder: Path, references: set[str]) -> None:
        """Write the media of these references into a folder; those that are there stay.

        References whose medium is missing are passed over: the document keeps them, and `problems` names them.
        """
        with self._lock:
            for reference in references:
                self._write(folder, reference)

    def move_to(self, folder: Path, references: set[str]) -> None:
        """Keep media in another folder from now on, and write those of these references there.

        Whatever else lies in the folder before is still found: undo may ask for it.
        """
        if self.folder == folder:
            return
        self.write_to(folder, references)
        with self._lock:
            self._earlier = [path for path in (self.folder, *self._earlier) if path is not None]
            self.folder = folder

    def join(self, other: MediaFiles) -> None:
        """Find the media of other files here too."""
        with self._lock:
            self._values = {**other._values, **self._values}
            self._contents |= {name: data for name, data in other._contents.items() if name not in self._contents}
            folders = [path for path in (other.folder, *other._earlier) if path not in (None, self.folder)]
            self._earlier.extend(path for path in folders if path is not None and path not in self._earlier)

    def bytes_of(self, reference: str) -> bytes | None:
        """Return the file content of a reference, or None if it is not here."""
        ending = reference.rpartition(".")[2]
        if reference in self._values:
            value = self._values[reference]
            if ending == "png":
                buffer = io.BytesIO()
                value.save(buffer, "PNG", compress_level=4)
                return buffer.getvalue()
            return media.MEDIA[ending].encode(value)
        if reference in self._contents:
            return self._contents[reference]
        folders = [self.folder, *self._earlier] if self.folder else self._earlier
        path = next((found for folder in folders if (found := folder / reference).is_file()), None)
        return path.read_bytes() if path else None

    def _write(self, folder: Path, reference: str) -> None:
        path = folder / reference
        if path.exists() or (content := self.bytes_of(reference)) is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(content)
        unfinished.replace(path)

    def _read(self, port_type: PortType, reference: str, digest: str) -> Any:
        content = self.bytes_of(reference)
        if content is None:
            where = f" in {self.folder}" if self.folder else ""
            raise MediaError(f"The medium {reference} is missing{where}. Put the file back or drop it in again.")
        try:
            value = media.open_picture(content) if reference.endswith(".png") else port_type.medium.decode(content)
        except Exception as error:  # each decoder stumbles over damage in its own way
            raise MediaError(f"The medium {reference} is damaged: {error}") from error
        if port_type.medium.digest(value) != digest:
            raise MediaError(f"The medium {reference} is not what was saved under that name. Drop it in again.")
        return value


def _ending(port_type: PortType) -> str:
    return "png" if port_type.name in ("image", "mask") else port_type.name


def _referred(port_type: PortType, reference: Any) -> PortType:
    """Return the type of what a reference stands for; where anything goes, its ending says so."""
    match = _REFERENCE.match(reference) if isinstance(reference, str) else None
    if port_type.name != "any" or match is None:
        return port_type.one
    return PortType("image" if match[2] == "png" else match[2])


def _canonical(name: str, value: Any) -> Any:
    """Return an image in a mode that PNG gives back as it was."""
    if name in ("image", "mask") and value.mode not in ("RGB", "RGBA", "L", "LA", "1", "I;16"):
        return value.convert("RGBA" if "A" in value.mode or "transparency" in value.info else "RGB")
    return value


@dataclass(frozen=True)
class MediaReference:
    """Stands for a medium that a flow keeps, where the medium itself is not at hand.

    Args:
        reference: The name of its file.

    Raises:
        MediaError: It cannot be such a name.
    """

    reference: str

    def __post_init__(self) -> None:
        if not isinstance(self.reference, str) or _REFERENCE.match(self.reference) is None:
            raise MediaError(f"{str(self.reference)[:80]!r} is not the name of a medium of a flow.")

    def as_json(self) -> dict[str, str]:
        """Return what stands for it in the document."""
        return {KEY: self.reference}


def refer(value: Any) -> Any:
    """Return what stands in the document for one reference or a list of them.

    Raises:
        MediaError: There is something else in the list.
    """
    if isinstance(value, list | tuple):
        return [refer(item) for item in value]
    if not isinstance(value, MediaReference):
        raise MediaError("A list holds media or references to them, not both.")
    return value.as_json()


def references(value: Any) -> set[str]:
    """Return every media reference inside a JSON value."""
    found: set[str] = set()
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, Mapping):
            if isinstance(current.get(KEY), str) and _REFERENCE.match(current[KEY]):
                found.add(current[KEY])
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)
    return found


def to_json(port_type: PortType, value: Any, files: MediaFiles) -> Any:
    """Return what stands for a checked value in the document; media go to the files."""
    if value is None:
        return None
    if port_type.many or (port_type.name == "any" and isinstance(value, list)):
        return [to_json(port_type.one, item, files) for item in value]
    if port_type.name == "any":  # stands there as what it is
        port_type = PortType(media.medium_name_of(value) or "text")
    if port_type.name == "model":
        if not value.options and not value.adapters:
            return value.source
        return {MODEL_KEY: value.as_dict()}
    if port_type.name == "int" and abs(value) > 2**53 - 1:
        return str(value)  # JavaScript's numbers end there
    if port_type.name in PLAIN:
        return value
    return files.put(port_type, value)


def from_json(port_type: PortType, value: Any, files: MediaFiles) -> Any:
    """Return the value that stands in the document as JSON, not yet checked.

    Raises:
        MediaError: A medium is missing or damaged, or a model handle is malformed.
    """
    if isinstance(value, list) and (port_type.many or port_type.name == "any"):
        return [from_json(port_type.one, item, files) for item in value]
    if isinstance(value, Mapping) and KEY in value:
        return files.get(_referred(port_type, value[KEY]), value[KEY])
    if isinstance(value, Mapping) and MODEL_KEY in value:
        try:
            return media.MEDIA["model"].decode(media.canonical_json(value[MODEL_KEY]).encode())
        except (KeyError, TypeError, ValueError) as error:
            raise MediaError(f"This model handle cannot be read: {error}") from error
    return value
