"""What goes when the disk cache is full: first what was long not used and is quickly made again for its size."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

DEFAULT_LIMIT = 10 * 1024**3
SHARE_OF_DISK = 0.2
FULL_TO = 0.9
"""How full the cache is after room was made: making it costs a look at every file."""
ORPHAN_SECONDS = 3600.0
UNFINISHED = ".part"
"""What the name of a file ends with that is being written."""
_LIMIT_FILE = "limit"


class Kept(NamedTuple):
    """Is one entry on disk.

    Args:
        path: Its file.
        used: When it was last used, in seconds since 1970.
        took: Seconds that its result took.
        size: Bytes of its file and its objects.
        objects: Names of these.
    """

    path: Path
    used: float
    took: float
    size: int
    objects: tuple[str, ...]

    def worth(self, now: float) -> float:
        """Return how much keeping it saves: seconds a byte, less the longer it was not used.

        Hyperbolic caching (Blankstein, Sen, Freedman: Hyperbolic Caching, USENIX ATC 2017), with the time of last use.
        """
        return self.took / (self.size * (max(0.0, now - self.used) + 1.0))


@dataclass(frozen=True)
class Contents:
    """Says what a cache folder holds.

    Args:
        entries: Every entry that can be read.
        bytes: What all files take.
        orphans: Files that belong to no entry, old enough to be nobody's unfinished work.
    """

    entries: list[Kept]
    bytes: int
    orphans: list[Path]


def limit_of(root: Path, used: int) -> int:
    """Return how many bytes the cache may take: what was set, else 10 GiB or a fifth of the free disk."""
    try:
        return int((root / _LIMIT_FILE).read_text())
    except (OSError, ValueError):
        pass
    place = root
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return DEFAULT_LIMIT
    return min(DEFAULT_LIMIT, int((free + used) * SHARE_OF_DISK))


def set_limit(root: Path, limit: int | None) -> None:
    """Set how many bytes the caches in a folder may take; None is the share of the disk again."""
    root.mkdir(parents=True, exist_ok=True)
    if limit is None:
        (root / _LIMIT_FILE).unlink(missing_ok=True)
    else:
        (root / _LIMIT_FILE).write_text(f"{limit}\n")


def contents(folder: Path) -> Contents:
    """Return what a cache folder holds; files that go meanwhile are passed over."""
    from .disk_cache import read_entry

    sizes = {file.name: (file.stat().st_size, file) for file in _files(folder / "objects")}
    total = sum(size for size, _ in sizes.values())
    entries: list[Kept] = []
    unread: list[Path] = []
    for file in _files(folder / "entries"):
        stat = file.stat()
        total += stat.st_size
        try:
            told = read_entry(Path(file.path).read_bytes())
            items = [item for output in told["outputs"].values() for item in output["items"]]
            names = tuple(name for name, _ in items if name is not None)
            size = stat.st_size + sum(sizes[name][0] for name in set(names))
            entries.append(Kept(Path(file.path), stat.st_mtime, float(told["took"]), size, names))
        except (OSError, ValueError, LookupError, TypeError):
            unread.append(Path(file.path))
    named = {name for entry in entries for name in entry.objects}
    unread += [Path(file.path) for name, (_, file) in sizes.items() if name not in named]
    return Contents(entries, total, [path for path in unread if _is_old(path)])


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        shelves = list(os.scandir(folder))
    except OSError:
        return
    for shelf in shelves:
        try:
            for file in os.scandir(shelf.path):
                file.stat()  # one that is gone is not told
                yield file
        except OSError:
            continue


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ORPHAN_SECONDS
    except OSError:
        return False


def mark_of(folder: Path, key: str) -> Path:
    """Return the file whose being there keeps an entry from eviction."""
    return folder / "held" / key


def hold(folder: Path, key: str) -> None:
    """Keep an entry from eviction; clearing the cache removes it all the same."""
    mark = mark_of(folder, key)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def make_room(folder: Path, limit: int) -> int:
    """Remove what is worth least until the cache is within its limit; return how many bytes it takes then.

    Another kernel that makes room at the same time is left to it.
    """
    from filelock import FileLock, Timeout

    found = contents(folder)
    if found.bytes <= limit and not found.orphans:
        return found.bytes
    try:
        with FileLock(folder / "eviction.lock", timeout=0):
            return _remove(folder, found, limit)
    except (Timeout, OSError):
        return found.bytes


def _remove(folder: Path, found: Contents, limit: int) -> int:
    left = found.bytes
    for path in found.orphans:
        left -= _unlink(path)
    if left <= limit:
        return left
    users: dict[str, int] = {}
    for entry in found.entries:
        for name in set(entry.objects):
            users[name] = users.get(name, 0) + 1
    now = time.time()
    for entry in sorted(found.entries, key=lambda entry: entry.worth(now)):
        if mark_of(folder, entry.path.name).exists():
            continue
        if left <= limit * FULL_TO:
            break
        left -= _unlink(entry.path)  # the entry first: one without its objects is a miss, and never a wrong result
        for name in set(entry.objects):
            users[name] -= 1
            if not users[name]:
                left -= _unlink(folder / "objects" / name[:2] / name)
    return left


def _unlink(path: Path) -> int:
    """Remove a file and return how many bytes that freed."""
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:
        return 0
    return size


def clear(folder: Path) -> int:
    """Remove every result and return how many bytes that freed; what a kernel is writing meanwhile stays."""
    paths = [Path(file.path) for shelf in ("entries", "objects") for file in _files(folder / shelf)]
    for mark in (folder / "held").glob("*"):
        _unlink(mark)
    return sum(_unlink(path) for path in paths if path.suffix != UNFINISHED or _is_old(path))
