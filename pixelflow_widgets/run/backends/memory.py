"""How much memory a process holds, at most held while a node ran, and may hold at all."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from ...errors import RunError

VARIABLE = "PIXELFLOW_WORKER_MEMORY"
SHARE = 0.85
"""Of the machine's memory that the worker may hold, if nothing else was said."""
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_UNLIMITED = 2**60


def memory_limit() -> int:
    """Return how many bytes the worker may hold.

    Raises:
        RunError: The environment says something that is no number of bytes.
    """
    wanted = os.environ.get(VARIABLE, "").strip()
    if not wanted:
        return int(_machine() * SHARE)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", wanted, re.IGNORECASE)
    if not found:
        raise RunError(f"{VARIABLE} is a number of bytes, such as 8000000000 or 8G; it is '{wanted[:40]}'.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _machine() -> int:
    """Return the bytes of the machine, or of the container that this process is in."""
    found = [_UNLIMITED]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # there is no such thing, or it says "max"
            continue
    return min(found)


def private_bytes(pid: int | str = "self") -> int | None:
    """Return what a process holds alone, without files and shared memory; None where the system does not tell."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return None
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def in_words(size: float) -> str:
    """Return a number of bytes as people write it."""
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"


class Peak:
    """Measures how many bytes more than before this process holds at most, from now on.

    What runs beside is measured, too. Where a node used an accelerator, the larger of both memories counts.

    Args:
        is_alone: Nothing else is measured meanwhile.
    """

    def __init__(self, is_alone: bool) -> None:
        self._before = private_bytes()
        self._is_alone = is_alone and _forget_highest()
        cuda = accelerator()
        self._on_device = cuda.memory_allocated() if cuda else 0
        if cuda and is_alone:
            cuda.reset_peak_memory_stats()

    def bytes(self) -> int | None:
        """Return them; None where the system does not tell."""
        if self._before is None:
            return None
        highest = (_highest() if self._is_alone else private_bytes()) or 0
        cuda = accelerator()
        on_device = cuda.max_memory_allocated() - self._on_device if cuda else 0
        return max(highest - self._before, on_device, 0)


def _forget_highest() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    except OSError:
        return False
    return True


def _highest() -> int | None:
    """Return the most private bytes since `_forget_highest`."""
    try:
        text = Path("/proc/self/status").read_text()
        lines = re.findall(r"^(VmHWM|RssFile|RssShmem):\s*(\d+) kB", text, re.MULTILINE)
        held = {name: int(size) * 1024 for name, size in lines}
        return held["VmHWM"] - held["RssFile"] - held["RssShmem"]
    except (OSError, KeyError):
        return None


def accelerator() -> Any:
    """Return torch's module of the accelerator, if a node has used it."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    is_initialized = getattr(cuda, "is_initialized", None)  # it may be being imported
    return cuda if is_initialized and is_initialized() else None
