"""One conformance suite for every backend, then what only the worker promises."""

from __future__ import annotations

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

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Preview
from pixelflow_widgets.run.backends import Backend, InlineBackend, Task, WorkerBackend, backend_for
from pixelflow_widgets.schema.signature import read_node_type

from . import sample_nodes as nodes


class Heard:
    """Keeps what a node reports."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.changed = threading.Event()

    def began(self) -> None:
        self.began_at = time.monotonic()

    def progress(self, fraction: float | None, note: str) -> None:
        self.events.append(("progress", fraction, note))
        if fraction is not None:  # from the node, and not from a worker that is being started
            self.changed.set()

    def preview(self, value: Preview) -> None:
        self.events.append(("preview", value))

    def log(self, line: str) -> None:
        self.events.append(("log", line))


@pytest.fixture(params=["inline", "worker"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return InlineBackend() if request.param == "inline" else request.getfixturevalue("worker")


@pytest.fixture
def own_worker() -> Iterator[WorkerBackend]:
    """A worker of this test's own, that may be killed."""
    backend = WorkerBackend(grace=0.3)
    yield backend
    backend.close()


def execute(backend: Backend, function: Any, heard: Heard | None = None, cancelled: Any = None, **inputs: Any) -> Any:
    node_type = function.node_type
    values = {name: port.default for name, port in node_type.inputs.items() if not port.required} | inputs
    return backend.execute(Task("test", node_type, values), heard or Heard(), cancelled or threading.Event())


def test_a_number_comes_back(backend: Backend) -> None:
    assert execute(backend, nodes.double, value=21) == {"number": 42}


def test_numbers_keep_their_exact_value(backend: Backend) -> None:
    assert execute(backend, nodes.double, value=2**62) == {"number": 2**63}
    assert execute(backend, nodes.add, first=0.1, second=0.2) == {"number": 0.1 + 0.2}


def test_several_outputs_come_back_by_name(backend: Backend) -> None:
    image = nodes.gradient(8)
    found = execute(backend, nodes.halves, image=image)
    assert list(found) == ["left", "right"]
    assert found["right"].tobytes() == image.crop((4, 0, 8, 8)).tobytes()


def test_a_large_picture_comes_back_pixel_by_pixel(backend: Backend) -> None:
    found = execute(backend, nodes.large, edge=1024)["image"]
    assert np.array_equal(np.asarray(found), np.asarray(nodes.large(1024)))


def test_lists_and_missing_values_travel(backend: Backend) -> None:
    assert execute(backend, nodes.numbers, count=4) == {"numbers": [0, 1, 2, 3]}
    assert execute(backend, nodes.total, values=[1, 2, 3]) == {"number": 6}
    assert execute(backend, nodes.numbers, count=0) == {"numbers": []}
    assert execute(backend, nodes.maybe, value=None) == {"number": None}


def test_an_error_keeps_its_words_and_its_traceback(backend: Backend) -> None:
    with pytest.raises(pf.NodeFailed, match="ValueError: the reason") as caught:
        execute(backend, nodes.fails)
    assert "sample_nodes.py" in caught.value.traceback


def test_a_result_of_another_type_than_promised_is_an_error(backend: Backend) -> None:
    with pytest.raises(pf.NodeFailed, match="A whole number is wanted"):
        execute(backend, nodes.lies)


def test_the_listener_hears_when_the_function_is_called(backend: Backend) -> None:
    heard = Heard()
    execute(backend, nodes.steps, heard, count=4, seconds=0.05)
    assert 0.19 < time.monotonic() - heard.began_at < 5


def test_progress_and_previews_come_in_order(backend: Backend) -> None:
    heard = Heard()
    assert execute(backend, nodes.steps, heard, count=4) == {"number": 4}
    # A worker that has to be started says so before the node says anything.
    fractions = [event[1] for event in heard.events if event[0] == "progress" and event[1] is not None]
    assert fractions == [0.25, 0.5, 0.75, 1.0]
    previews = [event[1] for event in heard.events if event[0] == "preview"]
    assert len(previews) == 4
    assert all(preview.mime == "image/jpeg" and preview.size == (4, 4) for preview in previews)


