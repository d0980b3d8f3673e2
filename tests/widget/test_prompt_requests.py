"""What pages ask about prompts: how models read them, words of adapters, styles, what is otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.prompts.tokens import readers_of
from pixelflow_widgets.widget.prompt_models import MOST_MODELS, PromptModels

from .page import Page, wait_for

LONG = "a red circle on a blue background, " * 20


def read(page: Page, text: str, **place: Any) -> dict[str, Any]:
    answer = page.ask("read_prompt", text=text, **place)
    assert answer["type"] == "ack", answer
    return answer["reading"]


def titles(flow: pf.Flow, node: str, port: str) -> list[str]:
    models = PromptModels(flow)
    return [model.source for model in models.readers(models.places(node, port))]


def test_a_prompt_is_read_by_the_model_of_its_own_node(page: Page, flow: pf.Flow) -> None:
    node = flow.add("text_to_image", prompt="", model="starter")
    reading = read(page, "a (red:1.3) circle", node=node.id, port="prompt")
    counts = {reader.name: reader.read("a red circle").count for reader in readers_of("starter")}
    assert {reader["name"]: reader["count"] for reader in reading["readers"]} == counts
    assert reading["models"] == ["Starter"] and {reader["usable"] for reader in reading["readers"]} == {30}
    assert [weight["weight"] for weight in reading["weights"]] == [1.3]


def test_a_prompt_node_is_read_by_every_model_that_its_text_comes_to(page: Page, flow: pf.Flow) -> None:
    text = flow.add("prompt", text="a red circle")
    flow.add("text_to_image", prompt=text["text"], model="starter")
    flow.add("text_to_image", prompt=text["text"], model="starter")
    assert titles(flow, text.id, "text") == ["starter"]
    flow.add("text_to_image", prompt=text["text"], model=pf.Model("sdxl", {"scheduler": "euler"}))
    flow.add("text_to_image", prompt=text["text"], model=pf.Model("sdxl", {"scheduler": "ddim"}))
    assert titles(flow, text.id, "text") == ["starter", "sdxl", "sdxl"]
    reading = read(page, "a red circle", node=text.id, port="text")
    assert len(reading["models"]) == 2, "a model is asked once, however it is set up"
    assert {reader["model"] for reader in reading["readers"]} <= set(reading["models"])


def test_a_text_goes_through_other_nodes_and_ends_where_a_model_reads_it(flow: pf.Flow) -> None:
    text = flow.add("prompt", text="a")
    more = flow.add("prompt", text=text["text"])
    chat = flow.add("chat", prompt=more["text"], model="smollm2-135m")
    flow.add("text_to_image", prompt=chat["text"], model="starter")
    assert titles(flow, text.id, "text") == ["smollm2-135m"], "what a chat writes is another text"


def test_no_more_models_are_asked_than_a_page_shows(flow: pf.Flow) -> None:
    text = flow.add("prompt", text="a")
    for number in range(MOST_MODELS + 3):
        flow.add("text_to_image", prompt=text["text"], model=pf.Model("sdxl", {"variant": f"v{number}"}))
    assert len(titles(flow, text.id, "text")) == MOST_MODELS


def test_an_input_of_the_flow_is_read_by_what_it_feeds_and_its_model_may_be_one_too(page: Page, flow: pf.Flow) -> None:
    node = flow.add("text_to_image", prompt="a", model="starter")
    flow.connect(flow.input("wish", default="a red circle"), node.inputs["prompt"])
    assert read(page, "a red circle", input="wish")["readers"][0]["count"] == 3
    flow.connect(flow.input("paints", default=pf.Model("starter")), node.inputs["model"])
    assert read(page, "a red circle", input="wish")["models"] == ["Starter"]


def test_without_a_model_the_marks_of_a_prompt_are_read_all_the_same(page: Page, flow: pf.Flow) -> None:
    text = flow.add("prompt", text="a")
    reading = read(page, "# note\na {red|blue} {thing}", node=text.id, port="text")
    assert (reading["readers"], reading["models"], reading["variants"]) == ([], [], 2)
    assert [each["name"] for each in reading["variables"]] == ["thing"] and len(reading["comments"]) == 1


def test_offsets_are_those_of_a_text_area(page: Page, flow: pf.Flow) -> None:
    node = flow.add("text_to_image", prompt="a", model="starter")
    reading = read(page, "👩‍🚀 (red:1.3)", node=node.id, port="prompt")
    (weight,) = reading["weights"]
    units = "👩‍🚀 (red:1.3)".encode("utf-16-le")
    assert units[2 * weight["start"] : 2 * weight["end"]].decode("utf-16-le") == "red"


def test_what_is_cut_is_said_for_a_negative_prompt_too(page: Page, flow: pf.Flow) -> None:
    node = flow.add("text_to_image", prompt="a", model="starter")
    for port in ("prompt", "negative_prompt"):
        for reader in read(page, LONG, node=node.id, port=port)["readers"]:
            assert reader["cut"] is not None or reader["parts"] > 1


@pytest.mark.parametrize(
    "fields",
    [{"node": "nobody", "port": "prompt"}, {"node": None, "port": None}, {"node": "n1"}, {"text": 5, "node": "n1"}],
)
def test_what_is_no_place_or_no_text_is_refused_in_words(page: Page, fields: dict[str, Any]) -> None:
    answer = page.ask("read_prompt", **{"text": "a", **fields})
    assert answer["type"] == "reject" and answer["message"]


def test_a_text_that_is_far_too_long_is_answered_without_tokens(page: Page, flow: pf.Flow) -> None:
    node = flow.add("text_to_image", prompt="a", model="starter")
    reading = read(page, "a" * 200_000, node=node.id, port="prompt")
    assert reading["readers"] == [] and "100,000" in reading["notes"][0]


def test_more_alternatives_than_can_be_counted_are_told_in_words(page: Page, flow: pf.Flow) -> None:
    text = flow.add("prompt", text="a")
    reading = read(page, "{a|b|c|d|e|f|g|h|i|j}" * 400, node=text.id, port="text")
    assert reading["variants"] == "about 10^400"


def test_trigger_words_are_told_of_every_adapter_that_reads_the_prompt(
    page: Page, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "ink": {"title": "Ink", "trigger_words": ["inkdraw"]},
        "plain": {"title": "Plain", "trigger_words": []},
    }
    monkeypatch.setattr("pixelflow_widgets.widget.model_requests.about", lambda source: told[source])
    model = pf.Model("sdxl").with_adapter("ink").with_adapter("plain")
    node = flow.add("text_to_image", prompt="a", model=model)
    words = page.ask("prompt_words", node=node.id, port="prompt")["words"]
    assert words == [{"source": "ink", "title": "Ink", "words": ["inkdraw"]}]


def test_styles_are_told_used_saved_and_removed(page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    shipped = page.ask("prompt_styles")["styles"]
    assert shipped and not any(style["is_own"] for style in shipped)
    saved = page.ask("save_style", name="mine", prompt="{prompt}, in chalk", negative_prompt="ink")["styles"]
    assert saved[0] == {"name": "mine", "prompt": "{prompt}, in chalk", "negative_prompt": "ink", "is_own": True}
    assert page.ask("apply_style", name="mine", text="a cat")["text"] == "a cat, in chalk"
    assert page.ask("remove_style", name="mine")["styles"] == shipped
    for refused in (
        page.ask("apply_style", name="nobody", text="a"),
        page.ask("save_style", name="", prompt="a", negative_prompt=""),
        page.ask("save_style", name="a", prompt=3, negative_prompt=""),
    ):
        assert refused["type"] == "reject"


def test_a_difference_keeps_both_texts(page: Page) -> None:
    parts = page.ask("prompt_difference", old="a red boat", new="a green boat")["parts"]
    assert "".join(part["text"] for part in parts if part["kind"] != "added") == "a red boat"
    assert "".join(part["text"] for part in parts if part["kind"] != "removed") == "a green boat"


def test_what_ran_is_told_newest_first_and_of_an_input_too(page: Page, flow: pf.Flow) -> None:
    node = flow.add("prompt", text="a red boat")
    for number, text in enumerate(["a red boat", "a green boat"]):
        page.edit({"op": "set_values", "id": node.id, "values": {"text": text}})
        page.run(f"r{number}")
        page.ended(f"r{number}")
    told = wait_for(lambda: (rows := page.ask("prompt_history", node=node.id, port="text")["prompts"])[1:] and rows)
    assert [(row["text"], row["run"]) for row in told] == [("a green boat", "r1"), ("a red boat", "r0")]
    flow.connect(flow.input("wish", default="a boat"), node.inputs["text"])
    assert page.ask("prompt_history", input="wish")["prompts"] == told
    assert page.ask("prompt_history", input="nobody")["prompts"] == []
