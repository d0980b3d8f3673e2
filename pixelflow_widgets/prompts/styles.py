"""Styles: words around a prompt, and what the picture should then not show; the user's in one file, and some that ship.

The file is `styles.toml` in the data folder: a table `[[style]]` each, with name, prompt (with {prompt} in it) and
negative_prompt. What a user wrote by hand into it, comments too, stays as it is when another style is saved.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MediaError, nearest
from ..media import blake3_hex
from ..media.folders import data_folder
from .shipped_styles import STYLES

PLACE = "{prompt}"
MOST_STYLES = 2_000
_MOST_BYTES = 4_000_000
_MOST_CHARACTERS = 20_000
_FIELDS = ("name", "prompt", "negative_prompt")
_lock = threading.RLock()


@dataclass(frozen=True)
class Style:
    """Is one style.

    Args:
        name: What it is called.
        prompt: What is said, with {prompt} where the user's words stand; without it they stand before it.
        negative_prompt: What the picture should not show.
        is_own: It is the user's; else it ships.
    """

    name: str
    prompt: str
    negative_prompt: str = ""
    is_own: bool = False

    def apply(self, prompt: str) -> str:
        """Return a prompt with the words of the style around it."""
        before, after = self.around()
        return f"{before}{prompt}{after}"

    def around(self) -> tuple[str, str]:
        """Return what stands before the user's words, and what behind them."""
        before, mark, after = self.prompt.partition(PLACE)
        if mark:
            return before, after
        return "", f", {self.prompt}" if self.prompt.strip() else ""


def place() -> Path | None:
    """Return the file of the user's styles; None where nothing is kept on disk."""
    folder = data_folder()
    return None if folder is None else folder / "styles.toml"


def all() -> list[Style]:
    """Return every style: the user's first, then those shipped whose names the user did not take.

    Raises:
        MediaError: The user's file is broken; says where.
    """
    own = _own(_content())
    taken = {style.name.casefold() for style in own}
    return [*own, *(Style(*words) for words in STYLES if words[0].casefold() not in taken)]


def find(name: str) -> Style:
    """Return the style of a name, in capitals or not.

    Raises:
        MediaError: There is none, or the user's file is broken.
    """
    known = {style.name.casefold(): style for style in all()}
    found = known.get(name.strip().casefold())
    if found is None:
        names = [style.name for style in known.values()]
        raise MediaError(f"There is no style '{name}'.{nearest(name, names)} There is: {', '.join(names)[:600]}.")
    return found


def apply(style: str, prompt: str) -> str:
    """Return a prompt with the words of a style around it.

    Args:
        style: Its name; empty is none.
        prompt: The prompt.

    Raises:
        MediaError: There is no such style, or the user's file is broken.
    """
    return find(style).apply(prompt) if style.strip() else prompt


def save(name: str, prompt: str, negative_prompt: str = "") -> Style:
    """Keep a style in the user's file, in place of the user's one of the same name.

    Args:
        name: What it is called, 1 to 100 characters in one line.
        prompt: What is said, with {prompt} where the user's words stand.
        negative_prompt: What the picture should not show.

    Raises:
        MediaError: It cannot be kept, or the file is broken: then nothing of it is changed.
    """
    style = _checked({"name": name, "prompt": prompt, "negative_prompt": negative_prompt})
    with _lock:
        content = _content()
        kept = [one for one in _own(content) if one.name.casefold() != style.name.casefold()]
        if len(kept) >= MOST_STYLES:
            raise MediaError(f"There are {MOST_STYLES:,} styles already. Remove one first.")
        _write(_edited(content, style.name, _as_toml(style)), [*kept, style])
    return style


def remove(name: str) -> None:
    """Take a style out of the user's file; one that ships cannot be removed.

    Raises:
        MediaError: The user has no such style, or the file is broken.
    """
    with _lock:
        content = _content()
        own = _own(content)
        kept = [one for one in own if one.name.casefold() != name.strip().casefold()]
        if len(kept) == len(own):
            names = [style.name for style in own]
            raise MediaError(f"You have no style '{name}' of your own.{nearest(name, names)}")
        _write(_edited(content, name.strip(), ""), kept)


