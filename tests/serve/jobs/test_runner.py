"""Runners: jobs are run on the worker, told of, stopped, and end with results that can be had."""

from __future__ import annotations

import io
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media.encoders import picture_file
from pixelflow_widgets.run.backends import WorkerBackend
from pixelflow_widgets.serve.jobs import running
from pixelflow_widgets.serve.jobs.artifacts import Artifacts
from pixelflow_widgets.serve.jobs.job import Job
from pixelflow_widgets.serve.jobs.jobs import MAX_LOST, Jobs
from pixelflow_widgets.serve.jobs.runner import Runner
from pixelflow_widgets.serve.store import Store

from .. import served_nodes as nodes
from ..served import publish, stamp_flow

LONG = 120.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def runner(store: Store, worker: WorkerBackend) -> Iterator[Runner]:
    runner = Runner(store)
    runner.start()
    yield runner
    runner.stop()


def wait_for(happened: Callable[[], object]) -> None:
    until = time.monotonic() + LONG
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def flow_of(node: Any, output: str, **inputs: Any) -> pf.Flow:
    """Return a flow of one node, with inputs of these names and defaults; a type stands for an input without one."""
    with pf.Flow(node.__name__) as flow:
        given = {
            name: flow.input(name, type=value) if isinstance(value, type) else flow.input(name, value)
            for name, value in inputs.items()
        }
        flow.output(output, node(**given))
    return flow


def ended(runner: Runner, store: Store, flow: pf.Flow, inputs: dict[str, Any], **caps: float) -> Job:
    endpoint = publish(store, flow, flow.name.replace("_", "-"), caps=caps or None)
    job, _ = runner.jobs.submit(endpoint, inputs)
    found = runner.jobs.wait(job.id, LONG)
    assert found is not None and found.is_final
    return found


def picture(store: Store, told: dict[str, Any]) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(Artifacts(store).read(told["id"]))))


def test_a_job_gives_the_picture_that_was_asked_for(runner: Runner, store: Store) -> None:
    job = ended(runner, store, stamp_flow(), {"text": "a sign"})
    assert job.status == "succeeded" and job.outputs is not None and job.usage is not None
    told = job.outputs["image"]
    assert np.array_equal(picture(store, told), np.asarray(nodes.stamp("a sign")))
    assert (told["type"], told["width"], told["height"]) == ("image/png", 16, 16)
    found = Artifacts(store).find(told["id"])
    assert found is not None and (found.job, found.role, found.bytes) == (job.id, "result", told["bytes"])
    assert (job.usage["nodes"], job.usage["found"]) == (1, 0) and job.usage["seconds"] > 0
    kinds = [event.kind for event in runner.jobs.events(job.id) if event.kind != "progress"]
    assert kinds == ["queued", "started", "node-started", "node-finished", "succeeded"]


def test_what_was_there_is_said_to_be_found(runner: Runner, store: Store) -> None:
    jobs = [ended(runner, store, stamp_flow(), {"text": "twice"}) for _ in range(2)]
    assert [job.usage and (job.usage["nodes"], job.usage["found"]) for job in jobs] == [(1, 0), (0, 1)]
    assert jobs[0].outputs != jobs[1].outputs, "each job has results of its own"


def test_a_picture_that_was_uploaded_comes_to_the_flow_and_carries_no_record_of_it(
    runner: Runner, store: Store
) -> None:
    with pf.Flow("echo") as flow:
        flow.output("image", nodes.echoed(image=flow.input("image", type=pf.Image)))
    sent = nodes.stamp("sent")
    upload = Artifacts(store).put(picture_file(sent, ".png"), "image/png", role="upload")
    job = ended(runner, store, flow, {"image": upload.id})
    assert job.outputs is not None
    assert np.array_equal(picture(store, job.outputs["image"]), np.asarray(sent)[:, ::-1])
    content = Artifacts(store).read(job.outputs["image"]["id"])
    assert PIL.Image.open(io.BytesIO(content)).info == {} and b"pixelflow" not in content.lower()


def test_an_upload_that_is_gone_fails_the_job_in_words(runner: Runner, store: Store) -> None:
    with pf.Flow("echo") as flow:
        flow.output("image", nodes.echoed(image=flow.input("image", type=pf.Image)))
    job = ended(runner, store, flow, {"image": "up_" + "0" * 32})
    assert job.status == "failed" and job.error is not None
    assert job.error["type"] == "artifact_gone" and "Send it" in job.error["message"]


def test_a_table_and_the_seed_that_was_used_are_told_as_json(runner: Runner, store: Store) -> None:
    job = ended(runner, store, flow_of(nodes.tabled, "table", rows=2), {"rows": 3})
    assert job.outputs == {"table": {"columns": ["place", "word"], "rows": [[0, "w0"], [1, "w1"], [2, "w2"]]}}
    seeded = flow_of(nodes.drawn_number, "number", seed=7)
    assert ended(runner, store, seeded, {"seed": 12}).seeds == {"seed": 12}
    large = ended(runner, store, seeded, {"seed": str(2**60)})
    assert large.seeds == {"seed": str(2**60)} and large.outputs == {"number": str(2**60)}


