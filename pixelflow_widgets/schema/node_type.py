"""What is known of a node type: its ports, its words, and the function behind it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..controls import Control, Seed
from ..errors import MediaError, nearest
from .body import Body
from .code_digest import code_digest, is_own
from .complaint import Complaint
from .port_types import PortType


class _Required:
    def __reduce__(self) -> str:
        return "REQUIRED"  # one object, in every process

    def __repr__(self) -> str:
        return "REQUIRED"


OPTION = "options."
"""How the names of ports begin that only some families of models have."""
REQUIRED: Any = _Required()
"""The default of an input that has none."""


_WRITTEN = {word.lower(): word for word in ("LoRA", "LoRAs", "IP", "VAE", "CFG", "CLIP", "JSON", "FPS", "CSV")}
"""How words are written that are no words."""


def in_words(name: str) -> str:
    """Return a name of Python as people write it: "add_lora" is "Add LoRA"."""
    words = " ".join(_WRITTEN.get(word, word) for word in name.strip("_").split("_"))
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Port:
    """Is a named, typed input or output of a node type.

    Args:
        name: Its name in files and code.
        type: What it carries.
        default: Its value when nothing is set or connected; REQUIRED where there is none. Outputs have none.
        optional: It takes None.
        control: The form element of its value; None is a port only.
        help: One sentence from the docstring.
        advanced: It is shown under *Advanced*.
        label: What it is called where its name in words is not it.
        lazy: The function gets a `Lazy` of it, and nothing runs for it before that is asked.
        families: Base models that have it; empty is all.
    """

    name: str
    type: PortType
    default: Any = REQUIRED
    optional: bool = False
    control: Control | None = None
    help: str = ""
    advanced: bool = False
    label: str = ""
    lazy: bool = False
    families: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Return whether the input must be set or connected."""
        return self.default is REQUIRED

    @property
    def title(self) -> str:
        """Return the label, else the name in words."""
        return self.label or in_words(self.name)

    @property
    def is_seed(self) -> bool:
        """Return whether the value is a seed, which may be "random"."""
        return isinstance(self.control, Seed)

    @property
    def told_by(self) -> str:
        """Return under which name `registry.fingerprints` tells what its values stand for: a type, or kind of file."""
        return (self.control.reads if self.control else "") or self.type.name

    @property
    def is_option(self) -> bool:
        """Return whether only some families of models have the input: `options.<name>`."""
        return self.name.startswith(OPTION)

    @property
    def is_limited(self) -> bool:
        """Return whether the control allows less than the type does."""
        return self.control is not None and self.control.limits != (None, None)

    def check(self, value: Any) -> Any:
        """Return a value in its canonical form, within the limits of the control.

        Raises:
            MediaError: It is of another type, or outside the limits.
        """
        if value is None and self.optional:
            return None
        if self.is_seed and value == "random":
            return value
        value = self.type.check(value)
        low, high = self.control.limits if self.control else (None, None)
        for item in value if self.type.many else [value]:
            if isinstance(item, int | float) and not isinstance(item, bool):
                if low is not None and item < low:
                    raise MediaError(f"{item} is less than the smallest value allowed, {low:g}.")
                if high is not None and item > high:
                    raise MediaError(f"{item} is more than the largest value allowed, {high:g}.")
        return value

    def describe(self) -> dict[str, Any]:
        """Return the port as JSON for the page."""
        described: dict[str, Any] = {"name": self.name, "title": self.title, "type": self.type.describe()}
        if self.help:
            described["help"] = self.help
        if self.control:
            described["control"] = self.control.describe()
        if not self.required and isinstance(self.default, str | int | float | bool | type(None)):
            described["default"] = self.default
        if self.families:
            described["families"] = list(self.families)
        described |= {flag: True for flag in ("required", "optional", "advanced", "lazy") if getattr(self, flag)}
        return described


@dataclass(frozen=True)
class Shape:
    """Says how to call a node's function and read what it returns; travels between processes.

    Args:
        title: What the node type is called.
        progress: Name of the parameter that takes a `Progress`, if there is one.
        outputs: Output ports by name.
        several: The function returns a NamedTuple of them.
    """

    title: str
    progress: str | None
    outputs: Mapping[str, Port]
    several: bool

    def unpack(self, result: Any) -> dict[str, Any]:
        """Return what the function returned as output name → value, each checked against its type.

        Raises:
            MediaError: A value is not what the annotation promised.
        """
        if not self.outputs:
            return {}
        if not self.several and len(self.outputs) == 1:  # mostly
            ((name, port),) = self.outputs.items()
            return {name: None if result is None and port.optional else port.type.check(result)}
        values = list(result) if self.several else [result]
        if len(values) != len(self.outputs):
            raise MediaError(f"'{self.title}' returned {len(values)} values; it declares {len(self.outputs)}.")
        return {
            name: None if value is None and port.optional else port.type.check(value)
            for (name, port), value in zip(self.outputs.items(), values, strict=True)
        }


