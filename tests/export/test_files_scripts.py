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


@pytest.mark.parametrize(
    ("name", "quality", "fps", "size", "sound"),
    [
        ("a.mp4", "best", 8.0, (40, 30), None),
        ("b.mov", "good", 23.976, (41, 33), (44_100, 2)),
        ("c.mkv", "small", 12.5, (40, 30), (16_000, 1)),
        ("d.mp4", "good", 8.0, (40, 30), (48_000, 6)),
        ("e.mp4", "good", 8.0, (40, 30), (22_000, 2)),
        ("g.mp4", "good", 8.0, (40, 30), (96_001, 1)),
        ("f.webm", "good", 8.0, (40, 30), (48_000, 2)),
    ],
)
def test_a_film_is_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    quality: str,
    fps: float,
    size: tuple[int, int],
    sound: tuple[int, int] | None,
) -> None:
    flow = pf.Flow("saved")
    film = flow.input("film", type=pf.Video)
    saved = flow.add("save_video", video=film, path=name, quality=quality, provenance=False)
    flow.output("path", saved["text"])
    heard = None
    if sound is not None:
        samples = np.random.default_rng(0).uniform(-1.2, 1.2, (sound[1], sound[0])).astype(np.float32)
        heard = pf.Audio(samples, sound[0])
    given = pf.Video(np.stack([np.asarray(scene(one, *size)) for one in range(5)]), fps, heard)
    script, ours, theirs = written(flow, tmp_path, monkeypatch, film=given)
    one, other = (open_film((folder / name).read_bytes()) for folder in (ours, theirs))
    assert one.fps == other.fps and np.array_equal(one.frames, other.frames)
    if one.audio is None:
        assert sound is None and other.audio is None
    else:
        assert other.audio is not None and one.audio.sample_rate == other.audio.sample_rate
        assert np.array_equal(one.audio.samples, other.audio.samples)
    if not name.endswith(".webm"):
        assert script.count("def ") - script.count("def open_film") < 12 and "def film_file" not in script


def test_a_film_that_is_saved_and_given_out_is_written_by_one_function(tmp_path: Path) -> None:
    flow = pf.Flow("saved")
    film = flow.add("frames_to_video", images=flow.input("pictures", type=list[pf.Image]))["video"]
    flow.add("save_video", video=film)
    flow.output("film", film)
    script = flow.to_script()
    assert faults(script) == "" and script.count("def save_film(") == 1


def test_a_path_that_is_an_argument_is_checked_when_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pf.Flow("saved")
    image, path = flow.input("picture", type=pf.Image), flow.input("file", "a.png")
    flow.output("path", flow.add("save_image", image=image, path=path)["text"])
    script, _, theirs = written(flow, tmp_path, monkeypatch, picture=scene(1), file="b.tif")
    assert PIL.Image.open(theirs / "b.tif").tobytes() == scene(1).tobytes()
    with pytest.raises(AssertionError, match="leads out of"):
        run_script(script, theirs, picture=scene(1), file="../b.png")
