"""The flow as it was run: with it, the same comes out again."""

from __future__ import annotations

from collections.abc import Mapping

from ...schema.port_types import read_port_type
from ..document import Document, split_port, subflows
from ..media_files import PLAIN, MediaFiles, to_json
from ..subflow_gestures import free_name


def resolved(document: Document, inputs: Mapping[str, object], seeds: Mapping[str, int]) -> Document:
    """Return the flow as it was run: given inputs as defaults, and the seeds that were drawn.

    Media that were given stay out: a flow inside a picture has no folder for them.

    Args:
        document: The flow.
        inputs: Values of its inputs that were given.
        seeds: The seed that each node used, by "node.port", or by "outer/inner.port" for one in a subflow.
    """
    entries = []
    for entry in document["inputs"]:
        if isinstance(entry, Mapping) and inputs.get(str(entry.get("name"))) is not None:
            port_type = read_port_type(entry["type"])
            if port_type.name in PLAIN:
                value = port_type.check(inputs[entry["name"]])
                entry = {**entry, "default": to_json(port_type, value, MediaFiles())}
        entries.append(entry)
    nodes, held = dict(document["nodes"]), dict(subflows(document))
    for outer, inner in _by_subflow(seeds).items():
        name = nodes[outer]["type"].partition("/")[2]
        own = free_name(f"{name}_as_run", held)  # another node may run the same subflow with another seed
        held[own] = {**held[name], "document": resolved(held[name]["document"], {}, inner)}
        nodes[outer] = {**nodes[outer], "type": f"flow/{own}"}
    for place, seed in seeds.items():
        if "/" in place:
            continue
        node, port = split_port(place) or ("", "")
        values = nodes[node].get("values", {})
        if values.get(port) == "random":
            nodes[node] = {**nodes[node], "values": {**values, port: seed}}
    return {**document, "inputs": entries, "nodes": nodes, **({"subflows": held} if held else {})}


def _by_subflow(seeds: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return the seeds that were used inside each node, by the place within it."""
    found: dict[str, dict[str, int]] = {}
    for place, seed in seeds.items():
        outer, slash, inner = place.partition("/")
        if slash:
            found.setdefault(outer, {})[inner] = seed
    return found
