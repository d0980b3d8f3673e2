"""Pictures that diffusion models paint, change, complete and extend; and pictures made larger."""

from __future__ import annotations

from typing import Annotated

from ..controls import ModelPicker, Number, Prompt, Seed, Slider
from ..errors import MediaError
from ..media import Image, Mask, Model
from ..media.canvas import drawn_out
from ..media.masks import softened, widened
from ..models.image_generation import Painting, check_size, default_size, filled, paint, repainted
from ..models.loading import lend
from ..models.upscaling import enlarged
from ..prompts.conditioning import conditioned, tell_used
from ..schema import Options, Progress, node
from .family_options import FILLING, PAINTING, REPAINTING
from .image_code import write_image_to_image, write_inpaint, write_outpaint, write_text_to_image, write_upscale

Pixels = Annotated[int | None, Number(min=8, max=8192, step=8, unit="px")]
Margin = Annotated[int, Number(min=0, max=4096, step=8, unit="px")]
Steps = Annotated[int | None, Slider(1, 150, step=1)]
Guidance = Annotated[float | None, Slider(0, 20, step=0.1)]
Strength = Annotated[float, Slider(0, 1, step=0.01)]
Wish = Annotated[str, Prompt(placeholder="a red circle on a blue background")]
Unwanted = Annotated[str, Prompt(lines=1, negative=True)]
RandomSeed = Annotated[int, Seed()]


