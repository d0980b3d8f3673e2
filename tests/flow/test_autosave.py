"""A flow is written when nobody has edited for a second; whatever keeps it from that is said and lost is nothing."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow import autosave as room

from .living import forget, opened, say, texts, wait_for
from .sample_types import REGISTRY


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "IDLE", 0.15)
    monkeypatch.setattr(room, "AGAIN", 0.1)


def saved(path: Path) -> list[str]:
    return texts(pf.Flow.load(path, registry=REGISTRY))


def test_a_flow_is_written_when_nobody_edits_and_not_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "IDLE", 1.0)
    flow = opened(tmp_path / "a.flow.json", autosave=True)
    told: list[bool] = []
    flow.on_status(lambda: told.append(flow.is_saved))
    for number in range(8):
        say(flow, f"n{number}")
        assert not flow.is_saved and saved(tmp_path / "a.flow.json") == []
        time.sleep(0.2)
    wait_for(lambda: flow.is_saved)
    assert len(saved(tmp_path / "a.flow.json")) == 8
    assert told == [False, True]
    assert flow.versions[0].is_auto


def test_a_flow_is_written_only_if_that_is_wanted(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    time.sleep(0.4)
    assert not flow.is_saved
    flow.autosave = True  # for the edits that are there, too
    wait_for(lambda: flow.is_saved)
    flow.autosave = False
    say(flow, "two")
    time.sleep(0.4)
    assert saved(tmp_path / "a.flow.json") == ["one"]


def test_edits_that_come_back_from_the_journal_are_written(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    forget(flow)
    again = opened(tmp_path / "a.flow.json", autosave=True)
    assert not again.is_saved
    wait_for(lambda: again.is_saved)
    assert saved(tmp_path / "a.flow.json") == ["one"]


def test_what_keeps_a_flow_from_being_written_is_said_and_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path, autosave=True)
    told: list[str] = []
    flow.on_status(lambda: told.append(flow.save_error))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with caplog.at_level(logging.WARNING), monkeypatch.context() as broken:
        broken.setattr("tempfile.mkstemp", refuse)
        say(flow, "one")
        wait_for(lambda: flow.save_error)
        assert flow.save_error == "a.flow.json cannot be written: No space left on device."
        say(flow, "two")  # goes on
        time.sleep(0.3)
        assert not flow.is_saved
    wait_for(lambda: flow.is_saved)
    assert flow.save_error == "" and saved(path) == ["one", "two"]
    assert told[-1] == "" and len([words for words in told if words]) <= 2
    assert caplog.text.count("cannot be written") == 1, "it is said once"


def test_a_file_that_another_program_changed_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path, autosave=True)
    told = threading.Event()
    flow.on_status(lambda: told.set() if flow.conflict else None)
    other = pf.Flow("a", registry=REGISTRY)
    say(other, "theirs")
    other.save(path)
    say(flow, "mine")
    assert told.wait(10)
    say(flow, "more")
    time.sleep(0.3)
    assert saved(path) == ["theirs"] and texts(flow) == ["mine", "more"]
    assert flow.conflict is not None and texts(flow.conflict.mine) == ["mine", "more"]


def test_a_flow_that_is_due_is_held_by_nobody(tmp_path: Path) -> None:
    import weakref

    flow = opened(tmp_path / "a.flow.json", autosave=True)
    say(flow, "one")
    gone = weakref.ref(flow)
    del flow
    assert gone() is None
    time.sleep(0.3)
    assert saved(tmp_path / "a.flow.json") == []
    assert texts(opened(tmp_path / "a.flow.json")) == ["one"]


def test_many_flows_are_written_by_one_thread(tmp_path: Path) -> None:
    flows = [opened(tmp_path / f"{number}.flow.json", autosave=True) for number in range(6)]
    for flow in flows:
        say(flow, "one")
    wait_for(lambda: all(flow.is_saved for flow in flows))
    assert [thread.name for thread in threading.enumerate()].count("pixelflow autosave") == 1


def test_edits_from_two_threads_while_the_file_is_written_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path, autosave=True)
    heard: list[int] = []
    flow.on_change(lambda change: heard.append(change.revision))

    def edit(name: str) -> None:
        for number in range(60):
            say(flow, f"{name}{number}")
            if number % 20 == 10:
                time.sleep(0.2)

    threads = [threading.Thread(target=edit, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert heard == list(range(1, 121))
    wait_for(lambda: flow.is_saved)
    assert len(saved(path)) == 120
