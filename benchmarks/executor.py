"""CPU of a run of no-op nodes, beside a floor of 40 lines, networkx and Apache Hamilton, all in one process.

The floor takes the same document and does what nobody can leave out: order, one chained digest a node, a dictionary of
results, the call. Here everything else is counted too: validation, the run's thread, events, both tiers of the cache.

    cold      a flow that was never run: every node is called
    cached    the flow loaded from its file once more, as a new Flow; nothing runs
    changed   the last node of the chain, or one of those side by side, has another value: one node runs

Apache Hamilton runs where it is installed: `make bench` puts it into an environment of its own, and names that in
PIXELFLOW_RIVALS.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blake3 import blake3

import pixelflow_widgets as pf
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import Cache
from pixelflow_widgets.run.disk_cache import DiskCache

ROUNDS = 25
LARGE_ROUNDS = 5
BOUNDS = {"cold": 5.0, "cached": 2.0, "changed": 2.0}
GROWTH_BOUND = 1.3


@pf.node
def nothing(value: float = 0.0, step: int = 0) -> float:
    return value


def floor(document: dict[str, Any], functions: dict[str, Callable[..., Any]], cache: dict[str, Any]) -> dict[str, Any]:
    """Run a document: Kahn's order, a digest chained from those of the inputs, a dictionary of results."""
    nodes = document["nodes"]
    incoming: dict[str, list[tuple[str, str, str]]] = {node: [] for node in nodes}
    outgoing: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in document["edges"]:
        source, _, output = edge["from"].partition(".")
        target, _, name = edge["to"].partition(".")
        incoming[target].append((name, source, output))
        outgoing[source].append(target)
    waiting = {node: len(edges) for node, edges in incoming.items()}
    ready = deque(node for node, count in waiting.items() if not count)
    keys: dict[str, str] = {}
    results: dict[str, Any] = {}
    while ready:
        node = ready.popleft()
        entry, edges = nodes[node], incoming[node]
        parts = [entry["type"], json.dumps(entry["values"], sort_keys=True)]
        for name, source, output in sorted(edges):
            parts.append(f"{name}<{keys[source]}.{output}")
        key = keys[node] = blake3("\n".join(parts).encode()).hexdigest()
        if key not in cache:
            arguments = dict(entry["values"])
            for name, source, _ in edges:
                arguments[name] = results[source]
            cache[key] = functions[entry["type"]](**arguments)
        results[node] = cache[key]
        for target in outgoing[node]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return results


def chain(count: int) -> dict[str, Any]:
    edges = [{"from": f"n{i}.number", "to": f"n{i + 1}.value"} for i in range(count - 1)]
    return document_of(count, edges, [{"name": "last", "from": f"n{count - 1}.number"}])


def side_by_side(count: int) -> dict[str, Any]:
    return document_of(count, [], [{"name": f"out{i}", "from": f"n{i}.number"} for i in range(count)])


def document_of(count: int, edges: list[Any], outputs: list[Any]) -> dict[str, Any]:
    name = nothing.node_type.name  # type: ignore[attr-defined]
    linked = {edge["to"].partition(".")[0] for edge in edges}
    nodes = {
        f"n{i}": {
            "type": name,
            "type_version": 1,
            "values": {"step": 20} if f"n{i}" in linked else {"value": float(i), "step": 20},
        }
        for i in range(count)
    }
    rest = {"inputs": [], "outputs": outputs, "layout": {"positions": {}}}
    return {"format": "pixelflow", "version": 1, "name": "bench", "nodes": nodes, "edges": edges, **rest}


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return (CPU seconds of this process in all its threads, what the call gave)."""
    gc.collect()
    began = time.process_time()
    given = call()
    return time.process_time() - began, given


def run(flow: pf.Flow, cache: Cache) -> Any:
    return start(flow.document, flow.registry, flow.media, backend="inline", cache=cache).result()


class Case:
    """Is a document on disk, that can be measured again and again."""

    def __init__(self, document: dict[str, Any], folder: Path) -> None:
        self.document, self.folder = document, folder
        self.count = len(document["nodes"])
        self.path = folder / f"{self.count}.flow.json"
        self.path.write_text(json.dumps(document))
        self.rounds = 0

    def measure(self) -> dict[str, float]:
        """Return CPU seconds a node of one round, by case."""
        self.rounds += 1
        taken: dict[str, float] = {}

        def note(case: str, call: Callable[[], Any]) -> Any:
            seconds, given = cpu(call)
            taken[case] = seconds / self.count
            return given

        functions = {nothing.node_type.name: nothing.node_type.function}  # type: ignore[attr-defined]
        plain: dict[str, Any] = {}
        cache = Cache(disk=DiskCache(self.folder / f"cache-{self.count}-{self.rounds}"))
        flow = pf.Flow.load(self.path)
        expected = note("floor cold", lambda: floor(self.document, functions, plain))
        given = note("cold", lambda: run(flow, cache))
        assert all(given[f"{node}.number"] == value for node, value in expected.items())
        assert len(cache.memory) == len(plain)
        note("floor cached", lambda: floor(self.document, functions, plain))
        flow = note("load", lambda: pf.Flow.load(self.path))
        note("cached", lambda: run(flow, cache))
        assert len(cache.memory) == len(plain)
        flow.set(f"n{self.count - 1}", step=25)
        note("floor changed", lambda: floor(flow.document, functions, plain))
        note("changed", lambda: run(flow, cache))
        assert len(cache.memory) == len(plain)
        return taken


def networkx_seconds(document: dict[str, Any], rounds: int) -> float | None:
    try:
        import networkx
    except ImportError:
        return None

    def go() -> dict[str, Any]:
        results: dict[str, Any] = {}
        for node in networkx.topological_sort(graph):
            before = list(graph.predecessors(node))
            results[node] = nothing(results[before[0]]) if before else nothing(1.0)
        return results

    graph = networkx.DiGraph()
    graph.add_nodes_from(document["nodes"])
    graph.add_edges_from((edge["from"].partition(".")[0], edge["to"].partition(".")[0]) for edge in document["edges"])
    return statistics.median(cpu(go)[0] for _ in range(rounds))


HAMILTON = """
import statistics, sys, time, types
from hamilton import ad_hoc_utils, driver
kind, count = sys.argv[1], int(sys.argv[2])
def make(i):
    given = f"n{i-1}: float" if kind == "chain" and i else ""
    body = f"def n{i}({given}) -> float: return " + (f"n{i-1}" if given else f"{float(i)}")
    space = {}
    exec(body, space)
    return space[f"n{i}"]
