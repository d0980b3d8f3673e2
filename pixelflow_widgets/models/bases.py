"""Models of which something is in memory: their components, and what was put together of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .loras import Loras
from .memory import Kept, memory

if TYPE_CHECKING:
    from .adapters import Worn


@dataclass(eq=False)
class Base:
    """Is a model that was loaded, or is about to be.

    Args:
        key: Tells it from every other: its files, its precision.
        source: As it was named.
        title: What a person calls it.
        place: Its folder or file.
        state: Changes when its files do.
        family: Its base model.
        device: Where it computes.
        dtype: In which precision.
        variant: Which of the files in its folder, if there are several: "fp16".
        offload: How it computes on a device that cannot hold it all: "" is not, "model" has one component there at a
            time, "group" one layer.
        is_live: It is a pipeline that the notebook holds; what it weighs is not counted.
    """

    key: Hashable
    source: str
    title: str
    place: Path
    state: Hashable
    family: str
    device: str
    dtype: Any
    variant: str | None = None
    offload: str = ""
    is_live: bool = False
    users: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    kept: dict[str, Kept] = field(default_factory=dict)
    extras: dict[Hashable, Kept] = field(default_factory=dict)
    """What other models brought, by key: ControlNets, another VAE."""
    lenders: dict[str, Path] = field(default_factory=dict)
    """Parts that a single file lacks → the folder of another model that they come from."""
    light: dict[str, Any] = field(default_factory=dict)
    """Components that weigh nothing: tokenizers, processors, the scheduler."""
    pipelines: dict[Hashable, Any] = field(default_factory=dict)
    loras: Loras = field(default_factory=Loras)
    worn: Worn | None = None
    """The adapters that act now."""
    plain_look: Callable[[], None] | None = None
    """Takes IP-Adapters out again, while there are any."""

    def take(self, name: str, kept: Kept) -> None:
        """Take a component in."""
        self.kept[name] = memory.keep(kept, self)

    def take_extra(self, kept: Kept) -> Kept:
        """Take a component of another model in."""
        kept = self.extras[kept.key] = memory.keep(kept, self)
        return kept

    def let_go(self, kept: Kept) -> None:
        """Forget a component, and everything that was put together with it."""
        if kept.name in self.loras and self.loras.key(kept.name) == kept.key:
            self.loras.remove(kept.name)
            return
        if any(own is kept for own in self.kept.values()):
            memory.drop(self.loras.clear())  # they are in the layers of the components
        self.kept = {name: own for name, own in self.kept.items() if own is not kept}
        self.extras.pop(kept.key, None)
        self.pipelines.clear()
        if not self.kept:
            self.light.clear()
            forget(self)


_bases: dict[Hashable, Base] = {}


def base_under(key: Hashable, make: Any) -> Base:
    """Return the base of a key, made when it is first asked for."""
    with memory.lock:
        if key not in _bases:
            _bases[key] = make()
        return _bases[key]


def forget(base: Base) -> None:
    """Forget a base of which nothing is in memory."""
    with memory.lock:
        if _bases.get(base.key) is base and not base.users and not base.kept:
            del _bases[base.key]


def retire_others(base: Base) -> None:
    """Forget what is in memory of a model's files as they were before they were changed."""
    with memory.lock:
        for other in list(_bases.values()):
            if other.place == base.place and other.state != base.state and not other.users:
                memory.leave(other)
                forget(other)
