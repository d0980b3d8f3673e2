# ruff: noqa: E501 - a row of the tables is a line
"""What hostile requests get: a refusal of the documented shape, before anything of theirs is run, fetched or decoded.

The first table is sent by a client, the second one as bytes. Afterwards the server answers as before, no path outside
its folder was touched, and nobody was called.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from pixelflow_widgets.serve.http.refusals import TYPES
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.uploads.limits import Limits

from ..flows import served
from ..pictures import moving, picture, png_that_claims, sound, text64
from ..raw import exchange, head, read_answer

LIMITS = Limits(body=2_000_000, upload=4_000_000, quiet=0.4, grace=3.0, frames=50, seconds=5.0, requests=40)


@dataclass
class Attack:
    """Is a request and what it gets."""

    name: str
    status: int
    type: str
    method: str = "POST"
    path: str = "/v1/flows/turn/jobs"
    json: Any = None
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    files: Any = None
    key: str | None = "mine"


@dataclass
class Target:
    """Is the server that is attacked, and what the attacker knows."""

    server: Server
    keys: dict[str, str]
    job: str
    artifact: str
    upload: str
    called: list[str]

    def send(self, attack: Attack) -> httpx.Response:
        headers = dict(attack.headers)
        if attack.key is not None:
            headers.setdefault("x-api-key", self.keys.get(attack.key, attack.key))
        content = attack.content
        if attack.json is not None:
            content = json.dumps(attack.json).encode()
        if content is not None:
            headers.setdefault("content-type", "application/json")
        path = attack.path.format(job=self.job, artifact=self.artifact)
        if isinstance(attack.json, dict) and attack.json.get("image") == "{upload}":
            content = json.dumps({**attack.json, "image": self.upload}).encode()
        with httpx.Client(base_url=self.server.url, timeout=20, trust_env=False) as client:
            return client.request(attack.method, path, content=content, headers=headers, files=attack.files)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    called: list[str] = []
    trap = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_spring, args=(trap, called), daemon=True).start()
    with served(tmp_path_factory.mktemp("store"), limits=LIMITS, per_minute=100_000) as server:
        keys = server.serving.keys
        texts = {
            "mine": keys.make("mine", ["turn", "slow"]).text,
            "other": keys.make("other").text,
            "slow": keys.make("few", per_minute=1).text,
            "revoked": (revoked := keys.make("revoked")).text,
            "changed": keys.make("changed").text[:-1] + "~",
        }
        keys.revoke(revoked.key.id)
        with httpx.Client(base_url=server.url, headers={"x-api-key": texts["other"]}) as client:
            answer = client.post(
                "/v1/flows/turn/jobs", json={"image": text64(picture())}, headers={"prefer": "wait=20"}
            )
            job = answer.json()
            assert job["status"] == "succeeded", job
            upload = client.post("/v1/uploads", files={"file": picture()}).json()["id"]
            client.get("/v1/usage", headers={"x-api-key": texts["slow"]})
        ATTACKS_AT["port"] = trap.getsockname()[1]
        yield Target(server, texts, job["id"], job["outputs"]["image"]["id"], upload, called)
    trap.close()


ATTACKS_AT: dict[str, int] = {}


def _spring(trap: socket.socket, called: list[str]) -> None:
    while True:
        try:
            line, _ = trap.accept()
        except OSError:
            return
        called.append(str(line.recv(200)))
        line.close()


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../etc/cron.d/x", "* * * * *")
    return file.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>'
GRAPH = {"nodes": {"x": {"type": "read_text", "values": {"path": "/etc/passwd"}}}, "edges": []}
GOOD = text64(picture())
MULTIPART = "multipart/form-data; boundary=x"
ATTACKS = [
    # who asks, and from where
    Attack("no key", 401, "no_key", key=None),
    Attack("a key that is none", 401, "wrong_key", key="pf_aaaaaaaa_" + "a" * 43),
    Attack("a key of another form", 401, "wrong_key", key="' OR 1=1 --"),
    Attack("a revoked key", 401, "wrong_key", key="revoked"),
    Attack("a key with a changed secret", 401, "wrong_key", key="changed"),
    Attack("a key in the address", 401, "no_key", path="/v1/flows/turn/jobs?api_key=x", key=None),
    Attack("basic authorization", 401, "wrong_key", key=None, headers={"authorization": "Basic YTpi"}),
    Attack("a key for another flow", 403, "not_in_scope", path="/v1/flows/poster/jobs", json={}),
    Attack("a key for another flow, which is not there", 403, "not_in_scope", path="/v1/flows/nothing/jobs", json={}),
    Attack("a key for another flow, in the other shape", 403, "not_in_scope", path="/workflows/poster-v1", json={}),
    Attack("a rebound host", 403, "host_refused", headers={"host": "evil.example"}),
    Attack("a host that begins well", 403, "host_refused", headers={"host": "127.0.0.1.evil.example"}),
    Attack("a host with a user", 403, "host_refused", headers={"host": "127.0.0.1@evil.example"}),
    Attack("origin null", 403, "origin_refused", headers={"origin": "null"}),
    Attack("another origin", 403, "origin_refused", headers={"origin": "https://evil.example"}),
    Attack("another port's origin", 403, "origin_refused", headers={"origin": "http://127.0.0.1:1"}),
    Attack("a page of another site, without origin", 403, "origin_refused", headers={"sec-fetch-site": "cross-site"}),
    Attack("a preflight", 403, "origin_refused", "OPTIONS", headers={"origin": "https://evil.example"}),
    Attack("too many requests", 429, "rate_limited", "GET", "/v1/usage", key="slow"),
    # ids and paths
    Attack("another key's job", 404, "not_found", "GET", "/v1/jobs/{job}"),
    Attack("another key's events", 404, "not_found", "GET", "/v1/jobs/{job}/events"),
    Attack("another key's job, stopped", 404, "not_found", "POST", "/v1/jobs/{job}/cancel"),
    Attack("another key's job, in the other shape", 404, "not_found", "GET", "/workflows/request/{job}"),
    Attack("another key's file", 404, "not_found", "GET", "/v1/artifacts/{artifact}"),
    Attack("another key's upload as an input", 422, "values_refused", json={"image": "{upload}"}),
    Attack("a path in a job's id", 400, "bad_path", "GET", "/v1/jobs/..%2f..%2fetc%2fpasswd"),
    Attack("a path in a file's id", 400, "bad_path", "GET", "/v1/artifacts/..%2f..%2fstore.sqlite"),
    Attack("a path in a flow's name", 400, "bad_path", path="/v1/flows/..%2f..%2fx/jobs", json={}),
    Attack("a path in a version", 404, "not_found", path="/v1/flows/turn/versions/1.5/jobs", json={}),
    Attack("a negative version", 404, "not_found", path="/v1/flows/turn/versions/-1/jobs", json={}),
    Attack("a version beyond all numbers", 404, "not_found", path=f"/v1/flows/turn/versions/{'9' * 300}/jobs", json={}),
    Attack("a path in a workflow's id", 400, "bad_path", path="/workflows/..%2f..%2fx-v1", json={}),
    Attack("a path in a page's file", 400, "bad_path", "GET", "/docs/..%2fserver.py", key=None),
    Attack("a module of the server", 404, "not_found", "GET", "/docs/keys.py", key=None),
    Attack("a backslash", 400, "bad_path", "GET", "/v1/artifacts/..%5c..%5cstore.sqlite"),
    Attack("a zero byte", 400, "bad_path", "GET", "/v1/artifacts/art_%00"),
    Attack("a line end in a path", 400, "bad_path", "GET", "/v1/jobs/x%0d%0aset-cookie:%20a"),
    Attack("half a character in a path", 400, "bad_path", "GET", "/v1/jobs/%ff%fe"),
    Attack("SQL in an id", 404, "not_found", "GET", "/v1/jobs/job_'%20OR%201=1"),
    Attack("SQL in a query", 422, "values_refused", "GET", "/v1/usage?since=2026'--"),
    Attack("a very long path", 414, "address_too_long", "GET", "/v1/jobs/" + "a" * 5000),
    Attack("a very long query", 414, "address_too_long", "GET", "/v1/jobs?flow=" + "a" * 5000),
    # JSON
    Attack("deep JSON", 400, "bad_json", content=b"[" * 100_000),
    Attack("deep JSON in an input", 400, "bad_json", content=b'{"image":' * 5_000 + b"1" + b"}" * 5_000),
    Attack("huge JSON", 413, "too_large", content=b'{"image": "' + b"A" * 3_000_000 + b'"}'),
    Attack("a million lists", 400, "bad_json", content=b"[" + b"[]," * 300_000 + b"[]]"),
    Attack("NaN", 400, "bad_json", content=b'{"image": NaN}'),
    Attack("a number beyond all", 400, "bad_json", content=b'{"seconds": 1e999}', path="/v1/flows/slow/jobs"),
    Attack("ten thousand digits", 400, "bad_json", content=b'{"mark": ' + b"9" * 10_000 + b"}", path="/v1/flows/slow/jobs"),
    Attack("a field twice", 400, "bad_json", content=b'{"image": "a", "image": "b"}'),
    Attack("half a character", 400, "bad_json", content=b'{"prompt": "\\ud800"}'),
    Attack("UTF-16", 400, "bad_json", content='{"image": ""}'.encode("utf-16")),
    Attack("a list", 400, "bad_json", content=b"[1, 2]"),
    Attack("a form of a page", 415, "media_type_refused", content=b"a=b", headers={"content-type": "text/plain"}),
    Attack("another charset", 415, "media_type_refused", content=b"{}", headers={"content-type": "application/json; charset=utf-7"}),
    Attack("XML", 415, "media_type_refused", content=b"<x/>", headers={"content-type": "application/xml"}),
    Attack("a packed body", 415, "media_type_refused", content=b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    # values
    Attack("a field that nobody declared", 422, "values_refused", json={"image": GOOD, "admin": True}),
    Attack("a graph in the body", 422, "values_refused", json={"image": GOOD, "graph": GRAPH}),
    Attack("a graph as an input", 422, "values_refused", json={"image": GRAPH}),
    Attack("a prototype", 422, "values_refused", json={"image": GOOD, "__proto__": {"x": 1}}),
    Attack("a node's port", 422, "values_refused", json={"image": GOOD, "turned_picture.image": GOOD}),
    Attack("an address to fetch", 422, "values_refused", json={"image": "http://127.0.0.1:{port}/x.png"}),
    Attack("the cloud's metadata", 422, "values_refused", json={"image": "http://169.254.169.254/latest/meta-data"}),
    Attack("a file's address", 422, "values_refused", json={"image": "file:///etc/passwd"}),
    Attack("a path", 422, "values_refused", json={"image": "/etc/passwd"}),
    Attack("a data URL with an address in it", 422, "values_refused", json={"image": "data:text/uri-list,http://127.0.0.1"}),
    Attack("too long a prompt", 422, "values_refused", json={"image": GOOD, "prompt": "a" * 20_000}),
    Attack("too much work", 422, "values_refused", path="/v1/flows/poster/jobs", json={"steps": 10**9}, key="other"),
    Attack("more pixels than one request may", 422, "too_much_work", path="/v1/flows/poster/jobs",
           json={"width": 4096, "height": 4096, "steps": 100}, key="other"),
    Attack("a webhook to this machine", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://127.0.0.1:{port}/"}),
    Attack("a webhook to the metadata", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://169.254.169.254/latest"}),
    Attack("a webhook to IPv6's loopback", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://[::1]/"}),
    Attack("a webhook behind NAT64", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://[64:ff9b::7f00:1]/"}),
    Attack("a webhook by 6to4", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://[2002:7f00:1::]/"}),
    Attack("a webhook of a carrier", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://100.64.0.1/"}),
    Attack("a webhook of a private net", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "http://10.0.0.1/"}),
    Attack("a webhook to a file", 422, "values_refused", json={"image": GOOD},
           headers={"x-pixelflow-webhook": "file:///etc/passwd"}),
    Attack("a registered webhook to this machine", 422, "values_refused", path="/v1/webhooks",
           json={"url": "http://127.0.0.1:{port}/"}),
    Attack("an Idempotency-Key of 300 signs", 422, "values_refused", json={"image": GOOD},
           headers={"idempotency-key": "a" * 300}),
    Attack("a priority that is none", 422, "values_refused", json={"image": GOOD}, headers={"x-pixelflow-priority": "root"}),
    # media
    Attack("a pickle", 422, "values_refused", path="/v1/uploads", files={"file": ("x.png", pickle.dumps({"a": 1}), "image/png")}),
    Attack("a pickle as an input", 422, "values_refused", json={"image": text64(pickle.dumps({"a": 1}))}),
    Attack("SVG", 422, "values_refused", path="/v1/uploads", files={"file": ("x.png", SVG, "image/png")}),
    Attack("SVG as an input", 422, "values_refused", json={"image": f"data:image/svg+xml;base64,{text64(SVG)}"}),
    Attack("HTML", 422, "values_refused", path="/v1/uploads", files={"file": ("x.png", b"<!doctype html><script>1</script>", "image/png")}),
    Attack("a ZIP", 422, "values_refused", path="/v1/uploads", files={"file": ("x.png", _zip(), "image/png")}),
    Attack("a playlist that names addresses", 422, "values_refused", path="/v1/uploads",
           files={"file": ("x.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n", "video/mp4")}),
    Attack("30,000 x 30,000 pixels in the head", 422, "values_refused", json={"image": text64(png_that_claims(30_000, 30_000))}),
    Attack("2^31 pixels a side, uploaded", 422, "values_refused", path="/v1/uploads",
           files={"file": ("x.png", png_that_claims(2**31 - 1, 2**31 - 1), "image/png")}),
    Attack("a GIF of many frames", 422, "values_refused", path="/v1/uploads", files={"file": ("x.gif", moving("GIF", 80), "image/gif")}),
    Attack("a moving picture as a picture", 422, "values_refused", json={"image": text64(moving("WEBP", 5))}),
    Attack("an hour of silence", 422, "values_refused", path="/v1/uploads", files={"file": ("x.wav", sound(60), "audio/wav")}),
    Attack("half a PNG", 422, "values_refused", json={"image": text64(picture()[:15])}),
    Attack("an upload larger than allowed", 413, "too_large", path="/v1/uploads", files={"file": ("x.png", b"\0" * 5_000_000)}),
    Attack("an upload that is no file", 422, "values_refused", path="/v1/uploads", files={"file": (None, b"text")}),
    Attack("two files", 400, "bad_request", path="/v1/uploads", files=[("file", picture()), ("file", picture())]),
    Attack("a form without its boundary", 400, "bad_request", path="/v1/uploads", content=b"--x",
           headers={"content-type": "multipart/form-data"}),
    Attack("a form that is none", 400, "bad_request", path="/v1/uploads", content=b"\0" * 1000, headers={"content-type": MULTIPART}),
    Attack("a thousand fields", 400, "bad_request", files=[(f"f{number}", (None, "x")) for number in range(1000)]),
    Attack("a name with a path", 422, "values_refused", files={"../../image": ("../../x.png", picture(), "image/png")}),
    # methods
    Attack("a method that is none", 405, "method_refused", "TRACE", "/v1/jobs"),
    Attack("a put", 405, "method_refused", "PUT", "/v1/flows/turn", json={}),
    Attack("a delete of a flow", 405, "method_refused", "DELETE", "/v1/flows/turn"),
]  # fmt: skip


def test_the_table_has_at_least_sixty_rows_and_each_its_own_name() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) + len(RAW) >= 60
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_hostile_requests_are_refused(target: Target, attack: Attack) -> None:
    answer = target.send(_aimed(attack))
    assert answer.headers["content-type"] == "application/json", answer.text
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (attack.status, attack.type), error
    assert error["type"] in TYPES[answer.status_code]
    assert len(error["message"]) > 10
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    told = answer.text
    assert not any(word in told for word in ("Traceback", "site-packages", str(target.server.store.folder), "root:"))


def _aimed(attack: Attack) -> Attack:
    """Return the attack with the port of the trap where it names one."""
    port = str(ATTACKS_AT["port"])
    made = Attack(**vars(attack))
    made.headers = {name: value.replace("{port}", port) for name, value in attack.headers.items()}
    if isinstance(attack.json, dict):
        made.json = {
            name: value.replace("{port}", port) if isinstance(value, str) else value
            for name, value in attack.json.items()
        }
    return made


@dataclass
class RawAttack:
    """Is a request as bytes and the statuses that it may get; 0 is a line that was closed."""

    name: str
    sent: bytes
    statuses: tuple[int, ...]
    pieces: tuple[bytes, ...] = ()
    pause: float = 0.0


POST = "POST", "/v1/flows/turn/jobs"
JSON = "content-type: application/json"
SMUGGLED = b"GET /v1/flows HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
RAW = [
    RawAttack("a length and chunks", head(*POST, "KEY", JSON, "content-length: 4", "transfer-encoding: chunked") + b"0\r\n\r\n" + SMUGGLED, (400,)),
    RawAttack("two lengths", head(*POST, "KEY", JSON, "content-length: 2", "content-length: 50") + b"{}" + SMUGGLED, (400,)),
    RawAttack("a length with a sign", head(*POST, "KEY", JSON, "content-length: +2") + b"{}", (400,)),
    RawAttack("chunks by another name", head(*POST, "KEY", JSON, "transfer-encoding: xchunked") + b"0\r\n\r\n", (400, 501)),
    RawAttack("chunks twice", head(*POST, "KEY", JSON, "transfer-encoding: chunked", "transfer-encoding: identity") + b"0\r\n\r\n", (400, 501)),
    RawAttack("a chunk of no length", head(*POST, "KEY", JSON, "transfer-encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n", (400, 0)),
    RawAttack("endless chunks", head(*POST, "KEY", JSON, "transfer-encoding: chunked"), (413, 400), pieces=(b"10000\r\n" + b" " * 65_536 + b"\r\n",) * 60),
    RawAttack("two hosts", head("GET", "/v1/flows", "KEY", "host: evil.example"), (400,)),
    RawAttack("no host", b"GET /v1/flows HTTP/1.1\r\nKEY\r\n\r\n", (400,)),
    RawAttack("two keys", head("GET", "/v1/flows", "KEY", "x-api-key: pf_x"), (400,)),
    RawAttack("an absolute address", head("GET", "http://evil.example/v1/flows", "KEY"), (400,)),
    RawAttack("a header with a space before its colon", head("GET", "/v1/flows", "KEY", "content-length : 5"), (400,)),
    RawAttack("a header on two lines", head("GET", "/v1/flows", "KEY", "x-a: b", " c: d"), (400, 200)),
    RawAttack("a head of a megabyte", head("GET", "/v1/flows", "KEY", "x-a: " + "b" * 1_000_000), (400, 0)),
    RawAttack("two hundred headers", head("GET", "/v1/flows", "KEY", *(f"x-{number}: 1" for number in range(200))), (400,)),
    RawAttack("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, (400, 0)),
    RawAttack("an upgrade to a WebSocket", head("GET", "/v1/flows", "connection: upgrade", "upgrade: websocket", "sec-websocket-key: eA==", "sec-websocket-version: 13"), (401,)),
    RawAttack("a body that stops", head(*POST, "KEY", JSON, "content-length: 100") + b'{"', (408,)),
    RawAttack("a body drop by drop", head(*POST, "KEY", JSON, "content-length: 100000"), (408, 0), pieces=(b" ",) * 40, pause=0.15),
    RawAttack("a path of dots", head("GET", "/v1/artifacts/../../store.sqlite", "KEY"), (400,)),
    RawAttack("a path of dots, packed", head("GET", "/v1/artifacts/%2e%2e/%2e%2e/store.sqlite", "KEY"), (400,)),
]  # fmt: skip


@pytest.mark.parametrize("attack", RAW, ids=lambda attack: attack.name)
def test_requests_that_no_client_sends_are_refused(target: Target, attack: RawAttack) -> None:
    sent = attack.sent.replace(b"KEY", f"x-api-key: {target.keys['mine']}".encode())
    answer = exchange(target.server.url, sent, pieces=attack.pieces, pause=attack.pause, seconds=4)
    status, body = read_answer(answer)
    assert status in attack.statuses, answer[:500]
    assert answer.count(b"HTTP/1.1 ") <= 1 or b" 200 " not in answer, "a second request was read out of a body"
    if status >= 400:
        assert isinstance(body, dict), answer[:500]
        assert set(body["error"]) >= {"type", "message"}


def test_a_head_that_comes_drop_by_drop_is_given_up(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelflow_widgets.serve.http.listening.HEAD_SECONDS", 0.5)
    answer = exchange(
        target.server.url, b"GET /v1/flows HTTP/1.1\r\n", pieces=(b"x: y\r\n",) * 20, pause=0.1, seconds=5
    )
    assert answer == b""


def test_slow_lines_do_not_hold_up_others(target: Target) -> None:
    address = target.server.url.removeprefix("http://").split(":")
    lines = [socket.create_connection((address[0], int(address[1]))) for _ in range(200)]
    try:
        for line in lines:
            line.sendall(b"POST /v1/uploads HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: ")
        assert httpx.get(f"{target.server.url}/health", timeout=10).status_code == 200
    finally:
        for line in lines:
            line.close()


def test_afterwards_the_server_is_as_before_and_nobody_was_called(target: Target, tmp_path: Path) -> None:
    with httpx.Client(base_url=target.server.url, headers={"x-api-key": target.keys["mine"]}) as client:
        asked = {"image": text64(picture())}
        job = client.post("/v1/flows/turn/jobs", json=asked, headers={"prefer": "wait=20"}).json()
        assert job["status"] == "succeeded"
    assert target.called == []
    logged = (target.server.store.folder / "access.log").read_text()
    assert all(json.loads(line)["status"] for line in logged.splitlines())
    secrets = [text.split("_", 2)[2] for text in target.keys.values()]
    assert not any(secret in logged for secret in secrets)
    assert base64.b64encode(picture()).decode()[:40] not in logged
