"""Runs of a flow as its pages see them: started, followed, stopped; state, progress, live frames and results."""

from __future__ import annotations

import functools
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import BudgetExceeded, Cancelled, FlowProblems, PixelFlowError, RunError
from ..flow.media_files import from_json
from ..flow.problems import Problem
from ..media.previews import LIVE_VIEW
from ..run import Run
from ..run.events import Event
from ..run.history import items_of
from ..run.questions import Question
from ..schema import NodeType
from ..schema.port_types import read_port_type
from .bridge import Buffers, Message
from .errands import Later, beside
from .results import Results
from .routing import Stops
from .run_queue import Entry, shared_queue
from .run_states import RunStates, marks
from .sight import Frame, Frames, Sight

_log = logging.getLogger(__name__)
SECONDS_BETWEEN = 0.1


class Pages(Protocol):
    """Is where the state of runs is told."""

    def send(self, content: Message, buffers: Buffers | None = None) -> None:
        """Send a message to every page."""
        ...

    def publish(self, name: str, value: Any, *, anew: bool = False) -> None:
        """Set a trait, and send it anew where that changes nothing, if wanted."""
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
        self.states = RunStates()
        self._frames = Frames(self.sight)
        self._telling = threading.Lock()
        self._is_asked = False
        self._run: Run | None = None
        self._asked: dict[str, Question] = {}
        """The questions that are shown, by node."""
        self._tell_later = Later(self._tell, SECONDS_BETWEEN)
        self._results_later = Later(lambda: beside(self.tell_results), SECONDS_BETWEEN)

    # Starting and stopping

    def start(
        self, run: str, targets: list[str] | None, inputs: Mapping[str, Any], *, over_budget: bool = False
    ) -> int:
        """Start a run when its turn comes; return at which place it waits, 0 if it has begun.

        Args:
            run: Its id, made by the page.
            targets: Names of outputs of the flow, or ids of nodes; None is everything that has an effect.
            inputs: Values of the flow's inputs, as JSON.
            over_budget: Start it though it exceeds the flow's budget.

        Raises:
            RunError: This run was asked for already, or too many wait.
        """
        if run == self.states.run:
            raise RunError("This run was asked for already.")
        return self._enqueue(Entry(run, self, lambda: self._launch(run, targets, inputs, over_budget=over_budget)))

    def start_auto(self, targets: list[str]) -> None:
        """Start a run that nobody asked for when its turn comes, in place of the one before.

        Args:
            targets: Ids of nodes; where there are none, the one before is stopped all the same.
        """
        for entry in shared_queue().going(self):
            if entry.is_auto:
                self.stops.stop(entry.id)
        if targets:
            run = f"auto{secrets.token_hex(5)}"
            self._enqueue(Entry(run, self, lambda: self._launch(run, targets, {}, is_auto=True), is_auto=True))

    def _enqueue(self, entry: Entry) -> int:
        place = shared_queue().add(entry)
        self._queue_changed()
        return place

    def _queue_changed(self) -> None:
        waiting = shared_queue().waiting(self)
        self.states.queue([entry.id for entry in waiting])
        if not self.states.is_on and waiting and not waiting[0].is_auto:
            self.states.begin(waiting[0].id, is_queued=True)
        self._tell_later.ask()

    def stop(self, run: Any, *, now: bool = False) -> None:
        """Stop the run of an id, and no other; one that waits is taken out.

        Args:
            run: The id.
            now: Do not wait until its nodes leave by themselves.
        """
        if shared_queue().take_out(run):
            self.states.end(run, "cancelled")
            self._queue_changed()
        self.stops.stop(run, now=now)
        shared_queue().go_on()  # runs of other flows do not wait for one that is stopping

    def answer(self, run: Any, node: Any, pick: Any) -> None:
        """Answer what a node asks, or what a node in its body asks.

        Raises:
            RunError: It asks nothing, or there is no such candidate.
        """
        asking = self._run
        if asking is None or asking.id != run or not isinstance(node, str):
            raise RunError("This run is over. Run it again, then choose.")
        shown = self._asked.get(node)
        asking.answer(node if shown is None else shown.node, pick)

    def _launch(
        self,
        run: str,
        targets: list[str] | None,
        inputs: Mapping[str, Any],
        *,
        is_auto: bool = False,
        over_budget: bool = False,
    ) -> None:
        if not is_auto:  # one that has nothing to do, or cannot run, is not shown
            self.states.begin(run)
            self._frames.clear()
        self._queue_changed()
        start = functools.partial(self._start, run, targets, inputs, is_auto, over_budget)
        threading.Thread(target=start, name=f"pixelflow-start-{run}", daemon=True).start()

    def _start(
        self, run: str, targets: list[str] | None, inputs: Mapping[str, Any], is_auto: bool, over_budget: bool
    ) -> None:
        try:
            if run in self.stops:
                raise Cancelled("The run was stopped.")
            flow = self._flow()
            given = _given(flow, inputs)
            flow.start(given, targets=targets, id=run, priority=int(is_auto), over_budget=over_budget)
        except Exception as error:
            if not is_auto:
                self._refuse(run, error)
            elif not isinstance(error, PixelFlowError):
                _log.exception("An automatic run did not start.")
            self._leave_queue(run)

    def _leave_queue(self, run: str) -> None:
        shared_queue().ended(run)
        self._queue_changed()

    def _refuse(self, run: str, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self._end(run, "cancelled")
            return
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
        over = {"over": error.over} if isinstance(error, BudgetExceeded) else {}  # the page asks whether to run it yet
        self.pages.send({"type": "refused", "run": run, "message": message, "problems": told, **over})

    # Following

    def follow(self, run: Run) -> None:
        """Follow a run that has been started."""
        self.stops.began(run)
        is_auto = any(entry.is_auto and entry.id == run.id for entry in shared_queue().going(self))
        shared_queue().began(self, run)
        types = run.node_types
        if self.states.run != run.id:
            self._frames.clear()
        self.states.begin(run.id, is_auto=is_auto)
        self.states.plan(marks(types, run.document["nodes"], lambda node: self._flow().is_pinned(node)))
        self._run = run
        self._tell_later.ask()
        follow = functools.partial(self._follow, run, types)
        threading.Thread(target=follow, name=f"pixelflow-follow-{run.id}", daemon=True).start()

    def _end(self, run: str, status: str) -> None:
        self.states.end(run, status)
        try:
            self._tell()  # at once: the next run may begin before it is time to tell again
        except Exception:  # the line to the pages may be closed
            _log.exception("The end of the run %s could not be told.", run)

    def _follow(self, run: Run, types: Mapping[str, NodeType]) -> None:
        try:
            for event in run.events():
                self._take(run, types, event)
        finally:
            for node in list(self._asked):
                self.results.answered(node)
            self._asked.clear()
            self._end(run.id, run.status)
            self.stops.ended(run)
            self._leave_queue(run.id)
            self.pages.run_ended()

    def _take(self, run: Run, types: Mapping[str, NodeType], event: Event) -> None:
        if event.kind == "node-failed" and event.node is None:  # the run itself broke off
            self.pages.send({"type": "refused", "run": run.id, "message": event.note, "problems": []})
        if event.node is None:
            return
        node, items = _outer(event.node), None
        is_inner = node != event.node
        if node not in types:
            return
        if event.kind == "question" or self.states.is_asking(node):
            self._ask(run, node)
        if is_inner and event.kind != "preview":
            return  # what a body does is told as progress of the node that runs it
        if event.kind == "node-finished":
            self.results.keep(run, node, types[node], event.took, event.cached)
            frame = self._frames.latest(node)
            if frame is not None and frame.run == run.id and frame.item is None:
                self.results.illustrate(node, frame.port, frame.preview)
            items = items_of(run, types[node], node)
            self._results_later.ask()
        if run.id != self.states.run:
            return  # another run has been started since; what this one finds is shown, its progress is not
        if event.kind == "preview" and event.preview is not None:
            port = _port_of(types[node], event.preview.mime)
            self._frames.put(node, Frame(run.id, port, event.preview, event.item))
        else:
            self.states.note(node, event, items)
            if event.kind in ("node-finished", "node-cancelled"):  # of one that failed the last stays: how far it came
                self._frames.end(node)
        self._tell_later.ask()

    def _ask(self, run: Run, node: str) -> None:
        """Show what a node asks now, itself or in its body; of several questions the first, then the next."""
        question = next((one for one in run.questions.values() if _outer(one.node) == node), None)
        if question is self._asked.get(node) or run.id != self.states.run:
            return
        if question is None:
            del self._asked[node]
            self.results.answered(node)
            self.states.answered(node)
        else:
            self._asked[node] = question
            self.results.ask(run.id, node, question.values)
            self.states.ask(node, question.note, len(question.values))
            self._results_later.ask()
            shared_queue().go_on()  # runs of other flows do not wait for an answer
        self._tell_later.ask()

    # Telling

    def _tell(self) -> None:
        with self._telling:
            state, messages = self.states.take()
            if state is not None:
                self.pages.publish("run_state", state, anew=self._is_asked)
                self._is_asked = False
            for message in messages:
                self.pages.send(message)
            for message, buffers in self._frames.due():
                self.pages.send(message, buffers)

    def again(self) -> None:
        """Tell the whole state again: a page missed something."""
        self._is_asked = True
        self.states.again()
        self._tell_later.ask()

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
        self.again()
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
    told["code"] = problem.code
    return told | ({"severity": problem.severity} if problem.severity != "error" else {})


def _outer(node: str) -> str:
    """Return the node of the flow itself that an event belongs to, which may be in the body of it."""
    return node.partition("/")[0]


def _port_of(node_type: NodeType, mime: str) -> str:
    """Return the output that an unfinished result belongs to: the first that carries it, for a training samples."""
    modality = "image" if mime == LIVE_VIEW else mime.partition("/")[0]
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
