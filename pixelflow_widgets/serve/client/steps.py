"""What a client does, written once: steps that a blocking and an asyncio client both take.

A call is a generator that yields what it wants of the network and is sent what came of it; only `drivers.py` knows how
that is done.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from ...errors import CallFailed, Cancelled
from ..jobs.job import FINAL

Value = TypeVar("Value")
Heard = Callable[["SentEvent | None"], bool]

PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds between attempts to reach a server that does not answer."""
LISTEN_SECONDS = 20.0
"""For which an event stream may be silent before the job is asked for by itself."""
MOST_POLL_SECONDS = 2.0
_BUSY = (429, 502, 503, 504)  # a proxy's words for a server that is being started again are among them


@dataclass(frozen=True)
class Ask:
    """Is a request; what is sent back is its response, or httpx.TransportError is thrown."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    files: Mapping[str, Any] | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Listen:
    """Is a stream of events, until it ends or `hear` has heard enough; the status is sent back."""

    path: str
    headers: Mapping[str, str]
    hear: Heard
    seconds: float


@dataclass(frozen=True)
class Rest:
    """Is a pause."""

    seconds: float


Step = Ask | Listen | Rest
Steps = Generator[Step, Any, Value]


@dataclass(frozen=True)
class SentEvent:
    """Is one event of a stream."""

    id: str
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class JobState:
    """Is what a server says of a job.

    Args:
        id: The job's.
        status: "queued", "running", "succeeded", "failed" or "canceled".
        position: How many go before it, while it waits.
        progress: How much is done, from 0 to 1, if that is known.
        note: What is being done.
        outputs: By name, as JSON, once it has succeeded.
        error: "type", "message" and, where it was one, "node".
        seeds: The seeds that were used.
        usage: What it took.
    """

    id: str
    status: str
    position: int | None = None
    progress: float | None = None
    note: str = ""
    outputs: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    seeds: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> JobState:
        """Return what a job's JSON says; what else it says is passed over."""
        return cls(**{name: told[name] for name in cls.__dataclass_fields__ if told.get(name) is not None})

    @property
    def is_final(self) -> bool:
        """Return whether the job has ended."""
        return self.status in FINAL


def asked(ask: Ask, patience: float) -> Steps[httpx.Response]:
    """Ask until there is an answer: a server that is away or busy is asked again, for as long as it says.

    Every request of this client may be sent twice: what makes something carries an idempotency key.

    Raises:
        CallFailed: Nobody answers.
    """
    until = time.monotonic() + patience
    attempt = 0
    while True:
        pause = PAUSES[min(attempt, len(PAUSES) - 1)] * random.uniform(0.8, 1.2)
        attempt += 1
        try:
            response = yield ask
        except httpx.TransportError as error:
            if attempt > len(PAUSES) or time.monotonic() + pause > until:
                words = f"The server does not answer: {error or type(error).__name__}. Check its URL, and that it runs."
                raise CallFailed(words, type="unreachable") from error
            yield Rest(pause)
            continue
        if response.status_code in _BUSY:
            pause = max(pause, _retry_after(response))
            if time.monotonic() + pause <= until:
                yield Rest(pause)
                continue
        return response


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0


def answer(response: httpx.Response) -> Any:
    """Return the JSON of an answer.

    Raises:
        CallFailed: It is a refusal, or no answer of such a server.
    """
    try:
        told = response.json()
    except ValueError:
        told = None
    if response.is_success and told is not None:
        return told
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        words = f"The server answered {response.status_code} and no words of PixelFlow's. Is this the right URL?"
        raise CallFailed(words, type="no_answer", status=response.status_code)
    lines = [str(error.get("message") or f"The server answered {response.status_code}.")]
    faults = error.get("details")
    if isinstance(faults, list) and len(faults) == 1:  # the message is the words of this one
        at = str(error.get("at", ""))
        lines = [f"{at}: {lines[0]}" if at.startswith("/") else lines[0]]
    elif isinstance(faults, list):
        lines += [f"  - {each.get('at', '')}: {each.get('message', '')}" for each in faults if isinstance(each, dict)]
    raise CallFailed("\n".join(lines), type=str(error.get("type", "")), status=response.status_code, details=error)


def got(path: str, patience: float) -> Steps[Any]:
    """Return the JSON that is at a path."""
    response = yield from asked(Ask("GET", path), patience)
    return answer(response)


