"""What of models is in memory: measured, counted, and let go of before memory runs out.

A component (a UNet, a text encoder, a LoRA) is kept once, however many models and pipelines use it. While a model is
lent, nothing that it holds goes; of the rest, what was not used for longest goes first.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import ModelError
from .devices import all_bytes, free_bytes, sweep

VARIABLE = "PIXELFLOW_MODEL_MEMORY"
_SHARES = {"cuda": 0.9, "mps": 0.6, "cpu": 0.6}
"""Of a device's memory that models may hold, if nothing else was said; the rest is for what they compute with."""
WORK = 1.15
"""Times the bytes of weights that shall be free for them: loading and computing take some, too."""
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class Holder(Protocol):
    """Uses components: a model that was loaded."""

    title: str
    source: str
    users: int

    def let_go(self, kept: Kept) -> None:
        """Forget a component, and everything that was put together with it."""
        ...


@dataclass(eq=False)
class Kept:
    """Is a component in memory.

    Args:
        key: Tells it from every other; files that were changed are others.
        name: What it is called in its model: "unet".
        thing: The module, or what stands for an adapter.
        bytes: As measured.
        device: Where it lies.
        holders: The models that use it.
        used: Grows with each use.
    """

    key: Hashable
    name: str
    thing: Any
    bytes: int
    device: str
    holders: list[Holder] = field(default_factory=list)
    used: int = 0

    @property
    def is_in_use(self) -> bool:
        """Return whether a model that uses it is lent."""
        return any(holder.users for holder in self.holders)


class Memory:
    """Keeps components up to a number of bytes a device.

    Args:
        limit: Bytes; None asks the environment, else it is a share of what the device has.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._kept: dict[Hashable, Kept] = {}
        self._uses = itertools.count(1)
        self.lock = threading.RLock()
        """Held for moments only: `resident` is answered while a model is being loaded."""

    def limit(self, device: str) -> int:
        """Return how many bytes models may hold on a device.

        Raises:
            ModelError: The environment says something that is no number of bytes.
        """
        if self._limit is not None:
            return self._limit
        return limit_from(os.environ.get(VARIABLE, "")) or int(all_bytes(device) * _SHARES.get(device, 0.6))

    def find(self, key: Hashable) -> Kept | None:
        """Return what is kept under a key."""
        with self.lock:
            return self._kept.get(key)

    def keep(self, kept: Kept, holder: Holder) -> Kept:
        """Take a component in, or note that another model uses it; return what is kept under its key."""
        with self.lock:
            kept = self._kept.setdefault(kept.key, kept)
            if holder not in kept.holders:
                kept.holders.append(holder)
            kept.used = next(self._uses)
            return kept

    def begin(self, holder: Holder) -> None:
        """Note that a model is lent: what it holds stays."""
        with self.lock:
            holder.users += 1

    def end(self, holder: Holder) -> None:
        """Note that a model came back, and that what it holds was used now."""
        with self.lock:
            holder.users -= 1
            used = next(self._uses)
            for kept in self._kept.values():
                if holder in kept.holders:
                    kept.used = used

    def make_room(self, needed: int, device: str) -> int:
        """Let go of what was not used for longest, until so many bytes more may be held; return how many still lack."""
        with self.lock:
            mine = [kept for kept in self._kept.values() if kept.device == device]
            held = sum(kept.bytes for kept in mine)
            lacking = max(held + needed - self.limit(device), int(needed * WORK) - free_bytes(device), 0)
            going = []
            for kept in sorted(mine, key=lambda kept: (kept.used, -kept.bytes)):
                if sum(each.bytes for each in going) >= lacking:
                    break
                if not kept.is_in_use:
                    going.append(kept)
            self._drop(going)
        gone = sum(kept.bytes for kept in going)
        return max(lacking - gone, 0)

    def free(self, source: str | None = None) -> int:
        """Let go of everything that is not in use, or of one model's; return how many bytes that were."""
        with self.lock:
            going = [
                kept
                for kept in self._kept.values()
                if not kept.is_in_use and (source is None or any(source == holder.source for holder in kept.holders))
            ]
            self._drop(going)
        return sum(kept.bytes for kept in going)

    def leave(self, holder: Holder) -> None:
        """Forget a model whose files are others now; what nobody else uses goes."""
        with self.lock:
            mine = [kept for kept in self._kept.values() if holder in kept.holders]
            self._drop([kept for kept in mine if kept.holders == [holder]])
            for kept in mine:
                kept.holders = [other for other in kept.holders if other is not holder]
            for kept in mine:
                holder.let_go(kept)

    def drop(self, keys: Iterable[Hashable]) -> None:
        """Forget components whose holder has let go of them itself."""
        with self.lock:
            for key in keys:
                self._kept.pop(key, None)

    def _drop(self, going: list[Kept]) -> None:
        for kept in going:
            self._kept.pop(kept.key, None)
            for holder in kept.holders:
                holder.let_go(kept)
            kept.thing = None
        if going:
            sweep()

    def all(self) -> list[Kept]:
        """Return what is kept, that used last first."""
        with self.lock:
            return sorted(self._kept.values(), key=lambda kept: -kept.used)


