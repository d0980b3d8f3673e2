"""A subject being played: values are checked, generations are begun, what the form holds is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...errors import FlowProblems, MediaError, PixelFlowError, ValuesRefused, nearest
from ...flow import document as doc
from ...flow.signature import Entry, Signature, checked_values, read_values
from ...flow.signature.json_schema import MODALITIES
from ...flow.subflows import with_subflows
from ...media import medium_name_of
from ...serve.jobs.results import plain
from ...usage.work import Size
from ..traits import takes_model
from .estimates import Estimates, work_in
from .generations import Generation, Generations, Listener, Order
from .media import KeptMedia, ids_in
from .subject import Subject

MOST_AT_ONCE = 8
"""Generations that are asked for at once."""
_LANES = 4
"""Generations that are on at once; where a model runs it is one, because the worker runs one model at a time."""

_SIZED = ("image", "mask", "video")

Hold = Callable[[str], str]
"""Keeps a medium that came beside the values, given what its input takes; returns its id."""


class Play:
    """Plays a subject.

    Args:
        subject: What is played.
        listener: Is told how generations get on.
        backend: Who runs nodes.
    """

    def __init__(self, subject: Subject, listener: Listener, backend: str = "auto") -> None:
        self.subject = subject
        self.media = KeptMedia()
        self.estimates = Estimates(subject)
        self.generations = Generations(self.media, listener, backend)
        self.values: dict[str, Any] = {}
        """What the form holds, as JSON; media by their ids."""

    def start(self, values: Any, count: Any = 1, buffers: Any = ()) -> list[Generation]:
        """Begin generations, all with the same values; where there are several, seeds count up.

        Args:
            values: Of the inputs by name, as JSON; media as ids, as base64 or as {"$buffer": number}.
            count: How many.
            buffers: Files that the values name by their numbers.

        Raises:
            ValuesRefused: Something does not fit; says all that does not.
            FlowProblems: The flow cannot run with them: weights are missing, an adapter does not fit.
        """
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_AT_ONCE:
            raise PixelFlowError(f"1 to {MOST_AT_ONCE} generations are begun at once, not {str(count)[:20]}.")
        signature = self.subject.signature
        placed, held = self._placed(signature, values, buffers)
        checked = [self._checked(signature, placed, held)]
        self.values = {name: _kept(checked[0], placed, name, signature) for name in placed}
        checked += [self._checked(signature, one, held) for one in _reseeded(signature, placed, checked[0], count)]
        self._check_flow(signature, checked[0])
        orders = [self._order(signature, inputs) for inputs in checked]
        return self.generations.add(orders, self._lanes(), self.values)

    def keep(self, values: Any) -> None:
        """Keep what a form holds.

        Args:
            values: As for `start`; they need not be whole, nor right.

        Raises:
            ValuesRefused: There is no such input, or something is no medium.
        """
        signature = self.subject.signature
        placed, held = self._placed(signature, values, ())
        faults, kept = [], {}
        for name, value in placed.items():
            entry = signature.input(name)
            if entry is None:
                known = [each.name for each in signature.inputs]
                told = f"There is no input '{name[:60]}'.{nearest(name, known)} The inputs are: {', '.join(known)}."
                faults.append({"at": f"/{name}", "message": told})
                continue
            try:
                kept[name] = _held_in(value, entry, held)
            except MediaError as error:
                faults.append({"at": f"/{name}", "message": str(error)})
        if faults:
            raise ValuesRefused(faults)
        self.values = kept

    def estimate(self, values: Any = None) -> float | None:
        """Return how many seconds a generation will take, or None where nobody knows.

        Args:
            values: As for `start`; those that do not fit, or are not there, count as their defaults.
        """
        given: dict[str, Any] = {}
        values = values if isinstance(values, Mapping) else {}
        for entry in self.subject.signature.inputs:
            value = values.get(entry.name)
            if entry.type.name in _SIZED:
                sizes = [size for id in ids_in(value) if (size := self._size(id)) is not None]
                if entry.is_required and not sizes:
                    return self.estimates.seconds(None)  # how much there is to do hangs on what is not there yet
                given |= {entry.name: sizes if entry.type.many else sizes[0]} if sizes else {}
            elif entry.type.name in ("int", "float") and isinstance(value, int | float):
                given[entry.name] = value
        return self.estimates.seconds(work_in(self.subject.document(given), self.subject, given))

    def _size(self, id: str) -> Size | None:
        try:
            facts = self.media.find(id).facts
        except MediaError:
            return None
        return Size(facts.get("width", 0) * facts.get("height", 0), facts.get("frames", 1))

    def shown(self, entry: Entry, value: Any) -> Any:
        """Return a value of the form as Python users hold it: media instead of their ids."""
        if entry.type.name not in MODALITIES:
            return value
        if isinstance(value, list):
            return [self.shown(entry, item) for item in value]
        return self.media.value(entry.type.name, value)

    def run_values(self, values: Any) -> dict[str, Any]:
        """Return values of a form for a run, as far as they fit: what is missing or wrong is left out."""
        signature = self.subject.signature
        found: dict[str, Any] = {}
        for name, value in (values if isinstance(values, Mapping) else {}).items():
            entry = signature.input(name)
            if entry is None or entry.type.name in MODALITIES or (entry.is_seed and value in (-1, "-1")):
                continue
            one = Signature(signature.name, "", "", (entry,), ())
            try:
                found |= read_values(one, {name: value}, self.media.value)
            except ValuesRefused:
                continue
        return found

    # Values

    def _placed(self, signature: Signature, values: Any, buffers: Any) -> tuple[dict[str, Any], dict[str, Hold]]:
        """Return (values with an id for each medium that came beside them, what keeps the medium of such an id)."""
        if not isinstance(values, Mapping):
            raise ValuesRefused([{"at": "", "message": "An object is wanted here: the inputs by name."}])
        held: dict[str, Hold] = {}

        def place(entry: Entry | None, value: Any) -> Any:
            if isinstance(value, list | tuple):
                return [place(entry, item) for item in value]
            is_result = isinstance(value, str) and value.startswith("art_")  # the schema knows what was sent only
            if entry is None or value is None or (isinstance(value, str | bool | int | float) and not is_result):
                return value
            if entry.type.name in MODALITIES:
                hold = self._holder(value, buffers)
                if hold is None:
                    return value
                token = f"up_beside_{secrets.token_hex(8)}"
                held[token] = hold
                return token
            return plain(value) if medium_name_of(value) == "table" else value

        return {str(name): place(signature.input(str(name)), value) for name, value in values.items()}, held

    def _holder(self, value: Any, buffers: Any) -> Hold | None:
        """Return what keeps a medium that is no text: bytes of a page, a result, an object of Python."""
        match value:
            case {"$buffer": int(number)} if 0 <= number < len(buffers):
                content = bytes(buffers[number])
                return lambda kind: self.media.upload(kind, content)
            case {"id": str(id)} | str(id):
                return lambda kind: self.media.take(kind, id)
            case Mapping():
                return None
            case bytes():
                return lambda kind: self.media.upload(kind, value)
        return lambda kind: self.media.take_value(kind, value)

    def _checked(self, signature: Signature, values: Mapping[str, Any], held: dict[str, Hold]) -> dict[str, Any]:
        """Return checked values; what came beside them is kept once, however many generations there are."""

        def keep(kind: str, text: str) -> str:
            if (hold := held.get(text)) is not None:
                id = hold(kind)
                held[text] = lambda _: id
                return id
            return self.media.take(kind, text)

        return checked_values(signature, values, keep)

    # The flow

    def _check_flow(self, signature: Signature, inputs: Mapping[str, Any]) -> None:
        values = read_values(signature, inputs, self.media.value)
        if problems := self.subject.problems(values):
            raise FlowProblems(problems)

    def _order(self, signature: Signature, inputs: dict[str, Any]) -> Order:
        subject = self.subject
        values = read_values(signature, inputs, self.media.value)
        document = subject.document(values)
        work = work_in(document, subject, values)
        flow, estimate = subject.flow, self.estimates.seconds(work)
        return Order(
            document, flow.registry, flow.media, signature, inputs, values, work, estimate, place=subject.place
        )

    def _lanes(self) -> int:
        flow = self.subject.flow
        types = with_subflows(flow.registry, flow.document)
        found = [types.find(entry["type"]) for entry in doc.nodes(flow.document).values()]
        return 1 if any(one is not None and takes_model(one) for one in found) else _LANES


def _kept(checked: Mapping[str, Any], placed: Mapping[str, Any], name: str, signature: Signature) -> Any:
    """Return what a form holds after values were checked: seeds as they were given, media by their ids."""
    entry = signature.input(name)
    return checked[name] if entry is not None and entry.type.name in MODALITIES else placed[name]


def _held_in(value: Any, entry: Entry, held: Mapping[str, Hold]) -> Any:
    if isinstance(value, list):
        return [_held_in(item, entry, held) for item in value]
    return held[value](entry.type.name) if isinstance(value, str) and value in held else value


def _reseeded(
    signature: Signature, values: Mapping[str, Any], first: Mapping[str, Any], count: int
) -> Iterator[dict[str, Any]]:
    """Yield the values of the second generation, and so on: a given seed is one more each time, others are drawn."""
    seeds = [entry for entry in signature.inputs if entry.is_seed]
    for step in range(1, count):
        more = {}
        for entry in seeds:
            if str(values.get(entry.name, entry.default)) != "-1" and entry.name in first:
                low, high = int(entry.limits.get("min", 0)), int(entry.limits.get("max", 2**64 - 1))
                more[entry.name] = plain(low + (int(first[entry.name]) + step - low) % (high - low + 1))
        yield {**values, **more}
