"""A zip that anybody may have made is looked through before a byte of it is unpacked."""

from __future__ import annotations

import io
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.finetuning.dataset import Dataset, shelves

from .made import encoded, folder_of, photo, state_of, zip_of

PICTURE = encoded(photo(size=(16, 16)))


def with_entry(
    name: str, content: bytes = PICTURE, change: Callable[[zipfile.ZipInfo], None] = lambda _: None
) -> bytes:
    """A zip with a good picture and one more entry."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.png", PICTURE)
        info = zipfile.ZipInfo(name)
        info.filename = name  # ZipInfo mends some names
        change(info)
        archive.writestr(info, content)
    return buffer.getvalue()


def patched(content: bytes, offset: int, value: bytes) -> bytes:
    """A zip whose last entry has other bytes at a place of its row in the list of contents."""
    data, row = bytearray(content), content.rindex(b"PK\x01\x02")
    data[row + offset : row + offset + len(value)] = value
    return bytes(data)


def link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def bzip2(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_BZIP2


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return with_entry("good.png")


def zeros(size: int) -> bytes:
    """A small zip that says it holds so many bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bmp", bytes(size))
    return buffer.getvalue()


OUT = "points out of the archive. If you trust who made it, unpack it and"
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"pictures", "'bad.zip' cannot be read as a zip: File is not a zip file. Make it again."),
    "empty": (lambda: b"", "cannot be read as a zip"),
    "cut off": (lambda: with_entry("2.png")[:-40], "cannot be read as a zip"),
    "a path out of it": (lambda: with_entry("../../evil.png"), f"'../../evil.png', which {OUT}"),
    "a path out of it, inside": (lambda: with_entry("a/../../evil.png"), OUT),
    "an absolute path": (lambda: with_entry("/etc/evil.png"), OUT),
    "a path of Windows": (lambda: with_entry("..\\evil.png"), OUT),
    "a drive": (lambda: with_entry("C:/evil.png"), OUT),
    "a link": (lambda: with_entry("evil.png", b"/etc/passwd", link), OUT),
    "a name without end": (lambda: with_entry("9" * 5000 + ".png"), OUT),
    "encrypted": (lambda: patched(with_entry("2.png"), 8, b"\1\0"), "is encrypted: '2.png' wants a password."),
    "an unknown method": (
        lambda: patched(with_entry("2.png"), 10, struct.pack("<H", 97)),
        "is not read here. Unpack it",
    ),
    "packed with bzip2": (lambda: with_entry("2.png", PICTURE, bzip2), "is not read here. Unpack it, or use deflate."),
    "nested": (lambda: with_entry("more.zip", zip_bytes()), "holds another archive, 'more.zip'. Unpack that one"),
    "nested, otherwise": (lambda: with_entry("a/MORE.TAR.GZ", b"x"), "holds another archive"),
    "a name twice": (twice, "holds 'good.png' twice"),
    "one large file": (
        lambda: patched(with_entry("2.bmp"), 24, struct.pack("<I", 2**31)),
        "holds '2.bmp' of 2,147,483,648 bytes; at most 536,870,912 are read.",
    ),
    "a bomb": (lambda: zeros(120 * 1024**2), "would unpack to 125,829,120: it looks like a zip bomb."),
}


