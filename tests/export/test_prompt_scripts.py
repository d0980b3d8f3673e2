"""Prompts in scripts: the words that come out, or functions that make them of what the script is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.prompts import styles
from tests.nodes.pictures import scene
from tests.zoo import Zoo

from .test_script import holds, main_of

TEXT = "a {red|blue|__season__} {fox|owl|{big|small} cat} \\{x\\}\n# a comment\nin ink"


def of(node_type: str, **values: Any) -> pf.Flow:
    """Return a flow of a node; values in a tuple are inputs of the flow."""
    flow = pf.Flow("words")
    given = {name: flow.input(name, one[0]) if isinstance(one, tuple) else one for name, one in values.items()}
    node = flow.add(node_type, id="write", **given)
    for name in flow.registry[node_type].outputs:
        flow.output(f"made_{name}", node[name])
    return flow


@pytest.mark.parametrize("seed", range(3))
def test_known_words_are_written_as_they_come_out(tmp_path: Path, seed: int) -> None:
    script = holds(of("prompt", text=TEXT, seed=seed), tmp_path)
    assert script.count("def ") == 1
    assert "|" not in main_of(script)


def test_a_plain_prompt_that_is_an_input_stays_one(tmp_path: Path) -> None:
    assert "return text" in main_of(holds(of("prompt", text=("a fox",)), tmp_path, text="an owl"))


def test_alternatives_that_are_an_input_are_drawn_in_the_script(tmp_path: Path) -> None:
    for seed in (1, 2):
        script = holds(of("prompt", text=(TEXT,), seed=(5,)), tmp_path, seed=seed)
    assert "WILDCARDS" in script
    holds(of("prompt", text=(TEXT,), seed=3), tmp_path, text="{a|b|c} # {d}\n#e")


def test_what_another_node_writes_is_drawn_in_the_script(tmp_path: Path) -> None:
    flow = pf.Flow("words")
    joined = flow.add("join_text", texts=[flow.input("first", "{a|b}"), flow.input("second", "c")])
    flow.output("text", flow.add("prompt", text=joined["text"], seed=4)["text"])
    holds(flow, tmp_path, first="{d|e|f}")


@pytest.mark.parametrize(
    "values",
    [
        {"text": "{style} of {subject}, {a|b} {{x}}", "subject": ("fox",), "style": "ink"},
        {"text": "{style} of {subject}, {a|b}\n#c", "subject": ("fox",), "values": "style: oil"},
        {"text": "{style} of {subject}", "subject": "fox", "style": "ink", "seed": (3,)},
        {"text": ("{subject} {a|b}",), "subject": ("fox",), "seed": 3},
        {"text": "{subject} {colour}", "subject": "fox", "values": ("colour: red",), "seed": 3},
        {"text": "{subject} {none}", "subject": "fox", "missing": "leave it out"},
    ],
)
def test_templates_are_filled_as_in_a_run(tmp_path: Path, values: dict[str, Any]) -> None:
    script = holds(of("prompt_template", **values), tmp_path)
    if "style" in values and "seed" not in values:
        assert 'f"ink of {subject}' in main_of(script)


def test_a_template_of_a_table_is_filled_for_each_row(tmp_path: Path) -> None:
    flow = pf.Flow("rows")
    table = pandas.DataFrame({"subject": ["fox", "owl"], "legs": [4, 2]})
    given = flow.add("prompt_template", text="{place}: {legs} {subject} {a|b|c}", place="x", table=table, seed=2)
    flow.output("texts", given["texts"])
    holds(flow, tmp_path)


@pytest.mark.parametrize(
    "values",
    [
        {"text": "{a|b} __season__"},
        {"text": "{a|b} {1|2|3}", "draw": True, "most": 4, "seed": 3},
        {"text": ("{a|b} __season__",), "most": 3},
        {"text": "{a|b} {1|2|3}", "draw": True, "most": 2, "seed": (3,)},
        {"text": "{a|b} {1|2|3}", "draw": (True,), "most": (2,), "seed": 5},
        {"text": "word {a|b} " * 8},
        {"text": "word {a|b} " * 10, "most": 1000},
    ],
)
def test_combinations_are_listed_or_made(tmp_path: Path, values: dict[str, Any]) -> None:
    holds(of("prompt_variants", **values), tmp_path)


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "a fox"},
        {"prompt": ("a fox",), "style": "ink drawing"},
        {"prompt": ("a fox",), "style": "", "negative_prompt": ("cats",)},
        {"prompt": ("a {fox}",), "style": "photo", "negative_prompt": "cats"},
        {"prompt": "a fox", "style": "photo", "negative_prompt": ("cats",)},
    ],
)
def test_styles_are_written_with_their_words(tmp_path: Path, values: dict[str, Any]) -> None:
    holds(of("prompt_style", **values), tmp_path)


def test_an_own_style_goes_into_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    styles.save("mine", "an {etching} of {prompt}\nin 'black'")
    holds(of("prompt_style", prompt=("a fox",), style="mine", negative_prompt=("",)), tmp_path, negative_prompt="cats")


def test_schedules_and_presets_are_written(tmp_path: Path) -> None:
    holds(of("prompt_schedule", text=("a\n0.5: b",), then="c", at=0.75), tmp_path)
    holds(of("negative_preset", preset="hands", extra="cats"), tmp_path)
    holds(of("negative_preset", preset="hands", extra=("cats",)), tmp_path, extra="dogs, extra fingers")


@pytest.mark.parametrize(("model", "style"), [("blip", "sentence"), ("blip", "tags"), ("llava", "tags")])
def test_a_prompt_of_a_picture_is_what_the_executor_writes(zoo: Zoo, tmp_path: Path, model: str, style: str) -> None:
    flow = pf.Flow("seen")
    image = flow.input("picture", type=pf.Image)
    made = flow.add("prompt_from_image", image=image, model=str(zoo(model)), style=style, longest=6)
    flow.output("text", made["text"])
    holds(flow, tmp_path, picture=scene(1, 50, 34))
