"""Scripts of the nodes that look at pictures give what the executor gives, in transformers' own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from tests.nodes.pictures import scene
from tests.zoo import Zoo

from .test_script import holds, main_of

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "everything but the background": ("remove_background", "mobilevit", {}),
    "what has a label": ("remove_background", "mobilevit", {"subject": "Cat, dog", "threshold": 0.3}),
    "the main thing": ("remove_background", "clipseg", {"grow": 2, "blur": 1.5}),
    "what words say": ("remove_background", "clipseg", {"subject": "a cat, the sky", "grow": -1}),
    "near is white": ("depth", "dpt", {}),
    "near is black": ("depth", "dpt", {"invert": True}),
    "all labels": ("segment", "segformer", {"smallest": 0.0}),
    "large things": ("segment", "segformer", {"smallest": 0.4}),
    "nothing is so large": ("segment", "segformer", {"smallest": 0.5, "threshold": 1.0}),
    "named labels": ("segment", "mobilevit", {"things": "cat, background", "threshold": 0.2}),
    "named things": ("segment", "clipseg", {"things": "a cat, the sky", "threshold": 0.4}),
    "named things at 0.5": ("segment", "clipseg", {"things": "a cat"}),
    "a caption": ("caption", "blip", {"longest": 6}),
    "a begun caption": ("caption", "blip", {"longest": 6, "beams": 1, "begin": "a red"}),
    "a caption by a chat": ("caption", "llava", {"longest": 3, "beams": 1}),
    "a begun caption by a chat": ("caption", "llava", {"longest": 3, "beams": 2, "begin": "There is"}),
    "an answer": ("visual_question", "blip_vqa", {"question": "what colour is the cat?", "longest": 6}),
    "one of three answers": ("visual_question", "vilt", {"question": "is it red?"}),
    "an answer by a chat": ("visual_question", "llava", {"question": "how many?", "longest": 3, "beams": 1}),
    "a score": ("clip_score", "clip", {"text": "a red circle"}),
}
TEXTS = {"remove_background": "subject", "segment": "things", "caption": "begin", "visual_question": "question"}


def of(zoo: Zoo, node_type: str, model: str, **values: Any) -> pf.Flow:
    """Return a flow of a node whose picture is an input."""
    flow = pf.Flow("seen")
    image = flow.input("picture", type=pf.Image)
    node = flow.add(node_type, id="look", image=image, model=str(zoo(model)), **values)
    for name in flow.registry[node_type].outputs:
        flow.output(name, node[name])
    return flow


@pytest.mark.parametrize("case", CASES)
def test_a_script_sees_what_the_executor_sees(zoo: Zoo, tmp_path: Path, case: str) -> None:
    node_type, model, values = CASES[case]
    script = holds(of(zoo, node_type, model, **values), tmp_path, picture=scene(1, 50, 34))
    assert "pixelflow" not in main_of(script)
    assert "@functools.cache" in script


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA"])
def test_pictures_of_any_mode_are_looked_at(zoo: Zoo, tmp_path: Path, mode: str) -> None:
    given = scene(1, 40, 30).convert(mode)
    if "A" in mode:
        given.putalpha(PIL.Image.linear_gradient("L").resize(given.size))
    holds(of(zoo, "remove_background", "mobilevit"), tmp_path, picture=given)


@pytest.mark.parametrize("case", ["remove_background mobilevit", "segment clipseg", "caption llava", "caption blip"])
def test_words_and_pictures_may_come_as_lists(zoo: Zoo, tmp_path: Path, case: str) -> None:
    node_type, model = case.split()
    flow = pf.Flow("seen")
    pictures, words = flow.input("pictures", type=list[pf.Image]), flow.input("words", ["cat", "dog"])
    values: dict[str, Any] = {"longest": 3} if node_type == "caption" else {}
    node = flow.add(node_type, image=pictures, model=str(zoo(model)), **{TEXTS[node_type]: words}, **values)
    flow.output("seen", node[next(iter(flow.registry[node_type].outputs))])
    holds(flow, tmp_path, pictures=[scene(1, 40, 30), scene(2, 32, 48)])


def test_a_flag_that_is_an_argument_is_heeded_as_it_comes(zoo: Zoo, tmp_path: Path) -> None:
    flow = of(zoo, "depth", "dpt")
    flow.set("look", invert=flow.input("backwards", False))
    for backwards in (False, True):
        holds(flow, tmp_path, picture=scene(1, 40, 30), backwards=backwards)


def test_a_model_is_loaded_once_whatever_looks_through_it(zoo: Zoo, tmp_path: Path) -> None:
    flow = of(zoo, "segment", "clipseg", things="a cat")
    flow.output("cut", flow.add("remove_background", image=scene(2), model=str(zoo("clipseg")))["image"])
    script = holds(flow, tmp_path, picture=scene(1, 40, 30))
    assert script.count("from_pretrained(") == 2  # the model and its processor


def test_depth_is_a_line_that_says_what_it_does(zoo: Zoo, tmp_path: Path) -> None:
    script = holds(of(zoo, "depth", "dpt"), tmp_path, picture=scene(1, 40, 30))
    assert "as_mask(nearness(load_dpt(), load_dpt_processor(), picture))" in " ".join(main_of(script).split())
    assert "DPTForDepthEstimation.from_pretrained(" in script


@pytest.mark.parametrize(
    ("node_type", "values", "words"),
    [
        ("depth", {}, "DPTForDepthEstimation.from_pretrained"),
        ("segment", {"things": "a cat"}, "CLIPSegForImageSegmentation.from_pretrained"),
        ("remove_background", {}, "MobileViTForSemanticSegmentation.from_pretrained"),
        ("caption", {}, "BlipForConditionalGeneration.from_pretrained"),
        ("visual_question", {"question": "why?"}, "BlipForQuestionAnswering.from_pretrained"),
        ("clip_score", {"text": "a cat"}, "CLIPModel.from_pretrained"),
    ],
)
def test_models_that_are_not_here_are_written_too(node_type: str, values: dict[str, Any], words: str) -> None:
    flow = pf.Flow("elsewhere")
    node = flow.add(node_type, image=flow.input("picture", type=pf.Image), **values)
    flow.output("seen", node[next(iter(flow.registry[node_type].outputs))])
    assert words in flow.to_script()


def test_a_model_that_reads_is_refused_without_words(zoo: Zoo) -> None:
    with pytest.raises(pf.ExportError, match="Write what to look for"):
        of(zoo, "segment", "clipseg").to_script()


def test_a_model_for_something_else_is_refused(zoo: Zoo) -> None:
    with pytest.raises(pf.ExportError, match="does not do caption"):
        of(zoo, "caption", "llama").to_script()
