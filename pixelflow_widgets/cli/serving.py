"""`pixelflow publish`, `serve`, `endpoints`, `keys`, `jobs`: flows over HTTP, from the shell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ..errors import FlowFileError, PixelFlowError
from ..serve.extra import needed_by
from .printing import FAILED, WRONG, end, say

endpoints_app = typer.Typer(no_args_is_help=True, help="Published flows: list them, unpublish, roll back.")
keys_app = typer.Typer(no_args_is_help=True, help="Keys: make, list, revoke, rotate.")
jobs_app = typer.Typer(no_args_is_help=True, help="Jobs: list, show, cancel.")

_NO_FLOW = "No flow is published yet: pixelflow publish poster.flow.json"

_Folder = Annotated[Path | None, typer.Option(help="Where endpoints, keys and jobs are kept; yours if not given.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


def publish(
    flow: Annotated[Path, typer.Argument(help="A .flow.json, a .flow.zip, or a file that carries a flow.")],
    name: Annotated[str | None, typer.Option(help="What callers name it by; made from the flow's name.")] = None,
    note: Annotated[str, typer.Option(help="What to say of this version.")] = "",
    seeds: Annotated[str, typer.Option(help="drawn: anew for each request; given: the flow's own.")] = "drawn",
    cap: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="work, pixels or seconds that a request may ask for."),
    ] = None,
    current: Annotated[bool, typer.Option(help="Whether it answers where no version is named.")] = True,
    folder: _Folder = None,
    as_json: _Json = False,
) -> None:
    """Freeze a flow as a version that can be called.

    Exit codes: 0 done, 2 the flow cannot be published.
    """
    from ..public import Flow

    began = time.time()
    if seeds not in ("drawn", "given"):
        end(as_json, WRONG, {"error": f"--seeds is drawn or given, not '{seeds}'."})
    try:
        caps = dict(_read_cap(text) for text in cap or [])
        made = Flow.load(flow).publish(
            name,
            note=note,
            caps=caps,
            seeds=seeds,
            is_current=current,
            folder=folder,  # type: ignore[arg-type]
        )
    except (PixelFlowError, OSError) as error:
        problems = [problem.as_json() for problem in getattr(error, "problems", [])]
        end(as_json, WRONG, {"error": str(error), "problems": problems})
    if as_json:
        print(json.dumps(made.as_json()))
        return
    print(f"{made.id}: {made.signature}")
    if made.published_at < began:
        say(f"The flow is as it was published on {_when(made.published_at)}: it is the same version.")
    say(f"Serve it: pixelflow serve. Callers name it '{made.name}', or '{made.id}' for just this version.")


def _read_cap(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise FlowFileError(f"--cap wants NAME=NUMBER, not '{text}'.") from None


def serve(
    flows: Annotated[
        list[Path] | None, typer.Argument(help="Flows to publish first; none serves what is there.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; another one lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8484,
    name: Annotated[list[str] | None, typer.Option(help="Host name by which it may be called, too.")] = None,
    lanes: Annotated[int, typer.Option(min=1, help="How many jobs run at once.")] = 2,
    backend: Annotated[str, typer.Option(help="auto, inline or worker.")] = "auto",
    webhook_host: Annotated[list[str] | None, typer.Option(help="Private host that webhooks may be on.")] = None,
    queue: Annotated[int, typer.Option(min=1, help="How many jobs may wait; more are told to come again.")] = 200,
    keep: Annotated[float, typer.Option(min=0, help="Days that jobs and their results stay after their end.")] = 7.0,
    drain: Annotated[float, typer.Option(help="Seconds that running jobs have after SIGTERM.")] = 30.0,
    folder: _Folder = None,
) -> None:
    """Serve the published flows until Ctrl-C or SIGTERM; jobs that wait then wait for the next server.

    Exit codes: 0 stopped, 1 it could not start, 2 a flow cannot be published.
    """
    from ..public import Flow
    from ..serve.store import shared_store

    settings: dict[str, Any] = {"lanes": lanes, "backend": backend, "queue": queue, "drain": drain}
    try:
        with needed_by("pixelflow serve"):
            from ..serve.server import Server, first_key, welcome
        made = [Flow.load(path).publish(folder=folder) for path in flows or []]
    except (PixelFlowError, OSError) as error:
        end(False, WRONG, {"error": str(error)})
    try:
        settings |= {"host": host, "port": port, "names": name or (), "webhook_hosts": webhook_host or None}
        server = Server(shared_store(folder), kept=keep * 86_400, **settings)
        shown = made or server.serving.endpoints.all()
        if not shown:
            say(_NO_FLOW)
        server.run(lambda: print(welcome(server, first_key(server.serving), shown[0] if shown else None), flush=True))
    except PixelFlowError as error:
        end(False, FAILED, {"error": str(error)})


@endpoints_app.command("list")
def list_endpoints(folder: _Folder = None, as_json: _Json = False) -> None:
    """List the published flows and their versions."""
    endpoints = _rooms(folder).endpoints
    found = [version for each in endpoints.all() for version in endpoints.versions(each.name)]
    if as_json:
        print(json.dumps([each.as_json() for each in found]))
        return
    if not found:
        say(_NO_FLOW)
    for each in found:
        mark = "current" if each.is_current else "" if each.is_published else "unpublished"
        print(f"{each.id:28} {mark:12} {_when(each.published_at)}  {each.signature}  {each.note}".rstrip())


@endpoints_app.command()
def unpublish(
    name: Annotated[str, typer.Argument(help="Of the endpoint.")],
    version: Annotated[int | None, typer.Option(help="Only this version; all of them if not given.")] = None,
    folder: _Folder = None,
) -> None:
    """Let a flow, or one version of it, answer no more; jobs that wait still run."""
    _try(lambda: _rooms(folder).endpoints.unpublish(name, version))
    say(f"'{name}' {'answers' if version is None else f'version {version} answers'} no more; publish it again to undo.")


@endpoints_app.command()
def roll_back(
    name: Annotated[str, typer.Argument(help="Of the endpoint.")],
    version: Annotated[int | None, typer.Option(help="The version; the one before if not given.")] = None,
    folder: _Folder = None,
) -> None:
    """Let an older version answer where none is named."""
    made = _try(lambda: _rooms(folder).endpoints.roll_back(name, version))
    print(f"{made.id} is current.")


@keys_app.command("make")
def make_key(
    title: Annotated[str, typer.Argument(help="Whom it is for.")],
    flow: Annotated[list[str] | None, typer.Option(help="Flow that it may call; all of them if not given.")] = None,
    admin: Annotated[bool, typer.Option(help="It sees the jobs and files of all keys.")] = False,
    per_minute: Annotated[int | None, typer.Option(help="Requests a minute.")] = None,
    folder: _Folder = None,
    as_json: _Json = False,
) -> None:
    """Make a key and print it; it is not kept and cannot be shown again."""
    scopes = [*(flow or ["*"]), *(["admin"] if admin else [])]
    rooms = _rooms(folder)
    made = _try(lambda: rooms.keys.make(title, scopes, per_minute=per_minute))
    known = {each.name for each in rooms.endpoints.all()}
    for each in flow or []:
        if each not in known:
            say(f"No flow '{each}' is published yet; the key reaches it once there is.")
    print(json.dumps({"id": made.key.id, "key": made.text, "scopes": scopes}) if as_json else made.text)


@keys_app.command("list")
def list_keys(folder: _Folder = None, as_json: _Json = False) -> None:
    """List the keys, without their secrets."""
    found = _rooms(folder).keys.all()
    if as_json:
        print(json.dumps([vars(key) for key in found]))
        return
    if not found:
        say("There is no key yet: pixelflow keys make me")
    for key in found:
        state = f"revoked {_when(key.revoked_at)}" if key.revoked_at else f"used {_when(key.last_used_at)}"
        print(f"{key.id}  {state:24} {' '.join(key.scopes):20} {key.title}")


@keys_app.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="Its id.")], folder: _Folder = None) -> None:
    """Refuse a key from now on."""
    _try(lambda: _rooms(folder).keys.revoke(key))
    say(f"{key} is refused from now on.")


@keys_app.command("rotate")
def rotate_key(key: Annotated[str, typer.Argument(help="Its id.")], folder: _Folder = None) -> None:
    """Give a key another secret and print it; the old one is refused at once."""
    print(_try(lambda: _rooms(folder).keys.rotate(key)).text)


@jobs_app.command("list")
def list_jobs(
    flow: Annotated[str | None, typer.Option(help="Of this flow only.")] = None,
    status: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or canceled.")] = None,
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    folder: _Folder = None,
    as_json: _Json = False,
) -> None:
    """List jobs, newest first."""
    found = _rooms(folder).jobs.of_key(name=flow, status=status, most=most)
    if as_json:
        print(json.dumps([_job(job) for job in found]))
        return
    if not found:
        say("There is no such job.")
    for job in found:
        words = (job.error or {}).get("message", job.note) or ""
        print(f"{job.id}  {job.status:10} {job.name}-v{job.number:<4} {_when(job.created_at)}  {words[:80]}".rstrip())


@jobs_app.command("show")
def show_job(job: Annotated[str, typer.Argument(help="Its id.")], folder: _Folder = None) -> None:
    """Show what was asked, what came of it and what it cost, as JSON."""
    found = _rooms(folder).jobs.find(job)
    if found is None:
        _no_job(job)
    print(json.dumps(_job(found), indent=2, ensure_ascii=False))


@jobs_app.command("cancel")
def cancel_job(job: Annotated[str, typer.Argument(help="Its id.")], folder: _Folder = None) -> None:
    """Stop a job: at once while it waits, within seconds while it runs."""
    found = _try(lambda: _rooms(folder).jobs.cancel(job))
    if found is None:
        _no_job(job)
    print(found.status if found.is_final else "asked to stop")


def _no_job(job: str) -> NoReturn:
    end(False, WRONG, {"error": f"There is no job '{job}'. `pixelflow jobs list` names those that there are."})


def _job(job: Any) -> dict[str, Any]:
    from ..serve.http.shapes import job_told

    return job_told(job)


def _rooms(folder: Path | None) -> Any:
    """Return the rooms of a store."""
    from ..serve.store import shared_store

    return _try(lambda: _serving().of(shared_store(folder)))


def _serving() -> Any:
    """Return the class that holds the rooms of a store."""
    with needed_by("This command"):
        from ..serve.serving import Serving
    return Serving


def _try(act: Callable[[], Any]) -> Any:
    """Return what is done, or say why it cannot be and end."""
    try:
        return act()
    except PixelFlowError as error:
        end(False, WRONG, {"error": str(error)})


def _when(at: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else "never"
