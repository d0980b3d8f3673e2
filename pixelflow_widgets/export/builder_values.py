"""Values of a document as arguments of a call: what is given to the flow, and how the script says it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import MediaError
from ..flow.media_files import KEY, MODEL_KEY, MediaReference
from ..media import Adapter, Model
from ..schema import PortType
from ..schema.literals import Call
from .builder_difference import is_equal

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}\Z")


class Argument(NamedTuple):
    """Is a value in a call.

    Args:
        value: What the flow is given.
        shown: What the script says, for `literals.call`.
    """

    value: Any
    shown: Any


def argument(port_type: PortType, stored: Any, flow: str) -> Argument | None:
    """Return how a value of the document is given to an input, or None where that cannot be said.

    Args:
        port_type: What the input takes.
        stored: The value, as the document has it.
        flow: What the flow is called in the script.
    """
    if isinstance(stored, list):
        items = [argument(port_type.one, each, flow) for each in stored]
        if any(item is None for item in items):
            return None
        return Argument([item.value for item in items if item], [item.shown for item in items if item])
    if isinstance(stored, Mapping):
        return _of_medium(stored, flow) or _of_model(stored)
    if port_type.name == "int" and isinstance(stored, str) and _WHOLE_NUMBER.match(stored):
        return Argument(int(stored), int(stored))
    return Argument(stored, stored)


def _of_medium(stored: Mapping[str, Any], flow: str) -> Argument | None:
    if set(stored) != {KEY}:
        return None
    try:
        return Argument(MediaReference(stored[KEY]), Call(f"{flow}.medium", (("", stored[KEY]),)))
    except MediaError:
        return None


def _of_model(stored: Mapping[str, Any]) -> Argument | None:
    if set(stored) != {MODEL_KEY}:
        return None
    try:
        model = Model.from_dict(stored[MODEL_KEY])
    except MediaError:
        return None
    if not is_plain(dict(model.options)) or not is_plain(model.source):
        return None
    arguments: list[tuple[str, Any]] = [("", model.source)]
    if model.options:
        arguments.append(("options", in_order(model.options)))
    if model.adapters:
        arguments.append(("adapters", tuple(map(_adapter, model.adapters))))
    return Argument(model, Call("pf.Model", tuple(arguments)))


def _adapter(adapter: Adapter) -> Call:
    standard = Adapter(adapter.source)
    settings = {name: getattr(adapter, name) for name in ("weight", "kind", "schedule")}
    differing = [(name, value) for name, value in settings.items() if not is_equal(value, getattr(standard, name))]
    return Call("pf.Adapter", (("", adapter.source), *differing))


def in_order(value: Any) -> Any:
    """Return JSON with sorted names, so that equal values are written alike."""
    if isinstance(value, Mapping):
        return {name: in_order(value[name]) for name in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


def is_plain(value: Any) -> bool:
    """Return whether a value is JSON that an edit takes: no half characters, no numbers without end."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and is_plain(name) and is_plain(each) for name, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, bool | int)
