"""What language models do: chat, prompts, summaries, translations, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from ..controls import Advanced, Choices, ModelPicker, Prompt, Seed, Slider, Text
from ..errors import MediaError, SecretError
from ..media import Image, Model, Table
from ..media.values import SERVED
from ..models import languages
from ..models.json_answers import read_form
from ..models.served.server import WHY_NO_NAME, why_bad_address
from ..models.text_generation import (
    Sampling,
    answer,
    answers_instructions,
    continuation,
    ends_of,
    is_sequence_to_sequence,
    rewritten,
    wanted_text,
)
from ..schema import Complaint, Progress, node
from ..secrets import looks_like_a_key
from .language_code import (
    expansion_for,
    write_chat,
    write_classify_text,
    write_expand_prompt,
    write_summarize,
    write_translate,
)

SHELF = "text"

Tokens = Slider(1, 4096, step=1)
Temperature = Slider(0, 2, step=0.05)
_SMALL = "smollm2-135m"
"""Runs on any laptop."""


def _unfit_server(known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say what is wrong with a server's address and the name of its key, without asking it."""
    if why := why_bad_address(known.get("base_url") or ""):
        yield Complaint("server", why, port="base_url")
    if looks_like_a_key(known.get("key") or ""):
        yield Complaint("secret", *WHY_NO_NAME, port="key")


@node(is_static=True, check=_unfit_server)
def language_server(
    model: Annotated[str, Text(placeholder="gpt-4o-mini")],
    base_url: Annotated[str, Text(placeholder="https://api.openai.com/v1")] = "",
    key: Annotated[str, Text(placeholder="OPENAI_API_KEY", names_a_secret=True)] = "OPENAI_API_KEY",
) -> Model:
    """Names a language model on a server, for chat and its kin: any that speaks as OpenAI's does.

    Args:
        model: What the server calls it.
        base_url: Address of its API; empty is OPENAI_BASE_URL of the environment, else OpenAI's own.
        key: Name of the secret that it wants, pf.secrets["…"] or a variable of the environment; never the key itself.
    """
    if looks_like_a_key(key):
        raise SecretError(" ".join(WHY_NO_NAME))  # no handle ever holds one
    if why := why_bad_address(base_url):
        raise SecretError(why)
    chosen = {"base_url": base_url.strip(), "key": key.strip()}
    return Model(SERVED + model.strip(), {name: value for name, value in chosen.items() if value or name == "key"})


