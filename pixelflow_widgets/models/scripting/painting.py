"""The arguments with which a script calls a pipeline of pictures: what the executor would give, and no more."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

from ..image_generation import ARGUMENTS, PAIRS, STEPS
from .pipelines import ScriptedPipeline
from .writing import Writing

Call = dict[str, str]

_ORDER = (
    *("prompt", "prompt_2", "prompt_3", "negative_prompt", "image", "mask_image", "control_image", "ip_adapter_image"),
    *("strength", "width", "height", "num_inference_steps", "guidance_scale", "true_cfg_scale", "", "generator"),
    "callback_on_step_end",
)


def painting_in(at: Writing, pipeline: ScriptedPipeline) -> Call:
    """Return the arguments that every task of pictures shares, as code by name: wishes, options, the seed."""
    call = {"prompt": at.code("prompt")}
    call |= guided_in(at, pipeline)
    call["num_inference_steps"] = steps_in(at, pipeline)
    call |= options_in(at, pipeline)
    call["generator"] = generator_in(at)
    if _draws_by_itself(at, pipeline):
        at.line(f"torch.manual_seed({at.code('seed')})  # by which the scheduler adds noise")
    return {**call, **pipeline.arguments}


def _draws_by_itself(at: Writing, pipeline: ScriptedPipeline) -> bool:
    """Return whether a scheduler draws noise without asking the generator: the ancestral one of models that flow."""
    own = inspect.signature(pipeline.made.__init__).parameters.get("scheduler")
    return at.known("model").options.get("scheduler") == "Euler a" and "FlowMatch" in str(own)


def called(pipe: str, call: Call) -> str:
    """Return the expression of a call, its arguments in the order in which people think of them.

    Args:
        pipe: What is called.
        call: Code by name; a name that begins with ** stands for several arguments, and has no code of its own.
    """
    ordered = sorted(call, key=lambda name: _ORDER.index(name) if name in _ORDER else _ORDER.index(""))
    several = [name for name in call if name.startswith("**")]
    named = [f"{name}={call[name]}" for name in ordered if name not in several]
    return f"{pipe}({', '.join([*several, *named])})"


def but_usual(pipeline: ScriptedPipeline, call: Call) -> Call:
    """Return the arguments of a call that say something else than the pipeline's own defaults."""
    usual = {name: repr(parameter.default) for name, parameter in pipeline.accepted.items()}
    return {name: code for name, code in call.items() if usual.get(name) != code}


def generator_in(at: Writing) -> str:
    """Return the expression of the generator: on the CPU, so that a seed gives the same noise on every device."""
    at.add_import("import torch")
    return f'torch.Generator("cpu").manual_seed({at.code("seed")})'


def steps_in(at: Writing, pipeline: ScriptedPipeline) -> str:
    """Return the expression of how many times the noise is reduced."""
    return wished(at, "steps", pipeline.defaults.get("steps") or STEPS)


def wished(at: Writing, port: str, usual: Any) -> str:
    """Return the expression of an input that may be left empty, and is then what suits the model."""
    if at.known(port) is not None:
        return at.code(port)
    if at.is_fixed(port):
        return repr(usual)
    code = at.code(port)
    return code if usual is None else f"{usual!r} if {code} is None else {code}"


def guided_in(at: Writing, pipeline: ScriptedPipeline) -> Call:
    """Return the arguments for guidance and the negative prompt, which families understand differently."""
    accepted, call = pipeline.accepted, {}
    has_true = "true_cfg_scale" in accepted
    is_true = has_true and "guidance_scale" in accepted and accepted["guidance_scale"].default is None
    name = "true_cfg_scale" if is_true else "guidance_scale"
    usual = pipeline.defaults.get("guidance")
    if name in accepted and not (at.known("guidance") is None and usual is None and at.is_fixed("guidance")):
        call[name] = wished(at, "guidance", accepted[name].default if usual is None else usual)
    if has_true and _has(at, "options.true_cfg"):
        call["true_cfg_scale"] = _or_default(at, "options.true_cfg", accepted["true_cfg_scale"])
    against = _negative(at, pipeline, has_true, _scale(at, pipeline, call))
    return call | ({"negative_prompt": against} if against else {})


def _has(at: Writing, port: str) -> bool:
    """Return whether an input that may be left empty may have a value."""
    return not (at.known(port) is None and at.is_fixed(port))


