"""Python as ruff formats it: the same text for the same code, wherever it is written."""

from __future__ import annotations

import subprocess

from ..errors import ExportError

LINE = 88
_RULES = "E,F,I,UP,B"


def formatted(source: str) -> str:
    """Return Python in ruff's format, with sorted imports and without those that are not used.

    A variable that nobody reads is not kept, but what is called for it is: a node may be connected to an input that the
    one behind it does not need.

    Raises:
        ExportError: It is no Python: a mistake of whoever wrote it.
    """
    for command in (
        ["check", "--isolated", "--fix-only", "--quiet", "--select", "F841", "--unsafe-fixes"],
        ["check", "--isolated", "--fix-only", "--quiet", "--select", _RULES, "--target-version", "py311"],
        ["format", "--isolated", "--quiet", "--line-length", str(LINE), "--target-version", "py311"],
    ):
        source = _ruff([*command, "--stdin-filename", "flow.py", "-"], source)
    return source


def formatted_cell(source: str) -> str:
    """Return a cell of a notebook in ruff's format; other cells may use what it imports.

    Raises:
        ExportError: It is no Python: a mistake of whoever wrote it.
    """
    command = ["check", "--isolated", "--fix-only", "--quiet", "--select", "I", "--target-version", "py311"]
    source = _ruff([*command, "--stdin-filename", "cell.py", "-"], source)
    command = ["format", "--isolated", "--quiet", "--line-length", str(LINE), "--target-version", "py311"]
    return _ruff([*command, "--stdin-filename", "cell.py", "-"], source).strip("\n")


def without_unused(source: str) -> str:
    """Return Python without imports that it does not use.

    Raises:
        ExportError: It is no Python: a mistake of whoever wrote it.
    """
    command = ["check", "--isolated", "--fix-only", "--quiet", "--select", "F401", "--target-version", "py311"]
    return _ruff([*command, "--stdin-filename", "cell.py", "-"], source)


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
