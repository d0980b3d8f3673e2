"""Where things are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelflow_widgets.media.folders import data_folder


def test_the_folder_is_the_users_unless_another_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert data_folder() is None
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("PIXELFLOW_DATA")
    found = data_folder()
    assert found is not None and found.name == "pixelflow_widgets"
