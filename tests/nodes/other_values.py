"""Another value for an input, by its type and control."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import PIL.Image

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Colour, File, ModelPicker, Slider
from pixelflow_widgets.media import medium_name_of
from pixelflow_widgets.schema import Port


def other_values(port: Port, now: Any) -> list[Any]:
    """Return values that an input may have instead, those that change most first; none where only its node knows.

    Args:
        port: The input.
        now: The value that it has.
    """
    if port.type.many:
        items = list(now) if isinstance(now, list | tuple) else [] if now is None else [now]
        if len(items) > 1:
            return [items[1:], items[::-1]]
        one = replace(port, type=port.type.one, optional=False)
        return [[other] for other in other_values(one, items[0] if items else None)]
    if port.is_seed:
        return [now + 1 if isinstance(now, int) else 1]
    if isinstance(port.control, File | ModelPicker):
        return []
    if isinstance(port.control, Colour):
        return [colour for colour in ("#2ea043", "#f0c808") if colour != now]
    name = port.type.name
    if name == "any":
        name = medium_name_of(now) or ""
    return _OTHERS.get(name, lambda *_: [])(port, now)


def _numbers(port: Port, now: Any) -> list[Any]:
    low, high = port.control.limits if port.control else (None, None)
    step = getattr(port.control, "step", None) or (1 if port.type.name == "int" else 0.5)
    start = (low or 0) if now is None else now
    if not isinstance(port.control, Slider) or low is None or high is None:
        wished = [start + 2 * step, start + step, start - step]
    else:
        quarter = max(step, round((high - low) / 4 / step) * step)
        wished = [start + quarter, start - quarter, start + step, start - step]
    kind = int if port.type.name == "int" else float
    fitting = [kind(value) for value in wished if (low is None or value >= low) and (high is None or value <= high)]
    return [value for value in dict.fromkeys(fitting) if value != now]


def _texts(port: Port, now: Any) -> list[Any]:
    return [f"{now} and again" if now else "something else"]


def _image(port: Port, now: Any) -> list[Any]:
    if now is None:
        return []
    pixels = np.asarray(now.convert("L" if port.type.name == "mask" else "RGB"))
    return [PIL.Image.fromarray(255 - pixels), PIL.Image.fromarray(np.ascontiguousarray(pixels[::-1, ::-1]))]


def _audio(_: Port, now: Any) -> list[Any]:
    if now is None:
        return []
    quieter = now.samples * np.linspace(0.2, 1, now.samples.shape[1], dtype=np.float32)
    return [pf.Audio(np.ascontiguousarray(quieter[:, ::-1]), now.sample_rate)]


def _video(_: Port, now: Any) -> list[Any]:
    return [] if now is None else [pf.Video(255 - now.frames, now.fps, now.audio)]


def _table(_: Port, now: Any) -> list[Any]:
    return [] if now is None else [now.iloc[1:].reset_index(drop=True)]


_OTHERS: dict[str, Any] = {
    "text": _texts,
    "choice": lambda port, now: [choice for choice in port.type.choices if choice != now],
    "flag": lambda _, now: [not now],
    "int": _numbers,
    "float": _numbers,
    "image": _image,
    "mask": _image,
    "audio": _audio,
    "video": _video,
    "table": _table,
    "latents": lambda _, now: [] if now is None else [now * 0.5],
}
