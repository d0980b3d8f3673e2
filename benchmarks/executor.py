"""CPU of a run of no-op nodes, beside a floor of 40 lines, networkx and Apache Hamilton, all in one process.

The floor takes the same document and does what nobody can leave out: order, one chained digest a node, a dictionary of
results, the call. Here everything else is counted too: validation, the run's thread, events, both tiers of the cache.

    cold      a flow that was never run: every node is called
    cached    the flow loaded from its file once more, as a new Flow; nothing runs
    changed   the last node of the chain, or one of those side by side, has another value

Apache Hamilton is optional: `pip install apache-hamilton` into this environment, or name a Python that has it in
PIXELFLOW_HAMILTON.
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

ROUNDS = 9
BOUNDS = {"cold": 5.0, "cached": 2.0, "changed": 2.0}
GROWTH_BOUND = 1.3


@pf.node
def nothing(value: float = 0.0) -> float:
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
        f"n{i}": {"type": name, "type_version": 1, "values": {} if f"n{i}" in linked else {"value": float(i)}}
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


def change(flow: pf.Flow, number: int, value: float) -> None:
    """Set the last node: of a chain, whose last node is fed, its version, which goes into no key but its own."""
    last = f"n{number - 1}"
    if flow.document["edges"]:
        flow.apply([{"op": "disconnect", "from": f"n{number - 2}.number", "to": f"{last}.value"}])
    flow.set(last, value=value)


def measure(document: dict[str, Any], folder: Path, rounds: int) -> dict[str, list[float]]:
    """Return CPU seconds of each round, by case."""
    count = len(document["nodes"])
    path = folder / "bench.flow.json"
    path.write_text(json.dumps(document))
    functions = {nothing.node_type.name: nothing.node_type.function}  # type: ignore[attr-defined]
    taken: dict[str, list[float]] = {}

    def note(case: str, seconds: float) -> None:
        taken.setdefault(case, []).append(seconds)

    for number in range(rounds):
        plain: dict[str, Any] = {}
        seconds, expected = cpu(lambda: floor(document, functions, plain))
        note("floor cold", seconds)
        cache = Cache(disk=DiskCache(folder / f"cache{number}"))
        flow = pf.Flow.load(path)
        seconds, given = cpu(lambda: run(flow, cache))
        note("cold", seconds)
        assert given["n0.number"] == expected["n0"] and len(cache.memory) == len(plain)
        note("floor cached", cpu(lambda: floor(document, functions, plain))[0])
        seconds, flow = cpu(lambda: pf.Flow.load(path))
        note("load", seconds)
        seconds, given = cpu(lambda: run(flow, cache))
        note("cached", seconds)
        change(flow, count, -1.0 - number)
        changed = flow.document
        note("floor changed", cpu(lambda: floor(changed, functions, plain))[0])
        run(flow, cache)
        flow.set(f"n{count - 1}", value=-1000.0 - number)
        seconds, given = cpu(lambda: run(flow, cache))
        note("changed", seconds)
        assert given[f"n{count - 1}.number"] == -1000.0 - number
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
    body = f"def n{i}(n{i-1}: float) -> float:\\n    return n{i-1}" if kind == "chain" and i else f"def n{i}() -> float:\\n    return {float(i)}"
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
    python = os.environ.get("PIXELFLOW_HAMILTON", sys.executable)
    told = subprocess.run([python, "-c", HAMILTON, kind, str(count)], capture_output=True, text=True, check=False)
    if told.returncode:
        last = told.stderr.strip().splitlines()[-1:] or ["no word"]
        return f"not measured: {last[0][:90]}"
    building, executing = map(float, told.stdout.split()[-2:])
    return building, executing


def show(name: str, seconds: float, count: int, reference: float | None = None) -> None:
    ratio = "" if reference is None else f"  {seconds / reference:5.2f} x"
    print(f"  {name:34} {seconds / count * 1e6:8.1f} us a node{ratio}")


def report(title: str, kind: str, document: dict[str, Any], folder: Path) -> tuple[bool, dict[str, float]]:
    """Print one graph's figures; return (whether the bounds are kept, seconds a node by case)."""
    count = len(document["nodes"])
    taken = measure(document, folder, ROUNDS)
    middle = {case: statistics.median(seconds) for case, seconds in taken.items()}
    print(f"{title}, {count:,} nodes")
    is_kept = True
    for case, bound in BOUNDS.items():
        ratio = statistics.median(
            ours / theirs for ours, theirs in zip(taken[case], taken[f"floor {case}"], strict=True)
        )
        show(f"floor {case}", middle[f"floor {case}"], count)
        verdict = "kept" if ratio <= bound else "BROKEN"
        print(f"  {case:34} {middle[case] / count * 1e6:8.1f} us a node  {ratio:5.2f} x  (bound {bound} x, {verdict})")
        is_kept &= ratio <= bound
    show("load from file (in no ratio)", middle["load"], count)
    if (seconds := networkx_seconds(document, ROUNDS)) is not None:
        show("networkx topological_sort + call", seconds, count, middle["floor cold"])
    told = hamilton_seconds(kind, count)
    if isinstance(told, str):
        print(f"  apache-hamilton: {told}")
    else:
        show("apache-hamilton execute", told[1], count, middle["floor cold"])
        show("apache-hamilton build of the driver", told[0], count, middle["floor cold"])
    return is_kept, {case: seconds / count for case, seconds in middle.items()}


def main() -> int:
    print(f"recursion limit {sys.getrecursionlimit()}; medians of {ROUNDS} rounds, CPU of the whole process")
    is_kept = True
    for title, kind, make in (("chain", "chain", chain), ("side by side", "wide", side_by_side)):
        with tempfile.TemporaryDirectory() as folder:
            measure(make(100), Path(folder), 2)  # imports, and what is compiled when first used
            kept, small = report(title, kind, make(1000), Path(folder))
            is_kept &= kept
            taken = measure(make(10_000), Path(folder), 3)
        for case in BOUNDS:
            growth = statistics.median(taken[case]) / 10_000 / small[case]
            verdict = "kept" if growth <= GROWTH_BOUND else "BROKEN"
            print(f"  10,000 nodes, {case:20} {growth:5.2f} x of 1,000's price a node  (bound {GROWTH_BOUND} x, {verdict})")
            is_kept &= growth <= GROWTH_BOUND
    print("every bound is kept" if is_kept else "A BOUND IS BROKEN")
    return not is_kept


if __name__ == "__main__":
    sys.exit(main())