def _unfit_form(known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say what is wrong with a JSON Schema before anything runs."""
    try:
        read_form(known.get("json_schema") or "")
    except MediaError as error:
        yield Complaint("json-schema", str(error), port="json_schema")


@node(export=write_chat, check=_unfit_form)
def chat(
    prompt: Annotated[str, Prompt(lines=4, placeholder="Write a haiku about rain.")],
    system: Annotated[str, Prompt(lines=2, placeholder="You answer in one sentence.")] = "",
    images: list[Image] | None = None,
    model: Annotated[Model, ModelPicker("chat")] = _SMALL,  # type: ignore[assignment]
    max_tokens: Annotated[int, Tokens] = 256,
    temperature: Annotated[float, Temperature] = 0.7,
    top_p: Annotated[float, Slider(0.05, 1, step=0.05), Advanced()] = 0.95,
    repetition_penalty: Annotated[float, Slider(0.8, 2, step=0.05), Advanced()] = 1.0,
    seed: Annotated[int, Seed()] = 0,
    stop: Annotated[str, Text(lines=2, placeholder="###"), Advanced()] = "",
    json_schema: Annotated[str, Text(lines=6, placeholder='{"type": "object"}'), Advanced()] = "",
    progress: Progress = Progress(),
) -> str:
    r"""Answers a prompt, and talks about pictures where the model can see.

    Args:
        prompt: What you say.
        system: How the model is to behave; empty is as it was made.
        images: What you show it; wants a vision-language model.
        model: A card's name, a Hub id, a folder or a .gguf file; or a model on a server.
        max_tokens: The longest answer; a token is about three quarters of a word.
        temperature: 0 always says the likeliest; higher is more surprising.
        top_p: Only the likeliest tokens are drawn from, that together have this share.
        repetition_penalty: Above 1, what was said before becomes less likely.
        seed: The same seed gives the same answer; without influence at temperature 0.
        stop: The answer ends before any of these, one a line; \n stands for the end of a line.
        json_schema: The answer is JSON that fits this JSON Schema, or the node fails and quotes it; empty is any text.
    """
    from ..models.loading import lend

    wanted_text(prompt, "prompt")
    sampling = Sampling(max_tokens, temperature, top_p, repetition_penalty, seed, stop=ends_of(stop))
    form = read_form(json_schema)
    with lend(model, "chat", progress) as loan:
        return answer(loan, prompt, sampling, progress, system=system, images=images or [], form=form)


@node(export=write_expand_prompt)
def expand_prompt(
    prompt: Annotated[str, Prompt(placeholder="a lighthouse in a storm")],
    medium: Literal["image", "video", "music", "sound"] = "image",
    style: Annotated[str, Text(placeholder="watercolour")] = "",
    model: Annotated[Model, ModelPicker("expand_prompt")] = _SMALL,  # type: ignore[assignment]
    max_tokens: Annotated[int, Tokens] = 120,
    temperature: Annotated[float, Temperature] = 0.8,
    seed: Annotated[int, Seed()] = 0,
    progress: Progress = Progress(),
) -> str:
    """Makes a rich prompt of a short idea.

    Args:
        prompt: The idea.
        medium: What the prompt is for; only models that follow instructions hear it.
        style: What it should look or sound like; empty leaves it to the model.
        model: A chat model, a prompt expander (superprompt, MagicPrompt), or any text model.
        max_tokens: The longest prompt; text encoders read 77 tokens (CLIP) to 512 (T5).
        temperature: 0 always says the likeliest; higher is more surprising.
        seed: The same seed gives the same prompt; without influence at temperature 0.
    """
    from ..models.loading import lend

    idea = wanted_text(prompt, "prompt").strip() + (f", {style.strip()}" if style.strip() else "")
    with lend(model, "expand_prompt", progress) as loan:
        penalty = 1.1 if loan.server is None else 1.0  # small models need it; OpenAI's servers refuse it
        sampling = Sampling(max_tokens, temperature, top_p=0.95, repetition_penalty=penalty, seed=seed)
        if is_sequence_to_sequence(loan):
            return rewritten(loan, f"Expand the following prompt to add more detail: {idea}", sampling, progress)
        if not answers_instructions(loan):
            return idea + continuation(loan, idea, sampling, progress)
        return answer(loan, idea, sampling, progress, system=expansion_for(medium)).strip("\"'“”")


@node(export=write_summarize)
def summarize(
    text: Annotated[str, Text(lines=6)],
    length: Literal["sentence", "paragraph", "points"] = "paragraph",
    focus: Annotated[str, Text(placeholder="costs")] = "",
    model: Annotated[Model, ModelPicker("summarize")] = _SMALL,  # type: ignore[assignment]
    max_tokens: Annotated[int, Tokens] = 200,
    progress: Progress = Progress(),
) -> str:
    """Says in short what a long text says.

    Args:
        text: Any length; what is too long for the model is summarised part by part, and then the parts.
        length: A sentence, a paragraph, or a list of points.
        focus: What matters most; only models that follow instructions hear it.
        model: A chat model, or one for summaries (T5, BART, Pegasus).
        max_tokens: The longest summary; a token is about three quarters of a word.
    """
    from ..models.loading import lend
    from ..models.summaries import summary_of

    wanted_text(text, "text")
    with lend(model, "summarize", progress) as loan:
        return summary_of(loan, text, length, focus, Sampling(max_tokens), progress)


@node(export=write_translate)
def translate(
    text: Annotated[str, Text(lines=6)],
    target: Annotated[str, Choices(languages.NAMES)] = "English",
    source: Annotated[str, Choices(("auto", *languages.NAMES))] = "auto",
    model: Annotated[Model, ModelPicker("translate")] = _SMALL,  # type: ignore[assignment]
    max_tokens: Annotated[int, Tokens, Advanced()] = 400,
    beams: Annotated[int, Slider(1, 8, step=1), Advanced()] = 1,
    progress: Progress = Progress(),
) -> str:
    """Says a text in another language.

    Args:
        text: Any length; lines stay lines.
        target: The language of the result.
        source: The language of the text; some models have to be told (NLLB, M2M100, mBART, T5).
        model: A chat model, or one for translation (NLLB, M2M100, mBART, MADLAD, Marian, T5).
        max_tokens: The longest translation of one line or sentence.
        beams: How many translations are followed at once, of which the likeliest stands; slower, and often better.
    """
    from ..models.loading import lend
    from ..models.translation import translated

    if not text.strip():
        return text
    with lend(model, "translate", progress) as loan:
        return translated(loan, text, target, source, Sampling(max_tokens, beams=beams), progress)


class Labelled(NamedTuple):
    """Is what `classify_text` says of a text."""

    label: str
    score: float
    scores: Table


@node(export=write_classify_text)
def classify_text(
    text: Annotated[str, Text(lines=4)],
    labels: list[str] | None = None,
    sentence: Annotated[str, Text(), Advanced()] = "This text is about {}.",
    model: Annotated[Model, ModelPicker("classify_text")] = _SMALL,  # type: ignore[assignment]
    progress: Progress = Progress(),
) -> Labelled:
    """Chooses the label that fits a text.

    Args:
        text: What is labelled.
        labels: What it may be; empty is what a classifier was trained on.
        sentence: What is said of each label, with {} where it stands; the model weighs these sentences.
        model: A chat model, a model of entailment (MNLI), or a classifier with labels of its own.

    Returns:
        The best label, its share (0 to 1), and a table of all labels with their shares, the best first.
    """
    import pandas

    from ..models.labelling import scores_of
    from ..models.loading import lend

    wanted_text(text, "text")
    wanted = list(dict.fromkeys(label.strip() for label in labels or [] if label.strip()))
    with lend(model, "classify_text", progress) as loan:
        scores = scores_of(loan, text, wanted, sentence, progress)
    ordered = sorted(scores.items(), key=lambda pair: -pair[1])
    table = pandas.DataFrame(ordered, columns=["label", "score"])
    return Labelled(*ordered[0], table)  # type: ignore[arg-type]
