"""What is saved in a run says of it: by `Result.save`, by nodes that write files, inline and in the worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media.recordings import open_sound
from pixelflow_widgets.media.tags import KEY, read_tags
from pixelflow_widgets.run.backends import WorkerBackend
from pixelflow_widgets.run.cache import MemoryCache

from . import sample_nodes as nodes
from .test_executor import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def painted(tiny_model: Path, seed: Any = "random", **more: Any) -> pf.Flow:
    with pf.Flow("painted") as flow:
        prompt = pf.nodes.prompt(text=flow.input("prompt", "a red “circle”\n{x} 😀"))
        size = {"width": 64, "height": 64}
        image = pf.nodes.text_to_image(prompt=prompt, model=str(tiny_model), steps=2, seed=seed, **size)
        flow.output("image", image)
        for path in more.get("paths", ()):
            pf.nodes.save_image(image=image, path=path, provenance=more.get("provenance", True))
    return flow


def told(path: Path | str) -> dict[str, Any]:
    return json.loads(read_tags(Path(path))[KEY])


def test_a_saved_picture_says_all_that_is_known_of_it(tiny_model: Path, cache: MemoryCache, tmp_path: Path) -> None:
    flow = painted(tiny_model)
    started = run(flow, cache, inputs={"prompt": "a star"})
    (path,) = started.result().save(tmp_path / "out")
    record = told(path)
    seed = started.seeds["text_to_image.seed"]
    assert record["flow"]["inputs"][0]["default"] == "a star"
    assert record["flow"]["nodes"]["text_to_image"]["values"]["seed"] == seed
    assert {"torch", "diffusers", "transformers", "peft"} <= record["versions"].keys()
    assert record["models"][str(tiny_model)]["digest"] and record["threads"] >= 1 and record["made_at"]
    assert (record["models"][str(tiny_model)]["device"], record["models"][str(tiny_model)]["dtype"]) == (
        "cpu",
        "float32",
    )
    assert "usual" not in record["models"][str(tiny_model)]
    parameters = read_tags(path)["parameters"]
    assert parameters == record["parameters"]
    assert parameters.startswith("a star\nSteps: 2, ")
    assert f"Seed: {seed}, Size: 64x64, " in parameters
    made = pf.inspect(path)
    assert made.differences() == []
    assert run(made.flow, MemoryCache()).result()["image"].tobytes() == PIL.Image.open(path).tobytes()


def test_a_picture_that_was_found_in_the_cache_says_its_prompt_too(tiny_model: Path, cache: MemoryCache) -> None:
    flow = painted(tiny_model, seed=3)
    first = run(flow, cache).result().save("one")[0]
    again = run(flow, cache).result()
    del again._results["prompt"]  # as it is where the picture comes from the disk: nothing had to wait for the prompt
    assert read_tags(again.save("two")[0])["parameters"] == read_tags(first)["parameters"]


@pytest.fixture(params=["inline", "worker"])
def backend(request: pytest.FixtureRequest, folder: Path) -> Iterator[Any]:
    """Who runs nodes, in the folder of the test."""
    if request.param == "inline":
        yield "inline"
        return
    started = WorkerBackend()
    yield started
    started.close()


def test_what_nodes_write_says_the_same(tiny_model: Path, backend: Any) -> None:
    flow = painted(tiny_model, paths=["one.png", "two.jpg", "three.webp"])
    result = run(flow, backend=backend).result()
    saved = result.save("out")[0]
    for name in ("one.png", "two.jpg", "three.webp"):
        assert told(name) == told(saved)
        assert read_tags(Path(name))["parameters"] == told(saved)["parameters"]
        assert pf.Flow.load(name).document == result.document
    with PIL.Image.open("one.png") as image:
        assert image.tobytes() == result["image"].tobytes()


@pf.node(pure=False)
def writes_records(path: str, record: pf.Record = pf.Record()) -> str:
    """Writes what it is given of the record."""
    Path(path).write_text(record)
    return path


def test_a_node_of_anybodys_can_write_records_and_none_is_in_a_key(cache: MemoryCache) -> None:
    node_type = writes_records.node_type  # type: ignore[attr-defined]
    assert list(node_type.inputs) == ["path"]
    assert writes_records("outside") == "outside"
    assert Path("outside").read_text() == ""
    with pf.Flow("own") as flow:
        writes_records("inside")
    run(flow, cache).result()
    assert json.loads(Path("inside").read_text())["flow"] == flow.document


def test_records_make_nothing_run_again(cache: MemoryCache, tmp_path: Path) -> None:
    with pf.Flow("counted") as flow:
        counted = nodes.counts_purely(path=str(tmp_path / "count"), value=8)
        image = nodes.gradient(size=counted)
        pf.nodes.save_image(image=image, path="a.png")
        flow.output("image", image)
    for _ in range(2):
        run(flow, cache).result().save("out")
    assert (tmp_path / "count").read_text().count("\n") <= 1
    assert {path.name for path in Path().glob("*.png")} == {"a.png", "a-2.png"}


def test_stripping_is_one_option(tiny_model: Path) -> None:
    flow = painted(tiny_model, seed=1, paths=["bare.png"], provenance=False)
    result = run(flow).result()
    (path,) = result.save("out", provenance=False)
    assert read_tags(path) == {} and read_tags(Path("bare.png")) == {}
    (other,) = result.save("out")
    with PIL.Image.open(path) as one, PIL.Image.open(other) as two:
        assert one.tobytes() == two.tobytes()


def test_sounds_and_films_say_it_too() -> None:
    with pf.Flow("media") as flow:
        tone, film = nodes.short_tone(), nodes.short_film()
        flow.output("tone", tone)
        flow.output("film", film)
        for ending in ("wav", "flac", "ogg", "mp3"):
            pf.nodes.save_audio(audio=tone, path=f"tone.{ending}")
        for ending in ("mp4", "webm", "mov", "mkv", "gif"):
            pf.nodes.save_video(video=film, path=f"film.{ending}")
        pf.nodes.save_audio(audio=tone, path="bare.wav", provenance=False)
    result = run(flow).result()
    written = [path for path in Path().iterdir() if path.is_file() and path.name != "bare.wav"]
    assert len(written) == 9
    for path in [*written, *result.save("out")]:
        assert told(path)["flow"] == flow.document
    assert (
        open_sound(Path("tone.wav").read_bytes()).samples == open_sound(Path("bare.wav").read_bytes()).samples
    ).all()


def test_what_is_written_in_a_body_says_the_whole_flow() -> None:
    with pf.Flow("inner") as inner:
        image = nodes.gradient(size=inner.input("size", 4))
        pf.nodes.save_image(image=image, path="inner.png")
        inner.output("image", image)
    flow = pf.Flow("outer")
    flow.add(inner, size=6)
    run(flow).result()
    assert told("inner.png")["flow"] == flow.document


@pf.node
def one_to_three() -> list[int]:
    return [1, 2, 3]


def test_a_mapped_node_writes_each_item_with_the_flow() -> None:
    with pf.Flow("mapped") as flow:
        pf.nodes.save_image(image=nodes.gradient(size=one_to_three()), path="a.png")
    run(flow).result()
    assert sorted(path.name for path in Path().glob("a*.png")) == ["a-2.png", "a-3.png", "a.png"]
    assert all(told(path)["flow"] == flow.document for path in Path().glob("a*.png"))
