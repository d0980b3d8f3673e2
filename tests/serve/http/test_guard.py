"""What passes the guard and what does not, without a network."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from pixelflow_widgets.serve.http.guard import Guard
from pixelflow_widgets.serve.http.rates import Rates
from pixelflow_widgets.serve.http.refusals import TYPES, Refusal
from pixelflow_widgets.serve.uploads.limits import Limits


@dataclass
class KnownKey:
    id: str = "k1"
    per_minute: int | None = None


class Visitor:
    """Sends requests through a guard to an app that answers with the length of the body."""

    def __init__(self, **settings: Any) -> None:
        self.log: list[dict[str, Any]] = []
        self.reached = 0
        self.address = ("127.0.0.1", 8000)
        self.guard = Guard(
            self.app, find_key=lambda text: KnownKey() if text == "pf_good" else None, log=self.log.append, **settings
        )

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached += 1
        length, more = 0, True
        while more:
            message = await receive()
            length += len(message["body"])
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-length", str(length).encode())]})
        await send({"type": "http.response.body", "body": b"ok"})

    def ask(
        self,
        path: str = "/v1/flows",
        headers: list[tuple[str, str]] | None = None,
        *,
        method: str = "GET",
        parts: list[bytes] | None = None,
        pause: float = 0.0,
        plain: bool = False,
        query: bytes = b"",
    ) -> tuple[int, dict[str, str], Any]:
        base = [] if plain else [("host", "127.0.0.1:8000"), ("x-api-key", "pf_good")]
        named = {name for name, _ in headers or []}
        told = [*(pair for pair in base if pair[0] not in named), *(headers or [])]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in told],
            "client": ("127.0.0.1", 1),
            "server": self.address,
        }
        left = list(parts or [b""])
        answered: list[Any] = []

        async def receive() -> Any:
            await asyncio.sleep(pause)
            return {"type": "http.request", "body": left.pop(0) if left else b"", "more_body": bool(left)}

        async def send(message: Any) -> None:
            answered.append(message)

        asyncio.run(self.guard(scope, receive, send))
        head = {name.decode(): value.decode() for name, value in answered[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in answered[1:])
        return answered[0]["status"], head, json.loads(body) if body.startswith(b"{") else body


def test_a_request_with_a_key_is_passed_on_and_its_answer_is_made_safe() -> None:
    status, headers, body = Visitor().ask()
    assert (status, body) == (200, b"ok")
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"].startswith("req_")
    assert "access-control-allow-origin" not in headers


def test_bearer_keys_are_taken_too() -> None:
    headers = [("host", "localhost"), ("authorization", "Bearer pf_good")]
    assert Visitor().ask(headers=headers, plain=True)[0] == 200


WHOLE_HEADS = [
    ([("host", "127.0.0.1")], 401, "no_key"),
    ([("host", "127.0.0.1"), ("x-api-key", "pf_bad")], 401, "wrong_key"),
    ([("host", "127.0.0.1"), ("x-api-key", "pf_bäd")], 401, "wrong_key"),
    ([("host", "127.0.0.1"), ("x-api-key", "pf_good" * 100)], 401, "wrong_key"),
    ([("host", "127.0.0.1"), ("authorization", "Basic pf_good")], 401, "wrong_key"),
    ([("host", "127.0.0.1"), ("authorization", "pf_good")], 401, "wrong_key"),
    ([("host", "127.0.0.1"), ("x-api-key", "pf_good"), ("authorization", "Bearer x")], 401, "wrong_key"),
    ([("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "evil.example"), ("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "127.0.0.1.evil.example"), ("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "127.0.0.1@evil"), ("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "127.0.0.1:80:80"), ("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "[::1]x"), ("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "0.0.0.0"), ("x-api-key", "pf_good")], 403, "host_refused"),
    ([("host", "127.0.0.1"), ("host", "evil")], 400, "bad_header"),
    ([("host", "127.0.0.1"), ("x-api-key", "pf_good"), ("x-api-key", "pf_good")], 400, "bad_header"),
]
MORE_HEADS = [
    ([("origin", "null")], 403, "origin_refused"),
    ([("origin", "http://evil.example")], 403, "origin_refused"),
    ([("origin", "http://127.0.0.1:9999")], 403, "origin_refused"),
    ([("origin", "http://127.0.0.1:8000.evil.example")], 403, "origin_refused"),
    ([("sec-fetch-site", "cross-site")], 403, "origin_refused"),
    ([("content-length", "1"), ("transfer-encoding", "chunked")], 400, "bad_header"),
    ([("transfer-encoding", "chunked, identity")], 400, "bad_header"),
    ([("content-length", "-1")], 400, "bad_header"),
    ([("content-length", "1, 1")], 400, "bad_header"),
    ([("content-length", "99999999999")], 413, "too_large"),
    ([("content-encoding", "gzip")], 415, "media_type_refused"),
    ([(f"x-{number}", "1") for number in range(120)], 400, "bad_header"),
]


@pytest.mark.parametrize(
    ("headers", "plain", "status", "type"),
    [(headers, True, *told) for headers, *told in WHOLE_HEADS] + [(more, False, *told) for more, *told in MORE_HEADS],
)
def test_heads_of_requests_are_refused_before_the_app(headers: Any, plain: bool, status: int, type: str) -> None:
    visitor = Visitor()
    got, told, body = visitor.ask(headers=headers, plain=plain)
    assert (got, body["error"]["type"]) == (status, type)
    assert type in TYPES[status]
    assert told["x-content-type-options"] == "nosniff"
    assert visitor.reached == 0


@pytest.mark.parametrize(
    "path",
    ["/v1/../etc", "/v1/./x", "/v1/%2e%2e%2fx", "/v1/a\\b", "/v1/a\0b", "/v1//x", "http://evil/x", "/v1/\n", "*"],
)
def test_paths_with_odd_signs_go_nowhere(path: str) -> None:
    visitor = Visitor()
    assert visitor.ask(path)[0] == 400
    assert visitor.reached == 0


def test_addresses_have_a_length() -> None:
    assert Visitor().ask("/" + "a" * 5000)[0] == 414
    assert Visitor().ask(query=b"a" * 5000)[0] == 414


def test_the_same_origin_and_visits_of_pages_pass() -> None:
    assert Visitor().ask(headers=[("origin", "http://127.0.0.1:8000")])[0] == 200
    visit = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]
    assert Visitor().ask("/docs", headers=visit)[0] == 200


def test_names_may_be_added() -> None:
    assert Visitor(hosts=["Box.local"]).ask(headers=[("host", "box.local:80")])[0] == 200


def test_the_address_itself_is_a_name_of_the_server() -> None:
    visitor = Visitor()
    visitor.address = ("192.0.2.7", 8484)
    assert visitor.ask(headers=[("host", "192.0.2.7:8484")])[0] == 200
    assert visitor.ask(headers=[("host", "192.0.2.8:8484")])[0] == 403
    visitor.address = ("2001:db8::7", 8484)
    assert visitor.ask(headers=[("host", "[2001:db8::7]:8484")])[0] == 200


def test_health_and_pages_want_no_key() -> None:
    for path in ("/health", "/docs", "/play/poster"):
        assert Visitor().ask(path, [("host", "localhost")], plain=True)[0] == 200
    assert Visitor().ask("/docsx", [("host", "localhost")], plain=True)[0] == 401


def test_bodies_are_counted_as_they_come() -> None:
    visitor = Visitor(limits=Limits(body=100))
    chunked = [("transfer-encoding", "chunked")]
    assert visitor.ask(method="POST", headers=chunked, parts=[b"a" * 60, b"a" * 40])[1]["x-length"] == "100"
    status, _, body = visitor.ask(method="POST", headers=chunked, parts=[b"a" * 60] * 1000)
    assert (status, body["error"]["type"]) == (413, "too_large")
    status, headers, _ = visitor.ask(method="POST", headers=chunked, parts=[b"a" * 100_000] * 1000)
    assert (status, headers["connection"]) == (413, "close")  # nobody reads on for ever


def test_forms_may_be_larger() -> None:
    visitor = Visitor(limits=Limits(body=10, upload=100))
    form = [("content-type", "multipart/form-data; boundary=x"), ("content-length", "80")]
    assert visitor.ask(method="POST", headers=form, parts=[b"a" * 80])[0] == 200


def test_slow_bodies_are_given_up() -> None:
    visitor = Visitor(limits=Limits(quiet=0.05, grace=10))
    status, headers, body = visitor.ask(method="POST", headers=[("content-length", "5")], parts=[b"a"] * 5, pause=0.5)
    assert (status, body["error"]["type"], headers["connection"]) == (408, "too_slow", "close")
    steady = Visitor(limits=Limits(quiet=1, grace=0.1, pace=1000))
    answer = steady.ask(method="POST", headers=[("content-length", "99")], parts=[b"a"] * 99, pause=0.03)
    assert answer[0] == 408


def test_a_key_that_asks_too_often_waits() -> None:
    visitor = Visitor(per_minute=3)
    assert [visitor.ask()[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    assert 1 <= int(visitor.ask()[1]["retry-after"]) <= 20


def test_buckets_fill_up_again() -> None:
    now = 0.0
    rates = Rates(60, clock=lambda: now)
    assert [rates.take("a", 2) for _ in range(3)] == [0, 0, 30]
    assert rates.take("b") == 0
    now = 30.0
    assert rates.take("a", 2) == 0


def test_a_draining_server_takes_nothing_new() -> None:
    visitor = Visitor()
    visitor.guard.is_draining = True
    assert visitor.ask(method="POST")[0] == 503
    assert visitor.ask()[0] == 200


def test_the_access_log_has_no_secrets_and_one_line_each() -> None:
    visitor = Visitor()
    visitor.ask("/v1/flows", query=b"token=hidden")
    visitor.ask("/v1/flows", [("host", "evil.example"), ("x-api-key", "pf_good")], plain=True)
    assert [entry["status"] for entry in visitor.log] == [200, 403]
    assert visitor.log[0]["key"] == "k1"
    assert not any(word in json.dumps(visitor.log) for word in ("pf_good", "hidden"))


def test_openai_clients_read_refusals_in_their_own_shape() -> None:
    told = Refusal(401, "no_key", "A key.").told("/v1/images/generations")["error"]
    assert told == {"message": "A key.", "type": "invalid_request_error", "param": None, "code": "no_key"}
