"""How tasks and results cross to the worker and back: values as they lie in memory or by codecs, functions by name."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import PIL.Image

from ..errors import MediaError, NodeFailed
from ..media import Audio, Model, Video
from ..schema import NodeType, Port
from .pixels import RAW_MODES, Pixels
from .shared_memory import Buffer, SharedMemory, Span

MAX_CODE_BYTES = 1_000_000

_LARGE = 64 * 1024
"""Bytes from which on a value goes through shared memory."""


class Raw(NamedTuple):
    """Is one value on its way.

    Args:
        kind: "image", "audio" or "video" for those that travel as they lie in memory; "" for what a codec encoded.
        header: What has to be known besides the bytes.
        parts: Its bytes, or where they lie in shared memory.
    """

    kind: str
    header: tuple[Any, ...]
    parts: list[bytes | Span]


Packed = Raw | list[Raw] | None


def can_travel(port: Port, value: Any) -> bool:
    """Return whether a checked value can be sent to another process: a model of this process's memory cannot."""
    items = value if isinstance(value, list) else [value]
    return port.type.name not in ("model", "any") or not any(isinstance(it, Model) and it.is_live for it in items)


def pack(
    ports: Mapping[str, Port], values: Mapping[str, Any], memory: SharedMemory | None = None
) -> dict[str, tuple[Port, Packed]]:
    """Return values as bytes beside the ports that say how to read them.

    Args:
        ports: What the values are.
        values: By port.
        memory: Where large ones are laid; what lies there must be freed when it was read.

    Raises:
        MediaError: A value cannot be encoded; names its port.
    """
    packed: dict[str, tuple[Port, Packed]] = {}
    for name, value in values.items():
        port = ports[name]
        bare = Port(name, port.type, optional=port.optional)  # without defaults, which may not travel
        try:
            if value is None:
                packed[name] = bare, None
            elif port.type.many:
                items: list[Raw] = []
                packed[name] = bare, items
                for item in value:
                    items.append(_pack(bare, item, memory))
            else:
                packed[name] = bare, _pack(bare, value, memory)
        except BaseException as error:
            for span in spans_of(packed):
                memory.free(span)  # type: ignore[union-attr] - where there are spans, there is memory
            if not isinstance(error, Exception) or isinstance(error, MemoryError):
                raise
            raise MediaError(f"'{name}' cannot travel between processes: {error}") from error
    return packed


def _pack(port: Port, value: Any, memory: SharedMemory | None) -> Raw:
    if not can_travel(port, value):
        raise MediaError('a model that was made with from_object lives in the kernel. Choose backend="auto".')
    kind, header, parts = _laid_out(value) or ("", (), [_whole(port.type.medium.encode(value))])
    sent: list[bytes | Span] = []
    try:
        for size, pieces in parts:
            span = memory.write(size, pieces) if memory is not None and size >= _LARGE else None
            sent.append(b"".join(pieces) if span is None else span)
    except BaseException:
        for span in sent:
            if isinstance(span, Span) and memory is not None:
                memory.free(span)
        raise
    return Raw(kind, header, sent)


Part = tuple[int, Iterable[Buffer]]
"""How many bytes, and these, piece by piece."""


def _laid_out(value: Any) -> tuple[str, tuple[Any, ...], list[Part]] | None:
    """Return a value as it lies in memory, where that can be read back without loss."""
    if isinstance(value, PIL.Image.Image) and value.mode in RAW_MODES:
        pixels = Pixels(value)
        return "image", (value.mode, value.size), [(pixels.size, pixels)]
    if isinstance(value, Audio):
        return "audio", (value.samples.shape, value.sample_rate), [_flat(value.samples)]
    if isinstance(value, Video):
        header, parts = (value.frames.shape, value.fps), [_flat(value.frames)]
        if value.audio is not None:
            header += (value.audio.samples.shape, value.audio.sample_rate)
            parts.append(_flat(value.audio.samples))
        return "video", header, parts
    return None


def _whole(data: bytes) -> Part:
    return len(data), [data]


def _flat(array: np.ndarray) -> Part:
    return array.nbytes, [np.ascontiguousarray(array).reshape(-1).view(np.uint8).data]


def unpack(packed: Mapping[str, tuple[Port, Packed]], memory: SharedMemory | None = None) -> dict[str, Any]:
    """Return the values that `pack` laid out; nothing of them lies in shared memory any more.

    Raises:
        MediaError: They cannot be read.
    """
    values: dict[str, Any] = {}
    for name, (port, data) in packed.items():
        if isinstance(data, list):
            values[name] = [_unpack(port, item, memory) for item in data]
        else:
            values[name] = None if data is None else _unpack(port, data, memory)
    return values


def _unpack(port: Port, raw: Raw, memory: SharedMemory | None) -> Any:
    parts: list[Any] = [memory.read(part) if isinstance(part, Span) and memory else part for part in raw.parts]
    match raw.kind, raw.header:
        case "image", (mode, size):
            return PIL.Image.frombytes(mode, size, parts[0], "raw", RAW_MODES[mode])
        case "audio", (shape, rate):
            return Audio(_array(parts[0], np.float32, shape), rate)
        case "video", (shape, fps, *sound):
            audio = Audio(_array(parts[1], np.float32, sound[0]), sound[1]) if sound else None
            return Video(_array(parts[0], np.uint8, shape), fps, audio)
    return port.type.medium.decode(bytes(parts[0]))


def _array(data: Any, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(data, dtype).reshape(shape).copy()


def spans_of(packed: Mapping[str, tuple[Port, Packed]]) -> list[Span]:
    """Return what lies in shared memory of packed values."""
    raws = [raw for _, data in packed.values() for raw in (data if isinstance(data, list) else [data]) if raw]
    return [part for raw in raws for part in raw.parts if isinstance(part, Span)]


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
