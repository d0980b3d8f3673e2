"""Stacks of LoRAs as people type them: one a line, "name weight [@ schedule]", with # before one that is off."""

from __future__ import annotations

import re

from ..errors import MediaError
from ..media import Adapter

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_AT = re.compile(r"\s@(?:\s|$)")


def read_schedule(text: str) -> tuple[tuple[float, float], ...]:
    """Return the corners of a schedule such as "0:1 0.6:0.2": fraction of the steps, factor of the weight.

    Raises:
        MediaError: It is none.
    """
    corners = []
    for word in re.split(r"[\s,;]+", text.strip()) if text.strip() else ():
        place, colon, factor = word.partition(":")
        if not colon or not _NUMBER.fullmatch(place) or not _NUMBER.fullmatch(factor):
            raise MediaError(
                f"'{word[:40]}' is no corner of a schedule. Write the part of the steps, a colon and the factor of the "
                'weight, such as "0:1 0.6:0.2": whole at the start, a fifth from there on.'
            )
        corners.append((float(place), float(factor)))
    return tuple(corners)


def read_stack(text: str) -> tuple[Adapter, ...]:
    """Return the LoRAs of a stack that are on.

    Raises:
        MediaError: A line is none; says which.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = _AT.split(line, maxsplit=1)
        name, _, last = parts[0].strip().rpartition(" ")
        is_weighed = bool(name.strip()) and _NUMBER.fullmatch(last)
        source, weight = (name.strip(), float(last)) if is_weighed else (parts[0].strip(), 1.0)
        if not source:
            raise MediaError(f'Line {number} of the stack names no LoRA. Write "name weight", or take the line out.')
        try:
            found.append(Adapter(source, weight, schedule=read_schedule(parts[1]) if len(parts) > 1 else ()))
        except MediaError as error:
            raise MediaError(f"Line {number} of the stack: {error}") from error
    return tuple(found)
