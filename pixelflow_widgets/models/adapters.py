"""A handle's stack of adapters on a base that is lent: LoRAs, IP-Adapters, textual inversions."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..media import Adapter, blake3_hex
from .bases import Base
from .embeddings import embedded
from .files import state_of
from .fitting import Ground, adapter_file, why_unfit
from .ip_adapters import put_on, weigh_looks
from .memory import Kept, memory
from .quiet import quiet

if TYPE_CHECKING:
    from .loading import Report
    from .loan import Loan


@dataclass(eq=False)
class Worn:
    """Is what a loan wears.

    Args:
        base: Which is lent.
        pipeline: The pipeline that is lent.
        loras: (name, adapter) of each LoRA that acts.
        glances: The IP-Adapters that act.
    """

    base: Base
    pipeline: Any
    loras: list[tuple[str, Adapter]] = field(default_factory=list)
    glances: list[Adapter] = field(default_factory=list)

    def weights(self, fraction: float, only_changing: bool = False) -> dict[str, float]:
        """Return the weight of each LoRA after a fraction of the steps; one that is there twice counts twice."""
        found: dict[str, float] = {}
        changing = {name for name, adapter in self.loras if adapter.schedule}
        for name, adapter in self.loras:
            if not only_changing or name in changing:
                found[name] = found.get(name, 0.0) + adapter.weight_at(fraction)
        return found

    def weigh(self, fraction: float) -> None:
        """Give adapters whose weight changes the one that they have after a fraction of the steps."""
        if changed := self.weights(fraction, only_changing=True):
            self.base.loras.weigh(self.pipeline, changed)
        if any(adapter.schedule for adapter in self.glances):
            weigh_looks(self.pipeline, self.glances, fraction)


def is_off(adapter: Adapter) -> bool:
    """Return whether an adapter is as if it were not there."""
    return not adapter.weight or (bool(adapter.schedule) and not any(factor for _, factor in adapter.schedule))


@contextlib.contextmanager
def dressed(base: Base, loan: Loan, adapters: Sequence[Adapter], report: Report) -> Iterator[Worn | None]:
    """Let a loan wear adapters; afterwards its base is what it was.

    LoRAs stay beside the weights until room is needed, and do nothing there for those who do not ask for them.

    Args:
        base: Which is lent.
        loan: The loan.
        adapters: Those of the handle, in order.
        report: Told what is being loaded.

    Raises:
        ModelError: One is not here, or does not fit.
    """
    acting = [adapter for adapter in adapters if not is_off(adapter)]
    if loan.pipeline is None:
        if acting:
            raise ModelError(f"{base.title} takes no adapters here: only models of pictures, sound and video do.")
        yield None
        return
    ground = Ground(None if base.is_live else base.place, base.title, base.family)
    for adapter in acting:
        if why := why_unfit(adapter, ground):
            raise ModelError(why)
    before = base.worn
    worn = Worn(base, loan.pipeline)
    with embedded(loan.pipeline, [each for each in acting if each.kind == "embedding"]):
        try:
            _put_on(worn, acting, report)
            base.worn = worn
            yield worn
        finally:
            base.worn = before
            _restore(worn, before)


def _put_on(worn: Worn, acting: Sequence[Adapter], report: Report) -> None:
    base = worn.base
    for adapter in acting:
        if adapter.kind == "lora":
            worn.loras.append((_laid(base, worn.pipeline, adapter, report), adapter))
    worn.glances = [adapter for adapter in acting if adapter.kind == "ip_adapter"]
    put_on(base, worn.pipeline, worn.glances, report)
    _act(worn)


def _act(worn: Worn) -> None:
    """Have the LoRAs act; texts are encoded before the first step, with the plain weights."""
    plain: dict[str, float] = {}
    for name, adapter in worn.loras:
        plain[name] = plain.get(name, 0.0) + adapter.weight
    worn.base.loras.act(plain)
    worn.weigh(0)


def _laid(base: Base, pipeline: Any, adapter: Adapter, report: Report) -> str:
    """Return the name of a LoRA that lies beside the weights now."""
    path = adapter_file(adapter)
    key = ("lora", base.key, state_of(path))
    name = f"{re.sub(r'[^A-Za-z0-9]+', '_', path.stem)}_{blake3_hex(repr(key).encode())[:8]}"
    if name not in base.loras:
        report(note=f"Loading {path.name} …")
        if not hasattr(pipeline, "load_lora_weights"):
            raise ModelError(f"{base.title} takes no LoRAs: diffusers has none for {type(pipeline).__name__}.")
        memory.make_room(path.stat().st_size, base.device)
        with quiet():
            size = base.loras.lay(pipeline, name, path, key)
        kept = Kept(key, name, None, size, base.device)
    else:
        kept = memory.find(key)
    if kept is not None and not base.is_live:
        memory.keep(kept, base)
    return name


def _restore(worn: Worn, before: Worn | None) -> None:
    """Give back to whoever lent the same base before what it wore, or leave the base as its owner had it."""
    base = worn.base
    if before is not None:
        put_on(base, before.pipeline, before.glances, _silent)
        _act(before)
    elif base.is_live:
        memory.drop(base.loras.clear())
        put_on(base, worn.pipeline, [], _silent)


def _silent(*_: Any, **__: Any) -> None:
    """Tell nobody."""