@dataclass(frozen=True)
class NodeType:
    """Is what `@node` defines.

    Args:
        name: Its name in files: "text_to_image", "notebook.duotone", "package.sharpen".
        function: The function as it was written.
        inputs: Input ports by name, in the signature's order.
        outputs: Output ports by name.
        title: Its name in words.
        help: The first sentence of the docstring.
        version: Grows when the meaning of the ports or of the result changes.
        pure: The same inputs give the same outputs, and nothing else happens.
        where: "auto", or "kernel" for functions that touch live notebook objects, take lazy inputs or ask.
        family: The palette's shelf.
        progress: Name of the parameter that takes a `Progress`, if there is one.
        ask: Name of the parameter that takes an `Ask`, if there is one.
        record: Name of the parameter that takes the `Record`, if there is one.
        options: Name of the parameter that takes the `Options`, if there is one.
        check: Says what is wrong with those input values that are known, before anything runs; None is nothing.
        is_static: It is worked out while a flow is edited, so that what it gives is known before a run.
        many_outputs: Builds the result of a function that returns a NamedTuple.
        body: The flow that it runs instead of the function; None for what `@node` defines.
        export: Writes it into a script, given a `Writing`; None copies the function.
        grace: Seconds that it has after Stop, to put away what it made so far; 0 is as many as any node has.
    """

    name: str
    function: Callable[..., Any]
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    title: str
    help: str = ""
    version: int = 1
    pure: bool = True
    where: Literal["auto", "kernel"] = "auto"
    family: str = ""
    progress: str | None = None
    ask: str | None = None
    record: str | None = None
    options: str | None = None
    check: Callable[[Mapping[str, Any]], Iterable[Complaint]] | None = field(default=None, repr=False)
    is_static: bool = False
    many_outputs: type | None = field(default=None, repr=False)
    body: Body | None = field(default=None, repr=False)
    export: Callable[[Any], None] | None = field(default=None, repr=False)
    grace: float = 0.0

    @property
    def from_notebook(self) -> bool:
        """Return whether the function, or one inside the body, has no importable home and so travels by value."""
        if self.body is not None:
            return any(inner.from_notebook for inner in self.body.types)
        return is_own(self.function)

    def digest(self) -> str:
        """Return what identifies the behaviour: name, version and, for notebook nodes, the code with its helpers."""
        if self.body is not None:
            code = ",".join([self.body.digest, *sorted({inner.digest() for inner in self.body.types})])
        else:
            code = code_digest(self.function) if self.from_notebook else ""
        return f"{self.name}@{self.version}:{code}"

    def input(self, name: str) -> Port:
        """Return an input port.

        Raises:
            KeyError: There is none of that name; the message names the nearest.
        """
        return self._port(self.inputs, name, "input")

    def output(self, name: str) -> Port:
        """Return an output port.

        Raises:
            KeyError: There is none of that name; the message names the nearest.
        """
        return self._port(self.outputs, name, "output")

    def _port(self, ports: Mapping[str, Port], name: str, side: str) -> Port:
        if name in ports:
            return ports[name]
        has = ", ".join(ports) or "none"
        raise KeyError(f"'{self.title}' has no {side} '{name}'.{nearest(name, ports)} Its {side}s: {has}.")

    @functools.cached_property
    def shape(self) -> Shape:
        """Return what a process needs to know to call the function and read its result."""
        outputs = {name: Port(name, port.type, optional=port.optional) for name, port in self.outputs.items()}
        return Shape(self.title, self.progress, outputs, self.many_outputs is not None)

    def describe(self) -> dict[str, Any]:
        """Return the node type as JSON for the page."""
        described = {
            "name": self.name,
            "title": self.title,
            "help": self.help,
            "version": self.version,
            "family": self.family,
            "pure": self.pure,
            "where": self.where,
            "inputs": [port.describe() for port in self.inputs.values()],
            "outputs": [
                {"name": port.name, "title": port.title, "type": port.type.describe()} for port in self.outputs.values()
            ],
        }
        if self.body is not None:
            described["body"] = {"kind": self.body.kind, "name": self.body.name}
        return described
