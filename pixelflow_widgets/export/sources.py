"""The functions, classes and constants that a script copies, with the imports that they need."""

from __future__ import annotations

import collections.abc
import functools
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst

from ..errors import ExportError
from .names import Names
from .remembered import cleaned
from .sources_kinds import Constant, Definition, Imported, Meaning, StandIn
from .sources_meanings import definition_of, meaning_in
from .sources_modules import ImportLine
from .sources_tables import STAND_INS, special
from .sources_width import fitted

_STATE = ("Lock", "RLock", "Event", "Condition", "ContextVar", "WeakKeyDictionary", "WeakValueDictionary", "local")
_OLD = re.compile(r"from typing import (Dict|FrozenSet|List|Optional|Set|Tuple|Type|Union)")
"""What Python has other words for, which ruff knows."""
_FUTURE = "from __future__ import annotations"
_Key = tuple[str, str, int]


@dataclass
class _Written:
    """Is something that stands in the script.

    Args:
        names: What it binds there.
        is_plain: It is a constant.
        source: Its text; empty while it is being written.
        early: Names of what it needs when it is run.
        hinted: Names of what its annotations need then.
        late: Names of what it needs when it is called.
        parameters: What it takes.
    """

    names: dict[str, str]
    is_plain: bool = False
    source: str = ""
    early: list[str] = field(default_factory=list)
    hinted: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    parameters: tuple[str, ...] = ()


