"""Webhooks: URLs that are told of jobs, signed as Standard Webhooks says, and how a receiver knows what is genuine."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...errors import WebhookError, nearest
from ..extra import needed_by
from ..store import Store
from .addresses import named_hosts, read_url

EVENTS = ("job.started", "node.finished", "job.finished")
OTHER_NAMES = {"NODE_RUN": "node.finished", "GRAPH_RUN": "job.finished"}
"""What the PixelFlow shape of the API calls two of them."""
MOST_OF_A_KEY = 20
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Webhook:
    """Is a URL that is told of the jobs of one key.

    Args:
        id: Its id, "wh_…".
        key: The key whose jobs it is told of.
        url: Where deliveries go.
        secret: What they are signed with, "whsec_…".
        events: Which it wants, by either name.
        created_at: Seconds since 1970.
    """

    id: str
    key: str
    url: str
    secret: str
    events: tuple[str, ...]
    created_at: float

    def as_json(self) -> dict[str, Any]:
        """Return what the API says of it: everything but the secret."""
        return {"id": self.id, "url": self.url, "events": list(self.events), "created_at": self.created_at}


class Webhooks:
    """Registers webhooks and says where and how they are told.

    Args:
        store: Where they are kept.
        hosts: Private hosts that are allowed by name; those of PIXELFLOW_WEBHOOK_HOSTS if not given.
    """

    def __init__(self, store: Store, hosts: Iterable[str] | str | None = None) -> None:
        self._store = store
        self._hosts = named_hosts(hosts)

    def add(self, key: str, url: str, events: Iterable[str] = ("job.finished",), secret: str | None = None) -> Webhook:
        """Register a URL for the jobs of a key.

        Args:
            key: Id of the key.
            url: Public, or of a host that is allowed by name.
            events: Of EVENTS, or by the other shape's names.
            secret: "whsec_…" with 24 to 64 bytes in base64; a new one if not given.

        Raises:
            WebhookError: The URL, an event or the secret cannot be.
        """
        chosen = _read_events(events)
        secret = read_secret(secret) if secret is not None else new_secret()
        made = Webhook(f"wh_{secrets.token_hex(8)}", key, str(read_url(url, self._hosts)), secret, chosen, time.time())
        with self._store.writing() as connection:
            sql = "SELECT COUNT(*) FROM webhooks WHERE key = ? AND removed_at IS NULL"
            if connection.execute(sql, (key,)).fetchone()[0] >= MOST_OF_A_KEY:
                raise WebhookError(f"A key has at most {MOST_OF_A_KEY} webhooks. Remove one first.")
            values = (made.id, key, made.url, secret, json.dumps(chosen), made.created_at)
            connection.execute(
                "INSERT INTO webhooks (id, key, url, secret, events, created_at) VALUES (?, ?, ?, ?, ?, ?)", values
            )
        return made

    def of_key(self, key: str | None = None) -> list[Webhook]:
        """Return the webhooks of a key, or of all, oldest first."""
        sql = "SELECT * FROM webhooks WHERE removed_at IS NULL AND (:key IS NULL OR key = :key) ORDER BY rowid"
        return [_webhook(row) for row in self._store.read(sql, {"key": key})]

    def find(self, id: str, key: str | None = None) -> Webhook | None:
        """Return a webhook, if it is there and belongs to the key."""
        return next((webhook for webhook in self.of_key(key) if webhook.id == id), None)

    def remove(self, id: str, key: str | None = None) -> bool:
        """Remove a webhook; what still waits for it is not sent. Return whether it was there."""
        with self._store.writing() as connection:
            sql = "UPDATE webhooks SET removed_at = :now WHERE id = :id AND removed_at IS NULL"
            values = {"now": time.time(), "id": id, "key": key}
            is_removed = connection.execute(f"{sql} AND (:key IS NULL OR key = :key)", values).rowcount > 0
            if is_removed:
                sql = "UPDATE deliveries SET state = 'failed', next_at = NULL, last_error = ? WHERE webhook = ?"
                told = "The webhook was removed before this could be sent."
                connection.execute(f"{sql} AND state = 'waiting'", (told, id))
        return is_removed

    def chosen(self, given: Any, key: str) -> str | None:
        """Return what a request said of its webhook in the form in which a job keeps it.

        Args:
            given: None, a URL, {"url", "secret", "events"}, or the id of a registered webhook, which then is told of
                this job by itself.
            key: Id of the key of the request.

        Raises:
            WebhookError: It cannot be had.
        """
        if given is None:
            return None
        if isinstance(given, str) and given.startswith("wh_"):
            if self.find(given, key) is None:
                raise WebhookError("There is no webhook of this id. Register one first, or give a URL.")
            return None  # every job of the key tells it anyway
        fields = {"url": given} if isinstance(given, str) else given
        if not isinstance(fields, Mapping) or not set(fields) <= {"url", "secret", "events"}:
            raise WebhookError("A job's webhook is a URL, the id of a webhook, or {'url', 'secret', 'events'}.")
        secret = fields.get("secret")
        kept = {
            "url": str(read_url(fields.get("url"), self._hosts)),
            "secret": self.secret_of(key) if secret is None else read_secret(secret),
            "events": _read_events(fields.get("events", ("job.finished",))),
        }
        return json.dumps(kept)

    def secret_of(self, key: str) -> str:
        """Return the secret that signs deliveries to URLs which jobs of a key name without one."""
        made = hmac.new(self._seed(), f"webhooks of {key}".encode(), hashlib.sha256).digest()
        return _spelled(made)

    def _seed(self) -> bytes:
        """Return the random bytes of this store that such secrets are derived from; they are made once."""
        path = self._store.folder / "webhooks.key"
        if not path.exists():
            aside = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_SECRET_BYTES))
            with contextlib.suppress(FileExistsError):  # another process was first: its bytes hold
                os.link(aside, path)
            aside.unlink()
        return path.read_bytes()


def _webhook(row: sqlite3.Row) -> Webhook:
    events = tuple(json.loads(row["events"]))
    return Webhook(row["id"], row["key"], row["url"], row["secret"], events, row["created_at"])


def _read_events(given: Any) -> tuple[str, ...]:
    known = (*EVENTS, *OTHER_NAMES)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise WebhookError(f"A webhook's events are a list of: {', '.join(known)}.")
    events = tuple(dict.fromkeys(map(str, given)))
    for event in events:
        if event not in known:
            raise WebhookError(
                f"'{event[:40]}' is no event.{nearest(event[:40], known)} There are: {', '.join(known)}."
            )
    if not events:
        raise WebhookError(f"A webhook wants at least one event of: {', '.join(known)}.")
    return events


def new_secret() -> str:
    """Return a new random secret."""
    return _spelled(secrets.token_bytes(_SECRET_BYTES))


def _spelled(secret: bytes) -> str:
    return f"whsec_{base64.b64encode(secret).decode()}"


def read_secret(text: Any) -> str:
    """Return a secret as given, if it is one.

    Raises:
        WebhookError: It is not, or too short to be safe.
    """
    wish = "A webhook's secret is 'whsec_' and 24 to 64 random bytes in base64; leave it out to get one."
    if not isinstance(text, str) or not text.startswith("whsec_"):
        raise WebhookError(wish)
    try:
        count = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        raise WebhookError(wish) from None
    if not 24 <= count <= 64:
        raise WebhookError(wish)
    return text


def signed(id: str, body: str, secret: str, at: float) -> dict[str, str]:
    """Return the headers that prove where a delivery comes from.

    Args:
        id: The delivery's; the same each time it is tried.
        body: What is sent, to the letter.
        secret: "whsec_…".
        at: Seconds since 1970: receivers refuse what is old.
    """
    from standardwebhooks import Webhook as Signer

    signature = Signer(secret).sign(id, datetime.fromtimestamp(int(at), UTC), body)
    return {"webhook-id": id, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def verify_webhook(body: bytes | str, headers: Mapping[str, str], secret: str) -> dict[str, Any]:
    """Return the event that a delivery brings, if it comes from the server that shares the secret.

    The same delivery may come more than once: its header `webhook-id` says which it is.

    Args:
        body: The request's body to the byte, before any parsing.
        headers: The request's headers.
        secret: "whsec_…", as registering the webhook showed it.

    Raises:
        WebhookError: It is not signed with this secret, was changed on its way, or is older than five minutes.
    """
    with needed_by("pf.verify_webhook"):
        from standardwebhooks import Webhook as Signer
        from standardwebhooks.webhooks import WebhookVerificationError

    signer = Signer(read_secret(secret))
    try:
        return signer.verify(body, {str(name): str(value) for name, value in headers.items()})
    except (WebhookVerificationError, ValueError) as error:  # a header of another form is a ValueError
        raise WebhookError(
            f"This delivery is not believed: {error}. Answer 400, and check that the secret is this webhook's, that "
            "nothing parsed the body before, and the clock."
        ) from None
