"""One conformance suite for every backend, then what only the worker promises."""

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

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import Preview
from pixelflow_widgets.run.backends import Backend, InlineBackend, Stop, Task, WorkerBackend, backend_for, process
from pixelflow_widgets.schema.signature import read_node_type
from pixelflow_widgets.schema.usage import Usage

from . import sample_nodes as nodes


class Heard:
    """Keeps what a node reports."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.changed = threading.Event()
        self.most: int | None = None
        self.usage = Usage()

    def peak(self, bytes: int) -> None:
        self.most = bytes

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

    def used(self, usage: Usage) -> None:
        self.usage += usage


@pytest.fixture(params=["inline", "worker"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return InlineBackend() if request.param == "inline" else request.getfixturevalue("worker")


@pytest.fixture
def own_worker() -> Iterator[WorkerBackend]:
    """A worker of this test's own, that may be killed."""
    backend = WorkerBackend(grace=0.3)
    yield backend
    backend.close()


def execute(
    backend: Backend,
    function: Any,
    heard: Heard | None = None,
    stop: Stop | None = None,
    limit: float | None = None,
    priority: int = 0,
    **inputs: Any,
) -> Any:
    node_type = function.node_type
    values = {name: port.default for name, port in node_type.inputs.items() if not port.required} | inputs
    task = Task("test", node_type, values, limit, priority)
    return backend.execute(task, heard or Heard(), stop or Stop())


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
    heard, stop = Heard(), Stop()

    def press() -> None:
        heard.changed.wait(20)
        stop.set()

    threading.Thread(target=press).start()
    with pytest.raises(pf.Cancelled):
        execute(backend, nodes.steps, heard, stop, count=10_000, seconds=0.01)
    assert 0 < len(heard.events) < 2000


def test_what_is_stopped_before_it_starts_does_not_run(backend: Backend) -> None:
    stop = Stop()
    stop.set()
    heard = Heard()
    with pytest.raises(pf.Cancelled):
        execute(backend, nodes.steps, heard, stop)
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
    stop = Stop()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(pf.Cancelled):
        execute(own_worker, nodes.never_ends, stop=stop)
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
        worker.execute(Task("test", node_type, {"value": 1}), Heard(), Stop())


def test_the_worker_is_another_process_and_stays_the_same(worker: WorkerBackend) -> None:
    first = execute(worker, nodes.process_id)["number"]
    assert first == worker.pid != os.getpid()
    assert execute(worker, nodes.process_id)["number"] == first


def test_a_node_that_does_not_stop_is_ended_with_its_process(own_worker: WorkerBackend) -> None:
    before = execute(own_worker, nodes.process_id)["number"]
    stop = Stop()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(pf.Cancelled, match="ended"):
        execute(own_worker, nodes.never_ends, stop=stop)
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
    execute(own_worker, named, heard, model=pf.Model("starter"))
    notes = [event[2] for event in heard.events if event[0] == "progress"]
    assert notes in (["Loading model code …", ""], ["Starting the worker …", "Loading model code …", ""])
    heard.events.clear()
    execute(own_worker, named, heard, model=pf.Model("starter"))
    assert heard.events == []


def test_what_takes_no_model_does_not_wait_for_model_code(own_worker: WorkerBackend, tmp_path: Path) -> None:
    module = tmp_path / "slow_to_import.py"
    module.write_text(
        f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.01)"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        own_worker.warm(["slow_to_import"])
        assert execute(own_worker, nodes.double, value=1) == {"number": 2}
    finally:
        sys.path.remove(str(tmp_path))
        (tmp_path / "go").touch()


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


# Lanes


@pf.node
def named(model: pf.Model) -> str:
    return model.source


@pf.node
def waits_with_model(model: pf.Model, folder: str, name: str) -> str:
    """Says that it has begun and waits until it may go on."""
    from pathlib import Path

    with (Path(folder) / "order").open("a") as file:
        file.write(f"{name} begins\n")
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    with (Path(folder) / "order").open("a") as file:
        file.write(f"{name} ends\n")
    return name


@pf.node
def finds_the_other(folder: str, name: str, other: str) -> str:
    """Waits until the other one is there, too."""
    from pathlib import Path

    (Path(folder) / name).touch()
    print(f"{name} is here")
    deadline = time.monotonic() + 30
    while not (Path(folder) / other).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(other)
        time.sleep(0.01)
    print(f"{name} has met {other}")
    return name


