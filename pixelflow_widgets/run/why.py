"""What made a node's result stale, in words: "steps went from 20 to 25 on 'Text to image'"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import FlowProblems
from ..flow import document as doc
from ..flow.document import Document
from ..flow.media_files import KEY, MODEL_KEY, MediaFiles
from ..schema import Registry
from .cache import Cache, process_cache
from .keys import VARIABLE, Keyed, keys_of
from .plan import make_plan

FRESH = "it is fresh"
_LONGEST = 40


def why(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    node: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    cache: Cache | None = None,
) -> str:
    """Return in words why a node would run now, or that it is fresh.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The flow's media.
        node: Id of the node.
        inputs: Values of the flow's inputs that it would be run with.
        cache: Where results are kept; the process's own if None.

    Raises:
        KeyError: There is no such node.
    """
    if node not in doc.nodes(document):
        raise KeyError(f"There is no node '{node}' in '{document['name']}'.")
    try:
        cache = cache or process_cache()
        plan = make_plan(document, registry, files, inputs or {}, [node], is_kept=cache.has)
    except FlowProblems as error:
        return f"it cannot run: {error.problems[0]}"
    key = plan.keyed[node].key
    is_there = key is not None and cache.has(key)
    return explain(node, plan.keyed, plan.before, plan.title, is_there=is_there)


def stale_nodes(document: Document, registry: Registry, files: MediaFiles, *, cache: Cache | None = None) -> list[str]:
    """Return the nodes that have had a result and would run now; those that no run reached are not among them.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The flow's media.
        cache: Where results are kept; the process's own if None.
    """
    cache = cache or process_cache()
    keys = keys_of(registry, files)
    with keys.lock:
        had = [node for node in keys.read(document, files).order if node in keys.done]
    if not had:
        return []
    try:
        plan = make_plan(document, registry, files, {}, had, is_kept=cache.has)
    except FlowProblems:
        return []  # the problems are shown in its place
    stale: set[str] = set()
    for node in plan.order:
        keyed, before = plan.keyed[node], plan.before.get(node)
        if keyed.key is not None:
            is_stale = not cache.has(keyed.key)
        else:
            is_stale = before is None or _is_edited(keyed, before) or any(link.source in stale for link in keyed.links)
        if is_stale:
            stale.add(node)
    return [node for node in had if node in stale]


def _is_edited(new: Keyed, old: Keyed) -> bool:
    """Return whether a node was edited since it was last done; that it draws a seed is no edit."""
    assert new.settings.facts is not None
    return (
        old.identity != new.identity
        or old.prints != new.prints
        or _changed_value("", new, old) is not None
        or _changed_edge("", new, old, str) is not None
        or _changed_input(new, old) is not None
    )


def explain(
    node: str,
    now: Mapping[str, Keyed],
    before: Mapping[str, Keyed],
    title: Callable[[str], str],
    *,
    is_there: bool,
) -> str:
    """Return what makes a node stale.

    Args:
        node: Its id.
        now: What the keys of it and of the nodes before it are made of.
        before: The same, of when each was last done.
        title: Says what a node is called.
        is_there: There is a result for its present key.
    """
    if is_there:
        return FRESH
    if reason := _own_reason(node, now, before, title):
        return reason
    # Breadth first: of several reasons the nearest is told.
    seen, level = {node}, [node]
    while level:
        sources = list(dict.fromkeys(link.source for one in level for link in now[one].links))
        level = [source for source in sources if source not in seen]
        seen.update(level)
        for source in level:
            if reason := _own_reason(source, now, before, title):
                return f"it comes after {_after(source, reason, title)}"
    if now[node].key is not None:
        return "nothing of it changed, but its result is not kept any more"
    return FRESH if node in before else f"'{title(node)}' has not run yet"


def _after(source: str, reason: str, title: Callable[[str], str]) -> str:
    """Return a reason as a clause behind the name of the node that it is about."""
    name = f"'{title(source)}'"
    if reason == f"{name} is new":
        return f"{name}, which is new"
    if reason.endswith(f" on {name}"):
        return f"{name}, whose {reason.removesuffix(f' on {name}')}"
    if reason.startswith(f"{name} "):
        return f"{name}, which {reason.removeprefix(f'{name} ')}"
    return f"{name}: {reason}"


def _own_reason(
    node: str, now: Mapping[str, Keyed], before: Mapping[str, Keyed], title: Callable[[str], str]
) -> str | None:
    """Return what changed on a node itself since it was last done, or None."""
    name, new, old = f"'{title(node)}'", now[node], before.get(node)
    assert new.settings.facts is not None
    if old is None:
        return f"{name} is new"
    if new.key is None and not new.settings.facts.is_pure:
        return f"{name} runs each time, because it is not pure"
    if new.key is None and (random := _random_ports(new)):  # one that has a key is pinned
        return f"{name} draws its {random[0]} for each run"
    if old.settings.facts is None or old.settings.facts.node_type.name != new.settings.facts.node_type.name:
        return f"{name} is of another type now"
    if old.identity != new.identity:
        return f"the function behind '{new.settings.facts.node_type.name.rpartition('.')[2]}' changed"
    return (
        _changed_value(name, new, old)
        or _changed_edge(name, new, old, title)
        or _changed_input(new, old)
        or _changed_files(new, old)
    )


def _changed_files(new: Keyed, old: Keyed) -> str | None:
    assert new.settings.facts is not None
    ports = {port for port, _ in set(old.prints) ^ set(new.prints)} & new.settings.facts.node_type.inputs.keys()
    kinds = {new.settings.facts.node_type.inputs[port].told_by for port in ports}
    told = "its model's files" if kinds <= {"model"} else f"its {sorted(kinds - {'model'})[0]}"
    return f"{told} changed" if old.prints != new.prints else None


def _random_ports(keyed: Keyed) -> list[str]:
    joined = {link.input for link in keyed.links} | {port for port, _, _ in keyed.fed}
    return sorted(keyed.settings.random - joined)


def _changed_value(name: str, new: Keyed, old: Keyed) -> str | None:
    joined = {link.input for link in new.links} | {port for port, _, _ in new.fed}
    assert new.settings.facts is not None
    for port in new.settings.facts.node_type.inputs:
        if port in joined or new.settings.digests.get(port) == old.settings.digests.get(port):
            continue
        if port not in old.settings.digests:
            return f"{port} is set to {_told(new, port)} on {name}"
        return f"{port} went from {_told(old, port)} to {_told(new, port)} on {name}"
    return None


def _told(keyed: Keyed, port: str) -> str:
    """Return a value of the document in words."""
    assert keyed.settings.facts is not None
    known = keyed.settings.facts.node_type.inputs.get(port)
    value = keyed.settings.values.get(port, known.default if known else None)
    if isinstance(value, Mapping) and KEY in value:
        return "another picture" if str(value[KEY]).endswith(".png") else "another medium"
    if isinstance(value, Mapping) and MODEL_KEY in value:
        return f"'{value[MODEL_KEY].get('source', '?')}'"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]}…{text[-1] if isinstance(value, str) else ''}"


def _changed_edge(name: str, new: Keyed, old: Keyed, title: Callable[[str], str]) -> str | None:
    former = {(link.input, link.source, link.output) for link in old.links}
    present = {(link.input, link.source, link.output) for link in new.links}
    for port, source, _ in sorted(present - former):
        return f"{port} comes from '{title(source)}' now on {name}"
    for port, _, _ in sorted(former - present):
        return f"an edge into {port} was taken away on {name}"
    if [link[:3] for link in new.links] != [link[:3] for link in old.links]:
        return f"the order of edges changed on {name}"
    return None


def _changed_input(new: Keyed, old: Keyed) -> str | None:
    if new.fed == old.fed:
        return None
    former = {port: (name, digest) for port, name, digest in old.fed}
    for port, name, digest in new.fed:
        if former.get(port) != (name, digest):
            if not name.startswith(VARIABLE):
                return f"an input of the flow changed: {name}"
            words = f"the variable '{name.removeprefix(VARIABLE)}'"
            same = port in former and former[port][0] == name
            return f"{words} changed" if same else f"{port} comes from {words} now"
    gone = next((name for _, name, _ in old.fed if name not in {one[1] for one in new.fed}), "")
    if gone.startswith(VARIABLE):
        return f"the variable '{gone.removeprefix(VARIABLE)}' was unbound"
    return f"an input of the flow changed: {gone}" if gone else "an input of the flow changed"
