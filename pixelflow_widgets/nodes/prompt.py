"""Words for models: prompts with alternatives and placeholders, in styles, that change over the steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from ..controls import Advanced, ModelPicker, Number, Prompt, Seed, Slider, StyleName, Text, WrittenPrompt
from ..errors import MediaError
from ..media import Image, Model, Table
from ..models.loading import lend
from ..models.text_generation import answers_instructions
from ..models.vision import answered, described
from ..prompts import styles, variants, writing
from ..prompts.describing import Describing, as_said, shaped, wish_of
from ..prompts.presets import Preset, negative
from ..prompts.schedule_writing import scheduled
from ..prompts.template import read_values, row_values
from ..prompts.wildcards import gathered
from ..schema import Complaint, Progress, node
from .prompt_code import (
    write_negative_preset,
    write_prompt,
    write_prompt_style,
    write_prompt_template,
    write_prompt_variants,
)
from .vision_code import write_prompt_from_image

SHELF = "text"

Drawn = Annotated[int, Seed()]
Given = Annotated[str | None, Text()]
_LONGEST_COUNTED = 100_000


def _wrong(known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say before the run which wildcard is not there, and what else cannot be read."""
    text = known.get("text")
    if not isinstance(text, str) or len(text) > _LONGEST_COUNTED or variants.is_plain(text):
        return
    try:
        number = variants.count(text)
    except MediaError as error:
        yield Complaint("prompt", str(error), port="text")
        return
    most = known.get("most")
    if known.get("draw") is False and isinstance(most, int) and number > most:
        sentence = f"There are {variants.in_words(number)} combinations, and the first {most} are made."
        yield Complaint("number", sentence, "Raise 'most', or draw some of them.", "most", "hint")


@node(export=write_prompt, check=_wrong, version=2)
def prompt(text: Annotated[str, WrittenPrompt()] = "", seed: Annotated[Drawn, Advanced()] = 0) -> str:
    """Holds a prompt that several nodes may share; draws one of {red|blue} and a line of a wildcard, __colour__.

    Lines that begin with # are comments, and dropped. A backslash before a mark makes it text. Placeholders like
    {subject} stay.

    Args:
        text: What the picture, sound or film should show.
        seed: The same seed draws the same words; without influence where there are no alternatives.
    """
    return text if variants.is_plain(text) else writing.written(text, seed, gathered(text))


class Filled(NamedTuple):
    """Is a prompt that was filled in: the first one, and one for each row of the table."""

    text: str
    texts: list[str]


@node(export=write_prompt_template, check=_wrong)
def prompt_template(
    text: Annotated[str, WrittenPrompt(placeholder="a {style} of {subject}, {light|dark} background")],
    subject: Given = None,
    style: Given = None,
    place: Given = None,
    values: Annotated[str, Text(lines=2, placeholder="colour: red")] = "",
    table: Table | None = None,
    missing: Literal["stop", "leave it", "leave it out"] = "stop",
    seed: Drawn = 0,
) -> Filled:
    """Fills in the placeholders of a prompt, {subject} say, once or for each row of a table; draws its alternatives.

    What is filled in is taken as it is: an alternative, a wildcard or a comment in it is text.

    Args:
        text: The prompt, written as for `prompt`.
        subject: Stands for {subject}.
        style: Stands for {style}.
        place: Stands for {place}.
        values: Stand for other names: a line for each, `colour: red`, or an object of JSON.
        table: A prompt for each row; the columns are names, and go before the other values.
        missing: What happens at a placeholder that has no value.
        seed: The same seed draws the same words; each row draws with the next one.
    """
    ports = {"subject": subject, "style": style, "place": place}
    known = {name: value for name, value in ports.items() if value is not None} | read_values(values)
    rows = [known] if table is None else [known | row for row in row_values(table)]
    if not rows:
        raise MediaError("The table has no row, so that there is no prompt to write.")
    texts = writing.written_rows(text, seed, gathered(text), rows, missing)
    return Filled(texts[0], texts)


