"""Flows that ship: `pf.templates.names()` says which, `pf.templates.load("first")` gives one to run, edit and save."""

from __future__ import annotations

from pathlib import Path

from ..errors import FlowFileError, nearest
from ..public import Flow

_FOLDER = Path(__file__).parent
_ENDING = ".flow.json"


def names() -> list[str]:
    """Return what the templates are called."""
    return sorted(path.name.removesuffix(_ENDING) for path in _FOLDER.glob(f"*{_ENDING}"))


def load(name: str) -> Flow:
    """Return a template as a flow that is nobody's file: save it where you want it.

    Args:
        name: What it is called: "teach_a_new_shape".

    Raises:
        FlowFileError: There is none of that name.
    """
    if name not in names():
        raise FlowFileError(f"There is no template '{name}'.{nearest(name, names())} There is: {', '.join(names())}.")
    flow = Flow.load(_FOLDER / f"{name}{_ENDING}")
    flow.path = None  # saved without a name, it would be written over
    return flow
