from __future__ import annotations

from pathlib import Path

import PIL.Image
import pytest

import pixelflow_widgets as pf


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "notebook"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_a_saved_picture_is_loaded_again(folder: Path) -> None:
    image = PIL.Image.new("RGB", (5, 4), "teal")
    path = pf.nodes.save_image(image=image, path="pictures/a.png")
    assert path == "pictures/a.png"
    assert pf.nodes.load_image(path=path).tobytes() == image.tobytes()


def test_saving_never_overwrites(folder: Path) -> None:
    image = PIL.Image.new("RGB", (5, 4))
    paths = [pf.nodes.save_image(image=image, path="a.png") for _ in range(3)]
    assert paths == ["a.png", "a-2.png", "a-3.png"]


@pytest.mark.parametrize("path", ["../out.png", "/tmp/out.png", "a/../../out.png"])
def test_a_flow_writes_nowhere_but_below_the_notebook(folder: Path, path: str) -> None:
    with pytest.raises(pf.MediaError, match="leads out of"):
        pf.nodes.save_image(image=PIL.Image.new("RGB", (2, 2)), path=path)


def test_a_link_does_not_lead_out_either(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(pf.MediaError, match="leads out of"):
        pf.nodes.save_image(image=PIL.Image.new("RGB", (2, 2)), path="link/out.png")


def test_only_picture_names_are_written(folder: Path) -> None:
    with pytest.raises(pf.MediaError, match="does not end like a picture"):
        pf.nodes.save_image(image=PIL.Image.new("RGB", (2, 2)), path=".bashrc")


def test_transparency_is_dropped_where_the_format_has_none(folder: Path) -> None:
    path = pf.nodes.save_image(image=PIL.Image.new("RGBA", (2, 2), (255, 0, 0, 10)), path="a.jpg")
    assert pf.nodes.load_image(path=path).mode == "RGB"


def test_a_missing_or_damaged_file_is_named(folder: Path) -> None:
    with pytest.raises(pf.MediaError, match=r"no file 'none.png' \(in "):
        pf.nodes.load_image(path="none.png")
    (folder / "bad.png").write_bytes(b"\x89PNG not really")
    with pytest.raises(pf.MediaError, match="cannot be read as a picture"):
        pf.nodes.load_image(path="bad.png")
