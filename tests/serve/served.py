"""Flows that the tests publish."""

from __future__ import annotations

from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.serve.publishing.endpoints import Endpoint, Endpoints
from pixelflow_widgets.serve.store import Store

from . import served_nodes as nodes


def stamp_flow() -> pf.Flow:
    """Return a flow that draws the picture of a text."""
    with pf.Flow("stamp") as flow:
        text, seconds = flow.input("text", type=str), flow.input("seconds", 0.0)
        flow.output("image", nodes.stamped(text=text, seconds=seconds))
    return flow


def publish(store: Store, flow: pf.Flow, name: str = "stamp", **settings: Any) -> Endpoint:
    return Endpoints(store).publish(flow.document, flow.media, flow.registry, name, **settings)
