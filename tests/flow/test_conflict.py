"""When another program changes a file, nothing is written before somebody has decided, and the loser is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow import autosave as room

from .living import coded, forget, opened, say, say_by_hand, texts, wait_for
from .sample_types import REGISTRY


def theirs(path: Path, *words: str) -> bytes:
    """Write the file as another program does."""
    coded("theirs", *words).save(path)
    return path.read_bytes()


def kept(flow: pf.Flow) -> list[list[str]]:
    return [texts(json.loads(version.path.read_bytes())) for version in flow.versions]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.flow.json"


@pytest.fixture
def disputed(path: Path) -> pf.Flow:
    flow = opened(path)
    say(flow, "mine")
    theirs(path, "theirs")
    with pytest.raises(pf.FlowFileError, match=r"a.flow.json was changed by another program. Write flow.resolve"):
        flow.save()
    return flow


def test_the_question_shows_both_flows_and_edits_go_on(disputed: pf.Flow, path: Path) -> None:
    conflict = disputed.conflict
    assert conflict is not None and conflict.kind == "file" and conflict.is_readable
    assert (texts(conflict.mine), texts(conflict.other)) == (["mine"], ["theirs"])
    before = path.read_bytes()
    say_by_hand(disputed, "more")
    with pytest.raises(pf.FlowFileError):
        disputed.save()
    assert path.read_bytes() == before
    assert disputed.conflict is not None and texts(disputed.conflict.mine) == ["mine", "more"]


def test_keeping_mine_writes_it_and_keeps_the_other_as_a_version(disputed: pf.Flow, path: Path) -> None:
    assert disputed.resolve("mine") is None
    assert disputed.conflict is None and disputed.is_saved
    assert texts(pf.Flow.load(path, registry=REGISTRY)) == ["mine"]
    assert kept(disputed)[:2] == [["mine"], ["theirs"]]
    say(disputed, "more")
    disputed.save()


def test_taking_the_other_is_one_edit_that_can_be_taken_back(disputed: pf.Flow, path: Path) -> None:
    heard: list[Any] = []
    disputed.on_change(heard.append)
    change = disputed.resolve("other")
    assert heard == [change] and change is not None and change.source == "resolve"
    assert [operation["op"] for operation in change.operations] == ["replace"]
    assert texts(disputed) == ["theirs"] and disputed.is_saved and disputed.conflict is None
    assert kept(disputed)[:2] == [["theirs"], ["mine"]]
    assert disputed.undo() and texts(disputed) == ["mine"]
    disputed.save()
    assert texts(pf.Flow.load(path, registry=REGISTRY)) == ["mine"]


def test_a_file_that_changes_while_somebody_thinks_is_looked_at_again(disputed: pf.Flow, path: Path) -> None:
    theirs(path, "newer")
    disputed.resolve("other")
    assert texts(disputed) == ["newer"]


def test_a_question_that_answers_itself_goes_away(disputed: pf.Flow, path: Path) -> None:
    told: list[bool] = []
    disputed.on_status(lambda: told.append(disputed.conflict is None))
    path.write_bytes(disputed.versions[-1].path.read_bytes())  # as `git checkout` does
    disputed.save()
    assert disputed.conflict is None and True in told
    theirs(path, "mine")
    flow = opened(path)
    flow.apply([{"op": "set_flow", "fields": {"name": "theirs"}}])
    flow.save()  # the same flow on both sides is no question
    assert flow.conflict is None and flow.is_saved


def test_a_file_that_is_gone_is_written_again(path: Path) -> None:
    flow = opened(path)
    say(flow, "one")
    path.unlink()
    flow.save()
    assert texts(pf.Flow.load(path, registry=REGISTRY)) == ["one"]


def test_opening_a_live_flow_again_notices_the_change_even_where_nothing_was_edited(path: Path) -> None:
    flow = opened(path)
    theirs(path, "theirs")
    assert opened(path) is flow
    assert flow.conflict is not None and texts(flow.conflict.other) == ["theirs"]
    flow.resolve("other")
    path.write_text(json.dumps(json.loads(path.read_bytes())))  # another spelling of the same flow
    assert opened(path).conflict is None


def test_unsaved_edits_and_a_changed_file_are_both_there_after_a_kill(path: Path) -> None:
    flow = opened(path)
    say(flow, "base")
    flow.save()
    say(flow, "mine")
    forget(flow)
    changed = theirs(path, "theirs")
    again = opened(path, autosave=True)
    assert texts(again) == ["base", "mine"]
    assert again.conflict is not None and texts(again.conflict.other) == ["theirs"]
    say(again, "more")
    forget(again)  # once more, without an answer
    again = opened(path)
    assert texts(again) == ["base", "mine", "more"] and again.conflict is not None
    assert path.read_bytes() == changed
    again.resolve("other")
    assert texts(again) == ["theirs"] and ["base", "mine", "more"] in kept(again)


def test_a_changed_file_that_says_what_the_edits_say_is_taken(path: Path) -> None:
    flow = opened(path)
    say(flow, "mine")
    content = json.dumps(flow.document)
    forget(flow)
    path.write_text(content)
    again = opened(path)
    assert again.conflict is None and texts(again) == ["mine"]
    again.save()


def test_edits_whose_beginning_is_lost_are_put_aside_and_never_removed(path: Path, tmp_path: Path) -> None:
    import shutil

    flow = opened(path)
    say(flow, "mine")
    forget(flow)
    shutil.rmtree(tmp_path / ".a.versions")
    theirs(path, "theirs")
    with pytest.warns(UserWarning, match=r"The file is taken as it is; the edits are kept in .*\.a\.journal\."):
        again = opened(path)
    assert texts(again) == ["theirs"] and "the edits are kept in" in again.note
    (aside,) = tmp_path.glob(".a.journal.*")
    assert b'"mine"' in aside.read_bytes()
    again.close()
    assert opened(path).note == ""
    assert aside.exists()


def test_a_file_that_somebody_else_changed_is_taken_where_no_edit_waits(path: Path) -> None:
    opened(path).close()
    theirs(path, "theirs")
    again = opened(path)
    assert texts(again) == ["theirs"] and again.conflict is None
    assert [] in kept(again), "what was there before is a version"


def test_a_changed_file_that_is_no_flow_can_only_be_replaced_and_is_kept(path: Path) -> None:
    flow = opened(path)
    say(flow, "mine")
    path.write_text("<<<<<<< HEAD")
    with pytest.raises(pf.FlowFileError, match="is not a flow now"):
        flow.save()
    assert flow.conflict is not None and not flow.conflict.is_readable
    with pytest.raises(pf.FlowFileError, match="Mend it, or keep your edits"):
        flow.resolve("other")
    assert flow.conflict is not None
    flow.resolve("mine")
    assert texts(pf.Flow.load(path, registry=REGISTRY)) == ["mine"]
    assert "<<<<<<< HEAD" in [version.path.read_text() for version in flow.versions]


def test_an_answer_without_a_question_is_rejected(path: Path) -> None:
    flow = opened(path)
    with pytest.raises(pf.OperationRejected, match="nothing to decide"):
        flow.resolve("mine")
    with pytest.raises(pf.OperationRejected, match="'both' is no choice"):
        flow.resolve("both")  # type: ignore[arg-type]


def test_a_close_without_an_answer_keeps_the_edits_in_the_journal(disputed: pf.Flow, path: Path) -> None:
    before = path.read_bytes()
    disputed.close()
    assert path.read_bytes() == before and disputed.conflict is None
    again = opened(path)
    assert again.conflict is not None and texts(again.conflict.mine) == ["mine"]


def test_after_the_answer_the_file_is_written_by_itself_again(
    disputed: pf.Flow, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "IDLE", 0.05)
    disputed.autosave = True
    disputed.resolve("other")
    say(disputed, "more")
    wait_for(lambda: disputed.is_saved)
    assert texts(pf.Flow.load(path, registry=REGISTRY)) == ["more", "theirs"]


def test_media_of_the_other_flow_come_with_it(path: Path) -> None:
    import PIL.Image

    flow = opened(path)
    say(flow, "mine")
    other = pf.Flow("a", registry=REGISTRY)
    other.add("tests.soften", image=PIL.Image.new("RGB", (2, 2), "red"))
    other.save(path)
    with pytest.raises(pf.FlowFileError):
        flow.save()
    flow.resolve("other")
    assert flow.problems() == []
