"""What a run will cost, before it runs: tokens by the models' own tokenizers, seconds by what this machine took before.

Nothing is run and no model is loaded. What is not known is said, and never guessed: "at least".
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import RatesError
from ..flow.document import Document
from ..flow.graph import Graph
from ..flow.media_files import MediaFiles
from ..flow.subflows import with_subflows
from ..run.cache import Cache, Results, as_list, process_cache
from ..run.plan import Plan, make_plan
from ..schema import NodeType, Registry
from ..schema.usage import Usage
from .cost import in_words, money
from .noting import is_shipped, source_of, sources_of, values_known
from .pace import Point, expected
from .paces import Sample, process_paces
from .rates import RateCard, rate_card
from .reading import input_tokens, reads
from .words import worked_out
from .work import NodeWork, work_of_nodes

MOST_TOLD = 200
"""So many nodes are told one by one; all are in the sums."""
SECONDS = 3.0
"""So long tokens are counted; what is not counted by then is told as not known."""
MOST_READ = 200
"""So many results of nodes that have run are read for what comes into others."""
_PLAIN = ("text", "int", "float", "flag", "model")


@dataclass(frozen=True)
class NodeEstimate:
    """Is what one node will cost.

    Args:
        node: Its id.
        title: What it is called.
        type: Its type.
        model: Source of its model; empty where it has none, or it is not known yet.
        seconds: How long it will take; None where nothing like it was done here yet.
        cpu_seconds: Of processors, of all cores together; None like `seconds`.
        gpu_seconds: Of a GPU; None like `seconds`.
        input_tokens: That models will read; None where that is not known.
        output_tokens: That models will write, at most.
        money: At most; None where a price or a count is not known.
        known_runs: On how many measurements the seconds rest.
        is_least: Whether there may be more of what is told: not everything that it depends on has run.
    """

    node: str
    title: str
    type: str
    model: str = ""
    seconds: float | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int = 0
    money: float | None = None
    known_runs: int = 0
    is_least: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON; seconds to the millisecond."""
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in vars(self).items()}


@dataclass(frozen=True)
class Estimate:
    """Is what a run will cost.

    Args:
        nodes: Those that will run, in their order; at most 200.
        ran: How many will run.
        fresh: How many need not run: their results are there.
        seconds: Of all together, one after another; None where of none anything is known.
        cpu_seconds: Like `seconds`.
        gpu_seconds: Like `seconds`.
        input_tokens: Of all together, as far as they are known.
        output_tokens: At most.
        money: At most; None where a price or a count is not known.
        currency: Of the money.
        unknown_seconds: Of how many nodes nobody knows how long they take.
        unpriced: Sources of the models that have no price here.
        is_least: Whether tokens or money may be more.
        notes: What else is to be said, in sentences.
    """

    nodes: list[NodeEstimate] = field(default_factory=list)
    ran: int = 0
    fresh: int = 0
    seconds: float | None = None
    cpu_seconds: float | None = None
    gpu_seconds: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    money: float | None = 0.0
    currency: str = "USD"
    unknown_seconds: int = 0
    unpriced: list[str] = field(default_factory=list)
    is_least: bool = False
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        told = {name: round(value, 6) if isinstance(value, float) else value for name, value in vars(self).items()}
        return {**told, "nodes": [node.as_json() for node in self.nodes], "words": str(self)}

    def __str__(self) -> str:
        """Return it in words."""
        if not self.ran:
            return "Nothing has to run: everything is fresh."
        least = "at least " if self.is_least else ""
        told = []
        if self.seconds is not None:
            told.append(f"{'at least' if self.unknown_seconds else 'about'} {_clock(self.seconds)}")
        if self.input_tokens or self.output_tokens:
            out = f", at most {self.output_tokens:,} out" if self.output_tokens else ""
            told.append(f"{least}{self.input_tokens:,} tokens in{out}")
        if self.money:
            told.append(f"{least}{in_words(self.money, self.currency)}")
        elif self.money is None:
            told.append("a price that is not known")
        return "; ".join(told) or "Nobody knows yet how long this takes."


def estimate(flow: Any, *, inputs: Mapping[str, Any] | None = None, targets: Iterable[str] | None = None) -> Estimate:
    """Return what a run of a flow would cost now.

    Args:
        flow: The flow.
        inputs: Values of its inputs by name.
        targets: Names of its outputs, or ids of nodes; None is everything that has an effect.

    Raises:
        FlowProblems: It could not run.
    """
    return estimate_of(flow.document, flow.registry, flow.media, inputs or {}, targets)


