"""Serving a flow from a notebook: the verb that `pf.Flow` takes from this room."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ServeError
from .extra import needed_by
from .publishing.publishable import PublishableFlow

if TYPE_CHECKING:
    from .server import Server

_servers: dict[Path, Server] = {}
_lock = threading.Lock()


class ServedFlow(PublishableFlow):
    """Is called over HTTP while the kernel lives."""

    def serve(
        self,
        name: str | None = None,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        folder: str | Path | None = None,
        **publishing: Any,
    ) -> Server:
        """Publish the flow and serve it beside the notebook, which stays free; says where it is and how to call it.

        All flows of a kernel share one server and the worker; calling this again publishes what was edited.

        Args:
            name: What callers name it by, in URLs; made from the flow's name if not given.
            host: Address to listen on; another one lets other machines in.
            port: Port to listen on; 8484 if that is free, else another one.
            folder: Where endpoints and jobs are kept; the user's own if not given.
            publishing: As for `publish`.

        Raises:
            PublishRefused: The flow cannot be served as it is; carries every reason.
            ServeError: The port is taken, or a server of this kernel listens elsewhere already.
        """
        with needed_by("flow.serve()"):
            from .server import first_key, welcome

        endpoint = self.publish(name, folder=folder, **publishing)
        server = shared_server(folder, host, port)
        print(welcome(server, first_key(server.serving), endpoint))
        return server


def shared_server(folder: str | Path | None = None, host: str = "127.0.0.1", port: int | None = None) -> Server:
    """Return the server of this process for a folder, started when it is first asked for.

    Args:
        folder: Where endpoints and jobs are kept; the user's own if not given.
        host: Address to listen on.
        port: Port to listen on; None takes the usual one, or a free one where that is taken.

    Raises:
        ServeError: The port is taken, or the server listens elsewhere already.
    """
    with needed_by("A server"):
        from .server import PORT, Server
    from .store import shared_store

    store = shared_store(None if folder is None else Path(folder))
    with _lock:
        server = _servers.get(store.folder)
        if server is not None and server.is_running:
            if port not in (None, 0, int(server.url.rpartition(":")[2])):
                raise ServeError(f"A server of this kernel is at {server.url} already. Stop it first: server.stop().")
            return server
        try:
            server = Server(store, host=host, port=PORT if port is None else port).start()
        except ServeError:
            if port is not None:
                raise
            server = Server(store, host=host, port=0).start()
        _servers[store.folder] = server
        return server


def running_server(folder: str | Path | None = None) -> Server | None:
    """Return the server of this process for a folder, if one runs.

    Args:
        folder: Where endpoints and jobs are kept; the user's own if not given.
    """
    from .store import shared_store

    server = _servers.get(shared_store(None if folder is None else Path(folder)).folder)
    return server if server is not None and server.is_running else None
