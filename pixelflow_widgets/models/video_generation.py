"""Films from words and pictures: what each family wants to be asked, and sketches while it samples."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import PIL.Image
from PIL import ImageOps

from ..errors import MediaError, ModelError
from ..media import Audio, Image, Video
from .latent_colours import picture_of_latents
from .limits import why_too_short
from .text_generation import title_of

if TYPE_CHECKING:
    from .loading import Loan, Report


class Kind(NamedTuple):
    """Says what a family of pipelines wants, and does not say of itself.

    Args:
        starts: How the names of its classes begin.
        fps: Frames a second that it was trained on.
        multiple: Width and height are multiples of so many pixels.
        frames_first: Its latents are (batch, frames, channels, …), not (batch, channels, frames, …).
    """

    starts: str
    fps: float
    multiple: int
    frames_first: bool = False


_KINDS = (
    Kind("LTX", 24, 32),
    Kind("Wan", 16, 16),
    Kind("AnimateDiff", 8, 8),
    Kind("TextToVideoSD", 8, 8),
    Kind("StableVideoDiffusion", 7, 64, frames_first=True),
    Kind("CogVideoX", 8, 16, frames_first=True),
    Kind("HunyuanVideo", 24, 16),
    Kind("", 16, 16),
)
RATES = ("frame_rate", "fps")
"""What pipelines call the speed that they are told."""


@dataclass(frozen=True)
class Shot:
    """Says what a film shall be like; None is what suits the model.

    Args:
        frames: How many.
        fps: How many are shown a second.
        width: In pixels.
        height: In pixels.
        steps: How many times the noise is reduced.
        guidance: How strictly the prompt is followed.
        seed: The same seed gives the same film.
    """

    frames: int | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0


def filmed(
    loan: Loan,
    prompt: str,
    negative_prompt: str,
    shot: Shot,
    options: Mapping[str, Any],
    report: Report,
    image: Image | None = None,
) -> Video:
    """Return a film of what a prompt says, or of what follows a picture.

    Args:
        loan: A pipeline of diffusers that makes films.
        prompt: What is seen.
        negative_prompt: What is not seen.
        shot: Length, speed, size, steps.
        options: What only some families have, as their pipelines call it; what this one does not know is left out.
        report: Told of each step, with a sketch; may raise to stop.
        image: The first picture; it is cut to the film's shape.

    Raises:
        MediaError: The family makes no film of that length or size.
        ModelError: The model makes no films, or none of a picture.
    """
    from .loading import generator

    pipeline, taken = loan.pipeline, _taken(loan)
    _check_task(loan, taken, prompt, negative_prompt, options, image)
    kind = kind_of(type(pipeline).__name__)
    wanted = _settled(loan, taken, shot, kind, image)
    arguments = _told(taken, wanted, prompt, negative_prompt, options)
    if image is not None:
        fitted = ImageOps.fit(image.convert("RGB"), (arguments["width"], arguments["height"]))
        arguments["image"] = fitted
    steps = wanted.steps or taken["num_inference_steps"].default
    made = loan.attempt(
        pipeline,
        generator=generator(shot.seed),
        output_type="np",
        **arguments,
        **_followed(loan, kind, steps, arguments, taken, report),
    )
    return as_film(made.frames[0], wanted.fps or kind.fps, sound_of(pipeline, made))


def as_film(frames: Any, fps: float, audio: Audio | None = None) -> Video:
    """Return a film of what a pipeline made: frames with values from 0 to 1."""
    return Video((np.asarray(frames).clip(0, 1) * 255).round().astype(np.uint8), fps, audio)


def _taken(loan: Loan) -> Mapping[str, inspect.Parameter]:
    if loan.pipeline is None:
        raise ModelError(f"{title_of(loan)} makes no films. Choose a model for films: LTX-Video, Wan, AnimateDiff.")
    return inspect.signature(loan.pipeline.__call__).parameters


def _check_task(
    loan: Loan,
    taken: Mapping[str, Any],
    prompt: str,
    negative_prompt: str,
    options: Mapping[str, Any],
    image: Image | None,
) -> None:
    name = type(loan.pipeline).__name__
    if "num_frames" not in taken:
        raise ModelError(
            f"{title_of(loan)} paints single pictures. Choose a model for films (LTX-Video, Wan), or give a model of "
            "Stable Diffusion a motion adapter (AnimateDiff)."
        )
    if image is None and taken.get("image") is not None and taken["image"].default is inspect.Parameter.empty:
        raise ModelError(f"{title_of(loan)} films what follows a picture ({name}). Use image_to_video.")
    if image is not None and "image" not in taken:
        raise ModelError(
            f"{title_of(loan)} films words, and cannot begin with a picture ({name}). "
            "Choose a model for image to video: LTX-Video, a Wan I2V, Stable Video Diffusion."
        )
    if "last_image" in taken:
        config = loan.pipeline.transformer.config
        if why := why_no_end(config, title_of(loan), options.get("last_image") is not None):
            raise ModelError(why)
    if "prompt" not in taken and (prompt.strip() or negative_prompt.strip()):
        raise ModelError(f"{title_of(loan)} reads no words: it films what follows a picture. Leave the prompts empty.")


def why_no_end(config: Mapping[str, Any], title: str, has_end: bool) -> str:
    """Return why a Wan cannot tell the last picture from the first, or lacks one of the two; empty where all fits.

    Args:
        config: Of its transformer.
        title: What a person calls it.
        has_end: Whether a last picture is given.
    """
    if not config.get("image_dim"):  # it sees pictures by their latents only, and those have places
        return ""
    if config.get("pos_embed_seq_len") and not has_end:
        return (
            f"{title} films from the first to the last picture. Give the last one, too ('last_image'), or choose a "
            "model that needs only the first."
        )
    if has_end and not config.get("pos_embed_seq_len"):
        return (
            f"{title} was not taught how a film ends. Choose a model of first and last frame (Wan 2.1 FLF2V), or leave "
            "the last picture out."
        )
    return ""


def kind_of(name: str) -> Kind:
    """Return what a class of pipelines wants."""
    return next(kind for kind in _KINDS if name.startswith(kind.starts))


def _settled(loan: Loan, taken: Mapping[str, Any], shot: Shot, kind: Kind, image: Image | None) -> Shot:
    """Return what is asked for, with what suits the model for the rest, after a look whether it can be made."""
    defaults = dict(loan.card.defaults) if loan.card else {}

    def choose(given: Any, name: str, argument: str, otherwise: Any = None) -> Any:
        known = taken[argument].default if argument in taken else None
        return next((value for value in (given, defaults.get(name), known) if value is not None), otherwise)

    unet = getattr(getattr(loan.pipeline, "unet", None), "config", {})
    edge = (unet.get("sample_size") or 64) * 8
    edge = edge if isinstance(edge, int) else 512
    size = choose(shot.width, "width", "width", edge), choose(shot.height, "height", "height", edge)
    if image is not None and shot.width is None and shot.height is None:
        size = size_like(image, size[0] * size[1], kind.multiple)
    settled = Shot(
        frames=choose(shot.frames, "frames", "num_frames", unet.get("num_frames") or 16),
        fps=choose(shot.fps, "fps", "", kind.fps),
        width=size[0],
        height=size[1],
        steps=choose(shot.steps, "steps", "num_inference_steps"),
        guidance=shot.guidance if shot.guidance is not None else defaults.get("guidance"),
        seed=shot.seed,
    )
    _check_frames(loan, settled.frames or 1)
    for pixels in size:
        if pixels % kind.multiple:
            nearest = max(kind.multiple, round(pixels / kind.multiple) * kind.multiple)
            raise MediaError(
                f"{title_of(loan)} films in multiples of {kind.multiple} pixels; {pixels} is not one. Try {nearest}."
            )
    return settled


def size_like(image: Image, area: int, multiple: int) -> tuple[int, int]:
    """Return (width, height) of about an area, in the shape of a picture."""
    shape = image.width / image.height
    width, height = (area * shape) ** 0.5, (area / shape) ** 0.5
    return max(multiple, round(width / multiple) * multiple), max(multiple, round(height / multiple) * multiple)


def _check_frames(loan: Loan, frames: int) -> None:
    """Refuse a length that the family cannot make.

    Raises:
        MediaError: It makes k times n and 1 frames, or fewer than that.
    """
    if why := why_too_short(title_of(loan), loan.family, frames):
        raise MediaError(why)
    every = _frames_a_latent(loan.pipeline)
    if every > 1 and (frames - 1) % every:
        lower = (frames - 1) // every * every + 1
        raise MediaError(
            f"{title_of(loan)} films {every}k + 1 frames (1, {every + 1}, {2 * every + 1} …); {frames} is none of "
            f"them. Try {lower} or {lower + every}."
        )
    motion = getattr(loan.pipeline, "motion_adapter", None)
    longest = motion.config.motion_max_seq_length if motion is not None else None
    if longest is not None and frames > longest:
        raise MediaError(f"This motion adapter sets at most {longest} frames in motion; {frames} are asked for.")


def _frames_a_latent(pipeline: Any) -> int:
    for name in ("vae_temporal_compression_ratio", "vae_scale_factor_temporal"):
        if every := getattr(pipeline, name, None):
            return int(every)
    return 1


def _told(
    taken: Mapping[str, Any], wanted: Shot, prompt: str, negative_prompt: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call that its pipeline knows."""
    guidance = "guidance_scale" if "guidance_scale" in taken else "max_guidance_scale"
    arguments: dict[str, Any] = {
        "prompt": prompt,
        "negative_prompt": negative_prompt or None,
        "num_frames": wanted.frames,
        "width": wanted.width,
        "height": wanted.height,
        "num_inference_steps": wanted.steps,
        guidance: wanted.guidance,
        **options,
    }
    fps = wanted.fps or 0
    arguments |= {name: rate_for(name, fps) for name in RATES}
    return {name: value for name, value in arguments.items() if name in taken and value is not None}


