"""`pf.Playground` from Python: generated, kept, shown."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowProblems, ValuesRefused
from tests.zoo import Zoo

from ..conftest import gate
from ..page import wait_for
from .pages import PlayPage, words
from .test_generations import painter


def test_it_generates_from_python_and_keeps_what_came_out(warmed: list[str]) -> None:
    playground = pf.Playground(words())
    assert playground.last is None and playground.results == []
    assert playground.generate()["text"] == "a mill, at dusk"
    assert playground.generate({"words": "at noon"})["text"] == "a mill, at noon"
    assert playground.generate(words="by night")["text"] == "a mill, by night"
    assert [result["text"] for result in playground.results][1:] == ["a mill, at noon", "a mill, by night"]
    assert playground.last is not None and playground.last["text"] == "a mill, by night"
    assert playground.values == {"words": "by night"} and isinstance(playground.flow, pf.Flow)


def test_pages_hear_of_what_python_generates(warmed: list[str]) -> None:
    playground = pf.Playground(words())
    page = PlayPage(playground)
    playground.generate(words="at noon")
    (job,) = page.ask("jobs")["jobs"]
    assert page.ended(job["id"])["outputs"] == {"text": "a mill, at noon"}


def test_python_hears_the_same_refusals(warmed: list[str]) -> None:
    with pytest.raises(ValuesRefused, match="no input 'wort'. Did you mean 'words'"):
        pf.Playground(words()).generate(wort="x")
    with pytest.raises(FlowProblems, match="models get sdxl"):
        pf.Playground("sdxl").generate(prompt="a mill")


def test_ctrl_c_cancels(warmed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    playground = pf.Playground(painter())
    page = PlayPage(playground)
    begin = playground._play.start

    def interrupted(*given: Any) -> Any:
        (one,) = begin(*given)
        wait = one.wait

        def hears(timeout: float | None = None) -> bool:
            one.wait = wait  # type: ignore[method-assign]
            raise KeyboardInterrupt

        one.wait = hears  # type: ignore[method-assign]
        return [one]

    monkeypatch.setattr(playground._play, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        playground.generate(colour=9)
    (job,) = page.ask("jobs")["jobs"]
    assert page.ended(job["id"])["status"] == "canceled"


def test_media_go_in_as_what_python_users_hold(warmed: list[str]) -> None:
    flow = pf.Flow("sounds")
    flow.output("audio", flow.add("normalize_audio", audio=flow.input("audio", type=pf.Audio))["audio"])
    playground = pf.Playground(flow)
    sound = pf.Audio(np.full((1, 800), 0.25, np.float32), 8000)
    assert playground.generate(audio=sound)["audio"].samples.shape == (1, 800)
    assert playground.values["audio"] == sound or playground.values["audio"].sample_rate == 8000
    with pytest.raises(ValuesRefused, match="/audio"):
        playground.generate(audio=PIL.Image.new("RGB", (2, 2)))


def test_it_says_in_words_what_it_is(warmed: list[str]) -> None:
    playground = pf.Playground(words())
    assert repr(playground) == "<playground of Big words: nothing generated yet>"
    playground.generate()
    data, _ = playground._repr_mimebundle_()
    assert data["text/plain"] == "<playground of Big words: 1 result>"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_picture_of_a_saved_notebook_shows_what_came_out_last(warmed: list[str]) -> None:
    playground = pf.Playground(painter())
    assert "<image" not in playground._picture.drawn()["image/svg+xml"]
    gate.open(2)
    playground.generate(colour=11)
    bundle = playground._picture.drawn()
    assert "pixelflow-picture" in bundle["image/svg+xml"] and "<image" in bundle["image/svg+xml"]
    assert "Paints" in bundle["text/plain"]


def test_the_worker_is_warmed_when_a_model_is_shown(warmed: list[str]) -> None:
    pf.Playground(words())._repr_mimebundle_()
    assert warmed == []
    playground = pf.Playground("starter")
    playground._repr_mimebundle_()
    playground._repr_mimebundle_()
    wait_for(lambda: warmed == ["warm"])


def test_shown_again_after_its_line_was_closed_it_has_a_new_one(warmed: list[str]) -> None:
    playground = pf.Playground(words())
    first: Any = playground.comm
    first._closed = True
    data, _ = playground._repr_mimebundle_()
    assert playground.comm is not first
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == playground.model_id
    assert PlayPage(playground).ask("about")["title"] == "Big words"


def test_closing_it_cancels_what_is_on_and_lets_go_of_the_flow(warmed: list[str]) -> None:
    flow = painter()
    before = len(flow._listeners)
    playground = pf.Playground(flow)
    (one,) = playground._play.start({"colour": 12})
    playground.close()
    assert one.wait(10) and one.job.status == "canceled" and len(flow._listeners) == before
    playground.close()


def test_what_cannot_be_played_says_so(warmed: list[str]) -> None:
    with pytest.raises(TypeError, match="not int"):
        pf.Playground(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'task' is for models"):
        pf.Playground(words(), task="chat")


def test_two_playgrounds_do_not_hear_of_each_other(warmed: list[str]) -> None:
    first, second = pf.Playground(words()), pf.Playground(words())
    first.generate(words="first")
    assert second.results == [] and PlayPage(second).ask("jobs")["jobs"] == []


def test_naming_it_loads_no_model_code_and_no_server() -> None:
    heavy = ["torch", "diffusers", "transformers", "fastapi", "uvicorn", "pandas"]
    code = f"import sys, pixelflow_widgets as pf; pf.Playground; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_starter_paints_what_is_said(warmed: list[str]) -> None:
    playground = pf.Playground("starter", steps=6)
    result = playground.generate(prompt="a red circle on a blue background", seed=3)
    red, _, blue = (np.asarray(result["image"])[..., channel].mean() for channel in range(3))
    assert blue > red
    by_hand = pf.nodes.text_to_image("a red circle on a blue background", steps=6, seed=3, guidance=3.0)
    assert by_hand.tobytes() == result["image"].tobytes()


@pytest.mark.parametrize(
    ("model", "task", "values", "types"),
    [
        ("llama", "chat", {"prompt": "Hello.", "max_tokens": 4}, {"text": str}),
        ("vits", None, {"text": "Good morning."}, {"audio": pf.Audio}),
        (
            "ltx_video",
            None,
            {"prompt": "a ball", "frames": 9, "width": 64, "height": 64, "steps": 1},
            {"video": pf.Video},
        ),
    ],
)
def test_models_of_every_modality_are_played(
    warmed: list[str], zoo: Zoo, model: str, task: str | None, values: dict[str, Any], types: dict[str, type]
) -> None:
    playground = pf.Playground(str(zoo(model)), task=task)
    page = PlayPage(playground)
    job = page.ended(page.start(**values)[0]["id"])
    assert job["error"] is None, job["error"]
    assert {name: type(value) for name, value in dict(playground.last or {}).items()} == types
    told = next(iter(job["outputs"].values()))
    assert isinstance(told, str) or page.ask("medium", id=told["id"])["buffers"][0]