def posted(path: str, body: Mapping[str, Any], headers: Mapping[str, str], patience: float) -> Steps[Any]:
    """Send JSON to a path and return the JSON that is answered."""
    try:
        content = json.dumps(body, allow_nan=False).encode()
    except ValueError as error:
        raise CallFailed(f"These values cannot be sent: {error}.", type="values_refused") from None
    ask = Ask("POST", path, {**headers, "content-type": "application/json"}, content)
    response = yield from asked(ask, patience)
    return answer(response)


def uploaded(content: bytes, patience: float) -> Steps[str]:
    """Send a medium and return its id."""
    ask = Ask("POST", "/v1/uploads", files={"file": ("medium", content, "application/octet-stream")})
    response = yield from asked(ask, patience)
    return answer(response)["id"]


def job_path(id: str) -> str:
    """Return the path of a job."""
    return f"/v1/jobs/{quote(id, safe='')}"


def job_state(id: str, patience: float) -> Steps[JobState]:
    """Return where a job stands."""
    told = yield from got(job_path(id), patience)
    return JobState.from_json(told)


def cancelled(id: str, seconds: float | None = None) -> Steps[JobState]:
    """Ask for a job to stop, and return where it stands."""
    response = yield from asked(Ask("POST", f"{job_path(id)}/cancel", seconds=seconds), seconds or 10.0)
    return JobState.from_json(answer(response))


def ended(id: str, tell: Callable[[JobState], Any] | None, seconds: float | None, patience: float) -> Steps[JobState]:
    """Wait for the end of a job: by its events, and by asking where those do not come through.

    Args:
        id: The job's.
        tell: Is called with each news.
        seconds: How long is waited.
        patience: For a server that does not answer, in seconds.

    Raises:
        TimeoutError: It has not ended by then; it goes on.
    """
    until = time.monotonic() + (math.inf if seconds is None else seconds)
    listening = _Listening(id, tell, until)
    pause, deaf, is_heard = 0.1, 0, False
    while True:
        if deaf < 2:  # else events do not come through here, and each attempt costs seconds
            is_heard = yield from listening.listened()
            deaf = 0 if is_heard else deaf + 1
        state = yield from job_state(id, patience)
        if tell is not None and (state.is_final or not listening.last_id):
            tell(state)
        if state.is_final:
            return state
        if time.monotonic() >= until:
            raise TimeoutError(f"The job {id} is {state.status} after {seconds:g} seconds.")
        if not is_heard:
            yield Rest(min(pause, max(0.0, until - time.monotonic())))
            pause = min(pause * 1.5, MOST_POLL_SECONDS)


class _Listening:
    """Hears the events of a job, over as many connections as it takes."""

    def __init__(self, id: str, tell: Callable[[JobState], Any] | None, until: float) -> None:
        self._state = JobState(id, "queued")
        self._tell, self._until = tell, until
        self.last_id = ""

    def listened(self) -> Steps[bool]:
        """Listen on one connection; return whether anything was heard."""
        before = self.last_id
        headers = {"accept": "text/event-stream"} | ({"last-event-id": before} if before else {})
        seconds = max(0.1, min(LISTEN_SECONDS, self._until - time.monotonic()))
        with suppress(httpx.TransportError):
            yield Listen(f"{job_path(self._state.id)}/events", headers, self._hear, seconds)
        return self.last_id != before

    def _hear(self, event: SentEvent | None) -> bool:
        """Take an event, or a sign of life; return whether it was the last that is wanted."""
        if event is not None:
            self.last_id = event.id or self.last_id
            if event.kind in FINAL:
                return True
            news = _news(self._state, event)
            if news != self._state and self._tell is not None:
                self._tell(news)
            self._state = news
        return time.monotonic() >= self._until


def _news(state: JobState, event: SentEvent) -> JobState:
    """Return a state with what an event says."""
    status = {"started": "running", "requeued": "queued"}.get(event.kind, state.status)
    known = {name: event.data[name] for name in ("position", "progress", "note") if event.data.get(name) is not None}
    return JobState(**{**vars(state), **known, "status": "running" if event.kind == "progress" else status})


def succeeded(state: JobState) -> JobState:
    """Return the state of a job that has succeeded.

    Raises:
        Cancelled: It was cancelled.
        CallFailed: It failed.
    """
    if state.status == "canceled":
        raise Cancelled(f"The job {state.id} was cancelled.")
    if state.status == "failed":
        error = state.error or {}
        words = str(error.get("message") or f"The job {state.id} failed.")
        raise CallFailed(words, type=str(error.get("type", "")), details=error)
    return state
