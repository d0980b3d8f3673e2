"""What is played: models and flows, as a signature that a form is made from."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowFileError, ModelError, PixelFlowError
from pixelflow_widgets.flow.problems import Problem
from pixelflow_widgets.flow.signature import MISSING, Entry, Signature
from pixelflow_widgets.models.cards import cards
from pixelflow_widgets.widget.playground.of_model import of_model
from pixelflow_widgets.widget.playground.subject import Subject, can_be_formed, of_flow
from tests.zoo import Zoo

from .pages import words


def played(model: str | pf.Model, task: str | None = None, **fixed: object) -> Subject:
    return of_model(pf.Model(model) if isinstance(model, str) else model, task, fixed, pf.Flow)


def entry(signature: Signature, name: str) -> Entry:
    found = signature.input(name)
    assert found is not None
    return found


def test_a_model_becomes_a_flow_with_an_input_for_all_that_a_person_would_set() -> None:
    subject = played("sd15")
    signature = subject.signature
    names = [one.name for one in signature.inputs]
    assert names[:7] == ["prompt", "negative_prompt", "steps", "guidance", "width", "height", "seed"]
    assert (signature.title, [given.name for given in signature.outputs]) == ("Stable Diffusion 1.5", ["image"])
    assert "Paints a picture" in signature.help and "512 x 512" in signature.help
    prompt, steps, width = (entry(signature, name) for name in ("prompt", "steps", "width"))
    assert prompt.is_required and prompt.help == "What the picture should show."
    assert (steps.default, steps.limits, steps.affects_cost) == (25, {"min": 1, "max": 150}, True)
    assert (width.default, width.limits) == (512, {"min": 256, "max": 1024, "step": 8})
    assert entry(signature, "seed").is_seed and entry(signature, "guidance").default == 7.5
    assert subject.titles_of_models() == ["Stable Diffusion 1.5"]


def test_what_has_one_value_only_is_no_input() -> None:
    names = [one.name for one in played("starter").signature.inputs]
    assert not {"width", "height"} & set(names)


def test_options_of_the_family_are_there_without_a_value_and_those_of_others_are_not() -> None:
    signature = played("sd15").signature
    skipped = entry(signature, "clip_skip")
    assert (skipped.is_required, skipped.default, skipped.title, skipped.is_advanced) == (
        False,
        MISSING,
        "CLIP skip",
        True,
    )
    assert signature.input("prompt_2") is None and played("sdxl").signature.input("prompt_2") is not None


def test_inputs_without_a_value_join_the_flow_only_where_they_are_given() -> None:
    subject = played("starter")
    assert "clip_skip" not in [one["name"] for one in subject.document()["inputs"]]
    given = [one["name"] for one in subject.document(["clip_skip"])["inputs"]]
    assert given == ["prompt", "negative_prompt", "steps", "guidance", "seed", "clip_skip"]
    assert subject.flow.problems() == []


@pytest.mark.parametrize(
    ("model", "task", "takes", "gives"),
    [
        ("starter", "inpaint", {"image": "image", "mask": "mask"}, {"image": "image"}),
        ("smollm2-135m", "chat", {"prompt": "text", "temperature": "float"}, {"text": "text"}),
        ("llava", "chat", {"images": "list[image]"}, {"text": "text"}),
        ("blip", None, {"image": "image"}, {"text": "text"}),
        ("mms-tts", None, {"text": "text", "speaking_rate": "float"}, {"audio": "audio"}),
        ("whisper-tiny", None, {"audio": "audio"}, {"text": "text", "segments": "table"}),
        ("musicgen", None, {"seconds": "float", "continue_from": "audio"}, {"audio": "audio"}),
        ("ltx-video", None, {"frames": "int", "fps": "float"}, {"video": "video"}),
        ("wan-image-to-video", None, {"image": "image"}, {"video": "video"}),
    ],
)
def test_media_go_in_and_come_out_by_modality(
    model: str, task: str | None, takes: dict[str, str], gives: dict[str, str]
) -> None:
    signature = played(model, task).signature
    types = {one.name: f"list[{one.type.name}]" if one.type.many else one.type.name for one in signature.inputs}
    assert takes.items() <= types.items()
    assert {given.name: given.type.name for given in signature.outputs} == gives


def test_a_chat_model_without_eyes_takes_no_pictures() -> None:
    assert played("smollm2-135m").signature.input("images") is None


def test_every_model_of_the_catalogue_can_be_played_by_each_of_its_tasks() -> None:
    needs = {"control": {"controlnets": ["x"]}}
    for card in cards(kind="model"):
        for task in card.tasks:
            subject = played(card.name, task, **needs.get(task, {}))
            assert all(can_be_formed(one) for one in subject.signature.inputs), (card.name, task)
            schema = subject.signature.request_schema()
            assert set(subject.order) == set(schema["properties"]), (card.name, task)


def test_another_task_is_named_in_the_title_and_a_task_that_it_does_not_do_is_said_in_words() -> None:
    assert played("starter", "image_to_image").signature.title == "Starter: image to image"
    with pytest.raises(PixelFlowError, match="no task 'paint'.*text_to_image, image_to_image"):
        played("starter", "paint")
    assert "Starter does not do chat" in str(played("starter", "chat").problems()[0])


def test_what_is_no_whole_model_or_is_not_known_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="with_adapter\\('lcm-lora-sdxl'\\)"):
        played("lcm-lora-sdxl")
    with pytest.raises(ModelError, match="pixelflow models get nobody/knows.*task="):
        played("nobody/knows")
    with pytest.raises(ModelError, match="Did you mean 'starter'"):
        played("startr")
    assert "is not on this machine" in str(played("nobody/knows", "chat").problems()[0])


def test_missing_weights_and_adapters_that_do_not_fit_are_told_in_the_flow_s_own_words(zoo: Zoo) -> None:
    (missing,) = played("sdxl").problems()
    assert "pixelflow models get sdxl" in str(missing)
    handle = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("lora_sd15")))
    subject = played(handle, "text_to_image")
    assert [str(one) for one in subject.problems()] == [str(one) for one in subject.flow.problems()]
    assert "was made for" in str(subject.problems()[0])


def test_a_local_folder_is_played_as_what_its_files_say(zoo: Zoo) -> None:
    signature = played(str(zoo("sdxl"))).signature
    assert signature.input("prompt") and signature.input("prompt_2")
    assert entry(signature, "steps").default == 30


def test_fixed_values_stay_and_are_no_inputs() -> None:
    subject = played("starter", None, steps=4, clip_skip=1)
    assert not {"steps", "clip_skip"} & {one.name for one in subject.signature.inputs}
    assert subject.flow.document["nodes"]["text_to_image"]["values"] == {"steps": 4, "options.clip_skip": 1}
    with pytest.raises(PixelFlowError, match="controlnets=…"):
        played("starter", "control")
    with pytest.raises(KeyError, match="no input 'stepps'"):
        played("starter", None, stepps=4)


def test_a_flow_is_played_by_its_own_signature_also_after_an_edit() -> None:
    flow = words()
    subject = of_flow(flow)
    assert subject.signature == flow.signature and subject.kind == "flow"
    flow.set_input("words", title="Said")
    assert entry(subject.signature, "words").title == "Said"


def test_a_flow_that_gives_nothing_or_wants_what_no_form_gives_says_so() -> None:
    with pytest.raises(PixelFlowError, match="has no outputs.*flow.output"):
        of_flow(pf.Flow("empty"))
    flow = words("models")
    model = flow.input("model", type=pf.Model)
    flow.add("text_to_image", prompt="a mill", model=model)
    subject = of_flow(flow)
    assert "takes model, which no form gives" in str(subject.problems()[-1])
    flow.set_input("model", default=pf.Model("starter"))
    assert subject.problems() == [] and subject.signature.input("model") is None
    assert subject.titles_of_models() == ["Starter"]


def test_a_problem_names_the_input_that_it_is_about() -> None:
    flow = words()
    flow.input("lines", 3)
    subject = of_flow(flow)
    place = flow.document["inputs"][0]["feeds"][0].partition(".")
    assert subject.at(Problem("x", "x", node=place[0], port=place[2])) == "/words"
    assert subject.at(Problem("x", "x", port="lines")) == "/lines" and subject.at(Problem("x", "x")) == ""


def test_the_file_of_a_flow_is_played(tmp_path: Path) -> None:
    words("filed").save(tmp_path / "filed.flow.json")
    playground = pf.Playground(tmp_path / "filed.flow.json")
    assert playground.generate(words="by night")["text"] == "a mill, by night"
    playground.close()
    with pytest.raises(FlowFileError, match="There is no file"):
        pf.Playground("nowhere.flow.json")
