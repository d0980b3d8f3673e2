"""The `pixelflow` command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .errors import Cancelled, FlowFileError, FlowProblems, MediaError, PixelFlowError, RunError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Generative flows: run, look, train the starter.")
starter_app = typer.Typer(no_args_is_help=True, help="The model that ships with the package: train it, score it.")
cache_app = typer.Typer(help="The results on disk: how much there is, how much there may be.")
app.add_typer(starter_app, name="starter")
app.add_typer(cache_app, name="cache")

FAILED, WRONG, STOPPED = 1, 2, 130
"""Exit codes: a node failed; the flow or the command is wrong; somebody pressed Ctrl-C."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@app.command()
def run(
    flow: Annotated[Path, typer.Argument(help="A .flow.json, a .flow.zip, or a picture that carries a flow.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Value of an input; @FILE reads a file.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the outputs.")] = Path("outputs"),
    target: Annotated[
        list[str] | None, typer.Option(help="An output or node that is wanted; all if not given.")
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option(metavar="NODE=NUMBER", help="Candidate that a node which asks takes, from 0.")
    ] = None,
    backend: Annotated[str, typer.Option(help="auto, inline or worker.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, no bar.")] = False,
) -> None:
    """Run a flow and write its outputs.

    Exit codes: 0 done, 1 a node failed, 2 the flow or an input is wrong, 130 stopped by Ctrl-C.
    """
    from .public import Flow

    try:
        loaded = Flow.load(flow)
        inputs = dict(_read_input(loaded, text) for text in set_ or [])
        answers = dict(_read_answer(text) for text in answer or [])
        result, started = _run_with_bar(loaded, inputs, target, backend, answers, quiet=as_json)
        paths = result.save(out)
    except KeyboardInterrupt:
        _say("Stopped.")
        raise typer.Exit(STOPPED) from None
    except (FlowFileError, FlowProblems, MediaError) as error:
        problems = [problem.as_json() for problem in getattr(error, "problems", [])]
        _end(as_json, WRONG, {"error": str(error), "problems": problems})
    except (RunError, PixelFlowError, OSError) as error:
        _end(as_json, STOPPED if isinstance(error, Cancelled) else FAILED, {"error": str(error)})
    if as_json:
        told = {"status": "done", "run": started.id, "seeds": result.seeds, "outputs": _told(result)}
        print(json.dumps({**told, "files": [str(path) for path in paths]}))
    else:
        for name, value in _told(result).items():
            print(f"{name}: {value}")
        for path in paths:
            print(path)


def _end(as_json: bool, code: int, told: dict[str, Any]) -> None:
    if as_json:
        print(json.dumps({"status": "failed", **told}))
    else:
        _say(told["error"])
    raise typer.Exit(code)


def _told(result: Any) -> dict[str, Any]:
    """Return the outputs that are words or numbers; pictures are in their files."""
    return {name: result[name] for name in result if isinstance(result[name], str | int | float | bool)}


def _read_input(flow: Any, text: str) -> tuple[str, Any]:
    """Return (name, value) of NAME=VALUE, read as the type of the flow's input."""
    from .flow import document as doc
    from .media import open_picture
    from .schema.port_types import read_port_type

    name, equals, value = text.partition("=")
    entry = next((entry for entry in doc.inputs(flow.document) if entry["name"] == name), None)
    if not equals:
        raise MediaError(f"--set wants NAME=VALUE, not '{text}'.")
    if entry is None:
        return name, value  # the plan names the inputs that there are
    kind = read_port_type(entry["type"])
    if kind.name in ("image", "mask"):
        path = Path(value.removeprefix("@"))
        if not path.is_file():
            raise MediaError(f"Input '{name}': there is no file '{path}'.")
        return name, open_picture(path)
    if value.startswith("@") and Path(value[1:]).is_file():
        value = Path(value[1:]).read_text()
    if kind.name in ("int", "float", "flag"):
        try:
            return name, json.loads(value.lower() if kind.name == "flag" else value)
        except ValueError:
            raise MediaError(f"Input '{name}' wants {kind}, not '{value}'.") from None
    return name, value


def _read_answer(text: str) -> tuple[str, int]:
    """Return (node, number) of NODE=NUMBER."""
    node, _, number = text.partition("=")
    if not node or not number.isdecimal():
        raise MediaError(f"--answer wants NODE=NUMBER, not '{text}'.")
    return node, int(number)