def _or_default(at: Writing, port: str, parameter: inspect.Parameter) -> str:
    """Return the expression of an option; where it may be empty, the pipeline's own default takes its place."""
    code = at.code(port)
    if at.known(port) is not None or parameter.default is None:
        return code
    return f"{parameter.default!r} if {code} is None else {code}"


def _scale(at: Writing, pipeline: ScriptedPipeline, call: Call) -> float | None:
    """Return the scale of the guidance that a negative prompt steers; None where only the run knows it."""
    has_true = "true_cfg_scale" in pipeline.accepted
    name = "true_cfg_scale" if has_true else "guidance_scale"
    if name not in pipeline.accepted:
        return None
    port = "options.true_cfg" if name in call and _has_true_option(at, pipeline) else "guidance"
    if name not in call:
        return pipeline.accepted[name].default
    if not at.is_fixed(port):
        return None
    known = at.known(port)
    return pipeline.defaults.get("guidance") if known is None else known


def _has_true_option(at: Writing, pipeline: ScriptedPipeline) -> bool:
    return "true_cfg_scale" in pipeline.accepted and _has(at, "options.true_cfg")


def _negative(at: Writing, pipeline: ScriptedPipeline, has_true: bool, scale: float | None) -> str:
    """Return the expression of the negative prompt; empty where there is none, or the model would not heed it."""
    if "negative_prompt" not in pipeline.accepted or (scale is not None and not _heeds(pipeline, has_true, scale)):
        return ""
    nothing = '" "' if has_true else "None"
    if at.is_fixed("negative_prompt"):
        return at.code("negative_prompt") if at.known("negative_prompt") else nothing if has_true else ""
    return f"{at.code('negative_prompt')} or {nothing}"


def _heeds(pipeline: ScriptedPipeline, has_true: bool, scale: float) -> bool:
    """Return whether a negative prompt would change anything: the pipeline's own rule is asked."""
    rule = getattr(pipeline.made, "do_classifier_free_guidance", None)
    if has_true or not isinstance(rule, property) or rule.fget is None:
        return scale > 1 if has_true else True
    unet = SimpleNamespace(config=SimpleNamespace(time_cond_proj_dim=None))
    try:
        return bool(rule.fget(SimpleNamespace(_guidance_scale=scale, guidance_scale=scale, unet=unet)))
    except AttributeError:
        return True


def options_in(at: Writing, pipeline: ScriptedPipeline) -> Call:
    """Return the arguments for those options that only some families have."""
    accepted, call = pipeline.accepted, _reference(at, pipeline)
    paired = {name for names in PAIRS.values() for name in names}
    for argument, names in PAIRS.items():
        ports = [f"options.{name}" for name in names if has_port(at, f"options.{name}")]
        if argument in accepted and any(_has(at, port) for port in ports):
            call[argument] = _pair(at, argument, ports)
    for port in option_ports(at):
        name = port.removeprefix("options.")
        argument = ARGUMENTS.get(name, name)
        if name in ("true_cfg", "reference_image", *paired) or argument not in accepted or not _has(at, port):
            continue
        call[argument] = _or_default(at, port, accepted[argument])
    return call


def option_ports(at: Any) -> list[str]:
    """Return the inputs of the node that only some families have."""
    return [name for name in at.node_type.inputs if name.startswith("options.")]


def has_port(at: Any, port: str) -> bool:
    """Return whether the node has an input."""
    return port in at.node_type.inputs


def _pair(at: Writing, argument: str, ports: list[str]) -> str:
    """Return the expression of two numbers that diffusers takes together; what is empty is 0, or as the other one."""
    given = [port for port in ports if _has(at, port)]
    other = "0" if argument.startswith("crops") else at.code(given[0])
    return f"({', '.join(at.code(port) if port in given else other for port in ports)})"


def _reference(at: Writing, pipeline: ScriptedPipeline) -> Call:
    """Return the argument that shows an image to the IP-Adapters of a model."""
    glances = pipeline.worn.glances
    if not glances:
        return {}
    if not _has(at, "options.reference_image"):
        at.refuse(
            "the model has an IP-Adapter, which takes after a picture. Set options.reference_image to it, or take the "
            "adapter away."
        )
    image = f'{at.code("options.reference_image")}.convert("RGB")'
    return {"ip_adapter_image": f"[{image}]" if len(glances) == 1 else f"[{image}] * {len(glances)}"}