def test_stop_ends_a_node_at_its_next_report(backend: Backend) -> None:
    heard, cancelled = Heard(), threading.Event()

    def stop() -> None:
        heard.changed.wait(20)
        cancelled.set()

    threading.Thread(target=stop).start()
    with pytest.raises(pf.Cancelled):
        execute(backend, nodes.steps, heard, cancelled, count=10_000, seconds=0.01)
    assert 0 < len(heard.events) < 2000


def test_what_is_stopped_before_it_starts_does_not_run(backend: Backend) -> None:
    cancelled = threading.Event()
    cancelled.set()
    heard = Heard()
    with pytest.raises(pf.Cancelled):
        execute(backend, nodes.steps, heard, cancelled)
    assert heard.events == []


def test_a_function_without_a_home_runs_with_its_helpers(backend: Backend) -> None:
    offset = 40

    def helper(value: int) -> int:
        return value + offset

    @pf.node
    def shifted(value: int) -> int:
        return helper(value)

    assert execute(backend, shifted, value=2) == {"number": 42}


def test_a_helper_that_is_a_node_itself_travels(backend: Backend) -> None:
    @pf.node
    def inner(value: int) -> int:
        return value + 1

    @pf.node
    def outer(value: int) -> int:
        return inner(value) * 2

    assert execute(backend, outer, value=1) == {"number": 4}


