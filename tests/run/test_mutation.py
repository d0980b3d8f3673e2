"""Debug mode: a node that changes its inputs is caught and named."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run import start
from pixelflow_widgets.run.backends import InlineBackend
from pixelflow_widgets.run.cache import MemoryCache

from . import sample_nodes as nodes


def run(flow: pf.Flow, backend: Any) -> Any:
    return start(flow.document, flow.registry, flow.media, cache=MemoryCache(), backend=backend).result()


def painting(wanted: bool) -> pf.Flow:
    with pf.Flow("mutates") as flow:
        flow.output("image", nodes.paints_on_its_input(image=nodes.gradient(size=8), wanted=wanted))
    flow.rename("paints_on_its_input", "My brush")
    return flow


def test_a_node_that_changes_its_input_is_named_in_debug_mode() -> None:
    with pytest.raises(pf.NodeFailed, match=r"'My brush' failed: It changed its input 'image'.*image = image.copy\(\)"):
        run(painting(True), InlineBackend(debug=True))
    assert run(painting(False), InlineBackend(debug=True))["image"].size == (8, 8)
    assert run(painting(True), InlineBackend(debug=False))["image"].size == (8, 8)


def test_a_list_that_is_sorted_in_place_is_named() -> None:
    with pf.Flow("sorts") as flow:
        values = [nodes.double(value=value) for value in (3, 1, 2)]
        flow.output("least", nodes.sorts_its_input(values=values))
    with pytest.raises(pf.NodeFailed, match="changed its input 'values'"):
        run(flow, InlineBackend(debug=True))


@pytest.mark.parametrize("backend", ["inline", "worker"])
def test_the_environment_turns_debug_mode_on_for_every_backend(backend: str, tmp_path: Path) -> None:
    script = """
        import sys
        import pixelflow_widgets as pf
        from tests.run import sample_nodes as nodes
        with pf.Flow("mutates") as flow:
            flow.output("image", nodes.paints_on_its_input(image=nodes.gradient(size=8)))
        try:
            flow.run(backend=sys.argv[1])
            print("nothing")
        except pf.NodeFailed as error:
            print(error)
    """
    for debug, expected in (("1", "changed its input 'image'"), ("0", "nothing")):
        told = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), backend],
            env={
                **os.environ,
                "PIXELFLOW_DEBUG": debug,
                "PIXELFLOW_CACHE": str(tmp_path / debug),
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert expected in told.stdout
