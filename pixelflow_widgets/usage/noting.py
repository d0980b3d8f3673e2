"""When a run has ended: what its nodes took is noted for estimates, and which models they used for the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from ..errors import RatesError
from ..flow.document import Document
from ..flow.graph import Graph
from ..flow.media_files import MediaFiles
from ..flow.subflows import with_subflows
from ..media import Model
from ..run import Run
from ..run.cache import Results, Slot, as_list
from ..run.events import Event
from ..schema import NodeType
from ..schema.usage import Usage
from .cost import money
from .paces import Sample, Spent, process_paces
from .rates import rate_card
from .work import work_of_nodes

LEAST_SECONDS = 0.03
"""What took less is not worth an estimate."""
MOST_NODES = 200
"""Of one run, so many are noted."""
MOST_QUICK = 1000
_quick: set[str] = set()
_UNKNOWN = object()


def note(run: Run, files: MediaFiles, place: str = "", life: str = "") -> dict[str, str]:
    """Note what the nodes of a run took, and what it cost; return which model each of them used.

    Args:
        run: The run, when it has ended.
        files: The media of its flow.
        place: What tells its flow from others; see `run.history`.
        life: The flow's life in this process.
    """
    events, _ = run.happened(("node-finished", "node-failed"))
    types = run.node_types
    ended = {event.node: event for event in events if event.node in types and not event.cached}
    models = _note_paces(run, files, types, {node: e for node, e in ended.items() if e.kind == "node-finished"})
    _note_spent(run, place, life, ended, models)
    return models


def _note_spent(run: Run, place: str, life: str, ended: Mapping[str, Event], models: Mapping[str, str]) -> None:
    """Note what a run cost, by the prices of now; what has no price here counts as nothing, and is told so."""
    seconds = sum(event.took or 0.0 for event in ended.values())
    if seconds < LEAST_SECONDS and not any(event.usage and event.usage.model for event in ended.values()):
        return
    parts = []
    for node, event in ended.items():
        used = event.usage or Usage()
        parts.append((used if used.model else replace(used, model=models.get(node, "")), event.took or 0.0))
    try:
        card = rate_card()
        prices = [money(used, took, card) for used, took in parts]
    except RatesError:
        prices = [None] * len(parts)
    tokens = sum(used.input_tokens + used.output_tokens for used, _ in parts)
    spent = sum(price or 0.0 for price in prices)
    process_paces().note_spent(Spent(run.started_at.timestamp(), place, life, spent, seconds, tokens))


def _note_paces(
    run: Run, files: MediaFiles, types: Mapping[str, NodeType], ended: Mapping[str, Event]
) -> dict[str, str]:
    ran = {node: event for node, event in ended.items() if _is_worth(event.took or 0.0, types[node])}
    if not ran:
        return {}
    noted = dict(list(ran.items())[:MOST_NODES])
    graph = Graph.of(run.document)
    known = values_known(graph, noted, run.results.get, types)
    registry = with_subflows(run.registry, run.document)
    # What came into these nodes is known: of a huge flow, nothing else has to be looked at.
    part = cast(Document, {**run.document, "nodes": {node: run.document["nodes"][node] for node in noted}, "edges": []})
    works = work_of_nodes(part, registry, run.plan.inputs, files, known)
    models, samples = {}, []
    for node, event in noted.items():
        used = event.usage
        models[node] = (used.model if used else "") or source_of(types[node], works[node].values)
        cost = (used.cpu_seconds, used.gpu_seconds, used.output_tokens) if used else (0.0, 0.0, 0)
        model = source_of(types[node], works[node].values)
        samples.append(Sample(types[node].name, model, works[node].amount, event.took or 0.0, *cost))
    process_paces().note(samples)
    return models


def is_shipped(node_type: NodeType) -> bool:
    """Return whether a node type comes with this package."""
    return node_type.function.__module__.partition(".")[0] == __name__.partition(".")[0]


def _is_worth(took: float, node_type: NodeType) -> bool:
    """Return whether it is worth noting what a node took; of a quick one of the user's the first time."""
    if took >= LEAST_SECONDS:
        return True
    if is_shipped(node_type) or node_type.name in _quick or len(_quick) > MOST_QUICK:
        return False
    _quick.add(node_type.name)
    return True


def source_of(node_type: NodeType, values: Mapping[str, Any]) -> str:
    """Return the source of the model that a node uses, empty where it has none or it is not known."""
    for name, port in node_type.inputs.items():
        if port.type.name == "model" and isinstance(model := values.get(name), Model):
            return model.source
    return ""


def sources_of(node_type: NodeType, values: Mapping[str, Any]) -> list[str] | None:
    """Return the sources of the models that a node uses, one for each item where they differ; None: not known yet."""
    for name, port in node_type.inputs.items():
        if port.type.name == "model":
            given = values.get(name, _UNKNOWN)
            items = given if isinstance(given, list) else [given]
            if any(not isinstance(item, Model | None) for item in items):
                return None
            return [item.source for item in items if item is not None]
    return []


def values_known(
    graph: Graph,
    nodes: Iterable[str],
    results_of: Callable[[str], Results | None],
    types: Mapping[str, NodeType],
) -> dict[str, dict[str, Any]]:
    """Return what comes into nodes over edges, by node and port, as far as it is there.

    Args:
        graph: Of the flow.
        nodes: Their ids.
        results_of: Returns what a node gave.
        types: Of the nodes.
    """
    known: dict[str, dict[str, Any]] = {}
    for node in nodes:
        arrived: dict[str, list[Slot] | None] = {}
        for edge in graph.incoming[node]:
            slot = (results_of(edge.source) or {}).get(edge.output)
            before = arrived.setdefault(edge.input, [])
            if slot is None or before is None:
                arrived[edge.input] = None  # of a list that is known in part, nothing is known
            else:
                before.append(slot)
        ports = types[node].inputs
        for name, slots in arrived.items():
            if slots and name in ports:
                known.setdefault(node, {})[name] = _joined(slots, ports[name].type.many)
    return known


def _joined(slots: list[Slot], is_many: bool) -> Any:
    if is_many or len(slots) > 1:
        return [value.data for slot in slots for value in as_list(slot)]
    return [value.data for value in slots[0]] if isinstance(slots[0], list) else slots[0].data
