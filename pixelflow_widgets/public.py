"""`pf.Flow`: what a user holds. Editing comes from `flow/`, every other verb is handed to the room that does it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from typing import Any, Self

from .flow.editing import EditableFlow
from .flow.handles import Node, OutputPort
from .flow.recorder import FlowRecorder
from .run import Result, Run
from .run.events import Event


class Flow(EditableFlow):
    """Is a flow: nodes, edges, inputs and outputs.

    Inside `with Flow("first") as flow:` node functions are placed instead of run.

    Args:
        name: What it is called; becomes the name of its function, endpoint and file.
    """

    _recorder: FlowRecorder | None = None

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
        **more_inputs: Any,
    ) -> Run:
        """Start a run and return at once.

        Args:
            inputs: Values of the flow's inputs by name; they may be given as keywords too.
            targets: Outputs of the flow or nodes that are wanted; None is everything that has an effect.
            backend: "auto" (the worker process, the kernel for nodes of live objects), "inline" or "worker".
            on_event: Called with each event, in another thread.
            more_inputs: Values of the flow's inputs.

        Raises:
            FlowProblems: Something that the targets need is wrong; nothing was started.
        """
        from . import run

        names = (
            None if targets is None else [target.id if isinstance(target, Node) else str(target) for target in targets]
        )
        return run.start(
            self.document,
            self.registry,
            self.media,
            inputs={**(inputs or {}), **more_inputs},
            targets=names,
            backend=backend,
            on_event=on_event,
        )

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
        self.last_run = run
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
        self.last_run = run
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

    last_run: Run | None = None
    """The newest run that `run` or `run_async` made."""

    def _repr_mimebundle_(self, **_: Any) -> Any:
        from .widget.view import mimebundle

        return mimebundle(self.document, self.registry, self.last_run)