def fingerprint(name: str | None) -> str:
    """Return what stands for the words behind the name of a style: another text where they changed."""
    if not name or not name.strip():
        return ""
    try:
        style = find(name)
    except MediaError as error:
        return str(error)
    return blake3_hex("\n".join([style.name, style.prompt, style.negative_prompt]).encode())


def _content() -> str:
    file = place()
    if file is None or not file.exists():
        return ""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise MediaError(f"The file of styles {file} is larger than {_MOST_BYTES:,} bytes.")
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"The file of styles {file} cannot be read: {error}. Mend it or move it away.") from error


def _own(content: str) -> list[Style]:
    """Return the styles of a file.

    Raises:
        MediaError: It is broken; says where.
    """
    try:
        read = tomllib.loads(content)
        found = read.get("style", [])
        if not isinstance(found, list) or len(found) > MOST_STYLES:
            raise MediaError(f"'style' is to be a list of at most {MOST_STYLES:,} tables [[style]].")
        styles = [_checked(entry) for entry in found]
        names = [style.name.casefold() for style in styles]
        if twice := [name for name in names if names.count(name) > 1][:1]:
            raise MediaError(f"two styles are called '{twice[0]}'.")
    except (tomllib.TOMLDecodeError, MediaError, RecursionError) as error:
        raise MediaError(f"The file of styles {place()} cannot be read: {error} Mend it or move it away.") from None
    return styles


def _checked(entry: Any) -> Style:
    """Return a style of what stands in the file or was given.

    Raises:
        MediaError: It is none; says why.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise MediaError("A style has no name.")
    name = entry["name"].strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise MediaError(f"A style is called '{name[:120]}'. Its name has 1 to 100 characters, in one line.")
    for field in _FIELDS[1:]:
        words = entry.get(field, "")
        if not isinstance(words, str) or len(words) > _MOST_CHARACTERS:
            raise MediaError(
                f"The {field} of the style '{name}' is no text of at most {_MOST_CHARACTERS:,} characters."
            )
        try:
            words.encode()
        except UnicodeEncodeError:
            raise MediaError(f"The {field} of the style '{name}' holds half a character.") from None
    return Style(name, entry.get("prompt", ""), entry.get("negative_prompt", ""), is_own=True)


def _edited(content: str, name: str, block: str) -> str:
    """Return the file without the style of this name, and with a block at its end; the rest stays as it was typed."""
    pieces = re.split(r"^(?=[ \t]*\[\[[ \t]*style[ \t]*\]\])", content, flags=re.MULTILINE)
    kept = [piece for piece in pieces if not _is_called(piece, name)]
    text = "".join(kept).rstrip("\n")
    return "\n\n".join(part for part in (text, block) if part) + "\n"


def _is_called(piece: str, name: str) -> bool:
    try:
        entries = tomllib.loads(piece).get("style", [])
    except (tomllib.TOMLDecodeError, RecursionError):  # [[style]] within a text
        return False
    return len(entries) == 1 and str(entries[0].get("name", "")).strip().casefold() == name.casefold()


def _as_toml(style: Style) -> str:
    fields = {field: getattr(style, field) for field in _FIELDS}
    # The escapes of JSON are among those of TOML; only DEL stands bare in JSON.
    lines = [f"{field} = {json.dumps(words, ensure_ascii=False)}" for field, words in fields.items() if words]
    return "\n".join(["[[style]]", *lines]).replace("\x7f", "\\u007F")


def _write(content: str, wanted: list[Style]) -> None:
    """Write the file, all of it or nothing.

    Args:
        content: Its text, edited.
        wanted: What it is to hold; written anew where the edit does not come to that.
    """
    file = place()
    if file is None:
        raise MediaError("Styles cannot be kept: PIXELFLOW_DATA says that nothing is kept on disk.")
    try:
        is_right = sorted(_own(content), key=lambda one: one.name) == sorted(wanted, key=lambda one: one.name)
    except MediaError:
        is_right = False
    if not is_right:
        content = "\n\n".join(_as_toml(style) for style in wanted) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(content.encode())
            os.replace(unfinished, file)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise MediaError(f"The styles cannot be kept in {file}: {error}") from error
