"""Models that somebody gets in this kernel: each once, in a thread of its own, whichever editor asked for it."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import Cancelled, ModelError, PixelFlowError
from ..flow.edited import listen
from ..models.taught import taught_state
from .errands import Later

_log = logging.getLogger(__name__)
SECONDS_BETWEEN = 0.2
_KEPT = 50

Get = Callable[[str, Callable[[int, int, str], None], threading.Event], Any]


@dataclass
class Getting:
    """Is one model on its way.

    Args:
        source: As it was asked for: a card's name, a Hub id, a file within one.
        title: What a person calls it.
        state: How far it is.
        done: Bytes that are here.
        total: Bytes that there are; 0 while that is not known.
        words: What is being done, or what went wrong.
    """

    source: str
    title: str
    state: Literal["getting", "done", "failed", "stopped"] = "getting"
    done: int = 0
    total: int = 0
    words: str = ""
    stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def describe(self) -> dict[str, Any]:
        """Return it as pages read it."""
        return {name: getattr(self, name) for name in ("source", "title", "state", "done", "total", "words")}


class Gettings:
    """Gets models, and tells how far they are.

    Args:
        get: Gets a model: takes its source, what is told of (bytes done, bytes in all, words), and what stops it.
    """

    def __init__(self, get: Get) -> None:
        self._get = get
        self._lock = threading.Lock()
        self._all: dict[str, Getting] = {}
        self._listeners: list[Callable[[bool], None]] = []
        self._ended = False
        self._taught = taught_state()
        self._tell_later = Later(self._tell, SECONDS_BETWEEN)

    def listen(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Call back when there is something to tell, with whether one has ended; what is returned ends that."""
        return listen(self._listeners, listener)

    def describe(self) -> list[dict[str, Any]]:
        """Return all of them as pages read them, those asked for first first."""
        with self._lock:
            return [getting.describe() for getting in self._all.values()]

    def start(self, source: str, title: str) -> None:
        """Begin to get a model, or go on with one that was stopped or failed; one that is on its way is left alone."""
        with self._lock:
            known = self._all.get(source)
            if known is not None and known.state == "getting":
                return
            getting = self._all[source] = Getting(source, title)
            for old in [key for key, one in self._all.items() if one.state != "getting"][:-_KEPT]:
                del self._all[old]
        self._tell_later.ask()
        threading.Thread(target=self._run, args=(getting,), name=f"pixelflow-get-{title[:20]}", daemon=True).start()

    def stop(self, source: str) -> None:
        """Stop getting a model; what is here stays, so that it can go on."""
        with self._lock:
            if (getting := self._all.get(source)) is not None:
                getting.stop.set()

    def look(self) -> None:
        """Tell listeners where weights are here now that nobody got: a training made them."""
        state = taught_state()
        with self._lock:
            is_new, self._taught = state != self._taught, state
        if is_new:
            self._ended = True
            self._tell_later.ask()

    def _run(self, getting: Getting) -> None:
        try:
            self._get(getting.source, functools.partial(self._progress, getting), getting.stop)
            getting.state, getting.words = "done", ""
        except Cancelled:
            getting.state, getting.words = "stopped", "Stopped. What is here is kept."
        except (PixelFlowError, OSError) as error:
            getting.state, getting.words = "failed", str(error)
        except Exception as error:
            _log.exception("Getting the model '%s' failed.", getting.source)
            getting.state, getting.words = "failed", f"{type(error).__name__}: {str(error)[:300]}"
        self._ended = True
        self._tell_later.ask()

    def _progress(self, getting: Getting, done: int, total: int, words: str = "") -> None:
        getting.done, getting.total, getting.words = int(done), int(total), words
        self._tell_later.ask()

    def _tell(self) -> None:
        has_ended, self._ended = self._ended, False
        for listener in tuple(self._listeners):
            try:
                listener(has_ended)
            except Exception:  # the line of one editor may be closed
                _log.exception("How far models are could not be told.")


def _fetch(source: str, progress: Callable[[int, int, str], None], stop: threading.Event) -> None:
    from ..models.getting import get

    get(source, on_progress=progress, stop=stop)


@functools.cache
def shared_gettings() -> Gettings:
    """Return what all editors of this process get."""
    return Gettings(_fetch)


def checked_source(source: Any) -> str:
    """Return the name of a model that a page gave.

    Raises:
        ModelError: It is none.
    """
    if not isinstance(source, str) or not source.strip() or len(source) > 4096 or "\0" in source:
        raise ModelError("A model has a name: of a card, a Hub id, a folder or a file.")
    return source.strip()