def rate_for(argument: str, fps: float) -> float:
    """Return a speed as a pipeline takes it."""
    return round(fps) if fps == round(fps) or argument == "fps" else fps


def _followed(
    loan: Loan, kind: Kind, steps: int, arguments: Mapping[str, Any], taken: Mapping[str, Any], report: Report
) -> dict[str, Any]:
    """Return the argument by which a pipeline says that a step is done, and what it says is shown."""
    colours = picture_of_latents(getattr(loan.pipeline, "vae", None))

    def sketch(latents: Any) -> Image:
        middle = _middle_of(latents, kind, arguments, loan.pipeline)
        return PIL.Image.new("RGB", (16, 9), "grey") if middle is None or colours is None else colours(middle)

    follow = loan.after_step(report, steps, sketch)
    if "callback_on_step_end" in taken:
        return {"callback_on_step_end": follow}
    return {"callback": lambda step, moment, latents: follow(loan.pipeline, step, moment, {"latents": latents})}


def _middle_of(latents: Any, kind: Kind, arguments: Mapping[str, Any], pipeline: Any) -> Any:
    """Return (channels, height, width) of the frame in the middle, or None where the latents are packed otherwise."""
    if latents.ndim == 5:
        film = latents[0].transpose(0, 1) if not kind.frames_first else latents[0]
        return film[len(film) // 2]
    factor = getattr(pipeline, "vae_spatial_compression_ratio", None)
    if latents.ndim != 3 or not factor:
        return None
    height, width = arguments["height"] // factor, arguments["width"] // factor
    if latents.shape[1] % (height * width):
        return None
    film = latents[0].reshape(-1, height, width, latents.shape[-1])  # a row for each place, as LTX has them
    return film[len(film) // 2].movedim(-1, 0)


def sound_of(pipeline: Any, made: Any) -> Audio | None:
    """Return the sound of a film that was made with one (LTX-2), or None."""
    sound = getattr(made, "audio", None)
    if sound is None:
        return None
    from .speech import within

    samples = np.atleast_2d(sound[0].float().cpu().numpy())
    return Audio(within(samples), int(pipeline.vocoder.config.output_sampling_rate))
