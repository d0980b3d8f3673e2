"""The nodes that write prompts."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.nodes import (
    negative_preset,
    prompt,
    prompt_from_image,
    prompt_schedule,
    prompt_style,
    prompt_template,
    prompt_variants,
)
from pixelflow_widgets.prompts import styles
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import MemoryCache
from tests.zoo import Zoo

from .pictures import scene
from .told import Told


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the folder of the user's wildcards and styles."""
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    (tmp_path / "wildcards").mkdir()
    return tmp_path


def test_a_prompt_drops_comments_and_draws_by_its_seed() -> None:
    text = "a {red|blue|green|black} fox\n# not this one\nin __season__"
    drawn = [prompt(text, seed=seed) for seed in range(8)]
    assert drawn == [prompt(text, seed=seed) for seed in range(8)]
    assert len(set(drawn)) > 3
    assert all("#" not in one and "{" not in one and "_" not in one for one in drawn)


@pytest.mark.parametrize("text", ["", "a red fox", "a {subject}", '{"a": [1, 2]}', "(a fox)1.2 [x]", "a # b | c"])
def test_a_prompt_without_alternatives_is_as_it_was_written(text: str) -> None:
    assert prompt(text, seed=5) == text


def test_a_template_is_filled_by_ports_and_lines_and_takes_values_as_they_are() -> None:
    made = prompt_template(
        "{style} {subject} and {colour}\n# x", subject="{a|b} __c__", style="ink", values="colour: red"
    )
    assert made.text == "ink {a|b} __c__ and red"
    assert made.texts == [made.text]
    with pytest.raises(MediaError, match=r"Nothing is given for \{place\}"):
        prompt_template("{place}", subject="a")
    assert prompt_template("{place}!", place="").text == "!"


def test_a_template_makes_a_prompt_of_each_row_and_draws_anew_for_each() -> None:
    table = pandas.DataFrame({"subject": ["fox", "owl", None], "legs": [4.0, 2.0, 0.0]})
    made = prompt_template("{legs} {subject} {a|b|c|d|e|f|g|h}", subject="thing", table=table, seed=3)
    assert [one.rsplit(" ", 1)[0] for one in made.texts] == ["4 fox", "2 owl", "0 thing"]
    assert made.text == made.texts[0]
    letters = prompt_template("{a|b|c|d|e|f|g|h}", table=pandas.DataFrame({"n": range(20)})).texts
    assert len(set(letters)) > 3
    with pytest.raises(MediaError, match="no row"):
        prompt_template("a", table=table.iloc[:0])


def test_variants_come_in_order_or_drawn_and_their_number_is_told() -> None:
    told = Told()
    assert prompt_variants("{a|b} {1|2|3}", most=4, progress=told.reporter) == ["a 1", "a 2", "a 3", "b 1"]
    assert told.lines == ["6 combinations: 4 in order."]
    drawn = prompt_variants("{a|b} {1|2|3}", draw=True, most=6, seed=1)
    assert sorted(drawn) == prompt_variants("{a|b} {1|2|3}")
    assert drawn != sorted(drawn)
    assert prompt_variants("one") == ["one"]
    many = Told()
    assert len(prompt_variants("{a|b}" * 10_000, draw=True, most=3, progress=many.reporter)) == 3
    assert many.lines == ["about 10^3010 combinations: 3 drawn."]


def test_before_the_run_a_flow_says_what_is_wrong_with_a_prompt_and_how_many_there_are(kept: Path) -> None:
    flow = pf.Flow("p")
    flow.add("prompt", id="words", text="a __colr__ fox")
    flow.add("prompt_variants", id="many", text="{a|b}" * 10)
    flow.add("prompt_style", id="styled", prompt="a fox", style="watercolor")
    told = {problem.node: str(problem) for problem in flow.problems()}
    assert "no wildcard '__colr__'" in told["words"]
    assert "1,024 combinations, and the first 16" in told["many"]
    assert "Did you mean 'watercolour'" in told["styled"]


def test_a_run_follows_the_files_of_wildcards_and_styles(kept: Path) -> None:
    (kept / "wildcards" / "thing.txt").write_text("fox")
    styles.save("mine", "{prompt} in ink")
    flow = pf.Flow("p")
    words = flow.add("prompt", text="a __thing__")
    flow.output("text", flow.add("prompt_style", prompt=words["text"], style="mine")["prompt"])
    cache = MemoryCache()

    def result() -> tuple[str, int]:
        run = start(flow.document, flow.registry, flow.media, backend="inline", cache=cache)
        return run.result()["text"], len(
            [event for event in run.events() if event.kind == "node-finished" and not event.cached]
        )

    assert result() == ("a fox in ink", 2)
    assert result() == ("a fox in ink", 0)
    (kept / "wildcards" / "thing.txt").write_text("owl")
    assert result() == ("a owl in ink", 2)
    styles.save("mine", "{prompt} in oil")
    assert result() == ("a owl in oil", 1)


@pytest.mark.parametrize("style", ["sentence", "tags", "sdxl"])
@pytest.mark.parametrize("model", ["blip", "llava"])
def test_a_prompt_is_written_of_a_picture(zoo: Zoo, model: str, style: str) -> None:
    made = prompt_from_image(scene(1), style=style, model=pf.Model(str(zoo(model))), longest=6)
    assert made == prompt_from_image(scene(1), style=style, model=pf.Model(str(zoo(model))), longest=6)
    assert made
    assert "\n" not in made


def test_a_schedule_is_written_of_lines_and_of_one_more_prompt() -> None:
    assert prompt_schedule("a\n0.25: b", then="c", at=0.5) == "[a:[b:c:0.5]:0.25]"


def test_presets_and_styles_give_words() -> None:
    assert negative_preset("none", "cats") == "cats"
    assert "fingers" in negative_preset("hands")
    styled = prompt_style("a fox", "Ink Drawing", "cats")
    assert styled.prompt.startswith("an ink drawing of a fox,")
    assert styled.negative_prompt.endswith(", cats")
    assert prompt_style("a fox", "") == ("a fox", "")
