"""What every request passes before the app sees it, and every answer on its way out.

A plain ASGI middleware: it knows of no route. It refuses by the head of a request alone where it can, bounds the body
while it streams, and never reads one itself.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

from ..uploads.limits import Limits
from .rates import Rates
from .refusals import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ONCE = {
    *(b"host", b"origin", b"authorization", b"x-api-key", b"content-length", b"content-type", b"transfer-encoding"),
    *(b"idempotency-key", b"last-event-id", b"prefer", b"accept", b"content-encoding"),
    *(b"x-pixelflow-priority", b"x-pixelflow-webhook"),
}
"""Headers that mean something here; two of a name are how one program is made to see what another one does not."""
OPEN = ("/", "/health", "/docs")
"""Paths that are answered without a key: they tell nothing of flows."""
OPEN_BELOW = ("/docs/", "/play/")
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cache-control", b"no-store"),
)
MAX_PATH, MAX_QUERY, MAX_HEADERS = 2048, 4096, 100
_DRAINED, _DRAIN_SECONDS = 4_000_000, 1.0
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Key(Protocol):
    """Is who asks."""

    @property
    def id(self) -> str:
        """Return what names it."""
        ...

    @property
    def per_minute(self) -> int | None:
        """Return how many requests a minute it may make; None is what everybody may."""
        ...


class Guard:
    """Stands before an app.

    Args:
        app: The app.
        find_key: Returns the key of a text, or None; called in this thread, so it is quick.
        hosts: Names by which the server may be called, besides this machine's own.
        limits: How much a request may ask.
        log: Takes one dict for each answered request.
        per_minute: Requests of a key that names no number of its own.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        find_key: Callable[[str], Key | None],
        hosts: Iterable[str] = (),
        limits: Limits | None = None,
        log: Callable[[dict[str, Any]], None] | None = None,
        per_minute: int = 1200,
    ) -> None:
        self.app, self.find_key, self.log = app, find_key, log
        self.limits = limits or Limits()
        self.hosts = {"127.0.0.1", "localhost", "[::1]", *(name.lower() for name in hosts)}
        self.rates = Rates(per_minute)
        self.open_requests = 0
        self.is_draining = False
        """Nothing new is taken: the server is about to stop."""
        self.is_ending = False
        """Who waits for a job is answered as it is: the next server goes on with it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have the app answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            visit = Visit(self, scope, receive, send)
            self.open_requests += 1
            try:
                await visit.answer()
            finally:
                self.open_requests -= 1
                visit.note()
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def check(self, scope: Scope) -> Key | None:
        """Return the key of a request, None where it needs none.

        Raises:
            Refusal: The request goes no further.
        """
        headers = _read_headers(scope)
        self._check_address(scope)
        self._check_site(scope, headers)
        if self.open_requests > self.limits.requests:
            raise Refusal(503, "busy", "Too many requests at the same time. Try again.", headers={"retry-after": "1"})
        if self.is_draining and scope["method"] == "POST":
            words = "The server is about to stop and takes nothing new. Try again in a moment."
            raise Refusal(503, "draining", words, headers={"retry-after": "5"})
        path = scope["path"]
        if path in OPEN or path.startswith(OPEN_BELOW):
            return None
        key = self._find_key(headers)
        wait = self.rates.take(key.id, key.per_minute)
        if wait:
            words = f"This key asks too often. Try again in {wait} s."
            raise Refusal(429, "rate_limited", words, headers={"retry-after": str(wait)})
        self._check_length(scope, headers)
        return key

    def _check_address(self, scope: Scope) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        if len(raw) > MAX_PATH or len(scope.get("query_string", b"")) > MAX_QUERY:
            raise Refusal(414, "address_too_long", f"A path has at most {MAX_PATH} characters, a query {MAX_QUERY}.")
        path = scope["path"]
        lowered = raw.lower()
        is_odd = not path.startswith("/") or "\\" in path or "\ufffd" in path or b"%2f" in lowered or "//" in path
        if is_odd or any(ord(sign) < 32 or ord(sign) == 127 for sign in path):
            raise Refusal(400, "bad_path", "This is no path of the server: it holds signs that no address here has.")
        if any(part in (".", "..") for part in path.split("/")):
            raise Refusal(400, "bad_path", "A path has no '.' or '..' in it.")
        if scope["method"] not in _METHODS:
            raise Refusal(405, "method_refused", "This method is not known here.", headers={"allow": "GET, POST"})

    def _check_site(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        # Nobody can make a name out of the address itself, so who writes that means this server.
        named = {*self.hosts, _spelled_address(scope)}
        if not _is_host(host) or _name_of(host) not in named:
            words = (
                "The server does not answer to this name. Call it by its address, or name it: pixelflow serve --name."
            )
            raise Refusal(403, "host_refused", words)
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() not in (f"http://{host}", f"https://{host}"):
            raise Refusal(403, "origin_refused", "Pages of other sites may not call this server.")
        is_visit = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
        if headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site") and not is_visit:
            raise Refusal(403, "origin_refused", "Pages of other sites may not call this server.")

    def _find_key(self, headers: dict[bytes, bytes]) -> Key:
        given = [headers[b"x-api-key"]] if b"x-api-key" in headers else []
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme:
            given.append(token.strip() if scheme.lower() == b"bearer" else b"")
        asked = {"www-authenticate": 'Bearer realm="pixelflow"'}
        if not given:
            words = "A key is wanted: the header 'x-api-key: pf_...' or 'authorization: Bearer pf_...'."
            raise Refusal(401, "no_key", words, headers=asked)
        is_plain = len(set(given)) == 1 and len(given[0]) <= 200 and given[0].isascii()
        key = self.find_key(given[0].decode()) if is_plain else None
        if key is None:
            words = "This key is not known, or it was revoked. Make one: pixelflow keys make."
            raise Refusal(401, "wrong_key", words, headers=asked)
        return key

    def most(self, scope: Scope, headers: dict[bytes, bytes]) -> int:
        """Return how many bytes the body of a request may have."""
        is_form = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        return self.limits.upload if is_form else self.limits.body

    def _check_length(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 18:
            raise _bad_header("The length of the body is a whole number.", "content-length")
        if int(length) > (most := self.most(scope, headers)):
            raise _too_large(most)
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Refusal(415, "media_type_refused", "Bodies are not compressed here.", at="content-encoding")


class Visit:
    """Is one request on its way through the guard."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard, self.scope = guard, scope
        self._receive, self._send = receive, send
        self.id = f"req_{secrets.token_hex(8)}"
        self.key: Key | None = None
        self.status, self.sent, self.received = 0, 0, 0
        self.began = time.monotonic()
        self._most = 0
        self._is_read = False
        self._closes = False

    async def answer(self) -> None:
        """Pass the request on, or refuse it."""
        try:
            self.key = self.guard.check(self.scope)
            self._most = self.guard.most(self.scope, dict(self.scope["headers"]))
            self.scope.setdefault("state", {}).update(key=self.key, request_id=self.id)
            await self.guard.app(self.scope, self.receive, self.send)
        except Refusal as refusal:
            if self.status:
                raise
            await self.refuse(refusal)
        except Exception:
            if self.status != 500:  # the app has told it, and its log says more
                raise

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal."""
        body = refusal.body(self.scope["path"])
        headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
        told = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": told})
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})

    async def receive(self) -> Message:
        """Return the next part of the body: not more than allowed, not slower than allowed."""
        if self._is_read:
            return await self._receive()
        limits = self.guard.limits
        ends = self.began + limits.grace + self.received / limits.pace
        try:
            patience = max(0.001, min(limits.quiet, ends - time.monotonic()))
            message = await asyncio.wait_for(self._receive(), patience)
        except TimeoutError:
            self._closes = True
            raise Refusal(408, "too_slow", "The body came too slowly; it was given up.") from None
        if message["type"] != "http.request":
            return message
        self.received += len(message.get("body", b""))
        self._is_read = not message.get("more_body", False)
        if self.received > self._most:
            raise _too_large(self._most)
        return message

    async def _drain(self) -> None:
        """Read on for a moment: a client that still sends would lose the answer with its line."""
        if self._is_read or self._closes or not _has_body(self.scope):
            return
        left = _DRAINED
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while left > 0 and not self._is_read:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self._is_read = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            pass
        self._closes = not self._is_read

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            await self._drain()
            headers = [*message.get("headers", ())]
            named = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in SECURITY_HEADERS if name not in named]
            headers.append((b"x-request-id", self.id.encode()))
            if self._closes and b"connection" not in named:
                headers.append((b"connection", b"close"))  # what is left of a body is never taken for a request
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self._send(message)

    def note(self) -> None:
        """Write the request into the access log: no query, no header, no body."""
        if self.guard.log is None:
            return
        told = {
            "at": round(time.time(), 3),
            "id": self.id,
            "client": (self.scope.get("client") or ("",))[0],
            "key": self.key.id if self.key else None,
            "method": self.scope["method"][:16],
            "path": self.scope["path"][:200],
            "status": self.status,
            "seconds": round(time.monotonic() - self.began, 4),
            "received": self.received,
            "sent": self.sent,
        }
        self.guard.log(told)


def _too_large(most: int) -> Refusal:
    return Refusal(413, "too_large", f"This body is too large; at most {most:,} bytes are taken here.")


def _read_headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers, each that matters given once at most.

    Raises:
        Refusal: One stands twice, two contradict each other, or there are too many.
    """
    headers: dict[bytes, bytes] = {}
    if len(scope["headers"]) > MAX_HEADERS:
        raise _bad_header(f"A request has at most {MAX_HEADERS} headers.")
    for name, value in scope["headers"]:
        if name in headers and name in ONCE:
            raise _bad_header("This header stands twice.", name.decode("latin-1"))
        headers[name] = value
    if b"transfer-encoding" in headers:
        if b"content-length" in headers:
            raise _bad_header("A body has a length or comes in chunks, not both.", "content-length")
        if headers[b"transfer-encoding"].lower() != b"chunked":
            raise _bad_header("A body comes in chunks or whole.", "transfer-encoding")
    return headers


def _bad_header(words: str, at: str | None = None) -> Refusal:
    """Return the refusal of a head that programs may read differently; nothing more is read from that line."""
    return Refusal(400, "bad_header", words, at=at, headers={"connection": "close"})


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _spelled_address(scope: Scope) -> str:
    """Return the address at which a request came in, as a host spells it."""
    address = str((scope.get("server") or ("",))[0]).lower()
    return f"[{address}]" if ":" in address else address


def _name_of(host: str) -> str:
    """Return a host without its port."""
    return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]


def _is_host(host: str) -> bool:
    rest = host[len(_name_of(host)) :]
    return bool(host) and (not rest or (rest[0] == ":" and rest[1:].isdigit() and len(rest) <= 6))
