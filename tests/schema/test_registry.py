"""The registry: built-in types, installed packages, replaced cells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.schema import Registry
from pixelflow_widgets.schema import registry as process_registry
from pixelflow_widgets.schema.signature import read_node_type


def node_type(name: str, source: str = "return text", module: str = "__main__") -> Any:
    space: dict[str, Any] = {"__name__": module}
    exec(f"def {name}(text: str) -> str:\n    {source}", space)
    return read_node_type(space[name])


def test_an_unknown_name_leads_to_the_nearest() -> None:
    registry = Registry()
    registry.add(node_type("sharpen"))
    with pytest.raises(KeyError, match=r"no node type 'notebook.sharpem'. Did you mean 'notebook.sharpen'\?"):
        registry["notebook.sharpem"]
    assert registry.find("notebook.sharpem") is None


def test_a_type_may_be_named_without_its_prefix_where_that_is_clear() -> None:
    registry = Registry()
    registry.add(node_type("sharpen"))
    assert registry["sharpen"].name == "notebook.sharpen"
    registry.add(node_type("sharpen", module="other"))
    with pytest.raises(KeyError):
        registry["sharpen"]


def test_running_a_cell_again_replaces_its_type() -> None:
    registry = Registry()
    registry.add(node_type("shout", "return text"))
    registry.add(node_type("shout", "return text.upper()"))
    assert [known.name for known in registry] == ["notebook.shout"]
    assert registry["shout"].function(text="a") == "A"


def test_installed_packages_are_loaded_and_a_broken_one_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two packages as pip leaves them, one of which names a module that is not there."""
    for name, module in (("broken", "package_that_is_not_there"), ("acme_nodes", "acme_nodes")):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[pixelflow_widgets.nodes]\n{name} = {module}\n")
    (tmp_path / "acme_nodes.py").write_text("loaded = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry(built_in="pixelflow_widgets.nodes")
    assert len(registry) == 0  # the built-in types are in the registry of the process
    assert sys.modules["acme_nodes"].loaded
    assert list(registry.failures) == ["broken"]
    assert registry.failures["broken"].startswith("ModuleNotFoundError: No module named 'package_that_is_not_there'")


def test_a_registry_can_be_listed_while_types_are_added() -> None:
    registry = Registry()
    registry.add(node_type("a"))
    for number, _ in enumerate(registry):
        registry.add(node_type(f"b{number}"))
    assert len(registry) == 2


def test_listing_every_type_loads_nothing_heavy() -> None:
    heavy = "torch diffusers transformers ipywidgets anywidget fastapi pandas av"
    program = (
        "import sys, pixelflow_widgets as pf; types = list(pf.registry); assert len(types) > 5;"
        "[made.describe() for made in types];"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_built_in_type_is_described_in_words() -> None:
    for made in pf.registry:
        if made.from_notebook or not made.function.__module__.startswith("pixelflow_widgets"):
            continue
        described = made.describe()
        assert described["help"].endswith("."), made.name
        for port in described["inputs"]:
            assert port.get("help"), f"{made.name}.{port['name']}"


def test_the_registry_of_the_process_is_public() -> None:
    assert pf.registry is process_registry
    assert "text_to_image" in {made.name for made in pf.registry}
