"""Examples of the nodes that paint, and of those that look at pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pixelflow_widgets as pf
from tests.zoo import Zoo

from .examples import Example
from .pictures import middle, scene

_OPTIONS = {
    "options.clip_skip": 1,
    "options.guidance_rescale": 0.7,
    "options.original_width": 512,
    "options.original_height": 512,
    "options.crop_left": 64,
    "options.crop_top": 64,
}


def _painting(zoo: Zoo, **inputs: Any) -> Example:
    """What all nodes that paint have in common."""
    common = {"prompt": "a red circle", "negative_prompt": "blue", "steps": 2, "guidance": 4.0, "seed": 1}
    return {
        "inputs": {"model": str(zoo("sdxl")), **common, **inputs},
        "vary": {"model": str(zoo("sdxl_other")), "steps": 3, **_OPTIONS},
    }


def _of_family(only: dict[str, Any], inputs: Callable[[Zoo], dict[str, Any]]) -> Callable[[Zoo], Example]:
    """An example of the options that only one family has."""

    def made(zoo: Zoo) -> Example:
        given = {**_painting(zoo)["inputs"], **inputs(zoo)}
        return {"inputs": given, "vary": only, "only": tuple(only)}

    return made


Inputs = Callable[[Zoo, str], dict[str, Any]]


def _families(name: str, inputs: Inputs) -> dict[str, Callable[[Zoo], Example]]:
    """The examples of the options of a node that paints which plain SDXL does not have.

    Args:
        name: Of the node type.
        inputs: Returns what it wants besides what all have, for a family.
    """

    def example(only: dict[str, Any], animal: str, **more: Any) -> Callable[[Zoo], Example]:
        return _of_family(only, lambda zoo: {"model": str(zoo(animal)), **inputs(zoo, animal), **more})

    def with_reference(zoo: Zoo) -> dict[str, Any]:
        model = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("ip_adapter_sdxl")), kind="ip_adapter")
        return {"model": model, **inputs(zoo, "sdxl"), "options.reference_image": scene(5)}

    def stochastic(zoo: Zoo) -> dict[str, Any]:
        return {"model": pf.Model(str(zoo("sdxl")), {"scheduler": "DDIM"}), **inputs(zoo, "sdxl")}

    return {
        f"{name}:flux": example({"options.true_cfg": 3.0, "options.max_sequence_length": 32}, "flux"),
        f"{name}:sd3": example({"options.prompt_3": "a green star"}, "sd3"),
        f"{name}:ip_adapter": _of_family({"options.reference_image": scene(6)}, with_reference),
        f"{name}:ddim": _of_family({"options.eta": 0.8}, stochastic),
    }


def _of_z_image(inputs: dict[str, Any]) -> Callable[[Zoo], Example]:
    only = {"options.cfg_normalization": True, "options.cfg_truncation": 0.3}
    return _of_family(only, lambda zoo: {"model": str(zoo("z_image")), "steps": 4, "guidance": 5.0, **inputs})


def _text_to_image(zoo: Zoo) -> Example:
    return _painting(zoo, width=64, height=64)


def _image_to_image(zoo: Zoo) -> Example:
    return _painting(zoo, image=scene(1), strength=0.7, steps=4)


def _inpaint(zoo: Zoo) -> Example:
    example = _painting(zoo, image=scene(1), mask=middle(), strength=0.9, steps=4)
    example["vary"] |= {"strength": 0.4, "grow": 4, "blur": 3.0, "options.padding_mask_crop": 8}
    return example


def _outpaint(zoo: Zoo) -> Example:
    example = _painting(zoo, image=scene(1), left=16)
    example["vary"] |= dict.fromkeys(("left", "right", "top", "bottom", "overlap"), 32)
    return example


def _control(zoo: Zoo) -> Example:
    controlnets = [pf.Model(str(zoo("controlnet_sdxl"))), pf.Model(str(zoo("controlnet_sdxl_second")))]
    example = _painting(
        zoo, images=[scene(1), scene(2)], controlnets=controlnets, weights=[1.0, 0.5], width=64, height=64
    )
    del example["vary"]["options.guidance_rescale"]
    example["vary"] |= {
        "controlnets": controlnets[::-1],
        "start": 0.5,
        "end": 0.5,
        "strength": 0.5,
        "options.guess_mode": True,
    }
    return example


def _controlled(zoo: Zoo, animal: str) -> dict[str, Any]:
    controlnet = pf.Model(str(zoo(f"controlnet_{animal}")))
    return {"images": [scene(1)], "controlnets": [controlnet], "width": 64, "height": 64}


_SIZE = {"width": 64, "height": 64}
_OVER = {"image": scene(1), "strength": 0.9, "steps": 4}
_HOLE = {"image": scene(1), "mask": middle()}
_SIDE = {"image": scene(1), "left": 16}


def _upscale(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1, 96, 40), "model": str(zoo("swin2sr"))},
        "vary": {"model": str(zoo("swin2sr_other")), "factor": 3.0},
        "unchanged": {"tile": "Squares that see their surroundings give the same pixels, and take less memory."},
    }


def _remove_background(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1), "model": str(zoo("mobilevit")), "subject": "cat"},
        "vary": {"model": str(zoo("clipseg")), "subject": "dog", "threshold": 0.2, "grow": 2, "blur": 2.0},
    }


def _depth(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1), "model": str(zoo("dpt"))},
        "vary": {"model": str(zoo("dpt_other"))},
    }


def _segment(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1), "model": str(zoo("segformer"))},
        "vary": {"model": str(zoo("mobilevit")), "things": "cat", "threshold": 0.9, "smallest": 0.5},
    }


def _caption(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1), "model": str(zoo("blip")), "longest": 8},
        "vary": {"model": str(zoo("blip_other")), "begin": "a red", "longest": 3, "beams": 1},
    }


def _visual_question(zoo: Zoo) -> Example:
    return {
        "inputs": {
            "image": scene(1),
            "model": str(zoo("blip_vqa")),
            "question": "what colour is the cat?",
            "longest": 8,
        },
        "vary": {"model": str(zoo("blip_vqa_other")), "question": "how many are there?", "longest": 3, "beams": 1},
    }


def _clip_score(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1), "model": str(zoo("clip")), "text": "a red circle"},
        "vary": {"model": str(zoo("clip_other"))},
    }


EXAMPLES: dict[str, Callable[[Zoo], Example]] = {
    "text_to_image": _text_to_image,
    **_families("text_to_image", lambda *_: _SIZE),
    "text_to_image:z_image": _of_z_image(_SIZE),
    "image_to_image": _image_to_image,
    **_families("image_to_image", lambda *_: _OVER),
    "image_to_image:z_image": _of_z_image(_OVER),
    "inpaint": _inpaint,
    **_families("inpaint", lambda *_: _HOLE),
    "inpaint:z_image": _of_z_image(_HOLE),
    "outpaint": _outpaint,
    **_families("outpaint", lambda *_: _SIDE),
    "outpaint:z_image": _of_z_image(_SIDE),
    "control": _control,
    **_families("control", _controlled),
    "upscale": _upscale,
    "remove_background": _remove_background,
    "depth": _depth,
    "segment": _segment,
    "caption": _caption,
    "visual_question": _visual_question,
    "clip_score": _clip_score,
}
