"""A server on this machine that speaks enough of the Hub's protocol to be fetched from, and can be made to fail."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "1" * 40
LARGE = (".safetensors", ".gguf", ".bin")


class Hub:
    """Holds repositories, remembers what was asked, and fails where it is told to."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.licences: dict[str, str] = {}
        self.gated: set[str] = set()
        self.tokens: set[str] = {"good"}
        self.announced: dict[str, str] = {}
        """File → another digest than its own, which the server claims."""
        self.cut_after: list[int] = []
        """The next contents of large files end after so many bytes, as if the line was cut."""
        self.ignores_ranges = False
        self.asked: list[tuple[str, str, str]] = []
        """(method, path, range) of each request."""
        self.url = ""

    def add(self, repository: str, files: Mapping[str, bytes | str], licence: str = "mit") -> None:
        self.repositories[repository] = {
            name: content.encode() if isinstance(content, str) else content for name, content in files.items()
        }
        self.licences[repository] = licence

    def fetched(self) -> list[str]:
        """Return the files that were sent, in order."""
        return [
            path.partition("/resolve/")[2].partition("/")[2]
            for how, path, _ in self.asked
            if how == "GET" and "/resolve/" in path
        ]

    def ranges(self) -> list[str]:
        """Return from where the contents of files were asked for, where not from the start."""
        return [wanted for how, _, wanted in self.asked if how == "GET" and wanted]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None: ...

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, how: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((how, path, self.headers.get("Range") or ""))
        if path.startswith("/api/models/"):
            repository, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            self._describe(repository, revision or "main")
            return
        repository, _, rest = path.removeprefix("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        self._send_file(how, repository, revision, name)

    def _refuse(self, status: int, code: str = "", message: str = "") -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self._send(status, b"{}", headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], how: str = "GET") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if how == "GET":
            self.wfile.write(body)

    def _describe(self, repository: str, revision: str) -> None:
        files = self.hub.repositories.get(repository)
        if files is None:
            self._refuse(401)  # the Hub does not tell a stranger whether there is one
            return
        if revision not in ("main", COMMIT):
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        siblings = [self._sibling(name, content) for name, content in files.items()]
        gated = "manual" if repository in self.hub.gated else False
        told = {"id": repository, "sha": COMMIT, "siblings": siblings, "gated": gated, "private": False, "downloads": 0}
        told |= {"cardData": {"license": self.hub.licences[repository]}, "tags": [], "likes": 0}
        self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _sibling(self, name: str, content: bytes) -> dict[str, Any]:
        told: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": hashlib.sha1(content).hexdigest()}
        if name.endswith(LARGE):
            told["lfs"] = {"sha256": self._digest(name, content), "size": len(content), "pointerSize": 130}
        return told

    def _digest(self, name: str, content: bytes) -> str:
        return self.hub.announced.get(name) or hashlib.sha256(content).hexdigest()

    def _send_file(self, how: str, repository: str, revision: str, name: str) -> None:
        files = self.hub.repositories.get(repository, {})
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if repository in self.hub.gated and token not in self.hub.tokens:
            self._refuse(403 if token else 401, "GatedRepo", "Access to this model is restricted.")
            return
        if name not in files:
            self._refuse(404, "EntryNotFound", "Entry not found")
            return
        content = files[name]
        is_large = name.endswith(LARGE)
        etag = self._digest(name, content) if is_large else hashlib.sha1(content).hexdigest()
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        start = 0
        wanted = self.headers.get("Range")
        if wanted and not self.hub.ignores_ranges:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        if how == "GET" and is_large and self.hub.cut_after:
            self._send_cut(206 if start else 200, body, headers, self.hub.cut_after.pop(0))
            return
        self._send(206 if start else 200, body, headers, how)

    def _send_cut(self, status: int, body: bytes, headers: Mapping[str, str], count: int) -> None:
        """Promise all of a body, send its beginning, and hang up."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:count])
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve an empty Hub on a free port."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
