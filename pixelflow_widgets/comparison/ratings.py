"""Stars that were given to cells: kept in the user's data folder, so that they outlive the kernel."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from ..flow.file import write_atomically
from ..flow.strict_json import read_strictly
from ..media import canonical_json
from ..media.folders import data_folder

MOST_STARS = 5
_LARGEST = 4_000_000
"""Bytes of a file that is read."""
_log = logging.getLogger(__name__)


class Ratings:
    """Keeps the stars of one comparison by the marks of its cells; a larger grid of the same finds them again.

    Args:
        mark: Of what is compared.
    """

    def __init__(self, mark: str) -> None:
        folder = data_folder()
        self._path: Path | None = None if folder is None else folder / "comparisons" / f"{mark}.json"
        self._lock = threading.Lock()
        self._stars = self._read()

    def get(self, cell: str) -> int | None:
        """Return the stars of a cell, from 1 to 5; None where it has none."""
        return self._stars.get(cell)

    def set(self, cell: str, stars: int | None) -> None:
        """Give a cell stars; None takes them away."""
        with self._lock:
            kept = {**self._stars, **self._read()}  # another kernel may have written
            kept.pop(cell, None)
            self._stars = kept if stars is None else {**kept, cell: stars}
            self._write()

    def _read(self) -> dict[str, int]:
        try:
            if self._path is None or self._path.stat().st_size > _LARGEST:
                return {}
            told = read_strictly(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("The stars in %s cannot be read: %s", self._path, error)
            return {}
        found = told.get("stars") if isinstance(told, dict) else None
        stars = found.items() if isinstance(found, dict) else ()
        return {mark: one for mark, one in stars if type(one) is int and 1 <= one <= MOST_STARS}

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            write_atomically(self._path, canonical_json({"stars": self._stars}).encode())
        except OSError as error:
            _log.warning("The stars are kept in this kernel only: %s: %s", self._path, error)
