"""Jobs: a queue in which every job that was accepted reaches exactly one end."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.errors import IdempotencyClash, QueueFull
from pixelflow_widgets.serve.jobs.job import FINAL, Job
from pixelflow_widgets.serve.jobs.jobs import MAX_ATTEMPTS, MAX_LOST, Jobs
from pixelflow_widgets.serve.jobs.owners import Owner, bury_dead
from pixelflow_widgets.serve.jobs.retention import sweep
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.usage import used

from ..fakes import NamedVersion


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store)


@pytest.fixture
def owner(store: Store, jobs: Jobs) -> Iterator[Owner]:
    owner = Owner(store)
    yield owner
    owner.leave(jobs)


def send(jobs: Jobs, name: str = "poster", **settings: Any) -> Job:
    return jobs.submit(NamedVersion(name), {"prompt": "a"}, **settings)[0]  # type: ignore[arg-type]


def kinds(jobs: Jobs, job: Job) -> list[str]:
    return [event.kind for event in jobs.events(job.id)]


def test_a_job_waits_runs_and_succeeds(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs, key="k1", webhook=None)
    assert (sent.status, sent.inputs, sent.attempts) == ("queued", {"prompt": "a"}, 0)
    claimed = jobs.claim(owner.id)
    assert claimed is not None and (claimed.id, claimed.status, claimed.attempts) == (sent.id, "running", 1)
    assert jobs.tell(sent.id, owner.id, [("progress", {"progress": 0.5})], 0.5, "half")
    half = jobs.find(sent.id)
    assert half is not None and (half.progress, half.note) == (0.5, "half")
    usage = {"seconds": 1.5, "nodes": 2, "found": 1}
    assert jobs.finish(sent.id, owner.id, "succeeded", outputs={"text": "b"}, seeds={"seed": 3}, usage=usage)
    ended = jobs.find(sent.id)
    assert ended is not None and ended.is_final and ended.progress == 1
    assert ended.ending() == {
        "status": "succeeded",
        "outputs": {"text": "b"},
        "error": None,
        "seeds": {"seed": 3},
        "usage": usage,
    }
    assert kinds(jobs, sent) == ["queued", "started", "progress", "succeeded"]


def test_jobs_of_a_higher_priority_go_first_and_equals_in_their_order(jobs: Jobs, owner: Owner) -> None:
    sent = [send(jobs, priority=priority) for priority in ("low", "normal", "high", "normal", "high")]  # type: ignore[arg-type]
    order = [2, 4, 1, 3, 0]
    assert [jobs.position(sent[place].id) for place in order] == [0, 1, 2, 3, 4]
    claimed = [jobs.claim(owner.id) for _ in range(6)]
    assert [job and job.id for job in claimed] == [*(sent[place].id for place in order), None]


def test_two_runners_never_claim_one_job(tmp_path: Path) -> None:
    first = Jobs(Store(tmp_path), limit=1000)
    sent = {send(first).id for _ in range(200)}
    claimed: list[str] = []

    def claim_all(name: str) -> None:
        jobs = Jobs(Store(tmp_path))
        while (job := jobs.claim(name)) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=claim_all, args=(f"own_{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(sent)


def test_a_job_ends_once_and_only_by_who_has_it(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    assert not jobs.finish(sent.id, owner.id, "succeeded")  # nobody has claimed it
    jobs.claim(owner.id)
    assert not jobs.finish(sent.id, "own_other", "succeeded")
    assert not jobs.finish(sent.id, None, "canceled")
    assert jobs.finish(sent.id, owner.id, "failed", error={"type": "failed", "message": "no"})
    assert not jobs.finish(sent.id, owner.id, "succeeded")
    assert not jobs.tell(sent.id, owner.id, [("progress", {})])
    assert not jobs.hand_back(sent.id, owner.id)
    cancelled = jobs.cancel(sent.id)
    assert cancelled is not None and cancelled.status == "failed" and not cancelled.cancel_asked
    assert kinds(jobs, sent) == ["queued", "started", "failed"]


def test_not_even_a_mistake_changes_how_a_job_ended(store: Store, jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    jobs.claim(owner.id)
    jobs.finish(sent.id, owner.id, "succeeded")
    with pytest.raises(sqlite3.IntegrityError, match="ended already"), store.writing() as connection:
        connection.execute("UPDATE jobs SET status = 'queued'")


def test_what_belongs_to_the_end_is_there_with_it_or_not_at_all(store: Store, owner: Owner) -> None:
    def breaks(connection: sqlite3.Connection, job: Any, kind: str, data: dict[str, Any]) -> None:
        if kind == "job.finished":
            raise OSError("no room")

    jobs = Jobs(store, outbox=breaks)
    sent = send(jobs)
    jobs.claim(owner.id)
    with pytest.raises(OSError, match="no room"):
        jobs.finish(sent.id, owner.id, "succeeded", told=[("progress", {})], usage={"seconds": 1})
    found = jobs.find(sent.id)
    assert found is not None and found.status == "running"
    assert kinds(jobs, sent) == ["queued", "started"] and used(store) == []


def test_webhooks_are_noted_in_the_transaction_of_what_they_tell(store: Store, owner: Owner) -> None:
    noted: list[tuple[str, Any]] = []
    jobs = Jobs(store, outbox=lambda _, job, kind, data: noted.append((kind, data)))
    sent = send(jobs)
    jobs.claim(owner.id)
    ran, there = {"node": "a", "seconds": 1.0, "found": False}, {"node": "b", "seconds": 0.0, "found": True}
    jobs.tell(sent.id, owner.id, [("node-finished", ran), ("node-finished", there), ("progress", {})])
    jobs.finish(sent.id, owner.id, "succeeded", told=[("node-finished", {"node": "c"})], outputs={"text": "b"})
    assert [kind for kind, _ in noted] == ["job.started", "node.finished", "node.finished", "job.finished"]
    assert [data["node"] for kind, data in noted if kind == "node.finished"] == ["a", "c"]
    assert noted[-1][1]["outputs"] == {"text": "b"} and noted[-1][1]["status"] == "succeeded"


# Sending again


def test_the_same_request_sent_again_is_the_same_job(jobs: Jobs, owner: Owner) -> None:
    first, is_new = jobs.submit(NamedVersion(), {}, key="k", idempotency_key="one", body_hash="h")  # type: ignore[arg-type]
    assert is_new
    jobs.claim(owner.id)
    jobs.finish(first.id, owner.id, "succeeded")
    newer = NamedVersion(number=2)  # published meanwhile
    again, is_new = jobs.submit(newer, {}, key="k", idempotency_key="one", body_hash="h")  # type: ignore[arg-type]
    assert (again.id, again.status, is_new) == (first.id, "succeeded", False)


def test_a_name_for_a_request_belongs_to_its_key(jobs: Jobs) -> None:
    ids = {send(jobs, key=key, idempotency_key="one", body_hash="h").id for key in ("a", "b", "a")}
    assert len(ids) == 2
    assert len({send(jobs).id, send(jobs).id}) == 2  # those without a name are never the same


@pytest.mark.parametrize("change", [{"body_hash": "other"}, {"name": "other"}])
def test_one_name_for_two_requests_is_refused(jobs: Jobs, change: dict[str, str]) -> None:
    asked = {"idempotency_key": "one", "body_hash": "h"}
    send(jobs, **asked)
    with pytest.raises(IdempotencyClash, match="stands for another request"):
        send(jobs, **{**asked, **change})
    assert jobs.waiting() == 1


def test_a_request_that_comes_at_once_in_many_threads_is_one_job(tmp_path: Path) -> None:
    ids: list[str] = []

    def request() -> None:
        ids.append(send(Jobs(Store(tmp_path)), idempotency_key="one", body_hash="h").id)

    threads = [threading.Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8 and len(set(ids)) == 1


# Limits


def test_a_full_queue_refuses_and_says_when_to_come_again(store: Store, owner: Owner) -> None:
    jobs = Jobs(store, limit=2)
    first = send(jobs, idempotency_key="one", body_hash="h")
    send(jobs)
    with pytest.raises(QueueFull, match="2 jobs wait already") as refused:
        send(jobs)
    assert refused.value.retry_after == 5
    assert send(jobs, idempotency_key="one", body_hash="h").id == first.id  # it is there already
    jobs.claim(owner.id)
    send(jobs)  # one that runs does not wait


def test_when_to_come_again_is_told_from_how_long_jobs_take(store: Store, owner: Owner) -> None:
    jobs = Jobs(store, limit=1)
    for seconds, nodes in ((8, 1), (9, 2), (1000, 1), (0.1, 0), (0.1, 0), (0.1, 0)):  # three were found in the cache
        sent = send(jobs)
        jobs.claim(owner.id)
        with store.writing() as connection:
            connection.execute("UPDATE jobs SET started_at = ? WHERE id = ?", (time.time() - seconds, sent.id))
        usage = {"seconds": seconds, "nodes": nodes, "found": 2 - nodes}
        jobs.finish(sent.id, owner.id, "succeeded", usage=usage)
    assert jobs.estimate("poster", 1) == pytest.approx(9, abs=0.5) and jobs.estimate("poster", 2) is None
    send(jobs)
    with pytest.raises(QueueFull) as refused:
        send(jobs)
    assert refused.value.retry_after in (9, 10)


# Stopping, and losing


def test_a_job_that_waits_is_canceled_at_once(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    cancelled = jobs.cancel(sent.id)
    assert cancelled is not None and cancelled.status == "canceled"
    assert jobs.claim(owner.id) is None and kinds(jobs, sent) == ["queued", "canceled"]
    assert jobs.cancel("job_unknown") is None


def test_a_job_that_runs_is_asked_to_stop(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    jobs.claim(owner.id)
    asked = jobs.cancel(sent.id)
    assert asked is not None and asked.status == "running" and asked.cancel_asked
    assert jobs.finish(sent.id, owner.id, "canceled")


def test_a_job_whose_runner_died_is_done_again_before_the_others(store: Store, jobs: Jobs) -> None:
    dead = Owner(store)
    sent, later = send(jobs), send(jobs)
    jobs.claim(dead.id)
    assert bury_dead(store, jobs) == []  # it lives
    dead._lock.release()  # what the system does when a process dies
    assert bury_dead(store, jobs) == [sent.id] and bury_dead(store, jobs) == []
    found = jobs.find(sent.id)
    assert found is not None and (found.status, found.attempts, found.owner) == ("queued", 1, None)
    assert [jobs.position(each.id) for each in (sent, later)] == [0, 1]
    assert not jobs.finish(sent.id, dead.id, "succeeded")  # the dead one had only been slow
    assert list((store.folder / "owners").iterdir()) == []


def test_a_job_that_ends_every_worker_fails_at_last(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    for _ in range(MAX_LOST):
        assert jobs.claim(owner.id) is not None
        jobs.hand_back(sent.id, owner.id, words="It was killed.")
    ended = jobs.find(sent.id)
    words = f"The job was begun {MAX_LOST} times, and what ran it ended each time. It was killed."
    assert ended is not None and ended.status == "failed"
    assert ended.error == {"type": "worker_lost", "message": words}
    assert jobs.claim(owner.id) is None


def test_a_job_survives_many_deaths_of_its_runner_and_not_endlessly_many(jobs: Jobs) -> None:
    sent = send(jobs)
    for number in range(MAX_ATTEMPTS):
        found = jobs.find(sent.id)
        assert found is not None and (found.status, found.attempts, found.lost) == ("queued", number, 0)
        jobs.claim("own_killed")
        assert jobs.give_back(["own_killed"]) == [sent.id]
    ended = jobs.find(sent.id)
    assert ended is not None and ended.error is not None and ended.error["type"] == "worker_lost"


def test_a_runner_that_ends_gives_back_what_it_has_and_nobody_is_to_blame(store: Store, jobs: Jobs) -> None:
    sent = send(jobs)
    for _ in range(MAX_LOST + 2):
        owner = Owner(store)
        assert jobs.claim(owner.id) is not None
        owner.leave(jobs)
    found = jobs.find(sent.id)
    assert found is not None and (found.status, found.attempts) == ("queued", 0)
    assert store.read("SELECT * FROM owners") == []


def test_a_job_that_was_to_stop_when_its_runner_died_is_canceled(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    jobs.claim(owner.id)
    jobs.cancel(sent.id)
    jobs.give_back([owner.id])
    found = jobs.find(sent.id)
    assert found is not None and found.status == "canceled"


# Following


def test_events_are_numbered_and_asked_for_after_one_of_them(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    jobs.claim(owner.id)
    for number in range(5):
        jobs.tell(sent.id, owner.id, [("progress", {"progress": number / 5}), ("node-started", {"node": str(number)})])
    told = jobs.events(sent.id)
    numbers = [event.number for event in told]
    assert numbers == sorted(set(numbers)) and [event.kind for event in told].count("progress") == 1
    assert jobs.events(sent.id, told[3].number) == told[4:]
    jobs.tell(sent.id, owner.id, [("progress", {"progress": 1.0})])
    assert [event.kind for event in jobs.events(sent.id, told[-1].number)] == ["progress"]  # its number is a new one


def test_who_waits_for_a_job_hears_of_its_end(jobs: Jobs, owner: Owner) -> None:
    sent = send(jobs)
    jobs.claim(owner.id)
    assert jobs.wait("job_unknown", 60) is None
    still = jobs.wait(sent.id, 0.01)
    assert still is not None and still.status == "running"
    thread = threading.Thread(target=lambda: jobs.finish(sent.id, owner.id, "succeeded"))
    thread.start()
    ended = jobs.wait(sent.id, 60)
    thread.join()
    assert ended is not None and ended.status == "succeeded"


def test_who_listens_hears_of_what_another_process_wrote(jobs: Jobs, tmp_path: Path, owner: Owner) -> None:
    sent, heard = send(jobs), threading.Event()
    stop = jobs.listen(sent.id, heard.set)
    Jobs(Store(tmp_path)).cancel(sent.id)  # another store: nothing tells this one but the file
    assert heard.wait(30)
    stop()
    stop()


def test_a_listener_that_raises_holds_nobody_up(jobs: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    sent, heard = send(jobs), threading.Event()
    stops = [jobs.listen(sent.id, lambda: 1 / 0), jobs.listen(sent.id, heard.set)]
    jobs.cancel(sent.id)
    assert heard.is_set() and "ZeroDivisionError" in capsys.readouterr().err
    for stop in stops:
        stop()


# Lists and sums


def test_jobs_are_listed_newest_first_a_page_at_a_time(jobs: Jobs) -> None:
    mine = [send(jobs, key="me") for _ in range(5)]
    send(jobs, "other", key="you")
    jobs.cancel(mine[0].id)
    assert [job.id for job in jobs.of_key("me")] == [job.id for job in mine[::-1]]
    assert [job.id for job in jobs.of_key("me", most=2)] == [mine[4].id, mine[3].id]
    assert [job.id for job in jobs.of_key("me", before=mine[3].id, most=2)] == [mine[2].id, mine[1].id]
    assert [job.id for job in jobs.of_key("me", status="canceled")] == [mine[0].id]
    assert [job.name for job in jobs.of_key(name="other")] == ["other"] and len(jobs.of_key()) == 6


def test_usage_is_summed_and_outlives_the_jobs(store: Store, jobs: Jobs, owner: Owner) -> None:
    for key, seconds in (("a", 1.0), ("a", 2.0), ("b", 4.0)):
        sent = send(jobs, key=key)
        jobs.claim(owner.id)
        usage = {"seconds": seconds, "nodes": 2, "found": 1}
        jobs.finish(sent.id, owner.id, "succeeded", usage=usage)
    jobs.cancel(send(jobs, key="a").id)
    assert sweep(store, time.time() + 8 * 24 * 3600) == 4 and jobs.of_key() == []
    told = [(row["key"], row["status"], row["jobs"], row["seconds"], row["nodes"], row["found"]) for row in used(store)]
    wanted = [("a", "canceled", 1, 0, 0, 0), ("a", "succeeded", 2, 3, 4, 2), ("b", "succeeded", 1, 4, 2, 1)]
    assert told == wanted
    assert len(used(store, key="b")) == 1 and used(store, name="other") == [] and used(store, since="9999-01-01") == []


def test_a_job_is_kept_for_a_while_after_its_end_and_forever_before(store: Store, owner: Owner) -> None:
    jobs = Jobs(store, kept=100)
    waits, runs, ended = send(jobs, priority="low"), send(jobs), send(jobs, priority="high")
    jobs.claim(owner.id)
    jobs.claim(owner.id)
    jobs.finish(ended.id, owner.id, "succeeded")
    sweep(store, time.time() + 90)
    assert jobs.find(ended.id) is not None
    sweep(store, time.time() + 1000)
    left = Counter(job.status for job in jobs.of_key())
    assert left == {"queued": 1, "running": 1} and {job.id for job in jobs.of_key()} == {waits.id, runs.id}
    assert not any(status in FINAL for status in left)
