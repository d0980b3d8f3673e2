"""Pictures whose shapes, depth or poses are given by other pictures, through ControlNets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from ..controls import ModelPicker, Slider
from ..errors import MediaError
from ..media import Image, Model
from ..models.controlling import Control, controlled
from ..models.fitting import why_unfit_controlnet
from ..models.image_generation import Painting
from ..models.loading import lend
from ..prompts.conditioning import conditioned, tell_used
from ..schema import Complaint, Options, Progress, node
from .control_code import write_control
from .family_options import CONTROLLED
from .image import Guidance, Pixels, RandomSeed, Steps, Unwanted, Wish

SHELF = "image"

Part = Annotated[float, Slider(0, 1, step=0.01)]


def _complaints(known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say what does not go together, before anything runs."""
    start, end = known.get("start", 0.0), known.get("end", 1.0)
    if start >= end:
        yield Complaint(
            "range", f"The ControlNets would act from {start:g} to {end:g}.", "Let start be below end.", "end"
        )
    given = {name: len(known[name]) for name in ("images", "weights") if isinstance(known.get(name), Sequence)}
    count = len(known["controlnets"]) if isinstance(known.get("controlnets"), Sequence) else None
    for name, number in given.items():
        if count is not None and number not in (1, count):
            yield Complaint(
                "number",
                f"There are {count} ControlNets and {number} {name}.",
                f"Give each ControlNet its own, in the same order, or one of the {name} for all.",
                name,
            )
    if isinstance(known.get("model"), Model):
        for controlnet in known.get("controlnets") or ():
            sentence = why_unfit_controlnet(controlnet, known["model"])
            if sentence:
                yield Complaint("adapter", sentence, port="controlnets")


@node(options=CONTROLLED, check=_complaints, export=write_control)
def control(
    prompt: Wish,
    images: list[Image],
    controlnets: Annotated[list[Model], ModelPicker("controlnet")],
    weights: list[float] | None = None,
    strength: Annotated[float, Slider(0, 2, step=0.05)] = 1.0,
    start: Part = 0.0,
    end: Part = 1.0,
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
    """Paints a picture of what a prompt says, in the shapes that other pictures give.

    Args:
        prompt: What the picture should show.
        images: What each ControlNet goes by: edges, depth, a pose; one for all, or one for each, in the same order.
        controlnets: One or more; each made for the model's family.
        weights: How strongly each acts, in the same order; empty is 1 for all.
        strength: How strongly they act together; 0 is as if there were none.
        start: From which part of the steps on they act: 0 is the first.
        end: Up to which part of the steps they act: 1 is the last.
        negative_prompt: What it should not show; the log says so where a model does not heed it.
        model: A card's name, a Hub id, a folder or a file.
        steps: How many times the noise is reduced; more is slower and finer. Empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        width: In pixels; empty is that of the first image, or the nearest that the model can.
        height: In pixels; empty is that of the first image, or the nearest that the model can.
        seed: The same seed gives the same picture.
    """
    wanted = Painting(prompt, negative_prompt, steps, guidance, seed, options, conditioned)
    acting = _acting(controlnets, images, weights, strength)
    task = "control" if acting else "text_to_image"
    with lend(model, task, progress, controlnets=[controlnet for controlnet, _, _ in acting]) as loan:
        controls = [Control(image, weight) for _, image, weight in acting]
        made = controlled(loan, wanted, controls, (start, end), (width, height), images[0].size, progress)
    tell_used(progress, model, prompt, negative_prompt)
    return made


def _acting(
    controlnets: Sequence[Model], images: Sequence[Image], weights: Sequence[float] | None, strength: float
) -> list[tuple[Model, Image, float]]:
    """Return (ControlNet, image, weight) of those that act: one of weight 0 is as if it were not there."""
    if not controlnets or not images:
        raise MediaError("control wants at least one ControlNet and one image. Connect them, or use text_to_image.")
    count = len(controlnets)
    each_image = list(images) * count if len(images) == 1 else list(images)
    each_weight = list(weights or [1.0]) * (count if len(weights or [1.0]) == 1 else 1)
    if len(each_image) != count or len(each_weight) != count:
        raise MediaError(
            f"There are {count} ControlNets, {len(images)} images and {len(weights or [1.0])} weights. Give each "
            "ControlNet its own, in the same order, or one for all."
        )
    every = zip(controlnets, each_image, (weight * strength for weight in each_weight), strict=True)
    return [(controlnet, image, weight) for controlnet, image, weight in every if weight]
