"""Requests per second and p95 of our server, beside Gradio's queue and LitServe, asked by the same client in turns.

    nothing    a text that nobody sent before, given back; here the job's row is committed before anything is answered
    echo       a picture of 1 MB, sent and fetched as each server wants it: decoded, given to a function, encoded again

Each server is a process of its own, is asked by CLIENTS at once over HTTP/1.1 and is warm. A request is over when its
result is here: here one call that waits; with Gradio as its documentation says, the call and the stream of its events,
and for pictures the upload before and the file after; with LitServe one call.

What they keep of a request that was accepted: we keep a job, found by its id, that survives `kill -9` of the server;
Gradio a place in a queue in memory; LitServe nothing: no job, no queue that outlives it, no result to fetch later, no
events, no cancel. It is shown beside, and no bound is taken from it.

The rivals run where they are installed: `make bench` puts them into an environment of their own, and names its Python
in PIXELFLOW_RIVALS.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import numpy as np
import PIL.Image
import psutil

import pixelflow_widgets as pf

CLIENTS = 8
ROUNDS = 5
REQUESTS = {"nothing": 240, "echo": 32}
WARM = {"nothing": 80, "echo": 16}
SIDE = 590
"""Of the picture: noise, so that a PNG of it has about a megabyte."""
START_SECONDS = 90.0
HOST = "127.0.0.1"


@pf.node
def given_back(text: str) -> str:
    """Gives a text back."""
    return text


@pf.node
def shown_again(image: pf.Image) -> pf.Image:
    """Gives a picture back."""
    return image


def serve(folder: str, port: int) -> None:
    """Be our server, with the settings that `pixelflow serve` has, but for the rate of a key."""
    from pixelflow_widgets.serve.server import Server
    from pixelflow_widgets.serve.store import Store

    Server(Store(Path(folder)), port=port, per_minute=10_000_000).run()


def publish(folder: Path) -> str:
    """Publish the two flows; return a key."""
    from pixelflow_widgets.serve.keys import Keys
    from pixelflow_widgets.serve.store import Store

    with pf.Flow("nothing") as nothing:
        nothing.output("text", given_back(text=nothing.input("text", type=str)))
    with pf.Flow("echo") as echo:
        echo.output("image", shown_again(image=echo.input("image", type=pf.Image)))
    for flow in (nothing, echo):
        flow.publish(folder=folder)
    return Keys(Store(folder)).make("clients").text


GRADIO = """
import sys
import gradio

with gradio.Blocks() as demo:
    text, told = gradio.Textbox(), gradio.Textbox()
    gradio.Button().click(lambda text: text, text, told, api_name="nothing")
    image, shown = gradio.Image(type="pil", format="png"), gradio.Image(type="pil", format="png")
    gradio.Button().click(lambda image: image, image, shown, api_name="echo")
demo.queue(default_concurrency_limit=int(sys.argv[2]), max_size=None)
demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), max_threads=40, ssr_mode=False, quiet=True)
"""
LITSERVE = """
import base64, io, sys
import litserve
import PIL.Image

class Nothing(litserve.LitAPI):
    def setup(self, device): ...
    def decode_request(self, request): return request["text"]
    def predict(self, text): return text
    def encode_response(self, text): return {"text": text}

class Echo(litserve.LitAPI):
    def setup(self, device): ...
    def decode_request(self, request):
        image = PIL.Image.open(io.BytesIO(base64.b64decode(request["image"])))
        image.load()
        return image
    def predict(self, image): return image
    def encode_response(self, image):
        file = io.BytesIO()
        image.save(file, "PNG")
        return {"image": base64.b64encode(file.getvalue()).decode()}

if __name__ == "__main__":
    apis = [Nothing(api_path="/nothing"), Echo(api_path="/echo")]
    server = litserve.LitServer(apis, accelerator="cpu", workers_per_device=2)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
