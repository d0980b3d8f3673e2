"""Messages between the pages and the kernel: each request is handled once, in its page's order, and answered."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import PixelFlowError
from .errands import beside

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NOT_PAGES = {"python", "undo", "redo", "file", "resolve", "restore", "code"}
"""Sources of edits that are no page's: a page that calls itself so is not heard."""
KEPT_ANSWERS = 200
KEPT_EARLY = 1000
KEPT_PAGES = 64

Message = dict[str, Any]
Buffers = list[Any]
Answer = tuple[Message, Buffers]


class Send(Protocol):
    """Sends a message to every page."""

    def __call__(self, content: Message, buffers: Buffers | None = None) -> None:
        """Send."""
        ...


class Handlers(Protocol):
    """Does what pages ask for; an error becomes the words of a refusal."""

    quick: dict[str, Callable[[str, Message, Buffers], Message]]
    """Answered at once."""
    edits: dict[str, Callable[[str, Message, Buffers], bool]]
    """Answered by the change that they make; return whether there is one."""
    slow: dict[str, Callable[[str, Message, Buffers], Answer]]
    """Done beside, and answered when done."""
    notices: dict[str, Callable[[str, Message, Buffers], None]]
    """Not answered."""


AGAIN = {
    "hello",
    "want",
    "versions",
    "compare",
    "picture",
    "panels",
    "read_prompt",
    "prompt_words",
    "prompt_history",
    "prompt_difference",
    "prompt_styles",
    "apply_style",
    "run_state",
    "why",
    "timeline",
    "about_model",
    "model_fit",
    "missing_models",
    "resident_models",
    "variables",
    "export_flow",
    "node_cells",
    "signature",
    "publishing",
    "serving",
    "webhooks",
    "usage",
    "about",
    "jobs",
    "medium",
    "estimate",
    "costs",
    "used",
    "code",
    "sample",
    "thumbnails",
}
"""Requests that change nothing: asked again, they are done again, so that no large answer is kept."""


class _Page:
    """Is one browser page that shows the flow."""

    def __init__(self) -> None:
        self.next = 1
        self.early: dict[int, tuple[Message, Buffers]] = {}
        self.answers: OrderedDict[int, Answer] = OrderedDict()
        self.edits: deque[int] = deque()
        """Numbers of the requests whose change has not been told yet, in order."""
        self.pending: set[int] = set()
        """Numbers of the requests that are still being done."""


