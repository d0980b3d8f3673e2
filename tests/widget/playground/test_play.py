"""Values that are checked, seeds, media, what the form holds, estimates."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowProblems, MediaError, PixelFlowError, ValuesRefused
from pixelflow_widgets.media import Preview
from pixelflow_widgets.widget.playground.of_model import of_model
from pixelflow_widgets.widget.playground.play import Play
from pixelflow_widgets.widget.playground.subject import of_flow

from .pages import png, words


class Nobody:
    """Hears of generations and does nothing."""

    def changed(self, told: dict[str, Any]) -> None: ...

    def previewed(self, id: str, preview: Preview) -> None: ...

    def took(self, work: float, seconds: float) -> None: ...

    def ended(self) -> None: ...


@pf.node
def draws_lot(seed: Annotated[int, pf.Seed()] = 0) -> int:
    return seed


@pf.node
def counts_pictures(images: list[pf.Image], table: pf.Table | None = None) -> int:
    return len({image.tobytes() for image in images}) + (0 if table is None else 20)


def played(flow: pf.Flow) -> Play:
    return Play(of_flow(flow), Nobody())


def lots(default: int = 7, **limits: Any) -> Play:
    flow = pf.Flow("lots")
    flow.output("lot", flow.add(draws_lot, seed=flow.input("seed", default, **limits))["number"])
    return played(flow)


def pictures() -> Play:
    flow = pf.Flow("pictures")
    images, table = flow.input("images", type=list[pf.Image]), flow.input("table", type=pf.Table)
    flow.output("count", flow.add(counts_pictures, images=images, table=table)["number"])
    return played(flow)


TABLE = {"columns": ["a"], "rows": [[1], [2]]}


def faults(play: Play, values: Any, buffers: Any = ()) -> list[str]:
    with pytest.raises(ValuesRefused) as caught:
        play.start(values, 1, buffers)
    return [problem["at"] for problem in caught.value.problems]


def test_everything_that_does_not_fit_is_said_at_once_and_where() -> None:
    play = Play(of_model(pf.Model("starter"), None, {}, pf.Flow), Nobody())
    wrong = {"prompt": 3, "steps": 0, "seed": "x", "guidance": True, "stepz": 1}
    assert sorted(faults(play, wrong)) == ["/guidance", "/prompt", "/seed", "/steps", "/stepz"]
    assert faults(play, {}) == ["/prompt"] and faults(play, ["a"]) == [""]
    assert play.generations.all() == []


def test_a_flow_that_cannot_run_is_said_before_anything_does() -> None:
    play = Play(of_model(pf.Model("sdxl"), None, {}, pf.Flow), Nobody())
    with pytest.raises(FlowProblems, match="pixelflow models get sdxl"):
        play.start({"prompt": "a mill"})
    assert play.generations.all() == []


def test_given_seeds_count_up_and_others_are_drawn() -> None:
    play = lots()
    assert [one.outcome()["lot"] for one in play.start({"seed": 40}, 3)] == [40, 41, 42]
    assert [one.outcome()["lot"] for one in play.start({"seed": str(2**63)}, 2)] == [2**63, 2**63 + 1]
    drawn = [one.outcome()["lot"] for one in [*play.start({"seed": -1}, 3), *play.start({}, 3)]]
    assert len(set(drawn)) == 6


def test_seeds_begin_again_where_their_limit_ends() -> None:
    play = lots(5, min=5, max=6)
    assert [one.outcome()["lot"] for one in play.start({"seed": 6}, 3)] == [6, 5, 6]


def test_the_seeds_that_were_used_are_told_large_ones_as_text() -> None:
    (one,) = lots().start({"seed": 2**60 + 1})
    one.wait()
    assert one.job.seeds == {"seed": str(2**60 + 1)} and one.job.inputs == {"seed": 2**60 + 1}


@pytest.mark.parametrize("count", [0, 9, True, "2", None])
def test_one_to_eight_are_begun_at_once(count: Any) -> None:
    with pytest.raises(PixelFlowError, match="1 to 8 generations"):
        lots().start({}, count)


def test_media_come_as_bytes_beside_as_text_as_a_result_as_an_object_and_each_is_kept_once() -> None:
    play = pictures()
    content = png(255, 0, 0)
    text = f"data:image/png;base64,{base64.b64encode(png(0, 255, 0)).decode()}"
    blue = PIL.Image.new("RGB", (8, 6), (0, 0, 255))
    values = {"images": [{"$buffer": 0}, text, blue, {"$buffer": 0}], "table": TABLE}
    first, second = play.start(values, 2, [memoryview(content)])
    assert first.outcome()["count"] == 23
    ids = first.job.inputs["images"]
    assert all(id.startswith("up_") for id in ids) and second.job.inputs["images"][0] == ids[0]
    assert play.media.find(ids[0]).content == content
    assert play.media.find(ids[2]).as_json() | {"id": "", "bytes": 0} == {
        "id": "",
        "url": "",
        "type": "image/png",
        "bytes": 0,
        "width": 8,
        "height": 6,
    }
    (again,) = play.start(first.job.inputs)
    assert again.outcome()["count"] == 23


def test_a_result_may_be_given_to_an_input() -> None:
    flow = pf.Flow("shrinks")
    small = flow.add("resize_image", image=flow.input("image", type=pf.Image), width=4, height=4)
    flow.output("image", small["image"])
    play = played(flow)
    (one,) = play.start({"image": PIL.Image.new("RGB", (8, 8), "red")})
    one.outcome()
    assert one.job.outputs is not None
    told = one.job.outputs["image"]
    assert (told["width"], told["type"]) == (4, "image/png")
    for given in (told["id"], {"id": told["id"]}):
        (next_one,) = play.start({"image": given})
        next_one.outcome()
        assert next_one.job.inputs["image"].startswith("up_")


def test_what_is_no_medium_is_said_at_its_input() -> None:
    play = pictures()
    for wrong in ({"$buffer": 3}, {"path": "/etc/passwd"}, "/etc/passwd", "https://a.example/b.png", "up_nobodyknows1"):
        assert faults(play, {"images": [wrong], "table": TABLE}) == ["/images/0"], wrong
    assert faults(play, {"images": [{"$buffer": 0}], "table": TABLE}, [b"no picture"]) == ["/images/0"]
    assert faults(play, {"images": [{"$buffer": True}], "table": TABLE}, [b"", b""]) == ["/images/0"]


def test_the_form_is_kept_as_it_is_with_seeds_to_be_drawn_and_media_by_their_ids() -> None:
    play = pictures()
    play.start({"images": [{"$buffer": 0}], "table": TABLE}, 1, [png(1, 2, 3)])
    (id,) = play.values["images"]
    assert play.media.find(id).content == png(1, 2, 3) and play.values["table"] == TABLE
    play = lots()
    play.start({"seed": -1})
    assert play.values == {"seed": -1}
    play.keep({"seed": "not yet a number"})
    assert play.values == {"seed": "not yet a number"}
    with pytest.raises(ValuesRefused, match="no input 'sed'. Did you mean 'seed'"):
        play.keep({"sed": 1})


def test_an_estimate_comes_from_those_before_and_grows_with_the_work() -> None:
    play = Play(of_model(pf.Model("starter"), None, {}, pf.Flow), Nobody())
    assert play.estimate() is None
    play.estimates.note(64 * 64 * 20, 9.0)  # the first one loads the model
    assert play.estimate() == 9.0
    for _ in range(3):
        play.estimates.note(64 * 64 * 20, 1.0)
    assert play.estimate() == 1.0 and play.estimate({"steps": 40}) == 2.0
    assert play.estimate({"steps": "many", "nothing": 3}) == 1.0


def test_an_estimate_counts_the_pixels_of_what_is_given_and_is_the_usual_where_that_is_not_there() -> None:
    play = Play(of_model(pf.Model("starter"), "image_to_image", {}, pf.Flow), Nobody())
    play.estimates.note(64 * 64 * 20, 1.0)
    assert play.estimate({"prompt": "a mill", "image": "local_file"}) == 1.0
    image = play.media.take_value("image", PIL.Image.new("RGB", (128, 64)))
    assert play.estimate({"prompt": "a mill", "image": image}) == 2.0


def test_an_estimate_comes_from_the_history_where_this_kernel_has_none() -> None:
    play = played(words("Remembered"))
    one = play.start({"words": "at noon"})[0]
    one.outcome()
    again = played(words("Remembered"))
    took = again.estimate()
    assert took is not None and took >= 0


def test_media_go_with_the_last_generation_that_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from pixelflow_widgets.widget.playground import generations, media

    monkeypatch.setattr(generations, "MOST_KEPT", 2)
    monkeypatch.setattr(media, "_NEW_SECONDS", -1.0)
    flow = pf.Flow("inverted")
    image = flow.input("image", type=pf.Image)
    flow.output("image", flow.add("rotate", image=image, angle=90)["image"])
    play = played(flow)
    ended = []
    for shade in range(5):
        (one,) = play.start({"image": PIL.Image.new("RGB", (4, 4), (shade, 0, 0))})
        one.outcome()
        ended.append(one)
    assert [one.job.inputs["image"] for one in play.generations.all()] == [
        one.job.inputs["image"] for one in ended[-3:]
    ]
    play.media.find(ended[-1].job.inputs["image"])
    with pytest.raises(MediaError, match="not kept any more"):
        play.media.find(ended[0].job.inputs["image"])
    assert ended[0].job.outputs is not None
    with pytest.raises(MediaError):
        play.media.find(ended[0].job.outputs["image"]["id"])
