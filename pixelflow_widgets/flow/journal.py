"""What keeps every accepted edit: a journal beside the flow file.

Beside `poster.flow.json` lies `.poster.journal`: one JSON line an edit, appended before anybody is told. Opening does
again what the file does not hold yet.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .file import file_digest, stem, write_atomically
from .operations import Operation

LOOKS_EVERY = 1.0
"""Seconds after which an edit looks whether the journal is still there."""
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)


class Journal:
    """Appends edits and gives back those that were not saved.

    A line is {"ops": […]}, {"saving": digest} before the file is replaced, or {"base": digest} as the first one: the
    content that the edits start from.

    Args:
        flow_file: The flow's own file.
    """

    def __init__(self, flow_file: Path) -> None:
        self.path = flow_file.with_name(f".{stem(flow_file)}.journal")
        self._known: set[str] = set()
        self._lines: list[bytes] = []
        self._file: int | None = None
        self._size = 0
        self._looked = 0.0

    def start(self, content: bytes, edits: Iterable[list[Operation]] = ()) -> None:
        """Begin anew on a content, with the edits that it does not hold yet; a torn line goes."""
        digest = file_digest(content)
        self._known = {digest}
        self._lines = [_line({"base": digest}), *(_line({"ops": edit}) for edit in edits)]
        self._rewrite()

    def _rewrite(self) -> None:
        self.close()
        write_atomically(self.path, b"".join(self._lines))

    def knows(self, content: bytes) -> bool:
        """Return whether a content of the flow file comes from here, and not from another program."""
        return file_digest(content) in self._known

    def append(self, operations: list[Operation], text: str = "") -> None:
        """Keep one accepted edit; is on disk (in the system's hands) when this returns.

        Args:
            operations: What was done, in order.
            text: The same as JSON in ASCII, where somebody has made it already.
        """
        self._write(b'{"ops":%b}\n' % text.encode() if text else _line({"ops": operations}))

    def saving(self, content: bytes) -> None:
        """Say that the file is about to be replaced, in case the machine stops between that and `start`."""
        self._write(_line({"saving": file_digest(content)}))
        self._known.add(file_digest(content))

    def _write(self, line: bytes) -> None:
        file = self._opened()
        try:
            if os.write(file, line) < len(line):
                raise OSError(errno.ENOSPC, "The disk is full", str(self.path))
        except OSError:
            os.ftruncate(file, self._size)  # half a line would swallow the next one
            raise
        self._size += len(line)
        self._lines.append(line)

    def _opened(self) -> int:
        """Return the open file, written anew if it was cleared away; to look at each edit would cost too much."""
        now = time.monotonic()
        if self._file is not None and now - self._looked < LOOKS_EVERY:
            return self._file
        self._looked = now
        if self._file is None:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        found = os.fstat(self._file)
        if found.st_nlink == 0 or (found.st_size == 0 and self._lines):
            self._rewrite()
            return self._opened()
        self._size = found.st_size
        return self._file

    def close(self) -> None:
        """Let the file go; the next edit opens it again."""
        if self._file is not None:
            handle, self._file = self._file, None
            os.close(handle)

    def unsaved(self, content: bytes) -> list[list[Operation]] | None:
        """Return the edits that a file content does not hold, oldest first.

        Args:
            content: What the flow file holds now.

        Returns:
            Operations by edit; None if the file was changed by somebody else since the journal began.
        """
        edits = self.since(file_digest(content))
        if edits is None and not any("ops" in entry for entry in self._entries()):
            return []
        return edits

    def since(self, digest: str) -> list[list[Operation]] | None:
        """Return the edits after a content, oldest first; None if the journal does not tell of that content.

        Args:
            digest: `file_digest` of the content.
        """
        edits: list[list[Operation]] | None = None
        for entry in self._entries():
            if digest in (entry.get("base"), entry.get("saving")):
                edits = []
            elif edits is not None and isinstance(entry.get("ops"), list):
                edits.append(entry["ops"])
        return edits

    def contents(self) -> list[str]:
        """Return the digests of the contents that the journal tells of, newest first."""
        told = [entry.get("base", entry.get("saving")) for entry in self._entries()]
        return [digest for digest in reversed(told) if isinstance(digest, str)]

    def set_aside(self) -> Path:
        """Copy the journal to where nothing ever removes it, and return where that is."""
        moment, number = datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), 1
        while (aside := self.path.with_name(f"{self.path.name}.{moment}-{number}")).exists():
            number += 1
        write_atomically(aside, self.path.read_bytes())
        return aside

    def discard(self) -> None:
        """Remove the journal: whatever it told of is kept elsewhere."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _entries(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        for line in self.path.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the line that was being written when the power went
            if isinstance(entry, dict):
                yield entry


def _line(entry: dict[str, Any]) -> bytes:
    return _ENCODER.encode(entry).encode() + b"\n"