@node(export=write_prompt_variants, check=_wrong)
def prompt_variants(
    text: Annotated[str, WrittenPrompt(placeholder="a {red|blue|green} {circle|star}")],
    draw: bool = False,
    most: Annotated[int, Number(min=1, max=1_000, step=1)] = 16,
    seed: Drawn = 0,
    progress: Progress = Progress(),
) -> list[str]:
    """Makes a list of the combinations of a prompt's alternatives {red|blue} and wildcards __colour__.

    Args:
        text: The prompt, written as for `prompt`.
        draw: Combinations are drawn, by the weights of the options ({3::red|blue}); else they come in order.
        most: How many at most.
        seed: The same seed draws the same combinations; without influence where none are drawn.
    """
    lists = gathered(text)
    count = variants.Variants(variants.comments.without(text), lists).count
    told = f"{variants.in_words(count)} combination{'s' if count > 1 else ''}"
    progress.log(f"{told}: all of them." if count <= most else f"{told}: {most} {'drawn' if draw else 'in order'}.")
    return writing.drawn(text, lists, most, seed) if draw else writing.combinations(text, lists, most)


@node(export=write_prompt_from_image)
def prompt_from_image(
    image: Image,
    style: Describing = "sentence",
    model: Annotated[Model, ModelPicker("caption")] = "blip",  # type: ignore[assignment]
    longest: Annotated[int, Number(min=1, max=512, step=1, unit="tokens")] = 60,
    progress: Progress = Progress(),
) -> str:
    """Writes a prompt that would paint a picture like this one.

    Args:
        image: The picture.
        style: A sentence; tags with commas between; or "sdxl": a sentence, then medium, light and the like.
        model: BLIP, or a vision-language model that chats: only such a one sees medium and light.
        longest: Of what the model says, in tokens: a word has one or two.
    """
    with lend(model, "caption", progress) as loan:
        if answers_instructions(loan):
            return as_said(answered(loan, image, wish_of(style), longest, 3, progress))
        return shaped(described(loan, image, "", longest, 3, progress), style)


@node
def prompt_schedule(
    text: Annotated[str, Prompt(lines=3, placeholder="a red circle\n0.5: a blue star")],
    then: Annotated[str | None, Prompt(lines=1, placeholder="a blue star")] = None,
    at: Annotated[float, Slider(0, 1, step=0.01)] = 0.5,
) -> str:
    """Writes a prompt that changes while a picture is painted: [a red circle:a blue star:0.5].

    Args:
        text: A prompt a line. A line may say from which part of the steps on it holds (`0.3: a blue star`, `30%: …`);
            where no line does, each holds as long as the others.
        then: One more prompt, behind the lines.
        at: From which part of the steps on that one holds: 0 is the first step, 1 the end.
    """
    return scheduled(text, then, at)


@node(export=write_negative_preset)
def negative_preset(
    preset: Preset = "general", extra: Annotated[str, Prompt(lines=1, negative=True, placeholder="cats")] = ""
) -> str:
    """Gives a negative prompt: what pictures of a kind should usually not show, and what else you say.

    Models that need no guidance (FLUX, turbo and lightning models) do not heed negative prompts at all.

    Args:
        preset: By what the picture is to be; "SDXL" and "SD 1.5" are what users of those models write, "none" is empty.
        extra: More words, with commas between; those that are there do not come twice.
    """
    return negative(preset, extra)


class Styled(NamedTuple):
    """Is a prompt in a style, and what the picture should then not show."""

    prompt: str
    negative_prompt: str


def _wrong_style(known: Mapping[str, Any]) -> Iterable[Complaint]:
    style = known.get("style")
    try:
        if isinstance(style, str) and style.strip():
            styles.find(style)
    except MediaError as error:
        yield Complaint("style", str(error), port="style")


@node(export=write_prompt_style, check=_wrong_style)
def prompt_style(
    prompt: Annotated[str, Prompt(lines=2)],
    style: Annotated[str, StyleName(placeholder="watercolour")] = "photo",
    negative_prompt: Annotated[str, Prompt(lines=1, negative=True)] = "",
) -> Styled:
    """Puts the words of a style around a prompt: one that ships (photo, watercolour, ink drawing …) or your own.

    Your own are kept by pf.styles.save("name", "an etching of {prompt}", "photo").

    Args:
        prompt: What the picture should show.
        style: The name of the style; empty is none.
        negative_prompt: What the picture should not show, besides what the style says.
    """
    if not style.strip():
        return Styled(prompt, negative_prompt)
    found = styles.find(style)
    unwanted = [words for words in (found.negative_prompt, negative_prompt) if words.strip()]
    return Styled(found.apply(prompt), ", ".join(unwanted))
