"""The `pixelflow` command: one file a group of words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from .cache import cache_app
from .exporting import export
from .inspect import inspect
from .models import models_app
from .printing import WRONG, say
from .running import run
from .serving import endpoints_app, jobs_app, keys_app, publish, serve
from .serving_mcp import mcp
from .starter import starter_app
from .training import train
from .usage import usage_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Generative flows: run, look, get models.")
app.command()(run)
app.command()(export)
app.command()(inspect)
app.command()(publish)
app.command()(serve)
app.command()(mcp)
app.command()(train)
app.add_typer(models_app, name="models")
app.add_typer(starter_app, name="starter")
app.add_typer(cache_app, name="cache")
app.add_typer(usage_app, name="usage")
app.add_typer(endpoints_app, name="endpoints")
app.add_typer(keys_app, name="keys")
app.add_typer(jobs_app, name="jobs")


@app.command()
def lab(notebook: Annotated[Path, typer.Argument(help="Notebook or folder to open.")] = Path()) -> None:
    """Open JupyterLab on a notebook."""
    program = shutil.which("jupyter-lab", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        say("JupyterLab is not installed. Write: pip install jupyterlab")
        raise typer.Exit(WRONG)
    options = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    raise typer.Exit(subprocess.call([program, *options, str(notebook)]))


@app.command()
def nodes() -> None:
    """List every node type."""
    from ..schema import registry

    for node_type in registry:
        ports = ", ".join(node_type.inputs)
        print(f"{node_type.name}({ports}) -> {', '.join(node_type.outputs) or 'nothing'}\n    {node_type.help}")


def main() -> None:
    """Run the command."""
    app()
