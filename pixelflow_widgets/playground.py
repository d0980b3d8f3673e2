"""`pf.Playground`: a form for a model or a flow; what is played becomes a `pf.Flow`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import FlowFileError
from .media import Model
from .media.tags import CARRIERS
from .public import Flow
from .widget.playground.of_model import of_model
from .widget.playground.showing import ShownPlayground
from .widget.playground.subject import Subject, of_flow

_FLOW_FILES = (".json", ".zip", *CARRIERS)


class Playground(ShownPlayground):
    """Shows a form for a model or a flow, and generates: as the last line of a cell, or by `generate` from Python.

    Args:
        subject: Name of a model card, Hub id, folder or file of a model, `pf.Model`; a flow, or the file of one.
        task: What the model shall do, where it does several things: "image_to_image". The first is taken if not given.
        fixed: Of a model: inputs of its task that stay as they are and are not in the form: `steps=4`,
            `motion="animatediff"`.

    Raises:
        ModelError: There is no such model, or it does nothing by itself.
        PixelFlowError: There is no such task, or the flow gives nothing.
        FlowFileError: The file is no flow.
    """

    def __init__(self, subject: str | Path | Model | Flow, *, task: str | None = None, **fixed: Any) -> None:
        super().__init__(_subject_of(subject, task, fixed))


def _subject_of(subject: Any, task: str | None, fixed: dict[str, Any]) -> Subject:
    if not isinstance(subject, str | Path | Model | Flow):
        raise TypeError(
            f"pf.Playground wants the name of a model, pf.Model, a flow or its file, not {type(subject).__name__}."
        )
    flow = flow_of(subject)
    if flow is None:
        model = subject if isinstance(subject, Model) else Model(str(subject))
        return of_model(model, task, fixed, Flow)
    if task is not None or fixed:
        named = ", ".join(["task"] if task is not None else []) or ", ".join(fixed)
        raise TypeError(f"A flow does what it does; '{named}' is for models. Set values in the flow.")
    return of_flow(flow)


def flow_of(subject: str | Path | Model | Flow) -> Flow | None:
    """Return the flow that is meant, or None where a model is."""
    if isinstance(subject, Flow):
        return subject
    if isinstance(subject, Model):
        return None
    path = Path(subject).expanduser()
    if path.suffix.lower() not in _FLOW_FILES:
        return None
    if not path.is_file():
        raise FlowFileError(f"There is no file {path}.")
    return Flow.load(path)