def zip_bytes() -> bytes:
    return with_entry("2.png")


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_zip_is_refused_in_words_and_nothing_is_unpacked(kind: str, tmp_path: Path) -> None:
    make, words = BAD[kind]
    place = folder_of(tmp_path / "in", {"bad.zip": make()})
    before = state_of(tmp_path)
    tracemalloc.start()
    with pytest.raises(pf.DatasetRefused) as refused:
        Dataset(place / "bad.zip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words in str(refused.value)
    assert "This dataset cannot be trained on" in str(refused.value)
    assert state_of(tmp_path) == before
    assert most < 10e6


def test_a_file_that_is_larger_than_the_zip_says_is_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    """Zeros that say they are few: no more than was said is unpacked, and the sum does not fit."""
    small = patched(zeros(50_000_000), 24, struct.pack("<I", 1000))
    dataset = Dataset(folder_of(tmp_path, {"x.zip": small}) / "x.zip")
    tracemalloc.start()
    (problem,) = [problem for problem in dataset.problems() if problem.severity == "error"]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(problem).startswith("'zeros.bmp': This cannot be unpacked: ")
    assert most < 5e6


def test_a_picture_that_is_damaged_in_the_zip_is_named(tmp_path: Path) -> None:
    content = bytearray(with_entry("2.png"))
    content[content.rindex(b"IDAT") + 6] ^= 0xFF
    dataset = Dataset(folder_of(tmp_path, {"x.zip": bytes(content)}) / "x.zip")
    (problem,) = [problem for problem in dataset.problems() if problem.severity == "error"]
    assert problem.pictures == ("2.png",)
    assert str(problem).startswith("'2.png': This cannot be unpacked: Bad CRC-32")
    with pytest.raises(pf.MediaError, match="'2.png': This cannot be unpacked"):
        list(dataset.examples(16, 8))
    dataset.leave_out("2.png")
    dataset.check(16)


def test_a_caption_that_is_damaged_in_the_zip_is_named(tmp_path: Path) -> None:
    content = bytearray(with_entry("good.txt", b"a zorb"))
    content[content.index(b"a zorb")] ^= 0xFF
    dataset = Dataset(folder_of(tmp_path, {"x.zip": bytes(content)}) / "x.zip")
    (problem,) = [problem for problem in dataset.problems() if problem.severity == "error"]
    assert problem.code == "caption-unreadable"
    assert str(problem).startswith("'good.txt': This cannot be unpacked: Bad CRC-32")


def test_a_picture_that_becomes_too_large_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    files = {}
    for edge in (10_001, 100_000):  # more than we read; more than PIL itself opens
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0))
        body = chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
        files[f"{edge}.png"] = b"\x89PNG\r\n\x1a\n" + head + body
    dataset = Dataset(zip_of(tmp_path / "x.zip", files))
    tracemalloc.start()
    problems = [problem for problem in dataset.problems() if problem.severity == "error"]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "10001 x 10001 pixels; at most 100,000,000 are read" in str(problems[0])
    assert problems[1].pictures == ("100000.png",)
    assert most < 5e6


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_FILES", 5)
    place = zip_of(tmp_path / "x.zip", {f"{number}.txt": "a" for number in range(6)})
    with pytest.raises(pf.MediaError, match="holds 6 files; at most 5 are read"):
        Dataset(place)


def test_pictures_of_one_colour_pack_well_and_are_no_bomb(tmp_path: Path) -> None:
    flat = encoded(photo().resize((1, 1)).resize((2000, 2000)), "BMP")
    assert len(Dataset(zip_of(tmp_path / "x.zip", {"1.bmp": flat, "2.bmp": flat}))) == 2


def test_odd_names_are_names(tmp_path: Path) -> None:
    files = {
        "folder\\1.png": PICTURE,
        "folder\\1.txt": "one",
        "at 12:30.png": PICTURE,
        "a/../b.png": PICTURE,
        "ü ✓.png": PICTURE,
    }
    dataset = Dataset(zip_of(tmp_path / "x.zip", files))
    names = {picture.name: picture.caption for picture in dataset.pictures}
    assert names == {"at 12:30.png": "", "b.png": "", "folder/1.png": "one", "ü ✓.png": ""}
    assert all(picture.fault == "" for picture in dataset.pictures)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_zip_is_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    whole = with_entry("2.png") + b""
    chance = random.Random(0)
    for _ in range(300):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.randrange(6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        tmp_path.joinpath("x.zip").write_bytes(data)
        try:
            dataset = Dataset(tmp_path / "x.zip")
        except pf.MediaError:
            continue
        assert all(problem.sentence for problem in dataset.problems(16))
