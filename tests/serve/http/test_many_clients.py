"""Many clients for a long time: each gets its own picture, nothing fails, and the server's memory stays flat.

A moment in `make test`; ten minutes in `make soak`.
"""

from __future__ import annotations

import io
import random
import threading
import time
from pathlib import Path

import httpx
import PIL.Image
import psutil
import pytest

from pixelflow_widgets.serve.keys import Keys
from pixelflow_widgets.serve.store import Store

from ...flow.strategies import SOAK
from ..http_nodes import colour_of
from ..pictures import picture
from ..test_server import folder, process

__all__ = ["folder"]
SECONDS = 600.0 if SOAK > 1 else 3.0
CLIENTS = 24
GROWTH = 60_000_000
"""Bytes that a server may grow by after its first half minute."""
LITTLE_CACHE = "from pixelflow_widgets.run.cache import process_cache; process_cache().memory.limit = 5_000_000; "
"""Results of runs are kept up to a gigabyte: what else grew would not be seen beside them."""


@pytest.mark.soak
def test_many_clients_for_a_long_time(folder: Path) -> None:
    store = Store(folder)
    key = Keys(store).make("clients", per_minute=1_000_000).text
    store.close()
    with process(folder, "--backend", "inline", before=LITTLE_CACHE) as server:
        url = server.url
        memory = psutil.Process(server.process.pid).memory_info
        wrong: list[str] = []
        counts = [0] * CLIENTS
        all_are_here = threading.Barrier(CLIENTS)

        def live(number: int) -> None:
            random_ = random.Random(number)
            with httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=120) as client:
                all_are_here.wait(60)
                ends = time.monotonic() + SECONDS
                while time.monotonic() < ends and len(wrong) < 10:
                    try:
                        fault = visit(client, random_)
                    except Exception as error:  # whatever it is, the test says it
                        fault = repr(error)
                    counts[number] += 1
                    if fault:
                        wrong.append(fault)

        threads = [threading.Thread(target=live, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(min(30.0, SECONDS / 2))
        before = memory().rss
        for thread in threads:
            thread.join()
        assert wrong == []
        assert min(counts) > 0
        grown = memory().rss - before
        print(f"{CLIENTS} clients made {sum(counts)} visits in {SECONDS:g} s; the server grew by {grown / 1e6:.1f} MB.")
        assert grown < GROWTH


def visit(client: httpx.Client, random_: random.Random) -> str:
    """Do one thing that clients do; return what is wrong with the answer."""
    prompt = f"prompt {random_.randrange(2000)}"
    kind = random_.choice(("picture", "job", "upload", "events", "list"))
    if kind == "picture":
        answer = client.post("/v1/flows/poster", json={"prompt": prompt}, headers={"accept": "image/png"})
        if answer.status_code == 429:
            time.sleep(float(answer.headers["retry-after"]))
            return ""
        return "" if _colour(answer) == colour_of(prompt) else f"{kind}: {answer.text[:200]}"
    if kind == "upload":
        answer = client.post("/v1/uploads", files={"file": picture(size=(32, 32))})
    elif kind == "list":
        answer = client.get("/v1/jobs")
    else:
        answer = client.post("/v1/flows/poster/jobs", json={"prompt": prompt})
        if kind == "events" and answer.status_code == 202:
            answer = client.get(f"/v1/jobs/{answer.json()['id']}/events")
            return "" if "event: succeeded" in answer.text else f"{kind}: {answer.text[-300:]}"
    if answer.status_code == 429:
        time.sleep(float(answer.headers["retry-after"]))
        return ""
    return "" if answer.status_code in (200, 201, 202) else f"{kind}: {answer.status_code} {answer.text[:200]}"


def _colour(answer: httpx.Response) -> object:
    if answer.headers["content-type"] != "image/png":
        return None
    return PIL.Image.open(io.BytesIO(answer.content)).convert("RGB").getpixel((0, 0))
