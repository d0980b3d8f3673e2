"""Results as callers get them: plain values as JSON, media as files that other programs open."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media.recordings import open_film, open_sound
from pixelflow_widgets.serve.jobs.artifacts import Artifacts
from pixelflow_widgets.serve.jobs.results import Results, plain
from pixelflow_widgets.serve.store import Store


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(Store(tmp_path))


@pytest.fixture
def results(artifacts: Artifacts) -> Results:
    return Results(artifacts, "job_1", "k1")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("text", "text"),
        (True, True),
        (None, None),
        (2**53 - 1, 2**53 - 1),
        (2**53, str(2**53)),
        (-(2**60), str(-(2**60))),
        (0.1, 0.1),
        (float("nan"), None),
        (float("inf"), None),
        (["a", ["b", 2**60]], ["a", ["b", str(2**60)]]),
    ],
)
def test_plain_values_are_json(results: Results, value: Any, told: Any) -> None:
    assert results.told(value) == told
    json.dumps(told, allow_nan=False)


def test_a_table_is_its_columns_and_rows_without_losing_a_digit() -> None:
    table = pandas.DataFrame(
        {
            "number": [0.1 + 0.2, None],
            "count": pandas.array([2**60, None], dtype="Int64"),
            "word": ["a", None],
            "when": pandas.to_datetime(["2026-01-31 12:00", None]),
            "is": [True, False],
            "kind": pandas.Categorical(["x", "y"]),
        },
        index=[5, 9],
    )
    told = plain(table)
    assert told == {
        "columns": ["number", "count", "word", "when", "is", "kind"],
        "rows": [[0.1 + 0.2, str(2**60), "a", "2026-01-31T12:00:00", True, "x"], [None, None, None, None, False, "y"]],
    }
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert plain(pandas.DataFrame()) == {"columns": [], "rows": []}
    assert plain(pandas.DataFrame([[1, 2]], columns=["a", "a"])) == {"columns": ["a", "a"], "rows": [[1, 2]]}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1", "P", "I;16", "F", "CMYK"])
def test_a_picture_of_any_kind_becomes_a_png_with_its_size(results: Results, artifacts: Artifacts, mode: str) -> None:
    told = results.told(PIL.Image.new(mode, (5, 3)))
    opened = PIL.Image.open(io.BytesIO(artifacts.read(told["id"])))
    assert (opened.format, opened.size, told["width"], told["height"]) == ("PNG", (5, 3), 5, 3)
    found = artifacts.find(told["id"])
    assert found is not None and (found.job, found.key, found.role) == ("job_1", "k1", "result")


def test_a_list_of_pictures_is_a_list_of_artifacts(results: Results) -> None:
    told = results.told([PIL.Image.new("RGB", (2, 2), colour) for colour in ("red", "blue")])
    assert [each["type"] for each in told] == ["image/png"] * 2 and told[0]["id"] != told[1]["id"]


def test_a_sound_becomes_a_wav_with_its_length(results: Results, artifacts: Artifacts) -> None:
    told = results.told(pf.Audio(np.zeros((2, 4000), np.float32), 8000))
    assert {name: told[name] for name in ("type", "seconds", "sample_rate", "channels")} == {
        "type": "audio/wav",
        "seconds": 0.5,
        "sample_rate": 8000,
        "channels": 2,
    }
    assert open_sound(artifacts.read(told["id"])).samples.shape == (2, 4000)


def test_a_film_becomes_an_mp4_with_its_length(results: Results, artifacts: Artifacts) -> None:
    told = results.told(pf.Video(np.zeros((6, 16, 32, 3), np.uint8), 12))
    facts = {name: told[name] for name in ("type", "width", "height", "frames", "fps", "seconds")}
    assert facts == {"type": "video/mp4", "width": 32, "height": 16, "frames": 6, "fps": 12.0, "seconds": 0.5}
    assert open_film(artifacts.read(told["id"])).frames.shape == (6, 16, 32, 3)
