from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowProblems
from pixelflow_widgets.usage.chats import count_chat
from pixelflow_widgets.usage.paces import Sample, process_paces
from tests.zoo import Zoo

nodes = pf.nodes
WORDS = [
    "a red circle",
    "ein Gruß",
    "مرحبا",
    "🎈🎈",
    "(bright:1.3)",
    "large blue square",
    "\u200bnothing",
    "x" * 60,
    "# no",
]


@pf.node
def rests(seconds: float = 0.1, words: str = "rested") -> str:
    """Does nothing for a while."""
    time.sleep(seconds)
    return words


@pytest.fixture(autouse=True)
def place(settings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIXELFLOW_CACHE", str(settings / "cache"))
    return settings


def used_by_last(flow: pf.Flow) -> pf.usage.table.UsageTable:  # type: ignore[name-defined]
    table = flow.usage
    assert flow.last_run
    return table[table["run"] == flow.last_run.id]


def test_input_tokens_of_thirty_seeded_runs_are_exact(tiny_model: Path, zoo: Zoo) -> None:
    chance = random.Random(9)
    with pf.Flow("thirty") as flow:
        said = flow.input("said", "")
        picture = nodes.text_to_image(said, model=str(tiny_model), steps=1, width=32, height=32)
        flow.output("picture", picture)
        flow.output("text", nodes.chat(said, model=str(zoo("llama")), max_tokens=3))
    for number in range(30):
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 12)))
        flow.set("text_to_image", seed=number, negative_prompt=chance.choice(["", "blurred", "(grey)0.5"]))
        flow.set("chat", seed=number, system=chance.choice(["", "You answer in one word.", "Kurz."]))
        told = flow.estimate(said=text)
        flow.run(said=text, backend="inline")
        used = used_by_last(flow)
        assert not told.is_least
        assert told.ran == 2
        assert told.input_tokens == used["input_tokens"].sum(), text
        by_node = {each.node: each.input_tokens for each in told.nodes}
        assert by_node == dict(zip(used["node"], used["input_tokens"], strict=True))
        assert told.output_tokens >= used["output_tokens"].sum()
    assert told.nodes[0].known_runs > 0


def test_what_is_fresh_costs_nothing() -> None:
    with pf.Flow("fresh") as flow:
        flow.output("words", rests(0.01, "fresh"))
    assert flow.estimate().ran == 1
    flow.run(backend="inline")
    told = flow.estimate()
    assert (told.ran, told.fresh, told.money, str(told)) == (0, 1, 0.0, "Nothing has to run: everything is fresh.")


def test_seconds_come_from_what_the_same_type_and_model_took_and_are_scaled(tiny_model: Path) -> None:
    flow = pf.Flow("scaled")
    flow.add("text_to_image", prompt="x", model=str(tiny_model), width=64, height=64, steps=10)
    assert flow.estimate().seconds is None
    assert flow.estimate().unknown_seconds == 1
    once = 64 * 64
    process_paces().note(
        [
            Sample("text_to_image", str(tiny_model), once * steps, 0.2 * steps, 0.1 * steps)
            for steps in (5, 10, 20, 30, 8)
        ]
    )
    told = flow.estimate()
    assert told.seconds == pytest.approx(2.0)
    assert told.cpu_seconds == pytest.approx(1.0)
    flow.set("text_to_image", steps=40, width=128)
    assert flow.estimate().seconds == pytest.approx(16.0)
    assert flow.estimate().nodes[0].known_runs == 5
    flow.set("text_to_image", model="starter")
    assert flow.estimate().seconds is None, "of another model, nothing is known"


def test_a_run_is_noted_for_the_next_estimate() -> None:
    flow = pf.Flow("noted")
    flow.add("tests.rests", seconds=0.06)
    flow.run(backend="inline")
    flow.usage  # noqa: B018 – waits until it is noted
    flow.set("rests", seconds=0.12)
    told = flow.estimate()
    assert told.seconds is not None
    assert told.seconds >= 0.1


def test_what_comes_from_nodes_that_have_not_run_is_at_least(zoo: Zoo) -> None:
    with pf.Flow("least") as flow:
        words = rests(0.01, "so many words")
        flow.output("text", nodes.chat(words, model=str(zoo("llama")), max_tokens=2))
    told = flow.estimate()
    assert told.is_least
    assert told.input_tokens == 0
    assert {each.node: each.input_tokens for each in told.nodes}["chat"] is None
    assert "at least" in str(told)
    flow.run(targets=["rests"], backend="inline")
    assert not flow.estimate().is_least, "now they are there"
    assert flow.estimate().input_tokens == count_chat(str(zoo("llama")), "so many words")


def test_words_that_are_only_put_together_are_known_before_the_run(zoo: Zoo) -> None:
    model = str(zoo("llama"))
    with pf.Flow("words") as flow:
        subject = nodes.prompt("a {red|blue} circle", seed=4)
        written = nodes.prompt_template("draw {subject}, large", subject=subject)
        nodes.chat(written.text, model=model, max_tokens=2)
        nodes.chat(nodes.prompt_variants("{one|two|three} more"), model=model, max_tokens=2)
    told = flow.estimate()
    assert not told.is_least
    flow.run(backend="inline")
    used = used_by_last(flow)
    assert told.input_tokens == used["input_tokens"].sum() > 0
    assert told.output_tokens == 8
    flow.set("prompt", seed="random", text="{a|b|c} {d|e}")
    assert flow.estimate().is_least, "what is drawn is not known before"


