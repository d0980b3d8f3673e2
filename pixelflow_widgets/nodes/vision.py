"""Looking at pictures: cutting out, depth, segments, captions, questions, likeness to words."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from ..controls import ModelPicker, Number, Prompt, Slider, Text
from ..media import Image, Mask, Model
from ..media.masks import softened, widened
from ..models.loading import lend
from ..models.text_generation import wanted_text
from ..models.vision import answered, as_mask, described, fit_of_words, foreground, nearness, segmented
from ..schema import Progress, node
from .vision_code import (
    cut_out,
    write_caption,
    write_clip_score,
    write_depth,
    write_remove_background,
    write_segment,
    write_visual_question,
)

_LOOKING = "Looking at the picture …"
Share = Annotated[float, Slider(0, 1, step=0.01)]
Beams = Annotated[int, Number(min=1, max=16, step=1)]


class Cutout(NamedTuple):
    """Is what was cut out, with nothing behind it, and its mask."""

    image: Image
    mask: Mask


class Found(NamedTuple):
    """Is what was found: all of it as one mask, a mask for each thing, and what each shows."""

    mask: Mask
    masks: list[Mask]
    labels: list[str]


@node(export=write_remove_background)
def remove_background(
    image: Image,
    subject: Annotated[str, Text(placeholder="the cat")] = "",
    model: Annotated[Model, ModelPicker("remove_background")] = "mobilevit",  # type: ignore[assignment]
    threshold: Share | None = None,
    grow: Annotated[int, Number(min=-64, max=64, step=1, unit="px")] = 0,
    blur: Annotated[float, Number(min=0, max=64, step=0.5, unit="px")] = 0.0,
    progress: Progress = Progress(),
) -> Cutout:
    """Cuts the subject of a picture out, and makes what is behind it transparent.

    Args:
        image: The picture.
        subject: What is kept, several things with commas between; empty is everything that is not background.
        model: One that reads (CLIPSeg) finds any words; one with labels knows what it was taught.
        threshold: How sure the model has to be, from 0 to 1, where the edge shall be sharp; empty is soft edges.
        grow: How much wider the cut-out becomes to each side, in pixels; below 0 it becomes narrower.
        blur: Over how many pixels its edge goes over into nothing.
    """
    with lend(model, "remove_background", progress) as loan:
        progress(note=_LOOKING)
        mask = as_mask(foreground(loan, image, subject), threshold)
    mask = softened(widened(mask, grow), blur)
    return Cutout(cut_out(image, mask), Mask(mask))


@node(export=write_depth)
def depth(
    image: Image,
    model: Annotated[Model, ModelPicker("depth")] = "dpt",  # type: ignore[assignment]
    invert: bool = False,
    progress: Progress = Progress(),
) -> Image:
    """Estimates how near everything in a picture is: white is near, black is far, as a ControlNet for depth wants.

    Args:
        image: The picture.
        model: A card's name, a Hub id or a folder: DPT, Depth Anything, ZoeDepth.
        invert: Black is near, white is far.
    """
    with lend(model, "depth", progress) as loan:
        progress(note=_LOOKING)
        near = nearness(loan.model, loan.processor, image)
    return as_mask(1 - near if invert else near).convert("RGB")


@node(export=write_segment)
def segment(
    image: Image,
    things: Annotated[str, Text(placeholder="cat, sofa")] = "",
    model: Annotated[Model, ModelPicker("segment")] = "clipseg",  # type: ignore[assignment]
    threshold: Share | None = None,
    smallest: Annotated[float, Slider(0, 0.5, step=0.005)] = 0.01,
    progress: Progress = Progress(),
) -> Found:
    """Finds where things are in a picture, as masks.

    Args:
        image: The picture.
        things: What to look for, with commas between; empty is all that the model knows, if it has labels.
        model: One that reads (CLIPSeg) finds any words; one with labels (SegFormer) knows what it was taught.
        threshold: How sure the model has to be, from 0 to 1; empty is 0.5 for one that reads, and the likeliest label.
        smallest: Where nothing is named, things that cover less of the picture are left out, from 0 to 1.
    """
    with lend(model, "segment", progress) as loan:
        progress(note=_LOOKING)
        labels, shares = segmented(loan, image, things, threshold, smallest)
    return Found(Mask(as_mask(shares.max(0, initial=0))), [Mask(as_mask(share)) for share in shares], labels)


@node(export=write_caption)
def caption(
    image: Image,
    begin: Annotated[str, Text(placeholder="a photo of")] = "",
    model: Annotated[Model, ModelPicker("caption")] = "blip",  # type: ignore[assignment]
    longest: Annotated[int, Number(min=1, max=512, step=1, unit="tokens")] = 40,
    beams: Beams = 3,
    progress: Progress = Progress(),
) -> str:
    """Says in a sentence what a picture shows.

    Args:
        image: The picture.
        begin: How the sentence begins; empty is as the model likes.
        model: BLIP, or a vision-language model that chats.
        longest: Of the sentence, in tokens: a word has one or two.
        beams: How many sentences are followed at once, of which the likeliest stands; more is slower and surer.
    """
    with lend(model, "caption", progress) as loan:
        return described(loan, image, begin, longest, beams, progress)


@node(export=write_visual_question)
def visual_question(
    image: Image,
    question: Annotated[str, Prompt(lines=1, placeholder="How many cats are there?")],
    model: Annotated[Model, ModelPicker("visual_question")] = "blip-vqa",  # type: ignore[assignment]
    longest: Annotated[int, Number(min=1, max=1024, step=1, unit="tokens")] = 40,
    beams: Beams = 3,
    progress: Progress = Progress(),
) -> str:
    """Answers a question about a picture.

    Args:
        image: The picture.
        question: What you want to know.
        model: BLIP for a word or two, or a vision-language model that chats.
        longest: Of the answer, in tokens: a word has one or two.
        beams: How many answers are followed at once, of which the likeliest stands; more is slower and surer.
    """
    question = wanted_text(question, "question")
    with lend(model, "visual_question", progress) as loan:
        return answered(loan, image, question, longest, beams, progress)


@node(export=write_clip_score)
def clip_score(
    image: Image,
    text: Annotated[str, Prompt(lines=1)],
    model: Annotated[Model, ModelPicker("clip_score")] = "clip",  # type: ignore[assignment]
    progress: Progress = Progress(),
) -> float:
    """Measures how well a text says what a picture shows: about 20 for something else, above 30 for a good fit.

    Args:
        image: The picture.
        text: What it should show, for example the prompt.
        model: A card's name, a Hub id or a folder of a CLIP.

    Returns:
        100 times the cosine between both, not below 0.
    """
    with lend(model, "clip_score", progress) as loan:
        progress(note=_LOOKING)
        return fit_of_words(loan.model, loan.processor, image, text)
