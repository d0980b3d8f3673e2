"""Reading the header of a safetensors file, and saying why a file is none.

The layout: eight bytes that say how long the header is, the header in JSON, then the tensors one behind the other. Only
the header is read, so this costs the same for a file of 20 GB; and nothing in it is believed before it was checked,
because the loaders that come later map the places it names into memory.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ModelError

LARGEST = 100_000_000
"""Bytes of a header; the format allows no more."""
_LONGEST_NUMBER = 2**63
_MOST_AXES = 64
_TRUSTED = 1_000_000
"""Bytes below which a header cannot hold enough brackets to fill the memory."""
_METADATA = "__metadata__"
_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
_NUMBERS = {"F64": "<d", "F32": "<f", "F16": "<e", "I64": "<q", "I32": "<i", "I16": "<h", "U8": "<B"}
_OTHERS = (
    (b"PK\x03\x04", "a zip archive, which is how PyTorch saves pickles; loading one can run code"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "a GGUF file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"version https://git-lfs", "a pointer of git-lfs, not the file itself; fetch it with: git lfs pull"),
    (b"<", "a web page, which is what a site gives in place of a file when it wants a login"),
    (b"{", "JSON without the length that goes before it"),
)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Header:
    """Is what a safetensors file says of itself.

    Args:
        path: The file.
        tensors: Name → (dtype, shape), as the header names them, in its order.
        metadata: What its maker wrote about it.
        places: Name → first and last byte + 1 of the tensor, counted from the start of the file.
    """

    path: Path
    tensors: Mapping[str, tuple[str, tuple[int, ...]]]
    metadata: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def number(self, name: str) -> float | None:
        """Return the value of a tensor of one number, read from the file; None where it is not one."""
        dtype, shape = self.tensors.get(name, ("", (0,)))
        if math.prod(shape) != 1 or (dtype not in _NUMBERS and dtype != "BF16"):
            return None
        start, end = self.places[name]
        with self.path.open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        if dtype == "BF16":  # the upper half of a single-precision number
            dtype, data = "F32", b"\0\0" + data
        value = float(struct.unpack(_NUMBERS[dtype], data)[0])
        return value if math.isfinite(value) else None


def read_header(path: Path | str) -> Header:
    """Return what a safetensors file holds, without reading the tensors.

    Args:
        path: The file; decided by its content, whatever it is called.

    Raises:
        ModelError: It is missing, is something else (says what) or is damaged (says how).
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            content = _header_bytes(path, size, file.read(64), file)
    except OSError as error:
        raise ModelError(f"'{path.name}' cannot be read: {error.strerror or error} ({path}).") from error
    entries = _parsed(path, content)
    metadata = _checked_metadata(path, entries.pop(_METADATA, None))
    start = 8 + len(content)
    tensors, places = _checked_tensors(path, entries, start)
    _check_places(path, places, start, size)
    return Header(path, tensors, metadata, places)


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ModelError(f"'{path.name}' is refused: {reason}.")


def _damaged(path: Path, what: str) -> NoReturn:
    _refuse(path, f"{what}, so the file is damaged or was not written by safetensors. Get it again")


def _header_bytes(path: Path, size: int, beginning: bytes, file: Any) -> bytes:
    """Return the JSON, after the length before it was found to be possible."""
    if size == 0:
        _refuse(path, "it is empty")
    length = int.from_bytes(beginning[:8], "little")
    # A length of 640 makes the first two bytes those of a pickle: what counts is whether JSON follows.
    if size < 10 or beginning[8:9] != b"{":
        _refuse(path, f"{_what_it_is(path, beginning)}. Weights are taken as safetensors only")
    if length > LARGEST:
        _refuse(path, f"its header claims {length:,} bytes, and more than {LARGEST:,} are not allowed")
    if length > size - 8:
        _refuse(path, f"it is cut off: its header has {length:,} bytes, and {size - 8:,} are there. Get it again")
    file.seek(8)
    content = file.read(length)
    if len(content) != length:
        _refuse(path, "it became shorter while it was read")
    return content


