"""Runs of a flow as its pages see them: started, followed, stopped; state, progress, live frames and results."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import FlowProblems, PixelFlowError, RunError
from ..flow.media_files import from_json
from ..flow.problems import Problem
from ..run import Run
from ..run.events import Event
from ..schema import NodeType
from ..schema.port_types import read_port_type
from .bridge import Buffers, Message
from .errands import Later, beside
from .results import Results
from .routing import Stops
from .sight import Frame, Frames, Sight

_log = logging.getLogger(__name__)
SECONDS_BETWEEN = 0.1
_ENDS = {"node-finished": "done", "node-failed": "failed", "node-cancelled": "cancelled"}


class Pages(Protocol):
    """Is where the state of runs is told."""

    def send(self, content: Message, buffers: Buffers | None = None) -> None:
        """Send a message to every page."""
        ...

    def publish(self, name: str, value: Any) -> None:
        """Set a trait."""
        ...

    def run_ended(self) -> None:
        """Hear that a run has ended."""
        ...


class Runs:
    """Follows the newest run of a flow, whoever started it; tells at most ten times a second.

    Args:
        flow: Returns the flow.
        pages: Is told.
    """

    def __init__(self, flow: Callable[[], Any], pages: Pages) -> None:
        self._flow = flow
        self.pages = pages
        self.stops = Stops()
        self.sight = Sight()
        self.results = Results()
        self._frames = Frames(self.sight)
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._run: Run | None = None
        self._id: str | None = None
        self._status = "idle"
        self._nodes: dict[str, dict[str, Any]] = {}
        self._state_is_new = False
        self._progress: dict[str, dict[str, Any]] = {}
        self._new_progress: set[str] = set()
        self._tell_later = Later(self._tell, SECONDS_BETWEEN)

    # Starting and stopping

    def start(self, run: str, targets: list[str] | None, inputs: Mapping[str, Any]) -> None:
        """Plan and start a run beside.

        Args:
            run: Its id, made by the page.
            targets: Names of outputs of the flow, or ids of nodes; None is everything that has an effect.
            inputs: Values of the flow's inputs, as JSON.

        Raises:
            RunError: A run is going on that nobody has stopped.
        """
        with self._lock:
            before = self._run if self._run is not None and self._run.status == "running" else None
            is_planned = self._status == "running" and (self._run is None or self._run.id != self._id)
            if run == self._id or is_planned or (before is not None and not before.is_stopping):
                raise RunError("It is running already; stop it first.")
            self._begin(run)
        self._tell_later.ask()
        threading.Thread(
            target=self._start, args=(run, targets, inputs, before), name=f"pixelflow-start-{run}", daemon=True
        ).start()

    def stop(self, run: Any) -> None:
        """Stop the run of an id, and no other."""
        self.stops.stop(run)

    def _start(self, run: str, targets: list[str] | None, inputs: Mapping[str, Any], before: Run | None) -> None:
        # The one before was stopped; its node may take a moment to leave.
        while before is not None and run not in self.stops and not before.wait(SECONDS_BETWEEN):
            pass
        if run in self.stops:
            self._end(run, "cancelled")
            return
        try:
            flow = self._flow()
            flow.start(_given(flow, inputs), targets=targets, id=run)
        except Exception as error:
            self._refuse(run, error)

    def _refuse(self, run: str, error: Exception) -> None:
        problems: list[Problem] = []
        if isinstance(error, FlowProblems):
            problems = error.problems
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            message = f"This flow cannot run. {problems[0]}{more}"
        elif isinstance(error, PixelFlowError):
            message = str(error)
        else:
            _log.exception("A run that a page asked for did not start.")
            message = f"The run did not start ({type(error).__name__}: {str(error)[:200]})."
        self._end(run, "failed")
        told = [problem_for_page(problem) for problem in problems]
        self.pages.send({"type": "refused", "run": run, "message": message, "problems": told})

    # Following

    def follow(self, run: Run) -> None:
        """Follow a run that has been started."""
        self.stops.began(run)
        with self._lock:
            if self._id != run.id:
                self._begin(run.id)
            self._run = run
            self._nodes = {node: {"state": "waiting"} for node in run.node_types}
        self._tell_later.ask()
        threading.Thread(target=self._follow, args=(run,), name=f"pixelflow-follow-{run.id}", daemon=True).start()

    def _begin(self, run: str) -> None:
        self._id, self._status, self._nodes, self._state_is_new = run, "running", {}, True
        self._progress.clear()
        self._new_progress.clear()
        self._frames.clear()

    def _end(self, run: str, status: str) -> None:
        with self._lock:
            if self._id != run:
                return
            self._status, self._state_is_new = status, True
            # What waited did not come to run; what ran on was left behind.
            self._nodes = {
                node: {**entry, "state": "cancelled"} if entry["state"] == "running" else entry
                for node, entry in self._nodes.items()
                if entry["state"] != "waiting"
            }
        self._tell_later.ask()

    def _follow(self, run: Run) -> None:
        try:
            for event in run.events():
                self._take(run, event)
        finally:
            self._end(run.id, run.status)
            self.stops.ended(run)
            self.pages.run_ended()

    def _take(self, run: Run, event: Event) -> None:
        node = event.node
        if event.kind == "node-failed" and node is None:  # the run itself broke off
            self.pages.send({"type": "refused", "run": run.id, "message": event.note, "problems": []})
        if node is None:
            return
        if event.kind == "node-finished":
            self.results.keep(run, node, event.took, event.cached)
            beside(self.tell_results)
        if run.id != self._id:
            return  # another run has been started since; what this one finds is shown, its progress is not
        if event.kind == "preview" and event.preview is not None:
            port = _port_of(run.node_types[node], event.preview.mime)
            self._frames.put(node, Frame(run.id, port, event.preview, event.item))
        elif event.kind in ("progress", "node-started", *_ENDS):
            with self._lock:
                self._note(node, event)
        else:
            return
        self._tell_later.ask()

    def _note(self, node: str, event: Event) -> None:
        """Take a node's progress or change of state into account; the lock is held."""
        if event.kind == "progress":
            told: dict[str, Any] = {"fraction": event.fraction, "note": event.note}
            self._progress[node] = told | ({"item": list(event.item)} if event.item else {})
            self._new_progress.add(node)
            return
        self._state_is_new = True
        if event.kind == "node-started":
            self._nodes[node] = {"state": "running"}
            return
        entry: dict[str, Any] = {"state": _ENDS[event.kind]}
        entry |= {"cached": True} if event.cached else {}
        entry |= {"took": round(event.took, 3)} if event.took is not None else {}
        if event.kind == "node-failed":
            entry |= {"error": event.note, "traceback": event.traceback}
        self._nodes[node] = entry
        self._progress.pop(node, None)
        self._new_progress.discard(node)
        self._frames.end(node)

    # Telling

    def _tell(self) -> None:
        with self._telling:
            with self._lock:
                state = None
                if self._state_is_new:
                    state = {"run": self._id, "status": self._status, "nodes": dict(self._nodes)}
                self._state_is_new = False
                progress = {node: self._progress[node] for node in self._new_progress}
                self._new_progress.clear()
                run = self._id
            if state is not None:
                self.pages.publish("run_state", state)
            if progress:
                self.pages.send({"type": "progress", "run": run, "nodes": progress})
            for message, buffers in self._frames.due():
                self.pages.send(message, buffers)

    def tell_results(self) -> None:
        """Send the results that pages have not heard of and look at; encodes pictures, so it is done beside."""
        for node in self.results.untold:
            if self.sight.sees(node):
                for shown in self.results.take_untold(node):
                    try:
                        self.pages.send(*shown.message())
                    except Exception:  # one value that cannot be shown must not hide the others
                        _log.exception("The result of '%s.%s' cannot be shown.", shown.node, shown.port)

    def came(self, client: str) -> None:
        """Tell a page that has come, or come again, what it missed."""
        self.sight.came(client)
        self.results.replay()
        self._frames.again()
        with self._lock:
            self._new_progress.update(self._progress)
        self._tell_later.ask()
        beside(self.tell_results)

    def shows(self, client: str, nodes: list[str]) -> None:
        """Take notice of the nodes that a page shows, and tell what it now sees."""
        self.sight.shows(client, nodes)
        self._tell_later.ask()
        if self.results.untold:
            beside(self.tell_results)

    def credit(self, node: str, frame: int) -> None:
        """Take notice that a page has shown a frame; the next one may come."""
        self._frames.credit(node, frame)
        self._tell_later.ask()


def problem_for_page(problem: Problem) -> dict[str, Any]:
    """Return a problem as the page reads it."""
    told = {"node": problem.node, "port": problem.port, "message": problem.sentence, "remedy": problem.remedy}
    return told | ({"severity": problem.severity} if problem.severity != "error" else {})


def _port_of(node_type: NodeType, mime: str) -> str:
    """Return the output that an unfinished result belongs to: the first that carries what it is."""
    modality = mime.partition("/")[0]
    for name, port in node_type.outputs.items():
        if port.type.medium.modality == modality:
            return name
    return next(iter(node_type.outputs), "")


def _given(flow: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of inputs that a page gave, media and models in place of what stands for them."""
    types = {entry.get("name"): entry.get("type") for entry in flow.document["inputs"] if isinstance(entry, Mapping)}
    return {
        name: from_json(read_port_type(types[name]), value, flow.media) if name in types else value
        for name, value in inputs.items()
    }
