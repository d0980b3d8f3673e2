"""A page of a playground that is not there: sends what a browser would, and keeps what it is sent."""

from __future__ import annotations

import io
import itertools
from typing import Any

import PIL.Image

import pixelflow_widgets as pf

from ..page import Page, wait_for

FINAL = ("succeeded", "failed", "canceled")


class PlayPage(Page):
    """A page of a playground."""

    def __init__(self, playground: Any, client: str = "page") -> None:
        self.flow, self.client, self.editor = playground.flow, client, playground
        self.numbers = itertools.count(1)

    def start(self, buffers: Any = (), count: int = 1, **values: Any) -> list[dict[str, Any]]:
        """Begin generations and return them as they were then."""
        answer = self.ask("start", buffers, values=values, count=count)
        assert "jobs" in answer, answer
        return answer["jobs"]

    def refused(self, buffers: Any = (), **values: Any) -> dict[str, Any]:
        """Ask for what is refused, and return why."""
        return self.ask("start", buffers, values=values)["refused"]

    def job(self, id: str) -> dict[str, Any]:
        """What the page was told of a generation last."""
        told = [message["job"] for message in self.of("job") if message["job"]["id"] == id]
        return told[-1] if told else {}

    def ended(self, id: str) -> dict[str, Any]:
        """Wait until a generation has ended, and return how."""
        return wait_for(lambda: job if (job := self.job(id)).get("status") in FINAL else None, 60)


def words(name: str = "Big words") -> pf.Flow:
    """A flow that joins words, at once."""
    flow = pf.Flow(name)
    said = flow.input("words", "at dusk", help="What is said.")
    flow.output("text", flow.add("join_text", texts=[flow.add("prompt", text="a mill")["text"], said])["text"])
    return flow


def png(*color: int, size: tuple[int, int] = (8, 6)) -> bytes:
    """The file of a picture of one colour."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()