def test_two_threads_may_use_a_backend_at_once(backend: Backend) -> None:
    found: dict[int, Any] = {}

    def run(value: int) -> None:
        found[value] = execute(backend, nodes.double, value=value)["number"]

    threads = [threading.Thread(target=run, args=(value,)) for value in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {value: 2 * value for value in range(8)}


def test_what_a_node_prints_is_its_log(worker: WorkerBackend) -> None:
    heard = Heard()
    execute(worker, nodes.talks, heard, text="one\ntwo")
    assert [event[1] for event in heard.events if event[0] == "log"] == ["one", "two", "a warning"]


def test_a_last_line_without_an_end_is_kept_and_a_flood_is_cut(worker: WorkerBackend) -> None:
    heard = Heard()

    @pf.node
    def floods(count: int) -> int:
        for _ in range(count):
            print("x" * 999)
        return count

    @pf.node
    def murmurs(value: int) -> int:
        print("no end", end="")
        return value

    execute(worker, murmurs, heard, value=1)
    assert heard.events == [("log", "no end")]
    execute(worker, floods, heard, count=100_000)
    assert len(heard.events) < 200
    assert "not kept" in heard.events[-1][1]


def test_a_library_that_prints_past_python_does_not_block_the_worker(worker: WorkerBackend) -> None:
    assert execute(worker, nodes.prints_natively, count=1_000_000) == {"number": 1_000_000}


def test_a_node_that_asks_for_input_fails_instead_of_hanging(worker: WorkerBackend) -> None:
    with pytest.raises(pf.NodeFailed, match="EOFError"):
        execute(worker, nodes.asks)


def test_stopping_a_task_that_waits_for_its_turn_leaves_the_running_one_alone(own_worker: WorkerBackend) -> None:
    heard, done = Heard(), []
    running = threading.Thread(
        target=lambda: done.append(execute(own_worker, nodes.steps, heard, count=60, seconds=0.02))
    )
    running.start()
    heard.changed.wait(20)
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(pf.Cancelled):
        execute(own_worker, nodes.never_ends, cancelled=cancelled)
    running.join(20)
    assert done == [{"number": 60}]


def test_a_value_that_cannot_travel_is_named(worker: WorkerBackend) -> None:
    lock = threading.Lock()

    @pf.node
    def uses_lock(value: int) -> int:
        with lock:
            return value

    with pytest.raises(pf.NodeFailed, match=r'uses_lock\(\) uses something .*where="kernel"'):
        execute(worker, uses_lock, value=1)


def test_a_notebook_variable_that_is_too_large_to_send_is_named(worker: WorkerBackend) -> None:
    space: dict[str, Any] = {"np": np, "__name__": "__main__"}
    exec("table = np.zeros(1_000_000)\ndef reads(value: int) -> int:\n    return int(table[value])", space)
    node_type = read_node_type(space["reads"])
    with pytest.raises(pf.NodeFailed, match="notebook variable 'table'"):
        worker.execute(Task("test", node_type, {"value": 1}), Heard(), threading.Event())


def test_the_worker_is_another_process_and_stays_the_same(worker: WorkerBackend) -> None:
    first = execute(worker, nodes.process_id)["number"]
    assert first == worker.pid != os.getpid()
    assert execute(worker, nodes.process_id)["number"] == first


def test_a_node_that_does_not_stop_is_ended_with_its_process(own_worker: WorkerBackend) -> None:
    before = execute(own_worker, nodes.process_id)["number"]
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(pf.Cancelled, match="ended"):
        execute(own_worker, nodes.never_ends, cancelled=cancelled)
    assert execute(own_worker, nodes.process_id)["number"] != before


def test_a_killed_worker_is_an_error_that_says_so_and_the_next_task_runs(own_worker: WorkerBackend) -> None:
    heard = Heard()

    def kill() -> None:
        heard.changed.wait(20)
        assert own_worker.pid
        os.kill(own_worker.pid, signal.SIGKILL)

    threading.Thread(target=kill).start()
    with pytest.raises(pf.WorkerLost, match="SIGKILL"):
        execute(own_worker, nodes.steps, heard, count=10_000, seconds=0.01)
    assert execute(own_worker, nodes.double, value=1) == {"number": 2}


def test_a_crash_tells_its_exit_code_and_last_words(own_worker: WorkerBackend) -> None:
    with pytest.raises(pf.WorkerLost, match=r"exit code 3(.|\n)*says goodbye"):
        execute(own_worker, nodes.dies)


def test_a_worker_that_died_idle_is_replaced(own_worker: WorkerBackend) -> None:
    execute(own_worker, nodes.double, value=1)
    assert own_worker.pid
    os.kill(own_worker.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while own_worker.pid is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert execute(own_worker, nodes.double, value=2) == {"number": 4}


def test_a_warmed_worker_has_the_modules_before_the_first_task(own_worker: WorkerBackend) -> None:
    @pf.node
    def is_loaded(name: str) -> bool:
        import sys

        return name in sys.modules

    assert execute(own_worker, is_loaded, name="colorsys") == {"flag": False}
    own_worker.warm(["colorsys", "no_such_module"])
    deadline = time.monotonic() + 20
    while not execute(own_worker, is_loaded, name="colorsys")["flag"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert execute(own_worker, is_loaded, name="colorsys") == {"flag": True}


def test_a_task_that_waits_for_its_turn_says_what_for(own_worker: WorkerBackend) -> None:
    heard = Heard()
    own_worker.warm(["test.support.this_is_not_there", "torch"])
    execute(own_worker, nodes.double, heard, value=1)
    notes = [event[2] for event in heard.events if event[0] == "progress"]
    assert notes in (["Loading model code …", ""], ["Starting the worker …", "Loading model code …", ""])
    heard.events.clear()
    execute(own_worker, nodes.double, heard, value=2)
    assert heard.events == []


def _run_script(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = folder / "script.py"
    path.write_text(textwrap.dedent(script))
    environment = {**os.environ, "PYTHONPATH": str(Path(pf.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


def test_a_plain_script_runs_once_without_a_main_guard(tmp_path: Path) -> None:
    done = _run_script(
        tmp_path,
        """
        import pixelflow_widgets as pf
        print("started")
        @pf.node
        def triple(value: int) -> int:
            return value * 3
        with pf.Flow("script") as flow:
            flow.output("number", triple(value=14))
        print(flow.run(backend="worker")["number"])
        """,
    )
    assert done.stdout.split() == ["started", "42"], done.stderr


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc whether a process of another parent lives")
def test_the_worker_ends_with_its_kernel_even_when_that_is_killed(tmp_path: Path) -> None:
    done = _run_script(
        tmp_path,
        """
        import os, signal
        import pixelflow_widgets as pf
        from pixelflow_widgets.run.backends import shared_worker
        with pf.Flow("script") as flow:
            flow.output("text", pf.nodes.prompt(text="hello"))
        flow.run(backend="worker")
        print(shared_worker().pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_an_unknown_backend_is_said_with_the_nearest() -> None:
    with pytest.raises(pf.RunError, match="Did you mean 'worker'"):
        backend_for("workers", "auto")


def test_pictures_keep_their_mode_in_the_worker(worker: WorkerBackend) -> None:
    @pf.node
    def same(image: pf.Image) -> pf.Image:
        return image

    for mode in ("RGB", "RGBA", "L", "1", "F"):
        image = PIL.Image.new(mode, (5, 3), 1)
        found = execute(worker, same, image=image)["image"]
        assert (found.mode, found.tobytes()) == (mode, image.tobytes())
