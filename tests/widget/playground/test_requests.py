"""What pages of a playground ask, message by message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.serve import served

from ..page import wait_for
from .pages import PlayPage, png, words


@pytest.fixture
def flow(warmed: list[str]) -> pf.Flow:
    return words()


@pytest.fixture
def page(flow: pf.Flow) -> Iterator[PlayPage]:
    playground = pf.Playground(flow)
    yield PlayPage(playground)
    playground.close()


def test_about_tells_all_that_a_form_is_made_of(page: PlayPage) -> None:
    about = page.ask("about")
    assert (about["name"], about["title"], about["kind"]) == ("Big words", "Big words", "flow")
    assert about["request"]["properties"]["words"]["description"] == "What is said."
    assert list(about["result"]["properties"]) == ["text"]
    assert (about["values"], about["problems"], about["models"], about["can_open"]) == ({}, [], [], True)


def test_about_a_model_tells_its_title_and_what_keeps_it_from_running(warmed: list[str]) -> None:
    about = PlayPage(pf.Playground("sdxl")).ask("about")
    assert (about["kind"], about["models"]) == ("card", ["Stable Diffusion XL 1.0"])
    assert "pixelflow models get sdxl" in about["problems"][0]
    properties = about["request"]["properties"]
    assert properties["prompt"]["x-control"]["kind"] == "prompt" and properties["clip_skip"]["x-advanced"]
    assert properties["width"]["multipleOf"] == 8 and properties["steps"]["x-affects-cost"]


def test_values_that_do_not_fit_are_refused_as_over_http(page: PlayPage) -> None:
    refused = page.refused(words=3)
    assert refused["type"] == "values_refused" and refused["details"][0]["at"] == "/words"
    assert refused["message"] == refused["details"][0]["message"]
    assert len(page.refused(words=3, worts="")["details"]) == 2


def test_a_flow_that_cannot_run_is_refused_with_its_reasons(warmed: list[str]) -> None:
    page = PlayPage(pf.Playground("sdxl"))
    refused = page.refused(prompt="a mill")
    assert refused["type"] == "flow_refused" and "models get sdxl" in refused["message"]
    assert refused["details"][0]["at"] == ""
    assert page.ask("jobs")["jobs"] == []


def test_a_request_that_is_sent_again_is_done_once(page: PlayPage) -> None:
    message = {"type": "start", "client": "page", "seq": 1, "values": {"words": "again"}, "count": 1}
    page.send(message)
    first = wait_for(lambda: page.answer(1))
    page.send(message)
    wait_for(lambda: len([m for m in page.line.messages if m.get("seq") == 1]) == 2)
    assert page.answer(1) == first and len(page.editor._play.generations.all()) == 1


def test_what_the_form_holds_outlives_the_page(page: PlayPage, flow: pf.Flow) -> None:
    page.tell("values", values={"words": "half a sent"})
    assert page.ask("about")["values"] == {"words": "half a sent"}
    page.tell("values", values={"nothing": "of this"})
    assert page.editor.values == {"words": "half a sent"}


def test_an_edit_of_the_flow_and_values_set_from_python_are_told(page: PlayPage, flow: pf.Flow) -> None:
    flow.set_input("words", title="Said")
    wait_for(lambda: page.of("changed"))
    assert page.ask("about")["request"]["properties"]["words"]["title"] == "Said"
    page.editor.values = {"words": "from Python"}
    wait_for(lambda: len(page.of("changed")) == 2)
    assert page.ask("about")["values"] == {"words": "from Python"}


def test_code_is_a_script_with_these_values_and_the_builder_reads_back(page: PlayPage) -> None:
    code = page.ask("code", values={"words": "at noon", "worts": 3})
    assert 'words: str = "at noon"' in code["python"] and "curl" not in code
    flow = pf.Flow.from_builder(code["builder"])
    assert flow.document["inputs"][0]["default"] == "at noon" and flow.run()["text"] == "a mill, at noon"


def test_a_seed_that_was_used_stands_in_the_code_and_a_drawn_one_does_not(warmed: list[str]) -> None:
    page = PlayPage(pf.Playground("starter"))
    assert "seed: int = 2305843009213693952" in page.ask("code", values={"seed": str(2**61)})["python"]
    assert "-1" not in page.ask("code", values={"prompt": "a mill", "seed": -1})["builder"]


def test_opened_as_a_flow_it_is_a_cell_that_shows_it_and_a_file(page: PlayPage) -> None:
    told = page.ask("open", values={"words": "at noon"})
    assert told["python"].endswith("\nflow\n") and told["file"] == "big-words.flow.json"
    names: dict[str, object] = {}
    exec(told["python"], names)
    made = names["flow"]
    assert isinstance(made, pf.Flow) and made.run()["text"] == "a mill, at noon"
    Path("opened.flow.json").write_text(told["document"])
    assert pf.Flow.load("opened.flow.json").run()["text"] == "a mill, at noon"


def test_media_stay_inputs_of_what_is_opened(warmed: list[str]) -> None:
    playground = pf.Playground("starter", task="image_to_image")
    page = PlayPage(playground)
    playground.values = {"image": png(1, 2, 3), "prompt": "a red circle", "clip_skip": 2}
    told = page.ask("open", values=page.ask("about")["values"])
    flow = pf.Flow.from_builder(told["python"].removesuffix("\nflow\n"))
    inputs = {entry["name"]: entry for entry in flow.document["inputs"]}
    assert "default" not in inputs["image"] and inputs["clip_skip"]["default"] == 2
    assert playground.values["image"].size == (8, 6)


def test_a_served_flow_has_the_call_of_its_endpoint_with_these_values(
    page: PlayPage, flow: pf.Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    flow.publish()
    assert "curl" not in page.ask("code", values={})
    server = served.shared_server(port=0)
    try:
        curl = page.ask("code", values={"words": "at noon"})["curl"]
        assert f"{server.url}/v1/flows/big-words" in curl and "at noon" in curl
        other = PlayPage(pf.Playground(words("Other words")))
        assert "curl" not in other.ask("code", values={})
    finally:
        server.stop(0)


def test_what_is_no_message_of_ours_is_left_alone(page: PlayPage) -> None:
    for nothing in (None, [], {"type": 3}, {"type": "start"}, {"type": "start", "client": "page", "seq": 0}):
        page.send(nothing)
    assert page.refused(words=None)["details"][0]["at"] == "/words"
    answer = page.ask("start", values=[1])
    assert answer["refused"]["details"][0]["at"] == ""
    assert page.ask("start", values={}, count=99)["type"] == "reject"
    assert page.ask("code", values=[])["type"] == "reject"
    json.dumps([message for message in page.line.messages if not message["buffers"]])
