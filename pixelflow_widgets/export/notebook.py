"""A flow as a notebook: a cell for each stage, notes as Markdown, the inputs in a cell that papermill fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ExportError
from ..flow import document as doc
from ..schema.literals import flat
from .arguments import Argument
from .formatting import LINE, formatted_cell
from .forms import write
from .script import Parts, parts_of

if TYPE_CHECKING:
    from .exportable import ExportableFlow

_MEANT = {"Path(__file__).parent": "Path()", "beside this\n# script,": "beside this\n# notebook,"}
"""What a script says of where it lies, and what a notebook says then, which runs in its own folder."""
_SHOWN = ("image", "mask", "table", "text", "int", "float", "flag")


def notebook_of(flow: ExportableFlow) -> Any:
    """Return a flow as a notebook; see `Flow.to_notebook`.

    Raises:
        ExportError: A node cannot be written, or the flow has problems.
    """
    import nbformat.v4 as v4

    parts = parts_of(flow)
    cells = []
    for number, (kind, source, tags) in enumerate(_cells(flow, parts)):
        metadata = {"tags": tags} if tags else {}
        if kind == "markdown":
            cell = v4.new_markdown_cell(source, metadata=metadata)
        else:
            cell = v4.new_code_cell(formatted_cell(_for_notebook(source)), metadata=metadata)
        cell["id"] = f"cell-{number:02}"  # the same flow gives the same bytes
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def _cells(flow: ExportableFlow, parts: Parts) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (kind, source, tags) of each cell."""
    yield "markdown", _about(parts), []
    yield from (("markdown", text, []) for text in notes_of(flow))
    yield "code", "\n".join([*parts.imports, "", *parts.constants]), []
    if parts.definitions:
        yield "code", "\n\n\n".join(parts.definitions), []
    if parts.arguments:
        yield "code", "\n".join(map(_told, parts.arguments)), ["parameters"]
    shown = [code.text for code in parts.outputs.values() if code.type.name in _SHOWN and not code.type.many]
    for stage in stages_of(parts.lines):
        made = [name for name in shown if any(line.strip().startswith(f"{name} = ") for line in stage)]
        yield "code", "\n".join([*stage, *made[-1:]]), []
    if len(parts.outputs) > 1:
        results = ", ".join(f"{flat(name)}: {code.text}" for name, code in parts.outputs.items())
        yield "code", f"results = {{{results}}}\nresults", []


def _for_notebook(source: str) -> str:
    for said, meant in _MEANT.items():
        source = source.replace(said, meant)
    return source


def _about(parts: Parts) -> str:
    """Return the words at the top of a script as Markdown."""
    title, _, made = parts.about.partition("\n")
    packages = " ".join(f'"{one}"' for one in parts.needs)  # ">" is the shell's
    install = f"Needs:\n\n```\npip install {packages}\n```" if packages else ""
    return "\n\n".join(filter(None, [f"# {title.rstrip('.')}", made.strip(), install]))


def _told(one: Argument) -> str:
    """Return the statement of a parameter, with what it is: behind it where there is room, as papermill reads it."""
    statement = f"{one.code} = {one.text or None}"
    told = f"{statement}  # {one.help}"
    if not one.help:
        return statement
    return told if len(told) <= LINE and "\n" not in told else f"# {one.help}\n{statement}"


def stages_of(lines: list[str]) -> Iterator[list[str]]:
    """Yield the statements of each node: an empty line and a comment with its title stand before them."""
    stage: list[str] = []
    for place, line in enumerate(lines):
        if not line and lines[place + 1 : place + 2] and lines[place + 1].startswith("# "):
            if stage:
                yield stage
            stage = []
        else:
            stage.append(line)
    if stage:
        yield stage


def notes_of(flow: ExportableFlow) -> Iterator[str]:
    """Yield the texts of a flow's notes, as they stand from top to bottom."""
    entries: Mapping[str, Any] = doc.nodes(flow.document)
    notes = [key for key, entry in entries.items() if entry["type"] == "note"]
    for key in sorted(notes, key=lambda key: ((doc.position(flow.document, key) or (0, 0))[1], key)):
        text = entries[key].get("values", {}).get("text", "")
        if isinstance(text, str) and text.strip():
            yield text


def write_notebook(flow: ExportableFlow, path: Path, notebook: Any) -> None:
    """Write a notebook, and beside it the media that it reads.

    Raises:
        ExportError: It cannot be written there.
    """
    import nbformat

    if path.suffix != ".ipynb":
        raise ExportError(f"{path.name} is not the name of a notebook. Write '{path.stem}.ipynb'.")
    try:
        write(flow, path, nbformat.writes(notebook).rstrip("\n") + "\n")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error}") from None
