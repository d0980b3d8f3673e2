"""What a flow file and the journal beside it say together."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import FlowFileError, OperationRejected
from . import file
from .document import Document
from .media_files import MediaFiles
from .opened import OpenFile
from .operations import Operation, apply_all


@dataclass(frozen=True)
class Recovered:
    """Is a flow as it was when its process ended, however that ended.

    Args:
        document: The last document, edits that were not saved included.
        media: Its media.
        is_saved: Whether the file holds that document.
        other: What another program made of the file meanwhile, if that is something else.
        note: What a user should know, or nothing.
    """

    document: Document
    media: MediaFiles
    is_saved: bool
    other: Document | None = None
    note: str = ""


def recover(held: OpenFile) -> Recovered:
    """Read a flow file and do again what its journal keeps; the journal goes on from there.

    Raises:
        FlowFileError: The file is not a flow.
    """
    document, media = _load(held)
    if media.folder is None:  # a zip: what is dropped from now on has to be on disk before it is saved
        media.folder = file.media_folder(held.path)
    content = held.path.read_bytes()
    edits = held.journal.unsaved(content)
    if edits is not None:
        mine, note = _replay(held, document, edits, content)
        return Recovered(mine, media, not edits, note=note)
    for digest in held.journal.contents():
        base = held.versions.find(digest)
        if base is not None:
            start = file.parse(base, file.stem(held.path))
            mine, note = _replay(held, start, held.journal.since(digest) or [], base)
            if mine == document:
                held.begin(content)
                return Recovered(mine, media, True, note=note)
            return Recovered(mine, media, False, document, note)
    aside = held.journal.set_aside()
    held.begin(content)
    note = (
        f"{held.path.name} was changed by another program, and the version that edits in the journal start from is "
        f"not there any more. The file is taken as it is; the edits are kept in {aside}."
    )
    return Recovered(document, media, True, note=note)


def _load(held: OpenFile) -> tuple[Document, MediaFiles]:
    try:
        return file.load(held.path)
    except FlowFileError as error:
        if not held.versions.list():
            raise
        raise FlowFileError(f"{error} Earlier versions lie in {held.versions.folder}.") from error


def _replay(held: OpenFile, document: Document, edits: list[list[Operation]], base: bytes) -> tuple[Document, str]:
    """Return the document after the edits, and a word on those that do not fit."""
    fitting = []
    for edit in edits:
        try:
            document, _ = apply_all(document, edit)
        except OperationRejected:
            continue
        fitting.append(edit)
    note = ""
    if len(fitting) < len(edits):
        aside = held.journal.set_aside()
        note = (
            f"{len(edits) - len(fitting)} edits of the journal do not fit {held.path.name}. They are kept in {aside}."
        )
    held.begin(base, fitting)
    return document, note
