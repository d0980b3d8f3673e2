"""What pages ask about models: what one is, whether it fits, which a flow lacks, getting them, what is in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..flow import document as doc
from ..flow.complaints import StaticValues
from ..flow.document import Document
from ..flow.graph import Graph
from ..flow.subflows import with_subflows
from ..media import Model
from ..models.cards import FROM_PACKAGE, PACKAGE, ModelCard, card_of, described
from .bridge import Answer, Buffers, Message
from .gettings import Gettings, checked_source

_fitting = threading.Lock()
"""Held while the worker says whether a model fits: one that is starting answers late, and other requests want the hands
that do slow ones."""


class ModelRequests:
    """Does what pages ask about models; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
        gettings: Gets models.
    """

    def __init__(self, flow: Callable[[], Any], gettings: Callable[[], Gettings]) -> None:
        self._flow = flow
        self._gettings = gettings
        self.quick = {"stop_getting": self._stop}
        self.slow = {
            "about_model": self._about,
            "model_fit": self._fit,
            "missing_models": self._missing,
            "get_model": self._get,
            "resident_models": self._resident,
            "free_model": self._free,
        }

    def _about(self, _: str, message: Message, __: Buffers) -> Answer:
        source = checked_source(message.get("source"))
        return {"about": asked_of_hub(source) if message.get("hub") is True else about(source)}, []

    def _fit(self, _: str, message: Message, __: Buffers) -> Answer:
        source = checked_source(message.get("source"))
        return told_fit(source), []

    def _missing(self, _: str, __: Message, ___: Buffers) -> Answer:
        from ..models.getting import missing

        return {"missing": [entry_of(card) for card in missing(models_in(self._flow()))]}, []

    def _get(self, _: str, message: Message, __: Buffers) -> Answer:
        source = checked_source(message.get("source"))
        self._gettings().start(source, described(source).title)
        return {}, []

    def _stop(self, _: str, message: Message, __: Buffers) -> Message:
        self._gettings().stop(checked_source(message.get("source")))
        return {}

    def _resident(self, _: str, __: Message, ___: Buffers) -> Answer:
        from ..models.memory import resident

        return {
            "resident": [_resident_entry(model) for model in sorted(resident(), key=lambda model: -model.bytes)]
        }, []

    def _free(self, _: str, message: Message, __: Buffers) -> Answer:
        from ..models.memory import free

        source = message.get("source")
        return {"freed": free(None if source is None else checked_source(source))}, []


def models_in(flow: Any) -> Iterator[Model]:
    """Yield every model handle that is known before a run, as the nodes of a flow and of its subflows are given it."""
    pending: list[Document] = [flow.document]
    while pending:
        document = pending.pop()
        held = [entry.get("document") for entry in doc.subflows(document).values() if isinstance(entry, Mapping)]
        pending += [body for body in held if isinstance(body, Mapping) and doc.is_document(body)]
        static = StaticValues(document, with_subflows(flow.registry, document), flow.media, Graph.of(document))
        for key in doc.nodes(document):
            for value in static.inputs(key).values():
                yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Model))


def entry_of(card: ModelCard, name: str = "", *, is_here: bool = False) -> dict[str, Any]:
    """Return a card as pages read it.

    Args:
        card: The card.
        name: What it is called there, if not by its own name.
        is_here: Its weights are on this machine.
    """
    entry = {
        "name": name or card.name,
        "title": card.title,
        "kind": card.kind,
        "tasks": list(card.tasks),
        "modality": card.modality,
        "base_model": card.base_model,
        "licence": card.licence,
        "installed": is_here,
        "megabytes": card.megabytes,
        "memory_gb": card.memory_gb,
        "source": "" if isinstance(card.source, Path) else card.source,
        "help": card.help,
    }
    entry |= {"gated": True} if card.gated else {}
    in_package = isinstance(card.source, str) and card.source.startswith(PACKAGE)
    return entry | ({"command": FROM_PACKAGE} if in_package and not is_here else {})


def told_fit(source: str) -> dict[str, Any]:
    """Return whether a model fits into memory, as pages read it; nothing where that cannot be said now.

    Raises:
        ModelError: Nothing is known of its size.
    """
    from ..models.estimates import fit_in_passing

    if not _fitting.acquire(blocking=False):
        return {}
    try:
        found = fit_in_passing(source)
    except RunError:  # a worker that is busy, or still starting
        found = None
    finally:
        _fitting.release()
    return {} if found is None else {"fit": {"how": found.how, "sentence": found.sentence}}


def about(source: str) -> dict[str, Any]:
    """Return what a model or adapter is, from its card, or from the headers of its files where they are here.

    Raises:
        ModelError: There is such a file, and it is none that can be used.
    """
    from ..models.detecting import detect
    from ..models.weights import place_of

    card = described(source)
    is_here = card.is_here
    entry = entry_of(card, source, is_here=is_here) | {"trigger_words": list(card.trigger_words)}
    if is_here and card.kind != "model":
        found = detect(place_of(source))
        entry |= {"reason": found.reason} | ({"rank": found.rank} if found.rank else {})
        if card_of(source) is None:
            entry |= {"kind": found.kind, "base_model": found.base_model}
        entry["trigger_words"] = list(dict.fromkeys([*card.trigger_words, *found.trigger_words]))
    return entry


def asked_of_hub(source: str) -> dict[str, Any]:
    """Return what the Hub says of a model that has no card: how large it is, under which licence it is given.

    Raises:
        ModelError: The Hub does not know it, or cannot be reached.
    """
    from ..models.getting import asked

    return about(source) | {
        name: value for name, value in entry_of(asked(source), source).items() if name not in ("installed", "kind")
    }


def _resident_entry(model: Any) -> dict[str, Any]:
    devices = dict.fromkeys(part.device for part in model.parts)
    return {
        "source": model.source,
        "title": model.title,
        "bytes": model.bytes,
        "device": ", ".join(devices),
        "where": model.where,
        "in_use": model.is_in_use,
        "components": [
            {"name": part.name, "bytes": part.bytes} | ({"shared": True} if part.shared else {})
            for part in sorted(model.parts, key=lambda part: -part.bytes)
        ],
    }
