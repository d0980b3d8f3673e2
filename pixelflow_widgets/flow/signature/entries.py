"""The inputs and outputs of a flow, with all that their ports say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ...errors import MediaError
from ...schema import Port, PortType, Registry
from ...schema.node_type import REQUIRED, in_words
from ...schema.port_types import read_port_type
from .. import document as doc
from ..document import Document
from ..limits import are_choices, is_count
from ..subflows import outputs_of, port_at, title_of, with_subflows

MISSING: Any = REQUIRED
"""The default of an input that has none."""
DRAWN = -1
"""What a caller gives as a seed that is to be drawn."""
SeedPolicy = Literal["drawn", "given"]
"""What a seed is that no caller gives: drawn anew for each run, or the default of its input."""
COSTLY = frozenset(
    ("width", "height", "steps", "frames", "seconds", "factor", "times", "at_most", "rows", "axes", "max_tokens")
)
"""Ports whose value decides how long a run takes."""
MOST_TOLD = 1e15
"""Larger limits mean nothing to a reader."""
MAX_TEXT = 10_000
MAX_ITEMS = 100
MAX_NUMBER = 1e300
"""Larger numbers are no numbers of a port."""
_CHOSEN = ("text", "choice", "model")
"""Types of which an entry may name the only values that there are."""


@dataclass(frozen=True)
class Entry:
    """Is one input of a flow.

    Args:
        name: What callers call it.
        type: What it takes.
        title: What a form calls it.
        help: One sentence.
        default: Its value, as JSON, when a caller gives none; MISSING where there is none.
        is_required: A caller has to give it.
        limits: "min", "max", "step" of numbers, "max_length" of texts, "max_items" of lists: those of the flow and of
            every port that it feeds.
        choices: The only values that there are; None is any.
        affects_cost: A run takes longer, or less long, with another value.
        is_seed: It is a seed, and -1 draws one.
        control: The form element of the first port that has one, as `Control.describe` says it.
        is_advanced: Every port that it feeds is folded away on its node.
    """

    name: str
    type: PortType
    title: str
    help: str = ""
    default: Any = MISSING
    is_required: bool = True
    limits: Mapping[str, float] = field(default_factory=dict)
    choices: tuple[str, ...] | None = None
    affects_cost: bool = False
    is_seed: bool = False
    control: Mapping[str, Any] | None = None
    is_advanced: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the input as JSON, with nothing left out that is known."""
        told = {**asdict(self), "type": self.type.describe(), "limits": dict(self.limits)}
        told["choices"] = None if self.choices is None else list(self.choices)
        if self.default is MISSING:
            del told["default"]
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Entry:
        """Return the input that `as_json` wrote."""
        choices = told["choices"]
        read = {"type": read_port_type(told["type"]), "choices": None if choices is None else tuple(choices)}
        return cls(**{"default": MISSING, **told, **read})

    def __str__(self) -> str:
        return f"{self.name}: {self.type}" + ("" if self.is_required else " = …")


