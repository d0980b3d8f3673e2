"""Pictures: made, changed."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

import PIL.Image

from ..controls import ModelPicker, Number, Prompt, Seed, Slider
from ..errors import MediaError
from ..media import Image, Model
from ..models.cards import card_of
from ..models.live import folder_behind, is_live
from ..models.loading import generator, in_use, load_pipeline
from ..models.weights import folder_of
from ..schema import Progress, node

Pixels = Annotated[int | None, Number(min=8, max=8192, step=8, unit="px")]


@node
def text_to_image(
    prompt: Annotated[str, Prompt(placeholder="a red circle on a blue background")],
    negative_prompt: Annotated[str, Prompt(lines=1, negative=True)] = "",
    model: Annotated[Model, ModelPicker("text_to_image")] = "starter",  # type: ignore[assignment]
    steps: Annotated[int, Slider(1, 150, step=1)] = 20,
    guidance: Annotated[float | None, Slider(0, 20, step=0.1)] = None,
    width: Pixels = None,
    height: Pixels = None,
    seed: Annotated[int, Seed()] = 0,
    progress: Progress = Progress(),
) -> Image:
    """Paints a picture of what a prompt says.

    Args:
        prompt: What the picture should show.
        negative_prompt: What it should not show.
        model: A card's name, a Hub id or a folder.
        steps: How many times the noise is reduced; more is slower and finer.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        width: In pixels; empty is what suits the model.
        height: In pixels; empty is what suits the model.
        seed: The same seed gives the same picture.
    """
    from ..models.sketch import latent_preview

    pipeline = load_pipeline(model, progress)
    card = card_of(model)
    options: dict[str, Any] = dict(card.defaults) if card else {}
    chosen = {"guidance": guidance, "width": width, "height": height}
    options |= {name: value for name, value in chosen.items() if value is not None}
    _check_size(pipeline, options.get("width"), options.get("height"))
    folder = folder_behind(pipeline) if is_live(model) else folder_of(model)
    sketch = latent_preview(folder) if folder else None

    def after_step(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        progress((step + 1) / steps, preview=functools.partial(sketch, tensors["latents"]) if sketch else None)
        return tensors

    if "guidance" in options:
        options["guidance_scale"] = options.pop("guidance")
    with in_use(pipeline, progress):
        return pipeline(
            prompt=prompt,
            negative_prompt=negative_prompt or None,
            num_inference_steps=steps,
            generator=generator(seed),
            callback_on_step_end=after_step,
            **options,
        ).images[0]


def _check_size(pipeline: Any, *edges: int | None) -> None:
    factor = pipeline.vae_scale_factor * 2  # the UNet halves the latents at least once
    for edge in edges:
        if edge is not None and edge % factor:
            nearest = max(factor, round(edge / factor) * factor)
            raise MediaError(f"This model paints in multiples of {factor} pixels; {edge} is not one. Try {nearest}.")


@node
def resize_image(
    image: Image,
    width: Annotated[int, Number(min=1, max=16384, unit="px")] = 512,
    height: Annotated[int, Number(min=1, max=16384, unit="px")] = 512,
    fit: Literal["stretch", "contain", "cover"] = "contain",
    filter: Literal["lanczos", "nearest", "bilinear"] = "lanczos",
) -> Image:
    """Changes the size of a picture.

    Args:
        image: The picture.
        width: In pixels.
        height: In pixels.
        fit: stretch changes the shape; contain keeps it and fits inside; cover keeps it and cuts what stands over.
        filter: nearest keeps hard pixel edges.
    """
    how = PIL.Image.Resampling[filter.upper()]
    if fit == "stretch":
        return image.resize((width, height), how)
    from PIL import ImageOps

    return (ImageOps.contain if fit == "contain" else ImageOps.fit)(image, (width, height), how)
