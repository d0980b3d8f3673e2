"""How much a request asks for, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ValuesRefused
from pixelflow_widgets.serve.publishing.work import PIXELS, WORK, caps_of, check_caps
from pixelflow_widgets.usage.work import Size, Work, work_of

nodes = pf.nodes


def work(flow: pf.Flow, **values: Any) -> Work:
    return work_of(flow.document, flow.registry, values, files=flow.media)


def painting() -> pf.Flow:
    with pf.Flow("paint") as flow:
        edge, steps = flow.input("edge", 64), flow.input("steps", 10)
        prompts = flow.input("prompt", "x")
        image = nodes.text_to_image(prompt=prompts, width=edge, height=edge, steps=steps)
        flow.output("image", image)  # type: ignore[arg-type]
    return flow


def test_work_is_width_times_height_times_steps() -> None:
    assert work(painting()) == Work(64 * 64 * 10, 64 * 64)
    assert work(painting(), edge=1024, steps=30) == Work(1024 * 1024 * 30, 1024 * 1024)


def test_what_is_left_empty_is_what_suits_the_model() -> None:
    flow = pf.Flow("usual")
    flow.add("text_to_image", prompt="x")
    assert work(flow) == Work(64 * 64 * 20, 64 * 64), "the starter's"
    flow.set("text_to_image", model="sdxl")
    assert work(flow).largest == 1024 * 1024


def test_each_item_of_a_list_counts() -> None:
    flow = pf.Flow("many")
    paint = flow.add("text_to_image", prompt=flow.input("prompts", ["a", "b"]), width=64, height=64, steps=10)
    flow.add("resize_image", image=paint["image"], width=32, height=32)
    once = 64 * 64 * 10 + 32 * 32
    assert work(flow).steps == 2 * once
    assert work(flow, prompts=["a"] * 7).steps == 7 * once


def test_pictures_and_films_that_come_in_count_with_their_size() -> None:
    flow = pf.Flow("over")
    image = flow.input("image", type=pf.Image)
    flow.add("image_to_image", image=image, prompt="x", steps=5)
    picture = PIL.Image.new("RGB", (300, 200))
    assert work(flow, image=picture) == Work(300 * 200 * 5, 300 * 200)
    told = work_of(flow.document, flow.registry, {"image": "up_1"}, size_of={"up_1": Size(4e6), "x": None}.get)
    assert told == Work(4e6 * 5, 4e6), "an upload is known by its facts"
    flow = pf.Flow("film")
    flow.add("change_speed", video=flow.input("video", type=pf.Video), speed=2.0)
    film = pf.Video(np.zeros((9, 20, 30, 3), np.uint8), 10)
    assert work(flow, video=film) == Work(9 * 600, 600)


def test_numbers_come_through_the_node_that_holds_one() -> None:
    flow = pf.Flow("number")
    factor = flow.add("number", value=flow.input("times", 2.0))
    flow.add("upscale", image=flow.input("image", type=pf.Image), factor=factor["number"])
    picture = PIL.Image.new("RGB", (100, 50))
    assert work(flow, image=picture).largest == 200 * 100
    assert work(flow, image=picture, times=4.0).largest == 400 * 200


def test_bodies_count_as_often_as_they_run() -> None:
    flow = pf.Flow("loops")
    with flow.subflow("body") as body:
        prompt, edge = body.input("prompt", "x"), body.input("edge", 64)
        image = nodes.text_to_image(prompt=prompt, width=edge, height=edge, steps=10)
        body.output("image", image)  # type: ignore[arg-type]
    flow.add("flow/body", id="once", edge=flow.input("edge", 32))
    assert work(flow) == Work(32 * 32 * 10, 32 * 32)
    assert work(flow, edge=128).largest == 128 * 128
    flow.remove("once")
    flow.add("repeat/body", id="often", times=flow.input("times", 3))
    assert work(flow).steps == 3 * 64 * 64 * 10 and work(flow, times=500).steps == 500 * 64 * 64 * 10
    flow.remove("often")
    flow.add("grid/body", axes=flow.input("axes", "prompt: a | b | c\nedge: 64 | 128"))
    assert work(flow).steps == 6 * 64 * 64 * 10


def test_one_request_may_ask_for_what_the_caps_say_and_no_more() -> None:
    flow = painting()
    caps = caps_of(flow.document, flow.registry, flow.media, None, [])
    assert caps == {"work": WORK, "pixels": PIXELS, "seconds": 600}
    check_caps(caps, flow.signature, work(flow, edge=2048, steps=50))
    with pytest.raises(ValuesRefused, match=r"67,108,864 pixels; at most 16,777,216.*Ask for less: edge, steps"):
        check_caps(caps, flow.signature, work(flow, edge=8192))
    with pytest.raises(ValuesRefused, match=r"629,145,600 pixel steps; at most 400,000,000"):
        check_caps(caps, flow.signature, work(flow, edge=2048, steps=150))


def test_a_flow_may_always_ask_for_what_it_asks_for_by_itself() -> None:
    flow = painting()
    flow.set_input("edge", default=8192)
    caps = caps_of(flow.document, flow.registry, flow.media, {"seconds": 60}, [])
    assert caps["pixels"] == 8192 * 8192 and caps["work"] == 4 * 8192 * 8192 * 10 and caps["seconds"] == 60
    check_caps(caps, flow.signature, work(flow))


def test_a_flow_of_texts_asks_for_nothing() -> None:
    flow = pf.Flow("texts")
    flow.add("join_text", texts=[flow.input("text", "x")])
    assert work(flow) == Work()


def test_the_shipped_template_is_within_its_caps() -> None:
    flow = pf.Flow.load(Path(pf.__file__).parent / "templates" / "first.flow.json")
    told = work(flow)
    assert told.largest >= 64 * 64 and told.steps < WORK
