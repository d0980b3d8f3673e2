"""`pixelflow export`: a flow as code, notebook or drawing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import PixelFlowError
from ..export.forms import Form, content_before, difference, text_of, write
from .printing import FAILED, WRONG, say

if TYPE_CHECKING:
    from ..public import Flow


def export(
    flow: Annotated[Path, typer.Argument(help="A .flow.json, a .flow.zip, or a picture that carries a flow.")],
    to: Annotated[
        Form,
        typer.Option(
            help="script: plain diffusers code; builder: the Python that builds the flow; notebook: a cell for each "
            "stage; svg, mermaid: a drawing."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="File to write; standard output if not given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that differs without asking.")] = False,
) -> None:
    """Write a flow as code, as a notebook or as a drawing.

    A file that differs is shown as a difference before it is written over.

    Exit codes: 0 done, 1 the flow cannot be read or written so, 2 a file that differs was left as it is.
    """
    from ..public import Flow

    try:
        opened = Flow.load(flow)
        text = text_of(opened, to)
        if out is None:
            # As bytes: code and drawings are UTF-8 wherever they go, and lines end as they do in a file.
            sys.stdout.buffer.write(text.encode())
            sys.stdout.flush()
        else:
            _write(opened, out, text, force)
    except (PixelFlowError, OSError) as error:
        say(" ".join(str(error).split()))
        raise typer.Exit(FAILED) from None


def _write(flow: Flow, path: Path, text: str, force: bool) -> None:
    """Write a file, and ask first where another one stands there."""
    old = content_before(path)
    if old == text.encode():
        say(f"{path} is up to date.")
        return
    if old is not None and not force:
        _ask(path, old, text)
    write(flow, path, text)
    say(f"Wrote {path}.")


def _ask(path: Path, old: bytes, new: str) -> None:
    """Show how a file would change, and end the command unless somebody says yes."""
    say("\n".join(difference(path, old, new)))
    if not _is_somebody_there():
        say(f"{path} was left as it is: it differs, and nobody is here to ask. Write --force to write over it.")
        raise typer.Exit(WRONG)
    if not typer.confirm(f"Write over {path}?", err=True):
        say(f"{path} was left as it is.")
        raise typer.Exit(WRONG)


def _is_somebody_there() -> bool:
    return sys.stdin.isatty()
