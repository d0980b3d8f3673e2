from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import start
from pixelflow_widgets.run.backends import WorkerBackend
from pixelflow_widgets.run.cache import MemoryCache

from . import sample_nodes as nodes


def run(flow: pf.Flow, cache: MemoryCache | None = None, **options: Any) -> Any:
    options.setdefault("backend", "inline")
    return start(
        flow.document, flow.registry, flow.media, cache=cache if cache is not None else MemoryCache(), **options
    )


def kinds(started: Any) -> list[tuple[str, str | None]]:
    return [(event.kind, event.node) for event in started.events()]


def test_a_flow_gives_its_outputs_by_name() -> None:
    with pf.Flow("sum") as flow:
        first = flow.input("first", 1.5)
        flow.output("sum", nodes.add(first=first, second=2.0))
    assert dict(run(flow).result()) == {"sum": 3.5}
    assert dict(run(flow, inputs={"first": 10}).result()) == {"sum": 12.0}


def test_only_what_the_target_needs_runs(tmp_path: Path) -> None:
    with pf.Flow("two") as flow:
        flow.output("one", nodes.counts_purely(path=str(tmp_path / "one"), value=1))
        flow.output("two", nodes.counts_purely(path=str(tmp_path / "two"), value=2))
    assert dict(run(flow, targets=["one"]).result()) == {"one": 1}
    assert (tmp_path / "one").exists() and not (tmp_path / "two").exists()


def test_any_node_can_be_a_target() -> None:
    with pf.Flow("chain") as flow:
        doubled = nodes.double(value=4)
        nodes.double(value=doubled)
    assert run(flow, targets=["double"]).result()["double.number"] == 8
    assert run(flow, targets=["double_2.number"]).result()["double_2.number"] == 16


def test_a_target_that_is_not_there_is_named_with_the_nearest() -> None:
    flow = pf.Flow("one")
    flow.add(nodes.double, value=1)
    with pytest.raises(pf.FlowProblems, match="no output or node 'duble' to run. Did you mean 'double'"):
        run(flow, targets=["duble"])


def test_a_wrong_node_that_the_target_does_not_need_does_not_refuse_it() -> None:
    flow = pf.Flow("half wrong")
    good = flow.add(nodes.double, value=1)
    bad = flow.add(nodes.double)
    flow.output("good", good["number"])
    flow.output("bad", bad["number"])
    assert run(flow, targets=["good"]).result()["good"] == 2
    with pytest.raises(pf.FlowProblems, match="needs a whole number"):
        run(flow)


def test_all_problems_come_at_once() -> None:
    flow = pf.Flow("wrong")
    flow.add(nodes.double)
    flow.add(nodes.total)
    with pytest.raises(pf.FlowProblems) as caught:
        run(flow)
    assert {problem.node for problem in caught.value.problems} == {"double", "total"}


def test_a_flow_without_outputs_gives_what_its_last_nodes_give() -> None:
    with pf.Flow("loose") as flow:
        nodes.double(value=nodes.double(value=1))
        pf.nodes.note(text="a remark")
    assert kinds(run(flow)) == [
        ("run-started", None),
        ("node-started", "double"),
        ("node-finished", "double"),
        ("node-started", "double_2"),
        ("node-finished", "double_2"),
        ("run-finished", None),
    ]


def test_a_node_that_writes_runs_although_no_output_reads_it(tmp_path: Path) -> None:
    with pf.Flow("writes") as flow:
        flow.output("number", nodes.double(value=1))
        nodes.counts(path=str(tmp_path / "count"))
    run(flow).result()
    assert (tmp_path / "count").read_text() == "1"


def test_what_did_not_change_is_not_run_again(tmp_path: Path, cache: MemoryCache) -> None:
    with pf.Flow("cached") as flow:
        value = nodes.counts_purely(path=str(tmp_path / "runs"), value=3)
        flow.output("number", nodes.double(value=value))
    for _ in range(3):
        assert run(flow, cache).result()["number"] == 6
    assert (tmp_path / "runs").read_text() == "x"
    assert [event.cached for event in run(flow, cache).events() if event.kind == "node-finished"] == [True, True]


