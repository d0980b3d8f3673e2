"""Pictures from diffusers' pipelines: what a node asks for becomes a call that the family at hand understands."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import MediaError, ModelError
from ..media import Image
from ..media.canvas import fitted, joined, nearest, resized, restored
from .latent_colours import picture_of_latents
from .loading import Report, generator
from .seeding import seeded

if TYPE_CHECKING:
    from .loading import Loan

STEPS = 20
"""How often the noise is reduced where neither the node nor the model's card says it."""
ARGUMENTS = {"true_cfg": "true_cfg_scale"}
"""Options that diffusers calls otherwise."""
PAIRS = {"original_size": ("original_height", "original_width"), "crops_coords_top_left": ("crop_top", "crop_left")}
_REFERENCE = "reference_image"
_WORDS = ("prompt", "prompt_2", "prompt_3", "negative_prompt", "clip_skip", "max_sequence_length")
"""Arguments that say what is read, and how."""


class Told(Report, Protocol):
    """Is told what `Report` is told, and lines that stay."""

    def log(self, line: str) -> None:
        """Take one line of text."""
        ...


class Said(Protocol):
    """Is what a pipeline is given for words."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Return arguments of its call, in place of the words."""
        ...

    @property
    def tensors(self) -> Sequence[str]:
        """Return the names of tensors that change over the steps, as callbacks know them."""
        ...

    def turned(self, fraction: float, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Return tensors of a callback as they are after a part of the steps."""
        ...


@dataclass(frozen=True)
class Painting:
    """Says what a picture shall be, in the words of the nodes.

    Args:
        prompt: What it should show.
        negative_prompt: What it should not show.
        steps: How many times the noise is reduced; None is what suits the model.
        guidance: How strictly the prompt is followed; None is what suits the model.
        seed: The same seed gives the same noise.
        options: Those that only some families have, by the nodes' names.
        says: Makes of (model, arguments of words, steps, report) what the pipeline is given for them; None gives the
            words as they are.
    """

    prompt: str
    negative_prompt: str = ""
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    says: Callable[[Loan, Mapping[str, Any], int, Told], Said] | None = None


def paint(loan: Loan, wanted: Painting, report: Told, **own: Any) -> Image:
    """Return a picture.

    Args:
        loan: The model, whose pipeline is one for the task.
        wanted: What it shall be.
        report: Told of each step, with a sketch, and what of the wishes the model cannot heed; may raise to stop.
        own: What the task adds to the call: image, mask_image, strength, width, height. Sizes that the pipeline takes
            from the image are left out.

    Raises:
        ModelError: The model has an IP-Adapter, and there is no image for it.
    """
    accepted = _accepted(loan.pipeline)
    steps = wanted.steps or _default(loan, "steps") or STEPS
    call = _guided(loan, wanted, report) | _optional(loan, wanted, report)
    own = {name: value for name, value in own.items() if value is not None and name in accepted}
    if "strength" in own:
        own["strength"] = enough(own["strength"], steps)
    done = max(1, int(steps * own.get("strength", 1.0)))
    call, said = _said(loan, wanted, {"prompt": wanted.prompt, **call}, done, report)
    with _chance(loan.pipeline, wanted.seed):
        made = loan.attempt(
            loan.pipeline,
            num_inference_steps=steps,
            generator=generator(wanted.seed),
            callback_on_step_end=_following(loan, report, done, own, said),
            **call,
            **own,
        )
    if any(getattr(made, "nsfw_content_detected", None) or ()):
        report.log("The model's safety checker found fault with the picture, and made it black. Try another seed.")
    return made.images[0]


def _chance(pipeline: Any, seed: int) -> contextlib.AbstractContextManager[None]:
    """Let the seed also rule over what a scheduler draws that asks no generator: those of flows that add noise anew."""
    config = getattr(getattr(pipeline, "scheduler", None), "config", {})
    return seeded(seed) if config.get("stochastic_sampling") else contextlib.nullcontext()


def _said(
    loan: Loan, wanted: Painting, call: Mapping[str, Any], steps: int, report: Told
) -> tuple[dict[str, Any], Said | None]:
    """Return a call with what its words become, and what changes over the steps, if anything does."""
    if wanted.says is None:
        return dict(call), None
    words = {name: value for name, value in call.items() if name in _WORDS}
    says = wanted.says  # it encodes, and may run out of memory as the pipeline may
    said = loan.attempt(lambda: says(loan, words, steps, report))
    call = {name: value for name, value in call.items() if name not in words} | {
        name: value for name, value in said.arguments.items() if name in _accepted(loan.pipeline)
    }
    if not said.tensors:
        return call, None
    return call | {"callback_on_step_end_tensor_inputs": ["latents", *said.tensors]}, said


def _following(
    loan: Loan, report: Report, steps: int, own: Mapping[str, Any], said: Said | None
) -> Callable[..., dict[str, Any]]:
    """Return what the pipeline calls after each step; a model without a sketch of its own shows colours of latents."""
    sketch = picture_of_latents(getattr(loan.pipeline, "vae", None))
    shown: list[Any] = [None]

    def tell(fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        report(fraction, preview=preview or shown[0], note=note)

    after_step = loan.after_step(tell, steps)

    def follow(pipeline: Any, step: int, moment: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        latents = _unpacked(pipeline, tensors["latents"], own)
        shown[0] = functools.partial(sketch, latents) if sketch is not None and latents is not None else None
        tensors = after_step(pipeline, step, moment, tensors)
        return tensors if said is None else said.turned((step + 1) / _total(pipeline, steps), tensors)

    return follow


def _total(pipeline: Any, steps: int) -> int:
    return getattr(pipeline, "num_timesteps", None) or steps


def _unpacked(pipeline: Any, latents: Any, own: Mapping[str, Any]) -> Any:
    """Return the first picture's latents as (channels, height, width), or None where that is not known.

    Transformers of the kind of FLUX.1 hold a row of four latents for each place.
    """
    if latents.ndim == 3 and hasattr(pipeline, "_unpack_latents"):
        usual = getattr(pipeline, "default_sample_size", 0) * pipeline.vae_scale_factor
        size = (own.get(name) or usual for name in ("height", "width"))
        latents = pipeline._unpack_latents(latents, *size, pipeline.vae_scale_factor)
    if latents.ndim == 5:
        latents = latents[:, :, 0]
    return latents[0] if latents.ndim == 4 else None


def default_size(loan: Loan) -> tuple[int | None, int | None]:
    """Return the (width, height) that suit a model; None is what its pipeline takes by itself."""
    return _default(loan, "width"), _default(loan, "height")


def check_size(loan: Loan, *edges: int | None) -> None:
    """Check that a model can paint in a size.

    Raises:
        MediaError: It cannot; says the nearest that it can.
    """
    factor, largest = multiple_of(loan), _largest(loan)
    for edge in edges:
        if edge is not None and edge % factor:
            raise MediaError(
                f"This model paints in multiples of {factor} pixels; {edge} is not one. Try {nearest(edge, factor)}."
            )
        if edge is not None and largest is not None and edge > largest:
            raise MediaError(f"This model paints at most {largest} pixels high and wide; {edge} is more.")


def multiple_of(loan: Loan) -> int:
    """Return what the edges of a model's pictures are multiples of.

    The denoiser works on pairs of latents: a UNet halves them at least once, a transformer takes them two by two.
    """
    return loan.pipeline.vae_scale_factor * 2


def repainted(loan: Loan, wanted: Painting, image: Image, strength: float, report: Told) -> Image:
    """Return a picture painted over another one, in its size, with its transparency.

    Args:
        loan: The model.
        wanted: What it shall become.
        image: Any picture.
        strength: How much changes, from 0 (nothing) to 1 (all).
        report: As for `paint`.
    """
    given = fitted(image, multiple_of(loan))
    made = paint(loan, wanted, report, image=given, strength=strength, width=given.width, height=given.height)
    return restored(made, image)


def filled(
    loan: Loan, wanted: Painting, image: Image, mask: Image, strength: float, report: Told, *, seen: Image | None = None
) -> Image:
    """Return a picture that is painted where a mask is white, and the same pixel by pixel where it is black.

    Args:
        loan: The model.
        wanted: What shall be there.
        image: Any picture.
        mask: In mode "L", of the picture's size; grey mixes the new with the old.
        strength: How much changes where the mask is white, from 0 to 1.
        report: As for `paint`.
        seen: The mask that the model is shown; None is the same.
    """
    given = fitted(image, multiple_of(loan))
    hole = resized(seen or mask, given.size)
    made = paint(
        loan,
        wanted,
        report,
        image=given,
        mask_image=hole,
        strength=strength,
        width=given.width,
        height=given.height,
    )
    return joined(made, image, mask)


def enough(strength: float, steps: int) -> float:
    """Return a strength of which at least one step is left: pipelines do steps x strength of them, rounded down."""
    return min(1.0, max(strength, (1 + 1e-6) / steps))


def _guided(loan: Loan, wanted: Painting, report: Told) -> dict[str, Any]:
    """Return the arguments for guidance and the negative prompt, which families understand differently.

    Some are guided by the difference to the negative prompt (guidance_scale); FLUX.1 takes its guidance as an input and
    may add such a difference (true_cfg_scale); Qwen-Image has only the latter.
    """
    accepted = _accepted(loan.pipeline)
    has_true = "true_cfg_scale" in accepted
    name = "true_cfg_scale" if has_true and accepted["guidance_scale"].default is None else "guidance_scale"
    guidance = wanted.guidance if wanted.guidance is not None else _default(loan, "guidance")
    call = {} if guidance is None or name not in accepted else {name: guidance}
    if has_true and wanted.options.get("true_cfg") is not None:
        call["true_cfg_scale"] = wanted.options["true_cfg"]
    if wanted.guidance is not None and name == "guidance_scale" and _is_blind_to_guidance(loan.pipeline):
        report.log("This model was made to need no guidance; the guidance is not used.")
    against = wanted.negative_prompt.strip()
    is_heeded = _heeds_negative(loan.pipeline, accepted, call)
    if against and not is_heeded:
        way = _way_to_negative(accepted, name)
        report.log(f"This model does not heed a negative prompt{way}; '{against[:60]}' is not used.")
    if is_heeded:
        call["negative_prompt"] = wanted.negative_prompt or (" " if has_true else None)
    return call


def _heeds_negative(pipeline: Any, accepted: Mapping[str, inspect.Parameter], call: Mapping[str, Any]) -> bool:
    """Return whether a negative prompt would change anything."""
    if "negative_prompt" not in accepted:
        return False
    if "true_cfg_scale" in accepted:
        return call.get("true_cfg_scale", accepted["true_cfg_scale"].default) > 1
    if not hasattr(type(pipeline), "do_classifier_free_guidance"):
        return True
    # Its own rule is asked, which knows of models that need no guidance; the call sets this again.
    pipeline._guidance_scale = call.get("guidance_scale", accepted["guidance_scale"].default)
    return bool(pipeline.do_classifier_free_guidance)


def _way_to_negative(accepted: Mapping[str, inspect.Parameter], name: str) -> str:
    """Return what would make a negative prompt count, if anything would."""
    if "negative_prompt" not in accepted:
        return ""
    return (
        " unless options.true_cfg is above 1"
        if name != "true_cfg_scale" and "true_cfg_scale" in accepted
        else (" unless guidance is above 1")
    )


def _is_blind_to_guidance(pipeline: Any) -> bool:
    """Return whether guidance would be an input of the transformer, and this one (FLUX.1 schnell) has none."""
    config = getattr(getattr(pipeline, "transformer", None), "config", {})
    return "true_cfg_scale" in _accepted(pipeline) and config.get("guidance_embeds") is False


def _optional(loan: Loan, wanted: Painting, report: Told) -> dict[str, Any]:
    """Return the arguments for those options that the model has; of the others the report is told."""
    accepted = _accepted(loan.pipeline)
    options = {name: value for name, value in wanted.options.items() if value is not None and name != "true_cfg"}
    call = _reference(loan, options.pop(_REFERENCE, None), report)
    for argument, names in PAIRS.items():
        if argument in accepted and any(name in options for name in names):
            values = [options.pop(name, None) for name in names]
            default = 0 if argument.startswith("crops") else next(value for value in values if value is not None)
            call[argument] = tuple(default if value is None else value for value in values)
    for name, value in options.items():
        argument = ARGUMENTS.get(name, name)
        if argument not in accepted:
            report.log(f"This model has no option '{name}'; it is not used.")
        elif name == "eta" and "eta" not in inspect.signature(loan.pipeline.scheduler.step).parameters:
            report.log("The option 'eta' is of the scheduler ddim; this model has another one, and it is not used.")
        else:
            call[argument] = value
    if "true_cfg" in wanted.options and "true_cfg_scale" not in accepted:
        report.log("This model has no option 'true_cfg'; it is not used.")
    return call


def _reference(loan: Loan, image: Image | None, report: Told) -> dict[str, Any]:
    """Return the argument that shows an image to the IP-Adapters of a model."""
    if loan.ip_adapters and image is None:
        raise ModelError(
            "The model has an IP-Adapter, which takes after a picture. Set options.reference_image to it, "
            "or take the adapter away."
        )
    if image is None:
        return {}
    if not loan.ip_adapters:
        report.log("The model has no IP-Adapter, so the reference image is not used. Add one with add_ip_adapter.")
        return {}
    return {"ip_adapter_image": [image.convert("RGB")] * loan.ip_adapters}


def _default(loan: Loan, name: str) -> Any:
    """Return what a model's card says of an option of a call, or None."""
    return loan.card.defaults.get(name) if loan.card else None


def _largest(loan: Loan) -> int | None:
    """Return how many pixels an edge may have, where the model knows places only up to there."""
    config = getattr(getattr(loan.pipeline, "transformer", None), "config", {})
    places = config.get("pos_embed_max_size")
    return places * config["patch_size"] * loan.pipeline.vae_scale_factor if places else None


def _accepted(pipeline: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(type(pipeline).__call__).parameters
