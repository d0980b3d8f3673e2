"""Asks a model on a server: again where it is busy, in other words where it does not know some, until it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import AnswerBroken, Cancelled, ModelError
from ..following import log
from .asking import Asked, asked_otherwise, length_of_request
from .connecting import Connection
from .listening import FIRST_SECONDS, SILENCE_SECONDS, chunks_of
from .reading import Reading
from .refusals import in_words, may_pass, said_by, status_of, wait_asked
from .server import Server

if TYPE_CHECKING:
    from ..loading import Report

MOST_TRIES = 5
FIRST_WAIT, MOST_WAIT = 0.5, 60.0
"""Seconds before a busy server is asked again; twice as long each time, or as long as it says, up to the second."""
_MOST_OTHERWISE = 8
_POLL = 0.1
_known: dict[tuple[str, str], list[str]] = {}
"""What servers refused before, by address and model: it is not asked again."""


def answer_of(server: Server, asked: Asked, report: Report) -> str:
    """Return what a model on a server answers.

    Args:
        server: Where it is.
        asked: What is wanted.
        report: Told how far it is, with the text so far; may raise to stop, which ends the request.

    Raises:
        AnswerBroken: The server refused, or broke off; carries the text so far.
        ModelError: The package that speaks to servers is missing.
        SecretError: The key is missing.
    """
    request = asked.request(server.model)
    for refusal in _known.get((server.address, server.model), ()):
        if found := asked_otherwise(request, refusal):
            request = found[0]
    tries = otherwise = 0
    while True:
        reading = Reading(asked, report)
        try:
            _listen(server, request, reading)
            _count(server, request, reading)
            return reading.answer()
        except (Cancelled, ModelError):
            raise
        except Exception as error:  # of the client, the connection, or a server that sends nonsense
            _count(server, request, reading)
            if reading.has_begun:
                raise AnswerBroken(_broken_off(in_words(error, server), reading.text), reading.text) from None
            found = asked_otherwise(request, said_by(error)) if status_of(error) in (400, 404, 422) else None
            if found and otherwise < _MOST_OTHERWISE:
                request, otherwise = found[0], otherwise + 1
                _remember(server, said_by(error))
                if found[1]:
                    log(report, f"{server.host}: {found[1]}")
                continue
            tries += 1
            wait = _wait_before(error, tries)
            if wait is None:
                raise AnswerBroken(in_words(error, server)) from None
            log(report, f"{in_words(error, server)} Asked again in {wait:g} s ({tries} of {MOST_TRIES - 1}).")
            _rest(wait, f"{server.host} is busy; asked again", report)


def _listen(server: Server, request: Mapping[str, Any], reading: Reading) -> None:
    """Read an answer to its end; who stops it half-way has used what had come."""
    connection = Connection(server, FIRST_SECONDS + SILENCE_SECONDS)
    chunks: Iterator[Any] = chunks_of(connection, request, reading.wait)
    try:
        for chunk in chunks:
            if not reading.take(chunk):
                return
    except (Cancelled, ModelError):
        _count(server, request, reading)
        raise
    finally:
        chunks.close()  # type: ignore[attr-defined] - a generator: the request ends now, not when it is collected
    reading.end(is_whole=connection.is_done)


def _broken_off(why: str, text: str) -> str:
    shown = text.strip()[-200:]
    return f"{why} {len(text)} letters had come, and are shown on the node; they end with: …{shown}"


def _wait_before(error: BaseException, tries: int) -> float | None:
    """Return the seconds before the same is asked again; None where that is of no use."""
    if tries >= MOST_TRIES or not may_pass(error):
        return None
    wait = wait_asked(error)
    if wait is None:
        wait = min(FIRST_WAIT * 2 ** (tries - 1), MOST_WAIT)
    return round(wait, 1) if wait <= MOST_WAIT else None


def _rest(seconds: float, note: str, report: Report) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        report(note=f"{note} in {left:.0f} s …")
        time.sleep(min(left, _POLL))


def _remember(server: Server, refusal: str) -> None:
    if len(_known) >= 256:
        _known.clear()
    known = _known.setdefault((server.address, server.model), [])
    if refusal not in known and len(known) < _MOST_OTHERWISE:
        known.append(refusal)


def _count(server: Server, request: Mapping[str, Any], reading: Reading) -> None:
    """Tell what an answer used, also one that came to nothing."""
    if reading.has_begun or reading.is_told:
        reading.tell_usage(f"server:{server.model}", length_of_request(request))
