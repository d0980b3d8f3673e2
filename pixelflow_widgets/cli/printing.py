"""How commands end and what they print: results on standard output, words for people on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import typer

FAILED, WRONG, STOPPED = 1, 2, 130
"""Exit codes: something failed; the flow or the command is wrong; somebody pressed Ctrl-C."""


def say(text: str) -> None:
    """Print words for people."""
    print(text, file=sys.stderr, flush=True)


def end(as_json: bool, code: int, told: dict[str, Any]) -> NoReturn:
    """End a command that did not do what was asked.

    Args:
        as_json: Whether a program reads: one object on standard output.
        code: Exit code.
        told: "error" and whatever else is known.
    """
    if as_json:
        print(json.dumps({"status": "failed", **told}))
    else:
        say(told["error"])
    raise typer.Exit(code)
