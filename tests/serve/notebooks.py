"""Cells of a notebook whose node types are gone after the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pixelflow_widgets.schema import registry

from ..flow.notebook import notebook
from ..flow.test_cell_sources import Notebook

__all__ = ["cells", "notebook"]


@pytest.fixture
def cells(notebook: dict[str, Any]) -> Iterator[Notebook]:
    len(registry)
    before = dict(registry._types)
    yield Notebook()
    registry._types.clear()
    registry._types.update(before)