@dataclass(frozen=True)
class Given:
    """Is one output of a flow.

    Args:
        name: What callers call it.
        type: What it gives.
        title: What a page calls it.
        help: One sentence.
        is_optional: It may be none.
    """

    name: str
    type: PortType
    title: str
    help: str = ""
    is_optional: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the output as JSON."""
        return {**asdict(self), "type": self.type.describe()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Given:
        """Return the output that `as_json` wrote."""
        return cls(**{**told, "type": read_port_type(told["type"])})

    def __str__(self) -> str:
        return f"{self.name}: {self.type}"


@dataclass(frozen=True)
class Signature:
    """Is what a flow takes and gives.

    Args:
        name: Of the flow.
        title: What a person calls it.
        help: What it says of itself.
        inputs: In the flow's order.
        outputs: In the flow's order.
    """

    name: str
    title: str
    help: str
    inputs: tuple[Entry, ...]
    outputs: tuple[Given, ...]

    def request_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of what a caller gives; it allows exactly what `read_values` takes."""
        from .json_schema import request_schema

        return request_schema(self)

    def result_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of what a caller is given."""
        from .json_schema import result_schema

        return result_schema(self)

    def input(self, name: str) -> Entry | None:
        """Return the input of a name, or None."""
        return next((entry for entry in self.inputs if entry.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """Return the signature as JSON."""
        kept = {"name": self.name, "title": self.title, "help": self.help}
        sides = {"inputs": self.inputs, "outputs": self.outputs}
        return kept | {side: [each.as_json() for each in entries] for side, entries in sides.items()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Signature:
        """Return the signature that `as_json` wrote."""
        inputs = tuple(Entry.from_json(each) for each in told["inputs"])
        return cls(
            told["name"], told["title"], told["help"], inputs, tuple(Given.from_json(each) for each in told["outputs"])
        )

    def _repr_markdown_(self) -> str:
        """Return a table of the inputs, as notebooks show it."""
        lines = [f"**{self.title}** → {', '.join(map(str, self.outputs)) or 'nothing'}", "", "| input | takes | help |"]
        lines.append("|---|---|---|")
        for entry in self.inputs:
            need = "" if entry.is_required else " (optional)"
            told = [f"`{entry.name}`{need}", takes(entry), entry.help]
            lines.append(f"| {' | '.join(text.replace('|', '&#124;') for text in told)} |")
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.inputs))}) -> {', '.join(map(str, self.outputs)) or 'nothing'}"


def takes(entry: Entry) -> str:
    """Return what an input takes, in words: type or choices, limits, whether it affects the cost."""
    limits = [f"{name.replace('_', ' ')} {bound:g}" for name, bound in entry.limits.items() if bound < MOST_TOLD]
    words = f"one of {', '.join(entry.choices)}" if entry.choices else str(entry.type)
    words = "a seed" if entry.is_seed else words
    return ", ".join([words, *limits, *(["affects the cost"] if entry.affects_cost else [])])


def signature_of(document: Document, registry: Registry, seeds: SeedPolicy = "drawn") -> Signature:
    """Return what a flow takes and gives; inputs whose type cannot be read are passed over.

    Args:
        document: The flow.
        registry: Which node types there are.
        seeds: What a seed is that no caller gives.
    """
    types = with_subflows(registry, document)
    inputs = tuple(entry for each in doc.inputs(document) if (entry := _entry(document, types, each, seeds)))
    outputs = tuple(_outputs(document, types))
    return Signature(document["name"], title_of(document), _text(document.get("description")), inputs, outputs)


def fed_ports(document: Document, types: Registry, entry: Mapping[str, Any]) -> list[Port]:
    """Return the ports that an input of a flow feeds, as far as they are known."""
    found = (port_at(document, types, place) for place in doc.feeds(entry))
    return [port for port in found if port is not None]


def _entry(document: Document, types: Registry, entry: Mapping[str, Any], seeds: SeedPolicy) -> Entry | None:
    try:
        port_type = read_port_type(entry["type"])
    except MediaError:
        return None
    ports = fed_ports(document, types, entry)
    is_seed = port_type == PortType("int") and any(port.is_seed for port in ports)
    default = DRAWN if is_seed and seeds == "drawn" else _default(entry, port_type)
    told = entry.get("affects_cost")
    is_costly = port_type.many or any(port.name in COSTLY for port in ports)
    return Entry(
        name=entry["name"],
        type=port_type,
        title=_text(entry.get("title")) or in_words(entry["name"]),
        help=_text(entry.get("help")) or next((port.help for port in ports if port.help), ""),
        default=default,
        is_required=default is MISSING,
        limits=_limits(port_type, entry.get("limits", {}), ports),
        choices=_choices(port_type, entry.get("choices"), ports),
        affects_cost=told if isinstance(told, bool) else is_costly,
        is_seed=is_seed,
        control=next((port.control.describe() for port in ports if port.control), None),
        is_advanced=bool(ports) and all(port.advanced for port in ports),
    )


def _default(entry: Mapping[str, Any], port_type: PortType) -> Any:
    default = entry.get("default")
    if default is None:
        return MISSING
    if port_type.name == "int":  # large ones are text in the document
        try:
            return [port_type.one.check(item) for item in default] if port_type.many else port_type.check(default)
        except (MediaError, TypeError):
            return default  # `find_problems` says so
    return default


def _limits(port_type: PortType, told: Mapping[str, Any], ports: Iterable[Port]) -> dict[str, float]:
    """Return what holds besides the type: the closest of all limits, so that what is let in suits every port."""
    limits: dict[str, float] = {}
    if port_type.many:
        limits["max_items"] = most if is_count(most := told.get("max_items")) else MAX_ITEMS
    if port_type.name == "text":
        limits["max_length"] = most if is_count(most := told.get("max_length")) else MAX_TEXT
    if port_type.name not in ("int", "float"):
        return limits
    bounds = [(told.get("min"), told.get("max")), *(port.control.limits for port in ports if port.control)]
    lows = [low for low, _ in bounds if low is not None]
    highs = [high for _, high in bounds if high is not None]
    limits |= {"min": max(lows)} if lows else {}
    limits |= {"max": min(highs)} if highs else {}
    step = told.get("step") if is_count(told.get("step")) else next(_steps(ports), None)
    if port_type.name == "int" and is_count(step) and step > 1:
        limits["step"] = step
    return limits


def _steps(ports: Iterable[Port]) -> Iterator[int]:
    """Yield in which steps whole numbers go; those of fractions cannot be held against a value."""
    for port in ports:
        step, low = getattr(port.control, "step", None), getattr(port.control, "min", None) or 0
        if step is not None and step == int(step) and step > 1 and low % step == 0:
            yield int(step)


def _choices(port_type: PortType, told: Any, ports: Iterable[Port]) -> tuple[str, ...] | None:
    if port_type.name not in _CHOSEN:
        return None
    lists = [port_type.choices, *(port.type.choices for port in ports)]
    lists += [port.control.options for port in ports if port.control and port.control.kind == "choices"]  # type: ignore[attr-defined]
    if are_choices(told):
        lists.insert(0, tuple(told))
    given = [each for each in lists if each]
    if not given:
        return None
    return tuple(dict.fromkeys(choice for choice in given[0] if all(choice in each for each in given)))


def _outputs(document: Document, types: Registry) -> Iterator[Given]:
    helps = {entry["name"]: _text(entry.get("help")) for entry in doc.outputs(document)}
    for port in outputs_of(document, types):
        yield Given(port.name, port.type, port.title, helps.get(port.name) or port.help, port.optional)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
