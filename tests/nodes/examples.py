"""An example of each node type of the palette, for what is tested of all of them.

Each room adds its own in a module `examples_<room>.py` beside this one:

    EXAMPLES = {"invert": inverted}

    def inverted(zoo: Zoo) -> Example:
        return {"inputs": {"image": picture()}, "vary": {"path": "other.png"}, "unchanged": {"speed": "It is as good."}}

The function is called in an empty working folder, once for each run: it may write the files that its inputs name. A
second example of a type ("text_to_image:flux") shows what the first cannot: an input counts where one of them changes.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Collection
from typing import Any, NamedTuple, Required, TypedDict

import tests.nodes
from tests.zoo import Zoo


class Varied(NamedTuple):
    """Is another value of an input that matters only beside certain others.

    Args:
        value: The other value.
        given: Inputs that both runs have, this one and the one that it is compared with: {"by": "colour"}.
    """

    value: Any
    given: dict[str, Any]


class Example(TypedDict, total=False):
    """Says how a node type is tried.

    inputs: Values by input; what is not named has its default. Choose them so that everything matters.
    vary: Another value of an input, or a `Varied`, where no other value is known for its type and control.
    unchanged: Why an input has no influence here, in one sentence.
    only: The inputs that are tried; all where it is not there.
    """

    inputs: Required[dict[str, Any]]
    vary: dict[str, Any]
    unchanged: dict[str, str]
    only: Collection[str]


@functools.cache
def examples() -> dict[str, Callable[[Zoo], Example]]:
    """Return the examples of all rooms, by the name of the node type."""
    found: dict[str, Callable[[Zoo], Example]] = {}
    for module in pkgutil.iter_modules(tests.nodes.__path__):
        if module.name.startswith("examples_"):
            room = importlib.import_module(f"tests.nodes.{module.name}").EXAMPLES
            assert not set(found) & set(room), f"{module.name} has an example that another module has, too."
            found |= room
    return found


def examples_of(name: str) -> list[Callable[[Zoo], Example]]:
    """Return the examples of a node type."""
    return [example for key, example in examples().items() if key.partition(":")[0] == name]
