"""How the node of ControlNets is written into scripts."""

from __future__ import annotations

from ..media import Model
from ..media.canvas import nearest
from ..models.scripting import ScriptedPipeline, painting_in, pipeline_in
from ..models.scripting.painting import Call, but_usual, called
from ..schema.exporting import UNKNOWN, Writing, items_of
from .conditioning_code import spoken_in


def write_control(at: Writing) -> None:
    """Write a call of a pipeline that ControlNets guide."""
    controlnets = at.known("controlnets")
    if controlnets is UNKNOWN or not controlnets:
        at.refuse("its ControlNets are known only when the flow runs, and a script names its models.")
    acting = _acting(at, controlnets)
    task = "control" if acting else "text_to_image"
    pipeline = pipeline_in(at, at.known("model"), task, [controlnets[place] for place, _ in acting])
    call = painting_in(at, pipeline)
    images = _images(at, len(controlnets), [place for place, _ in acting])
    if acting:
        name = "control_image" if "control_image" in pipeline.accepted else "image"
        span = {"control_guidance_start": at.code("start"), "control_guidance_end": at.code("end")}
        weights = {"controlnet_conditioning_scale": _one_or_all([weight for _, weight in acting])}
        call |= {name: images} | but_usual(pipeline, weights | span)
        if name == "control_image":
            at.line(f"torch.manual_seed({at.code('seed')})  # by which the ControlNet's image is encoded")
    call |= _size(at, pipeline)
    at.give(image=f"{called(pipeline.code, spoken_in(at, pipeline, call))}.images[0]")


def _acting(at: Writing, controlnets: list[Model]) -> list[tuple[int, str]]:
    """Return (place, expression of its weight) of the ControlNets that act: one of weight 0 does not."""
    count = len(controlnets)
    if at.is_fixed("weights") and at.is_fixed("strength"):
        weights = at.known("weights") or [1.0]
        each = list(weights) * (count if len(weights) == 1 else 1)
        if len(each) != count:
            at.refuse(f"there are {count} ControlNets and {len(weights)} weights. Give each its own, or one for all.")
        return [
            (place, repr(weight * at.known("strength")))
            for place, weight in enumerate(each)
            if weight * at.known("strength")
        ]
    code = at.code("weights")
    if at.is_fixed("weights") and not at.known("weights"):
        return [(place, at.code("strength")) for place in range(count)]
    by = "" if at.is_fixed("strength") and at.known("strength") == 1 else f" * {at.code('strength')}"
    every = items_of(code)
    if every is not None and len(every) in (1, count):
        every = every * count if len(every) == 1 else every
        return [(place, f"{every[place]}{by}") for place in range(count)]
    return [(place, f"{code}[{place} % len({code})]{by}") for place in range(count)]


def _images(at: Writing, count: int, places: list[int]) -> str:
    """Return the expression of what each ControlNet goes by."""
    code = at.code("images")
    items = items_of(code)
    if items is not None and len(items) in (1, count):
        items = items * count if len(items) == 1 else items
        return _one_or_all([f'{items[place]}.convert("RGB")' for place in places])
    return _one_or_all([f'{code}[{place} % len({code})].convert("RGB")' for place in places])


def _one_or_all(codes: list[str]) -> str:
    """Return the only expression, or a list of all: pipelines with one ControlNet take no list."""
    return codes[0] if len(codes) == 1 else f"[{', '.join(codes)}]"


def _size(at: Writing, pipeline: ScriptedPipeline) -> Call:
    """Return the arguments for the size: that of the first image, or the nearest that the model can."""
    items = items_of(at.code("images"))
    first = items[0] if items else f"{at.code('images')}[0]"
    call = {}
    for edge in ("width", "height"):
        if at.known(edge) is not None and at.is_fixed(edge):
            call[edge] = at.code(edge)
            continue
        usual = f"{at.bring(nearest)}({first}.{edge}, 2 * {pipeline.code}.vae_scale_factor)"
        call[edge] = usual if at.is_fixed(edge) else f"{at.code(edge)} or {usual}"
    return call
