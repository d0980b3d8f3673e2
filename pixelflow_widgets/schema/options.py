"""Inputs that only some families of models have: the ports `options.<name>` of a node type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..controls import DEFAULT_CONTROLS, Choices, Control
from .node_type import OPTION, Port, in_words
from .port_types import port_type_of


class Options(dict[str, Any]):
    """Holds those options of a call that are set, by name without the prefix; is injected by type and is no port."""


@dataclass(frozen=True)
class Option:
    """Is an input that only some families of models have.

    Args:
        name: Its name without the prefix: "clip_skip".
        type: What it carries, as an annotation: int, float, bool, str, Literal[...], Image.
        control: The form element; None is the type's own.
        families: Base models that have it; the page shows it where such a model is chosen. Empty is all.
        help: One sentence, with units and what is used where it is not set.

    Raises:
        NodeTypeError: Nothing of that type travels on edges.
    """

    name: str
    type: Any
    control: Control | None = None
    families: tuple[str, ...] = ()
    help: str = ""

    @property
    def port(self) -> Port:
        """Return the input port that it is: optional, under *Advanced*, without a value."""
        port_type = port_type_of(self.type)
        control = self.control or DEFAULT_CONTROLS.get(port_type.name)
        if isinstance(control, Choices) and not control.options:
            control = Choices(port_type.choices)
        return Port(
            name=OPTION + self.name,
            type=port_type,
            default=None,
            optional=True,
            control=control,
            help=self.help,
            advanced=True,
            label=in_words(self.name),
            families=self.families,
        )


def gathered(arguments: dict[str, Any], parameter: str) -> dict[str, Any]:
    """Return arguments in which those of options are one `Options`, without those that are None.

    Args:
        arguments: Values by input name; `options.<name>` are options. Those given as a mapping count, too.
        parameter: Name of the parameter that takes the options.
    """
    given = dict(arguments.get(parameter) or {})
    given |= {name.removeprefix(OPTION): value for name, value in arguments.items() if name.startswith(OPTION)}
    kept = {name: value for name, value in arguments.items() if not name.startswith(OPTION)}
    return {**kept, parameter: Options({name: value for name, value in given.items() if value is not None})}


def spread(arguments: dict[str, Any], parameter: str | None) -> dict[str, Any]:
    """Return arguments in which the options that were given as a mapping are named as ports.

    Args:
        arguments: As they were given to the function.
        parameter: Name of the parameter that takes the options; None where there is none.
    """
    if parameter is None or parameter not in arguments:
        return arguments
    kept = {name: value for name, value in arguments.items() if name != parameter}
    return {**kept, **{OPTION + name: value for name, value in dict(arguments[parameter] or {}).items()}}
