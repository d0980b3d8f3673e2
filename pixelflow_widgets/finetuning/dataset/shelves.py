"""Folders and archives read alike: files by name, in the order in which people count, never written to."""

from __future__ import annotations

import lzma
import posixpath
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol

from ...errors import MediaError
from ...media.folders import counted as in_order
from ...media.folders import files_in
from .problems import refusal

MOST_FILES = 50_000
MOST_BYTES, MOST_TOGETHER = 512 * 1024**2, 16 * 1024**3
"""Of one file in an archive, and of all, unpacked."""
_PACKED, _HARMLESS = 200, 100 * 1024**2
"""Pictures do not shrink; what was packed to less than one in 200 and is larger than this is a bomb."""
_LONGEST_NAME = 1024
# Of the others a few bytes can become any number: zipfile does not limit what it unpacks of them at once.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
# What zipfile raises for damaged files.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    ValueError,
    EOFError,
    RuntimeError,  # encrypted, or (as NotImplementedError, a kind of it) packed in a way that zipfile does not know
    LookupError,
    OverflowError,
)


class Shelf(Protocol):
    """Holds files by their names, with "/" between folders."""

    name: str
    files: list[str]

    def picture(self, file: str) -> Path | bytes:
        """Return what a picture is opened from."""
        ...

    def text(self, file: str, most: int) -> bytes:
        """Return the content of a small file; MediaError if it is larger than `most` bytes."""
        ...


class Folder:
    """Reads a folder and its subfolders; hidden files are passed over.

    Args:
        path: Where it is.

    Raises:
        MediaError: There is none, or it may not be read.
    """

    def __init__(self, path: Path) -> None:
        found = files_in(str(path), subfolders=True)
        self.path = path.expanduser().absolute()
        self.name = self.path.name
        root = path.expanduser()
        self.files = [file.relative_to(root).as_posix() for file in found]

    def picture(self, file: str) -> Path:
        """Return the path."""
        return self.path / file

    def text(self, file: str, most: int) -> bytes:
        """Return the content."""
        return content_of(self.path / file, most)


class Archive:
    """Reads a .zip that anybody may have made: it is looked through before a byte of it is unpacked, and never to disk.

    Args:
        path: Where it is.

    Raises:
        DatasetRefused: It is damaged or encrypted, points out of itself, holds archives, or would unpack to too much.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise refusal(f"'{path.name}' cannot be read as a zip: {error}.", "Make it again.") from error
        entries = [info for info in self._zip.infolist() if not info.is_dir()]
        _check(path, entries)
        shown = [info for info in entries if not _is_hidden(_name(info))]
        self._entries = {_name(info): info for info in shown}
        self.files = sorted(self._entries, key=lambda name: in_order(PurePosixPath(name)))

    def picture(self, file: str) -> bytes:
        """Return the content, checked against its declared size and sum."""
        try:
            with self._zip.open(self._entries[file]) as opened:
                # As many as are declared: without a number it unpacks all that there is before it counts.
                return opened.read(self._entries[file].file_size)
        except _DAMAGE as error:
            raise MediaError(f"This cannot be unpacked: {error}") from error

    def text(self, file: str, most: int) -> bytes:
        """Return the content."""
        _limit(self._entries[file].file_size, most, file)
        try:
            return self.picture(file)
        except MediaError as error:
            raise MediaError(f"'{file}': {error}") from error


def content_of(file: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes; MediaError if it has more or cannot be read."""
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise MediaError(f"'{file.name}' cannot be read: {error}") from error
    _limit(len(content), most, file.name)
    return content


def _limit(size: int, most: int, file: str) -> None:
    if size > most:
        raise MediaError(f"'{file}' has more than {most:,} bytes: it is no caption.")


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _check(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by what its list of contents says."""
    who = f"'{path.name}'"
    again = "If you trust who made it, unpack it and give the folder."
    if len(entries) > MOST_FILES:
        raise refusal(f"{who} holds {len(entries):,} files; at most {MOST_FILES:,} are read.", "Give a folder.")
    seen: set[str] = set()
    for info in entries:
        shown = f"'{info.filename[:80]}'"
        if _points_out(info):
            raise refusal(f"{who} holds {shown}, which points out of the archive.", again)
        if info.flag_bits & 1:
            raise refusal(f"{who} is encrypted: {shown} wants a password.", "Unpack it, and give the folder.")
        if info.compress_type not in _METHODS:
            raise refusal(f"{who} holds {shown}, packed in a way that is not read here.", "Unpack it, or use deflate.")
        if not _is_hidden(_name(info)) and info.filename.lower().endswith(_ARCHIVES):
            raise refusal(f"{who} holds another archive, {shown}.", "Unpack that one, too, and give the folder.")
        if info.file_size > MOST_BYTES:
            raise refusal(f"{who} holds {shown} of {info.file_size:,} bytes; at most {MOST_BYTES:,} are read.", again)
        if _name(info) in seen:
            raise refusal(f"{who} holds {shown} twice.", again)
        seen.add(_name(info))
    together, packed = sum(info.file_size for info in entries), path.stat().st_size
    if together > MOST_TOGETHER or together > max(_HARMLESS, _PACKED * packed):
        raise refusal(f"{who} has {packed:,} bytes and would unpack to {together:,}: it looks like a zip bomb.", again)


def _points_out(info: zipfile.ZipInfo) -> bool:
    name = _name(info)
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    is_odd = len(name) > _LONGEST_NAME or "\0" in name
    return is_link or is_odd or name.startswith("/") or name[1:2] == ":" or name.split("/")[0] == ".."


def _name(info: zipfile.ZipInfo) -> str:
    """Return what an entry is called; some programs on Windows write backslashes between folders."""
    return posixpath.normpath(info.filename.replace("\\", "/"))
