"""Where pictures come from: folders, zips, lists, tables."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import PIL.Image

from ...errors import MediaError
from ...media.cells import is_empty
from .captions import Captions, caption_beside, captions_on, plain
from .problems import DatasetProblem, listed, refusal
from .shelves import Archive, Folder, Shelf

MOST_PICTURES = 10_000
READ = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif")
UNREAD = (
    *(".heic", ".heif", ".jxl", ".jp2", ".psd", ".xcf", ".svg", ".exr", ".hdr", ".ico", ".tga", ".pdf"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"),
)
"""Pictures that are not read here: they are named, not passed over."""
_IMAGE, _CAPTION = ("image", "path", "file_name"), ("caption", "text")
_MANY = "Train on a part of them: the training would never see most."

Opened = Path | bytes | PIL.Image.Image


@dataclass(frozen=True)
class Origin:
    """Is where a picture comes from.

    Args:
        name: What it is called, once in a dataset.
        opened: Returns what it is decoded from; may raise MediaError.
        caption: What was written for it; None is nothing.
        caption_fault: Why what was written for it cannot be read.
    """

    name: str
    opened: Callable[[], Opened]
    caption: str | None = None
    caption_fault: str = ""


@dataclass
class Found:
    """Is what was found in a source.

    Args:
        name: What the source is called.
        origins: The pictures, in order.
        problems: What is wrong with it, besides what the pictures show.
        place: The folder that it is, if it is one.
    """

    name: str
    origins: list[Origin]
    problems: list[DatasetProblem] = field(default_factory=list)
    place: Path | None = None


def found_in(source: Any, with_captions: bool) -> Found:
    """Return the pictures of a source.

    Args:
        source: A folder, a .zip, a list of pictures and paths, or a DataFrame.
        with_captions: Captions that lie beside the pictures are read.

    Raises:
        DatasetRefused: It is none of these, is not read for a reason, or holds more than 10,000 pictures.
        MediaError: There is no such folder.
    """
    if isinstance(source, str | Path):
        return _at(Path(source).expanduser(), with_captions)
    if isinstance(source, PIL.Image.Image):
        return _in_list([source], False)
    if hasattr(source, "itertuples") and hasattr(source, "columns"):
        return _in_table(source, with_captions)
    if isinstance(source, Sequence) and not isinstance(source, bytes):
        return _in_list(source, with_captions)
    raise refusal(
        f"A dataset is not made of {type(source).__name__}.",
        "Give a folder, a .zip, a list of pictures or paths, a DataFrame or a dataset.",
    )


def _at(path: Path, with_captions: bool) -> Found:
    if not path.exists():
        raise refusal(f"There is no folder and no file '{path}' (in {Path.cwd()}).", "Look at how it is written.")
    if path.is_file() and path.suffix.lower() in (*READ, *UNREAD):
        return _in_list([path], with_captions)
    if path.is_file() and path.suffix.lower() != ".zip":
        raise refusal(f"'{path.name}' is neither a folder nor a .zip nor a picture.", "Give one of them.")
    shelf = Archive(path) if path.is_file() else Folder(path)
    found = _on(shelf, with_captions)
    found.place = path.absolute() if isinstance(shelf, Folder) else None
    return found


def _on(shelf: Shelf, with_captions: bool) -> Found:
    pictures = [file for file in shelf.files if file.lower().endswith((*READ, *UNREAD))]
    _limit(len(pictures))
    captions = captions_on(shelf, pictures) if with_captions else Captions()
    known = {*pictures, *captions.read}
    others = [file for file in shelf.files if file not in known and (with_captions or not _is_text(file))]
    if others:
        are = "is no picture and was" if len(others) == 1 else "are no pictures and were"
        captions.problems.append(DatasetProblem("other-files", f"{listed(others)} {are} passed over."))
    return Found(shelf.name, [_on_shelf(shelf, file, captions) for file in pictures], captions.problems)


def _is_text(file: str) -> bool:
    return file.lower().endswith((".txt", ".caption", ".csv", ".jsonl"))


def _on_shelf(shelf: Shelf, file: str, captions: Captions) -> Origin:
    opened = _checked(file, lambda: shelf.picture(file))
    return Origin(file, opened, captions.texts.get(file), captions.faults.get(file, ""))


def _checked(name: str, opened: Callable[[], Opened]) -> Callable[[], Opened]:
    """Return a way to open a picture that refuses those which are not read here by what they are called."""
    ending = posixpath.splitext(name)[1].lower()

    def refuse() -> Opened:
        raise MediaError(f"Pictures in the format {ending[1:].upper()} are not read here. Save it as PNG or JPEG.")

    return refuse if ending in UNREAD else opened


def _in_list(items: Sequence[Any], with_captions: bool) -> Found:
    _limit(len(items))
    origins = (_origin(item, number, None, with_captions) for number, item in enumerate(items, 1))
    return Found("pictures", [*_once(origins)])


def _in_table(table: Any, with_captions: bool) -> Found:
    names = [str(column) for column in table.columns]
    image = next((name for name in _IMAGE if name in names), None)
    if image is None:
        raise refusal(
            f"The table has no column with pictures; its columns are {listed(names) or 'none'}.",
            "Call one 'image' (pictures) or 'path' (their files), and one 'caption'.",
        )
    _limit(len(table))
    caption = next((name for name in _CAPTION if name in names), None)
    pictures = table.iloc[:, names.index(image)].tolist()
    words = table.iloc[:, names.index(caption)].tolist() if caption else [None] * len(pictures)
    rows = enumerate(zip(pictures, words, strict=True), 1)
    # A table that has a column of captions says all that there is.
    looks_beside = with_captions and caption is None
    return Found("table", [*_once(_origin(item, number, word, looks_beside) for number, (item, word) in rows)])


def _origin(item: Any, number: int, word: Any, looks_beside: bool) -> Origin:
    caption = None if is_empty(word) else plain(str(word))
    if isinstance(item, Mapping):  # as Hugging Face's datasets become tables
        item = item.get("bytes") or item.get("path")
    if isinstance(item, bytes):
        return Origin(f"picture {number}", lambda: item, caption)
    if isinstance(item, PIL.Image.Image):
        return Origin(*_of_image(item, number), caption)
    if isinstance(item, str | Path):
        path = Path(item).expanduser().absolute()
        beside, fault = caption_beside(path) if looks_beside else (caption, "")
        return Origin(path.name, _checked(path.name, lambda: path), beside, fault)
    raise refusal(
        f"Number {number} is no picture but {type(item).__name__}.",
        "A dataset takes PIL images and paths of pictures; for an array: PIL.Image.fromarray(array).",
    )


def _of_image(image: PIL.Image.Image, number: int) -> tuple[str, Callable[[], Opened]]:
    file = getattr(image, "filename", "")
    name = Path(file).name if isinstance(file, str) and file else f"picture {number}"
    # One that was opened and not yet decoded stays so: it is read from its file, or thousands would fill the memory.
    if name != f"picture {number}" and getattr(image, "tile", None) and not image.tell():
        path = Path(file).absolute()
        return name, lambda: path
    return name, lambda: image


def _once(origins: Iterable[Origin]) -> Iterator[Origin]:
    """Yield origins with names of their own: of two called "1.png" the second is "1.png (2)"."""
    taken: set[str] = set()
    for origin in origins:
        name, number = origin.name, 2
        while name in taken:
            name, number = f"{origin.name} ({number})", number + 1
        taken.add(name)
        yield replace(origin, name=name)


def _limit(count: int) -> None:
    if count > MOST_PICTURES:
        raise refusal(f"There are {count:,} pictures; at most {MOST_PICTURES:,} are taken.", _MANY)
