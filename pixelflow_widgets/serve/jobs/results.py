"""What a job gave, as callers get it: plain values as JSON, media as files behind an id.

Files carry no record of the flow that made them, unlike those that a user saves: the flow is its owner's, and callers
were given an API.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

import numpy as np
import PIL.Image

from ...flow import document as doc
from ...flow.signature import Signature
from ...media import Audio, Video, medium_name_of
from ...media.encoders import film_file, quick_png, sound_file
from ...run import Run
from .artifacts import Role

_LARGEST = 2**53 - 1
"""Beyond it JavaScript's numbers are not whole, so that whole numbers go as text."""


class Stored(Protocol):
    """Is a file that is kept."""

    def as_json(self) -> dict[str, Any]:
        """Return what callers are told of it."""
        ...


class Keeper(Protocol):
    """Keeps files."""

    def put(
        self,
        content: bytes,
        type: str,
        *,
        role: Role,
        facts: Mapping[str, Any] | None = None,
        job: str | None = None,
        key: str = "",
    ) -> Stored:
        """Keep one; see `artifacts.Artifacts.put`."""
        ...


class Results:
    """Writes the results of one job.

    Args:
        artifacts: Where files go.
        job: The job's id.
        key: Whose it is.
    """

    def __init__(self, artifacts: Keeper, job: str, key: str) -> None:
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
            return self._stored(quick_png(value), "image/png", facts)
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


def outputs_of(run: Run, signature: Signature, results: Results) -> dict[str, Any]:
    """Return what a run that is done gave, by output, as JSON."""
    given = run.result()
    return {each.name: results.told(given.get(each.name)) for each in signature.outputs}


def seeds_of(run: Run, signature: Signature, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the seeds that a run used: by input where one feeds them, else by "node.port".

    Args:
        run: The run.
        signature: Of its flow.
        inputs: What it was given, as JSON.
    """
    used = dict(run.seeds)
    told: dict[str, Any] = {}
    names = {entry.name for entry in signature.inputs if entry.is_seed}
    for entry in doc.inputs(run.document):
        if entry["name"] in names:
            seeds = [used.pop(f"{node}.{port}", None) for node, port in doc.feeds(entry)]
            told[entry["name"]] = next((seed for seed in seeds if seed is not None), None)
    told |= {name: inputs[name] for name in names if told.get(name) is None and name in inputs}
    return {
        name: [plain(each) for each in seed] if isinstance(seed, list) else plain(seed)
        for name, seed in (told | used).items()
    }


def _cell(cell: Any) -> Any:
    import pandas

    if pandas.isna(cell):
        return None
    if isinstance(cell, np.generic):
        cell = cell.item()
    return cell.isoformat() if isinstance(cell, date) else plain(cell)