def test_a_change_and_its_undoing_find_the_first_result_again(tmp_path: Path, cache: MemoryCache) -> None:
    with pf.Flow("a b a") as flow:
        flow.output("number", nodes.counts_purely(path=str(tmp_path / "runs"), value=1))
    run(flow, cache).result()
    flow.set("counts_purely", value=2)
    assert run(flow, cache).result()["number"] == 2
    flow.undo()
    assert run(flow, cache).result()["number"] == 1
    assert (tmp_path / "runs").read_text() == "xx"


def test_an_impure_node_runs_each_time_and_what_follows_only_if_its_result_changed(
    tmp_path: Path, cache: MemoryCache
) -> None:
    source, seen = tmp_path / "source.png", tmp_path / "seen"

    @pf.node
    def looks(image: pf.Image) -> int:
        with seen.open("a") as file:
            file.write("x")
        return image.getpixel((0, 0))[0]

    nodes.gradient(4).save(source)
    with pf.Flow("reads") as flow:
        flow.output("number", looks(pf.nodes.load_image(path=str(source))))
    run(flow, cache).result()
    run(flow, cache).result()
    assert seen.read_text() == "x"
    nodes.gradient(5).rotate(180).save(source)
    assert run(flow, cache).result()["number"] == 255
    assert seen.read_text() == "xx"


def test_a_changed_helper_makes_a_notebook_node_run_again(cache: MemoryCache) -> None:
    space: dict[str, Any] = {"pf": pf, "__name__": "__main__"}
    exec("def helper(value):\n    return value + 1", space)
    exec("@pf.node\ndef uses_helper(value: int) -> int:\n    return helper(value)", space)
    with pf.Flow("notebook") as flow:
        flow.output("number", space["uses_helper"](value=1))
    assert run(flow, cache).result()["number"] == 2
    exec("def helper(value):\n    return value + 10", space)
    assert run(flow, cache).result()["number"] == 11


def test_a_list_into_a_port_that_takes_one_maps_the_node() -> None:
    with pf.Flow("mapped") as flow:
        items = nodes.numbers(count=4)
        flow.output("doubled", nodes.double(value=items))
        flow.output("sum", nodes.total(values=nodes.double(value=items)))
    result = run(flow).result()
    assert result["doubled"] == [0, 2, 4, 6]
    assert result["sum"] == 12


def test_an_empty_list_maps_to_an_empty_list() -> None:
    with pf.Flow("empty") as flow:
        flow.output("doubled", nodes.double(value=nodes.numbers(count=0)))
    assert run(flow).result()["doubled"] == []


def test_lists_of_unequal_length_are_refused_and_length_one_is_repeated() -> None:
    with pf.Flow("zip") as flow:
        three = nodes.numbers(count=3)
        flow.output("fits", nodes.add(first=three, second=nodes.numbers(count=1)))
        flow.output("does_not", nodes.add(first=three, second=nodes.numbers(count=2)))
    assert run(flow, targets=["fits"]).result()["fits"] == [0.0, 1.0, 2.0]
    with pytest.raises(pf.NodeFailed, match="first has 3, second has 2"):
        run(flow).result()


def test_several_edges_into_a_list_port_come_in_their_order() -> None:
    flow = pf.Flow("order")
    ones = [flow.add(nodes.double, value=value) for value in (1, 2, 3)]
    flow.output("sum", flow.add(nodes.total, values=[one["number"] for one in ones])["number"])
    assert run(flow).result()["sum"] == 12


def test_a_failed_node_names_itself_and_the_others_go_on() -> None:
    with pf.Flow("fails") as flow:
        pf_fails = nodes.fails(text="no luck")
        flow.output("never", pf.nodes.prompt(text=pf_fails))
        flow.output("number", nodes.double(value=2))
    flow.rename("fails", "My node")
    started = run(flow)
    with pytest.raises(pf.NodeFailed, match="'My node' failed: ValueError: no luck") as caught:
        started.result()
    assert caught.value.node == "fails"
    assert "sample_nodes.py" in caught.value.traceback
    assert dict(started.partial_result()) == {"number": 4}
    assert started.status == "failed"


def test_events_are_numbered_without_gaps_and_can_be_read_twice() -> None:
    with pf.Flow("events") as flow:
        flow.output("number", nodes.steps(count=3))
    started = run(flow)
    first = list(started.events())
    assert [event.sequence for event in first] == list(range(len(first)))
    assert list(started.events()) == first
    assert first[-1].status == "done"
    assert [event.fraction for event in first if event.kind == "progress"] == [pytest.approx(n / 3) for n in (1, 2, 3)]


