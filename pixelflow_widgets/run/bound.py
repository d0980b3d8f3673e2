"""The variables of the notebook that a run reads: once, when it is planned, as copies with digests of their content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import MediaError
from ..flow import document as doc
from ..flow.bindings import input_problem, variable_of, why_not_read
from ..flow.conversions import converted
from ..flow.media_files import MediaFiles
from ..flow.problems import Problem
from ..media import blake3_hex
from ..schema import Port, PortType
from .cache import Slot, Value
from .keys import VARIABLE, Fed
from .steps import slot_of
from .structure import Structure


class BoundValues:
    """Reads variables for one plan: the same one for ports of one type is read once, so that it is one value.

    Args:
        files: The flow's media, which bring the variables that it may use.
    """

    def __init__(self, files: MediaFiles) -> None:
        self._files = files
        self._read: dict[tuple[str, PortType], Slot] = {}

    def of_ports(self, structure: Structure, needed: Iterable[str]) -> tuple[dict[str, list[Fed]], list[Problem]]:
        """Return (what variables give to each node, what is wrong with them).

        Args:
            structure: Of the document.
            needed: The nodes that are looked at.
        """
        fed: dict[str, list[Fed]] = {}
        problems: list[Problem] = []
        for node in needed:
            settings = structure.settings[node]
            for name, variable in settings.bound.items() if settings.bound else ():
                assert settings.facts is not None
                port = settings.facts.node_type.inputs[name]
                title = doc.title_of(structure.document, node, settings.facts.node_type.title)
                found = self._slot(f"'{title}', input '{name}'", variable, port)
                if isinstance(found, Problem):
                    problems.append(replace(found, node=node, port=name))
                else:
                    fed.setdefault(node, []).append(_fed(port, variable, found))
        return fed, problems

    def of_input(self, entry: Mapping[str, Any], port_type: PortType) -> Slot | Problem:
        """Return the value of the variable of an input of the flow, or what is wrong with it."""
        if (problem := input_problem(entry, self._files)) is not None:
            return problem
        name, variable = entry["name"], variable_of(entry)
        found = self._slot(f"The flow's input '{name}'", variable, Port(name, port_type))
        if isinstance(found, list) and not port_type.many:
            sentence = f"The flow's input '{name}' takes one value, and the variable '{variable}' is a list."
            found = Problem("bad-variable", sentence, "Bind it to a port of a node: that runs for each item.")
        return replace(found, port=name) if isinstance(found, Problem) else found

    def _slot(self, who: str, name: str, port: Port) -> Slot | Problem:
        if (problem := why_not_read(who, name, port.type, self._files)) is not None:
            return problem
        assert self._files.variables is not None
        try:
            if (name, port.type) not in self._read:
                plain = Port(port.name, port.type)
                value = converted(self._files.variables.read(name), plain)
                self._read[name, port.type] = slot_of(PortType(port.type.name, isinstance(value, list)), value)
            slot = self._read[name, port.type]
            for item in slot if isinstance(slot, list) else [slot]:
                port.check([item.data] if port.type.many else item.data)  # within what its control allows
            return slot
        except (MediaError, LookupError) as error:
            return Problem(
                "bad-variable", f"{who}: the variable '{name}' cannot be used. {error}", "Or bind another one."
            )


def _fed(port: Port, variable: str, slot: Slot) -> Fed:
    digest = slot.digest if isinstance(slot, Value) else blake3_hex(*(item.digest.encode() for item in slot))
    return Fed(port.name, f"{VARIABLE}{variable}", slot, digest, isinstance(slot, list) and not port.type.many)
