from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf

from .media_samples import film, table, tone


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


def test_only_names_of_their_kind_are_written(folder: Path) -> None:
    with pytest.raises(pf.MediaError, match="does not end like a picture"):
        pf.nodes.save_image(image=PIL.Image.new("RGB", (2, 2)), path=".bashrc")
    with pytest.raises(pf.MediaError, match="does not end like a sound. Use one of .wav, .flac"):
        pf.nodes.save_audio(tone(), "a.mp4")
    with pytest.raises(pf.MediaError, match="does not end like a film"):
        pf.nodes.save_video(film(), "a.wav")
    with pytest.raises(pf.MediaError, match="does not end like a text"):
        pf.nodes.save_text("x", "a.py")
    with pytest.raises(pf.MediaError, match="does not end like a table"):
        pf.nodes.save_table(table(), "a.xlsx")


def test_transparency_is_dropped_where_the_format_has_none(folder: Path) -> None:
    path = pf.nodes.save_image(image=PIL.Image.new("RGBA", (2, 2), (255, 0, 0, 10)), path="a.jpg")
    assert pf.nodes.load_image(path=path).mode == "RGB"


def test_a_missing_or_damaged_file_is_named(folder: Path) -> None:
    with pytest.raises(pf.MediaError, match=r"no file 'none.png' \(in "):
        pf.nodes.load_image(path="none.png")
    (folder / "bad.png").write_bytes(b"\x89PNG not really")
    with pytest.raises(pf.MediaError, match="cannot be read as a picture"):
        pf.nodes.load_image(path="bad.png")


SAVED: dict[str, Any] = {
    "audio": (pf.nodes.save_audio, tone(), "a.wav"),
    "video": (pf.nodes.save_video, film(), "a.mp4"),
    "text": (pf.nodes.save_text, "words", "a.txt"),
    "table": (pf.nodes.save_table, table(), "a.csv"),
}


@pytest.mark.parametrize("kind", SAVED)
def test_everything_is_written_below_the_notebook_and_over_nothing(folder: Path, kind: str) -> None:
    save, value, path = SAVED[kind]
    assert [save(value, f"new/{path}") for _ in range(2)] == [f"new/{path}", f"new/{path.replace('.', '-2.')}"]
    with pytest.raises(pf.MediaError, match="leads out of"):
        save(value, f"../{path}")
    load = getattr(pf.nodes, f"load_{kind}")
    load(f"new/{path}")
    with pytest.raises(pf.MediaError, match=r"There is no file 'none' \(in "):
        load("none")


@pytest.mark.parametrize(
    ("path", "bits", "away"),
    [("a.wav", 16, 2**-15), ("a.flac", 16, 2**-15), ("a.flac", 24, 2**-23), ("a.wav", 24, 2**-23)],
)
def test_a_sound_without_loss_comes_back(path: str, bits: Any, away: float) -> None:
    audio = tone(channels=2)
    pf.nodes.save_audio(audio, path, bits)
    read = pf.nodes.load_audio(path)
    assert (read.sample_rate, read.samples.shape) == (8000, (2, 4000))
    assert np.abs(read.samples - audio.samples).max() <= away


@pytest.mark.parametrize(("path", "rate"), [("a.ogg", 8000), ("a.mp3", 8000)])
def test_a_small_sound_is_heard_as_it_was(path: str, rate: int) -> None:
    pf.nodes.save_audio(tone(seconds=2.0, channels=2), path)
    read = pf.nodes.load_audio(path)
    assert read.sample_rate == rate and read.samples.shape[0] == 2
    assert read.samples.shape[1] == pytest.approx(16_000, abs=3000)
    assert np.abs(read.samples).max() == pytest.approx(0.5, abs=0.1)


