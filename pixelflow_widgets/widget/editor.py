"""The editor of a flow: one widget a flow and kernel, shown in as many cells and pages as the user likes."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..errors import PixelFlowError
from ..media import Preview
from .auto_run import AutoRuns
from .binding_requests import asks_of, depends_on_notebook
from .bridge import Bridge, Buffers, Message
from .cells import on_cell_end
from .errands import Later, beside
from .gettings import shared_gettings
from .requests import Requests, snapshot
from .routing import honour_the_page
from .run_states import IDLE
from .runs import Runs, problem_for_page
from .traits import (
    CHECKS,
    changes_types,
    conflict_of,
    models_of,
    placed_types,
    sendable,
    stale_nodes_of,
    takes_model,
    types_of,
)

_log = logging.getLogger(__name__)
_creating = threading.RLock()
STATIC = Path(__file__).parents[1] / "static"
if not (STATIC / "widget.js").is_file():
    raise PixelFlowError(f"The front end is missing in {STATIC}. In a source checkout, write: make setup")

PAGES_MAY_SET = ("selection", "viewport", "options")
IDLE_DOCUMENT = 2.0
IDLE_PROBLEMS = 0.3
IDLE_PICTURE = 3.0
IDLE_CELLS = 0.15


class Editor(anywidget.AnyWidget):
    """Shows a flow and lets hands edit and run it; `flow.editor` is the one of a flow.

    What Python may observe and set: `selection` (node ids), `viewport`, `options`; what it may observe: the others.
    An editor that was shown keeps its flow alive.

    Args:
        flow: The flow.
        before: The editor that it takes the place of, whose line to the pages is closed.
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"
    document = traitlets.Dict(help="{epoch, rev, flow}: renewed when nobody has edited for two seconds").tag(
        sync=True, echo_update=False
    )
    types = traitlets.Dict(help="Every node type, as `NodeType.describe` tells it").tag(sync=True, echo_update=False)
    models = traitlets.List(help="The model cards").tag(sync=True, echo_update=False)
    selection = traitlets.List(help="Ids of the chosen nodes").tag(sync=True, echo_update=False)
    viewport = traitlets.Dict(help="{x, y, zoom}, or {} to show everything").tag(sync=True, echo_update=False)
    run_state = traitlets.Dict(
        help="{run, status, nodes, …}: renewed when a run begins and ends; pages hear in between"
    ).tag(sync=True, echo_update=False)
    problems = traitlets.List(help="What is wrong with the flow").tag(sync=True, echo_update=False)
    stale = traitlets.List(help="Ids of nodes that have had a result and would run now").tag(
        sync=True, echo_update=False
    )
    asks = traitlets.List(help="What the flow wants that nobody has confirmed: variables to use, code to run").tag(
        sync=True, echo_update=False
    )
    conflict = traitlets.Dict(help="{} or {kind, message}").tag(sync=True, echo_update=False)
    options = traitlets.Dict(help="height in pixels, auto_run").tag(sync=True, echo_update=False)
    status = traitlets.Dict(help="{file, saved, draft, note}").tag(sync=True, echo_update=False)

    def __init__(self, flow: Any, before: Editor | None = None) -> None:
        self._flow_now: Callable[[], Any] = weakref.ref(flow)
        self._shown_flow: Any = None
        self._publishing = threading.RLock()
        self._checking = threading.Lock()
        self._is_warm = False
        self._note = ""
        self._picture: Any = None
        self._ends: list[Callable[[], None]] = []
        if before is None:
            self._runs = Runs(self._flow, self)
        else:
            self._runs, self._picture = before._runs, before._picture
            self._runs.pages = self
        self._auto = AutoRuns(self._flow_now, self._runs, lambda: self.options.get("auto_run") is True)
        self._bridge = Bridge(self.send, Requests(self._flow, self._runs, self._came, self._saved_picture))
        self._make_laters()
        super().__init__(
            document=sendable(snapshot(flow)),
            types=types_of(flow),
            models=models_of(lambda card: isinstance(card.source, Path)),
            selection=before.selection if before else [],
            viewport=before.viewport if before else {},
            options=before.options if before else {"height": 520},
            run_state=before.run_state if before else {**IDLE},
            status=self._status(flow),
            conflict=conflict_of(flow),
            asks=asks_of(flow),
        )
        self.on_msg(lambda _, content, buffers: self._bridge.hear(content, buffers))
        self._listen(flow)
        beside(self._renew_problems)
        beside(self._renew_models)

    def _make_laters(self) -> None:
        self._document_later = Later(self._renew_document, IDLE_DOCUMENT, after_pause=True)
        self._problems_later = Later(lambda: beside(self._renew_problems), IDLE_PROBLEMS, after_pause=True)
        self._picture_later = Later(lambda: beside(self._renew_picture), IDLE_PICTURE, after_pause=True)
        self._status_later = Later(self._renew_status, 0.2)
        self._cells_later = Later(lambda: beside(self._look_at_notebook), IDLE_CELLS, after_pause=True)
        self._types_later = Later(self._renew_types, 0.05, after_pause=True)

    def _listen(self, flow: Any) -> None:
        me = weakref.ref(self)

        def types_changed() -> None:  # the registry lives as long as the process, and an editor may not
            if (editor := me()) is not None:
                editor._types_later.ask()

        self._ends = [
            flow.on_change(self._on_change),
            flow.on_run(self._runs.follow),
            flow.on_status(self._status_later.ask),
            flow.on_confirmed(self._confirmed),
            on_cell_end(lambda: (editor := me()) and editor._cells_later.ask()),
            flow.registry.on_change(types_changed),
            shared_gettings().listen(lambda has_ended: (editor := me()) and editor._tell_gettings(has_ended)),
        ]

    def __repr__(self) -> str:
        flow = self._flow_now()
        return f"<editor of {flow!r}>" if flow is not None else "<editor of a flow that is gone>"

    # The flow

    def _flow(self) -> Any:
        flow = self._flow_now()
        if flow is None:
            raise PixelFlowError("The flow of this editor is gone. Run the cell that shows it again.")
        return flow

    def _came(self, _: str) -> None:
        flow = self._shown_flow = self._flow()
        if models := shared_gettings().describe():
            self.send({"type": "getting", "models": models})
        entries = flow.document["nodes"].values()
        self._warm_for(flow, (entry.get("type") for entry in entries if isinstance(entry, dict)))

    def shown(self) -> None:
        """Take notice that it is shown: it keeps its flow from now on, and what hands do to it has a draft file."""
        flow = self._shown_flow = self._flow()
        try:
            flow.keep_draft()
        except (PixelFlowError, OSError) as error:
            self._note = f"Edits of this flow are not kept on disk: {error}"
            _log.warning(self._note)
        self._status_later.ask()

    def _on_change(self, change: Any) -> None:
        flow = self._flow_now()
        if flow is None:
            return
        told = {"type": "change", "epoch": flow.epoch, "rev": change.revision, "ops": change.operations}
        told |= {"source": change.source, "undo": flow.can_undo, "redo": flow.can_redo}
        self._bridge.tell_change(told)
        self._document_later.ask()
        self._problems_later.ask()
        self._status_later.ask()
        self._picture_later.ask()
        self._auto.heard(change.operations)
        if any(map(changes_types, change.operations)):
            self._types_later.ask()
        if not self._is_warm and self._shown_flow is not None:
            self._warm_for(flow, itertools.chain.from_iterable(map(placed_types, change.operations)))

    def _warm_for(self, flow: Any, types: Any) -> None:
        """Start the worker and load model code ahead, once a node is there that runs a model in the worker."""
        if self._is_warm:
            return
        for name in dict.fromkeys(types):
            node_type = flow.types.find(name) if isinstance(name, str) else None
            if node_type and takes_model(node_type):
                self._is_warm = True
                beside(flow.warm)
                return

    # What pages are told

    def publish(self, name: str, value: Any, *, anew: bool = False) -> None:
        """Set a trait, from any thread.

        Args:
            name: The trait.
            value: What it holds now.
            anew: Send it where that changes nothing, too: a page missed it.
        """
        with self._publishing:
            is_same = anew and getattr(self, name) == value
            setattr(self, name, value)
            if is_same:
                self.send_state(name)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page sets; what only the kernel sets, and what makes no sense, is passed over."""
        taken = {}
        for name, value in sync_data.items():
            if name in PAGES_MAY_SET:
                with contextlib.suppress(Exception):  # a page may send anything
                    taken[name] = self.traits()[name]._validate(self, CHECKS[name](value))
            elif name.startswith("_view_") or name == "layout":
                taken[name] = value
        with self._publishing:
            super().set_state(taken)

    @traitlets.validate("selection", "viewport", "options")
    def _check(self, proposal: Any) -> Any:
        return CHECKS[proposal["trait"].name](proposal["value"])

    @traitlets.observe("options")
    def _options_changed(self, change: Any) -> None:
        before = change["old"]
        if not (isinstance(before, dict) and before.get("auto_run")):
            self._auto.ask()

    @traitlets.observe("comm")
    def _line_opened(self, change: Any) -> None:
        honour_the_page(change["new"], self._runs.stops)

    def _send(self, msg: Message, buffers: Buffers | None = None) -> None:
        try:
            super()._send(msg, buffers)
        except UnicodeError:  # half a character, which a file may hold and no page can be sent
            super()._send(sendable(msg), buffers)

    def _renew_document(self) -> None:
        if (flow := self._flow_now()) is not None:
            self.publish("document", sendable(snapshot(flow)))

    def _renew_problems(self) -> None:
        with self._checking:
            if (flow := self._flow_now()) is not None:
                self.publish("problems", [problem_for_page(problem) for problem in flow.problems()])
                self.publish("asks", asks_of(flow))
                self.publish("stale", stale_nodes_of(flow))

    def _confirmed(self) -> None:
        self._problems_later.ask()
        self._auto.ask()

    def _look_at_notebook(self) -> None:
        """Renew what a cell that has run may have changed: variables, helpers of node functions, what was taught."""
        shared_gettings().look()
        flow = self._flow_now()
        if flow is None or not depends_on_notebook(flow):
            return
        before = self.problems, self.stale
        self._renew_problems()
        if (self.problems, self.stale) != before:
            self._auto.ask()

    def _renew_stale(self) -> None:
        with self._checking:
            if (flow := self._flow_now()) is not None:
                self.publish("stale", stale_nodes_of(flow))

    def _renew_types(self) -> None:
        if (flow := self._flow_now()) is not None:
            self.publish("types", types_of(flow))
            self._problems_later.ask()
            self._auto.ask()

    def _renew_models(self) -> None:
        self.publish("models", models_of(lambda card: card.is_here))

    def _tell_gettings(self, has_ended: bool) -> None:
        """Tell pages how far the models are that somebody gets, and what is here now."""
        self.send({"type": "getting", "models": shared_gettings().describe()})
        if has_ended:
            beside(self._renew_models)
            self._problems_later.ask()

    def _renew_status(self) -> None:
        if (flow := self._flow_now()) is None:
            return
        status, conflict = self._status(flow), conflict_of(flow)
        if status["saved"] and not self.status.get("saved"):
            self._renew_document()
        self.publish("status", status)
        self.publish("conflict", conflict)

    def _status(self, flow: Any) -> dict[str, Any]:
        error = flow.save_error
        note = f"Not saved: {error}" if error else self._note or flow.note
        file = flow.path.name if flow.path is not None else ""
        return {"file": file, "saved": bool(flow.is_saved), "draft": bool(flow.is_draft), "note": note}

    def run_ended(self) -> None:
        """Renew the saved picture after a run, what is stale, and what was taught in it."""
        beside(shared_gettings().look)
        beside(self._renew_picture)
        beside(self._renew_stale)

    def _renew_picture(self) -> None:
        if self._picture is not None:
            self._picture.renew()

    def _saved_picture(self) -> Message:
        if self._picture is None:
            raise PixelFlowError("No notebook keeps a picture of this flow.")
        bundle = self._picture.drawn()
        return {"id": self.model_id, "svg": bundle["image/svg+xml"], "text": bundle["text/plain"]}

    # Showing

    def previews(self) -> dict[str, dict[str, Preview]]:
        """Return what is shown of the latest result of each node, by output port."""
        return self._runs.results.previews()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self.shown()
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self._flow())}, metadata

    @property
    def was_shown(self) -> bool:
        """Return whether a page of it may be open, where somebody can answer."""
        return self._shown_flow is not None

    def show_picture(self) -> None:
        """Put the picture that a saved notebook keeps beneath the editor in the running cell."""
        if self._picture is None:
            from .saved import SavedPicture

            self._picture = SavedPicture(self._flow(), self._runs.results.previews)
        self._picture.show()

    @property
    def is_closed(self) -> bool:
        """Return whether its line to the pages is closed: by `close`, or by a notebook that runs its cell again."""
        return self.comm is None or getattr(self.comm, "_closed", False) is True

    def close(self) -> None:
        """Close the line to the pages; showing the flow again makes another editor."""
        for end in self.__dict__.get("_ends", []):
            end()
        self._ends, self._shown_flow = [], None
        super().close()


def editor_of(flow: Any) -> Editor:
    """Return the editor of a flow; it is made when it is first asked for, or was closed."""
    with _creating:
        editor: Editor | None = flow.__dict__.get("_editor")
        if editor is None or editor.is_closed:
            before, editor = editor, Editor(flow, editor)
            flow.__dict__["_editor"] = editor
            if before is not None:
                before.close()
            goodbye = weakref.finalize(flow, editor.close)  # ipywidgets keep every widget that is not closed
            goodbye.atexit = False
            editor._ends.append(lambda: goodbye.detach() and None)
        return editor
