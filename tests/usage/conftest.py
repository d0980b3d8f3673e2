from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelflow_widgets.run.history import process_history


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the user's own, where rates and budgets are kept; a key, without which no server is asked."""
    monkeypatch.setenv("OPENAI_API_KEY", "of nobody")
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    yield tmp_path
    process_history().flush()  # what has run is noted before the next test has other folders
