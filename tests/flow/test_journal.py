"""Nothing that was accepted is lost, wherever the machine stops."""

from __future__ import annotations

import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.journal import Journal

from .sample_types import REGISTRY


def opened(path: Path) -> pf.Flow:
    return pf.Flow.open(path, registry=REGISTRY)


def texts(flow: pf.Flow) -> list[str]:
    return [node.values["text"] for node in flow.nodes.values()]


def say(flow: pf.Flow, text: str) -> None:
    flow.add("tests.say", id=text, text=text)


class Camera:
    """Copies a folder before and after everything that is written to it."""

    def __init__(self, folder: Path, copies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.copies, self.accepted = folder, copies, 0
        self.shots: list[tuple[Path, int]] = []
        replace, write = os.replace, Journal._write
        monkeypatch.setattr(os, "replace", lambda *paths: self._around(replace, *paths))
        monkeypatch.setattr(Journal, "_write", lambda *given: self._around(write, *given))

    def _around(self, write: Any, *given: Any) -> None:
        self.shoot()
        write(*given)
        self.shoot()

    def shoot(self) -> None:
        shot = self.copies / str(len(self.shots))
        shutil.copytree(self.folder, shot)
        self.shots.append((shot, self.accepted))


def test_a_kill_between_any_two_writes_loses_nothing_that_was_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    flow = opened(folder / "a.flow.json")
    states = [flow.document]
    camera = Camera(folder, tmp_path, monkeypatch)

    def edited(_: Any) -> None:
        states.append(flow.document)
        camera.accepted += 1

    flow.on_change(edited)
    for number in range(3):
        say(flow, f"one{number}")
    flow.save()
    say(flow, "two")
    flow.undo()
    flow.undo()
    flow.save()
    flow.redo()
    flow = opened(folder / "a.flow.json")  # again, with an edit that is not saved
    flow.on_change(edited)
    say(flow, "three")
    flow.save()
    flow.save()
    monkeypatch.undo()

    assert len(camera.shots) > 30
    for shot, accepted in camera.shots:
        found = opened(shot / "a.flow.json").document
        later = states[accepted + 1] if accepted + 1 < len(states) else None
        assert found in (states[accepted], later), shot


def test_a_torn_last_line_costs_only_the_edit_that_was_being_written(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    for text in ("one", "two", "three"):
        say(flow, text)
    journal = tmp_path / ".a.journal"
    whole = journal.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole)):
        journal.write_bytes(whole[:end])
        again = opened(tmp_path / "a.flow.json")
        assert texts(again)[:2] == ["one", "two"]
        say(again, "four")  # is not swallowed by the torn line
        assert texts(opened(tmp_path / "a.flow.json"))[-1] == "four"


def test_a_disk_that_is_full_refuses_the_edit_and_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    opening = Path.open

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, data: bytes) -> int:
            return self.file.write(data[: len(data) // 2])

    monkeypatch.setattr(Path, "open", lambda path, *how, **more: Full(opening(path, *how, **more)))
    before = flow.document
    with pytest.raises(OSError, match="disk is full"):
        say(flow, "two")
    assert flow.document is before
    monkeypatch.undo()
    say(flow, "three")
    assert texts(opened(tmp_path / "a.flow.json")) == ["one", "three"]


def test_a_file_that_somebody_else_changed_is_reported_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path)
    say(flow, "mine")
    other = pf.Flow("a", registry=REGISTRY)
    say(other, "theirs")
    other.save(path)
    theirs = path.read_bytes()
    with pytest.raises(pf.FlowFileError, match="was changed by another program"):
        flow.save()
    assert path.read_bytes() == theirs
    with pytest.raises(pf.FlowFileError, match=r"was changed by another program while edits in .*\.a\.journal"):
        opened(path)
    flow.save(tmp_path / "mine.flow.json")
    assert texts(pf.Flow.load(tmp_path / "mine.flow.json", registry=REGISTRY)) == ["mine"]


def test_a_file_that_somebody_else_changed_is_taken_where_no_edit_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    opened(path)
    other = pf.Flow("a", registry=REGISTRY)
    say(other, "theirs")
    other.save(path)
    assert texts(opened(path)) == ["theirs"]


def test_a_journal_that_does_not_fit_its_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path)
    for line in (b'{"ops":[{"op":"remove_node","id":"nowhere"}]}\n', b'{"ops":[5]}\n', b'{"ops":[{"op":{}}]}\n'):
        Journal(path).start(path.read_bytes())
        with (tmp_path / ".a.journal").open("ab") as journal:
            journal.write(b"\xff\xfe garbage\n[1]\n5\n" + line)
        with pytest.raises(pf.FlowFileError, match=r"\.a\.journal holds an edit that does not fit"):
            opened(path)
    assert flow.document["nodes"] == {}


def test_edits_come_back_although_their_types_changed_meanwhile(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    words = flow.add("tests.say", text="a")
    flow.add("tests.paint", prompt=words["text"])
    from pixelflow_widgets.schema import Registry

    without_types = pf.Flow.open(tmp_path / "a.flow.json", registry=Registry())
    assert without_types.document == flow.document


def test_saving_under_another_spelling_of_the_same_path_is_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    monkeypatch.chdir(tmp_path)
    flow.save("a.flow.json")
    say(flow, "two")
    assert texts(opened(tmp_path / "a.flow.json")) == ["one", "two"]


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


def test_a_flow_that_is_only_loaded_leaves_nothing_beside_its_file(tmp_path: Path) -> None:
    path = pf.Flow("a").save(tmp_path / "a.flow.json")
    flow = pf.Flow.load(path, registry=REGISTRY)
    say(flow, "one")
    assert flow.versions == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.flow.json"]
    assert flow.save() == path
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.flow.json"]


def test_a_medium_is_on_disk_before_the_edit_that_names_it(tmp_path: Path) -> None:
    import PIL.Image

    flow = opened(tmp_path / "a.flow.json")
    flow.add("tests.soften", image=PIL.Image.new("RGB", (2, 2), "red"))
    again = opened(tmp_path / "a.flow.json")  # nothing was saved
    assert again.problems() == []
