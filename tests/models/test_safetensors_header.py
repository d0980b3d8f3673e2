"""Reading headers: what is sound is read as safetensors reads it, everything else is refused with its reason."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

import pixelflow_widgets as pf
from pixelflow_widgets.models import safetensors_header
from pixelflow_widgets.models.safetensors_header import LARGEST, read_header

SOAK = int(os.environ.get("PIXELFLOW_SOAK", "1"))
GOOD = {
    "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
    "b": {"dtype": "I8", "shape": [3], "data_offsets": [8, 11]},
}


def framed(header: str | bytes, data: int = 11, length: int | None = None) -> bytes:
    """The bytes of a file with this header and as many bytes of data."""
    header = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(header) if length is None else length) + header + bytes(data)


def with_tensor(**entry: Any) -> bytes:
    return framed(json.dumps({"a": {**GOOD["a"], **entry}}), 8)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"x": 1}))
    return file.getvalue()


def test_names_shapes_metadata_and_places_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"b": np.zeros((2, 3), np.float16), "a": np.zeros((), np.float32)}, path, {"format": "pt"})
    header = read_header(path)
    assert header.tensors == {"a": ("F32", ()), "b": ("F16", (2, 3))} and header.metadata == {"format": "pt"}
    size = path.stat().st_size
    assert sorted(header.places.values()) == [(size - 16, size - 12), (size - 12, size)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.int32, np.int16, np.uint8])
def test_a_number_is_read_where_it_stands(dtype: type, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"first": np.zeros(7, np.float32), "alpha": np.asarray(8, dtype), "two": np.zeros(2, dtype)}, path)
    header = read_header(path)
    assert header.number("alpha") == 8.0
    assert header.number("two") is None and header.number("nothing") is None


def test_a_number_in_bfloat16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    header = json.dumps({"alpha": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<f", 2.5)[2:])
    assert read_header(path).number("alpha") == 2.5


def test_a_header_of_640_bytes_is_no_pickle_though_it_begins_like_one(tmp_path: Path) -> None:
    header = json.dumps(GOOD)
    path = tmp_path / "x.safetensors"
    path.write_bytes(framed(header + " " * (640 - len(header))))
    assert path.read_bytes()[:2] == pickle.PROTO + b"\x02"
    assert set(read_header(path).tensors) == {"a", "b"}


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "pickle": (lambda: pickle.dumps({"weight": 1}), "it is a pickle, and loading one can run code"),
    "old pickle": (lambda: pickle.dumps({"weight": 1}, 2), "it is a pickle"),
    "zip": (zipped, "a zip archive, which is how PyTorch saves pickles"),
    "gguf": (lambda: b"GGUF" + bytes(60), "it is a GGUF file"),
    "hdf5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(60), "it is an HDF5 file"),
    "numpy": (lambda: b"\x93NUMPY\x01" + bytes(60), "it is a NumPy array"),
    "web page": (lambda: b"<!DOCTYPE html><html>Log in</html>", "it is a web page"),
    "git-lfs": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
        "a pointer of git-lfs.*git lfs pull",
    ),
    "bare JSON": (lambda: json.dumps(GOOD).encode(), "it is JSON without the length"),
    "text": (lambda: b"hello, this is nothing", "does not begin as a safetensors file does"),
    "empty": (lambda: b"", "it is empty"),
    "five bytes": (lambda: b"\x05\0\0\0\0", "does not begin as"),
    "a length only": (lambda: struct.pack("<Q", 0), "does not begin as"),
    "no header": (lambda: framed(""), "does not begin as"),
    "cut off in the header": (lambda: framed(json.dumps(GOOD))[:60], "it is cut off: its header has"),
    "cut off in the tensors": (lambda: framed(json.dumps(GOOD), 9), "it is cut off: its tensors take"),
    "more than was said": (lambda: framed(json.dumps(GOOD), 15), "4 bytes after its tensors that belong to none"),
    "an endless header": (lambda: framed(json.dumps(GOOD), length=2**63), "claims 9,223,372,036,854,775,808 bytes"),
    "a huge header": (lambda: framed(json.dumps(GOOD), length=LARGEST + 1), "more than 100,000,000 are not allowed"),
    "no JSON": (lambda: framed("{not json}"), "its header is not JSON"),
    "more than one object": (lambda: framed("{}{}"), "its header is not JSON"),
    "NaN": (lambda: with_tensor(x=float("nan")), "NaN is no JSON"),
    "no UTF-8": (lambda: framed(b'{"\xff": {}}'), "its header is not UTF-8"),
    "half a character": (
        lambda: framed('{"\\ud800": {"dtype": "I8", "shape": [0], "data_offsets": [0, 0]}}', 0),
        "half a char",
    ),
    "a name twice": (lambda: framed('{"a": 1, "a": 2}'), "its header names 'a' twice"),
    "a field twice": (lambda: framed('{"a": {"dtype": "I8", "dtype": "F8"}}'), "its header names 'dtype' twice"),
    "nested": (lambda: framed('{"a": ' + "[" * 200_000), "nested without end"),
    "a bomb of lists": (lambda: framed('{"a": [' + "[]," * 400_000 + "[]]}"), "brackets that no tensor needs"),
    "metadata of numbers": (lambda: framed('{"__metadata__": {"a": 1}}'), "metadata are not text"),
    "metadata in a list": (lambda: framed('{"__metadata__": []}'), "metadata are not text"),
    "no place": (lambda: framed('{"a": {"dtype": "I8", "shape": [1]}}'), "does not say what and where tensor 'a' is"),
    "three ends": (lambda: with_tensor(data_offsets=[0, 4, 8]), "does not say what and where"),
    "not an object": (lambda: framed('{"a": 5}'), "does not say what and where"),
    "an unknown dtype": (lambda: with_tensor(dtype="F99"), "tensor 'a' has the unknown number format 'F99'"),
    "a dtype of lists": (lambda: with_tensor(dtype=[]), "does not say what and where"),
    "a shape of text": (lambda: with_tensor(shape=["2"]), "the impossible shape"),
    "a shape of truths": (lambda: with_tensor(shape=[True, 2]), "the impossible shape"),
    "a shape of fractions": (lambda: with_tensor(shape=[2.0]), "the impossible shape"),
    "a negative shape": (lambda: with_tensor(shape=[-2]), "the impossible shape"),
    "an enormous shape": (lambda: with_tensor(shape=[2**70]), "the impossible shape"),
    "a shape of a thousand axes": (lambda: with_tensor(shape=[1] * 1000), "the impossible shape"),
    "a product beyond all": (lambda: with_tensor(shape=[2**62] * 60), "does not fill its place"),
    "backwards": (lambda: with_tensor(data_offsets=[8, 0]), "the impossible place"),
    "before the start": (lambda: with_tensor(data_offsets=[-8, 0]), "the impossible place"),
    "at a fraction": (lambda: with_tensor(data_offsets=[0, 8.0]), "the impossible place"),
    "beyond all": (lambda: with_tensor(data_offsets=[2**64, 2**64 + 8]), "the impossible place"),
    "beyond the end": (lambda: with_tensor(shape=[2**40], data_offsets=[0, 2**42]), "it is cut off: its tensors take"),
    "too small a place": (lambda: with_tensor(shape=[3]), r"tensor 'a' \(F32, '\[3\]'\) does not fill its place"),
    "overlapping": (
        lambda: framed(json.dumps({**GOOD, "c": {"dtype": "I8", "shape": [4], "data_offsets": [7, 11]}})),
        "tensor '.' overlaps another",
    ),
    "a hole": (lambda: with_tensor(shape=[1], data_offsets=[4, 8]), "4 bytes before tensor 'a' that belong to none"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_what_is_not_sound_is_refused_with_its_reason(name: str, suffix: str, tmp_path: Path) -> None:
    make, reason = REFUSED[name]
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(make())
    # A file that claims to be safetensors is told that it only has the name.
    reason = reason.replace("it is a", "in spite of its name it is a") if suffix == ".safetensors" else reason
    with pytest.raises(pf.ModelError, match=f"^'weights{suffix}' is refused: .*{reason}"):
        read_header(path)


def test_a_file_that_is_not_there_or_not_to_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(pf.ModelError, match="'x.safetensors' cannot be read: No such file"):
        read_header(tmp_path / "x.safetensors")
    with pytest.raises(pf.ModelError, match="cannot be read: Is a directory"):
        read_header(tmp_path)


def test_a_large_header_may_hold_brackets_in_its_texts(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"ss_tag_frequency": json.dumps([[{}]] * 200_000)}, **GOOD})
    assert len(header) > safetensors_header._TRUSTED
    path = tmp_path / "x.safetensors"
    path.write_bytes(framed(header))
    assert len(read_header(path).metadata["ss_tag_frequency"]) > 1_000_000


NUMBERS = st.one_of(st.integers(-2, 20), st.sampled_from([2**31, 2**63, 2**64, True, 1.5, None, "1"]))
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "BF16", "I8", "U8", "BOOL", "F64", "C64", "F4", "X"]),
        "shape": st.lists(NUMBERS, max_size=3),
        "data_offsets": st.lists(NUMBERS, min_size=2, max_size=2),
    }
)
PACKED = st.lists(
    st.tuples(
        st.text(max_size=5), st.sampled_from(["F32", "F16", "I8", "F64"]), st.lists(st.integers(0, 4), max_size=3)
    ),
    max_size=5,
    unique_by=lambda tensor: tensor[0],
)


def same_as_safetensors(path: Path) -> None:
    """Whether a file is sound, and what it holds, is what the format's own library says."""
    try:
        header = read_header(path)
    except pf.ModelError:
        header = None
    try:
        with safe_open(path, "np") as file:
            theirs = {
                name: (file.get_slice(name).get_dtype(), tuple(file.get_slice(name).get_shape()))
                for name in file.keys()  # noqa: SIM118
            }
    except SafetensorError:
        theirs = None
    if header is None:
        assert theirs is None or path.stat().st_size < 10, "refused what is sound"
    else:
        assert theirs == header.tensors


@pytest.mark.soak
@settings(max_examples=60 * SOAK, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=5), ENTRIES, max_size=3), st.integers(0, 40))
def test_it_takes_what_safetensors_takes_and_nothing_else(tmp_path: Path, header: dict[str, Any], data: int) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(framed(json.dumps(header), data))
    same_as_safetensors(path)


@pytest.mark.soak
@settings(max_examples=60 * SOAK, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PACKED, st.integers(0, 3))
def test_it_reads_what_is_packed_well(tmp_path: Path, tensors: list[tuple[str, str, list[int]]], padding: int) -> None:
    sizes, header, end = {"F32": 4, "F16": 2, "I8": 1, "F64": 8}, {}, 0
    for name, dtype, shape in tensors:
        size = int(np.prod(shape, dtype=np.int64)) * sizes[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    path = tmp_path / "x.safetensors"
    path.write_bytes(framed(json.dumps(header) + " " * padding, end))
    same_as_safetensors(path)
