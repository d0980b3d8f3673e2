"""Earlier contents of a flow file: which of them stay, and becoming one of them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow import versions as room
from pixelflow_widgets.flow.versions import Versions

from .living import opened, say, texts


def test_the_last_fifty_versions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path)
    for number in range(53):
        flow.apply([{"op": "set_flow", "fields": {"title": str(number)}}])
        flow.save()
    flow.save()  # the same content again is no version
    versions = flow.versions
    assert len(versions) == 50
    assert pf.Flow.load(versions[0].path).document == flow.document
    assert pf.Flow.load(versions[-1].path).document["title"] == "3"
    assert all(newer.saved_at >= older.saved_at for newer, older in pairwise(versions))
    (tmp_path / ".a.versions" / "notes.flow.json").write_text("not ours")
    flow.apply([{"op": "set_flow", "fields": {"title": "more"}}])
    flow.save()
    assert len(flow.versions) == 50


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    now = [datetime(2025, 1, 1, tzinfo=UTC)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return now[0]

    monkeypatch.setattr(room, "datetime", Clock)
    return now


def test_an_hour_of_small_edits_leaves_its_beginning_its_end_and_what_was_saved_on_purpose(
    tmp_path: Path, clock: list[datetime]
) -> None:
    versions = Versions(tmp_path / "a.flow.json")
    versions.keep(b"on purpose")
    for second in range(0, 3600, 4):
        clock[0] += timedelta(seconds=4)
        versions.keep(str(second).encode(), auto=True)
    kept = versions.list()
    contents = [version.path.read_bytes() for version in kept]
    ages = [(clock[0] - version.saved_at).total_seconds() for version in kept]
    assert len(kept) == 50 and b"on purpose" in contents
    assert ages[:3] == [0, 4, 8]
    assert any(1200 < age < 3590 for age in ages[:-1]) and any(300 < age < 1200 for age in ages)
    assert sum(age < 60 for age in ages) >= 10


def test_what_was_saved_on_purpose_goes_when_there_is_nothing_else(tmp_path: Path, clock: list[datetime]) -> None:
    versions = Versions(tmp_path / "a.flow.json")
    for number in range(60):
        clock[0] += timedelta(seconds=4)
        versions.keep(str(number).encode())
    versions.keep(b"auto", auto=True)
    contents = [version.path.read_bytes() for version in versions.list()]
    assert contents == [b"auto", *(str(number).encode() for number in range(59, 10, -1))]


def test_a_version_comes_back_as_one_edit_and_what_was_there_is_kept(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    flow.save()
    say(flow, "two")
    change = flow.restore(flow.versions[0].id, source="page1")
    assert texts(flow) == ["one"] and change.source == "page1" and not flow.is_saved
    assert texts(pf.Flow.load(flow.versions[0].path)) == ["one", "two"]
    assert flow.restore(flow.versions[1]).source == "restore"
    flow.undo()
    flow.undo()
    assert texts(flow) == ["one", "two"]


@pytest.mark.parametrize("id", ["", "../a.flow.json", "000001-20200101T000000.flow.json", "a\0b"])
def test_a_version_that_is_not_kept_is_refused_in_words(tmp_path: Path, id: str) -> None:
    flow = opened(tmp_path / "a.flow.json")
    with pytest.raises(pf.FlowFileError, match=r"There is no version .* flow.versions lists"):
        flow.restore(id)
    with pytest.raises(pf.FlowFileError, match="has no file yet, and so no versions"):
        pf.Flow("new").restore(id)