def test_stop_keeps_what_is_done_and_the_next_run_goes_on_from_there(cache: MemoryCache, tmp_path: Path) -> None:
    with pf.Flow("stopped") as flow:
        done = nodes.counts_purely(path=str(tmp_path / "runs"), value=5)
        slow = nodes.steps(count=10_000, seconds=0.005)
        flow.output("done", done)
        flow.output("slow", slow)
    started = run(flow, cache)
    for event in started.events():
        if event.kind == "preview":
            started.cancel()
    assert started.status == "cancelled"
    assert dict(started.partial_result()) == {"done": 5}
    with pytest.raises(pf.Cancelled):
        started.result()
    run(flow, cache, targets=["done"]).result()
    assert (tmp_path / "runs").read_text() == "x"


def test_a_random_seed_is_drawn_for_each_run_and_recorded() -> None:
    with pf.Flow("dice") as flow:
        flow.output("seed", pf.nodes.seed(value="random"))  # type: ignore[arg-type]
    results = [run(flow).result() for _ in range(3)]
    seeds = [result["seed"] for result in results]
    assert len(set(seeds)) == 3
    assert [result.seeds for result in results] == [{"seed.value": seed} for seed in seeds]
    assert results[0].document["nodes"]["seed"]["values"]["value"] == seeds[0]
    assert flow.document["nodes"]["seed"]["values"]["value"] == "random"


def test_64_bit_seeds_are_exact() -> None:
    flow = pf.Flow("large seed")
    flow.add("seed", value=2**64 - 1)
    assert flow.document["nodes"]["seed"]["values"]["value"] == str(2**64 - 1)
    assert run(flow).result()["seed.number"] == 2**64 - 1


def test_changing_a_result_does_not_change_the_cache(cache: MemoryCache) -> None:
    with pf.Flow("picture") as flow:
        flow.output("image", nodes.gradient(size=4))
    run(flow, cache).result()["image"].paste((9, 9, 9), (0, 0, 4, 4))
    assert run(flow, cache).result()["image"].tobytes() == nodes.gradient(4).tobytes()


def test_inputs_are_checked_before_anything_starts() -> None:
    with pf.Flow("limits") as flow:
        flow.output("number", nodes.double(value=flow.input("value", 3, min=0, max=10)))
    for given, words in (
        ({"value": 11}, "at most 10"),
        ({"value": -1}, "at least 0"),
        ({"value": "x"}, "A whole number"),
        ({"valeu": 1}, "Did you mean 'value'"),
    ):
        with pytest.raises(pf.FlowProblems, match=words):
            run(flow, inputs=given)
    assert run(flow, inputs={"value": 10}).result()["number"] == 20


def test_an_input_without_a_default_is_asked_for() -> None:
    flow = pf.Flow("photo")
    photo = flow.input("photo", type=pf.Image)
    flow.output("left", flow.add(nodes.halves, image=photo)["left"])
    with pytest.raises(pf.FlowProblems, match=r"input 'photo' has no value. Write flow.run\(photo=…\)"):
        run(flow)
    assert run(flow, inputs={"photo": nodes.gradient(8)}).result()["left"].size == (4, 8)


def test_kernel_nodes_run_in_this_process_and_the_others_in_the_worker(worker: WorkerBackend) -> None:
    with pf.Flow("where") as flow:
        flow.output("here", nodes.kernel_process_id())
        flow.output("there", nodes.process_id())
    result = run(flow, backend="auto").result()
    assert result["here"] == os.getpid() != result["there"] == worker.pid


def test_a_worker_that_is_killed_while_a_node_runs_costs_only_that_node(cache: MemoryCache, tmp_path: Path) -> None:
    own = WorkerBackend()
    with pf.Flow("killed") as flow:
        flow.output("early", nodes.counts_purely(path=str(tmp_path / "runs"), value=1))
        flow.output("late", nodes.steps(count=400, seconds=0.005))
    started = run(flow, cache, backend=own)
    for event in started.events():
        if event.kind == "preview" and own.pid:
            os.kill(own.pid, signal.SIGKILL)
            break
    with pytest.raises(pf.WorkerLost, match="'Steps' failed: The worker process was ended by SIGKILL") as caught:
        started.result()
    assert caught.value.node == "steps"
    assert started.partial_result()["early"] == 1
    assert dict(run(flow, cache, backend=own).result()) == {"early": 1, "late": 400}
    assert (tmp_path / "runs").read_text() == "x"
    own.close()


