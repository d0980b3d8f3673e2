"""Scripts of the nodes of language models say what the executor says, in transformers' own words."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults, formatted
from tests.nodes.pictures import scene
from tests.zoo import Zoo

from .test_script import holds, main_of

SENTENCES = "a red circle on a blue background. a green square above a white star. "
LINES = "a red circle\n\na green square. a white star.\n"
TEXTS = {"chat": "prompt", "expand_prompt": "prompt", "summarize": "text", "translate": "text", "classify_text": "text"}
GERMAN = {"target": "German", "source": "English", "max_tokens": 12}
LABELS = ["shapes", " food ", "politics", "food"]

CASES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "an answer": ("chat", "llama", "a red circle", {"system": "a poet", "max_tokens": 6, "seed": 3}),
    "the likeliest answer": ("chat", "llama", "a circle", {"temperature": 0.0, "max_tokens": 6}),
    "an answer with an end": ("chat", "llama", "a circle", {"temperature": 0.0, "max_tokens": 20, "stop": "re\nz"}),
    "an answer that is cut": ("chat", "llama", SENTENCES * 20, {"temperature": 0.0, "max_tokens": 4096}),
    "an unusual answer": ("chat", "llama", "a", {"top_p": 0.5, "repetition_penalty": 1.5, "max_tokens": 6}),
    "an answer of GGUF": ("chat", "llama_gguf", "a red circle", {"system": "a poet", "max_tokens": 6}),
    "an answer without pictures": ("chat", "llava", "what is it?", {"system": "a poet", "max_tokens": 6}),
    "a prompt of a chat": ("expand_prompt", "llama", "a circle", {"style": "ink", "medium": "music", "max_tokens": 8}),
    "a prompt that goes on": ("expand_prompt", "llama_base", " a circle ", {"max_tokens": 8}),
    "a prompt that is rewritten": ("expand_prompt", "t5", "a circle", {"style": "ink", "max_tokens": 8, "seed": 1}),
    "a paragraph": ("summarize", "llama", SENTENCES, {"focus": "colours", "max_tokens": 20}),
    "points": ("summarize", "llama", SENTENCES, {"length": "points", "max_tokens": 20}),
    "a summary in parts": ("summarize", "llama", SENTENCES * 60, {"max_tokens": 20}),
    "a sentence of T5": ("summarize", "t5", SENTENCES, {"length": "sentence", "max_tokens": 60}),
    "points of T5": ("summarize", "t5", SENTENCES, {"length": "points", "max_tokens": 60}),
    "a summary of T5 in parts": ("summarize", "t5", SENTENCES * 20, {"max_tokens": 60}),
    "by instruction": ("translate", "llama", LINES, {**GERMAN, "beams": 2}),
    "by words before the text": ("translate", "t5", LINES, {**GERMAN, "beams": 2}),
    "by a mark of the answer": ("translate", "nllb", LINES, GERMAN),
    "in one direction": ("translate", "marian", LINES, {"target": "German", "max_tokens": 12}),
    "by a mark before the text": ("translate", "marian_of_many", LINES, {"target": "French", "max_tokens": 12}),
    "nothing": ("translate", "t5", " \n", GERMAN),
    "labels of a chat": ("classify_text", "llama", "a red circle", {"labels": LABELS}),
    "labels of a continuer": ("classify_text", "llama_base", "a circle", {"labels": LABELS, "sentence": "It is {}!"}),
    "labels by entailment": ("classify_text", "entailment", "a red circle", {"labels": LABELS}),
    "labels of its own": ("classify_text", "sentiment", "a red circle", {}),
}


def of(node_type: str, model: str, **values: Any) -> pf.Flow:
    """Return a flow of a node whose text is an input, and whose outputs are the flow's."""
    flow = pf.Flow("said")
    node = flow.add(node_type, id="say", model=model, **{TEXTS[node_type]: flow.input("words", "a star")}, **values)
    for name in flow.registry[node_type].outputs:
        flow.output(name, node[name])
    return flow


def script_of(node_type: str, model: str, **values: Any) -> str:
    """Return the script of a model that need not be here, without the flow that rides along."""
    script = of(node_type, model, **values).to_script()
    assert faults(script) == ""
    assert formatted(script) == script
    return script.partition("\n# pixelflow: ")[0]


@pytest.mark.parametrize("case", CASES)
def test_a_script_says_what_the_executor_says(zoo: Zoo, tmp_path: Path, case: str) -> None:
    node_type, model, words, values = CASES[case]
    script = holds(of(node_type, str(zoo(model)), **values), tmp_path, words=words)
    assert "pixelflow" not in main_of(script)
    assert script.count("from_pretrained(") == 2  # the model and its tokenizer


def test_pictures_are_talked_about(zoo: Zoo, tmp_path: Path) -> None:
    flow = of("chat", str(zoo("llava")), max_tokens=6, system="a poet")
    flow.set("say", images=[flow.input("first", type=pf.Image), flow.input("second", type=pf.Image)])
    holds(flow, tmp_path, words="what is it?", first=scene(0), second=scene(1).convert("RGBA"))


