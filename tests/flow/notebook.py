"""A notebook for tests: names that flows may be bound to, which are nobody's else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pixelflow_widgets.flow import binding, carrying, variables
from pixelflow_widgets.flow.trust import Trust


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the notebook has defined; what is confirmed is forgotten after the test."""
    names: dict[str, Any] = {}
    trust = Trust(None)
    monkeypatch.setattr(variables, "notebook_names", lambda: names)
    monkeypatch.setattr(binding, "process_trust", lambda: trust)
    monkeypatch.setattr(carrying, "process_trust", lambda: trust)
    yield names
