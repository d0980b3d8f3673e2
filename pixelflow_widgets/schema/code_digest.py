"""What identifies the behaviour of a function: its bytecode and that of the helpers of its own that it names.

A hash of the source would miss a change in a helper and would notice a comment. Methods of notebook classes and the
contents of lists, dicts and arrays are not seen; `unseen` names them.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

from ..media import blake3_hex

_PLAIN = (int, float, complex, str, bool, bytes, type(None))


def code_digest(function: Any, package: str = "") -> str:
    """Return a digest that changes when the function, or a helper or plain constant that it names, does.

    Args:
        function: The function as written; decorated node functions among its helpers count too.
        package: Helpers of this package count as well as those that have no importable home.
    """
    return blake3_hex("\n".join(_describe(function, package)).encode())[:32]


def unseen(function: Any) -> list[str]:
    """Return the names that a function, or a helper of its own, uses and whose contents its digest does not see.

    A result that hangs on them must not outlive the kernel: nothing would tell that they are others in the next one.
    """
    found: set[str] = set()
    seen: set[int] = set()
    pending = [written(function)]
    while pending:
        current = pending.pop()
        if id(current) in seen or not isinstance(current, types.FunctionType):
            continue
        seen.add(id(current))
        for name, value in _named_values(current):
            if (helper := _own_function(value, "")) is not None:
                pending.append(helper)
            elif not _is_seen(value):
                found.add(name)
    return sorted(found)


def _is_seen(value: Any) -> bool:
    if isinstance(value, (*_PLAIN, types.ModuleType, types.BuiltinFunctionType)):
        return True
    if isinstance(value, tuple | frozenset):
        return all(map(_is_seen, value))
    if hasattr(value, "node_type") or isinstance(value, types.FunctionType | type):
        return not is_own(value)  # what a package brings does not change; a class of the notebook may
    package = str(getattr(type(value), "__module__", "")).partition(".")[0]
    # Aliases, as in annotations; compiled functions, as numpy's.
    return package in ("typing", "types") or (callable(value) and hasattr(value, "__name__") and package != "__main__")


def _describe(function: Any, package: str) -> Iterator[str]:
    seen: set[int] = set()
    pending = [written(function)]
    while pending:
        current = pending.pop()
        if id(current) in seen or not isinstance(current, types.FunctionType):
            continue
        seen.add(id(current))
        yield from _describe_code(current.__code__)
        for default in (*(current.__defaults__ or ()), *sorted((current.__kwdefaults__ or {}).items())):
            yield f"={_stable(default)}"
        for name, value in _named_values(current):
            if isinstance(value, (*_PLAIN, tuple, frozenset)):
                yield f"{name}={_stable(value)}"
            elif (helper := _own_function(value, package)) is not None:
                pending.append(helper)


def _describe_code(code: types.CodeType) -> Iterator[str]:
    pending = [code]
    while pending:
        current = pending.pop()
        constants = []
        for constant in current.co_consts:
            if isinstance(constant, types.CodeType):
                pending.append(constant)
            else:
                constants.append(_stable(constant))
        handlers = current.co_exceptiontable.hex()
        names = f"{current.co_names} {current.co_varnames} {current.co_freevars}"
        yield f"{current.co_name} {current.co_code.hex()} {handlers} {names} {constants}"


def _stable(value: Any) -> str:
    """Return a text that is the same in every process: no memory addresses, no order of hashing."""
    if isinstance(value, _PLAIN) or value is ...:
        return repr(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_stable, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_stable, value)))}}}"
    return f"<{type(value).__qualname__}>"


def _named_values(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name in sorted(_all_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # a cell that is not filled yet
            continue


def _all_names(code: types.CodeType) -> set[str]:
    names, pending = set(), [code]
    while pending:
        current = pending.pop()
        names.update(current.co_names)
        pending.extend(constant for constant in current.co_consts if isinstance(constant, types.CodeType))
    return names


def written(value: Any) -> Any:
    """Return the function without what `@node` and caches put around it; a user's own decorator counts."""
    while hasattr(value, "__wrapped__") and (hasattr(value, "node_type") or not isinstance(value, types.FunctionType)):
        value = value.__wrapped__
    return value


def _own_function(value: Any, package: str) -> types.FunctionType | None:
    """Return the function if it was written in a notebook or script, or in the package, and not in another."""
    value = written(value)
    if not isinstance(value, types.FunctionType):
        return None
    return value if is_own(value) or (package and home(value) == package) else None


def home(function: Any) -> str:
    """Return the package that a function was written in."""
    return str(function.__module__).partition(".")[0]


def is_own(function: Any) -> bool:
    """Return whether a function has no importable home: it stands in a notebook, a script or another function."""
    return function.__module__ == "__main__" or "<locals>" in function.__qualname__
