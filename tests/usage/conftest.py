from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own, where rates and budgets are kept; a key, without which no server is asked."""
    monkeypatch.setenv("OPENAI_API_KEY", "of nobody")
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    return tmp_path
