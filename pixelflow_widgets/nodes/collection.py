"""Lists: read from folders and tables, made, joined, looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from ..controls import Number, Text
from ..errors import MediaError
from ..media import Image, Table, open_picture
from ..media.contact_sheet import labelled_sheet
from ..media.encoders import FILMS, SOUNDS
from ..media.folders import files_in
from ..media.recordings import open_film, open_sound
from ..media.table_files import TABLES, read_table
from ..media.text_files import read_text
from ..schema import Progress, node
from .files import PICTURES

Folder = Annotated[str, Text(placeholder="pictures")]
Most = Annotated[int | None, Number(min=1, step=1)]


class Files(NamedTuple):
    """Are the files of a folder: where each is, and its name without the ending."""

    paths: list[str]
    names: list[str]


class Loaded(NamedTuple):
    """Are the things that were read from a folder, with their names."""

    items: list[Any]
    names: list[str]


# What lies in a folder changes without the flow, so none of these is pure: they read in every run, and what follows
# runs again only if something else came out.


@node(pure=False)
def list_folder(
    folder: Folder,
    endings: Annotated[str, Text(placeholder=".png .jpg")] = "",
    subfolders: bool = False,
    most: Most = None,
) -> Files:
    """Lists the files of a folder: image 2 stands before image 10.

    Args:
        folder: Where they are; relative to the folder of the notebook.
        endings: Only files that end so; empty is all.
        subfolders: Those inside its folders, too.
        most: Only so many, the first ones; empty is all.
    """
    wanted = [ending if ending.startswith(".") else f".{ending}" for ending in endings.replace(",", " ").split()]
    paths = files_in(folder, tuple(wanted), subfolders)[:most]
    return Files([str(path) for path in paths], [path.stem for path in paths])


@node(pure=False)
def load_folder(
    folder: Folder,
    kind: Literal["images", "audio", "videos", "texts", "tables"] = "images",
    subfolders: bool = False,
    most: Most = None,
    damaged: Literal["stop", "skip"] = "stop",
    progress: Progress = Progress(),
) -> Loaded:
    """Reads the pictures, sounds, films, texts or tables of a folder: image 2 comes before image 10.

    Args:
        folder: Where they are; relative to the folder of the notebook.
        kind: Which files are read; the others are passed over.
        subfolders: Those inside its folders, too.
        most: Only so many, the first ones; empty is all.
        damaged: What happens at a file that cannot be read.
    """
    endings, read = _KINDS[kind]
    items: list[Any] = []
    names: list[str] = []
    paths = files_in(folder, endings, subfolders)[:most]
    for number, path in enumerate(paths):
        progress(number / len(paths), note=path.name)
        try:
            items.append(read(path))
        except (MediaError, OSError) as error:
            if damaged == "stop":
                raise MediaError(f"'{path}' cannot be read. {error}") from error
            progress.log(f"'{path}' is skipped. {error}")
        else:
            names.append(path.stem)
    return Loaded(items, names)


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Path], Any]]] = {
    "images": (PICTURES, open_picture),
    "audio": (SOUNDS, lambda path: open_sound(path.read_bytes())),
    "videos": (FILMS, lambda path: open_film(path.read_bytes())),
    "texts": ((".txt", ".md"), read_text),
    "tables": (TABLES, read_table),
}
"""Which files are of a kind, and how one is read."""


@node
def column(table: Table, name: str) -> list[Any]:
    """Takes a column out of a table, as a list of texts or numbers.

    Args:
        table: The table.
        name: What the column is called.
    """
    frame: Any = table
    names = {str(known): place for place, known in enumerate(frame.columns)}
    if name not in names:
        raise MediaError(f"The table has no column '{name}'. Its columns: {', '.join(names) or 'none'}.")
    cells = frame.iloc[:, names[name]]
    present = cells.notna().tolist()
    given = [cell if is_there else None for cell, is_there in zip(cells.tolist(), present, strict=True)]
    is_text = not any(isinstance(cell, int | float) for cell in given)
    return [_cell(cell, name, row, is_text) for row, cell in enumerate(given)]


def _cell(cell: Any, name: str, row: int, is_text: bool) -> Any:
    if cell is not None:
        return cell if isinstance(cell, str | int | float) else str(cell)  # dates
    if is_text:
        return ""
    raise MediaError(f"The column '{name}' has no number in row {row + 1}. Fill it in, or take the row out.")


@node
def count_up(
    start: int = 0,
    count: Annotated[int, Number(min=0, max=10_000, step=1)] = 4,
    step: int = 1,
) -> list[int]:
    """Makes a list of whole numbers: seeds, say.

    Args:
        start: The first one.
        count: How many.
        step: How much each is more than the one before.
    """
    return [start + number * step for number in range(count)]


@node(export=lambda at: at.give(values=at.code("items")))
def join_lists(items: list[Any]) -> list[Any]:
    """Makes one list of several, in the order of the edges.

    Args:
        items: Lists and single things.
    """
    return items


@node(export=lambda at: at.give(value=f"{at.code('items')}[{at.code('number')}]"))
def pick_item(items: list[Any], number: Annotated[int, Number(step=1)] = 0) -> Any:
    """Takes one thing out of a list.

    Args:
        items: The list.
        number: Which one, from 0; -1 is the last.
    """
    if not -len(items) <= number < len(items):
        raise MediaError(f"The list has {len(items)} items, counted from 0; there is no {number}.")
    return items[number]


@node(export=lambda at: at.give(number=f"len({at.code('items')})"))
def count_items(items: list[Any]) -> int:
    """Counts the things in a list.

    Args:
        items: The list.
    """
    return len(items)


@node
def contact_sheet(
    images: list[Image],
    labels: list[str] | None = None,
    columns: Annotated[int | None, Number(min=1, max=1000, step=1)] = None,
    size: Annotated[int, Number(min=16, max=2048, step=1, unit="px")] = 256,
    heading: Annotated[str, Text()] = "",
) -> Image:
    """Puts many pictures on one, each with its label below.

    Args:
        images: The pictures.
        labels: What stands below them, in the same order; empty is nothing.
        columns: How many stand side by side; empty is about as many as there are rows.
        size: Of the longer side of a picture, in pixels; smaller where the sheet would be larger than 4096.
        heading: Stands above all.
    """
    if not images:
        raise MediaError("There are no pictures for the contact sheet: the list is empty.")
    labels = labels or []
    if labels and len(labels) != len(images):
        raise MediaError(f"There are {len(images)} pictures and {len(labels)} labels. Give each picture one, or none.")
    return labelled_sheet(images, labels, columns=columns, edge=size, heading=heading)
