"""Media of a playground: what was given to its inputs and what came out, known to pages by ids."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import MediaError
from ...media import MEDIA
from ...serve.jobs.results import Results
from ...serve.uploads.limits import Limits
from ...serve.uploads.reading import look_at, open_medium, read_base64

MISSING = object()
_NEW_SECONDS = 600.0
"""How long a medium is kept that nobody names yet: it was sent, and what it was sent for is about to come."""


@dataclass
class Medium:
    """Is one medium, as a file and as a value.

    Args:
        id: What pages call it: "up_…" may be given to an input, "art_…" came out.
        type: Its media type: "image/png".
        content: The file.
        facts: What pages are told of it: width, height, seconds …
        generation: Id of the one that it came out of.
        value: What the file holds, once that is known.
    """

    id: str
    type: str
    content: bytes
    facts: Mapping[str, Any] = field(default_factory=dict)
    generation: str = ""
    value: Any = MISSING
    came_at: float = field(default_factory=time.monotonic)

    def as_json(self) -> dict[str, Any]:
        """Return what pages are told; they ask for the bytes by the id."""
        return {"id": self.id, "url": "", "type": self.type, "bytes": len(self.content), **self.facts}


class KeptMedia:
    """Keeps media in memory, as long as a generation or the form names them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._media: dict[str, Medium] = {}

    def put(
        self,
        content: bytes,
        type: str,
        *,
        role: Literal["upload", "result", "media"],
        facts: Mapping[str, Any] | None = None,
        job: str | None = None,
        key: str = "",
    ) -> Medium:
        """Keep a file; see `serve.jobs.artifacts.Artifacts.put`."""
        prefix = "up_" if role == "upload" else "art_"
        return self._keep(Medium(prefix + secrets.token_hex(16), type, content, facts or {}, job or key))

    def _keep(self, medium: Medium) -> Medium:
        with self._lock:
            self._media[medium.id] = medium
        return medium

    def find(self, id: Any) -> Medium:
        """Return a medium.

        Raises:
            MediaError: There is none of this id, or it is not kept any more.
        """
        with self._lock:
            found = self._media.get(id) if isinstance(id, str) else None
        if found is None:
            raise MediaError(f"The medium '{str(id)[:60]}' is not kept any more. Give it, or generate it, again.")
        return found

    def upload(self, kind: str, content: bytes) -> str:
        """Keep a file that is given to an input, and return its id.

        Args:
            kind: "image", "mask", "audio" or "video".
            content: The file.

        Raises:
            MediaError: It is no such medium, or too large.
        """
        facts = look_at(kind, content, Limits()).as_dict()
        type = facts.pop("type")
        del facts["bytes"]
        return self.put(content, type, role="upload", facts=facts).id

    def take(self, kind: str, text: str) -> str:
        """Return the id of a medium that an input may have, given base64 or the id of any medium that is kept.

        Raises:
            MediaError: It is neither, or another medium.
        """
        if not text.startswith(("up_", "art_")):
            return self.upload(kind, read_base64(text))
        medium = self.find(text)
        look_at(kind, medium.content, Limits())
        if medium.id.startswith("up_"):
            return medium.id
        facts = dict(medium.facts)
        given = Medium("up_" + secrets.token_hex(16), medium.type, medium.content, facts, value=medium.value)
        return self._keep(given).id

    def take_value(self, kind: str, value: Any) -> str:
        """Keep a value of Python that is given to an input, exactly as it is, and return its id.

        Raises:
            MediaError: It is no such medium.
        """
        value = MEDIA[kind].check(value)
        told = Results(self, "", "").told(value)
        with self._lock:
            made = self._media.pop(told["id"])
        given = Medium("up_" + secrets.token_hex(16), made.type, made.content, made.facts, value=value)
        return self._keep(given).id

    def value(self, kind: str, id: str) -> Any:
        """Return what a run is given for an id.

        Raises:
            MediaError: It is not kept any more, or damaged.
        """
        medium = self.find(id)
        return open_medium(kind, medium.content) if medium.value is MISSING else medium.value

    def keep_only(self, named: Container[str], generations: Container[str]) -> None:
        """Forget what nobody names.

        Args:
            named: Ids that the inputs of generations or the form hold.
            generations: Ids of the generations whose results are kept.
        """
        since = time.monotonic() - _NEW_SECONDS

        def is_kept(medium: Medium) -> bool:
            if medium.generation:
                return medium.generation in generations
            return medium.id in named or medium.came_at > since

        with self._lock:
            self._media = {id: medium for id, medium in self._media.items() if is_kept(medium)}


def ids_in(values: Any) -> Iterator[str]:
    """Yield the texts of values that may be ids of media."""
    if isinstance(values, str) and values.startswith("up_"):
        yield values
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from ids_in(value)
    elif isinstance(values, list):
        for value in values:
            yield from ids_in(value)
