"""A pinned node does not run again by itself: its last result stands until its settings or edges change."""

from __future__ import annotations

from typing import Any

from ..errors import FlowProblems, RunError
from ..flow import document as doc
from ..flow.document import Document
from ..flow.media_files import MediaFiles
from ..media import blake3_hex
from ..schema import Registry
from .cache import Cache, Results, as_list, process_cache
from .executor import Run
from .keys import keys_of
from .plan import make_plan
from .settings import pin_of
from .structure import pin_digest, structure_of_node


def make_pin(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    node: str,
    results: Results | None,
    cache: Cache | None = None,
) -> dict[str, Any]:
    """Keep a node's last result, and return what its entry holds as `pinned`.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The flow's media.
        node: Id of the node.
        results: What it gave last; None where nobody has it.
        cache: Where results are kept; the process's own if None.

    Raises:
        KeyError: There is no such node.
        RunError: It has no result that could be kept.
    """
    title = doc.title_of(document, node)
    if node not in doc.nodes(document):
        raise KeyError(f"There is no node '{node}' in '{document['name']}'.")
    keys = keys_of(registry, files)
    with keys.lock:
        structure = keys.read(document, files)
        settings, links, fed = structure_of_node(structure, node)
    if settings.facts is None or results is None:
        raise RunError(f"'{title}' has no result to pin. Run it first, then pin it.", node=node)
    of = pin_digest(settings, links, fed)
    digests = [item.digest.encode() for port in sorted(results) for item in as_list(results[port])]
    key = blake3_hex(b"pin", of.encode(), *digests)
    (cache or process_cache()).keep(key, results, settings.facts.node_type.outputs)
    chain = _chain(results)
    done = keys.done.get(node)
    if done is None or chain not in (done.key, settings.pin and settings.pin.chain):
        chain = None  # what follows was not chained from it, but found by the content of what came out
    return {"key": key, "of": of, **({"chain": chain} if chain else {})}


def _chain(results: Results) -> str | None:
    """Return the key that every output's digest is chained from, or None where they are digests of content."""
    keys = set()
    for port, slot in results.items():
        for number, item in enumerate(as_list(slot)):
            ending = f".{port}.{number}" if isinstance(slot, list) else f".{port}"
            keys.add(item.digest.removesuffix(ending) if item.digest.endswith(ending) else "")
    (key, *others) = keys or {""}
    return key if key and not others else None


def last_results(
    document: Document, registry: Registry, files: MediaFiles, node: str, run: Run | None, cache: Cache | None = None
) -> Results | None:
    """Return what a node gave last: in the newest run, else what the cache has for it as it stands.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: The flow's media.
        node: Id of the node.
        run: The newest run of the flow.
        cache: Where results are kept; the process's own if None.
    """
    if run is not None and node in run.results:
        return run.results[node]
    cache = cache or process_cache()
    try:
        plan = make_plan(document, registry, files, {}, [node], is_kept=cache.has)
    except FlowProblems:
        return None
    key = plan.keyed[node].key
    return cache.get(key) if key is not None else None


def let_go(entry: Any, cache: Cache | None = None) -> None:
    """Let the result go that an entry of a document was pinned to."""
    pin = pin_of(entry) if isinstance(entry, dict) else None
    if pin is not None:
        (cache or process_cache()).release(pin.key)


def holds(document: Document, registry: Registry, files: MediaFiles, node: str, cache: Cache | None = None) -> bool:
    """Return whether a node is pinned, and what it was pinned with is as it was and still there."""
    keys = keys_of(registry, files)
    with keys.lock:
        pin = keys.read(document, files).pins.get(node)
    return pin is not None and (cache or process_cache()).has(pin.key)