class Going:
    """A task in a thread of its own."""

    def __init__(self, backend: Backend, function: Any, **options: Any) -> None:
        self.heard, self.stop = Heard(), Stop()
        self.result: Any = None
        options = {"heard": self.heard, "stop": self.stop, **options}

        def work() -> None:
            try:
                self.result = execute(backend, function, **options)
            except pf.RunError as error:
                self.result = error

        self.thread = threading.Thread(target=work)
        self.thread.start()

    def end(self) -> Any:
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.result


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nodes_that_take_a_model_run_one_after_another_and_others_beside_them(
    worker: WorkerBackend, tmp_path: Path
) -> None:
    given = {"model": pf.Model("starter"), "folder": str(tmp_path)}
    going = [Going(worker, waits_with_model, name=name, **given) for name in "ab"]
    wait_for((tmp_path / "order").exists)
    assert execute(worker, nodes.double, value=1) == {"number": 2}
    (tmp_path / "go").touch()
    assert [one.end() for one in going] == [{"text": "a"}, {"text": "b"}]
    lines = (tmp_path / "order").read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["begins", "ends", "begins", "ends"]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="nodes run beside each other where there is more than one core")
def test_nodes_that_take_no_model_run_beside_each_other_and_each_has_its_own_log(
    worker: WorkerBackend, tmp_path: Path
) -> None:
    left = Going(worker, finds_the_other, folder=str(tmp_path), name="left", other="right")
    right = Going(worker, finds_the_other, folder=str(tmp_path), name="right", other="left")
    assert (left.end(), right.end()) == ({"text": "left"}, {"text": "right"})
    assert [event[1] for event in left.heard.events if event[0] == "log"] == ["left is here", "left has met right"]
    assert [event[1] for event in right.heard.events if event[0] == "log"] == ["right is here", "right has met left"]


def test_a_users_task_comes_before_one_that_nobody_asked_for(worker: WorkerBackend, tmp_path: Path) -> None:
    given = {"model": pf.Model("starter"), "folder": str(tmp_path)}
    going = [Going(worker, waits_with_model, name="first", **given)]
    wait_for((tmp_path / "order").exists)
    for name, priority in (("by itself", 1), ("asked for", 0)):
        waits = Going(worker, waits_with_model, name=name, priority=priority, **given)
        going.append(waits)
        wait_for(
            lambda waits=waits: (
                ("progress", None, "Waiting for the worker, which runs another node …") in waits.heard.events
            )
        )
    (tmp_path / "go").touch()
    for one in going:
        one.end()
    begun = [line for line in (tmp_path / "order").read_text().splitlines() if line.endswith("begins")]
    assert begun == ["first begins", "asked for begins", "by itself begins"]


def test_what_ran_beside_a_node_that_had_to_be_ended_is_done_again_by_itself(
    own_worker: WorkerBackend, tmp_path: Path
) -> None:
    stuck = Going(own_worker, nodes.never_ends)
    innocent = Going(own_worker, waits_with_model, model=pf.Model("starter"), folder=str(tmp_path), name="it")
    wait_for((tmp_path / "order").exists)
    wait_for(lambda: hasattr(stuck.heard, "began_at"))
    stuck.stop.set()
    assert isinstance(stuck.end(), pf.Cancelled)
    (tmp_path / "go").touch()
    assert innocent.end() == {"text": "it"}
    assert (tmp_path / "order").read_text().splitlines() == ["it begins", "it begins", "it ends"]


def test_of_two_nodes_that_ran_in_a_crash_only_the_one_that_crashes_again_fails(
    own_worker: WorkerBackend, tmp_path: Path
) -> None:
    @pf.node
    def crashes_when_told(folder: str) -> int:
        from pathlib import Path

        while not (Path(folder) / "crash").exists():
            time.sleep(0.01)
        os._exit(5)

    innocent = Going(own_worker, waits_with_model, model=pf.Model("starter"), folder=str(tmp_path), name="it")
    guilty = Going(own_worker, crashes_when_told, folder=str(tmp_path))
    wait_for((tmp_path / "order").exists)
    wait_for(lambda: hasattr(guilty.heard, "began_at"))
    before = own_worker.pid
    (tmp_path / "crash").touch()
    wait_for(lambda: own_worker.pid not in (before, None))
    (tmp_path / "go").touch()
    lost = guilty.end()
    assert isinstance(lost, pf.WorkerLost) and "exit code 5" in str(lost)
    assert innocent.end() == {"text": "it"}


