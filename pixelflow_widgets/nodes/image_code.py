"""How the nodes that paint are written into scripts: the calls of diffusers' pipelines, and what stands around them."""

from __future__ import annotations

from ..media.canvas import drawn_out, fitted, joined, resized, restored
from ..media.masks import softened, widened
from ..models.image_generation import enough
from ..models.scripting import ScriptedPipeline, painting_in, pipeline_in, steps_in
from ..models.scripting.painting import Call, but_usual, called, wished
from ..models.scripting_networks import network_in
from ..models.upscaling import upscaled
from ..schema.exporting import Writing, indented
from .conditioning_code import spoken_in


def write_text_to_image(at: Writing) -> None:
    """Write a call of a pipeline that paints what a prompt says."""
    pipeline = pipeline_in(at, at.known("model"), "text_to_image")
    call = painting_in(at, pipeline)
    for edge in ("width", "height"):
        usual = pipeline.defaults.get(edge)
        if usual is not None or at.known(edge) is not None or not at.is_fixed(edge):
            call[edge] = wished(at, edge, usual)
    at.give(image=f"{called(pipeline.code, spoken_in(at, pipeline, call))}.images[0]")


def write_image_to_image(at: Writing) -> None:
    """Write a call of a pipeline that paints over a picture."""
    if _is_nothing(at, "strength"):
        at.give(image=at.code("image"))
        return
    pipeline = pipeline_in(at, at.known("model"), "image_to_image")
    start, painted = at.reused("start"), at.reused("painted")
    call = painting_in(at, pipeline) | _over(at, pipeline, start)
    lines = [
        f"{start} = {_fitted(at, at.code('image'), pipeline)}",
        f"{painted} = {called(pipeline.code, spoken_in(at, pipeline, call))}.images[0]",
    ]
    code = f"{at.bring(restored)}({painted}, {at.code('image')})"
    _give(at, lines, code, "" if at.is_fixed("strength") else at.code("strength"))


def write_inpaint(at: Writing) -> None:
    """Write a call of a pipeline that paints inside a mask."""
    if _is_nothing(at, "strength"):
        at.give(image=at.code("image"))
        return
    pipeline = pipeline_in(at, at.known("model"), "inpaint")
    start, hole, painted = at.reused("start"), at.reused("hole"), at.reused("painted")
    call = painting_in(at, pipeline) | _over(at, pipeline, start)
    call["mask_image"] = f"{at.bring(resized)}({hole}, {start}.size)"
    mask = f'{at.code("mask")}.convert("L")'
    if not (at.is_fixed("grow") and at.known("grow") == 0):
        mask = f"{at.bring(widened)}({mask}, {at.code('grow')})"
    if not (at.is_fixed("blur") and at.known("blur") == 0):
        mask = f"{at.bring(softened)}({mask}, {at.code('blur')})"
    lines = [
        f"{hole} = {mask}",
        f"{start} = {_fitted(at, at.code('image'), pipeline)}",
        f"{painted} = {called(pipeline.code, spoken_in(at, pipeline, call))}.images[0]",
    ]
    code = f"{at.bring(joined)}({painted}, {at.code('image')}, {hole})"
    _give(at, lines, code, "" if at.is_fixed("strength") else at.code("strength"))


def write_outpaint(at: Writing) -> None:
    """Write a call of a pipeline that paints beyond the edges of a picture."""
    sides = [at.code(side) for side in ("left", "top", "right", "bottom")]
    are_fixed = all(at.is_fixed(side) for side in ("left", "top", "right", "bottom"))
    if are_fixed and not any(at.known(side) for side in ("left", "top", "right", "bottom")):
        at.give(image=at.code("image"))
        return
    pipeline = pipeline_in(at, at.known("model"), "outpaint")
    canvas, beyond, start, painted = (at.reused(name) for name in ("canvas", "beyond", "start", "painted"))
    call = painting_in(at, pipeline) | _over(at, pipeline, start, "1.0")
    seen = beyond
    if not (at.is_fixed("overlap") and at.known("overlap") == 0):
        seen = f"{at.bring(widened)}({beyond}, {at.code('overlap')})"
    call["mask_image"] = f"{at.bring(resized)}({seen}, {start}.size)"
    named = (f"{side}={code}" for side, code in zip(("left", "top", "right", "bottom"), sides, strict=True))
    lines = [
        f"{canvas}, {beyond} = {at.bring(drawn_out)}({', '.join([at.code('image'), *named])})",
        f"{start} = {_fitted(at, canvas, pipeline)}",
        f"{painted} = {called(pipeline.code, spoken_in(at, pipeline, call))}.images[0]",
    ]
    _give(at, lines, f"{at.bring(joined)}({painted}, {canvas}, {beyond})", "" if are_fixed else " + ".join(sides))


def write_upscale(at: Writing) -> None:
    """Write a call of a model that makes pictures larger."""
    network = network_in(at, at.known("model"), "upscale")
    arguments = [network.code, network.processor, at.code("image"), f"factor={at.code('factor')}"]
    at.give(image=f"{at.bring(upscaled)}({', '.join(arguments)}, tile={at.code('tile')})")


def _is_nothing(at: Writing, port: str) -> bool:
    return at.is_fixed(port) and at.known(port) == 0


def _fitted(at: Writing, code: str, pipeline: ScriptedPipeline) -> str:
    """Return the expression of a picture in a size that a model can work in."""
    return f"{at.bring(fitted)}({code}, 2 * {pipeline.code}.vae_scale_factor)"


def _over(at: Writing, pipeline: ScriptedPipeline, start: str, strength: str = "") -> Call:
    """Return the arguments for the picture where a pipeline begins, and how much of that changes."""
    call = {"image": start}
    if "strength" in pipeline.accepted:
        call |= but_usual(pipeline, {"strength": strength or _strength(at, pipeline)})
    call |= {edge: f"{start}.{edge}" for edge in ("width", "height") if edge in pipeline.accepted}
    return call


def _strength(at: Writing, pipeline: ScriptedPipeline) -> str:
    """Return the expression of a strength of which at least one step is left."""
    steps = steps_in(at, pipeline)
    if at.is_fixed("strength") and steps.isdecimal():
        return repr(enough(at.known("strength"), int(steps)))
    return f"{at.bring(enough)}({at.code('strength')}, {steps})"


def _give(at: Writing, lines: list[str], code: str, only_if: str) -> None:
    """Write statements and give what they make; where a condition does not hold, the picture stays as it is."""
    if not only_if:
        at.line(*lines)
        at.give(image=code)
        return
    made = at.variable("image")
    at.line(f"{made} = {at.code('image')}", f"if {only_if}:", *indented([*lines, f"{made} = {code}"]))
    at.give(image=made)
