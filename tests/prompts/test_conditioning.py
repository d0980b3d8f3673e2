"""What pipelines are given for prompts with weights, changes, comments, and more tokens than a window has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.nodes import control, image_to_image, inpaint, outpaint, text_to_image, text_to_video
from pixelflow_widgets.prompts.encoding import encoded, needs_encoding
from pixelflow_widgets.prompts.tokens import count
from tests.nodes.pictures import middle, scene
from tests.nodes.told import Told
from tests.zoo import Zoo

CLIPS = ("sd15", "sd2", "sdxl")
OTHERS = ("sd3", "flux", "qwen_image", "z_image")
SIZE: dict[str, Any] = {"steps": 4, "guidance": 4.0, "width": 64, "height": 64, "seed": 7}


def paint(folder: Path | str, prompt: str, negative_prompt: str = "", told: Told | None = None, **more: Any) -> bytes:
    settings: dict[str, Any] = {**SIZE, **more}
    model = settings.pop("model", None) or pf.Model(str(folder))
    image = text_to_image(prompt, negative_prompt, model=model, progress=(told or Told()).reporter, **settings)
    return image.tobytes()


def opened(folder: Path) -> Any:
    import torch
    from diffusers import DiffusionPipeline

    return DiffusionPipeline.from_pretrained(folder, dtype=torch.float32)


def of_diffusers(pipeline: Any, prompt: str, negative_prompt: str | None, clip_skip: int | None = None) -> list[Any]:
    """What the pipeline itself makes of a prompt, and of what shall not be seen."""
    import torch

    with torch.no_grad():
        made = pipeline.encode_prompt(
            prompt=prompt,
            device="cpu",
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
            negative_prompt=negative_prompt,
            clip_skip=clip_skip,
        )
    return list(made)


NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


@pytest.mark.parametrize("negative_prompt", ["blurry", None])
@pytest.mark.parametrize("family", [*CLIPS, "starter"])
def test_words_without_weights_are_encoded_as_the_pipeline_does_bit_for_bit(
    zoo: Zoo, family: str, negative_prompt: str | None
) -> None:
    import torch

    pipeline = opened(Path(pf.__file__).parent / "starter" / "text_to_image" if family == "starter" else zoo(family))
    prompt = "a red circle on a blue background"
    expected = of_diffusers(pipeline, prompt, negative_prompt)
    for written in (prompt, "a (red)1.0 circle on a (blue:1.0) background"):
        words = {"prompt": written, "negative_prompt": negative_prompt}
        assert not needs_encoding(pipeline, words, 4)
        made = encoded(pipeline, words, 4)
        assert made.tensors == []
        for name, tensor in zip(NAMES, expected, strict=False):
            assert torch.equal(made.arguments[name], tensor), name


def test_layers_are_left_out_as_the_pipeline_does(zoo: Zoo) -> None:
    import torch

    pipeline = opened(zoo("sdxl"))
    expected = of_diffusers(pipeline, "a red circle", "blurry", clip_skip=1)
    made = encoded(pipeline, {"prompt": "a red circle", "negative_prompt": "blurry", "clip_skip": 1}, 4)
    for name, tensor in zip(NAMES, expected, strict=True):
        assert torch.equal(made.arguments[name], tensor), name


def test_each_encoder_of_sdxl_reads_its_own_prompt(zoo: Zoo) -> None:
    import torch

    pipeline = opened(zoo("sdxl"))
    with torch.no_grad():
        expected = pipeline.encode_prompt("a red circle", prompt_2="a blue star", negative_prompt="x", device="cpu")
    made = encoded(pipeline, {"prompt": "a red circle", "prompt_2": "a blue star", "negative_prompt": "x"}, 4)
    for name, tensor in zip(NAMES, expected, strict=True):
        assert torch.equal(made.arguments[name], tensor), name


@pytest.mark.parametrize("family", CLIPS)
def test_weights_are_those_of_compel(zoo: Zoo, family: str) -> None:
    import torch
    from compel import CompelForSD, CompelForSDXL

    pipeline = opened(zoo(family))
    by_hand = (CompelForSDXL if family == "sdxl" else CompelForSD)(pipeline)
    expected = by_hand("a (red)1.4 circle on a (blue)0.6 background", negative_prompt="(blurry)1.2")
    words = {"prompt": "a (red)1.4 circle on a (blue:0.6) background", "negative_prompt": "(blurry)1.2"}
    assert needs_encoding(pipeline, words, 4)
    made = encoded(pipeline, words, 4)
    assert torch.equal(made.arguments["prompt_embeds"], expected.embeds)
    assert expected.negative_embeds is not None
    assert torch.equal(made.arguments["negative_prompt_embeds"], expected.negative_embeds)


@pytest.mark.parametrize("family", [*CLIPS, "starter"])
def test_weight_1_paints_the_same_pixels_and_another_weight_others(zoo: Zoo, family: str) -> None:
    folder = "starter" if family == "starter" else zoo(family)
    plain = paint(folder, "a red circle on a blue background", "green")
    assert paint(folder, "# what it shows\na (red)1.0 circle on a (blue:1) background", "(green)1") == plain
    assert paint(folder, "a (red)1.8 circle on a blue background", "green") != plain
    assert paint(folder, "a red circle on a blue-- background", "green") != plain
    assert paint(folder, "a red circle on a blue background", "(green)1.5") != plain


def test_a_weighted_word_moves_the_picture_of_the_starter() -> None:
    def colour(prompt: str) -> np.ndarray:
        image = text_to_image(prompt, steps=12, seed=3)
        return np.asarray(image, dtype=float).mean(axis=(0, 1))

    red = colour("a (red)1.2 (blue)0.2 circle on a white background")
    blue = colour("a (red)0.2 (blue)1.2 circle on a white background")
    assert red[0] - red[2] > 15
    assert blue[2] - blue[0] > 15


@pytest.mark.parametrize("family", CLIPS)
def test_what_stands_behind_the_window_is_read_too(zoo: Zoo, family: str) -> None:
    told = Told()
    long = "a red circle on a blue background, " * 12
    painted = paint(zoo(family), long + "a star", "green", told)
    assert told.lines == ["The prompt has 98 tokens; it is read in 2 parts of 75."]
    assert paint(zoo(family), long + "a house", "green") != painted
    told = Told()
    assert paint(zoo(family), "a red circle", long, told) != paint(zoo(family), "a red circle")
    assert told.lines == ["The negative prompt has 96 tokens; it is read in 2 parts of 75."]


def test_only_so_much_of_an_endless_prompt_is_read() -> None:
    told = Told()
    paint("starter", "x" * 3000, told=told)
    assert told.lines == [
        "The prompt has 3000 tokens; it is read in 40 parts of 30; "
        "what stands behind its first 1200 tokens is not read."
    ]
    with pytest.raises(MediaError, match="at most 100000 are read"):
        paint("starter", "x" * 100_001)
    with pytest.raises(MediaError, match="This one asks for 101"):
        paint("starter", "(a)0.5 b " * 100)
    with pytest.raises(MediaError, match="This one asks for 80"):
        paint("starter", "(a)0.5 " + "".join(f"[a:b:0.{number}]" for number in range(101, 140)))


def changed_by_hand(folder: Path, first: str, then: str, step: int) -> bytes:
    """A picture whose prompt becomes another one after some steps, by plain diffusers."""
    import torch

    pipeline = opened(folder)
    pipeline.set_progress_bar_config(disable=True)
    other = of_diffusers(pipeline, then, "green")
    tensors = {"prompt_embeds": torch.cat([other[1], other[0]])}
    if len(other) > 2:
        tensors["add_text_embeds"] = torch.cat([other[3], other[2]])

    def change(_: Any, at: int, __: Any, known: dict[str, Any]) -> dict[str, Any]:
        return {**known, **tensors} if at + 1 >= step else known

    return (
        pipeline(
            first,
            negative_prompt="green",
            num_inference_steps=8,
            guidance_scale=4.0,
            width=64,
            height=64,
            generator=torch.Generator("cpu").manual_seed(7),
            callback_on_step_end=change,
            callback_on_step_end_tensor_inputs=["latents", *tensors],
        )
        .images[0]
        .tobytes()
    )


@pytest.mark.parametrize("family", ["sd2", "sdxl"])
def test_a_prompt_changes_over_the_steps(zoo: Zoo, family: str) -> None:
    first, then = "a red circle", "a blue star"
    expected = changed_by_hand(zoo(family), first, then, 4)
    for written in ("[a red circle:a blue star:0.5]", "a [red circle:blue star:4]"):
        assert paint(zoo(family), written, "green", steps=8) == expected
    assert paint(zoo(family), "[a red circle:a blue star:0]", "green") == paint(zoo(family), then, "green")
    assert paint(zoo(family), "[a red circle:a blue star:1]", "green") == paint(zoo(family), first, "green")


def test_a_prompt_without_guidance_changes_too(zoo: Zoo) -> None:
    made = {
        paint(zoo("sdxl"), prompt, guidance=1.0) for prompt in ("a [red:blue:0.5] star", "a red star", "a blue star")
    }
    assert len(made) == 3


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_every_task_heeds_weights(zoo: Zoo, family: str) -> None:
    model, given = pf.Model(str(zoo(family))), scene(1, 72, 64)
    mask: Any = middle(72, 64)
    edges = {"images": [given], "controlnets": [pf.Model(str(zoo(f"controlnet_{family}")))]}
    tasks = [
        lambda prompt: image_to_image(given, prompt, model=model, steps=4, seed=7, strength=0.7),
        lambda prompt: inpaint(given, mask, prompt, model=model, steps=4, seed=7),
        lambda prompt: outpaint(given, prompt, left=16, model=model, steps=4, seed=7),
        lambda prompt: control(prompt, model=model, steps=4, width=64, height=64, seed=7, **edges),
    ]
    for task in tasks:
        plain, same, weighed, changed = (
            task(prompt).tobytes()
            for prompt in ("a red star", "a (red)1.0 star", "a (red)1.8 star", "a [red:blue:0.5] star")
        )
        assert plain == same and len({plain, weighed, changed}) == 3


def test_words_of_embeddings_and_loras_of_encoders_are_read(zoo: Zoo) -> None:
    taught = pf.Model(str(zoo("sd15")), {}, (pf.Adapter(str(zoo("embedding_sd15")), kind="embedding"),))
    plain = paint("", "a <zoo-cat> star", model=taught)
    assert paint("", "a (<zoo-cat>)1.0 star", model=taught) == plain
    assert (
        len({plain, paint("", "a (<zoo-cat>)1.7 star", model=taught), paint("", "a (cat)1.7 star", model=taught)}) == 3
    )
    worn = pf.Model(str(zoo("sd15")), {}, (pf.Adapter(str(zoo("lora_sd15_kohya"))),))
    assert paint("", "a (red)1.7 star", model=worn) != paint(zoo("sd15"), "a (red)1.7 star")


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_encoders_that_come_to_their_device_part_by_part_make_the_same(zoo: Zoo, family: str) -> None:
    import torch
    from accelerate import cpu_offload_with_hook
    from diffusers.hooks import apply_group_offloading

    words = {"prompt": "a (red)1.5 star, " * 30, "negative_prompt": "(blurry)0.5"}
    expected = encoded(opened(zoo(family)), words, 4).arguments
    for offload in (
        lambda module: cpu_offload_with_hook(module, "cpu"),
        lambda module: apply_group_offloading(module, onload_device=torch.device("cpu"), offload_type="leaf_level"),
    ):
        pipeline = opened(zoo(family))
        for name in ("text_encoder", "text_encoder_2"):
            if getattr(pipeline, name, None) is not None:
                offload(getattr(pipeline, name))
        made = encoded(pipeline, words, 4).arguments
        assert all(torch.equal(made[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("family", OTHERS)
def test_other_families_read_the_words_and_say_that_they_heed_no_weights(zoo: Zoo, family: str) -> None:
    told = Told()
    made = paint(zoo(family), "# note\na (red)1.5 [star:moon:0.5]", told=told)
    assert made == paint(zoo(family), "a red star")
    assert told.lines == [
        "This model does not heed weights of words; they are taken out of the prompt.",
        "The prompt stays as it begins: this model does not change it over the steps.",
    ]


def test_other_families_say_what_they_cut(zoo: Zoo) -> None:
    told = Told()
    paint(zoo("flux"), "red star " * 60, told=told)
    assert told.lines == [
        "The prompt is longer than the model reads at once; tokens: CLIP reads 75 of 120, T5 reads 120 of 120."
    ]
    told = Told()
    paint(zoo("flux"), "red star " * 60, told=told, options={"max_sequence_length": 64})
    assert told.lines[0].endswith("T5 reads 63 of 120.")


def test_a_negative_prompt_stays_as_it_begins() -> None:
    told = Told()
    made = paint("starter", "a red circle", "[green:blue:0.5]", told)
    assert made == paint("starter", "a red circle", "green")
    assert told.lines == ["The negative prompt stays as it begins: this model does not change it over the steps."]
    assert paint("starter", "a red circle", "# nothing") == paint("starter", "a red circle")


def test_halves_of_letters_break_nothing() -> None:
    assert paint("starter", "a red \ud83d circle") == paint("starter", "a red � circle")
    assert paint("starter", "a (red \ud83d)1.5 circle") == paint("starter", "a (red �)1.5 circle")


@pytest.mark.parametrize(
    "prompt", ["", "()1.5", "(   )1.5", "(<|endoftext|>)0.5 red", "(!)0.5 (!!)1.5 red", "\x00", "😀++"]
)
def test_odd_prompts_are_painted(zoo: Zoo, prompt: str) -> None:
    for family in CLIPS:
        assert PIL.Image.frombytes("RGB", (64, 64), paint(zoo(family), prompt, prompt)).size == (64, 64)


def test_the_node_tells_how_many_tokens_its_encoders_read() -> None:
    told = Told()
    prompt, negative = "# note\na (red)1.5 [circle:very large star:0.5]", "blurry"
    paint("starter", prompt, negative, told)
    assert (told.usage.model, told.usage.images) == ("starter", 1)
    assert told.usage.input_tokens == count("starter", prompt, negative)
    apart = sum(count("starter", text) or 0 for text in ("a", "red", "circle", "a", "red", "very large star", negative))
    assert told.usage.input_tokens == apart


@pytest.mark.parametrize(("family", "motion"), [("ltx_video", None), ("sd15", "motion_sd15")])
def test_films_are_of_the_words_without_marks(zoo: Zoo, family: str, motion: str | None) -> None:
    adapter = pf.Model(str(zoo(motion))) if motion else None

    def film(prompt: str, told: Told) -> bytes:
        settings: dict[str, Any] = {"frames": 9, "width": 64, "height": 64, "steps": 2, "seed": 7}
        model = pf.Model(str(zoo(family)))
        made = text_to_video(prompt, model=model, motion=adapter, progress=told.reporter, **settings)
        return made.frames.tobytes()

    told = Told()
    assert film("# note\na (red)1.5 [circle:star:0.5]", told) == film("a red circle", Told())
    assert len(told.lines) == 2 and "does not heed weights" in told.lines[0]
    assert told.usage.images == 0 and told.usage.input_tokens == count(str(zoo(family)), "a red circle", "a red star")
