"""Flows over HTTP: frozen versions, jobs, artifacts, keys, webhooks, MCP. Names are loaded on first use."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "jobs.artifacts": "Artifact Artifacts",
    "publishing.endpoints": "Endpoint Endpoints",
    "jobs.jobs": "Job Jobs",
    "keys": "Key Keys",
    "jobs.runner": "Runner",
    "server": "Server",
    "store": "Store",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"pixelflow_widgets.serve has no '{name}'. It has: {', '.join(sorted(_HOME_OF))}.")
    value = getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME_OF)
