"""Sending what is in the outbox: each delivery until its receiver has it, at least once, and never by two at a time.

A row is claimed for a while that is longer than any attempt may take. Whoever dies with it loses the claim, and another
process sends it again; so a receiver can get one twice, one after the other, and knows it by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from ..store import Store
from .addresses import NoAddress, WebhookError, named_hosts, read_url
from .transport import CheckedTransport
from .webhooks import signed

_log = logging.getLogger(__name__)

PAUSES = (5.0, 60.0, 300.0, 900.0, 3600.0, 7200.0, 14_400.0, 21_600.0, 36_000.0)
"""Seconds between attempts: ten attempts within a day."""
ATTEMPT_SECONDS = 15.0
"""For one attempt altogether, however slowly its receiver answers."""
CLAIM_SECONDS = 60.0
AT_ONCE = 32
AT_ONCE_TO_ONE = 4
"""To one URL, so that a slow receiver holds nobody up but itself."""
LOOK_SECONDS = 0.5
KEPT_SECONDS = 30 * 86_400.0
_SWEEP_SECONDS = 3600.0

# The receivers take turns, so one with much to be told does not come before all others.
_CLAIM = """
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1, next_at = :until WHERE id IN (
        SELECT id FROM (
            SELECT id, url, next_at, ROW_NUMBER() OVER (PARTITION BY url ORDER BY next_at) AS turn
            FROM deliveries WHERE state IN ('waiting', 'sending') AND next_at <= :now
        ) AS due
        WHERE turn <= :to_one - (
            SELECT COUNT(*) FROM deliveries AS busy
            WHERE busy.state = 'sending' AND busy.next_at > :now AND busy.url = due.url
        )
        ORDER BY turn, next_at LIMIT :free
    ) RETURNING *
