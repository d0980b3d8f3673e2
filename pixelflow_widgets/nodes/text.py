"""Texts: joined, filled in, cut up, searched."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

from ..controls import Number, Prompt, Text
from ..errors import MediaError
from ..media import Table
from ..media.json_paths import as_text, at_path, read_json, read_path
from ..prompts.template import filled, read_values, row_values
from ..schema import node
from .text_code import write_template

SECONDS_TO_SEARCH = 10
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_SENTENCE_END = re.compile(r"""(?<=[.!?…。！？])["'”’»)\]]*\s+|(?<=[。！？])(?=\S)""")

Missing = Literal["stop", "leave it", "leave it out"]


@node
def join_text(
    texts: list[str], separator: Annotated[str, Text(placeholder=", ")] = ", ", skip_empty: bool = True
) -> str:
    r"""Joins texts to one, in the order of the edges.

    Args:
        texts: The parts.
        separator: What stands between two parts; \n is a new line, \t a tab.
        skip_empty: Parts without a word are left out, with their separator.
    """
    parts = [text for text in texts if text.strip()] if skip_empty else texts
    return _unescaped(separator).join(parts)


@node(export=write_template)
def template(
    text: Annotated[str, Prompt(lines=3, placeholder="A {colour} {animal} in {1}")],
    values: Annotated[str, Text(lines=3, placeholder="colour: red")] = "",
    texts: list[str] | None = None,
    missing: Missing = "stop",
) -> str:
    """Fills in the placeholders of a text: {name} from the values, {1} from the texts.

    Nothing is computed: a placeholder is a name, a number, or a path like {scene.title}. Other braces stay as they are,
    and {{name}} is written as {name}.

    Args:
        text: The text with placeholders.
        values: A line for each, `colour: red`, or an object of JSON: {"colour": "red"}.
        texts: {1} is the first of them, {2} the second.
        missing: What happens at a placeholder that has no value.
    """
    known = read_values(values)
    numbered = {str(number): one for number, one in enumerate(texts or [], 1)}
    return filled(text, {**numbered, **known}, missing)


@node
def template_rows(
    text: Annotated[str, Prompt(lines=3, placeholder="A {colour} {animal}")], table: Table, missing: Missing = "stop"
) -> list[str]:
    """Fills in the placeholders of a text once for each row of a table: {name} is the column of that name.

    Args:
        text: The text with placeholders; {{name}} is written as {name}.
        table: Its columns are the names.
        missing: What happens at a placeholder that is no column, and at an empty cell.
    """
    return [filled(text, row, missing) for row in row_values(table)]


def _unescaped(text: str) -> str:
    return re.sub(r"\\([ntr\\])", lambda found: _ESCAPES[found[1]], text)


@node
def split_text(
    text: Annotated[str, Prompt(lines=5)] = "",
    at: Literal["lines", "paragraphs", "sentences", "separator", "length"] = "lines",
    separator: Annotated[str, Text(placeholder=",")] = ",",
    length: Annotated[int, Number(min=1, step=1, unit="characters")] = 500,
    keep_empty: bool = False,
) -> list[str]:
    r"""Cuts a text into parts: a prompt a line, say.

    Args:
        text: The text.
        at: Where it is cut. A sentence ends with . ! ? or …, and a space; "e.g. this" counts as an end, too.
        separator: What stands between two parts where it is cut at a separator; \n is a new line, \t a tab.
        length: The most that a part has where it is cut by length; words stay whole where they fit.
        keep_empty: Empty parts count, too.
    """
    cut: dict[str, Callable[[], list[str]]] = {
        "lines": text.splitlines,
        "paragraphs": lambda: re.split(r"\n[^\S\n]*\n\s*", text),
        "sentences": lambda: _SENTENCE_END.split(text),
        "separator": lambda: _separated(text, _unescaped(separator)),
        "length": lambda: _pieces(text, length),
    }
    parts = [part.strip() for part in cut[at]()]
    return parts if keep_empty else [part for part in parts if part]


def _separated(text: str, separator: str) -> list[str]:
    if not separator:
        raise MediaError("There is no separator to cut the text at. Write one, or cut it at lines.")
    return text.split(separator)


