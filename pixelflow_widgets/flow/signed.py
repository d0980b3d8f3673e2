"""What a Python user calls to say what a flow takes and gives; each call is one undo step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from .. import media
from ..schema import PortType, port_type_of
from ..schema.port_types import read_port_type
from . import document as doc
from .handles import FlowInput, OutputPort
from .media_files import MediaReference, refer, to_json
from .operations import Operation
from .signature import Signature, signature_of
from .subflow_editing import FlowOfFlows

KEPT: Any = ...
"""Stands for a field that stays as it is."""
LIMITS = ("min", "max", "step", "max_length", "max_items")
_CHOSEN = ("text", "choice", "model")


class SignedFlow(FlowOfFlows):
    """Has inputs and outputs: its signature."""

    @property
    def inputs(self) -> dict[str, FlowInput]:
        """Return the inputs of the flow by name."""
        return {entry["name"]: self._input_of(entry["name"]) for entry in doc.inputs(self._document)}

    @property
    def outputs(self) -> dict[str, str]:
        """Return the outputs of the flow: name → "node.port"."""
        return {entry["name"]: entry["from"] for entry in doc.outputs(self._document)}

    @property
    def signature(self) -> Signature:
        """Return what the flow takes and gives, as forms and callers will see it."""
        return signature_of(self._document, self.registry)

    def describe(self, description: str | None = KEPT, *, title: str | None = KEPT) -> None:
        """Say what the flow does, to forms, to callers, and to models that use it as a tool.

        Args:
            description: One sentence; what is not named stays, and None takes it away.
            title: What people call it; its name in words where there is none.
        """
        fields = {"description": description, "title": title}
        changed = {key: value for key, value in fields.items() if value is not KEPT}
        if changed:
            self.apply([{"op": "set_flow", "fields": changed}])

    def _input_of(self, name: str) -> FlowInput:
        return FlowInput(cast("Any", self), name)

    def input(
        self,
        name: str,
        default: Any = None,
        *,
        type: Any = None,
        title: str | None = None,
        help: str | None = None,
        choices: Iterable[str] | None = None,
        affects_cost: bool | None = None,
        **limits: float | None,
    ) -> FlowInput:
        """Add an input to the flow's signature.

        Args:
            name: Its name; becomes a parameter in exported code and an entry of the form.
            default: Its value when none is given; None makes it required.
            type: A Python type: `pf.Image`; read from the default if not given.
            title: What the form calls it.
            help: One sentence for the form.
            choices: The only values that it takes, of a text or a model.
            affects_cost: Whether a run takes longer with another value; None leaves it to the ports that it feeds.
            limits: `min`, `max` of a number, `step` (a whole number is a multiple of it), `max_length` of a text,
                `max_items` of a list.
        """
        if type is None and default is None:
            raise TypeError(f"The input '{name}' needs a type or a default. Write flow.input('{name}', type=pf.Image).")
        port_type: PortType = port_type_of(type if type is not None else type_of(default))
        entry: dict[str, Any] = {"name": name, "type": port_type.describe(), "feeds": []}
        if default is not None:
            entry["default"] = self._stored(port_type, default)
        if kept := {key: value for key, value in _limits(name, limits).items() if value is not None}:
            entry["limits"] = kept
        entry |= {key: text for key, text in (("title", title), ("help", help)) if text}
        if choices is not None:
            entry["choices"] = _choices(name, port_type, choices)
        if affects_cost is not None:
            entry["affects_cost"] = affects_cost
        self.apply([{"op": "add_input", "input": entry}])
        return self._input_of(name)

    def set_input(
        self,
        input: FlowInput | str,
        *,
        default: Any = KEPT,
        title: str | None = KEPT,
        help: str | None = KEPT,
        choices: Iterable[str] | None = KEPT,
        affects_cost: bool | None = KEPT,
        **limits: float | None,
    ) -> None:
        """Say something else of an input; what is not named stays, and None takes it away.

        Args:
            input: The input, or its name.
            default: As for `input`, as the others are.
            title: What the form calls it.
            help: One sentence for the form.
            choices: The only values that callers may give.
            affects_cost: Whether a run takes longer with another value.
            limits: `min`, `max`, `step`, `max_length`, `max_items`.

        Raises:
            KeyError: There is no such input.
            MediaError: The default is of another type.
        """
        name = str(input)
        entry = self._told("inputs", name)
        port_type = read_port_type(entry["type"])
        fields = {"title": title, "help": help, "affects_cost": affects_cost}
        if choices is not KEPT:
            fields["choices"] = None if choices is None else _choices(name, port_type, choices)
        if default is not KEPT:
            fields["default"] = None if default is None else self._stored(port_type, default)
        if limits:
            after = {**entry.get("limits", {}), **_limits(name, limits)}
            fields["limits"] = {key: value for key, value in after.items() if value is not None} or None
        self._set_entry("set_input", name, fields)

    def rename_input(self, input: FlowInput | str, name: str) -> FlowInput:
        """Call an input otherwise; its place, and what it feeds, stay.

        Raises:
            KeyError: There is no such input.
            OperationRejected: Another one is called so, or nothing can be.
        """
        self._rename("input", str(input), name)
        return self._input_of(name)

    def order_inputs(self, *names: FlowInput | str) -> None:
        """Put inputs first, in this order; the others follow as they stand.

        Raises:
            KeyError: There is no such input.
        """
        self._order("input", [str(name) for name in names])

    def output(self, name: str, source: OutputPort, *, title: str | None = None, help: str | None = None) -> None:
        """Add an output to the flow's signature.

        Args:
            name: Its name: the key of `result[name]`.
            source: The port that it reads.
            title: What a form calls it.
            help: One sentence for whoever gets it.
        """
        if not isinstance(source, OutputPort) or source.flow is not self:
            raise TypeError(f"The output '{name}' reads a port of a node of this flow, not {source!r}.")
        words = {key: text for key, text in (("title", title), ("help", help)) if text}
        self.apply([{"op": "add_output", "output": {"name": name, "from": str(source), **words}}])

    def set_output(self, name: str, *, title: str | None = KEPT, help: str | None = KEPT) -> None:
        """Say something else of an output; what is not named stays, and None takes it away.

        Raises:
            KeyError: There is no such output.
        """
        self._told("outputs", name)
        self._set_entry("set_output", name, {"title": title, "help": help})

    def rename_output(self, output: str, name: str) -> None:
        """Call an output otherwise; its place stays.

        Raises:
            KeyError: There is no such output.
            OperationRejected: Another one is called so, or nothing can be.
        """
        self._rename("output", output, name)

    def order_outputs(self, *names: str) -> None:
        """Put outputs first, in this order; the others follow as they stand.

        Raises:
            KeyError: There is no such output.
        """
        self._order("output", list(names))

    def _stored(self, port_type: PortType, default: Any) -> Any:
        if any(isinstance(item, MediaReference) for item in (default if port_type.many else [default])):
            return refer(default)
        return to_json(port_type, port_type.check(default), self.media)

    def _told(self, section: str, name: str) -> Mapping[str, Any]:
        place = doc.find_named(self._document[section], name)
        if place < 0:
            known = ", ".join(entry["name"] for entry in getattr(doc, section)(self._document)) or "none"
            raise KeyError(f"'{self.name}' has no {section[:-1]} '{name}'. Its {section}: {known}.")
        return self._document[section][place]

    def _set_entry(self, operation: str, name: str, fields: Mapping[str, Any]) -> None:
        changed = {key: value for key, value in fields.items() if value is not KEPT}
        if changed:
            self.apply([{"op": operation, "name": name, "fields": changed}])

    def _rename(self, word: str, before: str, after: str) -> None:
        with self.lock:
            entry = self._told(f"{word}s", before)
            place = doc.find_named(self._document[f"{word}s"], before)
            if after != before:
                self.apply(_moved(word, {**entry, "name": after}, before, place))

    def _order(self, word: str, names: list[str]) -> None:
        with self.lock:
            entries = [self._told(f"{word}s", name) for name in dict.fromkeys(names)]
            steps: list[Operation] = []
            for place, entry in enumerate(entries):
                steps += _moved(word, entry, entry["name"], place)
            if [entry.get("name") for entry in self._document[f"{word}s"][: len(entries)]] != names:
                self.apply(steps)


def _moved(word: str, entry: Mapping[str, Any], before: str, place: int) -> list[Operation]:
    add = {"op": f"add_{word}", word: dict(entry), "index": place}
    return [{"op": f"remove_{word}", "name": before}, add]


def _limits(name: str, limits: Mapping[str, float | None]) -> Mapping[str, float | None]:
    unknown = [key for key in limits if key not in LIMITS]
    if unknown:
        raise TypeError(f"The input '{name}' has no limit '{unknown[0]}'. There is: {', '.join(LIMITS)}.")
    return limits


def _choices(name: str, port_type: PortType, choices: Iterable[str]) -> list[str]:
    listed = list(choices)
    if port_type.name not in _CHOSEN or not listed or not all(isinstance(choice, str) for choice in listed):
        raise TypeError(
            f"Choices are texts, at least one, of an input that takes a text or a model; '{name}' is not so."
        )
    return listed


def type_of(default: Any) -> type:
    """Return the Python type that an input of a flow has by its default."""
    if isinstance(default, media.Image):
        return media.Image
    if isinstance(default, list) and default:
        return list[type_of(default[0])]  # type: ignore[misc]
    return type(default)
