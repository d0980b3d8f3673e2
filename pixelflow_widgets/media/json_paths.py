"""Things inside JSON, named by a path: `scenes[0].title`."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from ..errors import MediaError, nearest

_STEP = re.compile(r"""\.?(?P<name>[^.\[\]"']+)|\[(?P<number>-?\d+)\]|\[(?P<every>\*?)\]|\["(?P<quoted>[^"]*)"\]""")
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_DECODER = json.JSONDecoder()
_MOST_TRIED = 200
"""At how many brackets of a text it is tried to read JSON."""

Step = str | int | None
"""A name, a number, or None for every item."""


def read_json(text: str) -> Any:
    """Return what a text holds as JSON; what a chat model writes around it is passed over.

    Raises:
        MediaError: There is no JSON in it; says where reading stopped.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    if fenced := _FENCE.search(text):
        text = fenced[1]
    for start in itertools.islice((found.start() for found in re.finditer(r"[{\[]", text)), _MOST_TRIED):
        try:
            value, _ = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) or (isinstance(value, list) and value):
            return value
    raise MediaError(f"This text is no JSON: {reason}.")


def read_path(path: str) -> list[Step]:
    """Return the steps of a path: names, numbers, and None for `[*]`.

    Raises:
        MediaError: It cannot be read; says where.
    """
    steps: list[Step] = []
    place = 0
    path = path.strip().removeprefix("$")
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            raise MediaError(
                f"The path '{path}' cannot be read from '{path[place:]}' on. Write it like scenes[0].title, or "
                "scenes[*].title for all of them."
            )
        name = found["name"] if found["quoted"] is None else found["quoted"]
        steps.append(name.strip() if name is not None else int(found["number"]) if found["number"] else None)
        place = found.end()
    return steps


def at_path(value: Any, steps: list[Step], where: str = "") -> Any:
    """Return what stands at a path inside a value; `[*]` gives a list.

    Args:
        value: As JSON gave it.
        steps: The path, as `read_path` returns it.
        where: The path to the value itself, for the message.

    Raises:
        MediaError: There is nothing; says which step leads nowhere and what there is.
    """
    if not steps:
        return value
    step, *rest = steps
    here = f"'{where}'" if where else "The JSON"
    if isinstance(step, str):
        if not isinstance(value, dict):
            raise MediaError(f"{here} is {_kind(value)}, which has no '{step}'.")
        if step not in value:
            has = ", ".join(map(str, value)) or "nothing"
            raise MediaError(f"{here} has no '{step}'.{nearest(step, map(str, value))} It has: {has[:300]}.")
        return at_path(value[step], rest, f"{where}.{step}" if where else step)
    if not isinstance(value, list):
        raise MediaError(f"{here} is {_kind(value)} and no list: [{'*' if step is None else step}] leads nowhere.")
    if step is None:
        return [at_path(item, rest, f"{where}[{number}]") for number, item in enumerate(value)]
    if not -len(value) <= step < len(value):
        raise MediaError(f"{here} has {len(value)} items, counted from 0; there is no {step}.")
    return at_path(value[step], rest, f"{where}[{step}]")


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def as_text(value: Any) -> str:
    """Return a value of JSON as people write it: a text without quotes, an object as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
