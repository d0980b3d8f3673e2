"""Definitions of this package as they were cleaned for an earlier script, so that each is visited once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import libcst as cst

from .cleaning import Cleaning
from .cleaning_names import Book
from .sources_kinds import Constant, Definition, StandIn
from .sources_modules import ImportLine, Parsed


class _Answer(NamedTuple):
    """Is what a book said to one question."""

    about: Definition | StandIn | Constant | ImportLine
    used: set[str]
    name: str


@dataclass(frozen=True)
class Cleaned:
    """Is a definition as it stands in a script.

    Args:
        source: Its text.
        early: Names of what it needs when it is run.
        hinted: Names of what its annotations need then.
        late: Names of what it needs when it is called.
        parameters: What it takes, if it is a function.
    """

    source: str
    early: list[str]
    hinted: list[str]
    late: list[str]
    parameters: tuple[str, ...]


class _Listening:
    """Asks a book, and keeps what it said.

    Args:
        book: Who gives names and copies.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self.answers: list[_Answer] = []

    def name_of(self, meaning: Definition | StandIn | Constant, used: set[str]) -> str:
        self.answers.append(_Answer(meaning, used, self._book.name_of(meaning, used)))
        return self.answers[-1].name

    def need(self, line: ImportLine, used: set[str]) -> str:
        self.answers.append(_Answer(line, used, self._book.need(line, used)))
        return self.answers[-1].name


_kept: dict[tuple[object, str], tuple[Parsed, list[_Answer], Cleaned]] = {}


def cleaned(definition: Definition, book: Book, name: str) -> Cleaned:
    """Return a definition as it stands in the script; what it uses is copied on the way.

    What cleaning makes of it follows from its text and from the names that the book says. So the book is asked again
    what it was asked the last time, in the same order; while it says the same, the same comes out.

    Args:
        definition: What is cleaned.
        book: Who gives names and copies.
        name: What a function or class is called there.

    Raises:
        ExportError: It uses something that cannot be there; says what.
    """
    key, parsed = (definition.key, name), definition.module.parsed
    if key in _kept and _kept[key][0] is parsed and all(_says_so(book, answer) for answer in _kept[key][1]):
        return _kept[key][2]
    listening = _Listening(book)
    cleaning = Cleaning(definition, listening)
    made = cleaning.clean(name)
    parameters = ()
    if isinstance(made, cst.FunctionDef):
        params = (*made.params.posonly_params, *made.params.params, *made.params.kwonly_params)
        parameters = tuple(param.name.value for param in params)
    source = cst.Module([made]).code.strip("\n")
    result = Cleaned(source, cleaning.early, cleaning.hinted, cleaning.late, parameters)
    if definition.module.is_ours:  # others change while a kernel runs, and with them what their names stand for
        _kept[key] = parsed, listening.answers, result
    return result


def _says_so(book: Book, answer: _Answer) -> bool:
    ask = book.need if isinstance(answer.about, ImportLine) else book.name_of
    return ask(answer.about, answer.used) == answer.name  # type: ignore[arg-type]
