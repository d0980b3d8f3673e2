"""The flow file: reading anything safely, writing atomically, and the forms in which a flow travels.

`name.flow.json` with media in `name.media/`; `name.flow.zip` holds both; a picture, sound or film may carry the flow
that made it.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import FlowFileError, MediaError
from ..media import blake3_hex
from ..media.tags import KEY, kind_of, read_tags
from .document import FORMAT, VERSION, Document, is_input, is_node, new_document
from .media_files import MediaFiles, references
from .strict_json import read_strictly

MAX_BYTES = 64 * 1024**2
MAX_MEDIA_BYTES = 2 * 1024**3
MAX_DEPTH = 64
RECORD = f"{FORMAT}-record"
"""What the record in a picture, sound or film calls itself: the flow stands in it."""
UPGRADES: dict[int, Callable[[Document], Document]] = {}
"""From each older version, the function that makes the next one."""


def parse(text: str | bytes, name: str = "flow") -> Document:
    """Return the document of a flow file.

    Args:
        text: Content of the file.
        name: Name of a flow that has none.

    Raises:
        FlowFileError: It is not JSON, not a flow, or too large or deep to be one; says where.
    """
    return document_in(read_json(text), name)


def read_json(text: str | bytes) -> Any:
    """Return what JSON of anybody says.

    Raises:
        FlowFileError: It is not JSON, or too large or deep to be a flow; says where.
    """
    if len(text) > MAX_BYTES:
        raise FlowFileError(f"A flow file has at most {MAX_BYTES >> 20} MB; this one has {len(text) >> 20} MB.")
    try:
        return read_strictly(text)
    except RecursionError:
        raise FlowFileError(f"This file is nested too deep; a flow has at most {MAX_DEPTH} levels.") from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, absurdly long numbers
        raise FlowFileError(f"This is not a flow file: {str(error)[:200]}.") from None


def document_in(content: Any, name: str = "flow") -> Document:
    """Return the document that JSON is, or that stands in it where it is a record.

    Raises:
        FlowFileError: It is not a flow; says where.
    """
    if isinstance(content, Mapping) and content.get("format") == RECORD:
        content = content.get("flow")
        if content is None:
            raise FlowFileError("The flow was too long for this kind of file and is not in it.")
    return upgrade(check_shape(content, name))


def check_shape(content: Any, name: str = "flow") -> Document:
    """Return a document whose sections are there and have the right shape.

    Raises:
        FlowFileError: It is not a flow; names the section.
    """
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise FlowFileError(f'This is not a flow file: it does not say "format": "{FORMAT}".')
    version = content.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 1_000_000:
        raise FlowFileError(f"This flow file has no readable version: {str(version)[:40]!r}.")
    document = {**new_document(name), **content}
    sections = {"name": str, "nodes": dict, "edges": list, "inputs": list, "outputs": list, "layout": dict}
    for section, shape in sections.items():
        if not isinstance(document[section], shape):
            raise FlowFileError(
                f"'{section}' of this flow file is {type(document[section]).__name__}, not {shape.__name__}."
            )
    if not isinstance(document.get("subflows", {}), dict):
        raise FlowFileError(f"'subflows' of this flow file is {type(document['subflows']).__name__}, not dict.")
    if document.get("subflows") == {}:
        del document["subflows"]
    _check_depth(document)
    return _complete(document)


def _complete(document: Document) -> Document:
    """Return the document with what an edit takes for granted: positions, values of nodes, feeds of inputs."""
    positions = document["layout"].get("positions", {})
    if not isinstance(positions, dict):
        raise FlowFileError(f"'positions' of this flow file is {type(positions).__name__}, not dict.")
    return {
        **document,
        "layout": {**document["layout"], "positions": positions},
        "nodes": {
            key: {"values": {}, **entry} if is_node(entry) else entry for key, entry in document["nodes"].items()
        },
        "inputs": [{"feeds": [], **entry} if is_input(entry) else entry for entry in document["inputs"]],
    }


def _check_depth(document: Document) -> None:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        below = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        level = below
        if not level:
            return
    raise FlowFileError(f"This file is nested too deep; a flow has at most {MAX_DEPTH} levels.")


def upgrade(document: Document) -> Document:
    """Return the document in today's version; a newer one stays as it is and cannot run."""
    while document["version"] < VERSION:
        document = UPGRADES[document["version"]](document)
    return document


def to_text(document: Document) -> str:
    """Return the document as the text of its file: sorted keys, two spaces, a newline at the end."""
    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character somewhere: only escapes keep it
        text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    return text


