"""What the README says can be done, done."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from tests.crescents import captions, pictures

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_code_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: object) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    (tmp_path / "zorbs").mkdir()
    for picture, caption in zip(pictures(), captions(), strict=True):
        picture.save(tmp_path / "zorbs" / f"{caption}.png")
        (tmp_path / "zorbs" / f"{caption}.txt").write_text(caption, encoding="utf-8")
    space: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks("python"):
        code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        waiting = eval(code, space)
        if inspect.iscoroutine(waiting):
            asyncio.run(waiting)
    assert isinstance(space["result"]["image"], PIL.Image.Image)
    space["training"].wait()
    assert space["training"].status == "stopped"
    tinted = space["flow"].run(targets=["tinted"])["tinted"]
    assert tinted.getpixel((0, 0))[2] > 100


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"\]\(([^)#:]+)\)", README)) | set(
        re.findall(r"`((?:tests|benchmarks|docs)/[^`*]+)`", README)
    )
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_command_is_there() -> None:
    from typer.testing import CliRunner

    from pixelflow_widgets.cli import app

    commands = set(re.findall(r"^pixelflow (\w+(?: (?:score|train))?)", "\n".join(blocks("sh")), flags=re.MULTILINE))
    assert commands == {"run", "models", "publish", "serve", "train", "mcp"}
    for command in commands:
        assert CliRunner().invoke(app, [*command.split(), "--help"]).exit_code == 0
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("path", sorted((ROOT / "pixelflow_widgets" / "templates").glob("*.flow.json")), ids=str)
def test_every_template_has_no_problem_and_saves_to_the_same_bytes(path: Path, tmp_path: Path) -> None:
    flow = pf.Flow.load(path)
    assert flow.problems() == []
    assert flow.save(tmp_path / path.name).read_bytes() == path.read_bytes()
