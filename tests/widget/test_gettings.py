"""Models on their way: each is got once, its progress told, stopped, gone on with, and its failure said in words."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pixelflow_widgets.errors import Cancelled, ModelError
from pixelflow_widgets.widget import gettings as room
from pixelflow_widgets.widget.gettings import Gettings, checked_source

from .page import wait_for


class Hub:
    """Gets nothing, as slowly as the test says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = threading.Event()
        self.error: Exception | None = None

    def get(self, source: str, progress: Any, stop: threading.Event) -> None:
        self.asked.append(source)
        progress(25, 100, "weights")
        while not self.go_on.wait(0.005):
            if stop.is_set():
                raise Cancelled("stopped")
        if self.error:
            raise self.error
        progress(100, 100, "")


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def gettings(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Gettings:
    monkeypatch.setattr(room, "SECONDS_BETWEEN", 0.001)
    return Gettings(hub.get)


def state(gettings: Gettings, source: str) -> dict[str, Any]:
    return next(one for one in gettings.describe() if one["source"] == source)


def test_a_model_is_got_once_however_often_it_is_asked_for(gettings: Gettings, hub: Hub) -> None:
    told: list[bool] = []
    gettings.listen(told.append)
    for _ in range(3):
        gettings.start("sdxl", "Stable Diffusion XL")
    wait_for(lambda: state(gettings, "sdxl")["done"] == 25)
    assert state(gettings, "sdxl") == {
        "source": "sdxl",
        "title": "Stable Diffusion XL",
        "state": "getting",
        "done": 25,
        "total": 100,
        "words": "weights",
    }
    hub.go_on.set()
    wait_for(lambda: True in told)
    assert state(gettings, "sdxl")["state"] == "done"
    assert hub.asked == ["sdxl"]


def test_one_that_was_stopped_can_go_on(gettings: Gettings, hub: Hub) -> None:
    gettings.start("sdxl", "SDXL")
    gettings.stop("sdxl")
    wait_for(lambda: state(gettings, "sdxl")["state"] == "stopped")
    hub.go_on.set()
    gettings.start("sdxl", "SDXL")
    wait_for(lambda: state(gettings, "sdxl")["state"] == "done")
    assert hub.asked == ["sdxl", "sdxl"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModelError("Its owner asks first."), "Its owner asks first."),
        (OSError("no space left"), "no space left"),
        (ZeroDivisionError("odd"), "ZeroDivisionError: odd"),
    ],
)
def test_why_one_failed_is_said_in_words(gettings: Gettings, hub: Hub, error: Exception, words: str) -> None:
    hub.error = error
    hub.go_on.set()
    gettings.start("sdxl", "SDXL")
    wait_for(lambda: state(gettings, "sdxl")["state"] == "failed")
    assert state(gettings, "sdxl")["words"] == words


@pytest.mark.parametrize("source", [None, 3, "", "  ", "a" * 5000, "a\0b"])
def test_what_is_no_name_of_a_model_is_refused(source: Any) -> None:
    with pytest.raises(ModelError, match="has a name"):
        checked_source(source)
