"""Prompts with weights, changes, comments, and more tokens than a window has, in scripts: the same pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ExportError
from pixelflow_widgets.export.formatting import faults
from tests.nodes.pictures import middle, scene
from tests.zoo import Zoo

from .scripts import plain, run_script
from .test_picture_scripts import Painting

_LONG = "a red circle on a blue background, " * 12
_SMALL: dict[str, Any] = {"steps": 4, "guidance": 4.0, "width": 64, "height": 64, "seed": 7}


def same(flow: pf.Flow, folder: Path, **given: Any) -> str:
    """Check that the script of a flow with one output paints what the executor paints, and return the script."""
    script = flow.to_script()
    (made,) = plain(dict(flow.run(backend="inline", **given))).values()
    assert run_script(script, folder, **given) == made
    return script.partition("\n# pixelflow: ")[0]


def painted(model: Any, prompt: Any, negative_prompt: str = "", **values: Any) -> pf.Flow:
    flow = pf.Flow("painting")
    node = flow.add(
        "text_to_image", prompt=prompt, negative_prompt=negative_prompt, model=model, **{**_SMALL, **values}
    )
    flow.output("picture", node["image"])
    return flow


@pytest.mark.parametrize(
    ("family", "prompt", "negative_prompt"),
    [
        ("sd15", "a (red)1.5 circle on a blue-- background", ""),
        ("sdxl", "a (red:1.5) circle", "(blurry)0.7"),
        ("sdxl", _LONG + "a star", "green"),
        ("sdxl", "a [red:blue:0.5] (circle)1.2", "green"),
        ("sd2", "# what it shows\na red [circle:star:2]", ""),
    ],
)
def test_a_prompt_that_only_compel_reads_as_it_is_meant_paints_the_same_pixels(
    zoo: Zoo, tmp_path: Path, family: str, prompt: str, negative_prompt: str
) -> None:
    script = same(painted(pf.Model(str(zoo(family))), prompt, negative_prompt), tmp_path)
    assert "compel" in script and "pixelflow" not in script


def test_the_default_of_an_input_decides_and_any_other_text_is_read_alike(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("painting")
    flow.input("prompt", "a (red)1.5 circle")
    node = flow.add(
        "text_to_image",
        prompt=flow.inputs["prompt"],
        model=pf.Model(str(zoo("sdxl"))),
        negative_prompt="green",
        options={"clip_skip": 1, "prompt_2": "a (blue)1.3 star"},
        **_SMALL,
    )
    flow.output("picture", node["image"])
    for prompt in ("a (red)1.5 circle", "a red circle", "# note\na [red:blue:0.5] circle", _LONG):
        same(flow, tmp_path, prompt=prompt)


def test_all_tasks_paint_the_same_pixels_with_weights_and_changes(zoo: Zoo, tmp_path: Path) -> None:
    model = pf.Model(str(zoo("sd15")))
    given = {"image": scene(1, 72, 64), "mask": middle(72, 64)}
    for task, values in {
        "image_to_image": {"image": given["image"], "strength": 0.7, "steps": 4},
        "inpaint": {**given, "steps": 4},
        "outpaint": {"image": given["image"], "left": 8, "steps": 4},
    }.items():
        flow = pf.Flow(task)
        handed = {}
        for name in ("image", "mask"):
            if name in values:
                flow.input(name, values[name], type=pf.Mask if name == "mask" else None)
                handed[name] = flow.inputs[name]
        node = flow.add(task, prompt="a (red)1.5 [star:moon:2]", model=model, seed=7, **{**values, **handed})
        flow.output("picture", node["image"])
        same(flow, tmp_path, **{name: given[name] for name in handed})


def test_plain_prompts_are_written_as_ever(zoo: Zoo) -> None:
    for family in ("sdxl", "flux"):
        script = painted(pf.Model(str(zoo(family))), "a red circle (really), 16:9").to_script()
        assert 'prompt="a red circle (really), 16:9"' in script and "compel" not in script


@pytest.mark.parametrize("family", ["sdxl", "flux"])
def test_marks_that_change_nothing_are_taken_out(zoo: Zoo, tmp_path: Path, family: str) -> None:
    weighed = "a (red)1.0 circle" if family == "sdxl" else "# note\na (red)1.7 [circle:star:0.5]"
    script = same(painted(pf.Model(str(zoo(family))), weighed), tmp_path)
    assert 'prompt="a red circle"' in script and "compel" not in script


def test_what_a_model_does_not_heed_is_taken_out_of_an_input_in_the_script(zoo: Zoo, tmp_path: Path) -> None:
    painting = Painting()
    painting.input("prompt", "a (red)1.5 circle")
    painting.add("text_to_image", pf.Model(str(zoo("flux"))))
    assert "compel" not in painting.same(tmp_path, prompt="a (blue)0.5 [star:moon:0.5]")


def test_words_that_a_prompt_node_writes_are_read_alike(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("painting")
    text = flow.add("prompt", text="a (red)1.5 {circle|star}", seed=3)
    node = flow.add("text_to_image", prompt=text["text"], model=pf.Model(str(zoo("sdxl"))), **_SMALL)
    flow.output("picture", node["image"])
    assert "compel" in same(flow, tmp_path)


def test_a_prompt_node_whose_words_are_an_input_tells_who_paints(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("painting")
    flow.input("words", "a (red)1.5 {circle|star}")
    text = flow.add("prompt", text=flow.inputs["words"], seed=3)
    node = flow.add("text_to_image", prompt=text["text"], model=pf.Model(str(zoo("sdxl"))), **_SMALL)
    flow.output("picture", node["image"])
    same(flow, tmp_path, words="a (blue)1.5 {moon|star}")


def test_short_texts_that_are_long_once_they_are_joined_are_read_whole(tiny_model: Path, tmp_path: Path) -> None:
    flow = pf.Flow("painting")
    parts = [flow.add("prompt", text=f"many words of a {colour} prompt, " * 3)["text"] for colour in ("red", "blue")]
    text = flow.add("join_text", texts=parts)["text"]
    node = flow.add("text_to_image", prompt=text, model=pf.Model(str(tiny_model)), **_SMALL)
    flow.output("picture", node["image"])
    assert "compel" in same(flow, tmp_path)


def test_a_long_prompt_that_goes_into_a_subflow_is_read_whole(tiny_model: Path, tmp_path: Path) -> None:
    inner, flow = pf.Flow("inner"), pf.Flow("painting")
    prompt = inner.input("prompt", "a red circle")
    inner.output("image", inner.add("text_to_image", prompt=prompt, model=pf.Model(str(tiny_model)), **_SMALL)["image"])
    flow.output("picture", flow.add(inner, prompt=_LONG)["image"])
    same(flow, tmp_path)


def test_a_text_that_goes_where_none_is_needed_is_no_variable(tiny_model: Path, tmp_path: Path) -> None:
    flow = pf.Flow("painting")
    flow.input("words", "blurry")
    text = flow.add("join_text", texts=[flow.inputs["words"]])["text"]
    values = {**_SMALL, "guidance": 1.0}
    node = flow.add("text_to_image", prompt="a star", negative_prompt=text, model=pf.Model(str(tiny_model)), **values)
    flow.output("picture", node["image"])
    assert faults(flow.to_script()) == ""
    same(flow, tmp_path)


@pytest.mark.parametrize("text", [_LONG, "Wortschlange" * 20, "漢字" * 60, "🦊 " * 80])
def test_long_prompts_stand_on_lines_of_a_good_length(tiny_model: Path, tmp_path: Path, text: str) -> None:
    flow = painted(pf.Model(str(tiny_model)), text)
    assert faults(flow.to_script()) == ""
    same(flow, tmp_path)


def test_a_prompt_and_an_adapter_that_both_change_are_refused_in_words(zoo: Zoo) -> None:
    adapter = pf.Adapter(str(zoo("lora_sdxl")), schedule=((0.0, 1.0), (1.0, 0.0)))
    flow = painted(pf.Model(str(zoo("sdxl")), {}, (adapter,)), "a [red:blue:0.5] circle")
    with pytest.raises(ExportError, match="changes over the steps, and so does the weight of an adapter"):
        flow.to_script()