@node(options=PAINTING, export=write_text_to_image)
def text_to_image(
    prompt: Wish,
    negative_prompt: Unwanted = "",
    model: Annotated[Model, ModelPicker("text_to_image")] = "starter",  # type: ignore[assignment]
    steps: Steps = None,
    guidance: Guidance = None,
    width: Pixels = None,
    height: Pixels = None,
    seed: RandomSeed = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Image:
    """Paints a picture of what a prompt says.

    Args:
        prompt: What the picture should show.
        negative_prompt: What it should not show; the log says so where a model does not heed it.
        model: A card's name, a Hub id, a folder or a file.
        steps: How many times the noise is reduced; more is slower and finer. Empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        width: In pixels; empty is what suits the model.
        height: In pixels; empty is what suits the model.
        seed: The same seed gives the same picture.
    """
    wanted = Painting(prompt, negative_prompt, steps, guidance, seed, options, conditioned)
    with lend(model, "text_to_image", progress) as loan:
        usual_width, usual_height = default_size(loan)
        size = {"width": width or usual_width, "height": height or usual_height}
        check_size(loan, *size.values())
        made = paint(loan, wanted, progress, **size)
    tell_used(progress, model, prompt, negative_prompt)
    return made


@node(options=REPAINTING, export=write_image_to_image)
def image_to_image(
    image: Image,
    prompt: Wish,
    negative_prompt: Unwanted = "",
    model: Annotated[Model, ModelPicker("image_to_image")] = "starter",  # type: ignore[assignment]
    strength: Strength = 0.6,
    steps: Steps = None,
    guidance: Guidance = None,
    seed: RandomSeed = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Image:
    """Paints a picture over another one, in its size.

    Args:
        image: Where it begins.
        prompt: What the picture should show.
        negative_prompt: What it should not show; the log says so where a model does not heed it.
        model: A card's name, a Hub id, a folder or a file.
        strength: How much changes, in whole steps: 0 is nothing, and gives the picture back as it is; 1 is all.
        steps: How many times the noise would be reduced at strength 1; at 0.5 it is half as often. Empty is what suits
            the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same picture.
    """
    if strength == 0:
        return image
    wanted = Painting(prompt, negative_prompt, steps, guidance, seed, options, conditioned)
    with lend(model, "image_to_image", progress) as loan:
        made = repainted(loan, wanted, image, strength, progress)
    tell_used(progress, model, prompt, negative_prompt)
    return made


@node(options=FILLING, export=write_inpaint)
def inpaint(
    image: Image,
    mask: Mask,
    prompt: Wish,
    negative_prompt: Unwanted = "",
    model: Annotated[Model, ModelPicker("inpaint")] = "starter",  # type: ignore[assignment]
    strength: Strength = 1.0,
    grow: Annotated[int, Number(min=-256, max=256, step=1, unit="px")] = 0,
    blur: Annotated[float, Number(min=0, max=128, step=1, unit="px")] = 0.0,
    steps: Steps = None,
    guidance: Guidance = None,
    seed: RandomSeed = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Image:
    """Paints anew what is white in a mask; what is black stays as it is, pixel by pixel.

    Args:
        image: The picture.
        mask: White where it is painted; as large as the picture.
        prompt: What should be there.
        negative_prompt: What should not; the log says so where a model does not heed it.
        model: A card's name, a Hub id, a folder or a file; one made for inpainting joins best.
        strength: How much changes where the mask is white, in whole steps: 0 is nothing, 1 is all.
        grow: How much wider the mask becomes to each side, in pixels; below 0 it becomes narrower.
        blur: Over how many pixels the new goes over into the old; those pixels outside the mask change, too.
        steps: How many times the noise would be reduced at strength 1. Empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same picture.
    """
    if mask.size != image.size:
        raise MediaError(
            f"The mask is {mask.width} x {mask.height} pixels and the picture {image.width} x {image.height}. "
            "Make them equal, with resize_image say."
        )
    used = softened(widened(mask.convert("L"), grow), blur)
    if strength == 0 or used.getextrema()[1] == 0:
        progress.log("Nothing is painted: the strength is 0, or the mask is black everywhere.")
        return image
    wanted = Painting(prompt, negative_prompt, steps, guidance, seed, options, conditioned)
    with lend(model, "inpaint", progress) as loan:
        made = filled(loan, wanted, image, used, strength, progress)
    tell_used(progress, model, prompt, negative_prompt)
    return made


@node(options=REPAINTING, export=write_outpaint)
def outpaint(
    image: Image,
    prompt: Wish,
    left: Margin = 0,
    right: Margin = 0,
    top: Margin = 0,
    bottom: Margin = 0,
    negative_prompt: Unwanted = "",
    model: Annotated[Model, ModelPicker("outpaint")] = "starter",  # type: ignore[assignment]
    overlap: Annotated[int, Number(min=0, max=256, step=8, unit="px")] = 16,
    steps: Steps = None,
    guidance: Guidance = None,
    seed: RandomSeed = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Image:
    """Paints what lies beyond the edges of a picture, which itself stays as it is, pixel by pixel.

    Args:
        image: The picture.
        prompt: What the whole should show.
        left: How much is added at the left, in pixels.
        right: How much is added at the right, in pixels.
        top: How much is added above, in pixels.
        bottom: How much is added below, in pixels.
        negative_prompt: What it should not show; the log says so where a model does not heed it.
        model: A card's name, a Hub id, a folder or a file; one made for inpainting joins best.
        overlap: How far inside its edge the model may paint while it works, so that both join, in pixels.
        steps: How many times the noise is reduced; empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same picture.
    """
    if not left + right + top + bottom:
        progress.log("Nothing is painted: no side is to grow.")
        return image
    canvas, beyond = drawn_out(image, left, top, right, bottom)
    wanted = Painting(prompt, negative_prompt, steps, guidance, seed, options, conditioned)
    with lend(model, "outpaint", progress) as loan:
        made = filled(loan, wanted, canvas, beyond, 1.0, progress, seen=widened(beyond, overlap))
    tell_used(progress, model, prompt, negative_prompt)
    return made


@node(export=write_upscale)
def upscale(
    image: Image,
    model: Annotated[Model, ModelPicker("upscale")] = "swin2sr",  # type: ignore[assignment]
    factor: Annotated[float | None, Slider(1, 8, step=0.5)] = None,
    tile: Annotated[int, Number(min=32, max=4096, step=8, unit="px")] = 256,
    progress: Progress = Progress(),
) -> Image:
    """Makes a picture larger and adds the detail that a model thinks is there; `resize_image` adds none.

    Args:
        image: The picture.
        model: A card's name, a Hub id or a folder of a super-resolution model.
        factor: How many times as wide and high; empty is what the model makes. It is asked again for more.
        tile: Larger pictures are done in squares of so many pixels, which takes less memory.
    """
    with lend(model, "upscale", progress) as loan:
        return enlarged(loan, image, factor, tile, progress)
