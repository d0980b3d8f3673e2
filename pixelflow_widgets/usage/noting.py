"""When a run has ended: what its nodes took is noted for estimates, and which models they used for the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..flow.graph import Graph
from ..flow.media_files import MediaFiles
from ..flow.subflows import with_subflows
from ..media import Model
from ..run import Run
from ..run.cache import Results, Slot, as_list
from ..schema import NodeType
from .paces import Sample, process_paces
from .work import work_of_nodes

LEAST_SECONDS = 0.03
"""What took less is not worth an estimate."""
MOST_NODES = 200
"""Of one run, so many are noted."""


def note(run: Run, files: MediaFiles) -> dict[str, str]:
    """Note what the nodes of a run took; return which model each of them used.

    Args:
        run: The run, when it has ended.
        files: The media of its flow.
    """
    events, _ = run.happened(("node-finished",))
    types = run.node_types
    ran = {event.node: event for event in events if event.node in types and not event.cached}
    ran = {node: event for node, event in ran.items() if (event.took or 0) >= LEAST_SECONDS or event.usage}
    if not ran:
        return {}
    noted = dict(list(ran.items())[:MOST_NODES])
    graph = Graph.of(run.document)
    known = values_known(graph, noted, run.results.get, types)
    registry = with_subflows(run.registry, run.document)
    works = work_of_nodes(run.document, registry, run.plan.inputs, files, known)
    models, samples = {}, []
    for node, event in noted.items():
        used = event.usage
        models[node] = (used.model if used else "") or source_of(types[node], works[node].values)
        took = event.took or 0.0
        if took >= LEAST_SECONDS:
            cost = (used.cpu_seconds, used.gpu_seconds, used.output_tokens) if used else (0.0, 0.0, 0)
            model = source_of(types[node], works[node].values)
            samples.append(Sample(types[node].name, model, works[node].amount, took, *cost))
    process_paces().note(samples)
    return models


def source_of(node_type: NodeType, values: Mapping[str, Any]) -> str:
    """Return the source of the model that a node uses, empty where it has none or it is not known."""
    for name, port in node_type.inputs.items():
        if port.type.name == "model" and isinstance(model := values.get(name), Model):
            return model.source
    return ""


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