def test_what_is_tried_again_alone_survives_that_the_next_worker_does_not_even_start(
    own_worker: WorkerBackend, tmp_path: Path
) -> None:
    model = pf.Model("starter")
    going = [
        Going(own_worker, waits_with_model, model=model, folder=str(tmp_path), name="first"),
        Going(own_worker, nodes.steps, count=20, seconds=0.05),
    ]
    wait_for((tmp_path / "order").exists)
    wait_for(lambda: hasattr(going[1].heard, "began_at"))
    for _ in range(2):
        before = own_worker.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: own_worker.pid not in (before, None))  # noqa: B023 - asked before the next round
    (tmp_path / "go").touch()
    assert [one.end() for one in going] == [{"text": "first"}, {"number": 20}]


def test_a_second_stop_ends_a_stuck_node_at_once() -> None:
    backend = WorkerBackend(grace=1000)
    try:
        stuck = Going(backend, nodes.never_ends)
        wait_for(lambda: hasattr(stuck.heard, "began_at"))
        stuck.stop.set()
        stuck.stop.set_now()
        assert isinstance(stuck.end(), pf.Cancelled)
    finally:
        backend.close()


def test_a_node_that_says_so_has_time_to_put_away_what_it_has(own_worker: WorkerBackend, tmp_path: Path) -> None:
    assert own_worker.grace < 1
    going = Going(own_worker, nodes.puts_away, path=str(tmp_path / "kept"))
    wait_for(lambda: hasattr(going.heard, "began_at"))
    before = own_worker.pid
    going.stop.set()
    assert isinstance(going.end(), pf.Cancelled)
    assert (tmp_path / "kept").read_text() == "kept" and own_worker.pid == before


def test_a_task_that_waits_for_a_worker_to_start_can_be_stopped(own_worker: WorkerBackend) -> None:
    going = Going(own_worker, nodes.never_ends)
    going.stop.set()
    assert isinstance(going.end(), pf.Cancelled)
    assert execute(own_worker, nodes.double, value=1) == {"number": 2}


def test_a_node_that_takes_longer_than_its_limit_fails_with_the_limit(backend: Backend) -> None:
    with pytest.raises(pf.NodeFailed, match=r"time limit of 0\.2 s"):
        execute(backend, nodes.steps, limit=0.2, count=10_000, seconds=0.01)
    assert execute(backend, nodes.steps, limit=60, count=2) == {"number": 2}


def test_a_stuck_node_is_ended_at_its_limit(own_worker: WorkerBackend) -> None:
    with pytest.raises(pf.NodeFailed, match=r"time limit of 0\.1 s.*was ended"):
        execute(own_worker, nodes.never_ends, limit=0.1)
    assert execute(own_worker, nodes.double, value=1) == {"number": 2}


# Faults


def test_a_node_that_reports_without_end_is_heard_now_and_then_and_at_its_end(worker: WorkerBackend) -> None:
    @pf.node
    def reports(count: int, progress: pf.Progress = pf.Progress()) -> int:
        for number in range(count):
            progress((number + 1) / count, preview="x", note=str(number))
        return count

    heard = Heard()
    assert execute(worker, reports, heard, count=50_000) == {"number": 50_000}
    assert len(heard.events) < 1000
    assert [event for event in heard.events if event[0] == "progress"][-1][1] == 1.0


def test_a_preview_that_is_not_shown_is_not_made(worker: WorkerBackend) -> None:
    @pf.node
    def sketches(count: int, progress: pf.Progress = pf.Progress()) -> int:
        made = []
        for number in range(count):
            progress((number + 1) / count, preview=lambda number=number: made.append(number) or f"sketch {number}")
        return len(made)

    heard = Heard()
    made = execute(worker, sketches, heard, count=10_000)["number"]
    seen = [event[1].data for event in heard.events if event[0] == "preview"]
    assert 0 < made == len(seen) < 1000 and seen[0] == b"sketch 0"


def test_a_node_that_prints_a_hundred_thousand_lines_is_cut(worker: WorkerBackend) -> None:
    @pf.node
    def babbles(count: int) -> int:
        for number in range(count):
            print(number)
        return count

    heard = Heard()
    assert execute(worker, babbles, heard, count=100_000) == {"number": 100_000}
    assert len(heard.events) < 2100 and "not kept" in heard.events[-1][1]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks /proc how long a file is")
