"""Files carry a text, and are the same pixels and samples with it."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.PngImagePlugin import PngInfo

import pixelflow_widgets as pf
from pixelflow_widgets.media.encoders import FILMS, SOUNDS, film_file, picture_file, sound_file
from pixelflow_widgets.media.recordings import open_film, open_sound
from pixelflow_widgets.media.tags import CARRIERS, KEY, MAX_TEXT, kind_of, read_tags

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".tif", ".tiff")
WITH_PARAMETERS = (".png", ".jpg", ".webp", ".avif")
MEDIA = {**dict.fromkeys(PICTURES, "image"), **dict.fromkeys(SOUNDS, "audio"), **dict.fromkeys(FILMS, "video")}
PROMPTS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="\"\\'\n\r\t{}<>&%😀é\u2028\0\x1b]", max_size=200),
    st.text(alphabet='a"\\\n😀{', min_size=20, max_size=20).map(lambda text: text * 500),  # 10,000 characters
)


def record(prompt: str = "a red circle", **more: Any) -> str:
    """Return what stands in for a record: ASCII that says what it is first."""
    told = {"format": "pixelflow-record", "parameters": prompt and f"{prompt}\nSteps: 3", "flow": {"x": prompt}, **more}
    return json.dumps(told, separators=(",", ":"))


def file_of(ending: str, text: str = "") -> bytes:
    random = np.random.default_rng(3)
    if MEDIA[ending] == "image":
        return picture_file(PIL.Image.fromarray(random.integers(0, 256, (16, 24, 3), np.uint8)), ending, text)
    audio = pf.Audio(random.uniform(-0.5, 0.5, (2, 2000)).astype(np.float32), 8000)
    if ending in SOUNDS:
        return sound_file(audio, ending, 16, text)
    return film_file(pf.Video(random.integers(0, 256, (3, 16, 16, 3), np.uint8), 8.0, audio), ending, "good", text)


def seen(ending: str, content: bytes) -> list[bytes]:
    if MEDIA[ending] == "image":
        with PIL.Image.open(io.BytesIO(content)) as image:
            return [image.mode.encode(), image.tobytes()]
    if MEDIA[ending] == "audio":
        return [open_sound(content).samples.tobytes()]
    film = open_film(content)
    return [film.frames.tobytes(), b"" if film.audio is None else film.audio.samples.tobytes()]


@pytest.mark.parametrize("ending", MEDIA)
def test_a_text_comes_back_and_changes_no_pixel_and_no_sample(ending: str) -> None:
    text = record("a “red” circle \\ 😀")
    content = file_of(ending, text)
    assert read_tags(content)[KEY] == text
    assert seen(ending, content) == seen(ending, file_of(ending))
    if ending != ".ogg":  # which has a random number of its own
        assert file_of(ending, text) == content
    assert read_tags(file_of(ending)) == {}


def test_every_ending_that_is_said_to_carry_a_record_was_tried() -> None:
    assert set(CARRIERS) == set(MEDIA)


@pytest.mark.parametrize("ending", [*PICTURES[:1], ".jpg", ".webp", ".tif", *SOUNDS])
@settings(max_examples=15, deadline=None)
@given(prompt=PROMPTS, seed=st.integers(0, 2**64 - 1))
def test_any_prompt_and_any_seed_come_back(ending: str, prompt: str, seed: int) -> None:
    text = record(prompt, seed=seed)
    found = read_tags(file_of(ending, text))
    assert found[KEY] == text
    assert json.loads(found[KEY])["seed"] == seed


@pytest.mark.parametrize("ending", WITH_PARAMETERS)
@settings(max_examples=15, deadline=None)
@given(prompt=PROMPTS)
def test_pictures_say_prompt_and_settings_as_other_programs_do(ending: str, prompt: str) -> None:
    text = record(prompt)
    found = read_tags(file_of(ending, text))
    assert found.get("parameters", "") == json.loads(text)["parameters"]


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".wav", ".flac", ".ogg", ".mp3", ".mp4", ".webm"])
def test_a_long_flow_fits(ending: str) -> None:
    text = record("x", flow={"nodes": [f"node number {number} of a flow that is long" for number in range(10_000)]})
    assert len(text) > 400_000
    assert read_tags(file_of(ending, text))[KEY] == text


def test_what_a_jpeg_has_no_room_for_is_left_out_but_the_rest_stays() -> None:
    noise = np.random.default_rng(1).integers(0, 2**62, 10_000).tolist()
    found = read_tags(file_of(".jpg", record("x", versions={"torch": "2"}, flow={"noise": noise})))
    told = json.loads(found[KEY])
    assert (told["flow"], told["versions"]) == (None, {"torch": "2"})
    assert found["parameters"] == "x\nSteps: 3"


def test_a_bitmap_has_no_room_for_texts() -> None:
    image = PIL.Image.new("RGB", (3, 3), "teal")
    assert picture_file(image, ".bmp", record()) == picture_file(image, ".bmp")


def test_a_wav_with_a_text_is_a_wav_for_everybody() -> None:
    for text in ("", record("odd"), record("even!")):
        with wave.open(io.BytesIO(file_of(".wav", text))) as file:
            assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (2000, 8000, 2)


def test_tags_of_a_picture_are_read_without_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(".png", record())
    monkeypatch.setattr(PIL.Image.Image, "load", lambda *_: pytest.fail("pixels were decoded"))
    assert KEY in read_tags(content)


# What others write


def png(**texts: str) -> bytes:
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def picture_with_exif(form: str, exif: PIL.Image.Exif) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(buffer, form, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("text", ["a cat\nSteps: 20, Seed: 1", "eine Katze — 猫\nSteps: 20", "\u0100\u3000\nSteps: 3"])
@pytest.mark.parametrize("order", ["utf-16-be", "utf-16-le"])
def test_settings_of_other_programs_are_read(text: str, order: str) -> None:
    assert read_tags(png(parameters=text)) == {"parameters": text}
    exif = PIL.Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode(order)
    assert read_tags(picture_with_exif("JPEG", exif)) == {"parameters": text}
    assert read_tags(picture_with_exif("WEBP", exif)) == {"parameters": text}


def test_what_a_camera_says_is_no_prompt() -> None:
    exif = PIL.Image.Exif()
    exif[0x010F] = "Some maker: of cameras"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0at the sea"
    assert read_tags(picture_with_exif("JPEG", exif)) == {}


def test_graphs_of_comfyui_are_found() -> None:
    graph = json.dumps({"3": {"class_type": "KSampler"}})
    assert read_tags(png(prompt=graph, workflow='{"nodes": []}')) == {"prompt": graph, "workflow": '{"nodes": []}'}
    exif = PIL.Image.Exif()
    exif[0x0110] = f"prompt:{graph}"
    assert read_tags(picture_with_exif("WEBP", exif)) == {"prompt": graph}
    comment = json.dumps({"prompt": graph, "workflow": {"nodes": [1]}})
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        container.metadata["comment"] = comment
        stream: Any = container.add_stream("mpeg4", rate=8)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    assert read_tags(buffer.getvalue()) == {"prompt": graph, "workflow": '{"nodes": [1]}'}


# What is damaged, or meant to do harm


@pytest.mark.parametrize(
    "content", [b"", b"{", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n", b"ffconcat version 1.0\n"]
)
def test_what_is_no_medium_carries_nothing_and_is_not_looked_into(content: bytes) -> None:
    assert kind_of(content[:16]) == "" and read_tags(content) == {}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


BOMB = zlib.compress(b"{" + b" " * (MAX_TEXT + 10))
SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"iTXt", b"pixelflow\0\1\0\0\0" + BOMB),
        chunk(b"zTXt", b"pixelflow\0\0" + BOMB),
        chunk(b"tEXt", b"pixelflow\0" + b" " * (MAX_TEXT + 10)),
    ],
)
def test_a_text_that_is_too_long_is_refused(text: bytes) -> None:
    with pytest.raises(pf.MediaError, match="longer than 4 million"):
        read_tags(SIGNATURE + text + END)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_packed_text_that_is_too_long_is_refused(form: str) -> None:
    xmp = b'<a pixelflow:record="' + base64.b64encode(BOMB) + b'"/>'
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(buffer, form, xmp=xmp)
    with pytest.raises(pf.MediaError, match="longer than 4 million"):
        read_tags(buffer.getvalue())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SIGNATURE + chunk(b"tEXt", b"pixelflow\0{}"), "cut off"),
        (SIGNATURE + chunk(b"tEXt", b"pixelflow\0{}")[:-1] + b"?" + END, "damaged"),
        (SIGNATURE + chunk(b"iTXt", b"pixelflow\0\1\0\0\0" + zlib.compress(b"{}" * 99)[:-9]) + END, "cut off"),
        (SIGNATURE + chunk(b"iTXt", b"pixelflow\0\1\0\0\0no zlib") + END, "cannot be read"),
        (b"\xff\xd8\xff\xe1\0\4no", "picture cannot be read"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "picture cannot be read"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, "film cannot be read"),
        (b"OggS" + b"\0" * 60, "sound cannot be read"),
    ],
)
def test_damaged_files_are_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        read_tags(content)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), ending=st.sampled_from(sorted(MEDIA)))
def test_a_file_with_any_bytes_changed_is_read_or_refused_in_words(data: st.DataObject, ending: str) -> None:
    content = bytearray(FILES.setdefault(ending, file_of(ending, record())))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        assert all(isinstance(text, str) for text in read_tags(cut).values())
    except pf.MediaError as error:
        assert str(error)


FILES: dict[str, bytes] = {}


def test_a_file_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(file_of(".flac", record()))
    assert read_tags(path)[KEY] == record()