def _what_it_is(path: Path, beginning: bytes) -> str:
    """Return in words what a file is that is not safetensors."""
    is_renamed = path.suffix == ".safetensors"
    is_pickle = beginning[:1] == b"\x80" and 2 <= beginning[1] <= 5 if len(beginning) > 1 else False
    what = "a pickle, and loading one can run code" if is_pickle else ""
    what = what or next((words for start, words in _OTHERS if beginning.startswith(start)), "")
    if not what:
        return "it does not begin as a safetensors file does"
    return f"in spite of its name it is {what}" if is_renamed else f"it is {what}"


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    """Return the JSON of a header: an object without names that come twice."""
    if len(content) > _TRUSTED:
        _check_brackets(path, content)
    try:
        entries = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
        if isinstance(entries, dict) and not _is_surely_single(content, entries):
            entries = json.loads(content, object_pairs_hook=partial(_object, path), parse_constant=_no_constant)
    except UnicodeDecodeError:
        _damaged(path, "its header is not UTF-8")
    except RecursionError:
        _damaged(path, "its header is nested without end")
    except ValueError as error:
        _damaged(path, f"its header is not JSON ({error})")
    if not isinstance(entries, dict):
        _damaged(path, "its header is not an object")
    return entries


def _is_surely_single(content: bytes, entries: Mapping[str, Any]) -> bool:
    """Return whether no tensor and no field of one comes twice, as far as counting tells: that is quick.

    What is counted wrongly, because a tensor is called "shape" or a name is spelt in escapes, is looked at after all.
    Names of metadata may come twice: nothing depends on them, and safetensors takes the last one too.
    """
    count = len(entries) - (_METADATA in entries)
    is_counted = all(content.count(field) == count for field in (b'"dtype"', b'"shape"', b'"data_offsets"'))
    return is_counted and b"\\u" not in content and content.count(b'"__metadata__"') <= 1


def _check_brackets(path: Path, content: bytes) -> None:
    """Refuse a header that would take far more memory than it has bytes: each tensor has three brackets."""
    plain = _STRING.sub(b"", content)
    if plain.count(b"[") + plain.count(b"{") > 3 * content.count(b'"dtype"') + 2:
        _damaged(path, "its header holds brackets that no tensor needs")


def _object(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        _damaged(path, f"its header names {_short(twice)} twice")
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _short(name: object) -> str:
    text = str(name)
    return f"'{text if len(text) <= 80 else text[:77] + '...'}'".encode("utf-8", "replace").decode()


def _checked_metadata(path: Path, metadata: Any) -> dict[str, str]:
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        _damaged(path, "its metadata are not text by name")
    _check_text(path, (*metadata, *metadata.values()))
    return metadata


def _check_text(path: Path, texts: Iterable[str]) -> None:
    """Refuse halves of characters, which JSON can spell and UTF-8 cannot."""
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        _damaged(path, "its header holds half a character")


def _checked_tensors(path: Path, entries: Mapping[str, Any], start: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (name → (dtype, shape), name → place), after each was found to say the same by shape and by place."""
    _check_text(path, entries)
    tensors, places = {}, {}
    for name, entry in entries.items():
        try:
            dtype, shape, (first, last) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
            bits = _BITS.get(dtype)
        except (TypeError, KeyError, ValueError):
            _damaged(path, f"its header does not say what and where tensor {_short(name)} is")
        if bits is None:
            _refuse(path, f"tensor {_short(name)} has the unknown number format {_short(dtype)}")
        if type(first) is not int or type(last) is not int or not 0 <= first <= last < _LONGEST_NUMBER:
            _damaged(path, f"tensor {_short(name)} has the impossible place {_short([first, last])}")
        count = bits
        for length in shape:
            if type(length) is not int or not 0 <= length < _LONGEST_NUMBER or len(shape) > _MOST_AXES:
                _damaged(path, f"tensor {_short(name)} has the impossible shape {_short(list(shape[:9]))}")
            count *= length
        if count != (last - first) * 8:
            _damaged(path, f"tensor {_short(name)} ({dtype}, {_short(list(shape))}) does not fill its place")
        tensors[name] = (dtype, shape)
        places[name] = (start + first, start + last)
    return tensors, places


def _check_places(path: Path, places: Mapping[str, tuple[int, int]], start: int, size: int) -> None:
    """Refuse tensors that overlap, leave holes, or reach beyond the end."""
    reached = start
    for name, (first, last) in sorted(places.items(), key=itemgetter(1)):
        if first < reached:
            _damaged(path, f"tensor {_short(name)} overlaps another")
        if first > reached:
            _damaged(path, f"there are {first - reached:,} bytes before tensor {_short(name)} that belong to none")
        reached = last
    if reached > size:
        _refuse(path, f"it is cut off: its tensors take {reached:,} bytes, and {size:,} are there. Get it again")
    if reached < size:
        _damaged(path, f"there are {size - reached:,} bytes after its tensors that belong to none")
