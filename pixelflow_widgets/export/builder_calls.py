"""How a node is placed in a script: as a call of its function, or by `flow.add` where that cannot say everything."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..schema import NodeType
from ..schema.literals import Code, flat
from ..schema.node_type import OPTION
from .builder_dialect import signature_of
from .builder_values import Argument

Arguments = list[tuple[str, Argument]]
"""(keyword, value) in order; a positional argument has the keyword ""."""
_OWN_KEYWORDS = ("id", "title", "position", "version")
"""What `flow.add` and `flow.placeholder` take besides the values."""


class Placed(NamedTuple):
    """Is a node that was placed, as the script can speak of it.

    Args:
        name: Its variable.
        outputs: Its outputs; None where its type is unknown, and it may have any.
        form: What the variable holds: "node", its only "port", or "ports" by name.
    """

    name: str
    outputs: tuple[str, ...] | None
    form: str = "node"

    def say(self, output: str) -> Code | None:
        """Return what an output is in the script, or None where there is none."""
        if self.outputs is not None and output not in self.outputs:
            return None
        if self.form == "node":
            return Code(f"{self.name}[{flat(output)}]")
        return Code(self.name if self.form == "port" else f"{self.name}.{output}")


def held(value: Any) -> Argument:
    """Return an argument that the script says as it is."""
    return Argument(value, value)


def called(node_type: NodeType, given: Mapping[str, Argument]) -> Arguments | None:
    """Return the arguments of a call of a node's function, or None where it cannot be called with just these.

    Args:
        node_type: The type.
        given: By input name, in the order of its inputs.
    """
    signature = signature_of(node_type)
    plain, options = _apart(node_type, given)
    keywords = {name: each for name, each in plain.items() if name in signature.parameters}
    if len(keywords) < len(plain) or (options and not node_type.options):
        return None
    if options and node_type.options:
        keywords[node_type.options] = _gathered(options)
    try:
        signature.bind(**keywords)
    except TypeError:  # something required is missing: the flow is not ready
        return None
    first = next(iter(signature.parameters.values()))
    arguments: Arguments = list(keywords.items())
    if arguments and arguments[0][0] == first.name and first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
        arguments[0] = ("", arguments[0][1])
    return arguments


def added(type_name: str, given: Mapping[str, Argument], node_type: NodeType | None, more: Arguments) -> Arguments:
    """Return the arguments of `flow.add` or `flow.placeholder`.

    Args:
        type_name: Name of the type.
        given: By input name, in order.
        node_type: The type, where it is known.
        more: The id, the title …
    """
    plain, options = _apart(node_type, given)
    if options and node_type and node_type.options and node_type.options not in plain:
        plain[node_type.options] = _gathered(options)
    else:
        plain |= {OPTION + name: each for name, each in options.items()}
    odd = {name: each for name, each in plain.items() if not _is_keyword(name)}
    arguments: Arguments = [("", held(type_name))]
    if odd:
        arguments.append(("", _gathered(odd)))
    return [*arguments, *more, *((name, each) for name, each in plain.items() if name not in odd)]


def _apart(
    node_type: NodeType | None, given: Mapping[str, Argument]
) -> tuple[dict[str, Argument], dict[str, Argument]]:
    """Return (inputs, options by name without the prefix)."""
    if node_type is None:
        return dict(given), {}
    plain = {name: each for name, each in given.items() if not name.startswith(OPTION)}
    return plain, {name.removeprefix(OPTION): each for name, each in given.items() if name.startswith(OPTION)}


def _gathered(given: Mapping[str, Argument]) -> Argument:
    return Argument(
        {name: each.value for name, each in given.items()}, {name: each.shown for name, each in given.items()}
    )


def _is_keyword(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and name not in _OWN_KEYWORDS
