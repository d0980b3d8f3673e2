"""A node that asks whoever runs the flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pixelflow_widgets as pf


@pf.node(pure=False)
def pick(texts: list[str], ask: pf.Ask = pf.Ask()) -> str:
    """Picks one."""
    return texts[ask(texts, "Which?")]


def test_what_asks_is_injected_and_runs_in_the_kernel() -> None:
    made = pick.node_type  # type: ignore[attr-defined]
    assert (made.ask, made.progress, made.where) == ("ask", None, "kernel")
    assert list(made.inputs) == ["texts"]


def test_progress_and_ask_may_stand_side_by_side() -> None:
    @pf.node
    def both(ask: pf.Ask | None = None, progress: pf.Progress | None = None) -> str:
        return ""

    made = both.node_type  # type: ignore[attr-defined]
    assert (made.ask, made.progress, list(made.inputs)) == ("ask", "progress", [])


def test_the_answer_is_what_was_picked() -> None:
    told: list[Any] = []

    def answer(candidates: list[Any], note: str) -> int:
        told.append((candidates, note))
        return 1

    assert pick(["a", "b"], ask=pf.Ask(answer)) == "b"
    assert told == [(["a", "b"], "Which?")]


@pytest.mark.parametrize("answer", [-1, 2, True, "1", None])
def test_an_answer_that_is_none_of_them_is_refused(answer: Any) -> None:
    with pytest.raises(pf.RunError, match="There are 2 candidates, from 0 to 1"):
        pf.Ask(lambda *_: answer)(["a", "b"])


def test_nothing_to_pick_from_is_said() -> None:
    with pytest.raises(pf.MediaError, match="the list of candidates is empty"):
        pick([])


def test_outside_a_flow_it_asks_at_the_prompt_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers: Iterator[str] = iter(["what?", "2", " 1 "])

    def read(question: str) -> str:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr("builtins.input", read)
    assert pick(["a", "b " * 200]) == "b " * 200
    assert "Which?" in asked[0] and "0: a" in asked[0] and "…" in asked[0]
    assert "'what?' is none of them" in asked[1]


def test_where_nobody_is_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", gone)
    with pytest.raises(pf.RunError, match="Nobody is here to choose"):
        pick(["a"])


def test_a_recorded_node_has_no_port_for_it() -> None:
    with pf.Flow("f") as flow:
        pick(["a", "b"])
    assert flow.nodes["pick"].values == {"texts": ["a", "b"]}
