"""Private bytes of the kernel and of its worker over 500 runs: what is used up by run 100 is all that is used.

Each run paints another picture, enlarges it, measures a list and fails once, in a flow that is shown, with results on
disk and in memory: whatever is kept for each run shows.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

RUNS = 500
EARLY, LATE = slice(50, 100), slice(450, 500)
BOUND = 1.05
MEMORY_LIMIT = 8 * 1024**2
DISK_LIMIT = 16 * 1024**2
CLIENT = "p4f81c09ab2"


def private_bytes(pid: int) -> int:
    """Bytes that a process wrote and that no other has; pages of files come and go with who else has them open."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    fields = dict(line.split(":", 1) for line in text.splitlines()[1:])
    return int(fields["Private_Dirty"].split()[0]) * 1024


def hand_back() -> None:
    """Give free pages back to the system: malloc keeps some, 10 MB more or less from one moment to the next."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def build() -> Any:
    """A flow with nodes in the worker and in the kernel, one of which fails."""
    import PIL.Image

    import pixelflow_widgets as pf

    @pf.node(where="kernel")
    def mirrored(image: pf.Image) -> pf.Image:
        return image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)

    @pf.node
    def numbers(start: int) -> list[int]:
        print("a line of log")
        return list(range(start, start + 20))

    @pf.node(where="kernel")
    def squared(value: int) -> int:
        return value * value

    @pf.node
    def fails(number: int) -> int:
        raise ValueError(f"as it does each time: {number}")

    with pf.Flow("memory") as flow:
        number = flow.input("number", 0)
        painted = pf.nodes.text_to_image(prompt="a red circle", steps=2, seed=number)  # type: ignore[arg-type]
        flow.output("image", mirrored(image=pf.nodes.resize_image(image=painted, width=512, height=512)))  # type: ignore[arg-type]
        flow.output("squares", squared(value=numbers(start=number)))  # type: ignore[arg-type]
        flow.output("never", fails(number=number))  # type: ignore[arg-type]
    return flow


def show(flow: Any) -> None:
    """Show the flow to a page that is not there: what is sent is made, and dropped."""
    import comm

    class Line(comm.base_comm.BaseComm):  # type: ignore[name-defined]
        def publish_msg(self, *_: Any, data: Any = None, **__: Any) -> None:
            json.dumps(data)

    comm.create_comm = Line
    hello = {"type": "hello", "client": CLIENT, "seq": 1, "have": None}
    flow.editor._handle_msg({"content": {"data": {"method": "custom", "content": hello}}, "buffers": []})


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PIXELFLOW_CACHE"] = folder
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from pixelflow_widgets.run.backends import shared_worker
        from pixelflow_widgets.run.cache import process_cache
        from pixelflow_widgets.run.eviction import set_limit

        set_limit(Path(folder), DISK_LIMIT)
        cache = process_cache()
        cache.memory.limit = MEMORY_LIMIT
        flow = build()
        show(flow)
        used: dict[str, list[int]] = {"kernel": [], "worker": []}
        pids = set()
        for number in range(RUNS):
            run = flow.start(number=number)
            run.wait()
            if set(run.errors) != {"fails"} or len(run.results) != 5:
                print(f"run {number} went wrong: {run.errors}")
                return 1
            worker = shared_worker().pid
            assert worker is not None
            pids.add(worker)
            hand_back()
            used["kernel"].append(private_bytes(os.getpid()))
            used["worker"].append(private_bytes(worker))
        if len(pids) != 1:
            print(f"{len(pids) - 1} workers were lost")
            return 1
        if cache.disk is not None:
            cache.disk.flush()
        shared_worker().close()
    is_kept = True
    print(f"{RUNS} runs           runs 50-100   runs 450-500   ratio   a run")
    for name, series in used.items():
        early, late = statistics.median(series[EARLY]), statistics.median(series[LATE])
        each = (late - early) / (LATE.start - EARLY.start) / 1024
        print(f"  {name:14} {early / 1e6:8.1f} MB   {late / 1e6:9.1f} MB   {late / early:5.3f}  {each:5.1f} KiB")
        is_kept = is_kept and late <= BOUND * early
    print(f"bound: {BOUND} - {'kept' if is_kept else 'BROKEN'}")
    return not is_kept


if __name__ == "__main__":
    sys.exit(main())