"""


@dataclass(frozen=True)
class Delivery:
    """Is one event on its way to one URL.

    Args:
        id: "msg_…", the same at each attempt.
        webhook: Id of the webhook, or None where a job named the URL.
        url: Where it goes.
        job: Id of the job.
        kind: The event.
        body: What is sent.
        state: "waiting", "sending", "delivered" or "failed".
        attempts: How many there were.
        next_at: When the next one is due, if there is one.
        last_status: The HTTP status that was answered last.
        last_error: Why the last attempt was none.
        created_at: Seconds since 1970.
        delivered_at: Likewise.
    """

    id: str
    webhook: str | None
    url: str
    job: str | None
    kind: str
    body: str
    state: str
    attempts: int
    next_at: float | None
    last_status: int | None
    last_error: str | None
    created_at: float
    delivered_at: float | None

    def as_json(self) -> dict[str, Any]:
        """Return what the API says of it."""
        return {name: value for name, value in vars(self).items() if name != "body"}


@dataclass(frozen=True)
class _Outcome:
    status: int | None = None
    error: str | None = None
    is_final: bool = False
    wait: float = 0.0


class Deliveries:
    """Sends deliveries in a thread of its own, keeps their log, and sends one again when asked to.

    Args:
        store: Where the outbox is.
        hosts: Private hosts that are allowed by name; those of PIXELFLOW_WEBHOOK_HOSTS if not given.
        pauses: Seconds between attempts; one attempt more than there are pauses is made.
        verify: The SSL context that receivers' certificates are checked with.
    """

    def __init__(
        self,
        store: Store,
        hosts: Iterable[str] | str | None = None,
        *,
        pauses: tuple[float, ...] = PAUSES,
        verify: Any = True,
    ) -> None:
        self._store = store
        self._hosts = named_hosts(hosts)
        self._pauses = pauses
        self._verify = verify
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._is_closing = threading.Event()

    def start(self) -> None:
        """Begin to send."""
        if self._thread is None:
            closing = self._is_closing = threading.Event()  # a thread that did not end in time keeps the one it knows
            self._thread = threading.Thread(target=self._run, args=(closing,), name="pixelflow-webhooks", daemon=True)
            self._thread.start()

    def stop(self, patience: float = ATTEMPT_SECONDS + 1) -> None:
        """Claim nothing more and wait for what is being sent; what takes longer is sent again later."""
        if self._thread is not None:
            self._is_closing.set()
            self.wake()
            self._thread.join(patience)
            self._thread = None

    def wake(self) -> None:
        """Look for what is due now instead of soon."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._news.set)

    def _run(self, closing: threading.Event) -> None:
        asyncio.run(self._send_all(closing))

    async def _send_all(self, closing: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        news = self._news = asyncio.Event()
        busy: set[asyncio.Task[None]] = set()
        swept_at = 0.0
        async with CheckedTransport(self._hosts, verify=self._verify) as transport:
            while not closing.is_set():
                try:
                    for row in self._claim(AT_ONCE - len(busy)):
                        task = asyncio.create_task(self._deliver(transport, row))
                        busy.add(task)
                        task.add_done_callback(busy.discard)
                        task.add_done_callback(lambda _: news.set())
                    if time.monotonic() - swept_at > _SWEEP_SECONDS:
                        swept_at = time.monotonic()
                        self.sweep(time.time())
                except sqlite3.Error:  # a busy or full disk: what is due stays due
                    _log.exception("Webhooks cannot be sent for now.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK_SECONDS)
                news.clear()
            if busy:
                await asyncio.wait(busy)

    def _claim(self, free: int) -> list[sqlite3.Row]:
        """Take what is due, as much as there is room for."""
        now = time.time()
        due = "SELECT 1 FROM deliveries WHERE state IN ('waiting', 'sending') AND next_at <= ? LIMIT 1"
        if free <= 0 or not self._store.read(due, (now,)):
            return []
        values = {"now": now, "until": now + CLAIM_SECONDS, "free": free, "to_one": AT_ONCE_TO_ONE}
        with self._store.writing() as connection:
            return connection.execute(_CLAIM, values).fetchall()

    async def _deliver(self, transport: CheckedTransport, row: sqlite3.Row) -> None:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                outcome = await self._attempt(transport, row)
        except TimeoutError:
            outcome = _Outcome(error=f"It did not answer within {ATTEMPT_SECONDS:g} seconds.")
        except NoAddress as error:
            outcome = _Outcome(error=str(error))
        except WebhookError as error:
            outcome = _Outcome(error=str(error), is_final=True)
        except (httpx.HTTPError, OSError) as error:
            outcome = _Outcome(error=f"It could not be reached: {type(error).__name__}: {error}"[:300])
        except Exception as error:  # whatever it is, the row must not be tried for ever at once
            _log.exception("A webhook could not be sent.")
            outcome = _Outcome(error=f"It could not be sent: {type(error).__name__}.")
        try:
            self._note(row, outcome)
        except sqlite3.Error:  # the claim runs out, and it is sent again
            _log.exception("What became of a delivery could not be written down.")

    async def _attempt(self, transport: CheckedTransport, row: sqlite3.Row) -> _Outcome:
        """Send a delivery once; of the answer only its status is read."""
        now = time.time()
        url = read_url(row["url"], self._hosts)
        headers = {
            "content-type": "application/json",
            "user-agent": "pixelflow-widgets (webhooks)",
            **signed(row["id"], row["body"], row["secret"], now),
        }
        timeout = httpx.Timeout(ATTEMPT_SECONDS).as_dict()
        request = httpx.Request(
            "POST", url, content=row["body"].encode(), headers=headers, extensions={"timeout": timeout}
        )
        response = await transport.handle_async_request(request)
        try:
            return _read(response)
        finally:
            await response.aclose()

    def _note(self, row: sqlite3.Row, outcome: _Outcome) -> None:
        """Write down what became of an attempt, unless the claim ran out and another has it."""
        now = time.time()
        is_delivered = outcome.error is None
        is_over = is_delivered or outcome.is_final or row["attempts"] > len(self._pauses)
        pause = 0.0 if is_over else self._pauses[row["attempts"] - 1] * random.uniform(0.8, 1.2)
        values = {
            "state": "delivered" if is_delivered else "failed" if is_over else "waiting",
            "next_at": None if is_over else now + max(pause, outcome.wait),
            "status": outcome.status,
            "error": outcome.error,
            "delivered_at": now if is_delivered else None,
            "id": row["id"],
            "attempts": row["attempts"],
        }
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE deliveries SET state = :state, next_at = :next_at, last_status = :status, last_error = :error, "
                "delivered_at = :delivered_at WHERE id = :id AND state = 'sending' AND attempts = :attempts",
                values,
            )
            if outcome.status == 410 and row["webhook"]:
                connection.execute("UPDATE webhooks SET removed_at = ? WHERE id = ?", (now, row["webhook"]))

    def of_key(self, key: str | None = None, *, job: str | None = None, limit: int = 100) -> list[Delivery]:
        """Return the newest deliveries of a key, or of all, or of one job."""
        sql = "SELECT * FROM deliveries WHERE (:key IS NULL OR key = :key) AND (:job IS NULL OR job = :job)"
        values = {"key": key, "job": job, "limit": limit}
        return [_delivery(row) for row in self._store.read(f"{sql} ORDER BY rowid DESC LIMIT :limit", values)]

    def find(self, id: str, key: str | None = None) -> Delivery | None:
        """Return a delivery, if it is there and belongs to the key."""
        sql = "SELECT * FROM deliveries WHERE id = :id AND (:key IS NULL OR key = :key)"
        return next((_delivery(row) for row in self._store.read(sql, {"id": id, "key": key})), None)

    def replay(self, id: str, key: str | None = None) -> Delivery | None:
        """Send a delivery again from its first attempt on; one that is on its way goes now. None if there is none."""
        sql = (
            "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = :now, delivered_at = NULL "
            "WHERE id = :id AND state <> 'sending' AND (:key IS NULL OR key = :key)"
        )
        with self._store.writing() as connection:
            connection.execute(sql, {"now": time.time(), "id": id, "key": key})
        self.wake()
        return self.find(id, key)

    def sweep(self, now: float) -> None:
        """Forget what has come to its end a month ago."""
        sql = "DELETE FROM deliveries WHERE state IN ('delivered', 'failed') AND created_at < ?"
        with self._store.writing() as connection:
            connection.execute(sql, (now - KEPT_SECONDS,))


def _read(response: httpx.Response) -> _Outcome:
    """Return what an answer means."""
    status = response.status_code
    if 200 <= status < 300:
        return _Outcome(status)
    if 300 <= status < 400:
        return _Outcome(status, f"It answered {status}, a redirect, and those are not followed.")
    if status == 410:
        return _Outcome(status, "It answered 410, so the webhook was removed.", is_final=True)
    asked = response.headers.get("retry-after", "")
    wait = min(float(asked), PAUSES[-1]) if status in (429, 503) and asked.isdecimal() else 0.0
    return _Outcome(status, f"It answered {status}.", wait=wait)


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__dataclass_fields__})
