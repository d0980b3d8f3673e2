"""`pixelflow inspect`: what a picture, sound or film says of how it was made."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import FlowFileError
from .printing import FAILED, WRONG, end

if TYPE_CHECKING:
    from ..flow.provenance import Provenance

_MOST_NODES = 30


def inspect(
    file: Annotated[Path, typer.Argument(help="A picture, sound or film.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Say how a picture, sound or film was made, and what differs on this machine; runs nothing.

    Exit codes: 0 it says something, 1 it says nothing, 2 it cannot be read.
    """
    from ..public import inspect as look

    try:
        made = look(file)
        differences = made.differences()
    except FlowFileError as error:
        end(as_json, WRONG, {"error": str(error)})
    if made.flow is None and not made.parameters and not made.notes:
        end(as_json, FAILED, {"error": f"{file} does not say how it was made."})
    if as_json:
        print(json.dumps({"status": "done", **made.as_json(), "differences": differences}))
        return
    _show(made, differences)


def _show(made: Provenance, differences: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in _lines(made, differences):
        table.add_row(name, Text(_bare(words)))
    Console(highlight=False).print(table)


def _lines(made: Provenance, differences: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (what, words) of everything that is known."""
    yield "File", str(made.path)
    if made.made_at:
        yield "Made", made.made_at.isoformat(sep=" ", timespec="seconds")
    if made.flow is not None:
        nodes = list(made.flow.nodes.values())
        told = ", ".join(node.title for node in nodes[:_MOST_NODES]) + (" …" if len(nodes) > _MOST_NODES else "")
        yield "Flow", f"'{made.flow.name}' with {len(nodes)} node{'' if len(nodes) == 1 else 's'}: {told}"
    for source, model in made.models.items():
        digest = f", digest {model['digest'][:12]}" if "digest" in model else ""
        where = "".join(f", {model[name]}" for name in ("device", "dtype") if name in model)
        yield "Model", f"{source}{digest}{where}"
    if made.versions:
        yield "Versions", ", ".join(f"{name} {version}" for name, version in made.versions.items())
    if made.threads:
        yield "Threads", str(made.threads)
    if made.parameters:
        yield "Parameters", made.parameters
    for note in made.notes:
        yield "Note", note
    for sentence in differences:
        yield "Differs", sentence
    if made.flow is not None:
        if not differences:
            yield "Differs", "Nothing that is known: the same should come out here."
        yield "Open", f"pixelflow run {made.path}, or in a notebook: pf.Flow.load({str(made.path)!r})"
    elif made.parameters:
        yield "Note", "These are settings as text; there is no flow to open."


def _bare(words: Any) -> str:
    """Return words without what would steer a terminal."""
    return "".join(sign if sign == "\n" or unicodedata.category(sign) != "Cc" else "�" for sign in str(words))