class Sources:
    """Collects the functions, classes and constants that a script copies, with the imports that they need.

    Args:
        names: Those of the script.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._written: dict[_Key, _Written] = {}
        self._by_name: dict[str, _Written] = {}
        self._imports: dict[str, str] = {}
        """What is called how, by the import statement that was wanted."""
        self._lines: set[str] = set()
        """The import statements that are written."""
        self._roots: set[str] = set()
        """Packages that are named with their modules."""
        self._types: dict[str, _Key] = {}
        """Names of types, by what they stand for."""

    def bring(self, thing: Callable[..., Any] | type, *, name: str | None = None) -> str:
        """Copy a function or class with everything of ours that it uses, and return its name in the script.

        Args:
            thing: The function as it was written counts, without what `@node` put around it.
            name: What it is to be called; its own name, if that is free. One that is there already keeps its name.

        Raises:
            ExportError: It cannot be copied; says what of it, and why.
        """
        written = inspect.unwrap(thing)
        who = str(getattr(written, "__name__", written))
        try:
            meaning = _meaning_of(written)
            if isinstance(meaning, Imported):
                return self.need(meaning.lines[-1])
            if not isinstance(meaning, Definition | StandIn | Constant):
                raise ExportError("it is no function or class that was written in Python.")
            return self.name_of(meaning, set(), name)
        except ExportError as error:
            why = str(error).removeprefix(f"{who}: ")
            raise ExportError(f"{who}() cannot be copied into a script: {why}") from None

    def parameters_of(self, name: str) -> tuple[str, ...]:
        """Return the parameters of a function that was copied: what tells the editor something is none of them.

        Args:
            name: What the function is called in the script.
        """
        return self._by_name[name].parameters

    @property
    def imports(self) -> set[str]:
        """Return whole import statements."""
        text = "\n".join(self.definitions) if any(map(_OLD.fullmatch, self._lines)) else ""
        lines = {line for line in self._lines if not (old := _OLD.fullmatch(line)) or old[1] in text}
        return lines | ({_FUTURE} if self._needs_future() else set())

    @property
    def definitions(self) -> list[str]:
        """Return the sources, each after what it needs; constants that need nothing of the rest come first, as one."""
        ordered = list(self._ordered())
        first, rest = [], []
        known: set[str] = set()
        for one in ordered:
            is_first = one.is_plain and set(one.early) <= known | set(one.names.values())
            if is_first:
                known.update(one.names.values())
            (first if is_first else rest).append(one.source)
        texts = [*(["\n".join(first)] if first else []), *rest]
        return fitted(texts, sorted(filter(_OLD.fullmatch, self._lines)))

    @property
    def requirements(self) -> set[str]:
        """Return the import names of the packages that do not come with Python."""
        roots = {line.split()[1].partition(".")[0] for line in self._lines}
        return {root for root in roots if root not in sys.stdlib_module_names}

    # What cleaning asks for

    def need(self, line: ImportLine, used: set[str] | None = None) -> str:
        """Import something, and return what it is called in the script.

        Args:
            line: The statement.
            used: Names that something nearer is bound to where it is used.
        """
        line = line._replace(module="collections.abc") if _has_moved(line) else line
        if line.text not in self._imports:
            is_beside = not line.name and not line.alias and (line.bound in self._roots or "." in line.module)
            name = line.bound if is_beside or self._names.is_free(line.bound) else self._free(line.bound)
            if not line.name and name == line.module.partition(".")[0]:
                self._roots.add(name)  # PIL.Image, and PIL.ImageFilter beside it
            self._imports[line.text] = self._names.keep(name)
            self._lines.add(line.text if name == line.bound else line._replace(alias=name).text)
        return self._beside(self._imports[line.text], used or set())

    def name_of(self, meaning: Definition | StandIn | Constant, used: set[str], wanted: str | None = None) -> str:
        """Return the name of something in the script, and copy it if it is not there yet.

        Args:
            meaning: What it is.
            used: Names that something nearer is bound to where it is used.
            wanted: What it is to be called.
        """
        key = _key_of(meaning)
        if key not in self._written:
            self._write(key, meaning, wanted)
        return self._beside(self._written[key].names[meaning.name], used)

    def _beside(self, name: str, used: set[str]) -> str:
        """Return the name, or another one for the same where a variable hides it."""
        if name not in used:
            return name
        key = ("", name, 0)
        if key not in self._written:
            other = self._free(name)
            self._add(key, _Written({name: other}, True, f"{other} = {name}", early=[name]))
        return self._written[key].names[name]

    # Writing

    def _write(self, key: _Key, meaning: Definition | StandIn | Constant, wanted: str | None) -> None:
        if isinstance(meaning, Definition):
            self._write_definition(key, meaning, wanted)
            return
        name = self._names.take(wanted) if wanted else self._free(meaning.name, is_new=True)
        early = [self.name_of(STAND_INS[path], set()) for path in getattr(meaning, "needs", ())]
        for line in meaning.lines:
            self.need(line)
        source = re.sub(rf"^((?:class |def |)){meaning.name}\b", rf"\1{name}", meaning.source.strip(), flags=re.M)
        is_plain = isinstance(meaning, Constant)
        self._add(key, _Written({meaning.name: name}, is_plain, source, early=early))

    def _write_definition(self, key: _Key, definition: Definition, wanted: str | None) -> None:
        statement = definition.bound.statement
        is_plain = isinstance(statement, cst.SimpleStatementLine)
        if is_plain:
            _check_state(statement)
        if is_plain and self._is_there(key, definition):
            return
        taken = {name: self._name_for(definition, name) for name in definition.bound.names if not wanted}
        written = _Written(taken or {definition.name: self._names.take(wanted or definition.name)}, is_plain)
        self._add(key, written)
        try:
            made = cleaned(definition, self, written.names[definition.name])
        except ExportError as error:
            text = str(error)
            raise ExportError(f"{definition.name}: {text}" if text.startswith("it ") else text) from None
        own = set(written.names.values())
        written.early, written.hinted, written.late = (
            [name for name in dict.fromkeys(names) if name not in own or names is made.hinted]
            for names in (made.early, made.hinted, made.late)
        )
        written.source, written.parameters = made.source, made.parameters

    def _is_there(self, key: _Key, definition: Definition) -> bool:
        """Return whether another module has the same name for the same type, which serves for both."""
        statement = definition.bound.statement
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if not isinstance(small, cst.Assign) or not isinstance(small.value, cst.Subscript):
            return False
        text = definition.module.parsed.tree.code_for_node(small)
        imports = definition.module.parsed.imports
        lines = [str(imports.get(word)) for word in sorted(set(re.findall(r"\w+", text)))]
        twin = self._types.setdefault("\n".join([text, *lines]), key)
        if twin in self._written:
            self._written[key] = self._written[twin]
        return twin in self._written

    def _add(self, key: _Key, written: _Written) -> None:
        self._written[key] = written
        self._by_name.update(dict.fromkeys(written.names.values(), written))

    # Names

    def _name_for(self, definition: Definition, name: str) -> str:
        plain = name.strip("_") if name.startswith("_") and name.strip("_") else name
        words = definition.module.parsed.words
        is_free = plain != name and plain not in words and plain not in _public() and self._names.is_free(plain)
        return self._free(plain if is_free else name, is_new=True)

    def _free(self, name: str, is_new: bool = False) -> str:
        """Return a name that is free: the one that is wanted, if it is not there yet, or with a number behind."""
        made, number = name, 2
        while not self._names.is_free(made) or not (is_new or made != name):
            made, number = f"{name.rstrip('_')}_{number}", number + 1
        return self._names.keep(made)

    # Order

    def _ordered(self) -> Iterator[_Written]:
        """Yield what was written, each after what it needs: first of all, what it needs to be run itself."""
        usual: dict[int, _Written] = {}
        self._reach(self._written.values(), usual, set())
        hints = not self._needs_future()
        done: set[int] = set()
        for one in usual.values():
            yield from self._with_early(one, hints, done)

    def _reach(self, wanted: Iterable[_Written], found: dict[int, _Written], seen: set[int]) -> None:
        for one in wanted:
            if id(one) not in seen:
                seen.add(id(one))
                needs = (self._by_name[name] for name in (*one.early, *one.hinted, *one.late) if name in self._by_name)
                self._reach(needs, found, seen)
                found[id(one)] = one

    def _with_early(self, one: _Written, hints: bool, done: set[int]) -> Iterator[_Written]:
        if id(one) in done:
            return
        done.add(id(one))
        for name in (*one.early, *(one.hinted if hints else ())):
            if name in self._by_name:
                yield from self._with_early(self._by_name[name], hints, done)
        yield one

    def _needs_future(self) -> bool:
        """Return whether an annotation names something that can only stand behind it, or is it."""
        return any(self._leads_back(one) for one in self._written.values() if one.hinted)

    def _leads_back(self, one: _Written) -> bool:
        pending, seen = [*one.hinted, *one.early], set()
        while pending:
            other = self._by_name.get(pending.pop())
            if other is one:
                return True
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                pending += [*other.early, *other.hinted]
        return False


def exportable(function: Callable[..., Any]) -> str | None:
    """Return why a function cannot be copied into a script, or None if it can."""
    try:
        Sources(Names()).bring(function)
    except ExportError as error:
        return str(error)
    return None


def _has_moved(line: ImportLine) -> bool:
    """Return whether something of `typing` has its home in collections.abc."""
    return line.module == "typing" and line.name in collections.abc.__all__ and line.name not in ("Set", "ByteString")


def _meaning_of(thing: Any) -> Meaning:
    home = str(getattr(thing, "__module__", None) or "")
    if home.partition(".")[0] in sys.stdlib_module_names and home != "__main__":
        return Imported((ImportLine(home, thing.__name__),))
    if isinstance(thing, types.FunctionType):
        known = special(f"{thing.__module__}.{thing.__qualname__}")
        return known if isinstance(known, StandIn) else definition_of(thing)
    if isinstance(thing, type):
        return special(f"{thing.__module__}.{thing.__qualname__}") or meaning_in(thing.__module__, thing.__qualname__)
    raise ExportError("it is no function or class.")


def _key_of(meaning: Definition | StandIn | Constant) -> _Key:
    if isinstance(meaning, Definition):
        return meaning.key
    return ("stand-in" if isinstance(meaning, StandIn) else f"constant {meaning.source}", meaning.name, 0)


def _check_state(statement: cst.SimpleStatementLine) -> None:
    """Check that a statement makes nothing that is changed while the script runs.

    Raises:
        ExportError: It does.
    """
    small = statement.body[0]
    value = getattr(small, "value", None)
    while isinstance(value, cst.Subscript):
        value = value.value
    name = ""
    if isinstance(value, cst.Call):
        func = value.func
        name = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", "")
        is_empty = name in ("dict", "list", "set", "defaultdict", "deque") and not value.args
    else:
        is_empty = isinstance(value, cst.Dict | cst.List) and not value.elements
    if is_empty or name in _STATE:
        what = cst.Module([]).code_for_node(statement).strip().partition("=")[0].strip()
        raise ExportError(f"it uses '{what}', which changes while it runs.")


@functools.cache
def _public() -> frozenset[str]:
    """Return the names without an underscore that our own modules define: nothing private is called so."""
    found: set[str] = set()
    package = Path(__file__).parents[1]
    for path in sorted([*package.glob("media/*.py"), *package.glob("nodes/*.py")]):
        found.update(re.findall(r"^(?:def |class |)([A-Za-z]\w*)(?=\(| =|:)", path.read_text(encoding="utf-8"), re.M))
    return frozenset(found)