def test_a_long_chain_needs_no_recursion(cache: MemoryCache) -> None:
    count = 3000
    document = {
        "format": "pixelflow",
        "version": 1,
        "name": "chain",
        "nodes": {f"n{i}": {"type": nodes.double.node_type.name, "values": {"value": 0}} for i in range(count)},  # type: ignore[attr-defined]
        "edges": [{"from": f"n{i}.number", "to": f"n{i + 1}.value"} for i in range(count - 1)],
        "inputs": [],
        "outputs": [{"name": "last", "from": f"n{count - 1}.number"}],
        "layout": {},
    }
    flow = pf.Flow("empty")
    assert start(document, flow.registry, flow.media, cache=cache, backend="inline").result()["last"] == 0


def test_run_async_leaves_the_event_loop_free() -> None:
    import asyncio

    with pf.Flow("async") as flow:
        flow.output("number", nodes.steps(count=20, seconds=0.01))

    async def both() -> tuple[Any, int]:
        ticks = 0
        task = asyncio.create_task(flow.run_async(backend="inline"))
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        return await task, ticks

    result, ticks = asyncio.run(both())
    assert result["number"] == 20
    assert ticks > 3


@contextlib.contextmanager
def process_of(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a process, and end it in any case."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_ctrl_c_cancels_and_keeps_what_is_done(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import signal
            signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run where it is ignored
            import pixelflow_widgets as pf
            from tests.run import sample_nodes as nodes
            with pf.Flow("interrupted") as flow:
                flow.output("early", nodes.double(value=1))
                flow.output("late", nodes.steps(count=100000, seconds=0.01))
            try:
                flow.run(on_event=lambda event: event.kind == "preview" and print("sampling", flush=True))
            except KeyboardInterrupt:
                print("kept", dict(flow.last_run.partial_result()), flow.last_run.status, flush=True)
            print("again", flow.run(targets=["early"])["early"], flush=True)
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(pf.__file__).parents[1])}
    command = [sys.executable, str(script)]
    with process_of(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        assert process.stdout.readline() == "sampling\n"
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=60)[0].splitlines()
    assert [line for line in output if line != "sampling"] == ["kept {'early': 2} cancelled", "again 2"]


def test_many_runs_at_once_do_not_mix(cache: MemoryCache) -> None:
    with pf.Flow("many") as flow:
        flow.output("number", nodes.double(value=flow.input("value", 0)))
    runs = {value: run(flow, cache, inputs={"value": value}) for value in range(20)}
    assert {value: started.result()["number"] for value, started in runs.items()} == {n: 2 * n for n in range(20)}


def test_a_listener_that_raises_does_not_end_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pf.Flow("listened") as flow:
        flow.output("number", nodes.double(value=1))

    def raises(event: Any) -> None:
        raise RuntimeError("listener")

    assert run(flow, on_event=raises).result()["number"] == 2
    assert "RuntimeError: listener" in capsys.readouterr().err


def test_waiting_with_a_time_limit_returns_whether_it_ended() -> None:
    with pf.Flow("slow") as flow:
        flow.output("number", nodes.steps(count=1000, seconds=0.005))
    started = run(flow)
    assert started.wait(0.05) is False
    started.cancel()
    began = time.monotonic()
    assert started.wait(20) is True
    assert time.monotonic() - began < 20
    assert threading.active_count() < 50


def test_the_time_of_a_node_is_its_own_and_not_that_of_its_worker_which_had_to_start() -> None:
    backend = WorkerBackend()
    try:
        with pf.Flow("cold") as flow:
            nodes.double(value=2)
        began = time.monotonic()
        events = list(run(flow, backend=backend).events())
        took = next(event.took for event in events if event.kind == "node-finished")
        assert took is not None and took < (time.monotonic() - began) / 3
        assert "Starting the worker …" in [event.note for event in events if event.kind == "progress"]
    finally:
        backend.close()
