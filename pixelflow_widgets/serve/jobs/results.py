"""What a job gave, as callers get it: plain values as JSON, media as files behind an id.

Files carry no record of the flow that made them, unlike those that a user saves: the flow is its owner's, and callers
were given an API.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import PIL.Image

from ...media import Audio, Video, medium_name_of
from ...media.encoders import film_file, picture_file, sound_file
from .artifacts import Artifacts

_LARGEST = 2**53 - 1
"""Beyond it JavaScript's numbers are not whole, so that whole numbers go as text."""


class Results:
    """Writes the results of one job.

    Args:
        artifacts: Where files go.
        job: The job's id.
        key: Whose it is.
    """

    def __init__(self, artifacts: Artifacts, job: str, key: str) -> None:
        self._artifacts, self._job, self._key = artifacts, job, key

    def told(self, value: Any) -> Any:
        """Return a value as JSON; media are stored and stand there as artifacts.

        Raises:
            MediaError: A medium cannot be written as a file.
        """
        if isinstance(value, list | tuple):
            return [self.told(item) for item in value]
        if isinstance(value, PIL.Image.Image):
            facts = {"width": value.width, "height": value.height}
            return self._stored(picture_file(value, ".png"), "image/png", facts)
        if isinstance(value, Audio):
            channels, frames = value.samples.shape
            facts = {"seconds": round(frames / value.sample_rate, 3), "sample_rate": value.sample_rate}
            return self._stored(sound_file(value, ".wav"), "audio/wav", facts | {"channels": channels})
        if isinstance(value, Video):
            count, height, width, _ = value.frames.shape
            facts = {"width": width, "height": height, "frames": count, "fps": round(value.fps, 3)}
            facts["seconds"] = round(count / value.fps, 3)
            return self._stored(film_file(value, ".mp4"), "video/mp4", facts)
        return plain(value)

    def _stored(self, content: bytes, type: str, facts: dict[str, Any]) -> dict[str, Any]:
        kept = self._artifacts.put(content, type, role="result", facts=facts, job=self._job, key=self._key)
        return kept.as_json()


def plain(value: Any) -> Any:
    """Return a value that is no medium as JSON."""
    if medium_name_of(value) == "table":
        rows = [[_cell(cell) for cell in row] for row in value.itertuples(index=False, name=None)]
        return {"columns": [str(name) for name in value.columns], "rows": rows}
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def _cell(cell: Any) -> Any:
    import pandas

    if pandas.isna(cell):
        return None
    if isinstance(cell, np.generic):
        cell = cell.item()
    return cell.isoformat() if isinstance(cell, date) else plain(cell)
