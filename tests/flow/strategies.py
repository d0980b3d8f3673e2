"""Random documents and random operations. Few names, so that operations often meet what is there."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

SOAK = int(os.environ.get("PIXELFLOW_SOAK", "1"))


def examples(count: int) -> settings:
    return settings(max_examples=count * SOAK, deadline=None)


IDS = st.sampled_from(["a", "b", "c", "constructor", "__proto__"])
PORT_NAMES = st.sampled_from(["text", "image", "options.x"])
PORTS = st.builds("{}.{}".format, IDS, PORT_NAMES)
# A list to choose from: drawing JSON piece by piece takes hypothesis most of the time of a test.
JSON = st.sampled_from(
    [None, True, False, 0, 1, -3, 2**60, 0.5, -1e-7, "", "ä", "a.text", [], [None, 1], {}, {"x": [{"y": None}]}]
)
NONE = st.just({"$none": True})
PLACES = st.sampled_from([[0, 0], [-5, 40], [0.5, 1e6]])
WORDS = st.sampled_from(["", "a", "steps", "__proto__", "☃"])
INDEXES = st.none() | st.integers(-1, 4)
EXTRA = st.dictionaries(st.sampled_from(["later", "colour", "x-y"]), JSON, max_size=2)
TYPES = st.sampled_from(["text", "image", "int", "list[text]"])


def with_extra(known: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda fields, more: {**more, **fields}, known, EXTRA)


NODES = with_extra(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["say", "draw", "flow/a"]), "values": st.dictionaries(WORDS, JSON, max_size=3)},
        optional={"title": st.none() | WORDS, "pinned": st.booleans()},
    )
)

BODY = {
    "format": "pixelflow",
    "version": 1,
    "name": "body",
    "edges": [],
    "nodes": {"a": {"type": "say", "values": {"text": "x"}}},
    "inputs": [{"name": "text", "type": "text", "feeds": ["a.text"]}],
    "outputs": [{"name": "text", "from": "a.text"}],
    "layout": {"positions": {"a": [0, 0]}},
}
SUBFLOWS = with_extra(
    st.fixed_dictionaries({"document": st.sampled_from([BODY, {**BODY, "subflows": {"a": {"document": BODY}}}])})
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    nodes = draw(st.dictionaries(IDS, NODES, min_size=1, max_size=4))
    here = st.builds("{}.{}".format, st.sampled_from(sorted(nodes)), PORT_NAMES)
    edges = draw(st.lists(with_extra(st.fixed_dictionaries({"from": here, "to": here})), max_size=4))
    pairs = {(edge["from"], edge["to"]): edge for edge in edges}
    inputs = st.fixed_dictionaries(
        {"name": IDS, "type": TYPES, "feeds": st.lists(here, max_size=3, unique=True)}, optional={"default": JSON}
    )
    outputs = st.fixed_dictionaries({"name": IDS, "from": here})
    held = draw(st.dictionaries(IDS, SUBFLOWS, max_size=2))
    by_name = {"max_size": 3, "unique_by": lambda entry: entry["name"]}
    return {
        **draw(EXTRA),
        "format": "pixelflow",
        "version": 1,
        "name": draw(WORDS),
        "nodes": nodes,
        "edges": [*pairs.values(), *draw(st.lists(st.integers() | st.none(), max_size=1))],
        "inputs": draw(st.lists(with_extra(inputs), **by_name)),
        "outputs": draw(st.lists(with_extra(outputs), **by_name)),
        "layout": {**draw(EXTRA), "positions": draw(st.dictionaries(IDS, PLACES | st.none(), max_size=4))},
        **({"subflows": held} if held else {}),
    }


def changes(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), NONE | JSON, max_size=3)


INPUTS = with_extra(
    st.fixed_dictionaries(
        {"name": IDS, "type": TYPES}, optional={"feeds": st.lists(PORTS, max_size=2), "default": JSON}
    )
)
OUTPUTS = with_extra(st.fixed_dictionaries({"name": IDS, "from": PORTS}))
WHOLE = {
    "format": "pixelflow",
    "version": 1,
    "name": "whole",
    "edges": [{"from": "a.image", "to": "b.image"}],
    "nodes": {"a": {"type": "draw", "values": {}}, "b": {"type": "draw", "values": {"text": "x"}}},
    "inputs": [{"name": "a", "type": "text", "feeds": ["a.text"]}],
    "outputs": [{"name": "b", "from": "b.image"}],
    "layout": {"positions": {"a": [0, 0]}},
}
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "add_node": {"id": IDS, "node": NODES, "position": st.none() | PLACES},
    "remove_node": {"id": IDS},
    "set_values": {"id": IDS, "values": changes("text", "steps", "__proto__")},
    "set_node": {"id": IDS, "fields": changes("title", "type", "pinned", "note")},
    "move_nodes": {"positions": st.dictionaries(IDS, PLACES | st.none(), max_size=2)},
    "connect": {"from": PORTS, "to": PORTS, "index": INDEXES, "fields": st.none() | EXTRA},
    "disconnect": {"from": PORTS, "to": PORTS},
    "add_input": {"input": INPUTS, "index": INDEXES},
    "remove_input": {"name": IDS},
    "set_input": {"name": IDS, "fields": changes("title", "default", "type", "limits")},
    "feed": {"name": IDS, "to": PORTS, "index": INDEXES},
    "unfeed": {"name": IDS, "to": PORTS},
    "add_output": {"output": OUTPUTS, "index": INDEXES},
    "remove_output": {"name": IDS},
    "set_output": {"name": IDS, "fields": st.one_of(changes("title", "help"), st.fixed_dictionaries({"from": PORTS}))},
    "set_flow": {"fields": changes("name", "title", "description")},
    "set_subflow": {"name": IDS, "subflow": st.none() | SUBFLOWS},
    "replace": {"document": st.sampled_from([WHOLE, {**BODY, "later": 1}, {**WHOLE, "edges": {}}, None, 5])},
}


def operation(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(name), **FIELDS[name]})


OPERATIONS = st.one_of([operation(name) for name in FIELDS])
# Anything at all where something certain is expected.
HOSTILE = st.builds(
    lambda good, bad: {**good, **bad},
    OPERATIONS,
    st.dictionaries(
        st.sampled_from(
            [
                "op",
                "id",
                "node",
                "values",
                "fields",
                "from",
                "to",
                "name",
                "input",
                "output",
                "index",
                "positions",
                "position",
                "document",
                "subflow",
            ]
        ),
        JSON,
        max_size=2,
    ),
)
