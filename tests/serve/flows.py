"""Flows that are called over HTTP in the tests: one of each kind of input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.serve.publishing.endpoints import Endpoint
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.store import Store

from . import http_nodes as nodes
from .served import publish


def poster_flow(prompt: str = "a lighthouse", steps: int = 4) -> pf.Flow:
    """Return a flow that paints by numbers, with every kind of plain value."""
    with pf.Flow("poster") as flow:
        values = {
            "prompt": flow.input("prompt", prompt, help="What to paint."),
            "width": flow.input("width", 64),
            "height": flow.input("height", 48),
            "steps": flow.input("steps", steps),
            "seed": flow.input("seed", 7),
            "style": flow.input("style", "plain"),
            "bright": flow.input("bright", True),
            "strength": flow.input("strength", 0.5),
        }
        flow.output("image", nodes.painted_poster(**values))
    return flow


def turn_flow() -> pf.Flow:
    """Return a flow that gives a picture back."""
    with pf.Flow("turn") as flow:
        image, prompt = flow.input("image", type=pf.Image), flow.input("prompt", "turn it")
        flow.output("image", nodes.turned_picture(image=image, prompt=prompt))
    return flow


def fail_flow() -> pf.Flow:
    """Return a flow whose node raises."""
    with pf.Flow("fail") as flow:
        flow.output("text", nodes.fails_with(text=flow.input("text", "it broke")))
    return flow


def slow_flow() -> pf.Flow:
    """Return a flow that takes as long as it is told."""
    with pf.Flow("slow") as flow:
        flow.output("seconds", nodes.takes_a_while(seconds=flow.input("seconds", 0.1), mark=flow.input("mark", 0)))
    return flow


def gradual_flow() -> pf.Flow:
    """Return a flow that shows how far it is."""
    with pf.Flow("gradual") as flow:
        flow.output("image", nodes.painted_slowly(prompt=flow.input("prompt", "a hill")))
    return flow


def publish_all(store: Store) -> list[Endpoint]:
    """Publish every flow of this module, under its own name."""
    flows = (poster_flow(), turn_flow(), fail_flow(), slow_flow(), gradual_flow())
    return [publish(store, flow, flow.name) for flow in flows]


def served(folder: Path, **settings: Any) -> Server:
    """Return a server, not yet started, with every flow of this module."""
    store = Store(folder)
    publish_all(store)
    return Server(store, **{"port": 0, "backend": "inline", **settings})
