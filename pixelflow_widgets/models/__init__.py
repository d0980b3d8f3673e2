"""Models: what is known of them, where their weights are, how they are fetched, told apart and loaded.

The public names, each loaded on first use: cards, info, get, check, remove, detect, resident, free, fit.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# At once, because the module `cards` would otherwise stand where the function belongs.
from .cards import ModelCard, card_of, cards
from .cards import described as info

if TYPE_CHECKING:
    from .checking import check
    from .detecting import detect
    from .estimates import fit
    from .getting import get
    from .memory import free, resident
    from .removing import remove

_HOMES = {
    "check": "checking",
    "detect": "detecting",
    "fit": "estimates",
    "free": "memory",
    "get": "getting",
    "remove": "removing",
    "resident": "memory",
}

__all__ = [
    "ModelCard",
    "card_of",
    "cards",
    "check",
    "detect",
    "fit",
    "free",
    "get",
    "info",
    "remove",
    "resident",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from ..errors import nearest

        raise AttributeError(f"pixelflow_widgets.models has no '{name}'.{nearest(name, __all__)}")
    value = globals()[name] = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
