"""Builds the front end when the package is built or installed from a checkout.

An sdist carries the bundle, so installing from one wants neither Node nor npm.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
NAMES = ("widget", "panels", "playground", "finetuning")
BUNDLE = tuple(f"{name}.{ending}" for name in NAMES for ending in ("js", "css"))
REMEDY = f"Install Node {OLDEST_NODE} or newer, which brings npm; or install a released wheel, which needs neither."


class FrontEndMissing(RuntimeError):
    """Says why there is no bundle and what to do."""


class FrontEndHook(BuildHookInterface):
    """Makes `pixelflow_widgets/static/{widget,panels,playground,finetuning}.{js,css}` before they are packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle where it is missing, or older than what it is made of."""
        root = Path(self.root)
        bundle = [root / "pixelflow_widgets" / "static" / name for name in BUNDLE]
        missing = [path.name for path in bundle if not path.is_file()]
        from_sdist = (root / "PKG-INFO").is_file()
        if not missing and (from_sdist or _newest(_sources(root / "js")) <= min(map(_age, bundle))):
            return
        obstacle = _obstacle(root / "js")
        if obstacle is None:
            _build(root / "js")
        elif missing:
            raise FrontEndMissing(f"The front end ({' and '.join(missing)}) is not built, and {obstacle}. {REMEDY}")
        else:
            self.app.display_warning(f"The front end is older than js/src, and {obstacle}. The old one is packed.")


def _sources(js: Path) -> Iterator[Path]:
    yield from (path for path in (js / "src").rglob("*") if path.is_file())
    yield from (path for path in (js / "build.mjs", js / "sharing.mjs", js / "package-lock.json") if path.is_file())


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _newest(paths: Iterator[Path]) -> float:
    return max(map(_age, paths), default=0.0)


def _obstacle(js: Path) -> str | None:
    """Return what keeps the front end from being built, or None."""
    if not (js / "package.json").is_file():
        return "its source (js/) is not here"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return f"{'Node' if node is None else 'npm'} is not installed"
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = found.lstrip("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return f"Node is {found or 'broken'}"
    return None


def _build(js: Path) -> None:
    installed, lock = js / "node_modules" / ".package-lock.json", js / "package-lock.json"
    npm = shutil.which("npm") or "npm"
    commands = [] if installed.is_file() and _age(installed) >= _age(lock) else [[npm, "ci"]]
    for command in [*commands, [npm, "run", "build"]]:
        done = subprocess.run(command, cwd=js, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shown = " ".join(["npm", *command[1:]])
            raise FrontEndMissing(f"'{shown}' failed in js/:\n{done.stdout}{done.stderr}")
