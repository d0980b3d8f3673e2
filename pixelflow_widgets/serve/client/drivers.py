"""How the steps of a client are taken: blocking, or with asyncio."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx

from .steps import Ask, Heard, Listen, Rest, SentEvent, Step, Steps, Value

TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class Stream:
    """Reads server-sent events line by line."""

    def __init__(self, hear: Heard) -> None:
        self._hear = hear
        self._fields: dict[str, str] = {}

    def feed(self, line: str) -> bool:
        """Take a line; return whether enough was heard."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            return self._hear(self._event())
        if name == "data" and "data" in self._fields:
            value = f"{self._fields['data']}\n{value}"
        if name:
            self._fields[name] = value
            return False
        return self._hear(None)  # a comment: the server lives

    def _event(self) -> SentEvent | None:
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        try:
            data = json.loads(fields["data"])
        except ValueError:
            data = {}
        data = data if isinstance(data, dict) else {}
        return SentEvent(fields.get("id", ""), fields.get("event", ""), data)


def _request(step: Ask) -> dict[str, Any]:
    timeout = {} if step.seconds is None else {"timeout": step.seconds}
    return {"headers": dict(step.headers), "content": step.content, "files": step.files, **timeout}


def _streaming(step: Listen) -> dict[str, Any]:
    return {"headers": dict(step.headers), "timeout": httpx.Timeout(step.seconds)}


def take(http: httpx.Client, steps: Steps[Value]) -> Value:
    """Take steps one after the other and return what they come to."""
    answer, error = None, None
    while True:
        try:
            step = steps.send(answer) if error is None else steps.throw(error)
        except StopIteration as done:
            return done.value
        answer, error = None, None
        try:
            answer = _taken(http, step)
        except BaseException as raised:  # Ctrl-C too: the steps may want to cancel a job before it goes on
            error = raised


def _taken(http: httpx.Client, step: Step) -> Any:
    if isinstance(step, Rest):
        return time.sleep(step.seconds)
    if isinstance(step, Ask):
        return http.request(step.method, step.path, **_request(step))
    with http.stream("GET", step.path, **_streaming(step)) as response:
        if response.is_success:
            _heard(response.iter_lines(), Stream(step.hear))
        return response.status_code


def _heard(lines: Iterator[str], stream: Stream) -> None:
    for line in lines:
        if stream.feed(line):
            return


async def take_async(http: httpx.AsyncClient, steps: Steps[Value]) -> Value:
    """Take steps one after the other and return what they come to; the loop is never blocked."""
    answer, error = None, None
    while True:
        try:
            step = steps.send(answer) if error is None else steps.throw(error)
        except StopIteration as done:
            return done.value
        is_cancelled = isinstance(error, asyncio.CancelledError)
        answer, error = None, None
        try:
            with anyio.CancelScope(shield=is_cancelled):  # what is still done then is to cancel a job
                answer = await _taken_async(http, step)
        except BaseException as raised:
            error = raised


async def _taken_async(http: httpx.AsyncClient, step: Step) -> Any:
    if isinstance(step, Rest):
        return await asyncio.sleep(step.seconds)
    if isinstance(step, Ask):
        return await http.request(step.method, step.path, **_request(step))
    async with http.stream("GET", step.path, **_streaming(step)) as response:
        stream = Stream(step.hear)
        if response.is_success:
            async for line in response.aiter_lines():
                if stream.feed(line):
                    break
        return response.status_code
