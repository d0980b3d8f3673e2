"""The flow file: what is refused, what is written, and in which forms a flow travels."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow import file
from pixelflow_widgets.flow.document import new_document

from .sample_types import REGISTRY

WHOLE = {"format": "pixelflow", "version": 1, "name": "x", "nodes": {}}


def refused(content: str | bytes) -> str:
    with pytest.raises(pf.FlowFileError) as caught:
        file.parse(content)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "This is not a flow file: Expecting value"),
        ("{", "This is not a flow file"),
        (b"\xff\xfe\xff", "This is not a flow file"),
        ("[]", 'it does not say "format": "pixelflow"'),
        ('{"format": "comfy"}', 'it does not say "format": "pixelflow"'),
        ('{"format": "pixelflow"}', "no readable version"),
        ('{"format": "pixelflow", "version": true}', "no readable version"),
        ('{"format": "pixelflow", "version": 0}', "no readable version"),
        ('{"format": "pixelflow", "version": 1.0}', "no readable version"),
        ('{"format": "pixelflow", "version": 1, "x": NaN}', "NaN is not a number that JSON has"),
        ('{"format": "pixelflow", "version": 1, "x": -Infinity}', "-Infinity is not a number that JSON has"),
        ('{"format": "pixelflow", "version": 1, "x": 1e999}', "1e999 is not a number that JSON has"),
        ('{"format": "pixelflow", "version": 1, "x": ' + "9" * 5000 + "}", "This is not a flow file"),
        ('{"format": "pixelflow", "version": 1, "version": 1}', "the name 'version' stands twice"),
        ('{"format": "pixelflow", "version": 1, "nodes": {"a": 1, "a": 2}}', "the name 'a' stands twice"),
        ('{"format": "pixelflow", "version": 1, "x": ' + "[" * 70 + "]" * 70 + "}", "nested too deep"),
        ("[" * 200_000 + "]" * 200_000, "nested too deep"),
    ],
)
def test_what_is_no_flow_is_refused_in_words(content: str | bytes, sentence: str) -> None:
    assert sentence in refused(content)


@pytest.mark.parametrize("section", ["name", "nodes", "edges", "inputs", "outputs", "layout"])
@pytest.mark.parametrize("value", [None, 5, True])
def test_a_section_of_the_wrong_shape_is_named(section: str, value: Any) -> None:
    assert f"'{section}' of this flow file is" in refused(json.dumps({**WHOLE, section: value}))


def test_positions_of_the_wrong_shape_are_named() -> None:
    assert "'positions' of this flow file is list" in refused(json.dumps({**WHOLE, "layout": {"positions": []}}))


def test_a_file_of_absurd_size_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(file, "MAX_BYTES", 1024**2)
    path = tmp_path / "large.flow.json"
    path.write_bytes(b" " * (1024**2 + 1))
    with pytest.raises(pf.FlowFileError, match="at most 1 MB"):
        file.load(path)
    assert "at most 1 MB" in refused(b" " * (1024**2 + 1))


def test_text_in_any_encoding_of_json_is_read() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert file.parse(json.dumps({**WHOLE, "name": "ä"}, ensure_ascii=False).encode(encoding))["name"] == "ä"


def test_half_a_character_is_kept() -> None:
    text = file.to_text({**new_document("x"), "title": "\ud800"})
    text.encode()
    assert file.parse(text)["title"] == "\ud800"


def test_numbers_come_back_as_they_were() -> None:
    numbers = [0.1, 1e-300, 2**64 - 1, -0.0, 1.0, 1, 123456789012345678901234567890]
    text = file.to_text({**new_document("x"), "numbers": numbers})
    assert repr(file.parse(text)["numbers"]) == repr(numbers)


def test_an_older_version_is_upgraded_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "VERSION", 3)
    steps = {n: lambda document, n=n: {**document, "version": n + 1, f"step{n}": True} for n in (1, 2)}
    monkeypatch.setattr(file, "UPGRADES", steps)
    upgraded = file.parse(json.dumps(WHOLE))
    assert (upgraded["version"], upgraded["step1"], upgraded["step2"]) == (3, True, True)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.flow.json", tmp_path):
        with pytest.raises(pf.FlowFileError, match=f"{path.name} cannot be read"):
            file.load(path)


def test_a_refused_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poster.flow.json"
    path.write_text("{}")
    with pytest.raises(pf.FlowFileError, match=r"poster\.flow\.json: This is not a flow file"):
        file.load(path)


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.flow.json"
    file.write_atomically(path, b"old")

    def fails(*_: Any) -> None:
        raise OSError("The disk is full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="disk is full"):
        file.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_keeps_who_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    file.write_atomically(path, b"old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~file._umask()
    path.chmod(0o640)
    file.write_atomically(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("poster.flow.json", "poster"),
        ("poster.FLOW.ZIP", "poster"),
        ("poster.json", "poster"),
        ("a.b.flow.json", "a.b"),
        ("photo.png", "photo"),
        (".flow.json", ".flow"),
    ],
)
def test_a_flow_is_named_after_its_file(name: str, wanted: str) -> None:
    assert file.stem(Path(name)) == wanted


def with_picture() -> pf.Flow:
    flow = pf.Flow("pictures", registry=REGISTRY)
    flow.add("tests.soften", image=PIL.Image.new("RGB", (3, 2), "red"))
    flow.input("photo", PIL.Image.new("RGBA", (2, 2), (1, 2, 3, 4)))
    return flow


def values_of(flow: pf.Flow) -> tuple[bytes, bytes]:
    photo = flow.document["inputs"][0]["default"]["$media"]
    return flow.nodes["soften"].values["image"].tobytes(), flow.media.bytes_of(photo) or b""


def test_media_lie_beside_the_flow(tmp_path: Path) -> None:
    flow = with_picture()
    path = flow.save(tmp_path / "deep" / "pictures.flow.json")
    assert len(list((tmp_path / "deep" / "pictures.media").iterdir())) == 2
    assert values_of(pf.Flow.load(path, registry=REGISTRY)) == values_of(flow)


def test_saving_elsewhere_takes_the_media_along(tmp_path: Path) -> None:
    path = with_picture().save(tmp_path / "one" / "a.flow.json")
    moved = pf.Flow.load(path, registry=REGISTRY).save(tmp_path / "two" / "b.flow.json")
    assert len(list((tmp_path / "two" / "b.media").iterdir())) == 2
    assert pf.Flow.load(moved, registry=REGISTRY).problems() == []


def test_a_zip_holds_everything(tmp_path: Path) -> None:
    flow = with_picture()
    path = flow.save(tmp_path / "all.flow.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["all.flow.zip"]
    back = pf.Flow.load(path, registry=REGISTRY)
    assert back.document == flow.document
    assert values_of(back) == values_of(flow)
    again = back.save(tmp_path / "again.flow.zip")
    assert again.read_bytes() == path.read_bytes()
    unpacked = back.save(tmp_path / "unpacked.flow.json")
    assert values_of(pf.Flow.load(unpacked, registry=REGISTRY)) == values_of(flow)


def test_a_zip_does_not_write_outside_and_reads_only_what_the_flow_names(tmp_path: Path) -> None:
    path = tmp_path / "evil.flow.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("flow.json", json.dumps({**WHOLE, "x": {"$media": "../../evil.png"}}))
        archive.writestr("media/../../evil.png", b"x")
        archive.writestr("/etc/evil", b"x")
    flow = pf.Flow.load(path)
    flow.save(tmp_path / "folder" / "out.flow.json")
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["evil.flow.zip", "folder", "out.flow.json"]


def test_a_zip_without_a_flow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    with pytest.raises(pf.FlowFileError, match=r"holds no flow\.json"):
        pf.Flow.load(path)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = with_picture().save(tmp_path / "all.flow.zip")
    monkeypatch.setattr(file, "MAX_MEDIA_BYTES", 10)
    with pytest.raises(pf.FlowFileError, match="take more than"):
        pf.Flow.load(path)
    monkeypatch.setattr(file, "MAX_BYTES", 10)
    with pytest.raises(pf.FlowFileError, match="of a readable size"):
        pf.Flow.load(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16", "I", "F", "CMYK"])
def test_a_dropped_picture_of_any_mode_survives_saving(mode: str, tmp_path: Path) -> None:
    image = PIL.Image.new(mode, (3, 2), 1)
    image.info |= {"dpi": (72, 72), "transparency": 0} if mode in ("L", "P") else {"comment": "x"}
    flow = pf.Flow("modes", registry=REGISTRY)
    flow.add("tests.soften", image=image)
    back = pf.Flow.load(flow.save(tmp_path / "modes.flow.json"), registry=REGISTRY)
    assert back.problems() == []
    assert back.nodes["soften"].values["image"].tobytes() == flow.nodes["soften"].values["image"].tobytes()


def test_a_picture_taken_sideways_survives_saving(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("RGB", (4, 2), "red").save(tmp_path / "photo.jpg", exif=exif)
    with PIL.Image.open(tmp_path / "photo.jpg") as image:
        flow = pf.Flow("sideways", registry=REGISTRY)
        flow.add("tests.soften", image=image)
    assert pf.Flow.load(flow.save(tmp_path / "s.flow.json"), registry=REGISTRY).problems() == []
