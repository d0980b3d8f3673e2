"""The order of nodes, circles, and chains longer than Python's recursion allows."""

from __future__ import annotations

import random
import sys

from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.graph import Graph


def graph_of(nodes: str, *edges: str) -> Graph:
    entries = [{"from": f"{edge[0]}.o", "to": f"{edge[1]}.i"} for edge in edges]
    return Graph.of({**new_document("x"), "nodes": {key: {"type": "t"} for key in nodes}, "edges": entries})


def test_every_source_comes_before_its_targets_and_ties_keep_the_documents_order() -> None:
    assert graph_of("dcba").order() == (["d", "c", "b", "a"], [])
    assert graph_of("dcba", "ad", "bd").order() == (["c", "b", "a", "d"], [])
    assert graph_of("abcd", "ab", "ac", "bd", "cd").order() == (["a", "b", "c", "d"], [])


def test_the_order_does_not_depend_on_the_order_of_edges() -> None:
    chance = random.Random(1)
    edges = ["ac", "bc", "cd", "ce", "af"]
    orders = set()
    for _ in range(20):
        chance.shuffle(edges)
        ordered, stuck = graph_of("abcdef", *edges).order()
        assert not stuck
        assert all(ordered.index(edge[0]) < ordered.index(edge[1]) for edge in edges)
        orders.add(ordered[0])
    assert orders == {"a"}


def test_only_what_is_wanted_is_ordered() -> None:
    graph = graph_of("abcd", "ab", "bc", "bd")
    assert graph.upstream(["c"]) == {"a", "b", "c"}
    assert graph.downstream("b") == {"b", "c", "d"}
    assert graph.order(graph.upstream(["c"])) == (["a", "b", "c"], [])
    assert graph.upstream(["nowhere"]) == set()


def test_a_circle_is_shown_in_the_direction_of_its_edges() -> None:
    graph = graph_of("abcdx", "ab", "bc", "cd", "db", "xa")
    ordered, stuck = graph.order()
    assert (ordered, stuck) == (["x", "a"], ["b", "c", "d"])
    circle = graph.circle(stuck)
    assert sorted(circle) == ["b", "c", "d"]
    assert "".join([*circle, circle[0]]) in "bcdbcdb"


def test_what_stands_behind_a_circle_is_not_in_it() -> None:
    graph = graph_of("abc", "ab", "ba", "bc")
    _, stuck = graph.order()
    assert stuck == ["a", "b", "c"]
    assert sorted(graph.circle(stuck)) == ["a", "b"]
    assert graph.circle([]) == []


def test_a_node_that_feeds_itself_is_a_circle() -> None:
    graph = graph_of("a", "aa")
    assert graph.circle(graph.order()[1]) == ["a"]
    assert graph.would_circle("a", "a")


def test_an_edge_that_would_close_a_circle_is_seen() -> None:
    graph = graph_of("abc", "ab", "bc")
    assert graph.would_circle("c", "a")
    assert not graph.would_circle("a", "c")


def test_edges_with_a_missing_end_are_apart() -> None:
    graph = graph_of("a", "ax", "xa")
    assert len(graph.dangling) == 2
    assert graph.order() == (["a"], [])


def test_two_edges_between_two_nodes_count_twice_and_do_no_harm() -> None:
    assert graph_of("ab", "ab", "ab").order() == (["a", "b"], [])


def test_a_chain_of_ten_thousand_needs_no_recursion() -> None:
    count = 10_000
    assert count > sys.getrecursionlimit()
    nodes = {f"n{number}": {"type": "t"} for number in reversed(range(count))}
    edges = [{"from": f"n{number}.o", "to": f"n{number + 1}.i"} for number in range(count - 1)]
    graph = Graph.of({**new_document("x"), "nodes": nodes, "edges": edges})
    ordered, stuck = graph.order()
    assert (ordered[0], ordered[-1], stuck) == ("n0", f"n{count - 1}", [])
    assert len(graph.upstream([f"n{count - 1}"])) == len(graph.downstream("n0")) == count
    closed = Graph.of(
        {**new_document("x"), "nodes": nodes, "edges": [*edges, {"from": f"n{count - 1}.o", "to": "n0.i"}]}
    )
    assert len(closed.circle(closed.order()[1])) == count
