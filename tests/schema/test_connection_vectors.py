"""Which types may connect: the vectors that the page is held to as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pixelflow_widgets.media import MEDIA
from pixelflow_widgets.schema import may_connect
from pixelflow_widgets.schema.port_types import read_port_type

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "connections.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['source']} to {vector['target']}")
def test_the_vector_holds(vector: dict[str, Any]) -> None:
    source, target = read_port_type(vector["source"]), read_port_type(vector["target"])
    assert may_connect(source, target) == vector["reason"]
    assert [source.describe(), target.describe()] == [vector["source"], vector["target"]]


def test_every_medium_is_tried_on_every_other() -> None:
    tried = {(read_port_type(vector["source"]).name, read_port_type(vector["target"]).name) for vector in VECTORS}
    assert {(source, target) for source in MEDIA for target in MEDIA} <= tried
