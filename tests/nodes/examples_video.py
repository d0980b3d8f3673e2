"""Examples of the nodes that make films."""

from __future__ import annotations

from typing import Any

from tests.zoo import Zoo

from .examples import Example
from .pictures import scene

_SMALL: dict[str, Any] = {"frames": 9, "fps": 24.0, "width": 64, "height": 64, "steps": 2, "guidance": 3.0, "seed": 1}
_LARGER = {"frames": 17, "fps": 12.0, "width": 96, "height": 96, "steps": 3}


def _text_to_video(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("ltx_video")), "prompt": "a red circle", "negative_prompt": "blue", **_SMALL},
        "vary": {
            "model": str(zoo("ltx_video_other")),
            **_LARGER,
            "options.guidance_rescale": 0.7,
            "options.max_sequence_length": 8,
        },
    }


def _animated(zoo: Zoo) -> Example:
    return {
        "inputs": {
            **_SMALL,
            "model": str(zoo("sd15")),
            "motion": str(zoo("motion_sd15")),
            "prompt": "a red circle",
            "frames": 4,
        },
        "vary": {"motion": str(zoo("motion_sd15_other"))},
        "only": ("motion",),
    }


def _image_to_video(zoo: Zoo) -> Example:
    common = {"image": scene(), "prompt": "a red circle", "negative_prompt": "blue"}
    return {
        "inputs": {"model": str(zoo("ltx_video")), **common, **_SMALL},
        "vary": {"model": str(zoo("ltx_video_other")), **_LARGER, "options.guidance_rescale": 0.7},
    }


def _of_svd(zoo: Zoo) -> Example:
    inputs = {"model": str(zoo("svd")), "image": scene(), **_SMALL, "frames": 4, "fps": 7.0}
    only = {"options.motion_bucket_id": 20, "options.noise_aug_strength": 0.5}
    return {"inputs": inputs, "vary": only, "only": tuple(only)}


def _of_wan(zoo: Zoo) -> Example:
    inputs = {
        "model": str(zoo("wan_first_last")),
        "image": scene(),
        "prompt": "a red circle",
        **_SMALL,
        "frames": 5,
        "options.last_image": scene(2),
    }
    only = {"options.last_image": scene(3)}
    return {"inputs": inputs, "vary": only, "only": tuple(only)}


EXAMPLES = {
    "text_to_video": _text_to_video,
    "text_to_video:animatediff": _animated,
    "image_to_video": _image_to_video,
    "image_to_video:svd": _of_svd,
    "image_to_video:wan": _of_wan,
}
