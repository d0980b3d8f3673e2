from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run

SETTINGS = {"steps": 4, "guidance": 3.0, "width": 64, "height": 64}


@pytest.fixture
def flow(tiny_model: Path) -> pf.Flow:
    with pf.Flow("first") as made:
        prompt = made.input("prompt", "a red circle on a blue background")
        image = pf.nodes.text_to_image(prompt=prompt, model=str(tiny_model), seed=7, **SETTINGS)  # type: ignore[arg-type]
        made.output("image", image)
    return made


def by_hand(folder: Path, prompt: str = "a red circle on a blue background", **options: Any) -> PIL.Image.Image:
    """The same picture by plain diffusers."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    settings: dict[str, Any] = {"num_inference_steps": 4, "guidance_scale": 3.0, "width": 64, "height": 64} | options
    return pipeline(prompt=prompt, generator=torch.Generator("cpu").manual_seed(7), **settings).images[0]


def test_inline_worker_and_plain_diffusers_paint_the_same_pixels(
    flow: pf.Flow, tiny_model: Path, worker: object
) -> None:
    images = [run(flow, MemoryCache(), backend=backend).result()["image"] for backend in ("inline", "worker", "auto")]
    expected = by_hand(tiny_model).tobytes()
    assert [image.tobytes() == expected for image in images] == [True, True, True]


def test_the_function_alone_paints_the_same_pixels(tiny_model: Path) -> None:
    image = pf.nodes.text_to_image(
        prompt="a red circle on a blue background",
        model=pf.Model(str(tiny_model)),
        seed=7,
        **SETTINGS,  # type: ignore[arg-type]
    )
    assert image.tobytes() == by_hand(tiny_model).tobytes()


def test_every_input_has_an_influence(flow: pf.Flow) -> None:
    base = run(flow).result()["image"].tobytes()
    changes: dict[str, Any] = {
        "prompt": "a green cross",
        "negative_prompt": "black",
        "steps": 5,
        "guidance": 7.5,
        "width": 48,
        "height": 80,
        "seed": 8,
    }
    for name, value in changes.items():
        flow.set("text_to_image", **{name: value})
        assert run(flow).result()["image"].tobytes() != base, name
        flow.undo()
    assert run(flow).result()["image"].tobytes() == base


def test_each_step_reports_and_shows_a_preview(flow: pf.Flow, worker: object) -> None:
    events = list(run(flow, backend="worker").events())
    fractions = [event.fraction for event in events if event.kind == "progress" and event.fraction is not None]
    assert fractions == [0.25, 0.5, 0.75, 1.0]
    previews = [event.preview for event in events if event.preview]
    assert len(previews) == 4
    assert len({preview.data for preview in previews}) == 4


def test_stop_leaves_within_one_step_and_the_model_can_be_used_again(flow: pf.Flow) -> None:
    flow.set("text_to_image", steps=150)
    started = run(flow)
    seen = 0
    for event in started.events():
        if event.kind == "preview":
            seen += 1
            if seen == 3:
                started.cancel()
    assert started.status == "cancelled"
    assert seen <= 5  # those of the step in which Stop was heard, and of the one that may have begun
    flow.set("text_to_image", steps=2)
    assert run(flow).result()["image"].size == (64, 64)


def test_a_size_that_the_model_cannot_paint_names_the_nearest(flow: pf.Flow, tiny_model: Path) -> None:
    flow.set("text_to_image", width=72, height=64)
    assert run(flow).result()["image"].size == (72, 64)
    with pytest.raises(pf.MediaError, match="multiples of 8 pixels; 70 is not one. Try 72"):
        pf.nodes.text_to_image(prompt="x", model=pf.Model(str(tiny_model)), width=70, height=64)


def test_a_model_that_is_not_here_is_said_before_anything_runs(flow: pf.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelflow_widgets.models.weights._fetched", lambda *_: None)  # nor in anybody's Hub cache
    flow.set("text_to_image", model="sdxl")
    with pytest.raises(pf.FlowProblems, match="'Text to image': Stable Diffusion XL 1.0 is not on this machine"):
        run(flow)
    with pytest.raises(pf.ModelError, match="Get it with: pixelflow models get sdxl"):
        pf.nodes.text_to_image("x", model="sdxl")  # type: ignore[arg-type]