def test_a_seed_that_no_input_feeds_is_told_by_its_port(runner: Runner, store: Store) -> None:
    with pf.Flow("unseen") as flow:
        flow.output("number", nodes.drawn_number(seed=5))
    assert ended(runner, store, flow, {}).seeds == {"drawn_number.seed": 5}


def test_a_node_that_raises_fails_the_job_with_its_name_and_without_a_traceback(runner: Runner, store: Store) -> None:
    job = ended(runner, store, flow_of(nodes.breaks_off, "text", text=str), {"text": "too dark"})
    assert job.status == "failed" and job.error is not None and job.outputs is None
    assert job.error["type"] == "node_failed" and job.error["node"] == "breaks_off"
    assert "too dark" in job.error["message"] and "Traceback" not in job.error["message"]


def test_a_node_that_ends_its_worker_each_time_fails_its_job_and_no_other(runner: Runner, store: Store) -> None:
    endpoint = publish(store, stamp_flow())
    others = [runner.jobs.submit(endpoint, {"text": f"beside {place}", "seconds": 0.2})[0] for place in range(6)]
    job = ended(runner, store, flow_of(nodes.ends_the_worker, "text", text=str), {"text": "x"})
    assert (job.status, job.lost) == ("failed", MAX_LOST - 1) and job.error is not None
    assert job.error["type"] == "worker_lost" and "exit code 3" in job.error["message"]
    for other in others:
        found = runner.jobs.wait(other.id, LONG)
        assert found is not None and found.status == "succeeded", found


def test_a_job_tells_how_far_it_is_and_shows_what_is_being_made(runner: Runner, store: Store) -> None:
    endpoint = publish(store, flow_of(nodes.counted_slowly, "number", count=3), "count")
    job, _ = runner.jobs.submit(endpoint, {"count": 200})
    wait_for(lambda: runner.preview(job.id) is not None)
    wait_for(lambda: any(event.kind == "progress" for event in runner.jobs.events(job.id)))
    wait_for(lambda: (runner.jobs.find(job.id) or job).progress)
    found = runner.jobs.find(job.id)
    assert found is not None and found.progress is not None and 0 < found.progress < 1
    assert found.note.startswith("step")
    runner.jobs.cancel(job.id)
    done = runner.jobs.wait(job.id, LONG)
    assert done is not None and done.status == "canceled" and done.usage is not None
    wait_for(lambda: runner.preview(job.id) is None)


def test_a_running_job_is_canceled_and_the_next_one_runs(runner: Runner, store: Store) -> None:
    endpoint = publish(store, flow_of(nodes.counted_slowly, "number", count=3), "count")
    job, _ = runner.jobs.submit(endpoint, {"count": 1000})
    wait_for(lambda: (found := runner.jobs.find(job.id)) and found.status == "running")
    Jobs(Store(store.folder)).cancel(job.id)  # as another process would
    done = runner.jobs.wait(job.id, LONG)
    assert done is not None and done.status == "canceled"
    assert ended(runner, store, stamp_flow(), {"text": "after"}).status == "succeeded"


def test_a_job_that_takes_too_long_is_stopped_at_its_deadline(runner: Runner, store: Store) -> None:
    job = ended(runner, store, flow_of(nodes.counted_slowly, "number", count=3), {"count": 1000}, seconds=1)
    assert job.status == "failed" and job.error is not None
    assert job.error["type"] == "deadline" and "1 s" in job.error["message"]


def test_a_version_whose_rows_are_gone_fails_its_jobs_in_words(runner: Runner, store: Store) -> None:
    endpoint = publish(store, stamp_flow())
    with store.writing() as connection:
        connection.execute("DELETE FROM versions")
    job, _ = runner.jobs.submit(endpoint, {"text": "a"})
    done = runner.jobs.wait(job.id, LONG)
    assert done is not None and done.status == "failed" and done.error is not None
    assert "There is no endpoint" in done.error["message"]


def test_a_mistake_of_our_own_fails_the_job_and_tells_callers_nothing_more(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "read_values", lambda *_: 1 / 0)
    job = ended(runner, store, stamp_flow(), {"text": "a"})
    assert job.status == "failed" and job.error is not None
    assert job.error == {
        "type": "failed",
        "message": "The job broke off: ZeroDivisionError. The server's log says more.",
    }