def test_a_sound_that_no_format_holds_is_brought_to_one(folder: Path) -> None:
    odd = pf.Audio(np.zeros((5, 1000), np.float32), 1234)
    for path in ("a.wav", "a.flac", "a.mp3", "a.ogg"):
        assert pf.nodes.load_audio(pf.nodes.save_audio(odd, path)).samples.shape[1] > 900
    too_loud = pf.Audio(np.full((1, 100), 3, np.float32), 8000)
    assert pf.nodes.load_audio(pf.nodes.save_audio(too_loud, "loud.wav")).samples.max() <= 1


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "webm", "gif"])
def test_a_film_comes_back_as_it_was_seen(ending: str) -> None:
    video = film(10, (64, 48), 10.0, tone(seconds=1.0))
    read = pf.nodes.load_video(pf.nodes.save_video(video, f"a.{ending}", "best"))
    assert read.frames.shape == video.frames.shape
    assert read.fps == pytest.approx(10)
    assert np.abs(read.frames.astype(int) - video.frames).mean() < (20 if ending == "gif" else 12)
    assert (read.audio is None) == (ending == "gif")
    if read.audio is not None:
        assert read.audio.samples.shape[1] / read.audio.sample_rate == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_colours_of_a_film_are_those_that_were_put_in(ending: str) -> None:
    frames = np.zeros((4, 32, 64, 3), np.uint8)
    frames[:, :, :32], frames[:, :, 32:] = (30, 200, 90), (220, 20, 240)
    read = pf.nodes.load_video(pf.nodes.save_video(pf.Video(frames, 8), f"a.{ending}")).frames[2].astype(int)
    assert np.abs(read[16, 16] - (30, 200, 90)).max() <= 6
    assert np.abs(read[16, 48] - (220, 20, 240)).max() <= 6


def test_better_quality_is_larger_and_odd_sides_get_a_pixel(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (6, 45, 63, 3), np.uint8)
    for ending in ("mp4", "webm"):
        sizes = [
            (folder / pf.nodes.save_video(pf.Video(noise, 12), f"{quality}.{ending}", quality)).stat().st_size  # type: ignore[arg-type]
            for quality in ("small", "good", "best")
        ]
        assert sizes == sorted(sizes) and len(set(sizes)) == 3
        assert pf.nodes.load_video(f"good.{ending}").frames.shape == (6, 46, 64, 3)


def test_a_piece_of_a_film_is_read_and_made_smaller() -> None:
    pf.nodes.save_video(film(16, (96, 64), 8.0, tone(seconds=2.0)), "a.mp4")
    piece = pf.nodes.load_video("a.mp4", 0.5, 1.25, 48)
    assert piece.frames.shape == (6, 32, 48, 3)
    assert piece.audio is not None
    assert piece.audio.samples.shape[1] / piece.audio.sample_rate == pytest.approx(0.75, abs=0.01)
    with pytest.raises(pf.MediaError, match="no picture from 5 s on"):
        pf.nodes.load_video("a.mp4", 5)


def test_texts_keep_every_character(folder: Path) -> None:
    text = "Zeile\nzwei — 日本 🙂\n"
    assert pf.nodes.load_text(pf.nodes.save_text(text, "a.md")) == text
    assert (folder / "a.md").read_bytes() == text.encode()
    (folder / "windows.txt").write_bytes("\ufeffa\r\nb".encode())
    assert pf.nodes.load_text("windows.txt") == "a\nb"
    (folder / "latin.txt").write_bytes("é".encode("latin-1"))
    with pytest.raises(pf.MediaError, match="'latin.txt' is no text in UTF-8"):
        pf.nodes.load_text("latin.txt")


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl"])
def test_tables_come_back(ending: str) -> None:
    frame = pandas.DataFrame({"a": [1, 2], "b c": ["x, y", 'z; "q"'], "d": [0.5, None]})
    read: Any = pf.nodes.load_table(pf.nodes.save_table(frame, f"a.{ending}"))  # type: ignore[arg-type]
    pandas.testing.assert_frame_equal(read, frame, check_dtype=False)


def test_an_index_with_a_name_is_written_and_json_is_what_others_read(folder: Path) -> None:
    frame = pandas.DataFrame({"legs": [4]}, index=pandas.Index(["fox"], name="animal"))
    pf.nodes.save_table(frame, "a.csv")  # type: ignore[arg-type]
    assert (folder / "a.csv").read_text() == "animal,legs\nfox,4\n"
    pf.nodes.save_table(frame, "a.json")  # type: ignore[arg-type]
    assert json.loads((folder / "a.json").read_text()) == [{"animal": "fox", "legs": 4}]


def test_parquet_says_what_it_wants() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(pf.MediaError, match="pip install pyarrow"):
            pf.nodes.save_table(table(), "a.parquet")
    else:
        assert len(pf.nodes.load_table(pf.nodes.save_table(table(), "a.parquet"))) == 3  # type: ignore[arg-type]
