"""The widget that shows a playground: lines to its pages, words and a picture for notebooks without a kernel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...errors import PixelFlowError
from ...flow.document import Document
from ...flow.subflows import with_subflows
from ...media import Preview
from ...run import Result, Run
from ...schema import Registry
from ..bridge import Bridge, Buffers, Message
from ..errands import Later, beside
from ..routing import Stops, honour_the_page
from ..saved import SavedPicture
from ..traits import sendable, takes_model
from .play import Play
from .requests import PlayRequests
from .subject import Subject

STATIC = Path(__file__).parents[2] / "static"
if not (STATIC / "playground.js").is_file():
    raise PixelFlowError(f"The front end is missing in {STATIC}. In a source checkout, write: make setup")

_IDLE_FLOW = 0.3
_IDLE_PICTURE = 1.0


class _Drawn:
    """Is what the picture of a saved notebook shows: the flow, and what came out last."""

    def __init__(self, play: Play) -> None:
        self._play = play

    @property
    def document(self) -> Document:
        return self._play.subject.flow.document

    @property
    def registry(self) -> Registry:
        return self._play.subject.flow.registry

    @property
    def last_run(self) -> Run | None:
        runs = [one.run for one in self._play.generations.all() if one.result is not None]
        return runs[-1] if runs else None


class ShownPlayground(anywidget.AnyWidget):
    """Shows a form for a subject and what comes out.

    Args:
        subject: What is played.
        backend: Who runs nodes.
    """

    _esm = STATIC / "playground.js"
    _css = STATIC / "playground.css"
    _end: Callable[[], None] | None = None

    def __init__(self, subject: Subject, backend: str = "auto") -> None:
        self._sending = threading.RLock()
        self._is_warm = False
        self._play = Play(subject, self, backend)
        self._bridge = Bridge(self.send, PlayRequests(self._play))
        self._changed_later = Later(lambda: self.send({"type": "changed"}), _IDLE_FLOW, after_pause=True)
        self._drawn = _Drawn(self._play)
        self._picture = SavedPicture(self._drawn)
        self._picture_later = Later(lambda: beside(self._picture.renew), _IDLE_PICTURE, after_pause=True)
        super().__init__()
        self.on_msg(lambda _, content, buffers: self._bridge.hear(content, buffers))
        self._end = subject.flow.on_change(lambda _: self._changed_later.ask())

    # From Python

    @property
    def flow(self) -> Any:
        """Return the flow that is played; of a model, the one that was made for it."""
        return self._play.subject.flow

    @property
    def values(self) -> dict[str, Any]:
        """Return what the form holds, by input; media as PIL images, Audio and Video."""
        signature = self._play.subject.signature
        found = {}
        for name, value in self._play.values.items():
            entry = signature.input(name)
            found[name] = value if entry is None else self._play.shown(entry, value)
        return found

    @values.setter
    def values(self, values: Mapping[str, Any]) -> None:
        self._play.keep(values)
        self._changed_later.ask()

    @property
    def results(self) -> list[Result]:
        """Return what came out so far, oldest first."""
        return [one.result for one in self._play.generations.all() if one.result is not None]

    @property
    def last(self) -> Result | None:
        """Return what came out last, or None."""
        return next(reversed(self.results), None)

    def generate(self, values: Mapping[str, Any] | None = None, **more: Any) -> Result:
        """Generate once and return what comes out; pages show it, too. Ctrl-C cancels.

        Args:
            values: Of the inputs by name; the others take their defaults, and a seed is drawn.
            more: As `values`.

        Raises:
            ValuesRefused: Values do not fit; says all that do not.
            FlowProblems: The flow cannot run: weights are missing, an adapter does not fit.
            NodeFailed: A node raised.
        """
        one = self._play.start({**(values or {}), **more})[0]
        self.changed(self._play.generations.told(one))
        try:
            while not one.wait(0.2):
                pass  # short waits: a lock that waits for ever does not hear Ctrl-C everywhere
        except KeyboardInterrupt:
            self._play.generations.cancel(one.id)
            one.wait(5)
            raise
        return one.outcome()

    # What pages hear

    def changed(self, told: dict[str, Any]) -> None:
        """Tell pages how far a generation is."""
        self.send(sendable({"type": "job", "job": told}))

    def previewed(self, id: str, preview: Preview) -> None:
        """Show pages an unfinished picture."""
        self.send({"type": "preview", "id": id, "mime": preview.mime}, [preview.data])

    def took(self, work: float, seconds: float) -> None:
        """Take notice of how long a generation took."""
        self._play.estimates.note(work, seconds)

    def ended(self) -> None:
        """Renew what a saved notebook keeps."""
        self._picture_later.ask()

    def _send(self, msg: Message, buffers: Buffers | None = None) -> None:
        with self._sending:
            super()._send(msg, buffers)

    @traitlets.observe("comm")
    def _line_opened(self, change: Any) -> None:
        honour_the_page(change["new"], Stops())

    # Showing

    def __repr__(self) -> str:
        counts = {"result": len(self.results), "generation on its way": self._count_open()}
        told = [f"{count} {word}{'s' if count != 1 else ''}" for word, count in counts.items() if count]
        return f"<playground of {self._play.subject.signature.title}: {', '.join(told) or 'nothing generated yet'}>"

    def _count_open(self) -> int:
        return sum(not one.job.is_final for one in self._play.generations.all())

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self._warm()
        if getattr(self.comm, "_closed", False) is True:  # by a notebook that has run the cell again that showed it
            self.comm = None
        self.open()
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self)}, metadata

    def _ipython_display_(self) -> None:
        """Show it in the running cell, and beneath it the picture that a saved notebook keeps."""
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        if getattr(get_ipython(), "kernel", None) is None:
            print(repr(self))
            return
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        self._picture.show()

    def _warm(self) -> None:
        """Start the worker and load model code ahead, where a model will run in it."""
        flow = self.flow
        types = with_subflows(flow.registry, flow.document)
        found = [types.find(entry.get("type", "")) for entry in flow.document["nodes"].values()]
        if not self._is_warm and any(one is not None and takes_model(one) for one in found):
            self._is_warm = True
            beside(flow.warm)

    def close(self) -> None:
        """Close the line to the pages; what waits is cancelled."""
        if self._end is None:  # it was never whole, or is closed
            return
        self._end()
        self._end = None
        for one in self._play.generations.all():
            if not one.job.is_final:
                self._play.generations.cancel(one.id)
        super().close()
