"""`pf.Flow`: what a user holds. Editing comes from `flow/`, every other verb is handed to the room that does it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .errors import FlowFileError, RunError
from .export.exportable import ExportableFlow
from .flow.document import Document
from .flow.edited import listen
from .flow.handles import Node, OutputPort
from .flow.media_files import MediaFiles
from .flow.recorder import FlowRecorder
from .media.tags import CARRIERS
from .models.memory import ask_also
from .run import Result, Run
from .run.events import Event
from .run.questions import Question
from .schema import Complaint, Registry, registry
from .serve.served import ServedFlow
from .usage.used_flow import UsedFlow

if TYPE_CHECKING:
    import pandas

    from .flow.provenance import Provenance
    from .widget.editor import Editor


def _ask_worker(name: str, *arguments: Any) -> Any:
    from .run.backends import shared_worker

    return shared_worker().ask(name, *arguments)


# `pf.models.resident` and its kin speak of the worker, too, where the models mostly are.
ask_also(_ask_worker)


def _published_notices(document: Document) -> Iterable[Complaint]:
    from .serve.publishing.notices import published_notices

    return published_notices(document)


# The editor says when callers of an endpoint would miss what the flow has no longer.
registry.notices["published"] = _published_notices


class Flow(ServedFlow, ExportableFlow, UsedFlow):
    """Is a flow: nodes, edges, inputs and outputs.

    Inside `with Flow("first") as flow:` node functions are placed instead of run.

    Args:
        name: What it is called; becomes the name of its function, endpoint and file.
    """

    last_run: Run | None = None
    """The newest run, whoever started it."""
    _recorder: FlowRecorder | None = None

    def _begin(self, document: Document, files: MediaFiles, registry: Registry) -> None:
        super()._begin(document, files, registry)
        self._run_listeners: list[Callable[[Run], None]] = []

    def __enter__(self) -> Self:
        self._recorder = FlowRecorder(self)
        self._recorder.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._recorder:
            self._recorder.stop()
            self._recorder = None

    def start(
        self,
        inputs: dict[str, Any] | None = None,
        *,
        targets: Iterable[str | Node | OutputPort] | None = None,
        backend: Any = "auto",
        on_event: Callable[[Event], None] | None = None,
        id: str | None = None,
        priority: int = 0,
        over_budget: bool = False,
        **more_inputs: Any,
    ) -> Run:
        """Start a run and return at once.

        Args:
            inputs: Values of the flow's inputs by name; they may be given as keywords too.
            targets: Outputs of the flow or nodes that are wanted; None is everything that has an effect.
            backend: "auto" (the worker process, the kernel for nodes of live objects), "inline" or "worker".
            on_event: Called with each event, in another thread.
            id: What the run is called; made if not given.
            priority: Of its nodes where they wait for the worker; the smaller ones go first.
            over_budget: Start it though it exceeds `flow.budget`.
            more_inputs: Values of the flow's inputs.

        Raises:
            FlowProblems: Something that the targets need is wrong; nothing was started.
            BudgetExceeded: It would cost more than a budget allows; nothing was started.
        """
        from . import run
        from .run.history import place_of, process_history

        names = (
            None if targets is None else [target.id if isinstance(target, Node) else str(target) for target in targets]
        )
        given = {**(inputs or {}), **more_inputs}
        if not over_budget:
            self._check_budget(given, names)
        started = run.start(
            self.document,
            self.registry,
            self.media,
            inputs=given,
            targets=names,
            backend=backend,
            on_event=on_event,
            id=id,
            priority=priority,
            before_end=lambda ended: self.give_out(ended.document, ended.partial_result()),
        )
        self.last_run = started
        where = backend if isinstance(backend, str) else type(backend).__name__
        process_history().follow(started, place_of(self), self.epoch, where, self._note_usage)
        for listener in tuple(self._run_listeners):
            listener(started)
        return started

    def on_run(self, callback: Callable[[Run], None]) -> Callable[[], None]:
        """Call back with each run that is started, by anybody; the function that is returned ends it."""
        return listen(self._run_listeners, callback)

    def run(
        self,
        inputs: dict[str, Any] | None = None,
        *,
        targets: Iterable[str | Node | OutputPort] | None = None,
        backend: Any = "auto",
        on_event: Callable[[Event], None] | None = None,
        answers: Mapping[str, int] | Callable[[Question], int] | None = None,
        over_budget: bool = False,
        **more_inputs: Any,
    ) -> Result:
        """Run and wait; Ctrl-C (or the notebook's interrupt) cancels and keeps what is done.

        Args:
            inputs: As for `start`.
            targets: As for `start`.
            backend: As for `start`.
            on_event: As for `start`.
            answers: Which candidate each asking node takes, by its id, from 0; or what is called with each question and
                returns that. Without it the editor is asked, where one is shown.
            over_budget: As for `start`.
            more_inputs: As for `start`.

        Raises:
            FlowProblems: Something that the targets need is wrong; nothing was started.
            BudgetExceeded: It would cost more than a budget allows; nothing was started.
            NodeFailed: A node raised.
            WorkerLost: The worker process died.
            RunError: A node asks something, and nobody is here to answer.
        """
        given = {**(inputs or {}), **more_inputs}
        run = self.start(given, targets=targets, backend=backend, on_event=on_event, over_budget=over_budget)
        try:
            while not run.wait(0.2 if answers is None else 0.02):
                # Short waits: a lock that waits for ever does not hear Ctrl-C everywhere.
                for question in run.questions.values():
                    self._answer(run, question, answers)
        except RunError:
            run.cancel()
            raise
        except KeyboardInterrupt:
            run.cancel()
            run.wait(5)
            raise
        return run.result()

    def _answer(
        self, run: Run, question: Question, answers: Mapping[str, int] | Callable[[Question], int] | None
    ) -> None:
        if callable(answers):
            pick = answers(question)
            if question.node in run.questions:  # or the page has answered meanwhile
                run.answer(question.node, pick)
        elif answers is not None and question.node in answers:
            run.answer(question.node, answers[question.node])
        elif not self.is_shown:
            raise RunError(
                f"'{question.title}' asks which of {len(question.values)} candidates to take, and no editor is shown. "
                f"Write flow.run(answers={{'{question.node}': 0}}), or show the flow and press Run.",
                node=question.node,
            )

    @property
    def is_shown(self) -> bool:
        """Return whether its editor was shown in this kernel."""
        editor = self.__dict__.get("_editor")
        return editor is not None and editor.was_shown

    def pin(self, node: str | Node, *, source: str = "python") -> None:
        """Let the last result of a node stand, though its seed is random or its model changes, until it is edited.

        Args:
            node: The node or its id.
            source: Who does it.

        Raises:
            KeyError: There is no such node.
            RunError: It has no result yet.
        """
        from .run.pins import last_results, make_pin

        key = node if isinstance(node, str) else node.id
        results = last_results(self.document, self.registry, self.media, key, self.last_run)
        pinned = make_pin(self.document, self.registry, self.media, key, results)
        self.apply([{"op": "set_node", "id": key, "fields": {"pinned": pinned}}], source=source)

    def unpin(self, node: str | Node, *, source: str = "python") -> None:
        """Let a node run again when it is stale.

        Args:
            node: The node or its id.
            source: Who does it.
        """
        from .run.pins import let_go

        key = node if isinstance(node, str) else node.id
        before = self.document["nodes"].get(key)
        self.apply([{"op": "set_node", "id": key, "fields": {"pinned": None}}], source=source)
        let_go(before)

    def is_pinned(self, node: str | Node) -> bool:
        """Return whether a pinned result stands for a node: nothing that it was made with was edited since."""
        from .run.pins import holds

        return holds(self.document, self.registry, self.media, node if isinstance(node, str) else node.id)

    def why(self, node: str | Node) -> str:
        """Return in words why a node would run now: "steps went from 20 to 25 on 'Text to image'"; or that it is fresh.

        Args:
            node: The node or its id.

        Raises:
            KeyError: There is no such node.
        """
        from .run.why import why

        return why(self.document, self.registry, self.media, node if isinstance(node, str) else node.id)

    def values_into(self, node: str | Node) -> dict[str, Any]:
        """Return what comes into a node, by input port; what is fresh is taken, and what is missing is run first.

        Args:
            node: The node or its id.

        Raises:
            KeyError: There is no such node.
            FlowProblems: Something is wrong with the node, or with what feeds it.
            NodeFailed: A node before it raised.
        """
        from .run.values_into import values_into

        key = self.nodes[node if isinstance(node, str) else node.id].id
        return values_into(self.document, self.registry, self.media, key, lambda sources: self.run(targets=sources))

    @property
    def runs(self) -> pandas.DataFrame:
        """Return what ran, newest first: when, how long, how many nodes were found, seeds, memory, errors.

        The history outlives the kernel; it keeps the last thousand runs of all flows.
        """
        from .run.history import place_of, process_history, runs_table

        return runs_table(process_history().runs(place_of(self), self.epoch))

    def run_nodes(self, run: str | Run | None = None) -> pandas.DataFrame:
        """Return the nodes of a run: when each started, how long it took, what it found, its seed, memory and error.

        Args:
            run: The run or its id; None is the newest that has ended.

        Raises:
            KeyError: The history has no such run of this flow.
        """
        from .run.history import nodes_table, place_of, process_history

        return nodes_table(process_history().find(place_of(self), self.epoch, run.id if isinstance(run, Run) else run))

    async def run_async(self, inputs: dict[str, Any] | None = None, **options: Any) -> Result:
        """Run without blocking the event loop; cancelling the task cancels the run.

        Args:
            inputs: As for `run`.
            options: As for `run`.
        """
        run = self.start(inputs, **options)
        loop = asyncio.get_running_loop()
        try:
            while not await loop.run_in_executor(None, functools.partial(run.wait, 0.5)):
                pass
        except asyncio.CancelledError:
            run.cancel()
            raise
        return run.result()

    @staticmethod
    def warm() -> None:
        """Start the worker and load the model code in the background, so that the first run does not wait for it."""
        from .models.loading import CODE
        from .run.backends import shared_worker

        shared_worker().warm(CODE)

    @property
    def editor(self) -> Editor:
        """Return the widget that shows the flow; what is chosen in it can be read and set."""
        from .widget.editor import editor_of

        return editor_of(self)

    def _ipython_display_(self) -> None:
        """Show the editor, and beneath it the picture that a saved notebook keeps."""
        from .widget.showing import show

        show(self)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.editor._repr_mimebundle_()

    def _display_(self) -> Any:
        """Return what marimo shows."""
        self.editor.shown()
        return self.editor


def inspect(path: str | Path) -> Provenance:
    """Return what a picture, sound or film says of how it was made; runs and imports nothing.

    Args:
        path: A file that was saved here, or by a program that writes `parameters` into pictures.

    Raises:
        FlowFileError: It cannot be read, or what it carries is no flow.
    """
    from .flow.provenance import read_provenance

    place = Path(path).expanduser()
    return read_provenance(place, lambda: Flow.load(place))


def edit(flow: str | Path | Flow) -> Flow:
    """Open a flow's file, or make it, and return the flow; as the last line of a cell it shows the editor.

    Running the cell again attaches to the same live flow. Every edit is on disk at once, and saved when idle.

    Args:
        flow: The file, `poster.flow.json` or in short `poster`; or a flow, which is returned as it is.

    Raises:
        FlowFileError: There is no such folder, or the file is not a flow that can be edited in its place.
    """
    if isinstance(flow, Flow):
        return flow
    if not isinstance(flow, str | Path):
        raise TypeError(f"pf.edit wants the name of a file or a flow, not {type(flow).__name__}.")
    path = Path(flow).expanduser()
    if not path.name:
        raise FlowFileError(f"'{flow}' names no file. Write pf.edit('poster.flow.json').")
    if path.is_dir():
        raise FlowFileError(f"{path} is a folder. Write the name of a file in it: pf.edit('{path}/poster.flow.json').")
    if path.suffix.lower() in (".zip", *CARRIERS):
        raise FlowFileError(
            f"{path} is not a file that can be edited in its place. Write pf.Flow.load('{path}'), then save it as "
            f"'{path.with_suffix('').name}.flow.json'."
        )
    if path.suffix.lower() != ".json" and not path.exists():
        path = path.with_name(f"{path.name}.flow.json")
    if not path.parent.is_dir():
        raise FlowFileError(f"There is no folder {path.parent} for {path.name}. Make it first, or choose another one.")
    return Flow.open(path, autosave=True)
