"""What a name in a source stands for, once the script may not import this package."""

from __future__ import annotations

import importlib
import inspect
import re
import types
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple, NewType

import libcst as cst

from .. import errors
from ..errors import ExportError
from .literals import flat
from .sources_modules import (
    PACKAGE,
    Bound,
    ImportLine,
    Module,
    cell_of,
    cells,
    is_builtin,
    is_live,
    module_named,
    parsed,
)


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
    """Is told how far a node is: there is nobody to tell."""


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

_MODEL = "needs a model"
_VALUES = f"{PACKAGE}.media.values."
_PICTURE = Said("PIL.Image.Image", ImportLine("PIL.Image"))
_NUMPY = ImportLine("numpy", "", "np")
_DATACLASS = ImportLine("dataclasses", "dataclass")

STAND_INS: Mapping[str, StandIn] = {
    f"{_VALUES}Audio": StandIn(
        "Audio",
        '''
@dataclass(eq=False)
class Audio:
    """Holds a sound: float32 (channels, frames) in [-1, 1], and frames per second."""

    samples: np.ndarray
    sample_rate: int
''',
        (_NUMPY, _DATACLASS),
    ),
    f"{_VALUES}Video": StandIn(
        "Video",
        '''
@dataclass(eq=False)
class Video:
    """Holds a film: uint8 (n, height, width, 3), frames per second, and its sound."""

    frames: np.ndarray
    fps: float
    audio: Audio | None = None

    def __post_init__(self) -> None:
        self.fps = float(self.fps)
''',
        (_NUMPY, _DATACLASS),
        (f"{_VALUES}Audio",),
    ),
    f"{PACKAGE}.models.seeding.seeded": StandIn(
        "seeded",
        '''
@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw the same numbers for the same seed within."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
''',
        (ImportLine("contextlib"), ImportLine("collections.abc", "Iterator"), ImportLine("torch")),
    ),
}
"""What is written anew where its own source would bring much that a script has no use for."""

_SAID: Mapping[str, Meaning] = {
    f"{_VALUES}Image": _PICTURE,
    f"{_VALUES}Mask": _PICTURE._replace(is_identity=True),
    f"{_VALUES}Latents": Said("torch.Tensor", ImportLine("torch"), is_identity=True),
    f"{_VALUES}Table": Said("pandas.DataFrame", ImportLine("pandas"), is_identity=True),
    f"{_VALUES}Model": Refused(_MODEL),
    f"{_VALUES}Adapter": Refused(_MODEL),
    f"{PACKAGE}.models.loan.Loan": Refused(_MODEL),
    f"{PACKAGE}.models.loading.lend": Refused(_MODEL),
    f"{PACKAGE}.models.loading.Report": Told(),
    f"{PACKAGE}.models.image_generation.Told": Told(),
    f"{PACKAGE}.schema.progress.Progress": Told(),
    f"{PACKAGE}.schema.asking.Ask": Refused("asks whoever runs the flow"),
    f"{PACKAGE}.schema.lazy.Lazy": Refused("takes inputs that are worked out later"),
    f"{PACKAGE}.schema.options.Options": Refused("takes the options of a model"),
    f"{PACKAGE}.schema.signature.node": Silent("@node"),
}
_RUN_ERRORS = ("RunError", "NodeFailed", "WorkerLost", "Cancelled")
_SECRET = re.compile(r"(^|_)(token|secret|password|api_?key|key)$", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(hf_|sk-|ghp_)\w{8,}")


def special(path: str) -> Meaning | None:
    """Return what stands in a script for something of this package that is not copied as it is."""
    module, _, name = path.rpartition(".")
    if path in STAND_INS:
        return STAND_INS[path]
    if path in _SAID:
        return _SAID[path]
    if module == f"{PACKAGE}.errors":
        found = getattr(errors, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return Said("RuntimeError" if name in _RUN_ERRORS else "ValueError")
    if module.startswith((f"{PACKAGE}.controls", f"{PACKAGE}.schema")):
        return Silent(name)
    if module.startswith((f"{PACKAGE}.run", f"{PACKAGE}.flow", f"{PACKAGE}.public", f"{PACKAGE}.widget")):
        return Refused("belongs to the editor and not to a script")
    return None


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
    lines = module.parsed.imports.get(name)
    if lines is None:
        for place, source in cells():
            try:
                lines = parsed(source, "", place).imports.get(name) if re.search(rf"\b{name}\b", source) else None
            except ExportError:
                continue
            if lines is not None:
                break
    return Imported(tuple(lines)) if lines and not module.is_own(lines[-1].module) else None


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
    methods = (inspect.unwrap(value) for value in vars(wanted).values() if callable(value))
    for method in methods:
        if isinstance(method, types.FunctionType) and method.__qualname__.startswith(f"{wanted.__name__}."):
            places = [method.__code__.co_filename]
            break
    else:
        places = []
    around = module.live if module else None
    sources = ([(module.key, None)] if module else []) + [
        entry for entry in cells() if entry[0] in (places or [entry[0]])
    ]
    for place, source in sources:
        text = module.parsed if source is None and module else parsed(source or "", "", place)
        bound = text.bound.get(wanted.__name__)
        if bound is not None and isinstance(bound.statement, cst.ClassDef):
            return Definition(Module("__main__", text, place, around), bound, wanted.__name__)
    return Refused("is a class whose source is not known")


def _alias_of_cell(name: str, module: Module | None) -> Meaning | None:
    """Return the statement of a cell that makes a type another name, or a table of functions."""
    bound = module.parsed.bound.get(name) if module else None
    if module is None or bound is None or not isinstance(bound.statement, cst.SimpleStatementLine):
        return None
    value = (module.live or {})[name]
    is_type = getattr(type(value), "__module__", "") in ("typing", "types")
    leaves = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    if is_type or (leaves and all(callable(leaf) or _constant(leaf, "") for leaf in leaves)):
        return Definition(module, bound, name)
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
