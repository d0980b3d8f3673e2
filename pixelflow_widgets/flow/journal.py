"""What keeps every accepted edit: a journal beside the flow file, and its last versions.

Beside `poster.flow.json` lie `.poster.journal` (one JSON line an edit, appended before anybody is told) and
`.poster.versions/` (the last 50 saved contents). Opening replays the edits that the file does not hold yet.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .file import file_digest, stem, write_atomically
from .operations import Operation

KEPT_VERSIONS = 50
_VERSION = re.compile(r"\d{6}-\d{8}T\d{6}\.flow\.json\Z")


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

    def start(self, content: bytes, edits: Iterable[list[Operation]] = ()) -> None:
        """Begin anew on a content, with the edits that it does not hold yet; a torn line goes."""
        lines = [_line({"base": file_digest(content)}), *(_line({"ops": edit}) for edit in edits)]
        write_atomically(self.path, b"".join(lines))
        self._known = {file_digest(content)}

    def knows(self, content: bytes) -> bool:
        """Return whether a content of the flow file comes from here, and not from another program."""
        return file_digest(content) in self._known

    def append(self, operations: list[Operation]) -> None:
        """Keep one accepted edit; is on disk (in the system's hands) when this returns."""
        self._write({"ops": operations})

    def saving(self, content: bytes) -> None:
        """Say that the file is about to be replaced, in case the machine stops between that and `start`."""
        self._write({"saving": file_digest(content)})
        self._known.add(file_digest(content))

    def _write(self, entry: dict[str, Any]) -> None:
        with self.path.open("ab", buffering=0) as file:
            end, line = file.tell(), _line(entry)
            try:
                if file.write(line) < len(line):
                    raise OSError(errno.ENOSPC, "The disk is full", str(self.path))
            except OSError:
                file.truncate(end)  # half a line would swallow the next one
                raise

    def unsaved(self, content: bytes) -> list[list[Operation]] | None:
        """Return the edits that a file content does not hold, oldest first.

        Args:
            content: What the flow file holds now.

        Returns:
            Operations by edit; None if the file was changed by somebody else since the journal began.
        """
        digest = file_digest(content)
        edits: list[list[Operation]] = []
        known = not self.path.exists()
        for entry in self._entries():
            if entry.get("base") == digest or entry.get("saving") == digest:
                known, edits = True, []
            elif isinstance(entry.get("ops"), list):
                edits.append(entry["ops"])
        return edits if known or not edits else None

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
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


@dataclass(frozen=True)
class Version:
    """Is an earlier content of a flow file.

    Args:
        path: Where it lies.
        saved_at: When it was saved.
    """

    path: Path
    saved_at: datetime


class Versions:
    """Keeps the last 50 contents of a flow file.

    Args:
        flow_file: The flow's own file.
    """

    def __init__(self, flow_file: Path) -> None:
        self.folder = flow_file.with_name(f".{stem(flow_file)}.versions")

    def keep(self, content: bytes) -> None:
        """Add a content, unless it is the newest already; the oldest ones beyond 50 go."""
        kept = self._files()
        if kept and kept[-1].read_bytes() == content:
            return
        number = int(kept[-1].name.partition("-")[0]) + 1 if kept else 1
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        write_atomically(self.folder / f"{number:06}-{moment}.flow.json", content)
        for path in kept[: max(0, len(kept) + 1 - KEPT_VERSIONS)]:
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.flow.json") if _VERSION.match(path.name))

    def list(self) -> list[Version]:
        """Return the kept versions, newest first."""
        found = []
        for path in reversed(self._files()):
            moment = path.name.partition("-")[2].removesuffix(".flow.json")
            found.append(Version(path, datetime.strptime(moment, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)))
        return found