def estimate_of(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    inputs: Mapping[str, Any],
    targets: Iterable[str] | None,
) -> Estimate:
    """Return what a run would cost; see `estimate`.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: Its media.
        inputs: Values of its inputs by name.
        targets: As for `estimate`.

    Raises:
        FlowProblems: It could not run.
    """
    cache = process_cache()
    plan = make_plan(document, registry, files, inputs, targets, is_kept=cache.has)
    todo, fresh = _todo(plan, cache)
    if not todo:
        return Estimate(fresh=fresh)
    types = {node: facts.node_type for node in todo if (facts := plan.keyed[node].settings.facts) is not None}
    until = time.monotonic() + SECONDS
    known = _known(plan, todo, Graph.of(document), types, cache, until)
    works = work_of_nodes(document, with_subflows(registry, document), plan.inputs, files, known)
    notes: list[str] = []
    try:
        card = rate_card()
    except RatesError as error:
        card, notes = None, [str(error)]
    reckoning = _Reckoning(card, until)
    made = [reckoning.node(plan.title(node), node, types[node], works[node]) for node in types if node in works]
    if reckoning.is_late:
        notes.append("There is so much to read that not all of it was counted.")
    return _summed(made, fresh, card, notes)


def _todo(plan: Plan, cache: Cache) -> tuple[list[str], int]:
    """Return (the nodes that will run, in their order; how many are found), lazy inputs counted as wanted."""
    keys = plan.keyed
    is_there: dict[str, bool] = {}
    wanted, pending = set(), list(plan.wanted)
    while pending:
        node = pending.pop()
        if node in is_there:
            continue
        key = keys[node].key
        is_there[node] = key is not None and cache.has(key)
        if not is_there[node]:
            wanted.add(node)
            pending += [link.source for link in keys[node].links]
    return [node for node in plan.order if node in wanted], len(plan.order) - len(wanted)


def _known(
    plan: Plan, todo: list[str], graph: Graph, types: Mapping[str, NodeType], cache: Cache, until: float
) -> dict[str, dict[str, Any]]:
    """Return what comes into the nodes: of inputs of the flow, of nodes whose results are there, and words."""
    left = MOST_READ

    def results_of(node: str) -> Results | None:
        nonlocal left
        key = plan.keyed[node].key if node in plan.keyed else None
        if key is None or left <= 0:
            return None
        left -= 1
        facts = plan.keyed[node].settings.facts
        is_plain = facts is not None and all(port.type.name in _PLAIN for port in facts.node_type.outputs.values())
        return cache.get(key) if is_plain else cache.memory.get(key)  # a film is not read from disk to be estimated

    words = worked_out(plan, todo, types, results_of, until)
    asked = [node for node, node_type in types.items() if reads(node_type) or plan.keyed[node].links]
    known = values_known(graph, asked, lambda node: words.get(node) or results_of(node), types)
    for node, given in plan.fed.items():
        for one in given if node in types else ():
            data = [value.data for value in as_list(one.slot)]
            known.setdefault(node, {})[one.port] = data if isinstance(one.slot, list) else data[0]
    return known


class _Leaf(NamedTuple):
    """Is what one function that is called reads, writes and costs at most."""

    tokens: int | None
    output: int
    model: str
    is_least: bool
    usages: list[Usage] | None


