"""Who may call what: keys, of which only a hash is kept.

A key reads `pf_<id>_<secret>`. The secret is 256 random bits, so that one round of SHA-256 keeps it: slow hashes are
for what people think up. It is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
import string
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import ServeError
from .store import Store

ADMIN = "admin"
"""The scope that may manage endpoints, keys and webhooks."""
EVERY = "*"
"""The scope that may call every endpoint."""
_FORM = re.compile(r"pf_([a-z0-9]{8})_([A-Za-z0-9_-]{43})\Z")
_SCOPE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")
_SIGNS = string.ascii_lowercase + string.digits
_NOBODY = bytes(32)
_NOTED_SECONDS = 60.0
"""A use is noted when the last one that was noted is older, so that not every request writes."""


@dataclass(frozen=True)
class Key:
    """Is what is known of a key: not its secret.

    Args:
        id: What names it.
        title: Whom it was made for.
        scopes: Names of endpoints, "*" for all of them, "admin".
        created_at: When it was made.
        last_used_at: When it was last used, to about a minute.
        revoked_at: Since when it is refused.
        per_minute: How many requests a minute it may make; None is what the server allows everybody.
    """

    id: str
    title: str
    scopes: tuple[str, ...]
    created_at: float
    last_used_at: float | None
    revoked_at: float | None
    per_minute: int | None

    @property
    def is_admin(self) -> bool:
        """Return whether it may manage endpoints, keys and webhooks."""
        return ADMIN in self.scopes

    def may_call(self, name: str) -> bool:
        """Return whether it may call an endpoint."""
        return EVERY in self.scopes or (name in self.scopes and name != ADMIN)


class NewKey(NamedTuple):
    """Is a key with its secret, which nobody can read again.

    Args:
        key: What is kept.
        text: What its user sends.
    """

    key: Key
    text: str


class Keys:
    """Keeps keys in a store.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, title: str, scopes: Iterable[str] = (EVERY,), *, per_minute: int | None = None) -> NewKey:
        """Make a key; its text is not kept.

        Args:
            title: Whom it is for.
            scopes: Names of endpoints, "*" for all of them, "admin" to manage them.
            per_minute: How many requests a minute it may make.

        Raises:
            ServeError: A scope cannot be one, or the limit is not a positive number.
        """
        scopes = _checked(scopes)
        if per_minute is not None and per_minute < 1:
            raise ServeError(f"A key may make at least one request a minute, not {per_minute}. Revoke it instead.")
        id, secret = "".join(secrets.choice(_SIGNS) for _ in range(8)), secrets.token_urlsafe(32)
        key = Key(id, title, scopes, time.time(), None, None, per_minute)
        row = (id, _hash(secret), title, json.dumps(scopes), key.created_at, None, None, per_minute)
        with self._store.writing() as connection:
            connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return NewKey(key, f"pf_{id}_{secret}")

    def check(self, text: str) -> Key | None:
        """Return the key that a text is, or None; how long that takes tells nothing of the secret."""
        form = _FORM.match(text)
        rows = self._store.read("SELECT * FROM keys WHERE id = ?", (form[1],)) if form else []
        is_it = hmac.compare_digest(_hash(form[2] if form else ""), rows[0]["hash"] if rows else _NOBODY)
        if not is_it or rows[0]["revoked_at"] is not None:
            return None
        key = _key(rows[0])
        self._note_use(key)
        return key

    def all(self) -> list[Key]:
        """Return every key, oldest first, those that were revoked too."""
        return [_key(row) for row in self._store.read("SELECT * FROM keys ORDER BY created_at, rowid")]

    def find(self, id: str) -> Key:
        """Return the key of an id.

        Raises:
            ServeError: There is none.
        """
        rows = self._store.read("SELECT * FROM keys WHERE id = ?", (id,))
        if not rows:
            raise ServeError(f"There is no key '{str(id)[:40]}'. `pixelflow keys list` names those that there are.")
        return _key(rows[0])

    def revoke(self, id: str) -> Key:
        """Refuse a key from now on; what it began goes on.

        Raises:
            ServeError: There is no such key.
        """
        self.find(id)
        with self._store.writing() as connection:
            connection.execute("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (time.time(), id))
        return self.find(id)

    def rotate(self, id: str) -> NewKey:
        """Give a key another secret; the old one is refused at once, jobs and webhooks stay its own.

        Raises:
            ServeError: There is no such key, or it was revoked.
        """
        secret = secrets.token_urlsafe(32)
        self.find(id)
        with self._store.writing() as connection:
            changed = connection.execute(
                "UPDATE keys SET hash = ? WHERE id = ? AND revoked_at IS NULL", (_hash(secret), id)
            )
            if not changed.rowcount:
                raise ServeError(f"The key '{id}' was revoked. Make another one.")
        return NewKey(self.find(id), f"pf_{id}_{secret}")

    def _note_use(self, key: Key) -> None:
        now = time.time()
        if key.last_used_at is None or now - key.last_used_at > _NOTED_SECONDS:
            with self._store.writing() as connection:
                connection.execute("UPDATE keys SET last_used_at = ? WHERE id = ?", (now, key.id))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: sqlite3.Row) -> Key:
    fields = {name: row[name] for name in ("id", "title", "created_at", "last_used_at", "revoked_at", "per_minute")}
    return Key(**fields, scopes=tuple(json.loads(row["scopes"])))


def _checked(scopes: Iterable[str]) -> tuple[str, ...]:
    given = tuple(dict.fromkeys([scopes] if isinstance(scopes, str) else scopes))
    wrong = [scope for scope in given if scope != EVERY and not _SCOPE.match(scope)]
    if wrong or not given:
        what = f"{str(wrong[0])[:60]!r} is no scope." if wrong else "A key without scopes may do nothing."
        raise ServeError(f"{what} Scopes are names of endpoints, '*' for all of them, and 'admin'.")
    return given
