from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import comm
import PIL.Image
import pytest
from ipywidgets import Widget

import pixelflow_widgets as pf
from pixelflow_widgets.run import executor, pins, why
from pixelflow_widgets.run.backends import InlineBackend
from pixelflow_widgets.run.cache import Cache
from pixelflow_widgets.widget import run_queue, runs
from pixelflow_widgets.widget.run_queue import RunQueue

from .page import Gate, Line, Page

gate = Gate()


@pf.node(pure=False)
def paints(steps: int = 3, colour: int = 0, progress: pf.Progress = pf.Progress()) -> pf.Image:
    """Paints in steps, each when the test says so."""
    for step in range(steps):
        gate.reached.release()
        while not gate.steps.acquire(timeout=0.01):
            progress.check()
        progress((step + 1) / steps, preview=PIL.Image.new("RGB", (4, 4), (step, colour, 0)), note=f"step {step + 1}")
    gate.reached.release()
    return PIL.Image.new("RGB", (900, 600), (255, colour, 0))


@pf.node
def uses_model(model: pf.Model = "starter") -> str:  # type: ignore[assignment]
    return "drawn"


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """No Jupyter and no worker: lines to pages that are not there, nodes that run in this process."""
    monkeypatch.setattr(comm, "create_comm", Line)
    monkeypatch.setattr(executor, "backend_for", lambda *_: InlineBackend())
    kept = Cache()
    for module in (executor, pins, why):
        monkeypatch.setattr(module, "process_cache", lambda: kept)
    queue = RunQueue()
    for module in (runs, run_queue):
        monkeypatch.setattr(module, "shared_queue", lambda: queue)
    monkeypatch.chdir(tmp_path)
    gate.__init__()
    yield
    Widget.close_all()  # each one that stays would hear of every node type that later tests define
    queue._waiting.clear()
    for entry in list(queue._going.values()):  # what a failed test leaves on would open the gates of the next
        if entry.run is not None:
            entry.run.cancel()


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Filled when the worker would be warmed."""
    calls: list[str] = []
    monkeypatch.setattr(pf.Flow, "warm", staticmethod(lambda: calls.append("warm")))
    return calls


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    return pf.Flow("tried")


@pytest.fixture
def page(flow: pf.Flow) -> Page:
    return Page(flow)
