"""What a request is told that is not answered as it asked: one shape, with documented types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

TYPES: dict[int, tuple[str, ...]] = {
    400: ("bad_request", "bad_json", "bad_header", "bad_path"),
    401: ("no_key", "wrong_key"),
    403: ("host_refused", "origin_refused", "not_in_scope"),
    404: ("not_found",),
    405: ("method_refused",),
    406: ("not_acceptable",),
    408: ("too_slow",),
    409: ("conflict", "idempotency_conflict"),
    410: ("gone",),
    413: ("too_large",),
    414: ("address_too_long",),
    415: ("media_type_refused",),
    422: ("values_refused", "too_much_work", "job_failed"),
    429: ("rate_limited", "queue_full"),
    500: ("fault",),
    503: ("busy", "draining"),
}
"""Every type that `error.type` may have, by status."""
WORDS: dict[int, str] = {
    400: "The request is not well formed.",
    401: "There is no key, or it is not known.",
    403: "The key does not reach this, or the request comes from another site.",
    404: "There is no such thing, or the key does not reach it.",
    405: "This address does not take this method.",
    406: "What is made here cannot be answered in the form that `Accept` names.",
    408: "The body came too slowly.",
    409: "It is not in a state that allows this, or the idempotency key stands for another body.",
    410: "This version was unpublished.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is not in a form that is read here.",
    422: "Values are not what the flow takes, or they ask for too much work; or the job failed.",
    429: "Too many requests of this key, or the queue is full.",
    500: "A fault of the server.",
    503: "The server is busy or about to stop.",
}
"""What each status means, for the description."""
OPENAI_ROOT = "/v1/images/"
"""Below it, errors have the shape that OpenAI's clients read."""


class Refusal(Exception):
    """Says why a request is not done as asked, and what to do.

    Args:
        status: HTTP status.
        type: One of `TYPES[status]`.
        message: One sentence, with the remedy where one is known.
        at: JSON pointer or name of what is wrong.
        details: Every fault, where there are several: {"at", "message"}.
        headers: That the answer has besides.
    """

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        *,
        at: str | None = None,
        details: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.type, self.message = status, type, message
        self.at, self.details, self.headers = at, details, dict(headers or {})

    def told(self, path: str) -> dict[str, Any]:
        """Return the body of the answer, in the shape that the clients of a path read."""
        if path.startswith(OPENAI_ROOT):
            group = "server_error" if self.status >= 500 else "invalid_request_error"
            param = self.at.removeprefix("/") if self.at else None
            return {"error": {"message": self.message, "type": group, "param": param, "code": self.type}}
        error: dict[str, Any] = {"type": self.type, "message": self.message}
        if self.at is not None:
            error["at"] = self.at
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def body(self, path: str) -> bytes:
        """Return `told` as bytes."""
        return json.dumps(self.told(path), ensure_ascii=True).encode()