def test_words_that_fail_are_no_obstacle(zoo: Zoo) -> None:
    with pf.Flow("failing") as flow:
        nodes.chat(nodes.prompt_template("of {nothing}").text, model=str(zoo("llama")), max_tokens=2)
    assert flow.estimate().is_least


def test_each_item_of_a_list_and_each_turn_of_a_body_counts(zoo: Zoo) -> None:
    model = str(zoo("llama"))
    flow = pf.Flow("many")
    flow.add("chat", prompt=flow.input("prompts", ["one", "two words", "three"]), model=model, max_tokens=7)
    each = sum(count_chat(model, text) or 0 for text in ("one", "two words", "three"))
    told = flow.estimate()
    assert (told.input_tokens, told.output_tokens) == (each, 21)
    assert flow.estimate(prompts=["one"]).output_tokens == 7


def test_prices_that_are_not_known_are_named_and_money_is_not_nothing(place: Path) -> None:
    flow = pf.Flow("served")
    flow.add("chat", prompt="x", model="server:unheard-of", max_tokens=500)
    told = flow.estimate()
    assert told.money is None
    assert told.unpriced == ["server:unheard-of"]
    assert "pixelflow usage rates" in told.notes[0]
    assert told.is_least, "the tokens of a server's model are counted by the server"
    (place / "rates.toml").write_text('[models."server:unheard-of"]\noutput = 10\n[machine]\ncpu_second = 1\n')
    assert flow.estimate().money == pytest.approx(0.005)
    process_paces().note([Sample("chat", "server:unheard-of", 500, 1.0, 0.25)])
    assert flow.estimate().money == pytest.approx(0.255), "this machine costs, too"


@pf.node
def chooses_a_model(name: str) -> pf.Model:
    """Returns a handle that nobody knows before it has run."""
    return pf.Model(name)


def test_a_model_that_is_not_known_yet_is_no_model_for_nothing(place: Path) -> None:
    with pf.Flow("chosen") as flow:
        nodes.chat("x", model=chooses_a_model("server:unheard-of"), max_tokens=500)
    told = flow.estimate()
    assert told.money is None
    assert "is not known before others have run" in told.notes[0]


def test_what_a_body_uses_in_all_its_turns_is_counted(place: Path, zoo: Zoo) -> None:
    inner = pf.Flow("inner")
    said = inner.input("said", "two words")
    inner.output("text", inner.add("chat", prompt=said, model="server:unheard-of", max_tokens=500)["text"])
    flow = pf.Flow("outer")
    flow.add(inner)
    assert flow.estimate().money is None
    assert flow.estimate().output_tokens == 500
    (place / "rates.toml").write_text('[models."server:unheard-of"]\noutput = 10\n')
    assert flow.estimate().money == pytest.approx(0.005)


def test_each_of_several_models_has_its_price(place: Path) -> None:
    (place / "rates.toml").write_text('[models."server:a"]\noutput = 10\n[models."server:b"]\noutput = 30\n')
    flow = pf.Flow("models")
    models = flow.input("models", [pf.Model("server:a"), pf.Model("server:b")])
    flow.add("chat", prompt="x", model=models, max_tokens=500)
    assert flow.estimate().money == pytest.approx(0.005 + 0.015)
    assert flow.estimate(models=[pf.Model("server:a"), pf.Model("server:c")]).money is None


def test_wrong_rates_are_a_note_and_no_failure(place: Path) -> None:
    (place / "rates.toml").write_text("models = 3")
    flow = pf.Flow("noted")
    flow.add("tests.rests")
    assert "models is 3" in flow.estimate().notes[0]
    assert flow.estimate().money is None


def test_a_flow_that_cannot_run_has_no_estimate() -> None:
    flow = pf.Flow("broken")
    flow.add("text_to_image", model="no/such-model-anywhere")
    with pytest.raises(FlowProblems):
        flow.estimate()


def test_an_estimate_is_json_and_bounded_for_ten_thousand_nodes() -> None:
    flow = pf.Flow("huge")
    entries = {f"n{number}": {"type": "tests.rests", "values": {"words": str(number)}} for number in range(10_000)}
    flow.apply([{"op": "add_node", "id": key, "node": entry, "position": [0, 0]} for key, entry in entries.items()])
    told = flow.estimate()
    assert told.ran == 10_000
    assert told.unknown_seconds == 10_000
    assert len(json.dumps(told.as_json())) < 200_000


def test_a_template_can_reach_nothing_and_one_that_breaks_counts_nothing(zoo: Zoo, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(zoo("llama"), folder)
    assert count_chat(folder.as_posix(), "hello") == count_chat(str(zoo("llama")), "hello")
    for template in (
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for",
        "{{ raise_exception('no') }}",
        "{{ x.y.z }}",
    ):
        (folder / "chat_template.jinja").write_text(template)
        assert count_chat(folder.as_posix(), "hello") is None
