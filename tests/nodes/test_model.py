"""Nodes that name a model and what changes it: worked out while a flow is edited, before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.media import Adapter
from pixelflow_widgets.models.stacks import read_schedule, read_stack
from pixelflow_widgets.schema import registry
from tests.zoo import Zoo

NAMES = ["load_model", "add_lora", "lora_stack", "add_ip_adapter", "add_embedding", "set_scheduler"]


def test_they_are_worked_out_in_the_kernel_while_a_flow_is_edited() -> None:
    for name in NAMES:
        node_type = registry[name]
        assert node_type.is_static and node_type.where == "kernel" and list(node_type.outputs) == ["model"]
        assert node_type.help and all(port.help for port in node_type.inputs.values())


def test_a_handle_is_made_of_what_is_chosen() -> None:
    model = pf.nodes.load_model(model=pf.Model("starter"), precision="float16", vae="", variant="fp16")
    assert model == pf.Model("starter", {"dtype": "float16", "variant": "fp16"})
    assert pf.nodes.load_model(model=pf.Model("starter")) == pf.Model("starter")
    assert pf.nodes.set_scheduler(model=model, scheduler="Euler a").options["scheduler"] == "Euler a"


def test_adapters_are_added_in_order_and_the_handle_before_stays() -> None:
    base = pf.Model("starter")
    model = pf.nodes.add_lora(model=base, lora="ink", weight=0.5, schedule="0:1 0.6:0.2")
    model = pf.nodes.add_ip_adapter(model=model, adapter="look")
    model = pf.nodes.add_embedding(model=model, embedding="word.safetensors")
    assert base.adapters == ()
    assert model.adapters == (
        Adapter("ink", 0.5, schedule=((0, 1), (0.6, 0.2))),
        Adapter("look", 0.6, "ip_adapter"),
        Adapter("word.safetensors", 1.0, "embedding"),
    )


def test_a_stack_takes_one_lora_a_line() -> None:
    text = "ink.safetensors 0.8\n\n# chalk 1\nowner/name/a file.safetensors -0.25 @ 0:1, 0.5:0\nplain\nstarred 1 2\n"
    assert pf.nodes.lora_stack(model=pf.Model("starter"), loras=text).adapters == (
        Adapter("ink.safetensors", 0.8),
        Adapter("owner/name/a file.safetensors", -0.25, schedule=((0, 1), (0.5, 0))),
        Adapter("plain"),
        Adapter("starred 1", 2),
    )
    assert pf.nodes.lora_stack(model=pf.Model("starter"), loras="").adapters == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ink 1 @ 0-1", r"Line 1 of the stack: '0-1' is no corner of a schedule"),
        ("\nink 1 @ 0:1 2:1", r"Line 2 of the stack: .*goes from 0 to 1"),
        ("ink 1 @ 0.5:1 0.2:1", r"each corner after the one before"),
        ("ink 1 @ 0:much", r"is no corner"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, words: str) -> None:
    with pytest.raises(pf.MediaError, match=words):
        read_stack(text)


@given(st.text(max_size=80))
def test_any_text_is_a_stack_or_refused_in_words(text: str) -> None:
    try:
        for adapter in read_stack(text):
            assert adapter.source.strip()
    except pf.MediaError as error:
        assert str(error).startswith("Line ")


corners = st.lists(
    st.tuples(st.integers(0, 100).map(lambda part: part / 100), st.integers(-40, 40).map(lambda part: part / 10)),
    unique_by=lambda corner: corner[0],
    max_size=5,
).map(sorted)


@given(st.lists(st.tuples(st.from_regex(r"[a-z][a-z/. ]{0,10}[a-z]", fullmatch=True), corners), max_size=4))
def test_what_is_written_as_a_stack_is_read_back(loras: list[tuple[str, Any]]) -> None:
    wanted = tuple(Adapter(name, 0.5, schedule=tuple(schedule)) for name, schedule in loras)
    lines = []
    for adapter in wanted:
        written = " ".join(f"{place:g}:{factor:g}" for place, factor in adapter.schedule)
        lines.append(f"{adapter.source} {adapter.weight:g}" + (f" @ {written}" if written else ""))
    assert read_stack("\n".join(lines)) == wanted


def test_a_schedule_is_a_line_through_its_corners() -> None:
    assert read_schedule("") == ()
    adapter = Adapter("ink", 0.8, schedule=read_schedule("0:1, 0.5:0.5 1:0"))
    assert [round(adapter.weight_at(place), 6) for place in (0, 0.25, 0.5, 0.75, 1)] == [0.8, 0.6, 0.4, 0.2, 0]


def test_an_unfit_lora_is_refused_where_it_is_added(zoo: Zoo) -> None:
    flow = pf.Flow("x")
    flow.add("add_lora", id="lora", model=str(zoo("sdxl")), lora=str(zoo("lora_flux")))
    flow.add("lora_stack", id="stack", model=str(zoo("sdxl")), loras=f"{zoo('lora_sdxl')}\n{zoo('lora_flux')} 0.5")
    flow.add("add_ip_adapter", id="look", model=str(zoo("sdxl")), adapter=str(zoo("lora_sdxl")))
    flow.add("set_scheduler", id="scheduler", model=str(zoo("flux")), scheduler="Heun")
    found = {(problem.node, problem.port, problem.code) for problem in flow.problems()}
    assert found == {
        ("lora", "lora", "adapter"),
        ("stack", "loras", "adapter"),
        ("look", "adapter", "adapter"),
        ("scheduler", "scheduler", "scheduler"),
    }
    flow.set("lora", lora=str(zoo("lora_sdxl")))
    assert "lora" not in {problem.node for problem in flow.problems()}


def test_a_missing_model_or_part_is_named_where_it_is_chosen(tmp_path: Path) -> None:
    flow = pf.Flow("x")
    flow.add("load_model", id="model", model="sdxl", vae=str(tmp_path / "none"))
    found = {(problem.port, problem.code) for problem in flow.problems()}
    assert found == {("model", "missing-model"), ("vae", "missing-model")}


def test_a_flow_paints_with_what_was_added(zoo: Zoo) -> None:
    def painted(weight: float, scheduler: str) -> bytes:
        with pf.Flow("adapted") as flow:
            model = pf.nodes.load_model(model=pf.Model(str(zoo("sdxl"))))
            model = pf.nodes.add_lora(model=model, lora=str(zoo("lora_sdxl")), weight=weight)
            model = pf.nodes.set_scheduler(model=model, scheduler=scheduler)
            image = pf.nodes.text_to_image("a red circle", model=model, steps=2, width=32, height=32)
            flow.output("image", image)  # type: ignore[arg-type] - what is recorded stands for the value
        return flow.run(backend="inline")["image"].tobytes()

    pictures = [painted(1.0, "Euler"), painted(0.0, "Euler"), painted(0.0, "DDIM")]
    plain = pf.nodes.text_to_image(
        "a red circle", model=pf.Model(str(zoo("sdxl")), {"scheduler": "DDIM"}), steps=2, width=32, height=32
    )
    assert len(set(pictures)) == 3 and pictures[2] == plain.tobytes()