def _pieces(text: str, most: int) -> list[str]:
    pieces: list[str] = []
    place = 0
    while place < len(text):
        end = place + most
        if end < len(text) and not text[end].isspace():
            spaces = [found for mark in (" ", "\n") if (found := text.rfind(mark, place + 1, end)) > 0]
            end = max(spaces) + 1 if spaces else end
        pieces.append(text[place:end])
        place = end
    return pieces


class Searched(NamedTuple):
    """Is what a pattern found in a text."""

    text: str
    matches: list[str]
    found: bool


@node
def regex(
    text: str,
    pattern: Annotated[str, Text(placeholder=r"\d+")],
    replacement: Annotated[str, Text(placeholder=r"<\1>")] = "",
    group: Annotated[str, Text(placeholder="0")] = "0",
    match_case: bool = True,
    by_line: bool = False,
) -> Searched:
    r"""Searches a text by a regular expression: replaces what is found, lists it, and says whether there is any.

    The patterns are Python's. One that takes longer than 10 seconds on a text is given up.

    Args:
        text: Where is searched.
        pattern: What is searched for.
        replacement: Stands in the text instead of each match; \1 is the first group, \g<name> one with a name.
        group: What is listed of each match: 0 is all of it, 1 the first group, or the name of one.
        match_case: Capitals count.
        by_line: ^ and $ are the ends of lines, not of the text.

    Returns:
        The text with the matches replaced, the list of the matches, and whether there is one.
    """
    wanted = int(group) if group.strip().isdecimal() else group.strip()
    found: list[str] = []
    searching = _compiled(pattern, match_case, by_line)
    try:
        for match in searching.finditer(text, timeout=SECONDS_TO_SEARCH):
            found.append(match[wanted] or "")
        replaced = searching.sub(replacement, text, timeout=SECONDS_TO_SEARCH)
    except TimeoutError:
        raise MediaError(
            f"The pattern '{pattern[:80]}' takes longer than {SECONDS_TO_SEARCH} s on this text. A repetition inside a "
            "repetition, as in (a+)+, does that: write it without the inner one."
        ) from None
    except IndexError as error:
        named = ", ".join(["0", *map(str, range(1, searching.groups + 1)), *searching.groupindex])
        raise MediaError(f"The pattern '{pattern[:80]}' has no group '{group}' ({error}). It has: {named}.") from None
    except Exception as error:  # of the replacement: an escape that is none
        raise MediaError(f"The replacement '{replacement[:80]}' cannot be read: {error}.") from error
    return Searched(replaced, found, bool(found))


@functools.lru_cache(64)
def _compiled(pattern: str, match_case: bool, by_line: bool) -> Any:
    import regex as patterns  # Python's own `re` cannot be stopped, and holds the interpreter until it is done

    flags = (0 if match_case else patterns.IGNORECASE) | (patterns.MULTILINE if by_line else 0)
    try:
        return patterns.compile(pattern, flags)
    except patterns.error as error:
        raise MediaError(f"The pattern '{pattern[:80]}' cannot be read: {error}.") from None


class Extracted(NamedTuple):
    """Is what stands at a place in JSON: as one value, as a list, and as text."""

    value: Any
    items: list[Any]
    text: str


@node
def json_extract(
    text: Annotated[str, Prompt(lines=5, placeholder='{"scenes": [{"title": "Dawn"}]}')],
    path: Annotated[str, Text(placeholder="scenes[0].title")] = "",
    otherwise: Annotated[str | None, Text()] = None,
) -> Extracted:
    """Takes a value out of JSON, by a path like scenes[0].title; scenes[*].title takes it out of each scene.

    What a chat model writes around the JSON is passed over.

    Args:
        text: The JSON.
        path: Where the value stands; empty is all of it. A name with a dot is written ["a.b"].
        otherwise: Is given where nothing stands there; empty makes that an error.

    Returns:
        The value (objects as JSON), its items where it is a list, and its text.
    """
    steps = read_path(path)
    try:
        found = at_path(read_json(text), steps)
    except MediaError:
        if otherwise is None:
            raise
        found = otherwise
    if found is None:
        if otherwise is None:
            raise MediaError(f"At '{path}' stands null, which is no value. Say what is given otherwise.")
        found = otherwise
    several = found if isinstance(found, list) else [found]
    items = [_value(item) for item in several if item is not None]
    return Extracted(items if isinstance(found, list) else items[0], items, as_text(found))


def _value(found: Any) -> Any:
    return as_text(found) if isinstance(found, dict | list) else found
