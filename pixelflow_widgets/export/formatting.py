"""Python as ruff formats it: the same text for the same code, wherever it is written."""

from __future__ import annotations

import subprocess

from ..errors import ExportError

LINE = 88
_RULES = "E,F,I,UP,B"


def formatted(source: str) -> str:
    """Return Python in ruff's format, with sorted imports and without those that are not used.

    Raises:
        ExportError: It is no Python: a mistake of whoever wrote it.
    """
    for command in (
        ["check", "--isolated", "--fix-only", "--quiet", "--select", _RULES, "--target-version", "py311"],
        ["format", "--isolated", "--quiet", "--line-length", str(LINE), "--target-version", "py311"],
    ):
        source = _ruff([*command, "--stdin-filename", "flow.py", "-"], source)
    return source


def faults(source: str) -> str:
    """Return what ruff has to say against Python, or nothing."""
    done = _called(["check", "--isolated", "--quiet", "--select", _RULES, "--target-version", "py311", "-"], source)
    return done.stdout.strip()


def _ruff(command: list[str], source: str) -> str:
    done = _called(command, source)
    if done.returncode:
        raise ExportError(f"What was written is no Python, which is a mistake of this package: {done.stderr[:400]}")
    return done.stdout


def _called(command: list[str], source: str) -> subprocess.CompletedProcess[str]:
    from ruff import find_ruff_bin

    return subprocess.run([find_ruff_bin(), *command], input=source, capture_output=True, encoding="utf-8", check=False)
