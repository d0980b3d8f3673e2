"""The widget of a training: how far it is, at most ten times a second; Stop, Go on, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from ...errors import PixelFlowError
from ...media import Preview
from ..bridge import Answer, Buffers, Message
from ..errands import Later, beside
from ..gettings import shared_gettings
from ..picture.live_view import LiveView, draw_live_view, read_live_view
from .problems import Wrong, told_problems
from .shown import WIDTH, Picture, Shown

SECONDS_BETWEEN = 0.1
_HEIGHT = 400
_MOST_BYTES = 300_000


class Watched(Protocol):
    """Is a training as the widget reads it; `pf.Training` is one."""

    @property
    def folder(self) -> Path:
        """Return where it lives; its samples lie in "samples" there."""
        ...

    @property
    def name(self) -> str:
        """Return what it is called."""
        ...

    @property
    def status(self) -> str:
        """Return "waiting", "running", "stopped", "finished" or "failed"."""
        ...

    @property
    def note(self) -> str:
        """Return what it is doing now; empty where its steps say that."""
        ...

    @property
    def weights(self) -> Path | None:
        """Return where the result lies; None before there is one."""
        ...

    @property
    def trigger(self) -> str:
        """Return the trigger word; empty where there is none."""
        ...

    @property
    def code(self) -> str:
        """Return the Python that uses the weights; empty before there are any."""
        ...

    @property
    def error(self) -> str:
        """Return why it failed; empty where it did not."""
        ...

    @property
    def problems(self) -> Sequence[Wrong]:
        """Return what is wrong with its dataset."""
        ...

    def view(self) -> Preview | None:
        """Return its live view; None before there is one."""
        ...

    def stop(self) -> Any:
        """End it softly, and keep the best so far; returns at once."""
        ...

    def resume(self) -> Any:
        """Go on where it was; returns at once."""
        ...

    def on_change(self, callback: Callable[..., None]) -> Callable[[], None]:
        """Call back when something is other than before, on any thread; the function that is returned ends it."""
        ...


class TrainingWidget(Shown):
    """Shows a training.

    Args:
        training: `pf.Training`, or what reads as one.
    """

    def __init__(self, training: Watched) -> None:
        self._training = training
        self._tell_later = Later(lambda: beside(self._tell), SECONDS_BETWEEN)
        super().__init__("training", _Requests(training, self.ask), Picture(self._drawn), lambda: repr(training))
        self._end = training.on_change(lambda *_: self.ask())

    def ask(self) -> None:
        """Tell pages anew, soon."""
        self._tell_later.ask()

    def close(self) -> None:
        """Close the line to the pages; the training goes on."""
        self._end()
        super().close()

    def _tell(self) -> None:
        self.send(*state_of(self._training))
        self.renew_picture()
        if self._training.weights is not None:
            shared_gettings().look()  # editors have them in their pickers at once

    def _drawn(self) -> tuple[str, str, str, float]:
        training = self._training
        preview = training.view()
        view = read_live_view(preview) if preview is not None else None
        # The training knows best: its folder says nothing yet of one that waits for the worker.
        view = LiveView({**view.head, "status": training.status}, view.strip) if view else None
        drawn = draw_live_view(view, WIDTH, _HEIGHT, _MOST_BYTES, with_words=False) if view else ""
        words = training.error or (view.words() if view else training.status)
        return training.name, words, drawn, _HEIGHT if view else 8


class _Requests:
    """Does what pages of a training ask for; see `bridge.Handlers`."""

    def __init__(self, training: Watched, changed: Callable[[], None]) -> None:
        self._training = training
        self._changed = changed
        self.edits: dict[str, Callable[[str, Message, Buffers], bool]] = {}
        self.quick: dict[str, Callable[[str, Message, Buffers], Message]] = {}
        self.slow = {"about": self._about, "sample": self._sample, "stop": self._stop, "resume": self._resume}
        self.notices: dict[str, Callable[[str, Message, Buffers], None]] = {}

    def _about(self, _: str, __: Message, ___: Buffers) -> Answer:
        message, buffers = state_of(self._training)
        return {"about": message}, buffers

    def _stop(self, _: str, __: Message, ___: Buffers) -> Answer:
        self._training.stop()
        self._changed()
        return {}, []

    def _resume(self, _: str, __: Message, ___: Buffers) -> Answer:
        self._training.resume()
        self._changed()
        return {}, []

    def _sample(self, _: str, message: Message, __: Buffers) -> Answer:
        step, prompt = message.get("step"), message.get("prompt")
        if not isinstance(step, int) or not isinstance(prompt, int):
            raise PixelFlowError("A sample is asked for by the numbers of its step and its prompt.")
        for path in self._training.folder.glob(f"samples/*-{prompt}.png"):
            if path.name.partition("-")[0].lstrip("0") == str(step or ""):
                return {"mime": "image/png"}, [path.read_bytes()]
        raise PixelFlowError(f"The sample of step {step} is not kept any more.")


def state_of(training: Watched) -> tuple[Message, Buffers]:
    """Return all that a page shows of a training, and the bytes of its live view, if there is one."""
    preview = training.view()
    state: Message = {"type": "training", "name": training.name, "status": training.status, "note": training.note}
    state |= {"error": training.error, "weights": str(training.weights or ""), "trigger": training.trigger}
    state |= {"code": training.code, "problems": told_problems(training.problems, with_names=False)}
    return state, [] if preview is None else [preview.data]