"""


class Server(ABC):
    """Is a server process that can be asked for a text and for a picture."""

    name = ""
    path = "/"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.why = ""
        """Why it cannot be measured."""

    @abstractmethod
    def command(self, port: int) -> list[str]: ...

    def settings(self) -> dict[str, str]:
        """Return its environment: nobody asks the network, and nothing is left behind."""
        return {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "PYTHONPATH": ""}

    @abstractmethod
    async def nothing(self, client: httpx.AsyncClient, text: str) -> str: ...

    @abstractmethod
    async def echo(self, client: httpx.AsyncClient, picture: bytes) -> bytes: ...

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the process until it answers, and end it afterwards; say why where it does not begin."""
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        environment = {**os.environ, **self.settings()}
        log = self.folder / f"{self.name}.log"
        with log.open("wb") as written:
            process = psutil.Popen(
                self.command(port), env=environment, cwd=self.folder, stdout=written, stderr=subprocess.STDOUT
            )
        try:
            until = time.monotonic() + START_SECONDS
            while process.poll() is None and time.monotonic() < until and not self._answers():
                time.sleep(0.2)
            if process.poll() is not None or time.monotonic() >= until:
                lines = log.read_text(errors="replace").strip().splitlines() or ["no word"]
                self.why = f"not measured: it does not start: {lines[-1][:90]}"
            yield
        finally:
            family = [process, *process.children(recursive=True)] if process.is_running() else []
            for member in family:  # LitServe's processes outlive the one that began them
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.terminate()
            for member in psutil.wait_procs(family, 20)[1]:
                member.kill()

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(self.url + self.path, timeout=10).status_code < 500
        return False


