"""What tests of weights share: a Hub on this machine, and a cache of their own."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.models.hub_server import Hub, serving


@pytest.fixture(scope="session")
def _server() -> Iterator[Hub]:
    with serving() as hub:
        yield hub


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache in place of the user's."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    return cache


@pytest.fixture
def hub(_server: Hub, hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A Hub without repositories that can be reached, and nobody who is logged in."""
    from huggingface_hub import constants

    url = _server.url
    _server.__init__()
    _server.url = url
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", url)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(hub_cache / "no-token"))
    return _server


def weights(*, megabytes: float = 0, name: str = "weight", metadata: dict[str, str] | None = None) -> bytes:
    """Return the content of a safetensors file with a vector in it that is as large as wanted."""
    count = max(4, int(megabytes * 1e6) // 4)
    header = {"__metadata__": metadata} if metadata else {}
    header[name] = {"dtype": "F32", "shape": [count], "data_offsets": [0, count * 4]}  # pyright: ignore[reportArgumentType]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + os.urandom(min(count * 4, 65536)).ljust(count * 4, b"\1")


@pytest.fixture
def hub_file(hub_cache: Path) -> Callable[[str, str, bytes], Path]:
    """Put a file into the cache as if it had been fetched from a repository."""

    def put(repository: str, name: str, content: bytes, commit: str = "1" * 40) -> Path:
        folder = hub_cache / f"models--{repository.replace('/', '--')}"
        path = folder / "snapshots" / commit / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put
