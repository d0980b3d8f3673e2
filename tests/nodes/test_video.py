from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run
from tests.zoo import Zoo

from .pictures import scene
from .told import Told

text_to_video, image_to_video = pf.nodes.text_to_video, pf.nodes.image_to_video
SMALL: dict[str, Any] = {"width": 64, "height": 64, "steps": 2}
WORDS = [("ltx_video", 9, 24), ("wan", 5, 16), ("modelscope", 4, 8), ("animatediff", 4, 8)]


@pytest.mark.parametrize(("family", "frames", "fps"), WORDS)
def test_each_family_films_words_at_its_own_pace(zoo: Zoo, family: str, frames: int, fps: float) -> None:
    told = Told()
    film = text_to_video("a red circle", model=str(zoo(family)), frames=frames, **SMALL, progress=told.reporter)
    assert film.frames.shape == (frames, 64, 64, 3)
    assert film.fps == fps
    assert film.frames.std() > 1
    assert told.fractions == [0.5, 1.0]
    assert len(told.previews) == 2
    assert len({preview.tobytes() for preview in told.previews}) == 2


@pytest.mark.parametrize(
    ("family", "frames"),
    [("ltx_video", 9), ("svd", 4), ("wan_image_to_video", 5)],
)
def test_each_family_films_what_follows_a_picture(zoo: Zoo, family: str, frames: int) -> None:
    told = Told()
    films = [
        image_to_video(scene(seed), model=str(zoo(family)), frames=frames, **SMALL, progress=told.reporter)
        for seed in (0, 1)
    ]
    assert films[0].frames.shape == (frames, 64, 64, 3)
    assert not np.array_equal(films[0].frames, films[1].frames)
    assert len(told.previews) == 4


def test_ltx_by_hand_is_the_same(zoo: Zoo) -> None:
    import torch
    from diffusers import LTXPipeline

    pipeline = LTXPipeline.from_pretrained(zoo("ltx_video"))
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        prompt="a red circle",
        num_frames=9,
        frame_rate=12,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(7),
        output_type="np",
        num_inference_steps=2,
        width=64,
        height=64,
    ).frames[0]
    film = text_to_video("a red circle", model=str(zoo("ltx_video")), frames=9, fps=12.0, guidance=4.0, seed=7, **SMALL)
    assert np.array_equal(film.frames, (expected * 255).round().astype(np.uint8))


