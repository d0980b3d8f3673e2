"""What a name in a source stands for, once the script may not import this package."""

from __future__ import annotations

import importlib
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NewType

import libcst as cst

from ..errors import ExportError
from ..schema.literals import flat
from .sources_kinds import Constant, Definition, Imported, Meaning, Own, Plain, Refused, Unknown
from .sources_modules import (
    PACKAGE,
    Bound,
    ImportLine,
    Module,
    Parsed,
    cell_of,
    cells,
    is_builtin,
    is_live,
    module_named,
    parsed,
)
from .sources_tables import special

_SECRET = re.compile(r"(^|_)(token|secret|password|api_?key|key)$", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(hf_|sk-|ghp_)\w{8,}")


def meaning_of(module: Module, name: str) -> Meaning:
    """Return what a name at the top of a module stands for."""
    if module.live is not None:
        return _live(module, name)
    if name in module.parsed.bound:
        bound = module.parsed.bound[name]
        return special(f"{module.name}.{name}") or Definition(module, bound, name)
    if name in module.parsed.imports:
        return imported(module, module.parsed.imports[name])
    return Plain() if is_builtin(name) or name == "__name__" else Unknown()


def imported(module: Module, lines: list[ImportLine]) -> Meaning:
    """Return what a name stands for that an import statement binds."""
    line = lines[-1]
    if not module.is_own(line.module):
        return Imported(tuple(lines))
    if line.name:
        return meaning_in(line.module, line.name)
    return Own(line.module if line.alias else line.module.partition(".")[0])


def meaning_in(module: str, name: str) -> Meaning:
    """Return what stands for a part of a module whose parts are copied."""
    if known := special(f"{module}.{name}"):
        return known
    found = module_named(module)
    if found is not None and (name in found.parsed.bound or name in found.parsed.imports):
        return meaning_of(found, name)
    if module_named(f"{module}.{name}") is not None:
        return Own(f"{module}.{name}")
    try:  # names that are loaded on first use
        value = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return Unknown()
    return _of_value(value, name) or Unknown()


# A notebook's names


def _live(module: Module, name: str) -> Meaning:
    """Return what a name of a notebook stands for: what it is bound to now counts, not what a cell says."""
    assert module.live is not None
    if name not in module.live:
        return Plain() if is_builtin(name) else Unknown()
    value = module.live[name]
    return _of_value(value, name, module) or Refused(
        f"is {type(value).__name__} and no plain constant, function, class or import"
    )


def _of_value(value: Any, name: str, module: Module | None = None) -> Meaning | None:
    if isinstance(value, types.ModuleType):
        if value.__name__.partition(".")[0] == PACKAGE:
            return Own(value.__name__)
        return _import_of(name, module) or Imported((_module_line(value.__name__, name),))
    written = inspect.unwrap(value) if callable(value) else value
    home = str(getattr(written, "__module__", None) or "")
    if home.partition(".")[0] == PACKAGE and isinstance(written, types.FunctionType | type | NewType):
        return meaning_in(home, written.__qualname__ if not isinstance(written, NewType) else written.__name__)
    if isinstance(written, types.FunctionType) and is_live(written):
        return definition_of(written)
    if isinstance(written, type) and home == "__main__":
        return _class_of_cell(written, module)
    if (constant := _constant(value, name)) is not None:
        return constant
    if (found := _import_of(name, module)) is not None:
        return found
    if isinstance(getattr(written, "__qualname__", None), str) and home not in ("", "__main__", "typing", "types"):
        top = str(written.__qualname__)
        if "." not in top and hasattr(importlib.import_module(home), top):
            return Imported((ImportLine(home, top, name if name != top else ""),))
    return _alias_of_cell(name, module)


def _module_line(dotted: str, name: str) -> ImportLine:
    parent, _, last = dotted.rpartition(".")
    if dotted == name:
        return ImportLine(dotted)
    return ImportLine(parent, last) if parent and last == name else ImportLine(dotted, "", name)


def _import_of(name: str, module: Module | None) -> Meaning | None:
    """Return the import of a name as a cell says it: its own cell, else the newest that does."""
    if module is None:
        return None
    texts = (text for text, _ in _binding(name, module, "imports"))
    lines = next((text.imports[name] for text in texts), None)
    return Imported(tuple(lines)) if lines and not module.is_own(lines[-1].module) else None


def _binding(name: str, module: Module, table: str) -> Iterator[tuple[Parsed, str]]:
    """Yield (cell, its key) of those that bind a name: the one where it is used, then the newest first."""
    if name in getattr(module.parsed, table):
        yield module.parsed, module.key
    for place, source in cells():
        if not re.search(rf"\b{name}\b", source):
            continue
        try:
            text = parsed(source, "", place)
        except ExportError:
            continue
        if name in getattr(text, table):
            yield text, place


def definition_of(function: types.FunctionType) -> Definition:
    """Return where a function was written.

    Raises:
        ExportError: Its source is not known.
    """
    if not is_live(function):
        module = module_named(function.__module__)
        bound = module.parsed.bound.get(function.__qualname__) if module else None
        if module is None or bound is None:
            raise ExportError(f"the source of {function.__name__}() is not known.")
        return Definition(module, bound, function.__qualname__)
    module = cell_of(function)
    statement = module.parsed.function_at(function.__name__, function.__code__.co_firstlineno)
    if statement is None:
        raise ExportError(f"the source of {function.__name__}() is not where it was written any more.")
    return Definition(module, Bound(statement, (function.__name__,)), function.__name__)


def _class_of_cell(wanted: type, module: Module | None) -> Meaning:
    if module is None:
        return Refused("is a class whose source is not known")
    methods = [inspect.unwrap(value) for value in vars(wanted).values() if callable(value)]
    places = {one.__code__.co_filename for one in methods if isinstance(one, types.FunctionType)}
    found = [
        Definition(Module("__main__", text, place, module.live), text.bound[wanted.__name__], wanted.__name__)
        for text, place in _binding(wanted.__name__, module, "bound")
        if isinstance(text.bound[wanted.__name__].statement, cst.ClassDef)
    ]
    if not found:
        return Refused("is a class whose source is not known")
    return next((one for one in found if one.module.key in places), found[0])


def _alias_of_cell(name: str, module: Module | None) -> Meaning | None:
    """Return the statement of a cell that makes a name of a type, or a table of functions."""
    if module is None:
        return None
    value = (module.live or {})[name]
    is_type = getattr(type(value), "__module__", "") in ("typing", "types")
    leaves = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    if not is_type and not (leaves and all(callable(leaf) or _constant(leaf, "") for leaf in leaves)):
        return None
    for text, place in _binding(name, module, "bound"):
        if isinstance(text.bound[name].statement, cst.SimpleStatementLine):
            return Definition(Module("__main__", text, place, module.live), text.bound[name], name)
    return None


def _constant(value: Any, name: str) -> Constant | None:
    """Return a value of a notebook as a statement, or None where it has no literal."""
    if isinstance(value, str) and (_SECRET.search(name) or _SECRET_VALUE.match(value)):
        return Constant(name, f'{name} = os.environ["{name.upper()}"]', (ImportLine("os"),))
    if isinstance(value, re.Pattern):
        flags = value.flags & ~re.UNICODE.value
        behind = f", {flags}" if flags else ""
        return Constant(name, f"{name} = re.compile({value.pattern!r}{behind})", (ImportLine("re"),))
    if isinstance(value, PurePath):
        return Constant(name, f"{name} = Path({value.as_posix()!r})", (ImportLine("pathlib", "Path"),))
    text = _literal(value)
    return None if text is None else Constant(name, f"{name} = {text}")


def _literal(value: Any) -> str | None:
    if value is ...:
        return "..."
    if type(value) in (bytes, complex):
        return repr(value)
    if type(value) in (set, frozenset):
        items = sorted(filter(None, map(_literal, value)))
        inner = f"{{{', '.join(items)}}}" if items else "set()"
        return None if len(items) != len(value) else inner if type(value) is set else f"frozenset({inner})"
    if not _is_plain(value):
        return None
    return flat(value)


def _is_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
    return value is None or type(value) in (str, int, float, bool)
