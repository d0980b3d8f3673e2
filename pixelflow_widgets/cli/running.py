"""`pixelflow run`: a flow from the shell, with bars."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Cancelled, FlowFileError, FlowProblems, MediaError, PixelFlowError, RunError
from .printing import FAILED, STOPPED, WRONG, end, say


def run(
    flow: Annotated[Path, typer.Argument(help="A .flow.json, a .flow.zip, or a file that carries a flow.")],
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
    provenance: Annotated[
        bool, typer.Option(help="Whether pictures, sounds and films say what made them: flow, models, versions.")
    ] = True,
    over_budget: Annotated[bool, typer.Option("--over-budget", help="Run though it exceeds a budget.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, no bar.")] = False,
) -> None:
    """Run a flow and write its outputs.

    Exit codes: 0 done, 1 a node failed, 2 the flow or an input is wrong, 130 stopped by Ctrl-C.
    """
    from ..public import Flow

    try:
        loaded = Flow.load(flow)
        inputs = dict(_read_input(loaded, text) for text in set_ or [])
        answers = dict(_read_answer(text) for text in answer or [])
        result, started = _run_with_bar(loaded, inputs, target, backend, answers, over_budget, quiet=as_json)
        paths = result.save(out, provenance=provenance)
    except KeyboardInterrupt:
        say("Stopped.")
        raise typer.Exit(STOPPED) from None
    except (FlowFileError, FlowProblems, MediaError) as error:
        problems = [problem.as_json() for problem in getattr(error, "problems", [])]
        end(as_json, WRONG, {"error": str(error), "problems": problems})
    except (RunError, PixelFlowError, OSError) as error:
        end(as_json, STOPPED if isinstance(error, Cancelled) else FAILED, {"error": str(error)})
    _tell(result, started.id, paths, as_json)


def _tell(result: Any, run: str, paths: list[Path], as_json: bool) -> None:
    if as_json:
        told = {"status": "done", "run": run, "seeds": result.seeds, "outputs": _told(result)}
        print(json.dumps({**told, "files": [str(path) for path in paths]}))
        return
    for name, value in _told(result).items():
        print(f"{name}: {value}")
    for path in paths:
        print(path)


def _told(result: Any) -> dict[str, Any]:
    """Return the outputs that are words or numbers; pictures are in their files."""
    return {name: result[name] for name in result if isinstance(result[name], str | int | float | bool)}


def _read_input(flow: Any, text: str) -> tuple[str, Any]:
    """Return (name, value) of NAME=VALUE, read as the type of the flow's input."""
    from ..flow import document as doc
    from ..media import open_picture
    from ..schema.port_types import read_port_type

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
    flow: Any,
    inputs: dict[str, Any],
    target: list[str] | None,
    backend: str,
    answers: dict[str, int],
    over_budget: bool,
    quiet: bool,
) -> Any:
    """Run with a bar on standard error; return (result, run)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    run = flow.start(inputs, targets=target, backend=backend, over_budget=over_budget)
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
    from ..schema import Ask

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
