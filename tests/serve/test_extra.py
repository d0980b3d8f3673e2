"""What users are told who have not installed the extra `serve`, and that the extra names all that is imported."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from pixelflow_widgets.serve.extra import PACKAGES

ROOT = Path(__file__).parents[2]
INSTALL = "pip install 'pixelflow-widgets[serve]'"
FLOW = "flow = pf.Flow(); flow.add('prompt', id='a', text='x'); flow.output('text', flow.nodes['a']['text'])"


def without_the_extra(code: str, folder: Path) -> str:
    """What a fresh Python says at the end, in which the extra's packages cannot be imported."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({sorted(PACKAGES)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{blocked}\nimport pixelflow_widgets as pf\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PIXELFLOW_DATA": str(folder), "PYTHONPATH": str(ROOT), "PATH": ""},
    )
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "who"),
    [
        (f"{FLOW}; flow.serve()", "flow.serve() needs"),
        ("pf.Client", "pf.Client needs"),
        ("from pixelflow_widgets.serve.served import shared_server; shared_server()", "A server needs"),
        ("pf.verify_webhook('', {}, 'whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWE=')", "pf.verify_webhook needs"),
        ("sys.argv[1:] = ['serve']; from pixelflow_widgets.cli import main; main()", "pixelflow serve needs"),
        ("sys.argv[1:] = ['mcp']; from pixelflow_widgets.cli import main; main()", "pixelflow mcp needs"),
        ("sys.argv[1:] = ['keys', 'list']; from pixelflow_widgets.cli import main; main()", "This command needs"),
    ],
    ids=[
        "flow.serve",
        "pf.Client",
        "a notebook's server",
        "pf.verify_webhook",
        "pixelflow serve",
        "pixelflow mcp",
        "pixelflow keys",
    ],
)
def test_without_the_extra_the_words_say_what_to_install(code: str, who: str, tmp_path: Path) -> None:
    told = without_the_extra(code, tmp_path)
    assert who in told
    assert told.endswith(INSTALL)


def test_a_flow_is_published_without_the_extra(tmp_path: Path) -> None:
    assert without_the_extra(f"{FLOW}; print(flow.publish('words').id)", tmp_path) == "words-v1"


def test_a_model_is_played_without_the_extra(tmp_path: Path) -> None:
    assert without_the_extra("print(pf.Playground('starter'))", tmp_path).startswith("<playground of Starter")


def test_the_extra_names_every_package_that_serve_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    everybody, extra = (
        {re.split(r"[>=<\[]", each)[0].lower() for each in listed}
        for listed in (project["dependencies"], project["optional-dependencies"]["serve"])
    )
    imported = {name for path in _modules() for name in _imports(path)} - set(sys.stdlib_module_names)
    homes = packages_distributions()
    needed = {homes[name][0].lower().replace("_", "-") for name in imported} - everybody
    assert needed - {"mcp-types", "pixelflow-widgets"} <= extra, "mcp-types comes with mcp"
    named = {module: homes[module][0].lower().replace("_", "-") for module in PACKAGES}
    assert extra == set(named.values()) - {"mcp-types"}


def _modules() -> list[Path]:
    package = ROOT / "pixelflow_widgets"
    return [*(package / "serve").rglob("*.py"), *(package / "cli").glob("serving*.py")]


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [each.name.partition(".")[0] for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.append(node.module.partition(".")[0])
    return found
