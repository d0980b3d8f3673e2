from __future__ import annotations

import json
import subprocess
import sys

import pytest

import pixelflow_widgets as pf

HEAVY = ("torch", "diffusers", "transformers", "peft", "ipywidgets", "anywidget", "fastapi", "pandas", "IPython")


def loaded_after(code: str) -> set[str]:
    """Which modules a fresh Python has loaded after some code."""
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "code",
    [
        "import pixelflow_widgets",
        "import pixelflow_widgets as pf; [pf.Flow, pf.node, pf.Image, pf.Slider]",
        "import pixelflow_widgets as pf; list(pf.registry)",
        "import pixelflow_widgets as pf; f = pf.Flow(); f.add('text_to_image'); f.problems()",
        "import pixelflow_widgets.cli",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    assert not loaded_after(code) & set(HEAVY)


def test_importing_the_package_loads_next_to_nothing() -> None:
    new = loaded_after("import pixelflow_widgets") - loaded_after("pass")
    assert {name for name in new if name.startswith("pixelflow_widgets")} == {"pixelflow_widgets"}
    assert "numpy" not in new


def test_every_public_name_is_there() -> None:
    for name in pf.__all__:
        assert getattr(pf, name) is not None
    assert set(pf.__all__) <= set(dir(pf))


def test_a_misspelt_name_names_the_nearest() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'Flow'"):
        pf.Flwo  # noqa: B018
