"""Servers and workers that are killed at random moments: no job is lost, none ends twice, no result is missing.

Two server processes share one store; PIXELFLOW_SOAK asks for 50 kills under 200 jobs.
"""

from __future__ import annotations

import io
import itertools
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import PIL.Image
import psutil
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.serve.jobs.job import FINAL, Job
from pixelflow_widgets.serve.jobs.jobs import Jobs
from pixelflow_widgets.serve.keys import Keys
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.usage import used
from pixelflow_widgets.serve.webhooks.webhooks import Webhooks

from ...flow.strategies import SOAK
from ..receivers import Came, Receiver, receiving
from ..served import publish, stamp_flow
from ..served_nodes import stamp

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
SERVES = """
import sys
from pathlib import Path
from pixelflow_widgets.serve.webhooks import deliveries
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.store import Store
from tests.serve import served_nodes

deliveries.CLAIM_SECONDS = 3.0  # what a killed server was sending is sent by the other after that
Server(Store(Path(sys.argv[1])), port=int(sys.argv[2]), webhook_hosts=sys.argv[3]).run()
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Servers:
    """Keeps two server processes alive that serve one store.

    Args:
        folder: Of the store.
        hook: Where their webhooks may go.
    """

    def __init__(self, folder: Path, hook: str) -> None:
        self._folder, self._hook = folder, hook
        self._ports = [free_port(), free_port()]
        self.urls = [f"http://127.0.0.1:{port}" for port in self._ports]
        self._processes = [self._start(port) for port in self._ports]

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        command = [sys.executable, "-c", SERVES, str(self._folder), str(port), self._hook]
        return subprocess.Popen(command, env=environment)

    def _one_that_works(self, store: Store, chance: random.Random) -> int:
        """Return a server that runs a job right now, once there is one."""
        asked = "SELECT DISTINCT pid FROM owners JOIN jobs ON owner = owners.id WHERE status = 'running'"
        until = time.monotonic() + PATIENCE
        while True:
            busy = {row["pid"] for row in store.read(asked)}  # the jobs of a killed one are its own till it is found
            if working := [place for place, process in enumerate(self._processes) if process.pid in busy]:
                return chance.choice(working)
            assert time.monotonic() < until, "nothing runs any more"
            time.sleep(0.02)

    def kill_one(self, store: Store, chance: random.Random, *, is_worker: bool) -> str:
        """Kill a server, or the worker of one if it has one; return which it was."""
        place = self._one_that_works(store, chance)
        server = self._processes[place]
        workers = psutil.Process(server.pid).children()
        if workers and is_worker:
            workers[0].kill()
            return "worker"
        server.kill()
        server.wait()
        self._processes[place] = self._start(self._ports[place])
        return "server"

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


class Clients:
    """Send jobs from four threads to two servers, again where no answer came, and keep what was accepted.

    Args:
        urls: Of the servers.
        key: Of the clients.
    """

    def __init__(self, urls: list[str], key: str) -> None:
        self.sent: dict[str, str] = {}
        self._urls = urls
        self._client = httpx.Client(headers={"x-api-key": key}, timeout=30)
        self._threads = ThreadPoolExecutor(4)
        self._sending: list[Future[None]] = []
        self._is_over = False

    def start(self, count: int, seconds: float) -> None:
        """Send so many jobs of so many seconds, over about as long as they take."""
        for part in range(4):
            texts = [f"text-{number}" for number in range(part, count, 4)]
            self._sending.append(self._threads.submit(self._send, texts, seconds))

    def look(self, *, is_over: bool = False) -> None:
        """Raise what a thread of theirs has raised; wait for all of them where it is over."""
        for sending in self._sending:
            if is_over or sending.done():
                sending.result()

    def end(self) -> None:
        self._is_over = True
        self._threads.shutdown()
        self._client.close()

    def ask(self, method: str, path: str, **settings: object) -> httpx.Response:
        """Ask one server after another until there is an answer."""
        until = time.monotonic() + PATIENCE
        for url in itertools.cycle(self._urls):
            try:
                answer = self._client.request(method, url + path, **settings)  # type: ignore[arg-type]
                if answer.status_code != 429:
                    return answer
            except httpx.TransportError:  # it is being killed, or starts
                pass
            assert not self._is_over and time.monotonic() < until, "no server answered"
            time.sleep(0.1)
        raise AssertionError

    def _send(self, texts: list[str], seconds: float) -> None:
        for text in texts:
            body = {"text": text, "seconds": seconds}
            answer = self.ask("POST", "/v1/flows/stamp/jobs", json=body, headers={"idempotency-key": text})
            assert answer.status_code == 202, answer.text
            assert self.sent.setdefault(answer.json()["id"], text) == text
            time.sleep(seconds / 2)


def check(jobs: Mapping[str, Job], clients: Clients, store: Store, cancelled: set[str]) -> None:
    """See that every job has ended once, and gave the picture of its text unless it was cancelled."""
    assert jobs.keys() == clients.sent.keys()
    for id, text in clients.sent.items():
        told = clients.ask("GET", f"/v1/jobs/{id}").json()
        assert told["status"] == jobs[id].status
        events = Jobs(store).events(id)
        assert [event.kind for event in events if event.kind in FINAL] == [told["status"]] == [events[-1].kind]
        if told["status"] == "canceled":
            assert id in cancelled and told["outputs"] is None
            continue
        assert told["status"] == "succeeded", jobs[id]
        picture = PIL.Image.open(io.BytesIO(clients.ask("GET", told["outputs"]["image"]["url"]).content))
        assert np.array_equal(np.asarray(picture), np.asarray(stamp(text)))
    assert sum(row["jobs"] for row in used(store)) == len(jobs)
    for row in store.read("SELECT hash FROM artifacts"):
        assert (store.files / row["hash"][:2] / row["hash"]).is_file()


def check_webhooks(receiver: Receiver, sent: Mapping[str, str], secret: str) -> None:
    """See that the end of every job came at least once, each time signed and under the same id."""

    def told(came: Came) -> tuple[str, str]:
        return pf.verify_webhook(came.body, came.headers, secret)["data"]["job"], came.headers["webhook-id"]

    until = time.monotonic() + PATIENCE
    while {job for job, _ in map(told, list(receiver.came))} != set(sent):
        assert time.monotonic() < until, "a webhook did not come"
        time.sleep(0.1)
    ids = set(map(told, receiver.came))
    assert len(ids) == len(sent), "what is sent again has the same id"


def live_through(folder: Path, count: int, kills: int, chance: random.Random) -> Counter[str]:
    """Send jobs, kill meanwhile, and see that nothing is lost; return what was killed."""
    store = Store(folder)
    publish(store, stamp_flow())
    jobs, made, killed = Jobs(store), Keys(store).make("clients", per_minute=1_000_000), Counter[str]()
    with receiving() as receiver:
        secret = Webhooks(store, receiver.host).add(made.key.id, receiver.url).secret
        servers = Servers(folder, receiver.host)
        clients, cancelled = Clients(servers.urls, made.text), set[str]()
        try:
            clients.start(count, 6 * kills / count)  # four run at once, so that there is work till the end
            for number in range(kills):
                time.sleep(chance.uniform(0.0, 2.0))
                killed[servers.kill_one(store, chance, is_worker=number % 2 == 1)] += 1
                clients.look()
                cancelled.add(unwanted := chance.choice(sorted(clients.sent)))
                clients.ask("POST", f"/v1/jobs/{unwanted}/cancel")
            clients.look(is_over=True)
            for id in clients.sent:
                job = jobs.wait(id, PATIENCE)
                assert job is not None and job.is_final, job
            ended = {job.id: job for job in jobs.of_key(most=10_000)}
            check(ended, clients, store, cancelled)
            check_webhooks(receiver, clients.sent, secret)
        finally:
            clients.end()
            servers.end()
        again = store.read("SELECT count(*) FROM events WHERE kind = 'requeued'")[0][0]
        assert again > 0, "no kill hit a job"
        ends = Counter(job.status for job in ended.values())
        print(
            f"Killed: {dict(killed)}; {count} jobs went back into the queue {again} times and ended {dict(ends)}; "
            f"{len(receiver.came)} webhooks came."
        )
    return killed


def test_jobs_survive_when_what_serves_them_is_killed(tmp_path: Path) -> None:
    live_through(tmp_path, 40, 3, random.Random(7))


@pytest.mark.soak
@pytest.mark.skipif(SOAK < 2, reason="takes minutes: PIXELFLOW_SOAK=10 asks for it")
def test_two_hundred_jobs_survive_fifty_kills(tmp_path: Path) -> None:
    killed = live_through(tmp_path, 200, 50, random.Random(SOAK))
    assert killed.total() == 50 and len(killed) == 2