def _run_with_bar(
    flow: Any, inputs: dict[str, Any], target: list[str] | None, backend: str, answers: dict[str, int], quiet: bool
) -> Any:
    """Run with a bar on standard error; return (result, run)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    run = flow.start(inputs, targets=target, backend=backend)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=False) as bars:
        tasks: dict[str, Any] = {}
        try:
            for event in run.events():
                _show(flow, bars, tasks, event)
                if event.kind == "question":
                    bars.stop()
                    _answer(run, event.node, answers)
                    bars.start()
        except (KeyboardInterrupt, RunError):
            run.cancel()
            run.wait(5)
            raise
    return run.result(), run


def _answer(run: Any, node: str, answers: dict[str, int]) -> None:
    """Answer what a node asks: as was said on the command line, else at the prompt."""
    from .schema import Ask

    question = run.questions.get(node)
    if question is None:
        return
    if node not in answers and not sys.stdin.isatty():
        raise RunError(f"'{question.title}' asks which of {len(question.values)} to take. Write --answer {node}=0.")
    run.answer(node, answers[node] if node in answers else Ask()(question.values, question.note))


def _show(flow: Any, bars: Any, tasks: dict[str, Any], event: Any) -> None:
    if event.kind in ("log", "item-failed"):
        bars.console.print(event.note, highlight=False)
    elif event.node is None or "/" in event.node:  # what runs inside a node is told by that
        return
    elif event.kind == "node-started":
        tasks[event.node] = bars.add_task(flow.nodes[event.node].title, total=1.0, note="")
    elif event.node not in tasks:  # a muted node begins nothing
        return
    elif event.kind == "progress":
        changes = {} if event.fraction is None else {"completed": event.fraction}
        bars.update(tasks[event.node], note=event.note, **changes)
    elif event.kind == "node-finished":
        bars.update(tasks[event.node], completed=1.0, note="was there already" if event.cached else "")
    elif event.kind == "node-failed":
        bars.update(tasks[event.node], note="failed")


@app.command()
def lab(notebook: Annotated[Path, typer.Argument(help="Notebook or folder to open.")] = Path()) -> None:
    """Open JupyterLab on a notebook."""
    program = shutil.which("jupyter-lab", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        _say("JupyterLab is not installed. Write: pip install jupyterlab")
        raise typer.Exit(WRONG)
    options = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    raise typer.Exit(subprocess.call([program, *options, str(notebook)]))


@app.command()
def nodes() -> None:
    """List every node type."""
    from .schema import registry

    for node_type in registry:
        ports = ", ".join(node_type.inputs)
        print(f"{node_type.name}({ports}) -> {', '.join(node_type.outputs) or 'nothing'}\n    {node_type.help}")


@cache_app.callback(invoke_without_command=True)
def show_cache(context: typer.Context) -> None:
    """Show where results are kept and how much room they take."""
    if context.invoked_subcommand is not None:
        return
    from .run import eviction

    disk = _disk()
    found = eviction.contents(disk.folder)
    limit = eviction.limit_of(disk.root, found.bytes)
    seconds = sum(entry.took for entry in found.entries)
    print(f"{disk.folder}\n{len(found.entries)} results, {_size(found.bytes)} of {_size(limit)}")
    print(f"They took {seconds / 60:.1f} minutes to make.")


@cache_app.command("limit")
def limit_cache(
    size: Annotated[str, typer.Argument(help='"5GB", "500MB", or "auto": 10 GB or a fifth of the free disk.')],
) -> None:
    """Set how much room results may take; what is too much goes at once."""
    from .run import eviction

    disk = _disk()
    try:
        limit = None if size.strip().lower() == "auto" else _bytes(size)
        eviction.set_limit(disk.root, limit)
    except (ValueError, OSError) as error:
        _say(str(error))
        raise typer.Exit(WRONG) from None
    left = eviction.make_room(disk.folder, disk.limit)
    print(f"Results may take {_size(disk.limit)}; they take {_size(left)}.")


@cache_app.command("clear")
def clear_cache() -> None:
    """Remove every result; flows that run go on."""
    from .run import eviction

    print(f"{_size(eviction.clear(_disk().folder))} freed.")


def _disk() -> Any:
    from .run.disk_cache import DiskCache, cache_folder

    folder = cache_folder()
    if folder is None:
        _say("PIXELFLOW_CACHE=none: results are not kept on disk. Set it to a folder, or take it away.")
        raise typer.Exit(WRONG)
    return DiskCache(folder)


_UNITS = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}


def _bytes(text: str) -> int:
    """Return a size in bytes of "5GB" or "500 MB"; a bare number is bytes."""
    import re

    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?B?)\s*", text.upper())
    if match is None:
        raise ValueError(f"'{text}' is not a size. Write a number and a unit: 5GB, 500MB.")
    unit = match[2] if match[2].endswith("B") or not match[2] else f"{match[2]}B"
    return int(float(match[1]) * _UNITS[unit or "B"])


def _size(count: int) -> str:
    """Return a number of bytes in words."""
    for unit in ("GB", "MB", "KB"):
        if count >= _UNITS[unit]:
            return f"{count / _UNITS[unit]:.1f} {unit}"
    return f"{count} bytes"


@starter_app.command("train")
def train_starter(
    folder: Annotated[Path, typer.Option(help="Where the finished model goes.")] = Path("starter"),
    checkpoints: Annotated[Path, typer.Option(help="Where the training keeps its state.")] = Path(".starter-training"),
    views: Annotated[int, typer.Option(help="Pictures that the UNet is shown, in all.")] = 100_000,
    until: Annotated[str | None, typer.Option(help='Local time at which to stop with a checkpoint: "20:20".')] = None,
) -> None:
    """Train the starter from nothing; run again, it goes on from the last checkpoint."""
    from .starter.training import train

    if not train(folder, checkpoints=checkpoints, views=views, until=until):
        _say("Not finished; run the same command to go on.")


@starter_app.command("score")
def score_starter(
    folder: Annotated[Path | None, typer.Option(help="The model; the shipped one if not given.")] = None,
    prompts: Annotated[int, typer.Option(help="How many prompts of one object.")] = 200,
    pairs: Annotated[int, typer.Option(help="How many prompts of two objects.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the choice of prompts and of the noise.")] = 1,
    sheet: Annotated[Path | None, typer.Option(help="Where to save all pictures as one.")] = None,
) -> None:
    """Measure by pixels how well the starter paints prompts that its training never saw."""
    from .models.weights import folder_of
    from .starter.scoring import score

    score(folder or folder_of("starter"), prompts=prompts, pairs=pairs, seed=seed, sheet=sheet)


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
