"""A page that is not there: sends what a browser would, and keeps what it is sent."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import comm

import pixelflow_widgets as pf


class Line(comm.base_comm.BaseComm):  # type: ignore[name-defined]
    """A line to pages that are not there; keeps what is sent, from whatever thread."""

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        self.__dict__.setdefault("sent", []).append((msg_type, data, buffers))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The custom messages so far, with their bytes as "buffers"."""
        sent = list(self.__dict__.get("sent", []))
        return [
            {**data["content"], "buffers": buffers or []}
            for kind, data, buffers in sent
            if kind == "comm_msg" and data["method"] == "custom"
        ]

    def states(self, trait: str) -> list[Any]:
        """The values of a trait that were sent, in order."""
        sent = list(self.__dict__.get("sent", []))
        states = [data["state"] for kind, data, _ in sent if kind == "comm_msg" and data["method"] == "update"]
        return [state[trait] for state in states if trait in state]


class Page:
    """A page of an editor."""

    def __init__(self, flow: pf.Flow, client: str = "page") -> None:
        self.flow, self.client = flow, client
        self.editor = flow.editor
        self.numbers = itertools.count(1)
        self.hello = self.ask("hello", have=None)

    @property
    def line(self) -> Line:
        return self.editor.comm  # type: ignore[return-value]

    def send(self, content: Any, buffers: Any = ()) -> None:
        """Send a message as the browser would."""
        data = {"method": "custom", "content": content}
        self.editor._handle_msg({"content": {"data": data}, "buffers": list(buffers)})

    def tell(self, kind: str, **fields: Any) -> None:
        """Send what is not answered."""
        self.send({"type": kind, "client": self.client, **fields})

    def ask(self, kind: str, buffers: Any = (), **fields: Any) -> dict[str, Any]:
        """Send a request and return its answer."""
        seq = next(self.numbers)
        self.send({"type": kind, "client": self.client, "seq": seq, **fields}, buffers)
        return wait_for(lambda: self.answer(seq))

    def answer(self, seq: int) -> dict[str, Any] | None:
        found = [m for m in self.line.messages if (m.get("client"), m.get("seq")) == (self.client, seq)]
        return found[-1] if found else None

    def edit(self, *operations: Any, **fields: Any) -> dict[str, Any]:
        epoch, rev = self.flow.epoch, self.flow.revision
        return self.ask("ops", epoch=epoch, base_rev=rev, ops=list(operations), **fields)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a kind so far."""
        return [message for message in self.line.messages if message["type"] == kind]

    def shown(self) -> dict[str, Any]:
        """The state of the run as a page puts it together: the trait, then what changed, without a gap."""
        state: dict[str, Any] = {}
        for kind, data, _ in list(self.line.__dict__.get("sent", [])):
            if kind == "comm_msg" and data["method"] == "update" and "run_state" in data["state"]:
                state = {**data["state"]["run_state"]}
            elif kind == "comm_msg" and data.get("content", {}).get("type") == "states":
                told = data["content"]
                assert (told["run"], told["seq"]) == (state["run"], state["seq"] + 1), "a gap"
                state["nodes"] = {**state["nodes"], **told["nodes"]}
                state |= {name: told[name] for name in ("seq", "queued", "queue") if name in told}
        return state

    def node(self, node: str) -> dict[str, Any]:
        """How far a node is, as a page shows it."""
        return self.shown().get("nodes", {}).get(node, {})

    def run(self, run: str, targets: list[str] | None = None, **fields: Any) -> dict[str, Any]:
        return self.ask("run", run=run, targets=targets, **fields)

    def ended(self, run: str) -> dict[str, Any]:
        """Wait until a run has ended, and return its last state."""

        def state() -> Any:
            last = self.editor.run_state
            return last if last["run"] == run and last["status"] not in ("idle", "queued", "running") else None

        return wait_for(state)


def wait_for(found: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait until a function returns something, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
    return value


def add(node: str, type: str = "number", **values: Any) -> dict[str, Any]:
    """The operation that places a node."""
    return {"op": "add_node", "id": node, "node": {"type": type, "values": values}, "position": [0, 0]}


class Gate:
    """Lets a node of a test go on, step by step."""

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.reached = threading.Semaphore(0)

    def open(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.steps.release()

    def wait(self) -> None:
        assert self.reached.acquire(timeout=10)
