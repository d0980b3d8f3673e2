from __future__ import annotations

import json
from pathlib import Path

import av
import PIL.Image
import pytest
import soundfile

import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import MemoryCache

from . import sample_nodes as nodes
from .test_executor import run


def test_a_missing_result_names_what_there_is() -> None:
    with pf.Flow("one") as flow:
        flow.output("image", nodes.gradient())
    with pytest.raises(KeyError, match=r"no result 'imag'.*Did you mean 'image'.*gradient.image"):
        run(flow).result()["imag"]


def test_saved_outputs_never_overwrite_and_carry_the_flow_as_it_was_run(tmp_path: Path, cache: MemoryCache) -> None:
    with pf.Flow("saved") as flow:
        size = flow.input("size", 8)
        flow.output("image", nodes.gradient(size=size))
        flow.output("words", pf.nodes.prompt(text="grüße"))
        flow.output("seed", pf.nodes.seed(value="random"))  # type: ignore[arg-type]
    result = run(flow, cache, inputs={"size": 5}).result()
    first, second = result.save(tmp_path), result.save(tmp_path)
    assert [path.name for path in first] == ["image.png", "words.txt", "seed.json"]
    assert [path.name for path in second] == ["image-2.png", "words-2.txt", "seed-2.json"]
    assert (tmp_path / "words.txt").read_text(encoding="utf-8") == "grüße"
    assert json.loads((tmp_path / "seed.json").read_text()) == result["seed"]
    with PIL.Image.open(first[0]) as image:
        assert image.tobytes() == result["image"].tobytes()
    again = pf.Flow.load(first[0])
    assert run(again, cache).result()["image"].tobytes() == result["image"].tobytes()
    assert run(again, cache).result()["seed"] == result["seed"]


def test_every_item_of_a_list_is_saved(tmp_path: Path) -> None:
    with pf.Flow("list") as flow:
        flow.output("doubled", nodes.double(value=nodes.numbers(count=3)))
    paths = run(flow).result().save(tmp_path)
    assert [path.name for path in paths] == ["doubled.json", "doubled-2.json", "doubled-3.json"]
    assert [json.loads(path.read_text()) for path in paths] == [0, 2, 4]


def test_given_pictures_stay_out_of_the_flow_in_the_result_and_its_folder(tmp_path: Path) -> None:
    flow = pf.Flow("photo")
    photo = flow.input("photo", type=pf.Image)
    flow.output("left", flow.add(nodes.halves, image=photo)["left"])
    loaded = pf.Flow.load(flow.save(tmp_path / "photo.flow.json"))
    run(loaded, inputs={"photo": nodes.gradient(8)}).result().save(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "photo.flow.json"]


def test_sounds_films_and_tables_are_files_that_other_programs_open(tmp_path: Path) -> None:
    with pf.Flow("media") as flow:
        flow.output("tone", nodes.short_tone())
        flow.output("film", nodes.short_film())
        flow.output("rows", nodes.short_rows())
    paths = run(flow).result().save(tmp_path)
    assert [path.name for path in paths] == ["tone.wav", "film.mp4", "rows.csv"]
    samples, rate = soundfile.read(paths[0])
    assert (len(samples), rate) == (800, 8000)
    with av.open(str(paths[1])) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4
    assert paths[2].read_text().splitlines() == ["name,count", "a,1", "b,2"]
