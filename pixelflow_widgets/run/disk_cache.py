"""Results on disk, by content: they outlive the kernel, and every kernel of a user finds them.

    entries/3f/3f0c…    one small file a key: which objects are the outputs, and what it took to make them
    objects/a1/a1b2…    the encoded value whose BLAKE3 digest is its name

Files, and no database: each is written aside and renamed, so two kernels never see half of one; home folders on
network drives, where SQLite's write-ahead log does not work, do; and damage costs the entry that it hits, not an index.
What is read is hashed again: whatever does not fit its name is removed, counted, and made anew by its node. In which
order two kernels write and evict does not matter, for the worst that comes of it is a miss. Values are written by the
typed codecs of `media`, never by pickle: a folder that somebody else wrote to cannot run code.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import PIL.Image

from ..media import MEDIA, blake3_hex, canonical_json
from ..schema import Port
from . import eviction
from .cache import Results, Slot, Value, as_list, size_of
from .writer import Writer

_log = logging.getLogger(__name__)

SLOW_ENOUGH = 0.02
"""Seconds below which a result is made again sooner than it is worth a file."""
BYTES_PER_SECOND = 150e6
"""About what a disk writes and reads back: a result that is made faster than that is not written."""
RETRY_SECONDS = 60.0
_MANY = 64
"""Keys from which on a look at the folder costs less than one at each file."""
_MODES = ("RGB", "RGBA", "L", "LA", "1", "I", "I;16", "F")  # what an array gives back as it was


def cache_folder() -> Path | None:
    """Return where results are kept: the environment variable PIXELFLOW_CACHE, else the user's cache folder.

    None where that variable says "none": nothing is kept on disk.
    """
    chosen = os.environ.get("PIXELFLOW_CACHE")
    if chosen:
        return None if chosen.lower() == "none" else Path(chosen).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("pixelflow_widgets", appauthor=False))


class DiskCache:
    """Keeps results on disk.

    Args:
        folder: Where.
        limit: Bytes that it may take; what `pixelflow cache limit` set, or a share of the disk, if not given.
        writer: Writes in the background; one of its own if not given.
    """

    def __init__(self, folder: Path, limit: int | None = None, writer: Writer | None = None) -> None:
        self.root = folder
        self.folder = self.root / "results-1"  # the format: another version of it does not meet these files
        self._limit = limit
        self._writer = writer or Writer()
        self._entries = f"{self.folder}{os.sep}entries{os.sep}"
        self._objects = f"{self.folder}{os.sep}objects{os.sep}"
        self._lock = threading.Lock()
        self._used: int | None = None
        self._paused_until = 0.0
        self.damaged = 0
        """Entries that were found damaged and removed."""
        self.trouble = ""
        """Why nothing is written, if nothing is."""

    # Reading

    def has(self, key: str) -> bool:
        """Return whether there is an entry of a key, without reading it."""
        return Path(self._entry(key)).exists()

    def get_many(self, keys: Iterable[str]) -> dict[str, Results]:
        """Return the results of those keys that there are; of many, one look at the folder tells most that are not."""
        keys = list(keys)
        if len(keys) > _MANY:
            try:
                there = {folder.name for folder in Path(self._entries).iterdir()}
            except OSError:
                return {}
            keys = [key for key in keys if key[:2] in there]
        return {key: found for key in keys if (found := self.get(key)) is not None}

    def get(self, key: str) -> Results | None:
        """Return the results of a key, or None; what is damaged is removed."""
        path = self._entry(key)
        if not os.access(path, os.R_OK):  # mostly it is not there, and this says so without raising
            return None
        try:
            entry = read_entry(Path(path).read_bytes())
            results = {port: self._slot(told) for port, told in entry["outputs"].items()}
        except FileNotFoundError:  # evicted by another kernel this moment
            self._remove(path)
            return None
        except Exception as error:  # decoders stumble over damage each in its own way
            self.damaged += 1
            _log.warning("A result in %s was damaged and is made again: %s", self.folder, error)
            self._remove(path)
            return None
        self._touch(path)
        return results

    def _slot(self, told: Mapping[str, Any]) -> Slot:
        values = [Value(self._read(told["medium"], name), digest) for name, digest in told["items"]]
        return values if told["many"] else values[0]

    def _read(self, medium: str, name: str | None) -> Any:
        if name is None:
            return None
        path = self._object(name)
        content = Path(path).read_bytes()
        try:
            if blake3_hex(content) != name:
                raise ValueError(f"object {name[:12]} is not what its name says")
            return MEDIA[medium].decode(content)
        except Exception:
            self._remove(path)
            raise

    # Writing

    def put(self, key: str, results: Results, ports: Mapping[str, Port], took: float, *, at_once: bool = False) -> None:
        """Write results, in the background.

        Args:
            key: What identifies them.
            results: What a node gave.
            ports: Its outputs.
            took: Seconds that it took.
            at_once: Write before this returns, even what was made fast: it is nowhere else.
        """
        if took < SLOW_ENOUGH and not at_once:
            return
        values = [item.data for slot in results.values() for item in as_list(slot)]
        size = sum(map(size_of, values))
        if not at_once and took < size / BYTES_PER_SECOND:
            return
        if not all(value.mode in _MODES for value in values if isinstance(value, PIL.Image.Image)):
            return  # it would come back in another mode than it had
        media = {name: port.type.medium.name for name, port in ports.items()}
        write = functools.partial(self.write, key, results, media, took)
        if at_once:
            write()
        else:
            self._writer.add(write, size)

    def write(self, key: str, results: Results, media: Mapping[str, str], took: float) -> None:
        """Write results now; a disk that is full or may not be written to is told once, and left alone for a while."""
        if time.monotonic() < self._paused_until or self.has(key):
            return
        try:
            outputs, size = {}, 0
            for port, slot in results.items():
                items = []
                for item in as_list(slot):
                    name, length = self._store(media[port], item.data)
                    items.append([name, item.digest])
                    size += length
                outputs[port] = {"medium": media[port], "many": isinstance(slot, list), "items": items}
            entry = {"outputs": outputs, "took": round(took, 4), "bytes": size}
            self._write(self._entry(key), write_entry(entry))
        except FileNotFoundError:  # somebody removes the whole folder this moment: the next result makes it anew
            _log.debug("A result is not written to %s, which is being removed.", self.folder)
        except OSError as error:
            self._pause(error)
        except Exception as error:  # a value that has no codec stays in memory
            _log.debug("A result is not written to disk: %s", error)
        else:
            self.trouble = ""
            self._grown(size)

    def _store(self, medium: str, value: Any) -> tuple[str | None, int]:
        """Write a value if its content is not there yet; return (its name, its bytes)."""
        if value is None:
            return None, 0
        content = MEDIA[medium].encode(value)
        name = blake3_hex(content)
        path = self._object(name)
        if Path(path).exists():
            self._touch(path)
        else:
            self._write(path, content)
        return name, len(content)

    def _write(self, path: str, content: bytes) -> None:
        """Write a file aside and rename it; not synced, since a power cut that empties it is found by its digest."""
        folder = Path(path).parent
        try:
            handle, unfinished = tempfile.mkstemp(prefix=".", suffix=eviction.UNFINISHED, dir=folder)
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
            handle, unfinished = tempfile.mkstemp(prefix=".", suffix=eviction.UNFINISHED, dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(unfinished, path)
        except BaseException:
            self._remove(unfinished)
            raise

    def _pause(self, error: OSError) -> None:
        self._paused_until = time.monotonic() + RETRY_SECONDS
        first, self.trouble = not self.trouble, error.strerror or str(error)
        if first:
            what = "Free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Let it be written to"
            _log.warning(
                "Results cannot be kept in %s: %s. Runs go on, and keep theirs in memory. %s, or set PIXELFLOW_CACHE "
                "to another folder.",
                self.folder,
                self.trouble,
                what,
            )

    def hold(self, key: str) -> None:
        """Keep the entry of a key from eviction, until it is released."""
        with contextlib.suppress(OSError):
            eviction.hold(self.folder, key)

    def release(self, key: str) -> None:
        """Let an entry go that was held."""
        self._remove(str(eviction.mark_of(self.folder, key)))

    # Room

    @property
    def limit(self) -> int:
        """Return how many bytes it may take."""
        if self._limit is not None:
            return self._limit
        return eviction.limit_of(self.root, self._used or 0)

    def _grown(self, size: int) -> None:
        """Note what was written, and make room if it is too much; other kernels' files are counted now and then."""
        with self._lock:
            if self._used is None or self._used + size > self.limit:
                self._used = eviction.make_room(self.folder, self.limit)
            else:
                self._used += size

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until what was put is on disk; return whether it is."""
        return self._writer.flush(timeout)

    def _entry(self, key: str) -> str:
        return f"{self._entries}{key[:2]}{os.sep}{key}"

    def _object(self, name: str) -> str:
        return f"{self._objects}{name[:2]}{os.sep}{name}"

    def _touch(self, path: str) -> None:
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of last use, by which is decided what goes first

    def _remove(self, path: str) -> None:
        with contextlib.suppress(OSError):
            Path(path).unlink()


def write_entry(entry: Mapping[str, Any]) -> bytes:
    """Return an entry as its file holds it: the digest of the text, then the text."""
    text = canonical_json(entry).encode()
    return f"{blake3_hex(text)}\n".encode() + text


def read_entry(content: bytes) -> dict[str, Any]:
    """Return what an entry's file holds.

    Raises:
        ValueError: It is damaged.
    """
    digest, _, text = content.partition(b"\n")
    if blake3_hex(text).encode() != digest:
        raise ValueError("an entry is not what it was when it was written")
    return json.loads(text)
