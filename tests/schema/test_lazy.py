"""An input that is worked out only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Slider
from pixelflow_widgets.schema import PortType
from pixelflow_widgets.schema.lazy import NotYet
from pixelflow_widgets.schema.signature import read_node_type


@pf.node
def one_or_other(
    condition: bool,
    on: pf.Lazy[Any],
    off: pf.Lazy[Any] | None = None,
    share: pf.Lazy[Annotated[float, Slider(0, 1)]] = 0.5,  # type: ignore[assignment]
    factor: pf.Lazy[Literal[2, 4]] = 2,  # type: ignore[assignment]
) -> Any:
    """Passes one on."""
    return on.get() if condition else (off and off.get(), share.get(), factor.get())


MADE = one_or_other.node_type  # type: ignore[attr-defined]


def test_lazy_retypes_nothing() -> None:
    assert [port.lazy for port in MADE.inputs.values()] == [False, True, True, True, True]
    assert MADE.inputs["on"].type == PortType("any")
    assert MADE.inputs["on"].required
    assert MADE.inputs["off"].optional
    assert (MADE.inputs["share"].type, MADE.inputs["share"].control) == (PortType("float"), Slider(0, 1))
    assert MADE.inputs["factor"].type.choices == ("2", "4")
    assert MADE.inputs["on"].describe()["lazy"] is True
    assert "lazy" not in MADE.inputs["condition"].describe()


def test_a_type_with_a_lazy_input_runs_in_the_kernel() -> None:
    assert MADE.where == "kernel"


def test_outside_a_flow_plain_values_are_given() -> None:
    assert one_or_other(True, 1, 2) == 1  # type: ignore[arg-type]
    assert one_or_other(False, 1, 2, 0.25, 4) == (2, 0.25, 4)  # type: ignore[arg-type]
    assert one_or_other(condition=False, on=1) == (None, 0.5, 2)  # type: ignore[arg-type]
    assert one_or_other(True, pf.Lazy(lambda: 7)) == 7


def test_what_is_not_asked_for_is_not_worked_out() -> None:
    def broken() -> Any:
        raise AssertionError("asked for")

    assert MADE.function(condition=False, on=pf.Lazy(broken), off=pf.Lazy(lambda: 3), share=0.5, factor="4") == (
        3,
        0.5,
        4,
    )


def test_what_is_not_there_yet_leaves_the_function_and_is_caught_by_nobody() -> None:
    def wanted() -> Any:
        raise NotYet("on")

    @pf.node
    def careful(on: pf.Lazy[Any]) -> Any:
        try:
            return on.get()
        except Exception:
            return "caught"

    with pytest.raises(NotYet) as caught:
        careful(pf.Lazy(wanted))
    assert caught.value.port == "on"


def test_a_value_is_worked_out_once() -> None:
    asked: list[int] = []
    lazy = pf.Lazy(lambda: asked.append(1))
    assert [lazy.get(), lazy.get()] == [None, None]
    assert asked == [1]


def test_a_whole_list_may_be_lazy() -> None:
    def count(items: pf.Lazy[list[str]]) -> int:
        return len(items.get())

    made = read_node_type(count)
    assert made.inputs["items"].type == PortType("text", many=True)
    assert made.function(items=["a", "b"]) == 2


def refused() -> dict[str, Callable[..., Any]]:
    def items(several: list[pf.Lazy[str]]) -> str: ...  # type: ignore[empty-body]
    def bare(one: pf.Lazy) -> str: ...  # type: ignore[type-arg, empty-body]
    def result(one: str) -> pf.Lazy[str]: ...  # type: ignore[empty-body]
    def unknown(one: pf.Lazy[bytes]) -> str: ...  # type: ignore[empty-body]

    return {name: function for name, function in locals().items() if callable(function)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("items", "an input is lazy as a whole. Write Lazy[list[...]]."),
        ("bare", "Write Lazy[Image], say, or Lazy[Any]."),
        ("result", "only inputs are lazy"),
        ("unknown", "bytes does not travel on edges"),
    ],
)
def test_where_lazy_makes_no_sense_it_is_said_what_to_write(name: str, words: str) -> None:
    with pytest.raises(pf.NodeTypeError) as caught:
        read_node_type(refused()[name])
    assert words in str(caught.value)


def test_inside_a_flow_it_is_connected_like_any_other() -> None:
    with pf.Flow("f") as flow:
        word = pf.nodes.prompt(text="a")
        placed = pf.nodes.switch(condition=True, on=word, off="b")
        flow.output("out", placed)
    assert flow.problems() == []
    assert [(edge["from"], edge["to"]) for edge in flow.document["edges"]] == [("prompt.text", "switch.on")]
    assert flow.nodes["switch"].values["off"] == "b"
