"""Where a result goes so that nothing a user has is written over."""

from __future__ import annotations

from pathlib import Path


def free_path(path: Path) -> Path:
    """Return the path, or the next one with a number behind its name that nothing stands at."""
    if not path.exists():
        return path
    number = 2
    while (candidate := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return candidate
