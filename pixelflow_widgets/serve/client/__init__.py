"""Calling published flows from Python: `pf.Client(url, key).poster(prompt="a red circle")`.

The flows of a server are the methods of its client: with the signature, the annotations and the docstring of each flow,
pictures, sounds, films and tables as the Python values that they are in a notebook.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit

import httpx

from ...errors import CallFailed, nearest
from . import drivers
from .steps import JobState, Steps, cancelled, ended, got, job_state, posted, succeeded
from .typed import docstring_of, signature_of
from .values import received, sent

__all__ = ["AsyncClient", "Client", "JobState", "RemoteFlow", "RemoteJob"]

Progress = Callable[[JobState], Any]


@dataclass(frozen=True)
class _Options:
    """Is how a flow is called, besides its inputs."""

    progress: Progress | None = None
    timeout: float | None = None
    priority: Literal["high", "normal", "low"] | None = None
    idempotency_key: str | None = None
    webhook: str | None = None

    def headers(self) -> dict[str, str]:
        """Return them as the server reads them; without a key of the caller's, each call has a new one."""
        given = {
            "idempotency-key": self.idempotency_key or secrets.token_urlsafe(18),
            "x-pixelflow-priority": self.priority,
            "x-pixelflow-webhook": self.webhook,
        }
        return {name: value for name, value in given.items() if value is not None}


