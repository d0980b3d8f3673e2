"""Which way a flow goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import Run, start
from pixelflow_widgets.run.cache import MemoryCache

IMAGE = PIL.Image.new("RGB", (3, 2), "teal")


def run(flow: pf.Flow, **inputs: Any) -> Run:
    return start(flow.document, flow.registry, flow.media, inputs=inputs, backend="inline", cache=MemoryCache())


def ran(run: Run) -> list[str]:
    return [str(event.node) for event in run.events() if event.kind == "node-finished"]


def failing() -> Any:
    raise ValueError("it broke")


def test_a_switch_passes_one_side_on_whatever_it_is() -> None:
    assert pf.nodes.switch(True, IMAGE, "b") is IMAGE  # type: ignore[arg-type]
    assert pf.nodes.switch(False, IMAGE, ["b", 1]) == ["b", 1]  # type: ignore[arg-type]
    assert pf.nodes.switch(False, IMAGE) is None  # type: ignore[arg-type]


def test_the_side_that_is_not_taken_is_not_asked_for() -> None:
    assert pf.nodes.switch(True, pf.Lazy(lambda: 1), pf.Lazy(failing)) == 1
    assert pf.nodes.switch(False, pf.Lazy(failing), pf.Lazy(lambda: 2)) == 2


@pytest.fixture
def switched() -> pf.Flow:
    with pf.Flow("switched") as flow:
        condition = flow.input("condition", True)
        word = pf.nodes.prompt(text="a")
        image = pf.nodes.resize_image(image=IMAGE, width=6, height=4)
        flow.output("out", pf.nodes.switch(condition=condition, on=image, off=word))  # type: ignore[arg-type]
    return flow


def test_in_a_flow_only_the_taken_side_runs(switched: pf.Flow) -> None:
    assert switched.problems() == []
    taken = run(switched, condition=True)
    assert taken.result()["out"].size == (6, 4)
    assert set(ran(taken)) == {"resize_image", "switch"}
    other = run(switched, condition=False)
    assert other.result()["out"] == "a"
    assert set(ran(other)) == {"prompt", "switch"}


def test_values_on_a_port_that_takes_anything_are_saved_with_the_flow(switched: pf.Flow, tmp_path: Path) -> None:
    for value in ("text", 5, 0.25, False, IMAGE, [IMAGE, "a", 1], pf.Model("starter", {"dtype": "float32"})):
        flow = pf.Flow("values")
        node = flow.add("switch", condition=True, on=value)
        flow.output("out", node["value"])
        path = tmp_path / "values.flow.json"
        flow.save(path)
        loaded = pf.Flow.load(path)
        assert loaded.problems() == []
        given = loaded.nodes["switch"].values["on"]
        assert repr_of(given) == repr_of(value)
        assert repr_of(run(loaded).result()["out"]) == repr_of(value)


def repr_of(value: Any) -> Any:
    if isinstance(value, list):
        return [repr_of(item) for item in value]
    return (value.mode, value.size, value.tobytes()) if isinstance(value, PIL.Image.Image) else repr(value)


def test_a_switch_passes_a_list_on_as_a_list() -> None:
    with pf.Flow("lists") as flow:
        lines = pf.nodes.split_text(text="a\nb")
        taken = pf.nodes.switch(condition=True, on=lines)  # type: ignore[arg-type]
        flow.output("out", taken)
        flow.output("shouted", pf.nodes.contains_text(text=taken, part="b"))  # type: ignore[arg-type]
    result = run(flow).result()
    assert result["out"] == ["a", "b"]
    assert result["shouted"] == [False, True], "what follows is mapped over it"


def test_what_does_not_fit_where_a_switch_leads_is_an_error_in_words() -> None:
    with pf.Flow("misfit") as flow:
        taken = pf.nodes.switch(condition=True, on=pf.nodes.prompt(text="a"))  # type: ignore[arg-type]
        flow.output("out", pf.nodes.resize_image(image=taken))  # type: ignore[arg-type]
    with pytest.raises(pf.NodeFailed, match="A PIL image is wanted here; this is str"):
        run(flow).result()


def test_the_first_that_can_be_made_is_taken_and_the_next_is_not_asked_for() -> None:
    works = pf.Lazy(lambda: 1)
    assert pf.nodes.first_that_works(works, pf.Lazy(failing)) == 1
    assert pf.nodes.first_that_works(pf.Lazy(failing), works, pf.Lazy(failing)) == 1
    assert pf.nodes.first_that_works(pf.Lazy(lambda: None), pf.Lazy(failing), None, works) == 1


def test_where_nothing_works_every_reason_is_told() -> None:
    with pytest.raises(pf.MediaError) as caught:
        pf.nodes.first_that_works(pf.Lazy(failing), pf.Lazy(lambda: None), fourth=pf.Lazy(failing))
    assert str(caught.value) == (
        "None of 3 worked. first: ValueError: it broke. second: It gave nothing. fourth: ValueError: it broke."
    )


def test_stop_is_no_reason_to_try_the_next() -> None:
    def stopped() -> Any:
        raise pf.Cancelled("The run was stopped.")

    with pytest.raises(pf.Cancelled):
        pf.nodes.first_that_works(pf.Lazy(stopped), pf.Lazy(lambda: 1))


def test_in_a_flow_a_failure_leads_to_the_next(tmp_path: Path) -> None:
    with pf.Flow("fallback") as flow:
        missing = pf.nodes.load_image(path=str(tmp_path / "none.png"))
        other = pf.nodes.resize_image(image=IMAGE, width=6, height=4)
        last = pf.nodes.resize_image(image=IMAGE, width=60, height=40)
        flow.output("out", pf.nodes.first_that_works(first=missing, second=other, third=last))  # type: ignore[arg-type]
    done = run(flow)
    assert done.result()["out"].size == (6, 4)
    assert "resize_image_2" not in ran(done)


def test_choosing_asks_unless_the_answer_is_given() -> None:
    def last(candidates: list[Any], _: str) -> int:
        return len(candidates) - 1

    assert pf.nodes.choose(["a", 2, IMAGE], ask=pf.Ask(last)) is IMAGE
    assert pf.nodes.choose(["a", 2, IMAGE], pick=0, ask=pf.Ask(failing)) == "a"
    with pytest.raises(pf.MediaError, match="There are 2 candidates, counted from 0; there is no 2"):
        pf.nodes.choose(["a", "b"], pick=2)
    with pytest.raises(pf.MediaError, match="the list of candidates is empty"):
        pf.nodes.choose([])


def test_a_run_waits_for_the_answer_and_goes_on_with_the_picked_one() -> None:
    with pf.Flow("asking") as flow:
        lines = pf.nodes.split_text(text="a\nb\nc")
        chosen = pf.nodes.choose(candidates=lines, question="Which letter?")  # type: ignore[arg-type]
        flow.output("out", pf.nodes.contains_text(text=chosen, part="c"))
    started = run(flow)
    for event in started.events():
        if event.kind == "question":
            question = started.questions[str(event.node)]
            assert (question.values, question.note) == (["a", "b", "c"], "Which letter?")
            started.answer(str(event.node), 2)
    assert started.result()["out"] is True


def test_the_answer_is_kept_until_the_candidates_or_the_question_change() -> None:
    with pf.Flow("asking") as flow:
        lines = pf.nodes.split_text(text="a\nb")
        flow.output("out", pf.nodes.choose(candidates=lines, question="Which?"))  # type: ignore[arg-type]
    cache = MemoryCache()

    def asked() -> tuple[bool, Any]:
        started = start(flow.document, flow.registry, flow.media, backend="inline", cache=cache)
        questions = [event for event in started.events() if event.kind == "question" and not answer(started)]
        return bool(questions), started.result()["out"]

    def answer(started: Run) -> None:
        started.answer("choose", 1)

    assert asked() == (True, "b")
    assert asked() == (False, "b")
    flow.set("choose", question="And now?")
    assert asked() == (True, "b")
    flow.set("split_text", text="a\nc")
    assert asked() == (True, "c")
    flow.set("choose", pick=0)
    assert asked() == (False, "a")


def test_numbers_are_compared() -> None:
    answers = {
        how: [pf.nodes.compare_values(first, how, 2.0) for first in (1.0, 2.0, 3.0)]  # type: ignore[arg-type]
        for how in ("less", "at most", "equal", "not equal", "at least", "more")
    }
    assert answers == {
        "less": [True, False, False],
        "at most": [True, True, False],
        "equal": [False, True, False],
        "not equal": [True, False, True],
        "at least": [False, True, True],
        "more": [False, False, True],
    }


def test_a_text_is_looked_for_in_another() -> None:
    assert pf.nodes.contains_text(text="A Red Circle", part="red")
    assert not pf.nodes.contains_text(text="A Red Circle", part="red", match_case=True)
    assert pf.nodes.contains_text(text="STRASSE", part="straße")


def test_flags_are_turned_and_combined() -> None:
    assert [pf.nodes.not_(flag) for flag in (True, False)] == [False, True]
    for flags, answers in {
        (): (True, False, True),
        (True, True): (True, True, False),
        (True, False): (False, True, False),
        (False, False): (False, False, True),
    }.items():
        given = [pf.nodes.combine_flags(list(flags), how) for how in ("all", "any", "none")]  # type: ignore[arg-type]
        assert tuple(given) == answers