class _Reckoning:
    """Reckons what nodes cost.

    Args:
        card: The prices; None where they cannot be read.
        until: When to stop counting tokens, by the monotonic clock.
    """

    def __init__(self, card: RateCard | None, until: float) -> None:
        self._card, self._until = card, until
        self._paces: dict[tuple[str, str], list[Sample]] = {}
        self.is_late = False

    def node(self, title: str, node: str, node_type: NodeType, work: NodeWork) -> NodeEstimate:
        """Return what one node costs, with what its body runs."""
        model = source_of(node_type, work.values)
        kind = (node_type.name, model)
        if kind not in self._paces:
            self._paces[kind] = process_paces().of(*kind)
        samples = self._paces[kind]
        seconds, cpu, gpu = _paced(samples, node_type, work.amount)
        leaves = [self._leaf(*each) for each in work.inside or [(node_type, work, 1.0)]]
        times = work.items if work.inside else 1
        counted = [leaf.tokens for leaf in leaves if leaf.tokens is not None]
        is_least = any(leaf.is_least for leaf in leaves)
        return NodeEstimate(
            *(node, title, node_type.name, model or next((leaf.model for leaf in leaves if leaf.model), "")),
            *(seconds, cpu, gpu),
            round(sum(counted) * times) if counted or not is_least else None,
            round(sum(leaf.output for leaf in leaves) * times),
            self._price(leaves, times, Usage(cpu_seconds=cpu or 0.0, gpu_seconds=gpu or 0.0), seconds),
            len(samples),
            is_least,
        )

    def _leaf(self, node_type: NodeType, work: NodeWork, times: float) -> _Leaf:
        sources = sources_of(node_type, work.values)
        model = sources[0] if sources else ""
        makes = any(port.type.name == "image" for port in node_type.outputs.values())
        images = round(work.items * times) if model and makes else 0
        if not reads(node_type):
            return _Leaf(0, 0, model, False, _shared(sources, Usage(images=images)))
        self.is_late = self.is_late or time.monotonic() > self._until
        tokens, is_least = (None, True) if self.is_late else input_tokens(node_type, work.values, self._until)
        output = work.values.get("max_tokens") if "max_tokens" in node_type.inputs else 0
        output = round((output if isinstance(output, int | float) else 0) * work.items * times)
        tokens = None if tokens is None else round(tokens * times)
        return _Leaf(tokens, output, model, is_least, _shared(sources, Usage("", tokens or 0, 0, output, images)))

    def _price(self, leaves: list[_Leaf], times: float, machine: Usage, seconds: float | None) -> float | None:
        """Return what a node costs at most, or None where a price is not known, or the time of what costs by time."""
        if self._card is None:
            return None
        total = money(machine, 0.0, self._card) or 0.0
        for leaf in leaves:
            for usage in leaf.usages if leaf.usages is not None else [None]:
                rate = self._card.rate(usage.model) if usage and usage.model else None
                by_time = rate is not None and rate.second > 0
                if usage is None or (by_time and seconds is None):
                    return None
                took = (machine.gpu_seconds or seconds or 0.0) if by_time else 0.0
                price = money(usage, took / len(leaves) / times / len(leaf.usages or "1"), self._card)
                if price is None:
                    return None
                total += price * times
        return total


def _shared(sources: list[str] | None, usage: Usage) -> list[Usage] | None:
    """Return what each of a node's models uses, in equal parts; None where it is not known yet which these are."""
    if sources is None:
        return None
    count = max(1, len(sources))
    counts = ("input_tokens", "output_tokens", "images")
    part = {name: -(-getattr(usage, name) // count) for name in counts}
    return [Usage(source, **part) for source in sources or [""]]


def _paced(
    samples: list[Sample], node_type: NodeType, amount: float
) -> tuple[float | None, float | None, float | None]:
    """Return (seconds, seconds of processors, of a GPU) that so much work takes."""
    if not samples:
        is_light = is_shipped(node_type) and not any(port.type.name == "model" for port in node_type.inputs.values())
        return (0.0, 0.0, 0.0) if is_light and node_type.body is None else (None, None, None)
    taken = ("seconds", "cpu", "gpu")
    made = [expected([Point(one.amount, getattr(one, name)) for one in samples], amount) for name in taken]
    return made[0], made[1], made[2]


def _summed(made: list[NodeEstimate], fresh: int, card: RateCard | None, notes: list[str]) -> Estimate:
    known = [each for each in made if each.seconds is not None]
    is_known = bool(known)
    total = {
        name: sum(getattr(each, name) or 0.0 for each in known) for name in ("seconds", "cpu_seconds", "gpu_seconds")
    }
    models = list(dict.fromkeys(each.model for each in made if each.model))
    unpriced = [model for model in models if card is not None and card.rate(model) is None]
    if unpriced:
        names = ", ".join(f"'{model}'" for model in unpriced[:5])
        notes = [*notes, f"There is no price of {names}. `pixelflow usage rates` says where to write it."]
    if waiting := [each.title for each in made if each.money is None and not each.model]:
        notes = [*notes, f"Which model '{waiting[0]}' uses, and so what it costs, is not known before others have run."]
    notes = [*notes, *(card.old(models) if card is not None else ())]
    prices = [each.money for each in made]
    return Estimate(
        made[:MOST_TOLD],
        len(made),
        fresh,
        **{name: value if is_known else None for name, value in total.items()},
        input_tokens=sum(each.input_tokens or 0 for each in made),
        output_tokens=sum(each.output_tokens for each in made),
        money=None if any(price is None for price in prices) else sum(price or 0.0 for price in prices),
        currency=card.currency if card is not None else "USD",
        unknown_seconds=len(made) - len(known),
        unpriced=unpriced,
        is_least=any(each.is_least for each in made),
        notes=notes,
    )


def _clock(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