class Bridge:
    """Hears pages and answers them; may be called on several threads at once.

    Args:
        send: Sends a message to every page.
        handlers: Does what they ask for.
    """

    def __init__(self, send: Send, handlers: Handlers) -> None:
        self._send = send
        self._handlers = handlers
        self._lock = threading.RLock()
        self._keeping = threading.Lock()  # a leaf: nothing is called while it is held
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    def hear(self, content: Any, buffers: Buffers | None = None) -> None:
        """Take a message of a page; what is not one is left alone."""
        if not isinstance(content, dict) or not isinstance(kind := content.get("type"), str):
            return
        client, seq = content.get("client"), content.get("seq")
        if not isinstance(client, str) or not _NAME.match(client) or client in _NOT_PAGES:
            return
        if kind in self._handlers.notices:
            try:
                self._handlers.notices[kind](client, content, buffers or [])
            except Exception:
                _log.exception("The notice '%s' of a page failed.", kind)
        elif isinstance(seq, int) and not isinstance(seq, bool) and seq > 0:
            with self._lock:
                self._in_order(client, seq, content, buffers or [])

    def _in_order(self, client: str, seq: int, content: Message, buffers: Buffers) -> None:
        page = self._page(client)
        if seq > page.next:
            if len(page.early) < KEPT_EARLY:
                page.early[seq] = content, buffers
            return
        if seq < page.next:
            self._again(client, page, seq, content, buffers)
            return
        page.next += 1
        self._handle(client, page, seq, content, buffers)
        while page.next in page.early:
            seq = page.next
            page.next += 1
            self._handle(client, page, seq, *page.early.pop(seq))

    def _page(self, client: str) -> _Page:
        page = self._pages.get(client)
        if page is None:
            page = self._pages[client] = _Page()
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(client)
        return page

    def _again(self, client: str, page: _Page, seq: int, content: Message, buffers: Buffers) -> None:
        """Answer a request that was heard before; the one that is still being done is answered then."""
        if content["type"] in AGAIN:
            self._handle(client, page, seq, content, buffers)
            return
        with self._keeping:
            kept = page.answers.get(seq)
        if kept is not None:
            self._send(*kept)
        elif seq not in page.pending and seq not in page.edits:
            # It was answered long ago: more than the last answers are not kept.
            self._send({"type": "ack", "client": client, "seq": seq})

    def _handle(self, client: str, page: _Page, seq: int, content: Message, buffers: Buffers) -> None:
        kind = content["type"]
        handlers = self._handlers
        try:
            if kind in handlers.edits:
                self._edit(client, page, seq, lambda: handlers.edits[kind](client, content, buffers))
            elif kind in handlers.quick:
                answer = handlers.quick[kind](client, content, buffers)
                self._answer(client, page, seq, answer, keep=kind not in AGAIN)
            elif kind in handlers.slow:
                page.pending.add(seq)
                beside(lambda: self._slowly(client, page, seq, content, buffers))
            else:
                raise PixelFlowError(f"This kernel does not know the request '{kind[:40]}'. Update pixelflow_widgets.")
        except Exception as error:
            self._answer(client, page, seq, refusal(kind, error))

    def _edit(self, client: str, page: _Page, seq: int, do: Callable[[], bool]) -> None:
        page.edits.append(seq)  # before: the change may be told on another thread
        did = False
        try:
            did = do()
        finally:
            if not did and page.edits and page.edits[-1] == seq:
                page.edits.pop()
        if not did:
            self._answer(client, page, seq, {"did": False})

    def _slowly(self, client: str, page: _Page, seq: int, content: Message, buffers: Buffers) -> None:
        try:
            answer, attached = self._handlers.slow[content["type"]](client, content, buffers)
        except Exception as error:
            answer, attached = refusal(content["type"], error), []
        self._answer(client, page, seq, answer, attached, keep=content["type"] not in AGAIN)
        page.pending.discard(seq)

    def _answer(
        self, client: str, page: _Page, seq: int, answer: Message, buffers: Buffers | None = None, *, keep: bool = True
    ) -> None:
        message = {"type": "ack", **answer, "client": client, "seq": seq}
        if keep:
            self._keep(page, seq, message, buffers or [])
        self._send(message, buffers)

    def _keep(self, page: _Page, seq: int, message: Message, buffers: Buffers) -> None:
        with self._keeping:
            page.answers[seq] = message, buffers
            while len(page.answers) > KEPT_ANSWERS:
                page.answers.popitem(last=False)

    def tell_change(self, message: Message) -> None:
        """Tell every page of an accepted edit; for the page whose edit it was, it is the answer.

        Args:
            message: The change; its source names the page, if it was one.
        """
        page = self._pages.get(message["source"])
        client, seq = None, None
        if page is not None and page.edits:
            client, seq = message["source"], page.edits.popleft()
        message = {**message, "client": client, "seq": seq}
        if page is not None and seq is not None:
            self._keep(page, seq, message, [])
        self._send(message)


def refusal(kind: str, error: Exception) -> Message:
    """Return the refusal of a request, in words."""
    if isinstance(error, PixelFlowError):
        return {"type": "reject", "message": str(error) or type(error).__name__}
    if isinstance(error, OSError):
        return {"type": "reject", "message": f"The disk did not take it: {error}."}
    _log.warning("The request '%s' of a page failed.", kind, exc_info=error)
    return {"type": "reject", "message": f"This could not be done ({type(error).__name__}: {str(error)[:200]})."}