class Ours(Server):
    name = "pixelflow"
    path = "/health"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._store = folder / "store"
        self._headers = {"x-api-key": publish(self._store)}

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-c", f"import serving; serving.serve({str(self._store)!r}, {port})"]

    def settings(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        return {**super().settings(), "PYTHONPATH": path, "PIXELFLOW_CACHE": str(self.folder / "cache")}

    async def nothing(self, client: httpx.AsyncClient, text: str) -> str:
        headers = {**self._headers, "prefer": "wait=60"}
        answer = await client.post(f"{self.url}/v1/flows/nothing/jobs", json={"text": text}, headers=headers)
        return answer.json()["outputs"]["text"]

    async def echo(self, client: httpx.AsyncClient, picture: bytes) -> bytes:
        headers = {**self._headers, "accept": "image/png"}
        answer = await client.post(f"{self.url}/v1/flows/echo", files={"image": picture}, headers=headers)
        return answer.content


class Gradio(Server):
    name = "gradio"
    path = "/gradio_api/info"

    def command(self, port: int) -> list[str]:
        return [rivals(), "-c", GRADIO, str(port), str(CLIENTS)]

    def settings(self) -> dict[str, str]:
        return {
            **super().settings(),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": str(self.folder / "gradio"),
        }

    async def nothing(self, client: httpx.AsyncClient, text: str) -> str:
        return (await self._call(client, "nothing", text))[0]

    async def echo(self, client: httpx.AsyncClient, picture: bytes) -> bytes:
        uploaded = await client.post(f"{self.url}/gradio_api/upload", files={"files": ("a.png", picture, "image/png")})
        file = {"path": uploaded.json()[0], "meta": {"_type": "gradio.FileData"}}
        given = (await self._call(client, "echo", file))[0]
        return (await client.get(given["url"])).content

    async def _call(self, client: httpx.AsyncClient, name: str, value: object) -> list:
        called = await client.post(f"{self.url}/gradio_api/call/{name}", json={"data": [value]})
        answer = await client.get(f"{self.url}/gradio_api/call/{name}/{called.json()['event_id']}")
        last = answer.text.rstrip().rpartition("event: ")[2]
        assert last.startswith("complete"), answer.text
        return json.loads(last.partition("data: ")[2])


class LitServe(Server):
    name = "litserve"
    path = "/health"

    def command(self, port: int) -> list[str]:
        script = self.folder / "litserve_server.py"  # its workers import it again
        script.write_text(LITSERVE)
        return [rivals(), str(script), str(port)]

    async def nothing(self, client: httpx.AsyncClient, text: str) -> str:
        return (await client.post(f"{self.url}/nothing", json={"text": text})).json()["text"]

    async def echo(self, client: httpx.AsyncClient, picture: bytes) -> bytes:
        sent = {"image": base64.b64encode(picture).decode()}
        return base64.b64decode((await client.post(f"{self.url}/echo", json=sent)).json()["image"])


def rivals() -> str:
    return os.environ.get("PIXELFLOW_RIVALS", sys.executable)


def free_port() -> int:
    with socket.create_server((HOST, 0)) as found:
        return found.getsockname()[1]


def noise() -> bytes:
    """Return a PNG of about a megabyte that is like no other."""
    pixels = np.random.default_rng().integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


async def ask(server: Server, case: str, client: httpx.AsyncClient, picture: bytes) -> float:
    """Ask once, see that the answer is right, and return the seconds that it took."""
    text = secrets.token_hex(16)
    began = time.perf_counter()
    if case == "nothing":
        is_right = await server.nothing(client, text) == text
        seconds = time.perf_counter() - began
    else:
        given = await server.echo(client, picture)
        seconds = time.perf_counter() - began
        is_right = PIL.Image.open(io.BytesIO(given)).size == (SIDE, SIDE)
    assert is_right, f"{server.name} answered something else"
    return seconds


async def measure(server: Server, case: str, count: int) -> tuple[float, float]:
    """Return (requests per second, p95 in seconds) of so many requests by CLIENTS at once."""
    left = [noise() if case == "echo" else b"" for _ in range(count)]
    taken: list[float] = []

    async def live(client: httpx.AsyncClient) -> None:
        while left:
            taken.append(await ask(server, case, client, left.pop()))

    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        began = time.perf_counter()
        await asyncio.gather(*(live(client) for _ in range(CLIENTS)))
        seconds = time.perf_counter() - began
    return count / seconds, sorted(taken)[int(count * 0.95)]


async def rounds(servers: list[Server], case: str) -> AsyncIterator[dict[str, tuple[float, float]]]:
    """Yield what each server gave, in turns, after all are warm."""
    for server in servers:
        await measure(server, case, WARM[case])
    for number in range(ROUNDS):
        turn = servers[number % len(servers) :] + servers[: number % len(servers)]
        yield {server.name: await measure(server, case, REQUESTS[case]) for server in turn}


def judge(name: str, ratio: float) -> bool:
    is_ahead = ratio > 1
    print(f"  {name:36} {'':29}  {ratio:5.2f} x  ({'ahead' if is_ahead else 'BEHIND'})")
    return is_ahead


async def report(servers: list[Server], case: str) -> bool:
    """Print the figures of a case; return whether we are ahead of Gradio."""
    there = [server for server in servers if not server.why]
    found = [round async for round in rounds(there, case)]
    print(f"{case}, {CLIENTS} clients")
    for server in servers:
        if server.why:
            print(f"  {server.name:36} {server.why}")
            continue
        rate, late = (statistics.median(round[server.name][place] for round in found) for place in (0, 1))
        print(f"  {server.name:36} {rate:8.1f} requests a second, p95 {late * 1000:8.1f} ms")
    ours, theirs = Ours.name, Gradio.name
    if theirs not in found[0]:
        return True
    rate = statistics.median(round[ours][0] / round[theirs][0] for round in found)
    late = statistics.median(round[theirs][1] / round[ours][1] for round in found)
    return all([judge("requests a second / gradio", rate), judge("gradio's p95 / ours", late)])


def main() -> int:
    print(f"{CLIENTS} clients over HTTP, servers in turns; medians of {ROUNDS} rounds.")
    print("Kept of what was accepted: pixelflow a job on disk; gradio a place in memory; litserve nothing.")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        servers: list[Server] = [Ours(Path(name)), Gradio(Path(name)), LitServe(Path(name))]
        for server in servers:
            stack.enter_context(server.running())
        kept = [asyncio.run(report(servers, case)) for case in REQUESTS]
    print("ahead wherever it was measured" if all(kept) else "WE ARE BEHIND GRADIO")
    return not all(kept)


if __name__ == "__main__":
    sys.exit(main())
