"""Earlier contents of a flow file, kept beside it: `.poster.versions/` beside `poster.flow.json`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import FlowFileError
from .file import file_digest, stem, write_atomically

KEPT_VERSIONS = 50
_VERSION = re.compile(r"(\d{6})-(\d{8}T\d{6})(-auto)?\.flow\.json\Z")


@dataclass(frozen=True)
class Version:
    """Is an earlier content of a flow file.

    Args:
        path: Where it lies.
        saved_at: When it was saved.
        is_auto: Whether it was saved because nobody had edited for a second.
    """

    path: Path
    saved_at: datetime
    is_auto: bool = False

    @property
    def id(self) -> str:
        """Return what names it among the versions of its flow."""
        return self.path.name


class Versions:
    """Keeps 50 contents of a flow file.

    Of more than 50 those go first that were saved by themselves and have a neighbour of nearly their age, so that an
    hour of small edits leaves the last seconds, the last minutes and its beginning; then the oldest.

    Args:
        flow_file: The flow's own file.
    """

    def __init__(self, flow_file: Path) -> None:
        self.folder = flow_file.with_name(f".{stem(flow_file)}.versions")

    def keep(self, content: bytes, *, auto: bool = False) -> None:
        """Add a content, unless it is the newest already.

        Args:
            content: What a flow file holds.
            auto: It is saved because nobody had edited for a second, and may go before others.
        """
        kept = self._files()
        if kept and kept[-1].path.read_bytes() == content:
            return
        number = int(kept[-1].path.name.partition("-")[0]) + 1 if kept else 1
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        write_atomically(self.folder / f"{number:06}-{moment}{'-auto' if auto else ''}.flow.json", content)
        while len(kept) >= KEPT_VERSIONS:
            gone = _surplus(kept)
            gone.path.unlink(missing_ok=True)
            kept.remove(gone)

    def _files(self) -> list[Version]:
        """Return the kept versions, oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.flow.json")):
            if parts := _VERSION.match(path.name):
                moment = datetime.strptime(parts[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
                found.append(Version(path, moment, parts[3] is not None))
        return found

    def list(self) -> list[Version]:
        """Return the kept versions, newest first."""
        return self._files()[::-1]

    def named(self, id: str) -> Version:
        """Return the version of an id.

        Raises:
            FlowFileError: There is none.
        """
        for version in self._files():
            if version.id == id:
                return version
        raise FlowFileError(f"There is no version '{str(id)[:80]}'. flow.versions lists those that are kept.")

    def find(self, digest: str) -> bytes | None:
        """Return the kept content of a digest, or None."""
        for version in self._files()[::-1]:
            content = version.path.read_bytes()
            if file_digest(content) == digest:
                return content
        return None


def _surplus(kept: Sequence[Version]) -> Version:
    """Return the version that is missed least; the newest is never it, because the journal may start from it."""
    now = datetime.now(UTC)

    def closeness(place: int) -> float:
        age, gap = now - kept[place].saved_at, kept[place + 1].saved_at - kept[place - 1].saved_at
        return gap.total_seconds() / (age.total_seconds() + 1)

    autos = [place for place in range(1, len(kept) - 1) if kept[place].is_auto]
    return kept[min(autos, key=closeness)] if autos else kept[0]