@pytest.mark.parametrize("node_type", ["chat", "summarize", "translate"])
def test_a_template_without_a_system_role_hears_the_system_words_with_the_prompt(
    zoo: Zoo, tmp_path: Path, node_type: str
) -> None:
    model = tmp_path / "gemma"
    shutil.copytree(zoo("llama"), model)
    template = model / "chat_template.jinja"
    refusal = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system role') }}{% endif %}"
    template.write_text(refusal + template.read_text(encoding="utf-8"), encoding="utf-8")
    values = {"system": "a poet"} if node_type == "chat" else {}
    holds(of(node_type, str(model), max_tokens=6, **values), tmp_path, words="a circle")


CHANGED: dict[str, tuple[str, str, dict[str, list[Any]]]] = {
    "heat": ("chat", "llama", {"temperature": [0.7, 0.0], "system": ["", "a poet"], "seed": [0, 5]}),
    "medium": ("expand_prompt", "llama", {"medium": ["image", "sound"], "style": ["", " ink "]}),
    "length": ("summarize", "llama", {"length": ["paragraph", "points"], "focus": ["", "red"]}),
    "length of T5": ("summarize", "t5", {"length": ["points", "sentence"]}),
    "language": ("translate", "llama", {"target": ["German", "fr"], "source": ["auto", "English"]}),
    "language of T5": ("translate", "t5", {"target": ["German", "fr"], "source": ["English", "de"]}),
    "language of NLLB": ("translate", "nllb", {"target": ["German", "fr"], "source": ["English", "de"]}),
    "labels": ("classify_text", "llama", {"labels": [["a", "b"], ["c ", "c", "", "d"]], "sentence": ["{}", "a {}"]}),
}


@pytest.mark.parametrize("case", CHANGED)
def test_what_is_an_argument_may_be_another_when_the_script_runs(zoo: Zoo, tmp_path: Path, case: str) -> None:
    node_type, model, changed = CHANGED[case]
    short = {} if node_type == "classify_text" else {"max_tokens": 8}
    flow = of(node_type, str(zoo(model)), **short)
    for name, (usual, _) in changed.items():
        flow.set("say", **{name: flow.input(name, usual)})
    for place in (0, 1):
        holds(flow, tmp_path, words="a circle", **{name: values[place] for name, values in changed.items()})


def test_a_list_of_prompts_becomes_a_list_of_answers(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("said")
    prompts = flow.input("prompts", ["a circle", "a star"])
    flow.output("answers", flow.add("chat", prompt=prompts, model=str(zoo("llama")), max_tokens=4)["text"])
    script = holds(flow, tmp_path)
    assert "for prompt in prompts" in main_of(script)


def test_only_what_is_read_of_labels_is_worked_out(zoo: Zoo, tmp_path: Path) -> None:
    flow = pf.Flow("labelled")
    texts = flow.input("texts", ["a circle", "a star"])
    for number, output in enumerate(("label", "score", "scores")):
        one = flow.add("classify_text", text="a circle", labels=["a", "b"], model=str(zoo("llama")))
        flow.output(f"one_{number}", one[output])
    several = flow.add("classify_text", text=texts, labels=["a", "b"], model=str(zoo("llama")))
    flow.output("several", several["label"])
    holds(flow, tmp_path)


def test_a_model_is_loaded_once_whatever_it_does(zoo: Zoo, tmp_path: Path) -> None:
    flow = of("chat", str(zoo("llama")), max_tokens=4)
    again = flow.add("expand_prompt", prompt="a star", model=str(zoo("llama")), max_tokens=4)
    flow.output("rich", again["text"])
    assert holds(flow, tmp_path).count("from_pretrained(") == 2


@pytest.mark.parametrize(
    ("node_type", "card", "words"),
    [
        (
            "chat",
            "qwen2.5-7b",
            'AutoModelForCausalLM.from_pretrained(\n        "Qwen/Qwen2.5-7B-Instruct",\n        revision=',
        ),
        ("chat", "llava", "LlavaForConditionalGeneration.from_pretrained("),
        ("classify_text", "qwen2.5-7b", "AutoModelForCausalLM"),
        ("summarize", "smollm2-135m-hub", "AutoTokenizer"),
        ("translate", "smollm2-135m", "gguf_file=SMOLLM2_135M.name"),
    ],
)
def test_models_that_are_elsewhere_are_written_by_what_their_cards_say(node_type: str, card: str, words: str) -> None:
    values = {"labels": ["a", "b"]} if node_type == "classify_text" else {}
    assert words in script_of(node_type, card, **values)


def test_what_cannot_be_written_is_said(zoo: Zoo) -> None:
    with pytest.raises(pf.ExportError, match="not known before it is on this machine.*models get owner/unknown"):
        script_of("chat", "owner/unknown")
    with pytest.raises(pf.ExportError, match="no chat template"):
        script_of("chat", str(zoo("llama_base")))
    with pytest.raises(pf.ExportError, match="has to be told which language"):
        script_of("translate", str(zoo("t5")), target="German")
    with pytest.raises(pf.ExportError, match="no labels of its own"):
        script_of("classify_text", str(zoo("llama")))
