"""Two pages and a kernel end with one document, whatever order, delay and rejection do."""

from __future__ import annotations

import contextlib
import json
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.errors import OperationRejected
from pixelflow_widgets.flow.document import Document
from pixelflow_widgets.flow.edited import Change
from pixelflow_widgets.flow.operations import apply_all
from pixelflow_widgets.schema import Registry

from .strategies import OPERATIONS, documents, examples

Edit = list[dict[str, Any]]


@dataclass
class Message:
    client: int
    number: int
    operations: Edit
    accepted: bool = True


@dataclass
class Kernel:
    """Orders the edits: applies each as it comes, tells everybody, or tells its author that it was rejected."""

    document: Document

    def take(self, message: Message, refuses: bool) -> Message:
        try:
            if refuses:
                raise OperationRejected("A rule says no.")
            self.document, _ = apply_all(self.document, message.operations)
        except OperationRejected:
            return Message(message.client, message.number, message.operations, accepted=False)
        return message


@dataclass
class Page:
    """Shows its own edits at once, on top of what the kernel has confirmed."""

    number: int
    confirmed: Document
    count: int = 0
    pending: list[Message] = field(default_factory=list)

    @property
    def document(self) -> Document:
        shown = self.confirmed
        for mine in self.pending:
            try:
                shown, _ = apply_all(shown, mine.operations)
            except OperationRejected:
                continue  # the kernel will say so too
        return shown

    def edit(self, operations: Edit) -> Message | None:
        try:
            apply_all(self.document, operations)
        except OperationRejected:
            return None
        message = Message(self.number, self.count, operations)
        self.count += 1
        self.pending.append(message)
        return message

    def hear(self, message: Message) -> None:
        if message.client == self.number:
            self.pending = [mine for mine in self.pending if mine.number != message.number]
        if message.accepted:
            self.confirmed, _ = apply_all(self.confirmed, message.operations)


def converse(document: Document, edits: list[tuple[int, Edit]], seed: int) -> tuple[Kernel, list[Page]]:
    chance = random.Random(seed)
    kernel, pages = Kernel(document), [Page(0, document), Page(1, document)]
    up: list[deque[Message]] = [deque(), deque()]
    down: list[deque[Message]] = [deque(), deque()]
    waiting = deque(edits)
    while waiting or any(up) or any(down):
        choices = ["edit"] if waiting else []
        choices += [f"up{number}" for number in (0, 1) if up[number]]
        choices += [f"down{number}" for number in (0, 1) if down[number]]
        choice = chance.choice(choices)
        if choice == "edit":
            author, operations = waiting.popleft()
            message = pages[author].edit(operations)
            if message:
                up[author].append(message)
        elif choice.startswith("up"):
            answer = kernel.take(up[int(choice[2])].popleft(), refuses=chance.random() < 0.2)
            for number in (0, 1):
                if answer.accepted or number == answer.client:
                    down[number].append(answer)
        else:
            number = int(choice[4])
            pages[number].hear(down[number].popleft())
    return kernel, pages


@pytest.mark.soak
@examples(60)
@given(
    documents(),
    st.lists(st.tuples(st.integers(0, 1), st.lists(OPERATIONS, min_size=1, max_size=2)), max_size=25),
    st.integers(0, 2**32),
)
def test_two_pages_and_the_kernel_end_with_one_document(
    document: Document, edits: list[tuple[int, Edit]], seed: int
) -> None:
    kernel, pages = converse(document, edits, seed)
    for page in pages:
        assert not page.pending
        assert json.dumps(page.document, sort_keys=True) == json.dumps(kernel.document, sort_keys=True)


def test_the_order_of_two_edits_of_one_value_is_the_kernels() -> None:
    node = {"type": "say", "values": {}}
    document = {"format": "pixelflow", "version": 1, "name": "", "nodes": {"a": node}, "edges": [], "inputs": []}
    document |= {"outputs": [], "layout": {"positions": {}}}
    edits = [(author, [{"op": "set_values", "id": "a", "values": {"text": str(author)}}]) for author in (0, 1)]
    ends = set()
    for seed in range(40):
        kernel, pages = converse(document, edits, seed)
        assert kernel.document == pages[0].document == pages[1].document
        ends.add(kernel.document["nodes"]["a"]["values"].get("text"))
    assert ends == {"0", "1", None}  # None: both were refused


@dataclass
class LatePage:
    """Hears only some of what the kernel says, and asks for what it missed when a number is left out."""

    flow: pf.Flow
    revision: int = 0
    epoch: str = ""
    document: Document = field(default_factory=dict)

    def hear(self, change: Change) -> None:
        if change.revision != self.revision + 1:
            self.say_hello()
        else:
            self._take(change)

    def say_hello(self) -> None:
        missed = self.flow.changes_since(self.revision) if self.epoch == self.flow.epoch else None
        if missed is None:
            self.document, self.revision, self.epoch = self.flow.document, self.flow.revision, self.flow.epoch
            return
        for change in missed:
            self._take(change)

    def _take(self, change: Change) -> None:
        self.document, _ = apply_all(self.document, change.operations)
        self.revision = change.revision


@pytest.mark.soak
@examples(60)
@given(
    documents(),
    st.lists(st.tuples(st.sampled_from(["a", "b", "undo", "redo"]), OPERATIONS, st.booleans()), max_size=25),
)
def test_a_page_that_loses_messages_catches_up_with_the_live_flow(document: Document, steps: list[Any]) -> None:
    flow = pf.Flow("live", registry=Registry())
    flow._document = document
    page = LatePage(flow)
    page.say_hello()
    told: list[Change] = []
    flow.on_change(told.append)
    for what, operation, arrives in steps:
        with contextlib.suppress(OperationRejected):
            if what in ("undo", "redo"):
                getattr(flow, what)(source="page")
            else:
                flow.apply([operation], source=what, merge=what)
        if told and arrives:
            page.hear(told.pop())
            told.clear()
    page.say_hello()
    assert page.revision == flow.revision
    assert json.dumps(page.document, sort_keys=True) == json.dumps(flow.document, sort_keys=True)