@pytest.mark.parametrize(
    ("family", "settings", "words"),
    [
        ("ltx_video", {"frames": 10}, "films 8k \\+ 1 frames .1, 9, 17 ….; 10 is none of them. Try 9 or 17"),
        ("ltx_video", {"frames": 9, "width": 48}, "multiples of 32 pixels; 48 is not one. Try 64"),
        ("wan", {"frames": 6}, "films 4k \\+ 1 frames .1, 5, 9 ….; 6 is none of them. Try 5 or 9"),
        ("wan", {"frames": 5, "height": 40}, "multiples of 16 pixels; 40 is not one. Try 32"),
        ("animatediff", {"frames": 17}, "sets at most 16 frames in motion; 17 are asked for"),
    ],
)
def test_lengths_and_sizes_that_a_family_cannot_make_are_refused(
    zoo: Zoo, family: str, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(pf.MediaError, match=words):
        text_to_video("a circle", model=str(zoo(family)), **{**SMALL, **settings})


def test_a_film_of_one_frame_is_refused_before_and_when_it_runs_where_its_family_makes_none(zoo: Zoo) -> None:
    model = str(zoo("svd"))
    words = "films at least 2 frames; 1 is fewer. Ask for 2 or more."
    with pytest.raises(pf.MediaError, match=words):
        image_to_video(scene(1), model=model, frames=1, **SMALL)
    with pf.Flow() as flow:
        image_to_video(scene(1), model=model, frames=1, **SMALL)
    (problem,) = [problem for problem in flow.problems() if problem.port == "frames"]
    assert problem.severity == "error" and words in problem.sentence


def test_a_picture_keeps_its_shape_where_no_size_is_asked_for(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import StableVideoDiffusionPipeline

    call = StableVideoDiffusionPipeline.__call__.__wrapped__  # type: ignore[attr-defined]
    height, width, *others = call.__defaults__
    assert (height, width) == (576, 1024)
    monkeypatch.setattr(call, "__defaults__", (64, 128, *others))  # a film as large as that takes long
    for size in ((96, 48), (48, 96)):
        film = image_to_video(scene(0, *size), model=str(zoo("svd")), steps=1, frames=2)
        assert film.frames.shape[1:3] == ((64, 128) if size == (96, 48) else (128, 64))


def test_stop_ends_a_film_at_the_next_step(zoo: Zoo) -> None:
    settings: dict[str, Any] = {"model": str(zoo("ltx_video")), "frames": 9, "width": 64, "height": 64}
    with pytest.raises(pf.Cancelled):
        text_to_video("a circle", steps=20, **settings, progress=Told(stop_after=2).reporter)
    assert text_to_video("a circle", steps=1, **settings).frames.shape[0] == 9


def test_a_still_family_films_with_a_motion_adapter(zoo: Zoo) -> None:
    settings: dict[str, Any] = {"model": str(zoo("sd15")), "frames": 4, **SMALL}
    films = [
        text_to_video("a circle", motion=str(zoo(name)), **settings) for name in ("motion_sd15", "motion_sd15_other")
    ]
    assert films[0].frames.shape == (4, 64, 64, 3)
    assert not np.array_equal(films[0].frames, films[1].frames)
    with pytest.raises(pf.ModelError, match="paints single pictures. Choose a model for films"):
        text_to_video("a circle", **settings)


def test_a_still_family_without_a_motion_adapter_is_a_problem_before_anything_runs(zoo: Zoo) -> None:
    flow = pf.Flow("still")
    flow.add("text_to_video", prompt="a circle", model=str(zoo("sd15")))
    found = [problem for problem in flow.problems() if problem.code == "motion"]
    assert len(found) == 1
    assert "SD1.5, which paints single pictures" in str(found[0])
    for values in ({"motion": str(zoo("motion_sd15"))}, {"motion": None, "model": str(zoo("animatediff"))}):
        flow.set("text_to_video", **values)
        assert [problem for problem in flow.problems() if problem.code == "motion"] == []


def test_words_and_pictures_are_not_mistaken_for_each_other(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="films what follows a picture.*Use image_to_video"):
        text_to_video("a circle", model=str(zoo("svd")), frames=4, **SMALL)
    with pytest.raises(pf.ModelError, match="films words, and cannot begin with a picture"):
        image_to_video(scene(), model=str(zoo("wan")), frames=5, **SMALL)
    with pytest.raises(pf.ModelError, match="reads no words"):
        image_to_video(scene(), "it moves", model=str(zoo("svd")), frames=4, **SMALL)
    with pytest.raises(pf.ModelError, match="does not do text to video"):
        text_to_video("a circle", model=str(zoo("llama")), **SMALL)


def test_the_last_picture_is_for_models_that_were_taught_it(zoo: Zoo) -> None:
    def film(family: str, **options: Any) -> pf.Video:
        return image_to_video(scene(), model=str(zoo(family)), frames=5, options=options, **SMALL)  # type: ignore[arg-type]

    with pytest.raises(pf.ModelError, match="was not taught how a film ends"):
        film("wan_image_to_video", last_image=scene(1))
    with pytest.raises(pf.ModelError, match="films from the first to the last picture"):
        film("wan_first_last")
    ends = [film("wan_first_last", last_image=scene(seed)).frames for seed in (1, 2)]
    assert not np.array_equal(*ends)


def test_a_film_is_made_in_the_worker_and_shows_itself(zoo: Zoo, worker: object) -> None:
    with pf.Flow("film") as flow:
        flow.output("video", text_to_video("a red circle", model=str(zoo("wan")), frames=5, **SMALL))
    running = run(flow, MemoryCache(), backend="worker")
    previews = [event.preview for event in running.events() if event.preview]
    assert {preview.mime for preview in previews} == {"image/jpeg"}
    here = text_to_video("a red circle", model=str(zoo("wan")), frames=5, **SMALL)
    assert np.array_equal(running.result()["video"].frames, here.frames)


def test_a_still_model_that_wore_a_lora_is_set_in_motion_and_wears_it_again(zoo: Zoo) -> None:
    base = pf.Model(str(zoo("sd15")))
    inked = base.with_adapter(str(zoo("lora_sd15")))
    still = pf.nodes.text_to_image("a circle", model=inked, steps=1)
    pf.models.free()
    pf.nodes.text_to_image("a circle", model=inked, steps=1)
    film = pf.nodes.text_to_video("a circle", model=base, motion=str(zoo("motion_sd15")), steps=1, frames=2)
    assert len(film.frames) == 2
    again = pf.nodes.text_to_image("a circle", model=inked, steps=1)
    assert again.tobytes() == still.tobytes()