def file_digest(content: bytes) -> str:
    """Return what tells two contents of a flow file apart."""
    return blake3_hex(content)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it holds either all of the old or all of the new content, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(unfinished, mode)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def stem(path: Path) -> str:
    """Return the name of a flow from the name of its file: "poster" of "poster.flow.json"."""
    name = path.name
    for ending in (".flow.json", ".flow.zip", ".json", ".zip"):
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return path.stem or "flow"


def media_folder(path: Path) -> Path:
    """Return where the media of a flow file lie: "poster.media" beside "poster.flow.json"."""
    return path.with_name(f"{stem(path)}.media")


def to_bytes(path: Path, document: Document, files: MediaFiles) -> bytes:
    """Return what the file of a flow holds: JSON, or a zip of everything if the name ends so."""
    return _to_zip(document, files) if path.name.lower().endswith(".zip") else to_text(document).encode()


def save(path: Path, document: Document, files: MediaFiles, content: bytes | None = None) -> None:
    """Write a flow as JSON with its media beside it, or as one zip if the name ends so.

    Args:
        path: Where.
        document: The flow.
        files: Its media.
        content: `to_bytes` of it, where that is known already.
    """
    if not path.name.lower().endswith(".zip"):
        files.write_to(media_folder(path), references(document))
    write_atomically(path, to_bytes(path, document, files) if content is None else content)


def _to_zip(document: Document, files: MediaFiles) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        contents = {"flow.json": to_text(document).encode()}
        for reference in sorted(references(document)):
            if (content := files.bytes_of(reference)) is not None:
                contents[f"media/{reference}"] = content
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def load(path: Path) -> tuple[Document, MediaFiles]:
    """Read a flow from JSON, a zip, or a picture, sound or film that carries one; runs and imports nothing.

    Raises:
        FlowFileError: It is none of these; says why.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(16)
            if start.startswith(_ZIP):
                return _from_zip(path, stem(path))
            if kind_of(start):
                return parse(_carried(path), stem(path)), MediaFiles(media_folder(path))
            if size > MAX_BYTES:
                raise FlowFileError(f"A flow file has at most {MAX_BYTES >> 20} MB; {path} has {size >> 20} MB.")
            return parse(start + file.read(), stem(path)), MediaFiles(media_folder(path))
    except OSError as error:
        raise FlowFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    except FlowFileError as error:
        raise FlowFileError(f"{path}: {error}") from error.__cause__


def read(content: bytes, name: str) -> tuple[Document, MediaFiles]:
    """Read a flow from what a file holds, as `load` does; media beside the file are not there.

    Args:
        content: Of JSON, a zip, or a picture, sound or film that carries a flow.
        name: Of the file.

    Raises:
        FlowFileError: It is none of these; says why.
    """
    known = stem(Path(name))
    if content.startswith(_ZIP):
        return _from_zip(io.BytesIO(content), known)
    return parse(_carried(content) if kind_of(content[:16]) else content, known), MediaFiles()


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What zipfile raises for damaged files.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, ValueError, SyntaxError, LookupError, EOFError, RuntimeError, OverflowError),
)


def _from_zip(source: Path | io.BytesIO, name: str) -> tuple[Document, MediaFiles]:
    contents: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(source) as archive:
            names = {info.filename: info for info in archive.infolist()}
            if "flow.json" not in names or names["flow.json"].file_size > MAX_BYTES:
                raise FlowFileError("This zip holds no flow.json of a readable size.")
            document = parse(archive.read("flow.json"), name)
            wanted = {f"media/{reference}" for reference in references(document)} & names.keys()
            if sum(names[name].file_size for name in wanted) > MAX_MEDIA_BYTES:
                raise FlowFileError("The media of this zip take more than 2 GB.")
            for name in wanted:
                contents[name.removeprefix("media/")] = archive.read(name)
    except FlowFileError:
        raise
    except _DAMAGE as error:
        raise FlowFileError(f"This zip is damaged: {error}") from error
    return document, MediaFiles(contents=contents)


def _carried(source: Path | bytes) -> str:
    """Return the text of the flow that a picture, sound or film carries."""
    try:
        tags = read_tags(source)
    except MediaError as error:
        raise FlowFileError(str(error)) from error
    if KEY in tags:
        return tags[KEY]
    if "workflow" in tags or "prompt" in tags:
        raise FlowFileError("It carries no flow, but a graph of ComfyUI, which cannot be opened here.")
    if "parameters" in tags:
        raise FlowFileError("It carries no flow, but settings as text. See them with: pixelflow inspect FILE")
    raise FlowFileError("It carries no flow.")
