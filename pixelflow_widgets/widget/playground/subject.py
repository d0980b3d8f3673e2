"""What a playground plays: a flow, with the inputs that a form shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ...errors import ModelError, PixelFlowError
from ...flow import document as doc
from ...flow.document import Document
from ...flow.media_files import MediaFiles, from_json, to_json
from ...flow.problems import Problem, find_problems
from ...flow.signature import Entry, Signature, signature_of
from ...flow.subflows import with_subflows
from ...models.cards import described
from ...run.history import place_of
from ...schema.port_types import read_port_type

FORMED = ("text", "choice", "int", "float", "flag", "table", "image", "mask", "audio", "video")
"""Types that a form can give."""
_CHOSEN = ("text", "int", "float", "flag", "choice")


@dataclass(frozen=True)
class Subject:
    """Is what is played.

    Args:
        flow: The flow, which may be edited while it is played.
        kind: "card" where the flow was made for a model.
        place: What its generations are filed under in the history of runs.
        optional: Entries of inputs that the flow has only in generations that give them: the node's own default, which
            is no value ("what suits the model"), cannot be said by an input.
        order: Names of all inputs, as a form shows them.
        models: Titles of the models, where they are known beforehand.
    """

    flow: Any
    kind: Literal["card", "flow"]
    place: str
    optional: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def signature(self) -> Signature:
        """Return what the form asks for and what comes out."""
        made = signature_of(self.document(self.optional), self.flow.registry)
        added = self._added(self.optional)
        entries = [replace(entry, is_required=False) if entry.name in added else entry for entry in made.inputs]
        return replace(made, inputs=tuple(entry for entry in entries if entry.is_required or can_be_formed(entry)))

    def document(self, given: Iterable[str] = ()) -> Document:
        """Return the flow as it is run.

        Args:
            given: Names of inputs that have a value; optional ones of them become inputs of the flow.
        """
        document: Document = self.flow.document
        added = self._added(given)
        if not added:
            return document
        places = {name: place for place, name in enumerate(self.order)}
        entries = [*document["inputs"], *added.values()]
        entries.sort(key=lambda entry: places.get(entry.get("name", ""), len(places)))
        return {**document, "inputs": entries}

    def _added(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the entries of optional inputs that the flow has not got by itself."""
        document = self.flow.document
        own = {entry["name"] for entry in doc.inputs(document)}
        fed = {place for entry in doc.inputs(document) for place in doc.feeds(entry)}
        found = {name: dict(self.optional[name]) for name in names if name in self.optional and name not in own}
        nodes = document["nodes"]
        return {
            name: entry
            for name, entry in found.items()
            if all(place not in fed and place[0] in nodes for place in doc.feeds(entry))
        }

    def resolved(self, values: Mapping[str, Any]) -> tuple[Document, MediaFiles]:
        """Return (the flow with values as the defaults of its inputs, its media); given media stay out.

        Args:
            values: Of its inputs, for a run.
        """
        files = MediaFiles()
        files.join(self.flow.media)
        entries = []
        document = self.document(values)
        for entry in document["inputs"]:
            name = str(entry.get("name")) if isinstance(entry, Mapping) else ""
            if name in values and (port_type := read_port_type(entry["type"])).name in _CHOSEN:
                value = to_json(port_type, port_type.check(values[name]), files)
                entry = {**entry, "default": value}
            entries.append(entry)
        return {**document, "inputs": entries}, files

    def problems(self, values: Mapping[str, Any] | None = None) -> list[Problem]:
        """Return what keeps the flow from running, with these values; looks at the models that it names.

        Args:
            values: Of its inputs, for a run; defaults stand in for the others.
        """
        document, files = self.resolved(values or {})
        found = [one for one in find_problems(document, self.flow.registry, files) if one.severity == "error"]
        return [*found, *(_unformed(entry) for entry in self.signature.inputs if not can_be_formed(entry))]

    def titles_of_models(self) -> list[str]:
        """Return what the models are called that the flow names."""
        return list(self.models or dict.fromkeys(_models_in(self.flow)))

    def at(self, problem: Problem) -> str:
        """Return which input a problem is about, as a JSON pointer; an empty text where it is none."""
        for entry in doc.inputs(self.document(self.optional)):
            is_named = problem.node is None and problem.port == entry["name"]
            if is_named or any((problem.node, problem.port) == place for place in doc.feeds(entry)):
                return f"/{entry['name']}"
        return ""


def can_be_formed(entry: Entry) -> bool:
    """Return whether a form can give a value to an input."""
    return entry.type.name in FORMED or entry.choices is not None


def _unformed(entry: Entry) -> Problem:
    sentence = f"The input '{entry.name}' takes {entry.type}, which no form gives."
    remedy = f"Give it a default, or choices: flow.set_input('{entry.name}', default=…)."
    return Problem("unformed-input", sentence, remedy, port=entry.name)


def of_flow(flow: Any) -> Subject:
    """Return a flow as what is played.

    Raises:
        PixelFlowError: It gives nothing.
    """
    if not any(doc.outputs(flow.document)):
        raise PixelFlowError(
            f"The flow '{flow.name}' has no outputs, so there is nothing to show. Name one: "
            "flow.output('image', node['image'])."
        )
    return Subject(flow, "flow", place_of(flow))


def _models_in(flow: Any) -> Iterator[str]:
    types = with_subflows(flow.registry, flow.document)
    for entry in doc.nodes(flow.document).values():
        node_type = types.find(entry["type"])
        for port in node_type.inputs.values() if node_type else ():
            if port.type.name != "model":
                continue
            value = entry.get("values", {}).get(port.name, port.default)
            for model in value if isinstance(value, list) else [value]:
                try:
                    handle = port.type.one.check(from_json(port.type.one, model, flow.media))
                    yield described(handle).title
                except (PixelFlowError, ModelError):
                    continue  # no value, or one that `find_problems` speaks of
