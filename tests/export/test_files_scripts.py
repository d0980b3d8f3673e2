"""Scripts write media into files in plain words, and the files hold what those of a run hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import soundfile

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults, formatted
from pixelflow_widgets.media.encoders import sound_file
from pixelflow_widgets.media.recordings import open_film
from tests.nodes.pictures import scene

from .scripts import run_script
from .test_script import main_of


def written(flow: pf.Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **inputs: Any) -> tuple[str, Path, Path]:
    """Return a flow's script, and the folders in which a run and the script wrote."""
    script = flow.to_script()
    assert faults(script) == ""
    assert formatted(script) == script
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "sound.wav").write_bytes(sound_file(noise(), ".wav"))
    monkeypatch.chdir(ours)
    result = flow.run(backend="inline", **inputs)
    assert run_script(script, theirs, **inputs) == result["path"]
    return script, ours, theirs


def noise() -> pf.Audio:
    """Return a second of noise in two channels."""
    return pf.Audio(np.random.default_rng(0).uniform(-1, 1, (2, 8000)).astype(np.float32), 8000)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("name", ["a/b.png", "c.jpg", "d.webp", "e.bmp", "f.gif"])
def test_a_picture_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, mode: str) -> None:
    flow = pf.Flow("saved")
    image = flow.input("picture", type=pf.Image)
    flow.output("path", flow.add("save_image", image=image, path=name, provenance=False)["text"])
    script, ours, theirs = written(flow, tmp_path, monkeypatch, picture=scene(1, 40, 30).convert(mode))
    assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    assert (".save(file)" in main_of(script)) is (not name.endswith(".gif"))


def test_pictures_of_a_list_are_numbered_and_nothing_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = pf.Flow("saved")
    images = flow.input("pictures", type=list[pf.Image])
    flow.output("path", flow.add("save_image", image=images)["text"])
    _, _, theirs = written(flow, tmp_path, monkeypatch, pictures=[scene(1), scene(2)])
    assert sorted(path.name for path in (theirs / "outputs").iterdir()) == ["image-2.png", "image.png"]
    assert PIL.Image.open(theirs / "outputs" / "image-2.png").tobytes() == scene(2).tobytes()


@pytest.mark.parametrize(("name", "bits"), [("a.wav", 16), ("b.flac", 24), ("c.wav", 24), ("d.ogg", 16), ("e.mp3", 24)])
def test_a_sound_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, bits: int) -> None:
    flow = pf.Flow("saved")
    sound = flow.add("load_audio", path="sound.wav")["audio"]
    flow.output("path", flow.add("save_audio", audio=sound, path=name, bits=bits, provenance=False)["text"])
    script, ours, theirs = written(flow, tmp_path, monkeypatch)
    heard = [soundfile.read(folder / name, dtype="float64") for folder in (ours, theirs)]
    assert heard[0][1] == heard[1][1]
    assert np.array_equal(heard[0][0], heard[1][0])
    assert ("soundfile.write(" in main_of(script)) is name.endswith((".wav", ".flac"))


def test_how_many_bits_may_be_an_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pf.Flow("saved")
    sound, bits = flow.add("load_audio", path="sound.wav")["audio"], flow.input("bits", "24")
    flow.output("path", flow.add("save_audio", audio=sound, path="a.wav", bits=bits, provenance=False)["text"])
    _, ours, theirs = written(flow, tmp_path, monkeypatch)
    assert (ours / "a.wav").read_bytes() == (theirs / "a.wav").read_bytes()


def test_a_film_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pf.Flow("saved")
    film = flow.add("frames_to_video", images=flow.input("pictures", type=list[pf.Image]))["video"]
    flow.output("path", flow.add("save_video", video=film, path="film.mp4", quality="best", provenance=False)["text"])
    _, ours, theirs = written(flow, tmp_path, monkeypatch, pictures=[scene(1, 40, 30), scene(2, 40, 30)])
    films = [open_film((folder / "film.mp4").read_bytes()) for folder in (ours, theirs)]
    assert np.array_equal(films[0].frames, films[1].frames)


def test_a_path_that_is_an_argument_is_checked_when_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pf.Flow("saved")
    image, path = flow.input("picture", type=pf.Image), flow.input("file", "a.png")
    flow.output("path", flow.add("save_image", image=image, path=path)["text"])
    script, _, theirs = written(flow, tmp_path, monkeypatch, picture=scene(1), file="b.tif")
    assert PIL.Image.open(theirs / "b.tif").tobytes() == scene(1).tobytes()
    with pytest.raises(AssertionError, match="leads out of"):
        run_script(script, theirs, picture=scene(1), file="../b.png")
