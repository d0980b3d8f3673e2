"""Showing a flow in IPython: the editor, and beneath it the picture that a saved notebook keeps."""

from __future__ import annotations

from typing import Any

from .editor import editor_of


def show(flow: Any) -> None:
    """Show a flow in the running cell; a plain terminal, which has no widgets, gets a line of words."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if getattr(get_ipython(), "kernel", None) is None:
        print(repr(flow))
        return
    editor = editor_of(flow)
    data, metadata = editor._repr_mimebundle_()
    display(data, metadata=metadata, raw=True)
    editor.show_picture()
