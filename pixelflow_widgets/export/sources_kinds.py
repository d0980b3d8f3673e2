"""What names in a source may stand for."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from .sources_modules import Bound, ImportLine, Module


class Definition(NamedTuple):
    """Is something that is copied: a function, a class, a constant."""

    module: Module
    bound: Bound
    name: str

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what tells it from all others."""
        bound = self.bound
        nested = self.module.live is not None and not isinstance(bound.statement, cst.SimpleStatementLine)
        line = self.module.parsed.line_of(bound.statement) if nested else 0
        return self.module.key, bound.names[0], line


class Imported(NamedTuple):
    """Is imported by one of several statements; which one says what is taken out of it."""

    lines: tuple[ImportLine, ...]


class Own(NamedTuple):
    """Is a module whose parts are copied."""

    module: str


class Said(NamedTuple):
    """Is said by other words.

    Args:
        text: An expression.
        line: What has to be imported for it.
        is_identity: Called, it gives back what it is given.
    """

    text: str
    line: ImportLine | None = None
    is_identity: bool = False


class StandIn(NamedTuple):
    """Is written anew, in a few lines.

    Args:
        name: What it is called.
        source: The definition.
        lines: What has to be imported for it.
        needs: Other stand-ins, by path.
    """

    name: str
    source: str
    lines: tuple[ImportLine, ...]
    needs: tuple[str, ...] = ()


class Constant(NamedTuple):
    """Is a value of a notebook."""

    name: str
    source: str
    lines: tuple[ImportLine, ...] = ()


class Told(NamedTuple):
    """Is told how far a node is, which nobody hears.

    Args:
        is_empty: It is the record of the flow instead, which is an empty text where no flow runs.
    """

    is_empty: bool = False


class Silent(NamedTuple):
    """Is for the editor only: a control, `@node`."""

    what: str


class Refused(NamedTuple):
    """Cannot be in a script."""

    why: str


class Unknown(NamedTuple):
    """Is found nowhere."""


class Plain(NamedTuple):
    """Is Python's own, or a variable: it stays."""


Meaning = Definition | Imported | Own | Said | StandIn | Constant | Told | Silent | Refused | Unknown | Plain