def test_what_a_library_prints_past_python_does_not_fill_the_disk(own_worker: WorkerBackend) -> None:
    assert execute(own_worker, nodes.prints_natively, count=300_000_000) == {"number": 300_000_000}
    execute(own_worker, nodes.steps, count=30, seconds=0.01)
    assert Path(f"/proc/{own_worker.pid}/fd/2").stat().st_size < 3_000_000


def test_without_shared_memory_everything_travels_through_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "make_shared", lambda: None)
    backend = WorkerBackend()
    try:
        image = nodes.large(700)
        found = execute(backend, nodes.halves, image=image)
        assert found["left"].tobytes() == image.crop((0, 0, 350, 700)).tobytes()
    finally:
        backend.close()


@pytest.mark.skipif(os.name != "posix", reason="there is no shared memory without a name")
def test_shared_memory_is_used_again_and_again(own_worker: WorkerBackend) -> None:
    image = nodes.large(1024)
    for _ in range(20):
        found = execute(own_worker, nodes.halves, image=image)
        assert found["right"].tobytes() == image.crop((512, 0, 1024, 1024)).tobytes()
    running = own_worker._process
    assert running and running._to_worker and running._from_worker
    assert running._to_worker.used == 0 and running._to_worker.size < 3 * 4 * 1024**2
    assert os.fstat(running._from_worker._descriptor).st_size < 5 * 4 * 1024**2  # type: ignore[arg-type]


def test_an_interrupt_does_not_end_the_worker(worker: WorkerBackend) -> None:
    going = Going(worker, nodes.steps, count=40, seconds=0.01)
    going.heard.changed.wait(20)
    assert worker.pid
    os.kill(worker.pid, signal.SIGINT)
    assert going.end() == {"number": 40}


def test_memory_that_runs_out_in_python_is_said_with_a_remedy(worker: WorkerBackend) -> None:
    @pf.node
    def wants_too_much(size: int) -> int:
        return len(bytearray(size))

    with pytest.raises(pf.NodeFailed, match="Memory ran out. Make the result smaller"):
        execute(worker, wants_too_much, size=2**60)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process holds is asked of /proc")
def test_a_worker_that_holds_more_than_it_may_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    @pf.node
    def grows(megabytes: int) -> int:
        held = []
        for _ in range(megabytes):
            held.append(b"x" * 2**20)
            time.sleep(0.001)
        return len(held)

    monkeypatch.setenv("PIXELFLOW_WORKER_MEMORY", "400M")
    backend = WorkerBackend()
    try:
        with pytest.raises(pf.WorkerLost, match="it may hold 400 MB. Make the result smaller"):
            execute(backend, grows, megabytes=4000)
        assert execute(backend, nodes.double, value=1) == {"number": 2}
    finally:
        backend.close()


def test_a_limit_of_memory_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch, own_worker: WorkerBackend) -> None:
    monkeypatch.setenv("PIXELFLOW_WORKER_MEMORY", "plenty")
    with pytest.raises(pf.NodeFailed, match="such as 8000000000 or 8G; it is 'plenty'"):
        execute(own_worker, nodes.double, value=1)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process holds is asked of /proc")
def test_the_listener_hears_how_much_memory_a_node_took(worker: WorkerBackend) -> None:
    @pf.node
    def takes(megabytes: int) -> int:
        return len(b"x" * (megabytes * 2**20)) >> 20

    heard = Heard()
    execute(worker, takes, heard, megabytes=200)
    assert heard.most is not None and 190 * 2**20 < heard.most < 300 * 2**20


