"""`pf.Flow`: what a user holds. Editing comes from `flow/`, every other verb is handed to the room that does it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .errors import FlowFileError
from .flow.document import Document
from .flow.edited import listen
from .flow.editing import EditableFlow
from .flow.handles import Node, OutputPort
from .flow.media_files import MediaFiles
from .flow.recorder import FlowRecorder
from .run import Result, Run
from .run.events import Event
from .schema import Registry

if TYPE_CHECKING:
    from .widget.editor import Editor


class Flow(EditableFlow):
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
        **more_inputs: Any,
    ) -> Run:
        """Start a run and return at once.

        Args:
            inputs: Values of the flow's inputs by name; they may be given as keywords too.
            targets: Outputs of the flow or nodes that are wanted; None is everything that has an effect.
            backend: "auto" (the worker process, the kernel for nodes of live objects), "inline" or "worker".
            on_event: Called with each event, in another thread.
            id: What the run is called; made if not given.
            more_inputs: Values of the flow's inputs.

        Raises:
            FlowProblems: Something that the targets need is wrong; nothing was started.
        """
        from . import run

        names = (
            None if targets is None else [target.id if isinstance(target, Node) else str(target) for target in targets]
        )
        started = run.start(
            self.document,
            self.registry,
            self.media,
            inputs={**(inputs or {}), **more_inputs},
            targets=names,
            backend=backend,
            on_event=on_event,
            id=id,
        )
        self.last_run = started
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
        **more_inputs: Any,
    ) -> Result:
        """Run and wait; Ctrl-C (or the notebook's interrupt) cancels and keeps what is done.

        Args:
            inputs: As for `start`.
            targets: As for `start`.
            backend: As for `start`.
            on_event: As for `start`.
            more_inputs: As for `start`.

        Raises:
            FlowProblems: Something that the targets need is wrong; nothing was started.
            NodeFailed: A node raised.
            WorkerLost: The worker process died.
        """
        run = self.start(inputs, targets=targets, backend=backend, on_event=on_event, **more_inputs)
        try:
            while not run.wait(0.2):  # short waits: a lock that waits for ever does not hear Ctrl-C everywhere
                pass
        except KeyboardInterrupt:
            run.cancel()
            run.wait(5)
            raise
        return run.result()

    def why(self, node: str | Node) -> str:
        """Return in words why a node would run now: "steps went from 20 to 25 on 'Text to image'"; or that it is fresh.

        Args:
            node: The node or its id.

        Raises:
            KeyError: There is no such node.
        """
        from .run.why import why

        return why(self.document, self.registry, self.media, node if isinstance(node, str) else node.id)

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
    if path.suffix.lower() in (".png", ".zip"):
        raise FlowFileError(
            f"{path} is not a file that can be edited in its place. Write pf.Flow.load('{path}'), then save it as "
            f"'{path.with_suffix('').name}.flow.json'."
        )
    if path.suffix.lower() != ".json" and not path.exists():
        path = path.with_name(f"{path.name}.flow.json")
    if not path.parent.is_dir():
        raise FlowFileError(f"There is no folder {path.parent} for {path.name}. Make it first, or choose another one.")
    return Flow.open(path, autosave=True)
