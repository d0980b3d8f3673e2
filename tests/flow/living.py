"""What tests do with live flows: open them, edit them by code and by hand, and leave them as a killed kernel does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pixelflow_widgets as pf

from .sample_types import REGISTRY


def opened(path: Path, **options: Any) -> pf.Flow:
    return pf.Flow.open(path, registry=REGISTRY, **options)


def coded(name: str = "first", *words: str) -> pf.Flow:
    """Return a flow as code makes it."""
    flow = pf.Flow(name, registry=REGISTRY)
    for word in words:
        say(flow, word)
    return flow


def say(flow: pf.Flow, text: str) -> None:
    flow.add("tests.say", id=text.replace(" ", "_"), text=text)


def say_by_hand(flow: pf.Flow, text: str) -> None:
    node = {"type": "tests.say", "type_version": 1, "values": {"text": text}}
    flow.apply([{"op": "add_node", "id": text.replace(" ", "_"), "node": node, "position": [0, 0]}], source="page1")


def texts(flow: pf.Flow | dict[str, Any]) -> list[str]:
    """Return what the nodes say, sorted: a file has them in another order than the one they came in."""
    document = flow if isinstance(flow, dict) else flow.document
    return sorted(entry["values"].get("text", "") for entry in document["nodes"].values())


def forget(flow: pf.Flow) -> None:
    """Leave a flow as a killed kernel does: nothing is saved, and its file is let go.

    The caller's own name of it has to go too; what it says of its file here is only taken away.
    """
    from pixelflow_widgets.flow.autosave import saver

    saver.forget(flow)
    with flow.lock:
        flow._detach()


def wait_for(what: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
