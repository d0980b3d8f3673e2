"""How tasks and results cross to the worker and back: values by typed codecs, functions by name or value."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping
from typing import Any

from ..errors import NodeFailed
from ..schema import NodeType, Port

MAX_CODE_BYTES = 1_000_000

Packed = bytes | list[bytes] | None


def pack(ports: Mapping[str, Port], values: Mapping[str, Any]) -> dict[str, tuple[Port, Packed]]:
    """Return values as bytes beside the ports that say how to read them.

    Raises:
        MediaError: A value cannot be encoded.
    """
    packed: dict[str, tuple[Port, Packed]] = {}
    for name, value in values.items():
        port = ports[name]
        encode = port.type.medium.encode
        bare = Port(name, port.type, optional=port.optional)  # without defaults, which may not travel
        if value is None:
            packed[name] = bare, None
        elif port.type.many:
            packed[name] = bare, [encode(item) for item in value]
        else:
            packed[name] = bare, encode(value)
    return packed


def unpack(packed: Mapping[str, tuple[Port, Packed]]) -> dict[str, Any]:
    """Return the values that `pack` encoded."""
    values: dict[str, Any] = {}
    for name, (port, data) in packed.items():
        decode = port.type.medium.decode
        values[name] = None if data is None else [decode(i) for i in data] if isinstance(data, list) else decode(data)
    return values


def pack_function(node_type: NodeType) -> tuple[str, Any]:
    """Return a function as ("name", (module, name)), or as ("value", bytes) if it has no importable home.

    Raises:
        NodeFailed: The function carries something that cannot travel, or too much of it; names it.
    """
    function = node_type.function
    if not node_type.from_notebook:
        return "name", (function.__module__, function.__qualname__)
    try:
        code = _dump(function)
    except Exception as error:
        raise NodeFailed(
            f"{function.__name__}() uses something of the notebook that cannot travel to the worker process: {error}. "
            'Make it an input, or write @pf.node(where="kernel").'
        ) from error
    if len(code) > MAX_CODE_BYTES:
        raise NodeFailed(
            f"{function.__name__}() uses the notebook variable '{_largest_global(function)}', which is too large to "
            f"send along ({len(code) >> 20} MB). Nodes run in a worker process: make it an input, or write "
            '@pf.node(where="kernel").'
        )
    return "value", code


def _dump(function: Any) -> bytes:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            # A helper that is a node itself travels as the function it was written as.
            original = getattr(value, "__wrapped__", None) if hasattr(value, "node_type") else None
            if original is not None and value.node_type.from_notebook:
                return _itself, (original,)
            return super().reducer_override(value)

    buffer = io.BytesIO()
    Pickler(buffer).dump(function)
    return buffer.getvalue()


def _itself(function: Any) -> Any:
    return function


def _largest_global(function: Any) -> str:
    sizes = {}
    for name in function.__code__.co_names:
        if name in function.__globals__:
            try:
                sizes[name] = len(_dump(function.__globals__[name]))
            except Exception:  # what cannot be dumped was named before
                continue
    return max(sizes, key=sizes.__getitem__, default="?")


def unpack_function(packed: tuple[str, Any]) -> Any:
    """Return the function as it was written; runs the import of its module, or the code that came with it."""
    how, what = packed
    if how == "value":
        import cloudpickle

        return cloudpickle.loads(what)
    module, name = what
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return getattr(found, "__wrapped__", found)
