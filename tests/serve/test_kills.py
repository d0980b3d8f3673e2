"""Runners and workers that are killed at random moments: no job is lost, none ends twice, no result is missing.

Two processes run jobs of one store; PIXELFLOW_SOAK asks for 50 kills under 200 jobs.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import psutil
import pytest

from pixelflow_widgets.serve.artifacts import Artifacts
from pixelflow_widgets.serve.endpoints import Endpoint
from pixelflow_widgets.serve.job import FINAL
from pixelflow_widgets.serve.jobs import Jobs
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.usage import used

from ..flow.strategies import SOAK
from .served import publish, stamp_flow
from .served_nodes import stamp

ROOT = Path(__file__).parents[2]
RUNS = """
import sys, threading
from pathlib import Path
from pixelflow_widgets.serve.runner import Runner
from pixelflow_widgets.serve.store import Store
from tests.serve import served_nodes

Runner(Store(Path(sys.argv[1])), lanes=2).start()
print("begun", flush=True)
sys.stdin.read()
"""


class Runners:
    """Keeps two processes alive that run the jobs of a store.

    Args:
        folder: Of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes = [self._start(), self._start()]

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        command = [sys.executable, "-c", RUNS, str(self._folder)]
        return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def kill_one(self, chance: random.Random, *, is_worker: bool) -> str:
        """Kill a runner, or the worker of one if it has one; return which it was."""
        place = chance.randrange(2)
        runner = self.processes[place]
        workers = psutil.Process(runner.pid).children()
        if workers and is_worker:
            chance.choice(workers).kill()
            return "worker"
        runner.send_signal(signal.SIGKILL)
        runner.communicate()
        self.processes[place] = self._start()
        return "runner"

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


def send_all(jobs: Jobs, endpoint: Endpoint, count: int, seconds: float) -> dict[str, str]:
    """Send jobs that take some seconds from four threads, and return the text of each."""
    sent: dict[str, str] = {}

    def send(part: int) -> None:
        for number in range(part, count, 4):
            text = f"text {number}"
            job, _ = jobs.submit(endpoint, {"text": text, "seconds": seconds}, key="k", idempotency_key=text)
            sent[job.id] = text

    threads = [threading.Thread(target=send, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def check(store: Store, jobs: Jobs, sent: dict[str, str], cancelled: set[str]) -> None:
    """See that every job has ended once, and gave the picture of its text unless it was cancelled."""
    artifacts = Artifacts(store)
    ended = {job.id: job for job in jobs.of_key(most=10_000)}
    assert ended.keys() == sent.keys()
    for id, text in sent.items():
        job = ended[id]
        events = jobs.events(id)
        assert [event.kind for event in events if event.kind in FINAL] == [job.status] == [events[-1].kind]
        if job.status == "canceled":
            assert id in cancelled and job.outputs is None
            continue
        assert job.status == "succeeded", (job.error, job.attempts, job.lost)
        assert job.outputs is not None
        picture = PIL.Image.open(io.BytesIO(artifacts.read(job.outputs["image"]["id"])))
        assert np.array_equal(np.asarray(picture), np.asarray(stamp(text)))
    told = Counter(row["job"] for row in store.read("SELECT job FROM deliveries WHERE kind = 'job.finished'"))
    assert told == Counter(list(sent))
    assert sum(row["jobs"] for row in used(store)) == len(sent)
    for row in store.read("SELECT hash FROM artifacts"):
        assert (store.files / row["hash"][:2] / row["hash"]).is_file()


def live_through(folder: Path, count: int, kills: int, chance: random.Random) -> Counter[str]:
    """Send jobs, kill while they are done, and see that nothing is lost; return what was killed."""
    store = Store(folder)
    jobs, endpoint = Jobs(store, limit=10_000), publish(store, stamp_flow())
    with store.writing() as connection:
        hook = ("wh_1", "k", "http://127.0.0.1:9/", "whsec_AAAA", '["job.finished"]', 0.0, None)
        connection.execute("INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?)", hook)
    runners, killed = Runners(folder), Counter[str]()
    sent: dict[str, str] = {}
    cancelled: set[str] = set()
    try:
        sent |= send_all(jobs, endpoint, count, 6 * kills / count)  # four at once, so that there is work till the end
        jobs.wait(next(iter(sent)), 60)
        for number in range(kills):
            cancelled.add(unwanted := chance.choice(sorted(sent)))
            jobs.cancel(unwanted)
            time.sleep(chance.uniform(0.0, 3.0))
            killed[runners.kill_one(chance, is_worker=number % 2 == 1)] += 1
        for id in sent:
            job = jobs.wait(id, 120)
            assert job is not None and job.is_final, job
    finally:
        runners.end()
    check(store, jobs, sent, cancelled)
    assert store.read("SELECT count(*) FROM events WHERE kind = 'requeued'")[0][0] > 0, "no kill hit a job"
    begun = sum(job.attempts for job in jobs.of_key(most=10_000))
    ends = Counter(job.status for job in jobs.of_key(most=10_000))
    print(f"Killed: {dict(killed)}; {count} jobs were begun {begun} times and ended {dict(ends)}.")
    return killed


def test_jobs_survive_when_what_runs_them_is_killed(tmp_path: Path) -> None:
    live_through(tmp_path, 40, 3, random.Random(7))


@pytest.mark.soak
@pytest.mark.skipif(SOAK < 2, reason="takes minutes: PIXELFLOW_SOAK=10 asks for it")
def test_two_hundred_jobs_survive_fifty_kills(tmp_path: Path) -> None:
    killed = live_through(tmp_path, 200, 50, random.Random(SOAK))
    assert killed.total() == 50 and len(killed) == 2
