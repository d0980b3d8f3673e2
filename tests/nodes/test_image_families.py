"""The nodes that paint, on a tiny model of each family: what they do with what families understand differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.nodes import image_to_image, inpaint, outpaint, text_to_image
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run
from tests.zoo import Zoo

from .pictures import middle, scene
from .told import Told

FAMILIES = ("sd15", "sdxl", "sd3", "flux", "flux_schnell", "qwen_image", "z_image")
# What people write for the same picture with diffusers alone.
BY_HAND: dict[str, dict[str, Any]] = {
    "qwen_image": {"true_cfg_scale": 4.0, "negative_prompt": "blue"},
    "flux": {"guidance_scale": 4.0},
    "flux_schnell": {"guidance_scale": 4.0},
}


def by_hand(folder: Path, task: str = "Text2Image", **call: Any) -> PIL.Image.Image:
    """A picture by plain diffusers."""
    import diffusers
    import torch

    pipeline = getattr(diffusers, f"AutoPipelineFor{task}").from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(7)
    return pipeline(prompt="a red circle", num_inference_steps=4, generator=generator, **call).images[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_paints_the_pixels_of_plain_diffusers(zoo: Zoo, family: str) -> None:
    model = pf.Model(str(zoo(family)))
    image = text_to_image(
        "a red circle", negative_prompt="blue", model=model, steps=4, guidance=4.0, width=64, height=48, seed=7
    )
    usual = {"guidance_scale": 4.0, "negative_prompt": "blue"}
    expected = by_hand(zoo(family), width=64, height=48, **BY_HAND.get(family, usual))
    assert image.size == (64, 48)
    assert image.tobytes() == expected.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_paints_over_a_picture_of_any_size_and_keeps_its_size(zoo: Zoo, family: str) -> None:
    model = pf.Model(str(zoo(family)))
    given = scene(1, 61, 50)
    made = [image_to_image(given, "a red circle", model=model, strength=part, steps=4, seed=7) for part in (0.3, 0.9)]
    assert [image.size for image in made] == [given.size] * 2
    assert len({image.tobytes() for image in [given, *made]}) == 3
    assert image_to_image(given, "a red circle", model=model, strength=0) is given


@pytest.mark.parametrize("family", FAMILIES)
def test_inpainting_changes_the_masked_pixels_and_no_other(zoo: Zoo, family: str) -> None:
    given, mask = scene(1, 72, 60), middle(72, 60)
    made = inpaint(given, mask, "a red circle", model=pf.Model(str(zoo(family))), steps=4, seed=7)
    hole = np.asarray(mask) > 0
    before, after = np.asarray(given), np.asarray(made)
    assert (before[~hole] == after[~hole]).all()
    assert (before[hole] != after[hole]).any(axis=-1).mean() > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_outpainting_keeps_the_picture_and_paints_each_side(zoo: Zoo, family: str) -> None:
    given = scene(1, 48, 40)
    made = outpaint(
        given, "a red circle", left=8, right=16, top=3, bottom=5, model=pf.Model(str(zoo(family))), steps=4, seed=7
    )
    assert made.size == (72, 48)
    assert made.crop((8, 3, 56, 43)).tobytes() == given.tobytes()
    drawn_out = np.pad(np.asarray(given), ((3, 5), (8, 16), (0, 0)), mode="edge")
    assert (np.asarray(made) != drawn_out).any(axis=-1).sum() > 0.5 * (72 * 48 - 48 * 40)


def test_painting_over_is_what_diffusers_does(zoo: Zoo) -> None:
    given = scene(1)
    made = image_to_image(
        given, "a red circle", model=pf.Model(str(zoo("sdxl"))), strength=0.5, steps=4, guidance=5.0, seed=7
    )
    expected = by_hand(zoo("sdxl"), "Image2Image", image=given, strength=0.5, guidance_scale=5.0)
    assert made.tobytes() == expected.tobytes()


def test_the_smallest_strength_still_does_a_step(zoo: Zoo) -> None:
    told = Told()
    given = scene(1)
    made = image_to_image(given, "x", model=pf.Model(str(zoo("sdxl"))), strength=0.01, steps=5, progress=told.reporter)
    assert made.tobytes() != given.tobytes()
    assert told.fractions == [1.0]


def test_a_mask_without_white_and_no_side_to_grow_give_the_picture_back(zoo: Zoo) -> None:
    told = Told()
    given = scene(1)
    black = PIL.Image.new("L", given.size, 0)
    model = pf.Model(str(zoo("sdxl")))
    assert inpaint(given, black, "x", model=model, progress=told.reporter) is given
    assert inpaint(given, middle(), "x", strength=0, model=model, progress=told.reporter) is given
    assert outpaint(given, "x", model=model, progress=told.reporter) is given
    assert [line.split(":")[0] for line in told.lines] == ["Nothing is painted"] * 3


def test_a_mask_grows_softens_and_changes_only_what_it_reaches(zoo: Zoo) -> None:
    given, mask = scene(1), middle()
    model = pf.Model(str(zoo("sdxl")))

    def changed(**options: Any) -> np.ndarray:
        made = inpaint(given, mask, "a red circle", model=model, steps=3, seed=7, **options)
        return (np.asarray(made) != np.asarray(given)).any(axis=-1)

    hard, grown, narrow, soft = changed(), changed(grow=4), changed(grow=-4), changed(blur=2)
    assert not hard[:16].any() and hard[16:48, 16:48].mean() > 0.9
    assert grown[12:52, 12:52].mean() > 0.9 and not grown[:12].any()
    assert not narrow[:20].any() and narrow[20:44, 20:44].mean() > 0.9
    assert soft[:16].any() and not soft[:6].any()


def test_a_mask_of_another_size_is_refused_in_words(zoo: Zoo) -> None:
    with pytest.raises(pf.MediaError, match="The mask is 32 x 32 pixels and the picture 64 x 64"):
        inpaint(scene(1), middle(32, 32), "x", model=pf.Model(str(zoo("sdxl"))))


def test_transparency_stays_and_what_is_painted_becomes_opaque(zoo: Zoo) -> None:
    given = scene(1).convert("RGBA")
    given.putalpha(PIL.Image.linear_gradient("L").resize(given.size))
    model = pf.Model(str(zoo("sdxl")))
    over = image_to_image(given, "x", model=model, steps=3)
    assert over.getchannel("A").tobytes() == given.getchannel("A").tobytes()
    filled = np.asarray(inpaint(given, middle(), "x", model=model, steps=3))
    hole = np.asarray(middle()) > 0
    assert (filled[hole][:, 3] == 255).all()
    assert (filled[~hole] == np.asarray(given)[~hole]).all()


def test_a_negative_prompt_that_a_model_does_not_heed_is_said(zoo: Zoo) -> None:
    def said(animal: str, guidance: float, **options: Any) -> list[str]:
        told = Told()
        settings: dict[str, Any] = {"steps": 2, "width": 64, "height": 64, "options": options}
        model = pf.Model(str(zoo(animal)))
        text_to_image("x", "blue", model=model, guidance=guidance, progress=told.reporter, **settings)
        return told.lines

    assert said("flux", 4.0) == [
        "This model does not heed a negative prompt unless options.true_cfg is above 1; 'blue' is not used."
    ]
    assert said("flux", 4.0, true_cfg=2.0) == []
    assert said("sdxl", 4.0) == []
    assert said("sdxl", 1.0) == [
        "This model does not heed a negative prompt unless guidance is above 1; 'blue' is not used."
    ]
    assert said("qwen_image", 1.0) == said("sdxl", 1.0)
    assert said("flux_schnell", 4.0, true_cfg=2.0) == [
        "This model was made to need no guidance; the guidance is not used."
    ]


def test_an_option_that_a_model_does_not_have_is_said(zoo: Zoo) -> None:
    told = Told()
    text_to_image(
        "x",
        model=pf.Model(str(zoo("sdxl"))),
        steps=2,
        width=64,
        height=64,
        progress=told.reporter,
        options={"max_sequence_length": 64, "true_cfg": 3.0, "eta": 0.5, "reference_image": scene(1)},
    )
    assert len(told.lines) == 4
    assert all("is not used" in line for line in told.lines)


def test_each_family_shows_a_picture_after_each_step(zoo: Zoo) -> None:
    for family in FAMILIES:
        told = Told()
        text_to_image("x", model=pf.Model(str(zoo(family))), steps=3, width=64, height=48, progress=told.reporter)
        assert told.fractions[-1] == 1.0, family
        assert len(told.previews) == len(told.fractions) >= 3, family
        assert {preview.size for preview in told.previews} == {(8, 6)}, family
        assert len({preview.tobytes() for preview in told.previews}) > 1, family


def test_stop_is_heard_after_a_step(zoo: Zoo) -> None:
    told = Told(stop_after=2)
    with pytest.raises(pf.Cancelled):
        text_to_image("x", model=pf.Model(str(zoo("flux"))), steps=50, width=64, height=64, progress=told.reporter)
    assert len(told.previews) == 2


def test_sizes_beyond_the_places_that_a_model_knows_are_refused_in_words(zoo: Zoo) -> None:
    model = pf.Model(str(zoo("sd3")))
    with pytest.raises(pf.MediaError, match="paints at most 512 pixels high and wide; 1024 is more"):
        text_to_image("x", model=model, width=1024, height=64, steps=2)
    with pytest.raises(pf.MediaError, match="multiples of 16 pixels; 72 is not one. Try 64"):
        text_to_image("x", model=model, width=72, height=64, steps=2)


def test_a_safety_checker_that_blackens_a_picture_says_so(zoo: Zoo) -> None:
    told = Told()
    model = pf.Model(str(zoo("sd15_checked")))
    image = text_to_image("x", model=model, width=64, height=64, steps=2, progress=told.reporter)
    assert image.getextrema() == ((0, 0),) * 3
    assert told.lines == [
        "The model's safety checker found fault with the picture, and made it black. Try another seed."
    ]


def test_an_ip_adapter_wants_a_picture_and_weight_0_is_none(zoo: Zoo) -> None:
    base = pf.Model(str(zoo("sdxl")))
    settings: dict[str, Any] = {"steps": 3, "width": 64, "height": 64, "seed": 7}

    def painted(weight: float | None, **options: Any) -> bytes:
        file = str(zoo("ip_adapter_sdxl"))
        model = base if weight is None else base.with_adapter(file, weight, kind="ip_adapter")
        return text_to_image("x", model=model, options=options, **settings).tobytes()

    plain = painted(None)
    assert painted(1.0, reference_image=scene(1)) != plain
    assert painted(1.0, reference_image=scene(1)) != painted(1.0, reference_image=scene(2))
    assert painted(0.0) == plain
    assert painted(None) == plain
    with pytest.raises(pf.ModelError, match="has an IP-Adapter, which takes after a picture"):
        painted(1.0)


def test_a_list_of_pictures_is_painted_over_one_by_one_in_a_flow(zoo: Zoo, worker: object) -> None:
    with pf.Flow("over") as flow:
        pictures = flow.input("pictures", [scene(1), scene(2)])
        over = pf.nodes.image_to_image(pictures, "x", model=str(zoo("sdxl")), strength=0.5, steps=4, seed=7)  # type: ignore[arg-type]
        flow.output("images", over)
    made = run(flow, MemoryCache(), backend="worker").result()["images"]
    alone = [
        image_to_image(scene(seed), "x", model=pf.Model(str(zoo("sdxl"))), strength=0.5, steps=4, seed=7)
        for seed in (1, 2)
    ]
    assert [image.tobytes() for image in made] == [image.tobytes() for image in alone]
