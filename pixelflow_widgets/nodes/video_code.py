"""How the nodes that make films are written into scripts: the calls of diffusers' pipelines."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from ..models.families import config_in
from ..models.scripting import ScriptedPipeline, located, pipeline_in
from ..models.scripting.painting import Call, called, generator_in, option_ports, wished
from ..models.video_generation import RATES, Kind, as_film, kind_of, rate_for, size_like, sound_of, why_no_end
from ..schema.exporting import UNKNOWN, Writing
from .conditioning_code import spoken_in


def write_text_to_video(at: Writing) -> None:
    """Write a call of a pipeline that films what a prompt says."""
    model, motion = at.known("model"), at.known("motion")
    if motion is not None:
        model = model.with_options(motion=motion.source)
    _write(at, pipeline_in(at, model, "text_to_video"))


def write_image_to_video(at: Writing) -> None:
    """Write a call of a pipeline that films what follows a picture."""
    _write(at, pipeline_in(at, at.known("model"), "image_to_video"), has_image=True)


def _write(at: Writing, pipeline: ScriptedPipeline, *, has_image: bool = False) -> None:
    _check(at, pipeline, has_image)
    kind = kind_of(pipeline.made.__name__)
    fps = wished(at, "fps", pipeline.defaults.get("fps") or kind.fps)
    call = spoken_in(at, pipeline, _words(at, pipeline))
    if has_image:
        width, height = _size_for(at, pipeline, kind)
        at.add_import("from PIL import ImageOps")
        picture = f"ImageOps.fit({at.code('image')}.convert('RGB'), ({width}, {height}))"
        call |= {"image": picture, "width": width, "height": height}
    else:
        call |= {edge: code for edge in ("width", "height") if (code := _wish(at, pipeline, edge, edge))}
    call |= _rest(at, pipeline, fps)
    if "vocoder" not in inspect.signature(pipeline.made.__init__).parameters:
        at.give(video=f"{at.bring(as_film)}({called(pipeline.code, call)}.frames[0], {fps})")
        return
    made = at.reused("made")
    at.line(f"{made} = {called(pipeline.code, call)}")
    sound = f"{at.bring(sound_of)}({pipeline.code}, {made})"
    at.give(video=f"{at.bring(as_film)}({made}.frames[0], {fps}, {sound})")


def _words(at: Writing, pipeline: ScriptedPipeline) -> Call:
    call = {}
    if "prompt" in pipeline.accepted:
        call["prompt"] = at.code("prompt")
    if "negative_prompt" in pipeline.accepted and not (
        at.is_fixed("negative_prompt") and not at.known("negative_prompt")
    ):
        code = at.code("negative_prompt")
        call["negative_prompt"] = code if at.is_fixed("negative_prompt") else f"{code} or None"
    return call


def _rest(at: Writing, pipeline: ScriptedPipeline, fps: str) -> Call:
    """Return the arguments that are no words and no size."""
    accepted = pipeline.accepted
    guidance = "guidance_scale" if "guidance_scale" in accepted else "max_guidance_scale"
    wishes = {"num_frames": "frames", "num_inference_steps": "steps", guidance: "guidance"}
    call = {name: _wish(at, pipeline, name, port) for name, port in wishes.items() if name in accepted}
    call |= {name: _rate(at, pipeline, name, fps) for name in RATES if name in accepted}
    for port in option_ports(at):
        name = port.removeprefix("options.")
        if name in accepted and not (at.is_fixed(port) and at.known(port) is None):
            call[name] = at.code(port)
    call["generator"] = generator_in(at)
    call["output_type"] = '"np"'
    return {name: code for name, code in {**call, **pipeline.arguments}.items() if code}


def _wish(at: Writing, pipeline: ScriptedPipeline, argument: str, port: str) -> str:
    """Return the expression of an input that may be left empty; empty where the pipeline's own default is meant."""
    own = pipeline.accepted[argument].default
    usual = pipeline.defaults.get(port)
    if usual is None and at.known(port) is None and at.is_fixed(port):
        return "" if own is not None else _default(pipeline, port)
    return wished(at, port, own if usual is None else usual)


def _default(pipeline: ScriptedPipeline, port: str) -> str:
    """Return the expression of what a pipeline's call does not name, and is read from its network."""
    has_unet = "unet" in inspect.signature(pipeline.made.__init__).parameters
    if port in ("width", "height"):
        return f"{pipeline.code}.unet.config.sample_size * 8" if has_unet else "512"
    if port == "frames":
        return f"{pipeline.code}.unet.config.num_frames" if kind_of(pipeline.made.__name__).frames_first else "16"
    return ""


def _size_for(at: Writing, pipeline: ScriptedPipeline, kind: Kind) -> tuple[str, str]:
    """Return the expressions of (width, height) of a film that begins with a picture; may write a statement."""
    usual = {}
    for edge in ("width", "height"):
        value = pipeline.defaults.get(edge) or pipeline.accepted[edge].default
        usual[edge] = repr(value) if value is not None else _default(pipeline, edge)
    if all(at.is_fixed(edge) and at.known(edge) is None for edge in usual):
        width, height = at.local("width"), at.local("height")
        area = " * ".join(usual.values())
        at.line(f"{width}, {height} = {at.bring(size_like)}({at.code('image')}, {area}, {kind.multiple})")
        return width, height
    width, height = (
        usual[edge] if at.is_fixed(edge) and at.known(edge) is None else at.code(edge) for edge in ("width", "height")
    )
    return width, height


def _rate(at: Writing, pipeline: ScriptedPipeline, argument: str, fps: str) -> str:
    known: Any = at.known("fps")
    if at.is_fixed("fps"):
        usual = pipeline.defaults.get("fps") or kind_of(pipeline.made.__name__).fps
        return repr(rate_for(argument, usual if known is None else known))
    return f"round({fps})" if argument == "fps" else fps


# What is refused, before anything is written, in the words of the run


def _check(at: Writing, pipeline: ScriptedPipeline, has_image: bool) -> None:
    accepted, title = pipeline.accepted, pipeline.card.title if pipeline.card else Path(pipeline.model.source).name
    if "prompt" not in accepted and any(_says(at, port) for port in ("prompt", "negative_prompt")):
        at.refuse(f"{title} reads no words: it films what follows a picture. Leave the prompts empty.")
    here = located(at, pipeline.model, pipeline.card).here
    if "last_image" in accepted and here is not None and here.is_dir():
        has_end = at.known("options.last_image") is not None if has_image else False
        if why := why_no_end(config_in(here / "transformer", "config.json"), title, has_end):
            at.refuse(why)
    if "callback_on_step_end" in pipeline.arguments and "callback_on_step_end" not in accepted:
        at.refuse(f"{pipeline.made.__name__} cannot weigh adapters anew in each step. Take their schedules away.")
    multiple = kind_of(pipeline.made.__name__).multiple
    for edge in ("width", "height"):
        pixels = at.known(edge)
        if at.is_fixed(edge) and pixels is not None and pixels % multiple:
            at.refuse(f"{title} films in multiples of {multiple} pixels; {pixels} is not one.")


def _says(at: Writing, port: str) -> bool:
    known = at.known(port)
    return known is UNKNOWN or not at.is_fixed(port) or bool(known.strip())
