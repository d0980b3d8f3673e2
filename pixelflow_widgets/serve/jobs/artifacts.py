"""What callers sent and what jobs gave: bytes by content, known outside by ids that nobody can guess.

A file lies under its BLAKE3 digest and is written aside first, so that it is whole or not there. It gets its name, and
loses it, only while the right to write into the store is held: no row is without its file, whoever is killed when. It
is not forced onto the disk: like the last jobs, the last files may be lost when the power is, and reading says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import ArtifactGone
from ...media import blake3_hex
from ..store import Store

Role = Literal["upload", "result", "media"]
UPLOAD_SECONDS = 24 * 3600.0
"""How long an upload stays that no job uses; one that a job was given stays at least until that has ended."""
_PREFIXES = {"upload": "up_", "result": "art_", "media": "med_"}
_AT_ONCE = 100
"""Rows that are removed in one transaction."""
_OLD_SECONDS = 3600.0
"""Files without a row that are younger may be about to get one."""
_UNFINISHED = ".unfinished-"
_ABANDONED = """
DELETE FROM artifacts WHERE id IN (
    SELECT id FROM artifacts WHERE expires_at < :now AND NOT EXISTS (
        SELECT 1 FROM job_uploads JOIN jobs ON jobs.id = job_uploads.job
        WHERE job_uploads.artifact = artifacts.id AND jobs.status IN ('queued', 'running'))
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = artifacts.job)
    LIMIT :most)
RETURNING hash
"""


@dataclass(frozen=True)
class Artifact:
    """Is one stored medium.

    Args:
        id: What it is called outside.
        hash: The BLAKE3 digest of its bytes.
        type: Its media type: "image/png".
        bytes: How many.
        facts: What is known of it: width, height, seconds …
        job: The job that gave it, if one did.
        key: Whose it is.
        role: "upload", "result", or "media" of an endpoint.
        created_at: When it was stored.
        expires_at: When it goes; None as long as what it belongs to.
        path: Where its bytes lie.
    """

    id: str
    hash: str
    type: str
    bytes: int
    facts: Mapping[str, Any]
    job: str | None
    key: str
    role: Role
    created_at: float
    expires_at: float | None
    path: Path

    def as_json(self) -> dict[str, Any]:
        """Return what callers are told of it."""
        return {"id": self.id, "url": f"/v1/artifacts/{self.id}", "type": self.type, "bytes": self.bytes, **self.facts}


class Artifacts:
    """Keeps media in a store.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        content: bytes,
        type: str,
        *,
        role: Role,
        facts: Mapping[str, Any] | None = None,
        job: str | None = None,
        key: str = "",
    ) -> Artifact:
        """Store bytes.

        Args:
            content: The bytes.
            type: Their media type.
            role: What they are; an upload goes after a day, a result with its job, the media of an endpoint never.
            facts: What callers are told of them.
            job: The job that gave them.
            key: Whose they are.
        """
        now = time.time()
        digest = blake3_hex(content)
        path = self._path(digest)
        row = {
            "id": _PREFIXES[role] + secrets.token_hex(16),
            "hash": digest,
            "type": type,
            "bytes": len(content),
            "facts": json.dumps(dict(facts or {})),
            "job": job,
            "key": key,
            "role": role,
            "created_at": now,
            "expires_at": now + UPLOAD_SECONDS if role == "upload" else None,
        }
        unfinished = self._write_aside(path, content)
        try:
            with self._store.writing() as connection:
                connection.execute(f"INSERT INTO artifacts VALUES ({', '.join(f':{name}' for name in row)})", row)
                unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        return self._of(row)

    def find(self, id: str) -> Artifact | None:
        """Return the artifact of an id, or None."""
        rows = self._store.read("SELECT * FROM artifacts WHERE id = ?", (id,))
        return self._of(dict(rows[0])) if rows else None

    def of_job(self, job: str) -> list[Artifact]:
        """Return what a job gave, oldest first."""
        rows = self._store.read("SELECT * FROM artifacts WHERE job = ? ORDER BY rowid", (job,))
        return [self._of(dict(row)) for row in rows]

    def read(self, id: str) -> bytes:
        """Return the bytes of an artifact.

        Raises:
            ArtifactGone: There is none, or its file is missing or damaged.
        """
        artifact = self.find(id)
        if artifact is None:
            raise ArtifactGone(f"There is no artifact '{str(id)[:60]}' (any more). Send it, or run the job, again.")
        with contextlib.suppress(OSError):
            content = artifact.path.read_bytes()
            if blake3_hex(content) == artifact.hash:
                return content
        raise ArtifactGone(f"The file of the artifact '{id}' is missing or damaged. Send it, or run the job, again.")

    def sweep(self, now: float) -> int:
        """Remove what has expired; return how many."""
        count = 0
        while True:
            with self._store.writing() as connection:
                gone = connection.execute(_ABANDONED, {"now": now, "most": _AT_ONCE}).fetchall()
            self.drop_files(row["hash"] for row in gone)
            count += len(gone)
            if len(gone) < _AT_ONCE:
                return count

    def drop_files(self, hashes: Iterable[str]) -> None:
        """Remove those files of some digests that no artifact needs any more."""
        hashes = sorted(set(hashes))
        for start in range(0, len(hashes), _AT_ONCE):
            with self._store.writing() as connection:  # held, so that nobody stores the same bytes meanwhile
                for digest in hashes[start : start + _AT_ONCE]:
                    if not connection.execute("SELECT 1 FROM artifacts WHERE hash = ?", (digest,)).fetchone():
                        self._path(digest).unlink(missing_ok=True)

    def tidy(self, now: float) -> None:
        """Remove what processes left behind that were killed between a file and its row, or a row and its file."""
        lost: list[str] = []
        for folder in self._store.files.iterdir():
            for entry in os.scandir(folder):
                with contextlib.suppress(FileNotFoundError):
                    if now - entry.stat().st_mtime < _OLD_SECONDS:
                        continue
                if entry.name.startswith(_UNFINISHED):
                    Path(entry).unlink(missing_ok=True)
                elif not self._store.read("SELECT 1 FROM artifacts WHERE hash = ?", (entry.name,)):
                    lost.append(entry.name)
        self.drop_files(lost)

    def _path(self, digest: str) -> Path:
        return self._store.files / digest[:2] / digest

    def _write_aside(self, path: Path, content: bytes) -> Path:
        path.parent.mkdir(exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        return Path(unfinished)

    def _of(self, row: dict[str, Any]) -> Artifact:
        return Artifact(**{**row, "facts": json.loads(row["facts"])}, path=self._path(row["hash"]))
