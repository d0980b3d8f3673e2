"""What the editor says of a flow that was published: that callers know inputs and outputs which it has no longer.

`registry.notices` asks this after every edit, so it costs a look at two files while nothing was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import StoreError
from ...flow import document as doc
from ...flow.document import Document
from ...schema import Complaint
from ..store import known_folder, shared_store

_CURRENT = (
    "SELECT name, number, json_extract(document, '$.name') AS flow, json_extract(signature, '$.inputs') AS inputs, "
    "json_extract(signature, '$.outputs') AS outputs FROM versions JOIN endpoints USING (name) "
    "WHERE endpoints.current = versions.number AND unpublished_at IS NULL"
)


class Published(NamedTuple):
    """Is what callers know of the current version of an endpoint.

    Args:
        name: Of the endpoint.
        number: Of the version.
        flow: Name of the flow.
        inputs: Names.
        outputs: Names.
    """

    name: str
    number: int
    flow: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


_State = tuple[tuple[int, int], ...]
_known: dict[Path, tuple[_State, list[Published]]] = {}


def published_notices(document: Document) -> Iterator[Complaint]:
    """Yield which inputs and outputs callers of an endpoint would miss if the flow were published again.

    Args:
        document: The flow.
    """
    inputs = {entry["name"] for entry in doc.inputs(document)}
    outputs = {entry["name"] for entry in doc.outputs(document)}
    for known in _published():
        if known.flow != document["name"]:
            continue
        for word, before, now in (("input", known.inputs, inputs), ("output", known.outputs, outputs)):
            for name in before:
                if name not in now:
                    yield _notice(known, word, name)


def _notice(known: Published, word: str, name: str) -> Complaint:
    verb = "takes" if word == "input" else "gives"
    who = f"Version {known.number} of the endpoint '{known.name}'"
    sentence = f"{who} {verb} '{name}', an {word} that the flow has no longer."
    remedy = "That version stays as it is. Whoever calls the next one has to be told; or rename it back."
    return Complaint(f"published-{word}", sentence, remedy, name, "hint")


def _published() -> list[Published]:
    """Return what is published now; read again when a file of the store has changed."""
    folder = known_folder()
    if folder is None:
        return []
    path = folder / "store.sqlite"
    state = tuple(_state(each) for each in (path, path.with_name(f"{path.name}-wal")))
    if not state[0][0]:
        return []
    if (known := _known.get(path)) is None or known[0] != state:
        try:
            rows = shared_store().read(_CURRENT)
        except StoreError:
            return []  # whoever publishes or serves hears of it
        known = _known[path] = state, [_read(row) for row in rows]
    return known[1]


def _read(row: Any) -> Published:
    names = {side: tuple(each["name"] for each in json.loads(row[side])) for side in ("inputs", "outputs")}
    return Published(row["name"], row["number"], row["flow"], names["inputs"], names["outputs"])


def _state(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
