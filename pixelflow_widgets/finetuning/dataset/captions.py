"""Captions: from files beside pictures, from lists of Hugging Face's image folders, from a template."""

from __future__ import annotations

import csv
import io
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import MediaError
from ...media.text_files import text_of
from .problems import DatasetProblem, closed, listed
from .shelves import Shelf, content_of

BESIDE = (".txt", ".caption")
LISTS = ("metadata.jsonl", "metadata.csv")
_FILE, _CAPTION = ("file_name", "image", "path"), ("text", "caption", "prompt")
MOST, _MOST_LISTED = 1024**2, 64 * 1024**2
"""Bytes of a caption, and of a list of captions."""


def plain(text: str) -> str:
    """Return a caption in one line, without half characters (JSON can hold such), which no tokenizer reads."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def filled(template: str, trigger: str, caption: str | None) -> str:
    """Return the caption of a picture.

    Args:
        template: What stands for a picture that has no caption; {trigger} and {caption} are filled in. With {caption}
            it stands for the others, too.
        trigger: The trigger word.
        caption: The picture's own, if it has one.
    """
    if caption is not None and "{caption}" not in template:
        return caption
    if not trigger and "{trigger}" in template:  # "a " says nothing
        return caption or ""
    words = {"{trigger}": trigger, "{caption}": caption or ""}
    return plain(re.sub("{trigger}|{caption}", lambda found: words[found[0]], template)).strip(" ,")


@dataclass
class Captions:
    """Is what was found for the pictures of a shelf.

    Args:
        texts: The captions by picture.
        faults: Why a caption that is there cannot be read, by picture.
        problems: What else is wrong.
        read: The files that they are from, or would be if there were such a picture.
    """

    texts: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    problems: list[DatasetProblem] = field(default_factory=list)
    read: set[str] = field(default_factory=set)


def captions_on(shelf: Shelf, pictures: Sequence[str]) -> Captions:
    """Return the captions of pictures: x.txt goes before x.caption, and both go before a list.

    Args:
        shelf: Where pictures and captions lie.
        pictures: The names of the pictures.
    """
    found = Captions()
    _read_lists(shelf, pictures, found)
    beside = {_with_small_ending(file): file for file in shelf.files if file.lower().endswith(BESIDE)}
    for picture in pictures:
        stem = posixpath.splitext(picture)[0]
        file = next((beside[stem + ending] for ending in BESIDE if stem + ending in beside), None)
        if file is None:
            continue
        found.read.add(file)
        try:
            found.texts[picture] = _text(shelf.text(file, MOST), file)
        except MediaError as error:
            found.texts.pop(picture, None)
            found.faults[picture] = str(error)
    lonely = [file for file in beside.values() if not (file in found.read or _is_about(file))]
    if lonely:
        told = f"{listed(lonely)} {'has' if len(lonely) == 1 else 'have'} no picture of that name."
        remedy = "Name caption and picture alike: x.txt, x.png."
        found.problems.append(DatasetProblem("caption-without-picture", told, remedy))
    found.read.update(lonely)
    return found


def _with_small_ending(file: str) -> str:
    stem, ending = posixpath.splitext(file)
    return stem + ending.lower()


def _is_about(file: str) -> bool:
    """Return whether a text tells of the folder, not of a picture."""
    return posixpath.splitext(posixpath.basename(file))[0].lower() in ("readme", "license", "licence", "credits")


def caption_beside(picture: Path) -> tuple[str | None, str]:
    """Return the caption in a file beside a picture, None if there is none; and why it cannot be read, if so."""
    for file in map(picture.with_suffix, BESIDE):
        if file.is_file():
            try:
                return _text(content_of(file, MOST), file.name), ""
            except MediaError as error:
                return None, str(error)
    return None, ""


def _text(content: bytes, file: str) -> str:
    text = text_of(content, file)
    if "\0" in text:
        raise MediaError(f"'{file}' is no text in UTF-8: it holds zeros. Save it again in UTF-8.")
    return plain(text)


def _read_lists(shelf: Shelf, pictures: Sequence[str], found: Captions) -> None:
    """Take in what the lists of the folders say."""
    known = set(pictures)
    lists = [file for file in shelf.files if posixpath.basename(file) in LISTS]
    found.read.update(lists)
    for file in lists:
        missing = []
        try:
            for name, caption in _rows(shelf, file):
                picture = posixpath.normpath(posixpath.join(posixpath.dirname(file), name.replace("\\", "/")))
                if picture in known:
                    found.texts[picture] = caption
                else:
                    missing.append(name)
        except MediaError as error:
            remedy = "Mend it, or do without: captions='template'."
            found.problems.append(DatasetProblem("captions-broken", closed(str(error)), remedy, "error"))
        if missing:
            told = f"'{file}' has captions for {listed(missing)}, but no such picture lies beside it."
            found.problems.append(DatasetProblem("caption-without-picture", told, "Look at the column file_name."))


def _rows(shelf: Shelf, file: str) -> Iterator[tuple[str, str]]:
    """Yield (file name, caption) of each row of a list.

    Raises:
        MediaError: It is not such a list.
    """
    text, is_empty = text_of(shelf.text(file, _MOST_LISTED), file), True
    for number, row in _json_rows(text, file) if file.endswith(".jsonl") else _csv_rows(text, file):
        name, caption = _first(row, _FILE), _first(row, _CAPTION)
        if not isinstance(name, str) or (caption is not None and not isinstance(caption, str)):
            raise MediaError(f"Line {number} of '{file}' wants a file_name and a text, both in words: {str(row)[:80]}")
        if caption is not None:
            is_empty = False
            yield name, plain(caption)
    if is_empty:
        raise MediaError(f"'{file}' has no captions. They stand in a column called text.")


def _json_rows(text: str, file: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise MediaError(f"Line {number} of '{file}' is no JSON: {error}") from None
        if not isinstance(row, dict):
            raise MediaError(f'Line {number} of \'{file}\' is no object; write {{"file_name": …, "text": …}}.')
        yield number, row


def _csv_rows(text: str, file: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not set(reader.fieldnames or ()) & set(_FILE):
            raise MediaError(f"'{file}' has no column file_name. Its first line shall be: file_name,text")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise MediaError(f"'{file}' cannot be read as CSV, after line {reader.line_num}: {error}") from None


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if name in row), None)
