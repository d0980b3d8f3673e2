"""A real kernel without a browser: what a cell shows, and messages while a cell runs and a thread publishes."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CELL = """
import time
import pixelflow_widgets as pf

@pf.node(where="kernel", pure=False)
def slow(count: int = 100_000, progress: pf.Progress = pf.Progress()) -> int:
    for number in range(count):
        time.sleep(0.02)
        progress((number + 1) / count)
    return count

flow = pf.Flow("kernel")
flow.add(slow)
flow
"""
BUSY = "flow.editor.send({'type': 'nothing'}); time.sleep(2.5)"


class Kernel:
    """A kernel, and a page that speaks with its editor."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.seq = 0
        self.subshell: str | None = None
        client.execute(CELL)
        self.shown: list[dict[str, Any]] = []
        opened = self.wait_for(self._is_opened, 60)
        self.comm = opened["content"]["comm_id"]

    def _is_opened(self, message: dict[str, Any]) -> bool:
        if message["msg_type"] == "error":
            raise AssertionError("\n".join(message["content"]["traceback"]))
        state = message["content"].get("data", {}).get("state", {})
        return message["msg_type"] == "comm_open" and state.get("_anywidget_id", "").endswith("Editor")

    def wait_for(self, test: Callable[[dict[str, Any]], Any], seconds: float = 10) -> dict[str, Any]:
        """Return the first message that passes a test."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                message = self.client.get_iopub_msg(timeout=0.05)
                if message["msg_type"] == "display_data":
                    self.shown.append(message["content"])
                if test(message):
                    return message
        raise AssertionError("it did not happen")

    def send(self, kind: str, **fields: Any) -> Callable[[dict[str, Any]], bool]:
        """Send a request, and return a test for its answer."""
        self.seq += 1
        seq = self.seq
        content = {"type": kind, "client": "page", "seq": seq, **fields}
        data = {"comm_id": self.comm, "data": {"method": "custom", "content": content}}
        message = self.client.session.msg("comm_msg", data)
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        return lambda message: self.told(message).get("seq") == seq

    def told(self, message: dict[str, Any]) -> dict[str, Any]:
        """The editor's own message inside one of the kernel's."""
        data = message["content"].get("data", {}) if message["msg_type"] == "comm_msg" else {}
        return data.get("content", {}) if data.get("method") == "custom" else {}

    def has_state(self, status: str) -> Callable[[dict[str, Any]], bool]:
        def test(message: dict[str, Any]) -> bool:
            data = message["content"].get("data", {}) if message["msg_type"] == "comm_msg" else {}
            return data.get("state", {}).get("run_state", {}).get("status") == status

        return test


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    from jupyter_client.manager import start_new_kernel

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_cell_shows_the_editor_and_beneath_it_the_picture(kernel: Kernel) -> None:
    kernel.wait_for(lambda _: len(kernel.shown) == 2)
    editor, picture = kernel.shown
    assert editor["data"]["application/vnd.jupyter.widget-view+json"]["model_id"] == kernel.comm
    assert "image/svg+xml" in picture["data"]
    assert picture["transient"]["display_id"]


def test_stop_is_heard_while_a_cell_runs_although_the_page_has_no_subshell(kernel: Kernel) -> None:
    kernel.wait_for(kernel.send("hello", have=None))
    kernel.wait_for(kernel.send("run", run="r1", targets=None))
    kernel.wait_for(lambda message: kernel.told(message).get("type") == "progress")
    kernel.client.execute(BUSY)
    time.sleep(0.5)
    began = time.monotonic()
    kernel.send("stop", run="r1")
    kernel.wait_for(kernel.has_state("cancelled"))
    assert time.monotonic() - began < 1.2, "the cell sleeps two seconds more"


def test_edits_and_stop_are_answered_while_a_cell_runs_where_the_page_has_a_subshell(kernel: Kernel) -> None:
    kernel.wait_for(kernel.send("hello", have=None))
    control = kernel.client.session.msg("create_subshell_request", {})
    kernel.client.control_channel.send(control)
    reply = kernel.client.get_control_msg(timeout=10)
    assert "subshell_id" in reply["content"], "the kernel that the tests run with has subshells"
    kernel.subshell = reply["content"]["subshell_id"]
    kernel.wait_for(kernel.send("run", run="r1", targets=None))
    kernel.wait_for(lambda message: kernel.told(message).get("type") == "progress")
    kernel.client.execute(BUSY)
    time.sleep(0.5)
    began = time.monotonic()
    kernel.wait_for(kernel.send("undo"))
    kernel.wait_for(kernel.send("redo"))
    kernel.wait_for(kernel.send("stop", run="r1"))
    kernel.wait_for(kernel.has_state("cancelled"))
    assert time.monotonic() - began < 1.8, "the cell sleeps two seconds more"
