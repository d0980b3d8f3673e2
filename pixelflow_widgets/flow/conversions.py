"""How objects of a notebook become what travels on edges: stated conversions, and refusals in words.

| the notebook holds | a port takes it as |
|---|---|
| PIL image | image, mask |
| numpy array (height, width), (height, width, 1, 3 or 4): uint8, bool, or floats from 0 to 1 | image, mask |
| torch tensor (c, h, w) or (1, c, h, w), c of 1, 3 or 4: uint8, or floats from 0 to 1 | image, mask |
| torch tensor | latents |
| pandas DataFrame | table |
| str, int, float, bool, and numpy's; arrays and tensors of one number | text, choice, number, flag |
| Audio, Video, Model | the same |
| list or tuple of one of these | a list, or one run for each item |

What comes out is a copy: who changes the object later changes no result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image

from ..errors import MediaError
from ..media import Audio, Model, Video
from ..schema import Port, PortType

KINDS = "PIL images, numpy arrays, torch tensors, DataFrames, texts, numbers, Audio, Video, models, and lists of these"
_NUMBERS = {"int", "float", "flag"}
_PICTURES = {"image", "mask"}


def converted(value: Any, port: Port) -> Any:
    """Return an object as an input port takes it, or a list of such values, over which the node is mapped.

    Args:
        value: The object.
        port: The input.

    Raises:
        MediaError: Nothing that the port takes can be made of it; says what it is and what to do.
    """
    if not isinstance(value, list | tuple):
        return port.check(_one(value, port.type))
    if not value:
        raise MediaError("It is an empty list. Give it at least one item.")
    items = [_one(item, port.type) for item in value]
    return port.check(items) if port.type.many else [port.check(item) for item in items]


def may_fit(value: Any, port_type: PortType) -> bool:
    """Return whether an object may be what a port takes, by its kind alone: nothing of it is copied."""
    if isinstance(value, list | tuple):
        return bool(value) and all(not isinstance(item, list | tuple) and may_fit(item, port_type) for item in value)
    kinds = _kinds(value)
    return bool(kinds) if port_type.name == "any" else port_type.name in kinds


def described(value: Any) -> tuple[str, str]:
    """Return (what kind of object it is, how large) in words, without any of its content."""
    if isinstance(value, PIL.Image.Image):
        return "picture", f"{value.width} × {value.height}"
    if isinstance(value, np.ndarray) or _is_tensor(value):
        word = "array" if isinstance(value, np.ndarray) else "tensor"
        return word, " × ".join(map(str, value.shape)) or "one number"
    if _is_table(value):
        return "table", f"{value.shape[0]} × {value.shape[1]}"
    if isinstance(value, str):
        return "text", f"{len(value)} characters" if len(value) != 1 else "1 character"
    if isinstance(value, list | tuple):
        return "list", f"{len(value)} items" if len(value) != 1 else "1 item"
    if isinstance(value, bool | np.bool_):
        return "flag", ""
    if isinstance(value, int | float | np.number):
        return "number", ""
    return type(value).__name__.lower() if _kinds(value) else type(value).__name__, ""


def _kinds(value: Any) -> set[str]:
    """Return the names of the media that an object can become."""
    if isinstance(value, PIL.Image.Image):
        return _PICTURES
    if isinstance(value, bool | np.bool_):
        return {"flag"}
    if isinstance(value, int | np.integer):
        return {"int", "float", "choice"}
    if isinstance(value, float | np.floating):
        return {"float", "choice"}
    if isinstance(value, str):
        return {"text", "choice", "model"}
    for kind, name in ((Audio, "audio"), (Video, "video"), (Model, "model")):
        if isinstance(value, kind):
            return {name}
    if _is_table(value):
        return {"table"}
    if isinstance(value, np.ndarray):
        return _PICTURES if value.ndim else _NUMBERS
    if _is_tensor(value):
        return {*_PICTURES, "latents"} if value.ndim else _NUMBERS
    return set()


def _one(value: Any, port_type: PortType) -> Any:
    """Return one object as a medium of a type, as a copy."""
    name = port_type.name
    if not may_fit(value, port_type) or isinstance(value, list | tuple):
        raise MediaError(_refusal(value, port_type))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, PIL.Image.Image):
        return value.copy()
    if isinstance(value, np.ndarray):
        return _picture(value) if value.ndim else value.item()
    if _is_tensor(value):
        if not value.ndim:
            return value.item()
        return value.detach().clone() if name == "latents" else _picture(*_laid_out(value))
    if isinstance(value, Audio):
        return Audio(value.samples.copy(), value.sample_rate)
    if isinstance(value, Video):
        return Video(value.frames.copy(), value.fps, _one(value.audio, PortType("audio")) if value.audio else None)
    return value.copy() if _is_table(value) else value


def _refusal(value: Any, port_type: PortType) -> str:
    kind, name = type(value).__name__, port_type.name
    if isinstance(value, list | tuple):
        return "It holds a list inside a list, and lists do not nest. Join them into one."
    if value is None:
        return "It is None. Run the cell that gives it a value, or unbind it."
    if not _kinds(value):
        return f"It is of type {kind}, which no port takes. A flow reads {KINDS}: make one of them in a cell."
    remedies: dict[str, Callable[[], str]] = {
        "text": lambda: " Write str(…) of it in a cell." if _kinds(value) & {"int", "float", "flag"} else "",
        "int": lambda: " Write int(…) of it in a cell." if "float" in _kinds(value) else "",
    }
    return f"It is of type {kind}, and the port takes {port_type.one}.{remedies.get(name, str)()}"


def _laid_out(tensor: Any) -> tuple[np.ndarray, str]:
    """Return a tensor (c, h, w) or (1, c, h, w) as an array (h, w, c), and its shape in words."""
    shape = " × ".join(map(str, tensor.shape))
    array = tensor.detach().cpu()
    if str(array.dtype) == "torch.bfloat16":
        array = array.float()
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        array = array.permute(1, 2, 0)
    elif array.ndim != 2:
        raise MediaError(
            f"It is a tensor of shape {shape}. A picture is (channels, height, width) with 1, 3 or 4 channels; of "
            "several make a list of such tensors."
        )
    return array.numpy(), shape


def _picture(array: np.ndarray, shape: str = "") -> PIL.Image.Image:
    """Return the picture of an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)."""
    said = f"It is {array.dtype} of shape {shape or ' × '.join(map(str, array.shape))}."
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        more = " Of several pictures make a list: list(array)." if array.ndim == 4 else ""
        raise MediaError(f"{said} A picture is (height, width) or (height, width, 3 or 4).{more}")
    if not array.size:
        raise MediaError(f"{said} A picture has at least one pixel.")
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif array.dtype.kind == "f":
        array = _from_floats(array, said)
    elif array.dtype != np.uint8:
        raise MediaError(f"{said} A picture is uint8, or floats from 0 to 1. Write array.astype('uint8').")
    return PIL.Image.fromarray(np.ascontiguousarray(array)).copy()


def _from_floats(array: np.ndarray, said: str) -> np.ndarray:
    array = array.astype(np.float32)
    low, high = float(array.min()), float(array.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):  # also where one of them is no number
        ranges = "some are no numbers" if low != low or high != high else f"they go from {low:g} to {high:g}"
        raise MediaError(f"{said} Floats are from 0 to 1, and {ranges}. Scale them, or make them uint8.")
    return (np.clip(array, 0, 1) * 255 + 0.5).astype(np.uint8)


def _is_tensor(value: Any) -> bool:
    return any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__)


def _is_table(value: Any) -> bool:
    return any(
        kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame" for kind in type(value).__mro__
    )