module = ad_hoc_utils.create_temporary_module(*[make(i) for i in range(count)], module_name="bench")
began = time.process_time()
built = driver.Builder().with_modules(module).build()
building = time.process_time() - began
wanted = [f"n{count-1}"] if kind == "chain" else [f"n{i}" for i in range(count)]
taken = []
for _ in range(5):
    began = time.process_time()
    built.execute(wanted)
    taken.append(time.process_time() - began)
print(building, statistics.median(taken))
"""


def hamilton_seconds(kind: str, count: int) -> tuple[float, float] | str:
    """Return (CPU seconds to build its driver, to execute), or why there are none."""
    python = os.environ.get("PIXELFLOW_RIVALS", sys.executable)
    told = subprocess.run([python, "-c", HAMILTON, kind, str(count)], capture_output=True, text=True, check=False)
    if told.returncode:
        last = told.stderr.strip().splitlines()[-1:] or ["no word"]
        return f"not measured: {last[0][:90]}"
    building, executing = map(float, told.stdout.split()[-2:])
    return building, executing


def show(name: str, seconds: float, reference: float | None = None) -> None:
    ratio = "" if reference is None else f"  {seconds / reference:5.2f} x"
    print(f"  {name:36} {seconds * 1e6:8.1f} us a node{ratio}")


def judge(name: str, ratio: float, bound: float) -> bool:
    print(f"  {name:36} {'':18}  {ratio:5.2f} x  (bound {bound} x, {'kept' if ratio <= bound else 'BROKEN'})")
    return ratio <= bound


def report(title: str, kind: str, small: Case) -> bool:
    """Print the figures of 1,000 nodes; return whether the bounds are kept."""
    rounds = [small.measure() for _ in range(ROUNDS)]
    middle = {case: statistics.median(taken[case] for taken in rounds) for case in rounds[0]}
    print(f"{title}, {small.count:,} nodes")
    kept = []
    for case, bound in BOUNDS.items():
        show(f"floor {case}", middle[f"floor {case}"])
        show(case, middle[case])
        kept.append(judge(f"{case} / floor", statistics.median(t[case] / t[f"floor {case}"] for t in rounds), bound))
    show("load from file (in no ratio)", middle["load"])
    if (seconds := networkx_seconds(small.document, ROUNDS)) is not None:
        show("networkx topological_sort + call", seconds / small.count, middle["floor cold"])
    told = hamilton_seconds(kind, small.count)
    if isinstance(told, str):
        print(f"  apache-hamilton: {told}")
    else:
        show("apache-hamilton execute", told[1] / small.count, middle["floor cold"])
        show("apache-hamilton build of the driver", told[0] / small.count, middle["floor cold"])
    return all(kept)


def growth(small: Case, large: Case) -> bool:
    """Print what a node of a large flow costs beside one of a small, measured in turns; return whether it is kept."""
    ratios: dict[str, list[float]] = {case: [] for case in BOUNDS}
    for _ in range(LARGE_ROUNDS):
        before = [small.measure() for _ in range(3)]
        taken = large.measure()
        after = [small.measure() for _ in range(3)]
        for case, found in ratios.items():
            found.append(taken[case] / statistics.median(one[case] for one in before + after))
    kept = [
        judge(f"{large.count:,} nodes, {case}", statistics.median(found), GROWTH_BOUND)
        for case, found in ratios.items()
    ]
    return all(kept)


def main() -> int:
    print(f"Recursion limit {sys.getrecursionlimit()}; medians of {ROUNDS} rounds; CPU of the whole process.")
    kept = []
    for title, kind, make in (("chain", "chain", chain), ("side by side", "wide", side_by_side)):
        with tempfile.TemporaryDirectory() as name:
            Case(make(100), Path(name)).measure()  # imports, and what is compiled when first used
            small = Case(make(1000), Path(name))
            kept.append(report(title, kind, small))
            kept.append(growth(small, Case(make(10_000), Path(name))))
    print("every bound is kept" if all(kept) else "A BOUND IS BROKEN")
    return not all(kept)


if __name__ == "__main__":
    sys.exit(main())
