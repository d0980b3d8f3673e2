"""Endpoints: published, frozen versions of flows. Editing the flow changes none of them; old ones stay callable."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, get_args

from ...errors import NoEndpoint, PublishRefused, nearest
from ...flow.document import Document
from ...flow.media_files import MediaFiles, references
from ...flow.problems import Problem
from ...flow.signature import SeedPolicy, Signature, signature_of
from ...media import canonical_json
from ...schema import Registry
from ...schema import registry as process_registry
from ..store import Store
from .fixed_models import Models, check_models, fix_models, named_models
from .freezing import digest_of, frozen, types_of
from .reasons import reasons
from .work import Caps, caps_of

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")
"""How an endpoint may be called: it stands in URLs."""
_ID = re.compile(r"(.+)-v([1-9][0-9]{0,8})\Z")
_COLUMNS = (
    "name, number, digest, caps, seeds, note, published_at, unpublished_at, "
    "endpoints.current = versions.number AS is_current"
)
_FROM = "FROM versions LEFT JOIN endpoints USING (name)"


@dataclass(frozen=True, repr=False)
class Endpoint:
    """Is one version of a flow behind a URL.

    Args:
        name: What it is called in URLs.
        number: Of the version, from 1.
        digest: What identifies it: document, media, models, seed policy.
        document: The flow, frozen.
        signature: What it takes and gives.
        models: What identifies each model and adapter that it names, by source.
        caps: How much one request may ask for: "work", "pixels", "seconds".
        seeds: What a seed is that no caller gives: "drawn", or the default that is "given".
        note: What its publisher says of it.
        published_at: Seconds since 1970.
        is_current: It answers where no version is named.
        is_published: It answers at all.
    """

    name: str
    number: int
    digest: str
    document: Document
    signature: Signature
    models: Models
    caps: Caps
    seeds: SeedPolicy
    note: str
    published_at: float
    is_current: bool
    is_published: bool

    def __repr__(self) -> str:
        return f"<endpoint {self.id}: {self.signature}>"

    @property
    def id(self) -> str:
        """Return the name with the version: "poster-v2"."""
        return f"{self.name}-v{self.number}"

    def as_json(self) -> dict[str, Any]:
        """Return what callers may know; the flow itself is not among it."""
        told = ("name", "number", "id", "digest", "caps", "seeds", "note", "published_at", "is_current", "is_published")
        words = {"title": self.signature.title, "help": self.signature.help}
        return {**words, **{name: getattr(self, name) for name in told}, "signature": self.signature.as_json()}

    def __str__(self) -> str:
        return f"version {self.number} of '{self.name}'"


class _Frozen(NamedTuple):
    """Is what never changes of a version: read once."""

    document: Document
    signature: Signature
    models: Models


@dataclass(frozen=True)
class Opened:
    """Is a version ready to run; always the same objects, so that plans are kept.

    Args:
        endpoint: The version.
        document: The flow.
        registry: Its node types, those whose code it carries among them.
        files: Its media.
    """

    endpoint: Endpoint
    document: Document
    registry: Registry
    files: MediaFiles


class Endpoints:
    """Publishes flows into a store, and finds what was published.

    Args:
        store: Where they are kept.
        registry: Which node types there are besides those that versions carry.
    """

    def __init__(self, store: Store, registry: Registry = process_registry) -> None:
        self._store, self._registry = store, registry
        self._opened: dict[tuple[str, int], Opened] = {}
        self._frozen: dict[tuple[str, int], _Frozen] = {}
        self._lock = threading.Lock()

    def publish(
        self,
        document: Document,
        files: MediaFiles,
        registry: Registry,
        name: str | None = None,
        *,
        note: str = "",
        caps: Mapping[str, float] | None = None,
        seeds: SeedPolicy = "drawn",
        is_current: bool = True,
    ) -> Endpoint:
        """Freeze a flow as a version; what was published before, just so, is that version again.

        Args:
            document: The flow.
            files: Its media.
            registry: Its node types.
            name: Of the endpoint; made from the flow's if not given.
            note: What to say of the version.
            caps: How much one request may ask for; what is not named is made from what the flow itself asks for.
            seeds: What a seed is that no caller gives.
            is_current: It answers where no version is named.

        Raises:
            PublishRefused: The flow cannot be served; carries every reason.
        """
        chosen = name_of(document) if name is None else name
        kept = frozen(document, registry)
        signature = signature_of(kept, registry, seeds)
        found = [*_name_problems(chosen), *_seed_problems(seeds), *reasons(document, kept, registry, files, signature)]
        models, faults = fix_models(named_models(kept, registry, files))
        known = {problem.sentence for problem in found}
        found += [Problem("model", each) for each in faults if not any(each in sentence for sentence in known)]
        limits = caps_of(kept, registry, files, caps, found)
        if found:
            raise PublishRefused(dict.fromkeys(found))
        media = sorted(references(kept))
        files.write_to(self._store.folder / "media", set(media))
        number = self._write(
            {
                "name": chosen,
                "digest": digest_of(kept, models, seeds),
                "document": canonical_json(kept),
                "media": canonical_json(media),
                "signature": canonical_json(signature.as_json()),
                "models": canonical_json(models),
                "caps": canonical_json(limits),
                "seeds": seeds,
                "note": note,
                "published_at": time.time(),
            },
            is_current,
        )
        return self.find(chosen, number)

    def _write(self, row: Mapping[str, Any], is_current: bool) -> int:
        """Write a version, or publish the one again that is the same; return its number."""
        with self._store.writing() as connection:
            same = connection.execute(
                "SELECT number FROM versions WHERE name = :name AND digest = :digest", row
            ).fetchone()
            if same is None:
                last = connection.execute("SELECT MAX(number) FROM versions WHERE name = :name", row).fetchone()[0]
                number = (last or 0) + 1
                names = [*row, "number"]
                connection.execute(
                    f"INSERT INTO versions ({', '.join(names)}) VALUES ({', '.join(f':{each}' for each in names)})",
                    {**row, "number": number},
                )
            else:
                number = same[0]
                connection.execute(
                    "UPDATE versions SET unpublished_at = NULL, caps = :caps, note = CASE :note WHEN '' THEN note "
                    "ELSE :note END WHERE name = :name AND number = :number",
                    {**row, "number": number},
                )
            connection.execute("INSERT OR IGNORE INTO endpoints (name) VALUES (:name)", row)
            where = "WHERE name = ?" if is_current else "WHERE name = ? AND current IS NULL"
            connection.execute(f"UPDATE endpoints SET current = ? {where}", (number, row["name"]))
        with self._lock:
            self._opened.pop((row["name"], number), None)  # its caps may be others
        return number

    def find(self, name: str, number: int | None = None) -> Endpoint:
        """Return a version that answers.

        Args:
            name: Of the endpoint.
            number: Of the version; None is the current one.

        Raises:
            NoEndpoint: There is none, or it was unpublished.
        """
        found = self._find(name, number)
        if not found.is_published:
            raise NoEndpoint(f"{str(found).capitalize()} was unpublished. Call another version.", is_gone=True)
        return found

    def _find(self, name: str, number: int | None) -> Endpoint:
        which = "endpoints.current = versions.number" if number is None else "number = :number"
        rows = self._store.read(
            f"SELECT {_COLUMNS} {_FROM} WHERE name = :name AND {which}", {"name": name, "number": number}
        )
        if rows:
            return self._read(rows[0])
        versions = self.versions(name)
        if not versions:
            known = [each.name for each in self.all()]
            raise NoEndpoint(f"There is no endpoint '{name[:63]}'.{nearest(name, known)}")
        numbers = ", ".join(str(each.number) for each in versions if each.is_published) or "none"
        told = f"'{name}' has no version {number}" if number is not None else f"All of '{name}' was unpublished"
        raise NoEndpoint(f"{told}. Its versions that answer: {numbers}.", is_gone=number is None)

    def all(self) -> list[Endpoint]:
        """Return the current version of each endpoint, by name."""
        current = "endpoints.current = versions.number AND unpublished_at IS NULL"
        return [self._read(row) for row in self._store.read(f"SELECT {_COLUMNS} {_FROM} WHERE {current} ORDER BY name")]

    def versions(self, name: str) -> list[Endpoint]:
        """Return every version of an endpoint, newest first, those that were unpublished too."""
        asked = f"SELECT {_COLUMNS} {_FROM} WHERE name = ? ORDER BY number DESC"
        return [self._read(row) for row in self._store.read(asked, (name,))]

    def unpublish(self, name: str, number: int | None = None) -> None:
        """Let a version answer no more; the newest that is left is the current one then. Jobs that wait still run.

        Args:
            name: Of the endpoint.
            number: Of the version; None is all of them.

        Raises:
            NoEndpoint: There is none, or it was unpublished.
        """
        self.find(name, number)
        left = "SELECT MAX(number) FROM versions WHERE name = :name AND unpublished_at IS NULL"
        which = "" if number is None else " AND number = :number"
        told = {"name": name, "number": number, "now": time.time()}
        with self._store.writing() as connection:
            connection.execute(
                f"UPDATE versions SET unpublished_at = :now WHERE name = :name AND unpublished_at IS NULL{which}", told
            )
            connection.execute(
                f"UPDATE endpoints SET current = ({left}) WHERE name = :name AND NOT EXISTS (SELECT 1 FROM versions "
                "WHERE name = :name AND number = endpoints.current AND unpublished_at IS NULL)",
                told,
            )

    def roll_back(self, name: str, number: int | None = None) -> Endpoint:
        """Let an older version be the current one.

        Args:
            name: Of the endpoint.
            number: Of the version; None is the one before the current one.

        Raises:
            NoEndpoint: There is none, or it was unpublished.
        """
        if number is None:
            current = self.find(name)
            older = [each for each in self.versions(name) if each.number < current.number and each.is_published]
            if not older:
                raise NoEndpoint(f"There is no version of '{name}' before {current.number} that answers.")
            number = older[0].number
        found = self.find(name, number)
        with self._store.writing() as connection:
            connection.execute("UPDATE endpoints SET current = ? WHERE name = ?", (number, name))
        return replace(found, is_current=True)

    def opened(self, name: str, number: int) -> Opened:
        """Return a version ready to run, also one that was unpublished after a job of it was accepted.

        Raises:
            NoEndpoint: There is no such version.
            EndpointChanged: Code that it carries does not run here, or a module that it names is not here.
        """
        with self._lock:
            found = self._opened.get((name, number))
            if found is None:
                endpoint = self._find(name, number)
                types = types_of(endpoint.document, self._registry)
                files = MediaFiles(self._store.folder / "media")
                found = self._opened[name, number] = Opened(endpoint, endpoint.document, types, files)
            return found

    def check_models(self, endpoint: Endpoint) -> None:
        """Raise where a model is not the one any more that a version was published with.

        Raises:
            EndpointChanged: Names the model and what to do.
        """
        check_models(endpoint.models, str(endpoint).capitalize())

    def _read(self, row: Any) -> Endpoint:
        kept = self._kept(row["name"], row["number"])
        return Endpoint(
            name=row["name"],
            number=row["number"],
            digest=row["digest"],
            document=kept.document,
            signature=kept.signature,
            models=kept.models,
            caps=json.loads(row["caps"]),
            seeds=row["seeds"],
            note=row["note"],
            published_at=row["published_at"],
            is_current=bool(row["is_current"]) and row["unpublished_at"] is None,
            is_published=row["unpublished_at"] is None,
        )

    def _kept(self, name: str, number: int) -> _Frozen:
        kept = self._frozen.get((name, number))
        if kept is None:
            asked = "SELECT document, signature, models FROM versions WHERE name = ? AND number = ?"
            (row,) = self._store.read(asked, (name, number))
            document, signature, models = map(json.loads, row)
            kept = _Frozen(document, Signature.from_json(signature), models)
            kept = self._frozen.setdefault((name, number), kept)
        return kept


def name_of(document: Document) -> str:
    """Return what the endpoint of a flow is called by default: its name, as URLs write it."""
    return re.sub(r"[^a-z0-9_-]+", "-", document["name"].lower()).strip("-_")[:63]


def read_id(text: str) -> tuple[str, int] | None:
    """Return (name, number) of "poster-v2", or None for what is no id."""
    match = _ID.match(text)
    return (match[1], int(match[2])) if match and NAME.match(match[1]) else None


def _seed_problems(seeds: str) -> list[Problem]:
    if seeds in get_args(SeedPolicy):
        return []
    return [
        Problem(
            "seeds",
            f"{str(seeds)[:80]!r} does not say what a seed is that no caller gives.",
            "Write 'drawn' or 'given'.",
        )
    ]


def _name_problems(name: str) -> list[Problem]:
    if name == "admin":
        return [Problem("name", "No endpoint is called 'admin': keys use that word.", "Choose another name.")]
    if NAME.match(name):
        return []
    sentence = f"{name[:80]!r} cannot name an endpoint: it stands in a URL."
    return [Problem("name", sentence, "Use small letters, digits, - and _, at most 63: flow.publish('poster').")]