def test_an_end_that_cannot_be_written_is_written_when_the_disk_has_room_again(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    finish = Jobs.finish

    def full(self: Jobs, id: str, *arguments: Any, **more: Any) -> bool:
        tries.append(id)
        if len(tries) < 3:
            raise sqlite3.OperationalError("database or disk is full")
        return finish(self, id, *arguments, **more)

    monkeypatch.setattr(Jobs, "finish", full)
    monkeypatch.setattr(running, "_RETRY_SECONDS", 0.01)
    assert ended(runner, store, stamp_flow(), {"text": "a"}).status == "succeeded"
    assert len(tries) == 3


def test_a_queue_that_cannot_be_read_for_a_while_stops_no_runner(
    store: Store, worker: WorkerBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    claim = Jobs.claim

    def busy(self: Jobs, owner: str) -> Job | None:
        tries.append(owner)
        if len(tries) < 3:
            raise sqlite3.OperationalError("database is locked")
        return claim(self, owner)

    monkeypatch.setattr(Jobs, "claim", busy)
    monkeypatch.setattr("pixelflow_widgets.serve.jobs.runner._TROUBLE_SECONDS", 0.01)
    runner = Runner(store, lanes=1)
    runner.start()
    try:
        assert ended(runner, store, stamp_flow(), {"text": "a"}).status == "succeeded"
    finally:
        runner.stop()


# Starting and ending


def test_draining_lets_what_runs_end_and_begins_nothing_more(store: Store, worker: WorkerBackend) -> None:
    runner = Runner(store, lanes=1)
    endpoint = publish(store, stamp_flow())
    runner.start()
    runs, waits = (runner.jobs.submit(endpoint, {"text": text, "seconds": 1})[0] for text in "ab")
    wait_for(lambda: (found := runner.jobs.find(runs.id)) and found.status == "running")
    assert runner.drain(LONG)
    found = [runner.jobs.find(job.id) for job in (runs, waits)]
    assert [job and (job.status, job.attempts) for job in found] == [("succeeded", 1), ("queued", 0)]
    runner.start()
    done = runner.jobs.wait(waits.id, LONG)
    assert done is not None and done.status == "succeeded"
    runner.stop()
    runner.stop()


def test_what_does_not_end_in_time_goes_back_into_the_queue(store: Store, worker: WorkerBackend) -> None:
    runner, endpoint = Runner(store, lanes=1), publish(store, flow_of(nodes.counted_slowly, "number", count=3), "count")
    runner.start()
    job, _ = runner.jobs.submit(endpoint, {"count": 1000})
    wait_for(lambda: (runner.jobs.find(job.id) or job).progress)
    assert not runner.drain(0.1)
    found = runner.jobs.find(job.id)
    assert found is not None and (found.status, found.attempts, found.owner) == ("queued", 0, None)
    assert store.read("SELECT * FROM owners") == []


def test_two_runners_share_a_queue_and_one_takes_over_what_the_other_leaves(
    store: Store, worker: WorkerBackend
) -> None:
    first, second = Runner(store, lanes=1), Runner(Store(store.folder), lanes=1)
    endpoint = publish(store, stamp_flow())
    first.start()
    jobs = [first.jobs.submit(endpoint, {"text": f"{place}", "seconds": 0.1})[0] for place in range(10)]
    wait_for(lambda: (found := first.jobs.find(jobs[0].id)) and found.status == "running")
    second.start()
    first.stop()
    for job in jobs:
        done = second.jobs.wait(job.id, LONG)
        assert done is not None and done.status == "succeeded"
    second.stop()


def test_jobs_wait_while_nobody_runs_them_and_are_run_as_they_were_accepted(
    store: Store, worker: WorkerBackend
) -> None:
    first = publish(store, stamp_flow())
    with pf.Flow("stamp") as changed:
        changed.output("image", nodes.stamped(text="always this", seconds=0.0))
    jobs = Jobs(store)
    job, _ = jobs.submit(first, {"text": "as it was"})
    second = publish(store, changed)
    assert (first.number, second.number) == (1, 2)
    runner = Runner(store)
    runner.start()
    done = jobs.wait(job.id, LONG)
    assert done is not None and done.outputs is not None
    assert np.array_equal(picture(store, done.outputs["image"]), np.asarray(nodes.stamp("as it was")))
    runner.stop()


def test_submitting_from_many_threads_while_jobs_run_loses_none(runner: Runner, store: Store) -> None:
    endpoint = publish(store, stamp_flow())
    sent: list[Job] = []

    def send(part: int) -> None:
        for number in range(5):
            sent.append(runner.jobs.submit(endpoint, {"text": f"{part} {number}"})[0])

    threads = [threading.Thread(target=send, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for job in sent:
        done = runner.jobs.wait(job.id, LONG)
        assert done is not None and done.status == "succeeded" and done.outputs is not None
        wanted = np.asarray(nodes.stamp(job.inputs["text"]))
        assert np.array_equal(picture(store, done.outputs["image"]), wanted)
