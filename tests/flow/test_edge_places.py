"""An edge is found where reading the whole list would find it, whatever was added and taken away before."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.flow.edge_places import MOST_GONE, EdgePlaces

_PORTS = [f"n{number}.x" for number in range(6)]
_ports = st.sampled_from(_PORTS)
_edits = st.lists(st.tuples(st.sampled_from(["add", "remove", "back"]), _ports, _ports), max_size=60)
_damaged = st.lists(
    st.one_of(
        st.fixed_dictionaries({"from": _ports, "to": _ports}),
        st.sampled_from([None, 7, [], {}, {"to": []}, {"to": "n0.x"}, {"from": "n0.x"}]),
    ),
    max_size=12,
)


def by_reading(edges: list[Any], source: str, target: str) -> int:
    for place, edge in enumerate(edges):
        if isinstance(edge, dict) and edge.get("from") == source and edge.get("to") == target:
            return place
    return -1


@given(first=_damaged, edits=_edits)
def test_every_edge_is_found_after_every_edit_also_of_a_damaged_list_and_from_an_earlier_one(first, edits) -> None:
    places, edges, earlier = EdgePlaces(), first, [first]
    for edit, source, target in edits:
        found = places.find(edges, source, target)
        assert found == by_reading(edges, source, target)
        after = edges
        if edit == "add":
            after = [*edges, {"from": source, "to": target}]
            places.added(edges, after, target)
        elif edit == "remove" and found >= 0:
            after = edges[:found] + edges[found + 1 :]
            places.removed(edges, after, target)
        elif edit == "back":  # an edit that was refused: what it made is dropped
            after = earlier[len(earlier) // 2]
        earlier.append(edges := after)
    for source in _PORTS:
        for target in _PORTS:
            assert places.find(edges, source, target) == by_reading(edges, source, target)


def test_edges_are_found_after_more_were_taken_away_than_are_remembered() -> None:
    places = EdgePlaces()
    edges = [{"from": "a.x", "to": f"n{number}.x"} for number in range(4 * MOST_GONE)]
    while edges:
        target = edges[0]["to"]
        assert places.find(edges, "a.x", edges[-1]["to"]) == len(edges) - 1
        after = edges[1:]
        places.removed(edges, after, target)
        assert places.find(after, "a.x", target) == -1
        edges = after
