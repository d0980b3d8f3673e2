"""How the nodes of language models are written into scripts: the functions that they copy, and how these are called."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..errors import ModelError
from ..media import Model
from ..models import labelling, scripted_texts, translation
from ..models.json_answers import read_form
from ..models.languages import language_of
from ..models.loan import Loan
from ..models.scripting_networks import ScriptedNetwork, network_in
from ..models.text_generation import answers_instructions, ends_of, is_sequence_to_sequence, tokenizer_of
from ..schema.exporting import Writing
from .served_code import in_form, write_served_chat

_LONG = 50
"""From how many characters on a text has a name of its own."""
_T5 = ("t5", "mt5", "umt5")
_GREEDY = ("do_sample=False", "repetition_penalty=1.0")

EXPANSIONS = {
    "image": "a text-to-image model. Name the subject, setting, composition, light, colours and style",
    "video": "a text-to-video model. Name the subject, what moves and how, the camera, the setting and the light",
    "music": "a text-to-music model. Name the genre, the instruments, the tempo, the mood and the structure",
    "sound": "a text-to-audio model. Name what makes the sound, its place, its texture and how it changes",
}


def expansion_for(medium: str) -> str:
    """Return what a chat model is told that makes a rich prompt.

    Args:
        medium: What the prompt is for.
    """
    return (
        f"You write prompts for {EXPANSIONS[medium]}. Keep everything that the user names. "
        "Say nothing but the prompt, in one paragraph."
    )


class _Writer:
    """Is a model that writes, as far as it decides what a script does with it.

    Args:
        network: As the script loads it.
    """

    def __init__(self, network: ScriptedNetwork) -> None:
        self.loan = Loan(network.card, Path(network.title), "", None, network.family)
        self.loan.model, self.loan.processor = SimpleNamespace(config=network.config), network.ready
        tasks, takes = (network.card.tasks, network.card.takes) if network.card else (("chat",), ())
        self.rewrites = is_sequence_to_sequence(self.loan)
        self.chats = answers_instructions(self.loan) if network.here else "chat" in tasks
        here = getattr(network.ready, "image_processor", None) is not None
        self.looks = here if network.here else "image" in takes
        self.model, self.processor = network.code, network.processor
        is_part = getattr(network.ready, "tokenizer", None) is not None
        self.tokenizer = f"{network.processor}.tokenizer" if is_part else network.processor
        self.kind = network.config.model_type

    def role(self) -> list[str]:
        """Return the argument that says that the template knows no system role, where that is so."""
        from jinja2 import TemplateError

        if self.loan.processor is None:
            return []
        part = self.loan.processor if self.looks else tokenizer_of(self.loan)
        words = [("system", "Be kind."), ("user", "Hello.")]
        told = [
            {"role": role, "content": [{"type": "text", "text": text}] if self.looks else text} for role, text in words
        ]
        try:
            part.apply_chat_template(told, add_generation_prompt=True, tokenize=False)
        except TemplateError:
            return ["has_system_role=False"]
        return []


def _called(at: Writing, function: Callable[..., Any], *arguments: str) -> str:
    """Return a call of a function that is copied."""
    return f"{at.bring(function)}({', '.join(arguments)})"


def _words(at: Writing, text: str, wanted: str) -> str:
    """Return the expression of a text; a long one becomes a constant."""
    if len(text) < _LONG:
        return repr(text)
    lines = [piece for line in text.splitlines(keepends=True) for piece in _pieces(line)]
    body = "\n".join(f"    {line!r}" for line in lines)
    return at.define(("words", text), wanted.upper(), lambda name: f"{name} = (\n{body}\n)")


def _pieces(line: str) -> list[str]:
    """Return a line in parts that an editor shows whole; its end stays at the last one."""
    body = line.rstrip("\r\n")
    settings: dict[str, Any] = dict.fromkeys(("drop_whitespace", "break_on_hyphens", "replace_whitespace"), False)
    pieces = textwrap.wrap(body, 80, expand_tabs=False, **settings) or [""]
    return [*pieces[:-1], pieces[-1] + line[len(body) :]]


def _told(at: Writing, function: Callable[..., str], wanted: str, *ports: str) -> str:
    """Return what a function makes of inputs: worked out now, where they can be no others when the script runs."""
    if all(at.is_fixed(port) for port in ports):
        return _words(at, function(*(at.known(port) for port in ports)), wanted)
    return _called(at, function, *(at.code(port) for port in ports))


def _drawn(at: Writing, top_p: str, penalty: str) -> list[str]:
    """Return the arguments that say how tokens are chosen, of a node that has a temperature and a seed."""
    heat = at.code("temperature")
    if at.is_fixed("temperature") and at.known("temperature") == 0:
        return ["do_sample=False", f"repetition_penalty={penalty}"]
    is_warm = "True" if at.is_fixed("temperature") else f"{heat} > 0"
    chosen = [f"do_sample={is_warm}", f"temperature={heat}", f"top_p={top_p}", "top_k=0"]
    return [*chosen, f"repetition_penalty={penalty}", f"seed={at.code('seed')}"]


def _spoken(at: Writing) -> tuple[list[str], Any, list[str]]:
    """Return (the argument that says how a chat model is to behave, the schema of its answer, where that ends)."""
    for port in ("stop", "json_schema"):
        if not at.is_fixed(port):
            at.refuse(f"'{port}' is known only when the script runs. Set it on the node, not as an input of the flow.")
    form = read_form(at.known("json_schema"))
    ends = list(ends_of(at.known("stop")))
    system = at.code("system") if at.is_set("system") else ""
    if form is not None and system and at.is_fixed("system"):
        system = _words(at, f"{at.known('system')}\n\n{form.words}".strip(), "SYSTEM")
    elif form is not None:
        told = _words(at, form.words, "FORM")
        system = f"({system} + '\\n\\n' + {told}).strip()" if system else told
    return [f"system={system}"] if system else [], None if form is None else form.schema, ends


def write_chat(at: Writing) -> None:
    """Write `chat`."""
    model = at.known("model")
    system, schema, ends = _spoken(at)
    if isinstance(model, Model) and model.is_served:
        at.give(text=in_form(at, write_served_chat(at, model, system, schema, ends), schema))
        return
    writer = _Writer(network_in(at, model, "chat"))
    if not writer.chats:
        at.refuse("its model has no chat template. Choose one whose name ends in 'Instruct' or 'it'.")
    has_images = at.is_set("images")
    if has_images and not writer.looks:
        at.refuse("its model reads text only. Choose a vision-language model, or take the pictures away.")
    arguments = [writer.model, writer.processor if writer.looks else writer.tokenizer, at.code("prompt")]
    if has_images:
        arguments.append(f"images={at.code('images')}")
    if system:
        arguments += [*system, *writer.role()]
    arguments += [f"max_tokens={at.code('max_tokens')}"]
    arguments += _drawn(at, at.code("top_p"), at.code("repetition_penalty"))
    arguments += [f"stop={ends!r}"] if ends else []
    asked = _called(at, scripted_texts.ask_about if writer.looks else scripted_texts.ask, *arguments)
    at.give(text=in_form(at, asked, schema))


def write_expand_prompt(at: Writing) -> None:
    """Write `expand_prompt`."""
    writer = _Writer(network_in(at, at.known("model"), "expand_prompt"))
    _refuse_eyes(at, writer)
    options = [f"max_tokens={at.code('max_tokens')}", *_drawn(at, "0.95", "1.1")]
    if writer.rewrites:
        asked = _idea(at, "Expand the following prompt to add more detail: ")
        code = _called(at, scripted_texts.rewritten, writer.model, writer.tokenizer, asked, *options, "num_beams=1")
    elif not writer.chats:
        code = _called(at, scripted_texts.continued, writer.model, writer.tokenizer, _idea(at, ""), *options)
    else:
        system = _told(at, expansion_for, "EXPANDING", "medium")
        said = [writer.model, writer.tokenizer, _idea(at, ""), f"system={system}", *writer.role(), *options]
        code = f'{_called(at, scripted_texts.ask, *said)}.strip("\\"\'“”")'
    at.give(text=code)


def _idea(at: Writing, before: str) -> str:
    """Return the expression of the prompt with its style, and of the words before them."""

    def told(prompt: str, style: str) -> str:
        return before + prompt.strip() + (f", {style.strip()}" if style.strip() else "")

    if at.is_fixed("prompt") and at.is_fixed("style"):
        return _words(at, told(at.known("prompt"), at.known("style")), "IDEA")
    if at.is_fixed("prompt"):
        parts = [_words(at, told(at.known("prompt"), ""), "IDEA")]
    else:
        parts = [*([repr(before)] if before else []), f"{at.code('prompt')}.strip()"]
    if not at.is_fixed("style"):
        style = f"{at.code('style')}.strip()"
        parts.append(f'(f", {{{style}}}" if {style} else "")')
    elif at.known("style").strip():
        parts.append(repr(f", {at.known('style').strip()}"))
    return " + ".join(parts)


def write_summarize(at: Writing) -> None:
    """Write `summarize`."""
    writer = _Writer(network_in(at, at.known("model"), "summarize"))
    _refuse_eyes(at, writer)
    arguments = [writer.model, writer.tokenizer, at.code("text"), f"length={at.code('length')}"]
    arguments += [f"focus={at.code('focus')}", f"max_tokens={at.code('max_tokens')}"]
    if writer.chats:
        at.give(text=_called(at, scripted_texts.summary_by_chat, *arguments, *writer.role(), *_GREEDY))
        return
    if not writer.rewrites:
        at.refuse("its model only continues texts. Choose a chat model, or one for summaries (T5, BART, Pegasus).")
    prefix = ["prefix='summarize: '"] if writer.kind in _T5 else []
    at.give(text=_called(at, scripted_texts.summary_by_rewriting, *arguments, *prefix, *_GREEDY, "num_beams=1"))


def _refuse_eyes(at: Writing, writer: _Writer) -> None:
    if writer.looks:
        at.refuse("its model looks at pictures, and is written for chat only. Choose a model of texts.")


def write_translate(at: Writing) -> None:
    """Write `translate`."""
    writer = _Writer(network_in(at, at.known("model"), "translate"))
    _refuse_eyes(at, writer)
    arguments = [writer.model, writer.tokenizer, at.code("text")]
    most = f"max_tokens={at.code('max_tokens')}"
    if writer.chats:
        beams = [] if at.is_fixed("beams") and at.known("beams") == 1 else [f"num_beams={at.code('beams')}"]
        system = _told(at, translation.instruction_for, "TRANSLATING", "target", "source")
        arguments += [system, most, *writer.role(), *_GREEDY, *beams]
        at.give(text=_called(at, scripted_texts.translation_by_chat, *arguments))
        return
    if not writer.rewrites:
        at.refuse("its model only continues texts. Choose a chat model, or one for translation (NLLB, M2M100, T5 …).")
    arguments += [most, *_direction(at, writer), *_GREEDY, f"num_beams={at.code('beams')}"]
    at.give(text=_called(at, scripted_texts.translation_by_model, *arguments))


def _direction(at: Writing, writer: _Writer) -> list[str]:
    """Return the arguments that say from which language into which, as the model wants to hear it."""
    if writer.loan.processor is None:
        at.refuse("how its model is told the languages is not known before it is on this machine. Get it first.")
    try:
        found = translation.by_direction(writer.loan, _language(at, "source"), _language(at, "target"))
    except ModelError as error:
        at.refuse(str(error))
    tokenizer = tokenizer_of(writer.loan)
    if found.first_token is not None:  # NLLB, mBART, M2M100
        mark = tokenizer.convert_ids_to_tokens(found.first_token)
        wanted = language_of(_language(at, "target"))
        kind = "flores" if mark == wanted.flores else "region" if mark == wanted.region else "code"
        around = "__" if kind == "code" else ""
        return [f"source={_mark(at, 'source', kind)}", f"target={_mark(at, 'target', kind, around)}"]
    if not found.prefix:  # Marian of one direction
        return []
    if all(at.is_fixed(port) for port in ("source", "target")):
        return [f"prefix={found.prefix!r}"]
    if found.prefix.startswith("translate "):  # T5
        source, target = _mark(at, "source", "name"), _mark(at, "target", "name")
        return [f"prefix='translate ' + {source} + ' to ' + {target} + ': '"]
    if found.prefix.startswith("<2"):  # MADLAD
        return [f"prefix='<2' + {_mark(at, 'target', 'code')} + '> '"]
    at.refuse("its model wants a mark of each language. Set 'target' on the node, not as an input of the flow.")


def _language(at: Writing, port: str) -> str:
    """Return a language that is wanted, or one that stands for it where only the run knows."""
    known = at.known(port)
    return known if isinstance(known, str) else "English"


def _mark(at: Writing, port: str, kind: str, around: str = "") -> str:
    """Return the expression of what a model calls a language.

    Args:
        at: Takes the code.
        port: Of the language.
        kind: Which of its names.
        around: What stands on both sides of it.
    """
    if at.is_fixed(port):
        return repr(f"{around}{getattr(language_of(at.known(port)), kind)}{around}")
    code = f"{_called(at, language_of, at.code(port))}.{kind}"
    return f"f'{around}{{{code}}}{around}'" if around else code


def write_classify_text(at: Writing) -> None:
    """Write `classify_text`."""
    network = network_in(at, at.known("model"), "classify_text")
    writer = _Writer(network)
    classifies = "SequenceClassification" in network.made
    model = at.reused("model")
    tokenizer = at.reused("tokenizer")
    at.line(f"{model}, {tokenizer} = {writer.model}, {writer.tokenizer}")
    text = at.code("text")
    if not at.is_set("labels"):
        if not classifies:
            at.refuse("its model has no labels of its own. Write some, or choose a text classifier.")
        labels = _called(at, labelling.labels_of, model)
        found = _called(at, labelling.logits_of, model, tokenizer, text)
    else:
        if writer.rewrites and not classifies:
            at.refuse("its model rewrites texts. Choose a text classifier or a chat model.")
        labels, sentences = _labels(at)
        function = labelling.entailments if classifies else labelling.likelihoods_of
        found = _called(at, function, model, tokenizer, text, sentences)
    shares = at.local("shares")
    at.line(f"{shares} = {_called(at, labelling.shares_of, labels, found)}")
    at.line(f"{shares} = sorted({shares}.items(), key=lambda pair: -pair[1])")
    if at.is_read("label") or at.is_read("score"):
        label, score = at.variable("label"), at.variable("score")
        at.line(f"{label}, {score} = {shares}[0]")
        at.give(label=label, score=score)
    if at.is_read("scores"):
        at.add_import("import pandas")
        at.give(scores=f"pandas.DataFrame({shares}, columns=['label', 'score'])")


def _labels(at: Writing) -> tuple[str, str]:
    """Return (the expression of the labels, that of the sentences about them); may write statements."""
    sentence = at.code("sentence")
    if at.is_fixed("labels"):
        labels = list(dict.fromkeys(label.strip() for label in at.known("labels") if label.strip()))
        if at.is_fixed("sentence"):
            return repr(labels), repr([at.known("sentence").replace("{}", label) for label in labels])
        code = repr(labels)
    else:
        code = at.local("labels")
        given = at.code("labels")
        at.line(f"{code} = list(dict.fromkeys(label.strip() for label in {given} if label.strip()))")
    return code, f"[{sentence}.replace('{{}}', label) for label in {code}]"