memory = Memory()
"""What this process holds."""


def limit_from(text: str) -> int | None:
    """Return a number of bytes from text such as 8000000000 or 6GB; None of none.

    Raises:
        ModelError: It is something else.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE | re.ASCII)
    if not found:
        raise ModelError(f"{VARIABLE} is a number of bytes, such as 8000000000 or 8GB; it is '{text[:40]}'.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def size_of(module: Any) -> int:
    """Return how many bytes a module's weights take; those that two layers share count once."""
    tensors = itertools.chain(module.parameters(), module.buffers())
    return sum({tensor.data_ptr(): tensor.nbytes for tensor in tensors}.values())


@dataclass(frozen=True)
class Part:
    """Is a component of a model that is resident.

    Args:
        name: "unet".
        bytes: As measured.
        device: Where it lies.
        shared: How many other models use it, too.
    """

    name: str
    bytes: int
    device: str
    shared: int = 0


@dataclass(frozen=True)
class Resident:
    """Is a model in memory.

    Args:
        source: As it was named: "starter", a folder, a Hub id.
        title: What a person calls it.
        bytes: Of all its components; what it shares counts here, too.
        is_in_use: A node computes with it now.
        parts: Its components.
        where: "kernel" or "worker": the process that holds it.
    """

    source: str
    title: str
    bytes: int
    is_in_use: bool
    parts: tuple[Part, ...]
    where: str = "kernel"


_elsewhere: list[Callable[..., Any]] = []


def ask_also(ask: Callable[..., Any]) -> None:
    """Have `resident`, `free` and `fit` ask another process, too.

    Args:
        ask: Calls a function there: takes "module:name" and plain arguments, returns what it gave, or None if there is
            no such process.
    """
    _elsewhere.append(ask)


def elsewhere() -> list[Callable[..., Any]]:
    """Return how other processes are asked."""
    return list(_elsewhere)


def resident() -> list[Resident]:
    """Return the models that are in memory, in this process and its worker, that used last first."""
    found = residents_here()
    for ask in _elsewhere:
        for fields in ask(f"{__name__}:resident_as_json") or []:
            parts = tuple(Part(**part) for part in fields["parts"])
            found.append(Resident(**{**fields, "parts": parts, "where": "worker"}))
    return found


def residents_here() -> list[Resident]:
    """Return the models that are in this process's memory."""
    by_holder: dict[int, tuple[Holder, list[Kept]]] = {}
    for kept in memory.all():
        for holder in kept.holders:
            by_holder.setdefault(id(holder), (holder, []))[1].append(kept)
    return [
        Resident(
            source=holder.source,
            title=holder.title,
            bytes=sum(kept.bytes for kept in held),
            is_in_use=holder.users > 0,
            parts=tuple(Part(kept.name, kept.bytes, kept.device, len(kept.holders) - 1) for kept in held),
        )
        for holder, held in by_holder.values()
    ]


def resident_as_json() -> list[dict[str, Any]]:
    """Return the models in this process's memory as plain data."""
    from dataclasses import asdict

    return [asdict(model) for model in residents_here()]


def free(source: str | None = None) -> int:
    """Let go of a model, or of all that no node uses now, here and in the worker; return how many bytes that were.

    Args:
        source: As `resident` names it.
    """
    return free_here(source) + sum(ask(f"{__name__}:free_here", source) or 0 for ask in _elsewhere)


def free_here(source: str | None = None) -> int:
    """Let go of models of this process; see `free`."""
    return memory.free(source)