class _Caller:
    """Is what both clients have in common."""

    def __init__(self, url: str, key: str | None, patience: float) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"A server's URL is written 'http://127.0.0.1:8484', not {url!r}.")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.patience = patience
        self.described: dict[tuple[str, int | None], dict[str, Any]] = {}
        key = key if key is not None else os.environ.get("PIXELFLOW_KEY", "")
        self._settings: dict[str, Any] = {
            "base_url": self.url,
            "headers": {"x-api-key": key, "user-agent": "pixelflow-widgets"} if key else {},
            "timeout": drivers.TIMEOUT,
            "follow_redirects": False,
        }

    def _do(self, steps: Steps[Any]) -> Any:
        """Take steps; an asyncio client answers what has to be awaited."""
        raise NotImplementedError

    def flow(self, name: str, version: int | None = None) -> RemoteFlow:
        """Return a flow of the server.

        Args:
            name: What it was published as.
            version: Which of its versions; the current one if not given.
        """
        return RemoteFlow(self, name, version)

    def __getitem__(self, name: str) -> RemoteFlow:
        return self.flow(name)

    def flows(self) -> Any:
        """Return what the server says of each flow that the key reaches."""
        return self._do(_flows(self.patience))

    def job(self, id: str) -> RemoteJob:
        """Return a job that was sent before, by its id."""
        return RemoteJob(self, JobState(id, "queued"), None, None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


class Client(_Caller):
    """Calls the flows of a server and waits for what they give; every thread may use it.

    Args:
        url: Of the server, as `pixelflow serve` says it.
        key: One that it made; PIXELFLOW_KEY of the environment if not given.
        patience: Seconds for which a server that is away or busy is asked again.
    """

    def __init__(self, url: str = "http://127.0.0.1:8484", key: str | None = None, *, patience: float = 60.0) -> None:
        super().__init__(url, key, patience)
        self._http = httpx.Client(**self._settings)

    def _do(self, steps: Steps[Any]) -> Any:
        return drivers.take(self._http, steps)

    def flow(self, name: str, version: int | None = None) -> RemoteFlow:
        """Return a flow of the server, with its signature.

        Args:
            name: What it was published as.
            version: Which of its versions; the current one if not given.

        Raises:
            CallFailed: There is none of this name, or the server does not answer.
        """
        flow = super().flow(name, version)
        flow.describe()
        return flow

    def __getattr__(self, name: str) -> RemoteFlow:
        return _attribute(self, name)

    def __dir__(self) -> list[str]:
        names = list(super().__dir__())
        try:
            return names + [flow["name"] for flow in self.flows()]
        except CallFailed:  # completion in a notebook says nothing of a server that is away
            return names

    def close(self) -> None:
        """Let its connections go."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Caller):
    """Calls the flows of a server in asyncio: `await client.poster(prompt="a red circle")`.

    Args:
        url: Of the server.
        key: One that it made; PIXELFLOW_KEY of the environment if not given.
        patience: Seconds for which a server that is away or busy is asked again.
    """

    def __init__(self, url: str = "http://127.0.0.1:8484", key: str | None = None, *, patience: float = 60.0) -> None:
        super().__init__(url, key, patience)
        self._http = httpx.AsyncClient(**self._settings)

    def _do(self, steps: Steps[Any]) -> Any:
        return drivers.take_async(self._http, steps)

    def __getattr__(self, name: str) -> RemoteFlow:
        return _attribute(self, name)

    async def aclose(self) -> None:
        """Let its connections go."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _attribute(client: Client | AsyncClient, name: str) -> RemoteFlow:
    """Return the flow that is meant by an attribute."""
    if name.startswith("_"):  # notebooks ask objects for many names of their own
        raise AttributeError(name)
    try:
        return client.flow(name)
    except CallFailed as error:
        if error.status != 404:
            raise
        known = [flow["name"] for flow in client.flows()]
        if (hyphened := name.replace("_", "-")) in known:
            return client.flow(hyphened)
        told = f"It has: {', '.join(known)}." if known else "The key reaches none."
        raise AttributeError(f"{client.url} has no flow '{name}'.{nearest(name, known)} {told}") from None


class RemoteFlow:
    """Is a published flow as a function: it takes the flow's inputs by name and gives its outputs.

    One output is given as it is, several as a named tuple. With an AsyncClient, what is called has to be awaited.
    """

    def __init__(self, client: _Caller, name: str, version: int | None = None, options: _Options | None = None) -> None:
        self._client, self._version = client, version
        self._options = options or _Options()
        self.__name__ = name
        self._dress()

    def __call__(self, *unnamed: Any, **inputs: Any) -> Any:
        """Run the flow and return what it gives; Ctrl-C cancels it. Inputs are given by name.

        Raises:
            TypeError: An input is unknown, or one is missing.
            CallFailed: The server refuses the inputs, cannot be reached, or the flow failed.
            TimeoutError: It took longer than `using(timeout=…)` allows; it is cancelled.
        """
        if unnamed:
            raise TypeError(f"{self.__name__}() takes its inputs by name: {self.__name__}(name=value).")
        return self._client._do(self._call(inputs))

    def submit(self, **inputs: Any) -> Any:
        """Send the flow's inputs and return the job at once."""
        return self._client._do(self._submit(inputs))

    def using(
        self,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,
        priority: Literal["high", "normal", "low"] | None = None,
        idempotency_key: str | None = None,
        webhook: str | None = None,
    ) -> RemoteFlow:
        """Return the same flow, called otherwise: options stand here, so that no input can have their names.

        Args:
            progress: Is called with a JobState at each news.
            timeout: Seconds after which a call is given up, and its job cancelled.
            priority: Before or after the other jobs that wait.
            idempotency_key: Two calls with the same key and inputs are one job.
            webhook: A URL, or the id of a webhook, that is told of the end.
        """
        given = {"progress": progress, "timeout": timeout, "priority": priority}
        given |= {"idempotency_key": idempotency_key, "webhook": webhook}
        options = replace(self._options, **{name: value for name, value in given.items() if value is not None})
        return RemoteFlow(self._client, self.__name__, self._version, options)

    def describe(self) -> Any:
        """Return what the server says of the flow: title, help, and the schemas of its request and its result."""
        return self._client._do(self._described())

    def _described(self) -> Steps[dict[str, Any]]:
        known = self._client.described
        place = (self.__name__, self._version)
        if place not in known:
            known[place] = yield from got(self._path, self._client.patience)
        self._dress()
        return known[place]

    @property
    def _path(self) -> str:
        path = f"/v1/flows/{quote(self.__name__, safe='')}"
        return path if self._version is None else f"{path}/versions/{self._version}"

    def _dress(self) -> None:
        """Take the flow's signature and docstring, once they are known."""
        described = self._client.described.get((self.__name__, self._version))
        if described is not None:
            signature = signature_of(described["request"], described["result"])
            self.__signature__ = signature
            self.__doc__ = docstring_of(described)
            annotations = {name: parameter.annotation for name, parameter in signature.parameters.items()}
            self.__annotations__ = {**annotations, "return": signature.return_annotation}

    def _submit(self, inputs: Mapping[str, Any]) -> Steps[RemoteJob]:
        client = self._client
        described = yield from self._described()
        body = yield from sent(self.__name__, described["request"], inputs, client.patience)
        told = yield from posted(f"{self._path}/jobs", body, self._options.headers(), client.patience)
        if told.get("version") != described["version"]:  # another one was published meanwhile
            del client.described[self.__name__, self._version]
            described = yield from self._described()
        return RemoteJob(client, JobState.from_json(told), described["result"], self._options.progress)

    def _call(self, inputs: Mapping[str, Any]) -> Steps[Any]:
        job = yield from self._submit(inputs)
        try:
            return (yield from job._waited(self._options.timeout))
        except GeneratorExit:
            raise
        except BaseException:  # nobody waits for it any more: Ctrl-C, a cancelled task, a callback that raised
            if not job.state.is_final:
                yield from job._stopped()
            raise

    def __repr__(self) -> str:
        signature = getattr(self, "__signature__", "(…)")
        return f"<flow {self.__name__}{signature} of {self._client.url}>"


class RemoteJob:
    """Is one call of a flow that runs, or has run, on a server. With an AsyncClient, what is called has to be awaited.

    Args:
        client: Whom it belongs to.
        state: What is known of it.
        result: The schema of what it gives; None if that is not known yet.
        progress: Is called with a JobState at each news.
    """

    def __init__(
        self, client: _Caller, state: JobState, result: Mapping[str, Any] | None, progress: Progress | None
    ) -> None:
        self._client, self._result, self._progress = client, result, progress
        self.state = state

    @property
    def id(self) -> str:
        """Return its id, by which `client.job(id)` finds it again."""
        return self.state.id

    def refresh(self) -> Any:
        """Ask the server where the job stands."""
        return self._client._do(self._refreshed())

    def wait(self, timeout: float | None = None) -> Any:
        """Wait for the end and return what the flow gives.

        Args:
            timeout: Seconds; the job goes on after them.

        Raises:
            TimeoutError: It has not ended by then.
            CallFailed: It failed.
            Cancelled: It was cancelled.
        """
        return self._client._do(self._waited(timeout))

    def cancel(self) -> Any:
        """Ask for the job to stop, and return where it stands."""
        return self._client._do(self._cancelled())

    def _refreshed(self) -> Steps[JobState]:
        self.state = yield from job_state(self.id, self._client.patience)
        return self.state

    def _cancelled(self) -> Steps[JobState]:
        self.state = yield from cancelled(self.id)
        return self.state

    def _stopped(self) -> Steps[None]:
        """Cancel it, and say nothing if that cannot be done: something else is about to be raised."""
        with contextlib.suppress(CallFailed):
            yield from cancelled(self.id, seconds=2.0)

    def _waited(self, timeout: float | None) -> Steps[Any]:
        client = self._client
        if not self.state.is_final:
            self.state = yield from ended(self.id, self._progress, timeout, client.patience)
        state = succeeded(self.state)
        if self._result is None:
            self._result = yield from _result_schema(self.id, client.patience)
        return (yield from received(self._result, state.outputs or {}, client.url, client.patience))

    def __repr__(self) -> str:
        return f"<job {self.id} of {self._client.url}: {self.state.status}>"


def _flows(patience: float) -> Steps[list[dict[str, Any]]]:
    told = yield from got("/v1/flows", patience)
    return told["flows"]


def _result_schema(id: str, patience: float) -> Steps[dict[str, Any]]:
    """Return the schema of what a job gives, by the version that it was sent to."""
    job = yield from got(f"/v1/jobs/{quote(id, safe='')}", patience)
    flow = yield from got(f"/v1/flows/{quote(job['flow'], safe='')}/versions/{job['version']}", patience)
    return flow["result"]
