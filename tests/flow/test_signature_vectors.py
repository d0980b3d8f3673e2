"""What is said of inputs and outputs in Python and by hand: the vectors are read by vitest too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf

from .sample_types import REGISTRY

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "signature.json").read_text())


def do(flow: pf.Flow, verb: str, *arguments: Any) -> None:
    if verb == "limit":
        name, limit, value = arguments
        flow.set_input(name, **{limit: value})
        return
    word, name, value = arguments
    if verb == "set":
        getattr(flow, f"set_{word}")(name, **value)
    elif verb == "name":
        getattr(flow, f"rename_{word}")(name, value)
    else:
        assert value == 0, "Python names those that come first"
        getattr(flow, f"order_{word}s")(name)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vector_holds(vector: dict[str, Any]) -> None:
    flow = pf.Flow("x", registry=REGISTRY)
    flow.apply([{"op": "replace", "document": vector["document"]}])
    heard: list[Any] = []
    flow.on_change(lambda change: heard.extend(change.operations))
    do(flow, vector["verb"], *vector["arguments"])
    assert heard == vector["operations"]
    if heard:
        flow.undo()
    assert flow.document == vector["document"]
