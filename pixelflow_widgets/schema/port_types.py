"""What a port carries, and whether two ports may connect."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from .. import media
from ..errors import MediaError, NodeTypeError
from .lazy import Lazy

_BY_ANNOTATION: dict[Any, str] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "flag",
    media.Image: "image",
    media.Mask: "mask",
    media.Audio: "audio",
    media.Video: "video",
    media.Latents: "latents",
    media.Table: "table",
    media.Model: "model",
    Any: "any",
}
# Types of libraries that are too heavy to import for a comparison.
_BY_NAME = {"torch.Tensor": "latents", "pandas.DataFrame": "table"}
_VALUE_NAMES = {"int": "number", "float": "number", "choice": "text", "any": "value"}
_TITLES = {
    "int": "a whole number",
    "float": "a number",
    "flag": "True or False",
    "choice": "a choice",
    "any": "anything",
}
_PLURALS = {"latents": "latents", "audio": "audios"}


@dataclass(frozen=True)
class PortType:
    """Names what a port carries.

    Args:
        name: A key of `media.MEDIA`.
        many: A list of them, in order.
        choices: The options of a choice.
    """

    name: str
    many: bool = False
    choices: tuple[str, ...] = ()

    @property
    def value_name(self) -> str:
        """Return the name of an output that carries this: "image", "number", "images"."""
        name = _VALUE_NAMES.get(self.name, self.name)
        return _PLURALS.get(name, f"{name}s") if self.many else name

    @property
    def one(self) -> PortType:
        """Return the type of one item."""
        return PortType(self.name, False, self.choices)

    @property
    def listed(self) -> PortType:
        """Return the type of a list of these; lists do not nest."""
        return PortType(self.name, True, self.choices)

    @property
    def medium(self) -> media.Medium:
        """Return the medium that checks, encodes and shows values of this type."""
        return media.MEDIA[self.name]

    def check(self, value: Any) -> Any:
        """Return the value in its canonical form.

        Raises:
            MediaError: The value is not of this type; says what is wanted.
        """
        if self.many:
            items = value if isinstance(value, list | tuple) else [value]
            if self.name == "any" and any(isinstance(item, list | tuple) for item in items):
                raise MediaError("Lists do not nest, and this one holds a list. Join them into one.")
            return [self.one.check(item) for item in items]
        if self.name == "image" and isinstance(value, str | list | dict):
            raise media.wrong(value, "A PIL image")
        value = value.value if isinstance(value, Enum) else value
        value = self.medium.check(str(value) if self.choices and isinstance(value, int | float) else value)
        if self.choices and value not in self.choices:
            raise MediaError(f"{value!r} is not one of {', '.join(self.choices)}.")
        return value

    def describe(self) -> str | dict[str, Any]:
        """Return the type as JSON: "image", "list[image]" or {"choices": [...]}."""
        if self.choices:
            return {"choices": list(self.choices), **({"many": True} if self.many else {})}
        return f"list[{self.name}]" if self.many else self.name

    def __str__(self) -> str:
        words = f"one of {', '.join(self.choices)}" if self.choices else _TITLES.get(self.name, self.name)
        return f"a list of {words}" if self.many else words


def read_port_type(described: Any) -> PortType:
    """Return the type that `PortType.describe` wrote.

    Raises:
        MediaError: Nothing is described that way.
    """
    if isinstance(described, Mapping):
        choices = described.get("choices")
        if isinstance(choices, list) and choices and all(isinstance(choice, str) for choice in choices):
            return PortType("choice", described.get("many") is True, tuple(choices))
    if isinstance(described, str):
        many = described.startswith("list[") and described.endswith("]")
        name = described[5:-1] if many else described
        if name in media.MEDIA:
            return PortType(name, many)
    raise MediaError(f"{str(described)[:60]!r} is not a type. Types are: {', '.join(media.MEDIA)}.")


def port_type_of(annotation: Any) -> PortType:
    """Return the port type of a Python annotation, without `Lazy`, `Annotated` and `| None`.

    Raises:
        NodeTypeError: Nothing of that type travels on edges.
    """
    annotation = without_none(annotation)
    if annotation is Lazy:
        raise NodeTypeError("Lazy does not say of what. Write Lazy[Image], say, or Lazy[Any].")
    if get_origin(annotation) in (Annotated, Lazy):
        return port_type_of(get_args(annotation)[0])
    if get_origin(annotation) is list:
        if is_lazy(get_args(annotation)[0]):
            raise NodeTypeError(f"{_spell(annotation)}: an input is lazy as a whole. Write Lazy[list[...]].")
        inner = port_type_of(get_args(annotation)[0])
        if inner.many:
            raise NodeTypeError(f"{annotation}: lists do not nest. Write {get_args(annotation)[0]}.")
        return inner.listed
    if get_origin(annotation) is Literal:
        return PortType("choice", choices=tuple(options_of(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return PortType("choice", choices=tuple(options_of(annotation)))
    name = _known_name(annotation)
    if name is None:
        known = "str, int, float, bool, Literal[...], Image, Mask, Audio, Video, Latents, Table, Model, Any, list[...]"
        raise NodeTypeError(f"{_spell(annotation)} does not travel on edges. Use one of: {known}.")
    return PortType(name)


def options_of(annotation: Any) -> dict[str, Any]:
    """Return the options of a Literal or an Enum: text on the edge → what the function is given; empty for others.

    Raises:
        NodeTypeError: It has none, or two that are written alike.
    """
    annotation = without_none(annotation)
    if get_origin(annotation) in (Annotated, Lazy, list):
        return options_of(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        pairs = [(str(option), option) for option in get_args(annotation)]
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        pairs = [(str(option.value), option) for option in annotation]
    else:
        return {}
    if not pairs or len(dict(pairs)) < len(pairs):
        raise NodeTypeError(f"{_spell(annotation)}: a choice has at least one option, each written differently.")
    return dict(pairs)


def _known_name(annotation: Any) -> str | None:
    try:
        if annotation in _BY_ANNOTATION:
            return _BY_ANNOTATION[annotation]
    except TypeError:  # unhashable
        return None
    if isinstance(annotation, type):
        return _BY_NAME.get(f"{annotation.__module__.partition('.')[0]}.{annotation.__name__}")
    return None


def without_none(annotation: Any) -> Any:
    """Return `X` for `X | None`, and anything else as it is."""
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return members[0]
    return annotation


def is_lazy(annotation: Any) -> bool:
    """Return whether an annotation is `Lazy[X]`, also inside `Annotated` or before `| None`."""
    annotation = without_none(annotation)
    if get_origin(annotation) is Annotated:
        return is_lazy(get_args(annotation)[0])
    return annotation is Lazy or get_origin(annotation) is Lazy


def takes_none(annotation: Any) -> bool:
    """Return whether an annotation allows None."""
    if get_origin(annotation) in (Annotated, Lazy):
        return takes_none(get_args(annotation)[0])
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def _spell(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def may_connect(source: PortType, target: PortType) -> str | None:
    """Return None where an output of one type may feed an input of another, else the reason in words.

    What carries anything connects with everything; whether the value fits is checked when it is known.
    Converted without asking: whole number to number, mask to image, one value to a list of one. A list into a port
    that takes one maps the node over the list.
    """
    if "any" in (source.name, target.name):
        return None
    if source.name == target.name or (source.name, target.name) in _CONVERSIONS:
        if source.choices and target.choices and not set(source.choices) <= set(target.choices):
            return f"{target} is wanted; {source} comes."
        return None
    return f"{str(source).capitalize()} cannot connect to {target}."


# A text that feeds a choice is checked when its value is known.
_CONVERSIONS = {("int", "float"), ("mask", "image"), ("choice", "text"), ("text", "choice")}
