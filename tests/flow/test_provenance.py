"""Files carry the flow that made them, and open it; what they say of models and machine is compared with this one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.PngImagePlugin import PngInfo

import pixelflow_widgets as pf
from pixelflow_widgets.flow.provenance import MAX_TEXT, Provenance, read_provenance, record_text, resolved
from pixelflow_widgets.media.encoders import film_file, picture_file, sound_file
from pixelflow_widgets.schema import Registry
from tests.nodes.media_samples import film, picture, tone

from .sample_types import REGISTRY

MACHINE = {"versions": {"torch": "2.0", "diffusers": "1.0"}, "threads": 4, "made_at": "2026-01-02T03:04:05+00:00"}
MODELS = {"starter": {"digest": "abc", "device": "cpu", "dtype": "float32"}}
ENDINGS = (".png", ".jpg", ".webp", ".wav", ".flac", ".ogg", ".mp3", ".mp4", ".webm", ".mov", ".mkv")


@pytest.fixture
def flow() -> pf.Flow:
    flow = pf.Flow("poster ☃", registry=REGISTRY)
    prompt = flow.input("prompt", "a red circle")
    flow.add("tests.paint", prompt=prompt, seed="random")
    return flow


@pytest.fixture
def machine() -> Iterator[Registry]:
    """The types of the tests, on a machine that is known."""
    found: dict[str, Mapping[str, Any]] = {"starter": {"digest": "abc"}}
    REGISTRY.origins["model"] = lambda model: {model.source: found.get(model.source, {})}
    REGISTRY.machine |= {
        "versions": lambda: {"torch": "2.0", "diffusers": "1.0"},
        "threads": lambda: 4,
        "device": lambda: "cpu",
    }
    yield REGISTRY
    REGISTRY.origins.clear()
    REGISTRY.machine.clear()


def write(folder: Path, ending: str, text: str) -> Path:
    path = folder / f"poster{ending}"
    if ending in (".wav", ".flac", ".ogg", ".mp3"):
        path.write_bytes(sound_file(tone(), ending, 16, text))
    elif ending in (".mp4", ".webm", ".mov", ".mkv"):
        path.write_bytes(film_file(film(2), ending, "small", text))
    else:
        path.write_bytes(picture_file(picture(), ending, text))
    return path


def inspect(path: Path) -> Provenance:
    return read_provenance(path, lambda: pf.Flow.load(path, registry=REGISTRY))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_carries_a_flow_is_loaded_as_one(flow: pf.Flow, ending: str, tmp_path: Path) -> None:
    path = write(tmp_path, ending, record_text(flow.document, "", {}, MACHINE))
    loaded = pf.Flow.load(path, registry=REGISTRY)
    assert loaded.document == flow.document
    assert loaded.path is None  # a picture is not the flow's own file


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16", "I", "F", "CMYK"])
def test_a_picture_of_any_mode_can_carry_a_flow(flow: pf.Flow, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    path.write_bytes(picture_file(PIL.Image.new(mode, (4, 4)), ".png", record_text(flow.document, "", {}, MACHINE)))
    assert pf.Flow.load(path, registry=REGISTRY).name == "poster ☃"


def png(**texts: str) -> bytes:
    info, buffer = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        info.add_itxt(key, text, zip=True)
    PIL.Image.new("L", (1, 1)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def test_pictures_of_the_first_form_hold_the_flow_alone_and_are_still_opened(flow: pf.Flow, tmp_path: Path) -> None:
    path = tmp_path / "old.png"
    path.write_bytes(png(pixelflow=json.dumps(flow.document)))
    assert pf.Flow.load(path, registry=REGISTRY).document == flow.document
    made = inspect(path)
    assert made.flow.document == flow.document and made.versions == {}
    assert made.differences()[-1].startswith("The file does not say")


@settings(max_examples=40, deadline=None)
@given(prompt=st.text(max_size=300) | st.text('"\\\n😀{}', min_size=10, max_size=10).map(lambda text: text * 1000))
def test_any_prompt_survives_the_record(prompt: str) -> None:
    flow = pf.Flow("any", registry=REGISTRY)
    flow.add("tests.paint", prompt=prompt, seed=2**64 - 1)
    text = record_text(flow.document, prompt, {"m": {"digest": prompt}}, MACHINE)
    assert text.isascii()
    told = json.loads(text)
    assert (told["flow"], told.get("parameters", "")) == (flow.document, prompt)


def test_the_flow_as_it_was_run_holds_the_given_inputs_and_the_drawn_seeds(flow: pf.Flow) -> None:
    document = resolved(flow.document, {"prompt": "a blue square"}, {"paint.seed": 7})
    assert document["inputs"][0]["default"] == "a blue square"
    assert document["nodes"]["paint"]["values"] == {"seed": 7}
    assert flow.document["inputs"][0]["default"] == "a red circle"
    assert flow.document["nodes"]["paint"]["values"] == {"seed": "random"}


def test_a_flow_too_long_for_a_file_is_left_out_and_the_rest_stays(flow: pf.Flow, tmp_path: Path) -> None:
    text = record_text({**flow.document, "long": "x" * MAX_TEXT}, "a cat\nSteps: 3", MODELS, MACHINE)
    path = write(tmp_path, ".png", text)
    with pytest.raises(pf.FlowFileError, match="too long for this kind of file"):
        pf.Flow.load(path)
    made = inspect(path)
    assert (made.flow, made.parameters, made.device) == (None, "a cat\nSteps: 3", "cpu")
    assert made.notes == ("The flow was too long for this kind of file and is not in it.",)


def test_what_carries_no_flow_is_refused_with_what_it_carries(tmp_path: Path) -> None:
    path = tmp_path / "poster.png"
    for content, words in [
        (png(), "carries no flow"),
        (png(parameters="a cat\nSteps: 3"), "settings as text"),
        (png(prompt="{}", workflow="{}"), "graph of ComfyUI"),
        (png()[:40], "cannot be read"),
    ]:
        path.write_bytes(content)
        with pytest.raises(pf.FlowFileError, match=words):
            pf.Flow.load(path)


def test_a_text_bomb_in_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(pixelflow=" " * 50_000_000))
    with pytest.raises(pf.FlowFileError, match="longer than"):
        pf.Flow.load(path)


HOSTILE = {
    "NaN": '{"format":"pixelflow-record","flow":{"format":"pixelflow","version":1,"x":NaN}}',
    "nested": '{"format":"pixelflow-record","flow":' + "[" * 5000 + "]" * 5000 + "}",
    "deep": '{"format":"pixelflow","version":1,"x":' + "[" * 80 + "]" * 80 + "}",
    "twice": '{"format":"pixelflow-record","format":"pixelflow","flow":{}}',
    "no flow": '{"format":"pixelflow-record","flow":[1,2]}',
    "not JSON": '{"format":"pixelflow',
    "a record in a record": '{"format":"pixelflow-record","flow":{"format":"pixelflow-record","flow":{}}}',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("ending", [".png", ".flac", ".webm"])
def test_hostile_records_are_refused_in_words(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"hostile{ending}"
    if ending == ".png":
        path.write_bytes(png(pixelflow=HOSTILE[name]))
    elif ending == ".flac":
        path.write_bytes(sound_file(tone(), ending, 16, HOSTILE[name]))
    else:
        path.write_bytes(film_file(film(2), ending, "small", HOSTILE[name]))
    for read in (pf.Flow.load, inspect):
        with pytest.raises(pf.FlowFileError, match="hostile"):
            read(path)


# What it says


def test_everything_that_a_record_says_is_told(flow: pf.Flow, tmp_path: Path, machine: Registry) -> None:
    path = write(tmp_path, ".webp", record_text(flow.document, "a cat\nSteps: 3", MODELS, MACHINE))
    made = inspect(path)
    assert made.flow.document == flow.document
    assert (made.parameters, made.device, made.threads) == ("a cat\nSteps: 3", "cpu", 4)
    assert (made.versions, made.models) == (MACHINE["versions"], MODELS)
    assert made.made_at is not None and made.made_at.year == 2026
    assert made.differences() == []
    assert json.loads(json.dumps(made.as_json()))["models"] == MODELS


DIFFERENT: list[tuple[dict[str, Any], str]] = [
    ({"versions": {"torch": "1.9", "diffusers": "1.0"}}, "torch is 2.0 here; it was 1.9."),
    ({"versions": {"torch": "2.0", "other": "3"}}, "other (3) is not here."),
    ({"threads": 16}, "torch computes with 4 threads here; it did with 16 threads."),
    ({"threads": 1}, "torch computes with 4 threads here; it did with 1 thread."),
    ({"models": {"starter": {"digest": "xyz"}}}, "The model 'starter' has other files here than where this was made."),
    ({"models": {"a/b": {"digest": "xyz"}}}, "The model 'a/b' is not here."),
    (
        {"models": {"starter": {"digest": "abc", "device": "cuda"}}},
        "Models compute on the processor here; they did on a GPU (cuda).",
    ),
]


@pytest.mark.parametrize(("changed", "sentence"), DIFFERENT)
def test_each_thing_that_differs_here_is_one_sentence(
    flow: pf.Flow, tmp_path: Path, machine: Registry, changed: dict[str, Any], sentence: str
) -> None:
    told = {**MACHINE, **changed}
    models = told.pop("models", MODELS)
    path = write(tmp_path, ".png", record_text(flow.document, "", models, told))
    assert inspect(path).differences() == [sentence]


def test_node_types_that_are_not_here_are_a_difference(flow: pf.Flow, tmp_path: Path, machine: Registry) -> None:
    document = {**flow.document, "nodes": {**flow.document["nodes"], "n": {"type": "else.where", "values": {}}}}
    (told,) = inspect(write(tmp_path, ".png", record_text(document, "", MODELS, MACHINE))).differences()
    assert "else.where" in told


LIES: list[Any] = [None, 3, "text", [1], {"a": 1}, {"torch": ["2"]}, {"x": "y" * 5000}, True, -4, 10**30, "0000"]


@pytest.mark.parametrize("field", ["versions", "models", "threads", "made_at", "parameters"])
@pytest.mark.parametrize("lie", LIES, ids=[str(number) for number in range(len(LIES))])
def test_a_record_that_lies_about_its_shape_is_read_all_the_same(
    flow: pf.Flow, tmp_path: Path, machine: Registry, field: str, lie: Any
) -> None:
    text = json.dumps({"format": "pixelflow-record", "flow": flow.document, field: lie})
    path = tmp_path / "lies.png"
    path.write_bytes(png(pixelflow=text))
    made = inspect(path)
    assert made.flow.document == flow.document
    assert all(isinstance(sentence, str) for sentence in made.differences())
    json.dumps(made.as_json())


def test_files_of_other_programs_are_told_as_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "other.png"
    path.write_bytes(png(parameters="a cat\nSteps: 3"))
    made = inspect(path)
    assert (made.flow, made.parameters, made.differences()) == (None, "a cat\nSteps: 3", [])
    path.write_bytes(png(workflow='{"nodes": [1, 2]}', prompt="{}"))
    assert inspect(path).notes == (
        "It carries a graph of ComfyUI of 2 nodes (workflow and prompt), which cannot be opened as a flow here.",
    )
    path.write_text("words")
    with pytest.raises(pf.FlowFileError, match="no picture, sound or film"):
        inspect(path)
    with pytest.raises(pf.FlowFileError, match="cannot be read"):
        inspect(tmp_path / "none.png")
