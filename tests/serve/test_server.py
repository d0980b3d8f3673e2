"""The server as a process of its own and beside a notebook: it prints how to call it, drains, and loses nothing."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ServeError
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.store import Store

from .flows import poster_flow, publish_all, served
from .http_nodes import colour_of

ROOT = Path(__file__).parents[2]
SERVES = "import sys; from tests.serve import http_nodes; from pixelflow_widgets.cli import app; app(sys.argv[1:])"


@dataclass
class Process:
    """Is a server in a process of its own."""

    process: subprocess.Popen[str]
    told: str

    @property
    def url(self) -> str:
        return re.findall(r"Serving at (\S+)", self.told)[0]

    @property
    def key(self) -> str:
        return re.findall(r"Key \(shown once\): (\S+)", self.told)[0]

    def client(self, key: str | None = None) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"x-api-key": key or self.key}, timeout=60)


@contextlib.contextmanager
def process(folder: Path, *words: str, before: str = "") -> Iterator[Process]:
    """Start `pixelflow serve` for a folder, and end it afterwards; `before` is what its process does first."""
    command = [sys.executable, "-c", before + SERVES, "serve", "--port", "0", "--folder", str(folder), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    made = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert made.stdout is not None
        told = ""
        while "curl" not in told and (line := made.stdout.readline()):
            told += line
        yield Process(made, told)
    finally:
        if made.poll() is None:
            made.kill()
        made.wait(10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = Store(tmp_path / "store")
    publish_all(store)
    store.close()
    return tmp_path / "store"


def ended(client: httpx.Client, id: str, seconds: float = 30) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while (job := client.get(f"/v1/jobs/{id}").json())["status"] in ("queued", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.05)
    return job


def test_the_process_says_how_to_call_it_and_drains_when_it_is_told_to_end(folder: Path) -> None:
    with process(folder, "--backend", "inline", "--lanes", "1") as server, server.client() as client:
        assert f"{server.url}/docs" in server.told
        key = server.key
        ids = [client.post("/v1/flows/slow/jobs", json={"seconds": 1.5, "mark": each}).json()["id"] for each in (1, 2)]
        while client.get(f"/v1/jobs/{ids[0]}").json()["status"] == "queued":
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        refused = client.post("/v1/flows/slow/jobs", json={})
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "draining")
        assert client.get("/health").json() == {"status": "draining"}
        assert server.process.wait(20) == 0
    with process(folder, "--backend", "inline") as server, server.client(key) as client:
        assert "shown once" not in server.told
        jobs = [ended(client, id) for id in ids]
        assert [(job["status"], job["attempts"]) for job in jobs] == [("succeeded", 1)] * 2


def test_what_a_killed_server_had_accepted_is_done_by_the_next(folder: Path) -> None:
    with process(folder, "--backend", "inline", "--lanes", "1") as server, server.client() as client:
        key = server.key
        asked = [
            client.post("/v1/flows/poster/jobs", json={"prompt": str(each)}, headers={"idempotency-key": str(each)})
            for each in range(5)
        ]
        slow = client.post("/v1/flows/slow/jobs", json={"seconds": 1}).json()["id"]
        done = ended(client, asked[0].json()["id"])
        before = client.get(done["outputs"]["image"]["url"]).content
        server.process.kill()
        server.process.wait(10)
    with process(folder, "--backend", "inline") as server, server.client(key) as client:
        for number, answer in enumerate(asked):
            job = ended(client, answer.json()["id"])
            assert job["status"] == "succeeded", job
            picture = PIL.Image.open(io.BytesIO(client.get(job["outputs"]["image"]["url"]).content))
            assert picture.convert("RGB").getpixel((0, 0)) == colour_of(str(number))
            again = client.post(
                "/v1/flows/poster/jobs", json={"prompt": str(number)}, headers={"idempotency-key": str(number)}
            )
            assert again.json()["id"] == job["id"]
        assert client.get(done["outputs"]["image"]["url"]).content == before
        assert ended(client, slow)["status"] == "succeeded"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_a_template_is_published_and_called_by_the_line_that_is_printed(tmp_path: Path) -> None:
    template = Path(str(resources.files("pixelflow_widgets").joinpath("templates", "first.flow.json")))
    with process(tmp_path / "store", str(template)) as server:
        assert server.process.stdout is not None
        call = server.told[server.told.index("curl") :]
        while call.rstrip().endswith("\\") or call.count("'") % 2:
            call += server.process.stdout.readline()
        call = call.replace("a red circle on a blue background", "a green square on a white background")
        environment = {**os.environ, "PIXELFLOW_KEY": server.key}
        done = subprocess.run(["bash", "-c", call], env=environment, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        with server.client() as client:
            job = client.get("/v1/jobs").json()["jobs"][0]
            answered = PIL.Image.open(io.BytesIO(client.get(job["outputs"]["image"]["url"]).content))
    expected = pf.Flow.load(template).run(prompt="a green square on a white background")["image"]
    assert answered.convert("RGB").tobytes() == expected.tobytes()


def test_a_flow_is_served_beside_a_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow = poster_flow()
    server = flow.serve("poster", port=0, folder=tmp_path)
    try:
        told = capsys.readouterr().out
        key = re.findall(r"Key \(shown once\): (\S+)", told)[0]
        assert server.url in told
        assert f"export PIXELFLOW_KEY={key}" in told
        assert f"Playground: {server.url}/play/poster#key={key}\n" in told
        assert threading.current_thread() is threading.main_thread()
        answer = httpx.post(
            f"{server.url}/v1/flows/poster",
            headers={"x-api-key": key, "accept": "image/png"},
            json={"prompt": "from a cell"},
            timeout=60,
        )
        picture = PIL.Image.open(io.BytesIO(answer.content)).convert("RGB")
        assert picture.getpixel((0, 0)) == colour_of("from a cell")
        flow.set_input("prompt", default="another one")
        assert flow.serve("poster", folder=tmp_path) is server
        assert key not in capsys.readouterr().out
        assert server.serving.endpoints.find("poster").number == 2
        with pytest.raises(ServeError, match="already"):
            flow.serve("poster", folder=tmp_path, port=1)
    finally:
        server.stop(0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url if server.is_running else told.split()[2]}/health")


def test_a_server_can_be_stopped_and_started_again(tmp_path: Path) -> None:
    server = served(tmp_path)
    for _ in range(2):
        with server:
            assert httpx.get(f"{server.url}/health").json() == {"status": "ok"}
        with pytest.raises(ServeError, match="does not run"):
            _ = server.url


def test_a_port_that_is_taken_is_said_in_words(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(ServeError, match=f"cannot listen on 127.0.0.1:{port}"):
            Server(server.store, port=port).start()


def test_stopping_ends_streams_and_gives_back_what_runs(tmp_path: Path) -> None:
    server = served(tmp_path).start()
    key = server.serving.keys.make("tests").text
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=30) as client:
        id = client.post("/v1/flows/slow/jobs", json={"seconds": 30}).json()["id"]
        with client.stream("GET", f"/v1/jobs/{id}/events") as answer:
            assert answer.status_code == 200
            threading.Thread(target=server.stop, args=(0.1,)).start()
            with contextlib.suppress(httpx.HTTPError):
                list(answer.iter_lines())
    job = server.serving.jobs.find(id)
    assert job is not None
    assert job.status in ("queued", "running")


def test_a_process_calls_its_own_server_with_a_key_that_goes_with_it(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert "poster" in [flow["name"] for flow in server.client().flows()]
        server.client()
        own = [key for key in server.serving.keys.all() if key.title == "the server's own process"]
        assert len(own) == 1
    assert all(key.revoked_at for key in server.serving.keys.all())


def test_importing_the_package_loads_nothing_of_a_server() -> None:
    told = (
        "import sys, pixelflow_widgets as pf; pf.Flow('x'); "
        "print([name for name in ('fastapi', 'uvicorn', 'starlette', 'sqlite3', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "fastapi" not in done.stdout
    assert "uvicorn" not in done.stdout
