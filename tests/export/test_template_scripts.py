"""The scripts of the templates, run from the shell in interpreters of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import PIL.Image
import pytest

import pixelflow_widgets as pf

from .scripts import plain, shipped

TRAINS = "teach_a_new_shape.flow.json"  # its script loads what was trained: tests/test_templates.py
TEMPLATES = sorted(path for path in (Path(pf.__file__).parent / "templates").glob("*.flow.json") if path.name != TRAINS)
WITHOUT_US = (
    "import runpy, sys; sys.modules['pixelflow_widgets'] = None; runpy.run_path('flow.py', run_name='__main__')"
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_gives_from_the_shell_what_the_executor_gives(template: Path, tmp_path: Path) -> None:
    flow = pf.Flow.load(template)
    (tmp_path / "flow.py").write_text(flow.to_script(), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT_US, "--prompt", "a green ring on a white background", "--out", "."],
        cwd=tmp_path,
        env={**os.environ, **shipped()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    result = flow.run(backend="inline", prompt="a green ring on a white background")
    for name in result:
        with PIL.Image.open(tmp_path / f"{name}.png") as made:
            assert plain(made) == plain(result[name])
