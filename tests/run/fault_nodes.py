"""Nodes that do as they are ordered: work, raise, crash, hang. Importable by name from the worker."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pixelflow_widgets as pf

SLOW = 0.025
"""Seconds that each takes, so that its result is worth a file."""

DEADLY = ("end", "crash", "hoard")
"""What ends the worker, and is obeyed each time: of several nodes that may have done it, each is tried again, alone."""


@pf.node
def works(values: list[int], label: str, folder: str, progress: pf.Progress = pf.Progress()) -> int:
    """Makes one number of several, slowly, in the worker."""
    return _work(values, label, folder, progress)


@pf.node(where="kernel")
def works_here(values: list[int], label: str, folder: str, progress: pf.Progress = pf.Progress()) -> int:
    """Does the same in the kernel."""
    return _work(values, label, folder, progress)


def answer(values: list[int], label: str) -> int:
    """Return what a node gives: of its inputs and its name alone, so that any mistake shows in all that follow."""
    return (sum(value * (place + 1) for place, value in enumerate(values)) + zlib.crc32(label.encode())) % 1_000_003


def _work(values: list[int], label: str, folder: str, progress: pf.Progress) -> int:
    for step in range(5):
        time.sleep(SLOW / 5)
        progress((step + 1) / 5)
        if step == 2:
            _obey(Path(folder) / "orders" / label)
    with (Path(folder) / "ran").open("a") as file:
        file.write(f"{label}\n")
    return answer(values, label)


def order(folder: Path, label: str, fault: str) -> None:
    """Have a node do something else the next time that it runs; what is deadly, each time."""
    place = folder / "orders" / label
    place.parent.mkdir(exist_ok=True)
    place.write_text(fault)


def forget_orders(folder: Path) -> None:
    """Let every node work."""
    shutil.rmtree(folder / "orders", ignore_errors=True)


def ran(folder: Path) -> list[str]:
    """Return which nodes have run to their end, in their order."""
    place = folder / "ran"
    return place.read_text().split() if place.exists() else []


def _obey(place: Path) -> None:
    fault = ""
    with contextlib.suppress(FileNotFoundError):
        fault = place.read_text()
        if fault not in DEADLY:
            place.unlink()
    match fault:
        case "raise":
            raise ValueError("as ordered")
        case "no memory":
            raise MemoryError
        case "exit":
            raise SystemExit("as ordered")
        case "end":
            os._exit(7)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hoard":
            _hoard()
        case "flood":
            for _ in range(2000):
                sys.stdout.write("x" * 10_000)
        case "hang":
            while True:
                time.sleep(0.02)


def _hoard() -> None:
    """Take memory until there is none, though never so much that the machine suffers where nothing stops it."""
    taken: list[Any] = []
    for _ in range(40):
        taken.append(os.urandom(1) * 2**26)
    raise RuntimeError(f"{len(taken) * 2**26} bytes were given, and nothing stopped it")
