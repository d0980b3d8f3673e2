"""Bytes and kernel CPU of one edit by hand in a flow of 1,000 nodes, beside a bare json.loads and dict update.

The bound is for one operation; re-routing a connection is two of them in one message.

The messages are those of a page and go the way that they go in a notebook: through the handler of the widget, the
rules, the journal on disk and the undo stack, and out again as what every page is told.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm

import pixelflow_widgets as pf

NODES = 1000
BATCHES = 15
CLIENT = "p4f81c09ab2"
EDITS = 200
LARGEST = 300
BOUND = 0.2
SETTLE = 5.0
"""Seconds after which a new editor has done what it does once, in other threads: no edit costs that."""


class Line(comm.base_comm.BaseComm):  # type: ignore[name-defined]
    """A line to a page that is not there: makes bytes of what is sent, as a kernel does, and drops them."""

    changes = 0
    refusal = ""

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        json.dumps(data).encode()
        content = data.get("content") or {}
        Line.changes += content.get("type") == "change"
        Line.refusal = content.get("message", "") if content.get("type") == "reject" else Line.refusal


def build(path: Path) -> pf.Flow:
    """A chain of pictures that are resized, in a file."""
    flow = pf.Flow.open(path, autosave=True)
    values = {"width": 512, "height": 512}
    operations: list[dict[str, Any]] = []
    for n in range(NODES):
        node = {"type": "resize_image", "type_version": 1, "values": values}
        place = [n % 40 * 340, n // 40 * 400]
        operations.append({"op": "add_node", "id": f"resize_image_{n}", "node": node, "position": place})
    operations += [wire("connect", n - 1, n) for n in range(1, NODES) if n % 2]
    flow.apply(operations)
    flow.save()
    return flow


def wire(operation: str, source: int, target: int) -> dict[str, Any]:
    return {"op": operation, "from": f"resize_image_{source}.image", "to": f"resize_image_{target}.image"}


def gestures() -> dict[str, Iterator[list[dict[str, Any]]]]:
    """What hands do, again and again: the operations of one gesture."""
    # Every second connection is free. A new one is made and taken away, or takes the place of one that is there.
    evens = range(2, NODES, 2)
    odd = 501
    moves = ({f"resize_image_{n % NODES}": [n * 7 % 9000, n * 3 % 9000]} for n in itertools.count())
    sizes = ((n % NODES, 64 + n % 512) for n in itertools.count())
    return {
        "move a node": ([{"op": "move_nodes", "positions": place}] for place in moves),
        "set a value": (
            [{"op": "set_values", "id": f"resize_image_{n}", "values": {"width": size}}] for n, size in sizes
        ),
        "connect and disconnect": (
            [wire(operation, n - 1, n)] for n in itertools.cycle(evens) for operation in ("connect", "disconnect")
        ),
        "connect to another": (
            [wire("disconnect", before, odd), wire("connect", after, odd)]
            for before, after in itertools.cycle([(odd - 1, 7), (7, odd - 1)])
        ),
    }


def messages(flow: pf.Flow, operations: Iterator[list[dict[str, Any]]], numbers: Iterator[int]) -> Iterator[bytes]:
    """The messages of a page, as they come out of the socket."""
    for seq in numbers:
        content = {"type": "ops", "client": CLIENT, "seq": seq, "epoch": flow.epoch}
        content |= {"base_rev": flow.revision, "ops": next(operations)}
        yield json.dumps(content, separators=(",", ":")).encode()


def cpu_ms(work: Callable[[bytes], None], batch: Iterator[bytes], sent: list[bytes] | None = None) -> float:
    """CPU milliseconds of one edit, of all threads; making its message is not counted."""
    taken = 0.0
    for message in itertools.islice(batch, EDITS):
        began = time.process_time()
        work(message)
        taken += time.process_time() - began
        if sent is not None:
            sent.append(message)
    return taken / EDITS * 1000


def main() -> int:
    comm.create_comm = Line
    worst, largest = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        flow = build(Path(folder) / "large.flow.json")
        editor, numbers, bare = flow.editor, itertools.count(1), {}

        def edit(message: bytes) -> None:
            data = {"method": "custom", "content": json.loads(message)}
            editor._handle_msg({"content": {"data": data}, "buffers": []})

        def floor(message: bytes) -> None:
            content = json.loads(message)
            bare[content["ops"][0].get("id")] = content["ops"]

        hello = {"type": "hello", "client": CLIENT, "seq": next(numbers), "have": None}
        edit(json.dumps(hello).encode())
        time.sleep(SETTLE)
        print(
            f"{NODES} nodes, bound to a file          bytes   ms CPU   each operation   x json.loads and a dict update"
        )
        for name, operations in gestures().items():
            first = next(operations)
            count, operations = len(first), itertools.chain([first], operations)
            batch = messages(flow, operations, numbers)
            cpu_ms(edit, batch)  # fills what is filled once
            rounds, floors, sizes, heard = [], [], [], Line.changes
            # Alternating, so that whatever else the machine does falls on both.
            for _ in range(BATCHES):
                sent: list[bytes] = []
                rounds.append(cpu_ms(edit, batch, sent))
                floors.append(cpu_ms(floor, iter(sent)))
                sizes.append(max(map(len, sent)))
            if Line.changes - heard != BATCHES * EDITS:
                print(f"{name}: {BATCHES * EDITS - Line.changes + heard} edits were not taken. {Line.refusal}")
                return 1
            median, reference = statistics.median(rounds), statistics.median(floors)
            each = median / count
            print(f"  {name:32} {max(sizes):5}   {median:6.3f}   {each:14.3f}   {median / reference:5.1f} x")
            worst, largest = max(worst, each), max(largest, *sizes)
        flow.close()
    is_kept = worst <= BOUND and largest <= LARGEST
    print(f"bound: {LARGEST} bytes, {BOUND} ms - {'kept' if is_kept else 'BROKEN'}")
    return not is_kept


if __name__ == "__main__":
    sys.exit(main())
