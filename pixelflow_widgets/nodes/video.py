"""Films by models: from words, and from pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from ..controls import Advanced, ModelPicker, Number, Prompt, Seed, Slider
from ..errors import ModelError
from ..media import Image, Model, Video
from ..models.cards import described
from ..models.text_generation import wanted_text
from ..models.video_generation import Shot, filmed
from ..prompts.conditioning import plain_words, tell_used
from ..schema import Complaint, Option, Options, Progress, node
from .video_code import write_image_to_video, write_text_to_video

Pixels = Annotated[int | None, Number(min=16, max=4096, step=8, unit="px")]
Frames = Annotated[int | None, Number(min=1, max=1025, step=1)]
Fps = Annotated[float | None, Number(min=1, max=120, step=1, unit="fps")]
Steps = Annotated[int | None, Number(min=1, max=200, step=1)]
Guidance = Annotated[float | None, Slider(0, 20, step=0.1)]

_RESCALE = Option(
    "guidance_rescale",
    float,
    Slider(0, 1, step=0.05),
    families=("LTX-Video",),
    help="Takes back the glare of a high guidance; 0 where it is empty.",
)

_STILL = ("SD1.5", "SDXL")
"""Families that paint single pictures, and film with a motion adapter."""


def _family_of(model: Model) -> str:
    """Return the base model of a handle; empty where nobody knows, or where it is not here."""
    try:
        return described(model).base_model
    except ModelError:
        return ""


def _moves(model: Model) -> bool:
    """Return whether a model of a family that paints single pictures has a motion adapter among its parts."""
    return "text_to_image" not in described(model).tasks


def _unmoved(known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say where a model that paints single pictures has nothing that sets them in motion, or something else's."""
    if "model" not in known or "motion" not in known:
        return
    family, motion = _family_of(known["model"]), known["motion"]
    if family in _STILL and motion is None and not _moves(known["model"]):
        yield Complaint(
            "motion",
            f"This model is {family}, which paints single pictures.",
            "Choose a motion adapter (AnimateDiff) as 'motion', or a model for films: LTX-Video, Wan.",
            "motion",
        )
    elif motion is not None and family and family != (suits := _family_of(motion) or family):
        yield Complaint(
            "adapter",
            f"This motion adapter was made for {suits}; the model here is {family}.",
            f"Choose a motion adapter for {family}." if family in _STILL else "Leave 'motion' empty.",
            "motion",
        )


@node(
    check=_unmoved,
    options=(
        _RESCALE,
        Option(
            "max_sequence_length",
            int,
            Number(min=8, max=1024, step=1),
            families=("LTX-Video", "Wan 2.1"),
            help="How many tokens of the prompt are read; 128 (LTX) or 512 (Wan) where it is empty.",
        ),
    ),
    export=write_text_to_video,
)
def text_to_video(
    prompt: Annotated[str, Prompt(placeholder="a paper boat drifts down a rainy street")],
    negative_prompt: Annotated[str, Prompt(lines=1, negative=True)] = "",
    model: Annotated[Model, ModelPicker("text_to_video")] = "ltx-video",  # type: ignore[assignment]
    motion: Annotated[Model | None, ModelPicker("motion"), Advanced()] = None,
    frames: Frames = None,
    fps: Fps = None,
    width: Pixels = None,
    height: Pixels = None,
    steps: Steps = None,
    guidance: Guidance = None,
    seed: Annotated[int, Seed()] = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Video:
    """Films what a prompt says.

    Args:
        prompt: What is seen, and how it moves.
        negative_prompt: What is not to be seen.
        model: LTX-Video, Wan, ModelScope; or a Stable Diffusion with a motion adapter.
        motion: Sets the pictures of a Stable Diffusion 1.5 or XL in motion (AnimateDiff).
        frames: How many; LTX-Video films 8k + 1, Wan 4k + 1. Empty is what suits the model.
        fps: Frames a second; LTX-Video moves accordingly, others are shown faster or slower. Empty is what suits.
        width: In pixels, a multiple of 32 (LTX-Video), 16 (Wan) or 8; empty is what suits the model.
        height: In pixels, likewise.
        steps: How many times the noise is reduced; empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same film.
    """
    from ..models.loading import lend

    wanted_text(prompt, "prompt")
    handle = Model(model) if isinstance(model, str) else model
    if motion is not None:
        handle = handle.with_options(motion=motion if isinstance(motion, str) else motion.source)
    shot = Shot(frames, fps, width, height, steps, guidance, seed)
    with lend(handle, "text_to_video", progress) as loan:
        made = filmed(loan, *plain_words(loan, prompt, negative_prompt, progress), shot, options, progress)
    tell_used(progress, model, prompt, negative_prompt, images=0)
    return made


@node(
    options=(
        _RESCALE,
        Option(
            "motion_bucket_id",
            int,
            Slider(1, 255, step=1),
            families=("SVD",),
            help="How much moves; 127 where it is empty.",
        ),
        Option(
            "noise_aug_strength",
            float,
            Slider(0, 1, step=0.01),
            families=("SVD",),
            help="How far the film may leave the picture; 0.02 where it is empty.",
        ),
        Option("last_image", Image, families=("Wan 2.1",), help="How the film ends; empty leaves it open."),
    ),
    export=write_image_to_video,
)
def image_to_video(
    image: Image,
    prompt: Annotated[str, Prompt(placeholder="the boat drifts away")] = "",
    negative_prompt: Annotated[str, Prompt(lines=1, negative=True)] = "",
    model: Annotated[Model, ModelPicker("image_to_video")] = "ltx-video",  # type: ignore[assignment]
    frames: Frames = None,
    fps: Fps = None,
    width: Pixels = None,
    height: Pixels = None,
    steps: Steps = None,
    guidance: Guidance = None,
    seed: Annotated[int, Seed()] = 0,
    options: Options = Options(),
    progress: Progress = Progress(),
) -> Video:
    """Films what follows a picture.

    Args:
        image: How the film begins; it is cut to the film's shape.
        prompt: What happens; Stable Video Diffusion reads no words.
        negative_prompt: What is not to be seen.
        model: LTX-Video, a Wan I2V, Stable Video Diffusion.
        frames: How many; LTX-Video films 8k + 1, Wan 4k + 1. Empty is what suits the model.
        fps: Frames a second; LTX-Video and Stable Video Diffusion move accordingly. Empty is what suits the model.
        width: In pixels, a multiple of 32 (LTX-Video), 16 (Wan) or 64 (SVD); both empty keep the picture's shape.
        height: In pixels, likewise.
        steps: How many times the noise is reduced; empty is what suits the model.
        guidance: How strictly the prompt is followed; empty is what suits the model.
        seed: The same seed gives the same film.
    """
    from ..models.loading import lend

    shot = Shot(frames, fps, width, height, steps, guidance, seed)
    with lend(model, "image_to_video", progress) as loan:
        made = filmed(loan, *plain_words(loan, prompt, negative_prompt, progress), shot, options, progress, image)
    tell_used(progress, model, prompt, negative_prompt, images=0)
    return made