def test_a_result_that_cannot_travel_back_is_named(worker: WorkerBackend) -> None:
    @pf.node
    def gives_objects(value: int) -> pf.Table:
        import pandas

        return pandas.DataFrame({"thing": [object()]})  # type: ignore[return-value]

    with pytest.raises(pf.NodeFailed, match="'table' cannot travel.*column 'thing'"):
        execute(worker, gives_objects, value=1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_node_that_forks_gives_one_result(worker: WorkerBackend) -> None:
    @pf.node
    def forks(value: int) -> int:
        os.fork()
        print("hello from", "both")
        return value

    heard = Heard()
    assert [execute(worker, forks, heard, value=value) for value in range(3)] == [{"number": n} for n in range(3)]
    assert [event for event in heard.events if event[0] == "log"] == [("log", "hello from both")] * 3


def test_a_node_that_closes_files_that_are_not_its_own_fails_and_the_next_one_runs(own_worker: WorkerBackend) -> None:
    @pf.node
    def closes_everything(value: int) -> int:
        os.closerange(0, 256)
        return value

    with pytest.raises(pf.WorkerLost, match="lost its line to the kernel"):
        execute(own_worker, closes_everything, value=1)
    assert execute(own_worker, nodes.double, value=1) == {"number": 2}


def test_a_crash_in_native_code_says_where(own_worker: WorkerBackend) -> None:
    @pf.node
    def reads_nowhere(value: int) -> int:
        import ctypes

        return ctypes.string_at(0)[0]

    with pytest.raises(pf.WorkerLost, match=r"SIG(SEGV|BUS)(.|\n)*reads_nowhere"):
        execute(own_worker, reads_nowhere, value=1)


def test_a_node_that_raises_what_is_no_exception_fails_and_its_lane_goes_on(worker: WorkerBackend) -> None:
    @pf.node
    def leaves(how: str) -> int:
        raise {"exit": SystemExit, "interrupt": KeyboardInterrupt, "generator": GeneratorExit}[how]("so")

    for how in ("exit", "interrupt", "generator"):
        with pytest.raises(pf.NodeFailed, match="so"):
            execute(worker, leaves, how=how)
    assert execute(worker, nodes.double, value=1) == {"number": 2}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc whether a process of another parent lives")
def test_what_a_stopped_node_started_ends_with_it(own_worker: WorkerBackend, tmp_path: Path) -> None:
    @pf.node
    def starts_another(path: str) -> int:
        import pathlib
        import subprocess

        pathlib.Path(path).write_text(str(subprocess.Popen(["sleep", "1000"]).pid))
        while True:
            time.sleep(0.05)

    place = tmp_path / "pid"
    stuck = Going(own_worker, starts_another, path=str(place))
    wait_for(lambda: place.exists() and place.read_text())
    stuck.stop.set_now()
    assert isinstance(stuck.end(), pf.Cancelled)
    wait_for(lambda: not _is_running(int(place.read_text())))


def test_a_question_is_answered_while_a_model_is_at_work(worker: WorkerBackend) -> None:
    heard, stop = Heard(), Stop()
    caught: list[BaseException] = []

    def compute() -> None:
        try:
            execute(worker, nodes.holds_model, heard, stop, model=pf.Model("starter"))
        except pf.Cancelled as error:
            caught.append(error)

    thread = threading.Thread(target=compute)
    thread.start()
    assert heard.changed.wait(60)
    assert worker.ask("tests.run.sample_nodes:sum_of", 1, 2, 3) == {"sum": 6}
    with pytest.raises(pf.RunError, match="ValueError: there is nothing to add"):
        worker.ask("tests.run.sample_nodes:sum_of")
    assert not caught, "the node went on meanwhile"
    stop.set()
    thread.join(30)
    assert caught


@pytest.mark.parametrize("end", ["well", "badly"])
def test_what_a_node_used_is_told_with_its_end(backend: Backend, end: str) -> None:
    @pf.node
    def uses_things(is_good: bool, progress: pf.Progress = pf.Progress()) -> int:
        progress.used(model="tiny", input_tokens=5, cached_tokens=2)
        progress.used(output_tokens=7, images=1)
        begun = time.process_time()
        while time.process_time() < begun + 0.05:
            pass
        if not is_good:
            raise ValueError("spent all the same")
        return 1

    heard = Heard()
    with contextlib.nullcontext() if end == "well" else pytest.raises(pf.NodeFailed):
        execute(backend, uses_things, heard, is_good=end == "well")
    used = heard.usage
    assert (used.model, used.input_tokens, used.cached_tokens, used.output_tokens, used.images) == ("tiny", 5, 2, 7, 1)
    assert used.cpu_seconds >= 0.05 and used.gpu_seconds == 0


def test_a_question_starts_no_worker(own_worker: WorkerBackend) -> None:
    assert own_worker.ask("tests.run.sample_nodes:sum_of", 1) is None
    assert own_worker.pid is None
    execute(own_worker, nodes.double, value=1)
    assert own_worker.ask("tests.run.sample_nodes:sum_of", 1) == {"sum": 1}
    with pytest.raises(pf.WorkerLost):
        execute(own_worker, nodes.dies)
    assert own_worker.ask("tests.run.sample_nodes:sum_of", 1) is None
