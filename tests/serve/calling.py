"""A server in this process, with its jobs run in it too, for those who call it from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pixelflow_widgets as pf
from pixelflow_widgets.serve.server import Server
from pixelflow_widgets.serve.serving import Serving
from pixelflow_widgets.serve.store import Store

from . import client_nodes, served, served_nodes


@dataclass
class Served:
    """Is the server."""

    url: str
    key: str
    serving: Serving

    def publish(self, flow: pf.Flow, name: str, **settings: Any) -> Any:
        return served.publish(self.serving.store, flow, name, **settings)


@contextlib.contextmanager
def serving(folder: Path, wrap: Callable[[Any], Any] | None = None) -> Iterator[Served]:
    """Serve the flows of the tests; `wrap` puts something in front of the app."""
    store = Store(folder)
    server = Server(store, port=0, backend="inline", webhook_hosts="127.0.0.1")
    if wrap is not None:
        server.guard.app = wrap(server.guard.app)
    with server:
        made = Served(server.url, server.serving.keys.make("tests", ["*"]).text, server.serving)
        publish_all(made)
        yield made
    store.close()


def publish_all(to: Served) -> None:
    """Publish a flow of each kind."""
    to.publish(served.stamp_flow(), "stamp")
    to.publish(values_flow(), "say-it")
    to.publish(media_flow(), "media")
    to.publish(_of("breaks", lambda: served_nodes.breaks_off(text="It is too late.")), "breaks")
    to.publish(_of("slow", lambda: served_nodes.counted_slowly(count=200)), "slow")
    with pf.Flow("counts") as flow:
        flow.output("given", served_nodes.counted_slowly(count=flow.input("count", 4)))
    to.publish(flow, "counts")
    to.publish(_of("large", client_nodes.large_number), "large")
    with pf.Flow("drawn") as flow:
        flow.output("number", served_nodes.drawn_number(seed=flow.input("seed", type=int)))
    to.publish(flow, "drawn")


def _of(name: str, node: Callable[[], Any]) -> pf.Flow:
    with pf.Flow(name) as flow:
        flow.output("given", node())
    return flow


def values_flow() -> pf.Flow:
    with pf.Flow("say it") as flow:
        text = flow.input("text", type=str)
        given = {"count": flow.input("count", 3), "size": flow.input("size", 0.5), "flag": flow.input("flag", False)}
        flow.output("said", client_nodes.every_value(text=text, mode=flow.input("mode", "soft"), **given))
    return flow


def media_flow() -> pf.Flow:
    types = {"image": pf.Image, "mask": pf.Mask, "audio": pf.Audio, "video": pf.Video, "table": pf.Table}
    with pf.Flow("media") as flow:
        given = {name: flow.input(name, type=kind) for name, kind in types.items()}
        made = client_nodes.every_medium(**given, images=flow.input("images", type=list[pf.Image]))
        for name in (*types, "images"):
            flow.output(name, getattr(made, name))
    return flow
