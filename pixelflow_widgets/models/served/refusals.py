"""What servers refuse and how connections end, in words; keys that a server echoes are hidden."""

from __future__ import annotations

import math
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

from ...secrets import redacted
from .connecting import EXTRA, Broken, Strange, TooMuch, client_package
from .listening import Silent
from .server import Server

MOST_QUOTED = 400
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 529)
"""Statuses after which the same request may be answered."""
_SPENT = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that a server refused with."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def may_pass(error: BaseException) -> bool:
    """Return whether what went wrong may be gone in a moment."""
    status = status_of(error)
    if status is not None:
        return status in _AGAIN and getattr(error, "code", None) not in _SPENT
    if isinstance(error, Broken):
        return True
    is_line = isinstance(error, client_package().APIConnectionError)
    return is_line and not isinstance(error.__cause__, TooMuch | Strange)


def wait_asked(error: BaseException) -> float | None:
    """Return how many seconds a server asks to wait, if it does: Retry-After, as seconds or as a date."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(seconds, 0.0)
    try:
        return max(parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def said_by(error: BaseException) -> str:
    """Return what a server said when it refused, in one line; empty where it said nothing."""
    body = getattr(error, "body", None)
    told: Any = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(told, dict):
        told = told.get("message") or told.get("detail") or told.get("code") or told
    text = redacted(re.sub(r"\s+", " ", str(told if told is not None else "")[: 4 * MOST_QUOTED])).strip()
    return text[:MOST_QUOTED] + ("…" if len(text) > MOST_QUOTED else "")


def in_words(error: BaseException, server: Server) -> str:
    """Return what went wrong with a request, who said so, and what to do.

    Args:
        error: What the client raised.
        server: Whom it asked.
    """
    status, said = status_of(error), said_by(error)
    quoted = f" It said: {said}" if said else ""
    if status is None:
        return f"{_broken(error, server)}{quoted}"
    if 300 <= status < 400:
        return (
            f"{server.host} wants to pass the request on to another address ({status}), where no key is sent. If that "
            "is right, name that address in 'base_url'."
        )
    who = f"the secret '{server.key}'" if server.key else "no key"
    hints = {
        400: "Change what it names, or choose another model.",
        401: f"Look at {who}: it was not accepted.",
        403: f"Look at {who}: it may not do this.",
        404: f"Look at the model's name, '{server.model[:80]}', and at the end of the address, which is mostly /v1.",
        413: "Shorten the text, or show smaller pictures.",
        429: "Wait a while, or look at what your account may use.",
    }
    kind = "failed" if status >= 500 else "refused"
    return f"{server.host} {kind} ({status}). {hints.get(status, 'Try again later.')}{quoted}"


def _broken(error: BaseException, server: Server) -> str:
    """Return how a connection ended, in words."""
    cause = error.__cause__ or error
    openai = client_package()
    if isinstance(error, Silent):
        return f"{server.host} is silent: {error}. Try again, or choose a quicker model."
    if isinstance(error, Broken):
        return f"{server.host} ended the answer without saying that it is whole. Run again to ask once more."
    if isinstance(cause, Strange):
        return f"{server.host} does not speak as OpenAI's servers do: {cause}. Does its address end with /v1?"
    if isinstance(cause, TooMuch):
        return f"{server.host} was cut off: {cause}."
    if isinstance(error, openai.APITimeoutError):
        return f"{server.host} was not reached in time. Is the address right, and is it running?"
    kind = type(cause).__name__
    if isinstance(error, openai.APIConnectionError) and "Connect" in kind:
        return f"{server.host} was not reached. Is the address right, and is it running? {redacted(str(cause))[:200]}"
    if isinstance(error, openai.APIConnectionError) or "Protocol" in kind or "Read" in kind:
        return f"{server.host} broke the connection off. Run again to ask once more."
    if isinstance(error, openai.APIError):
        return f"{server.host} broke the answer off."
    if isinstance(error, ValueError | TypeError | AttributeError):
        return f"{server.host} sent what is no part of an answer. Does it speak as OpenAI's servers do?"
    return f"{server.host} could not be asked: {kind}: {redacted(str(cause))[:200]} (Is the package whole? {EXTRA})"
