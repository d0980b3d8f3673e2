"""Nothing that was accepted is lost, wherever the machine stops."""

from __future__ import annotations

import contextlib
import copy
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.flow.journal import Journal

from .living import forget, opened, say, texts
from .sample_types import REGISTRY
from .strategies import OPERATIONS, WHOLE, examples


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
    weakly = [weakref.ref(flow)]

    def edited(_: Any) -> None:
        states.append(weakly[-1]().document)  # type: ignore[union-attr]
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
    forget(flow)
    flow = opened(folder / "a.flow.json")  # again, with an edit that is not saved
    weakly.append(weakref.ref(flow))
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
    forget(flow)
    journal = tmp_path / ".a.journal"
    whole = journal.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole)):
        journal.write_bytes(whole[:end])
        again = opened(tmp_path / "a.flow.json")
        assert {"one", "two"} <= set(texts(again))
        say(again, "four")  # is not swallowed by the torn line
        forget(again)
        again = opened(tmp_path / "a.flow.json")
        assert "four" in texts(again)
        forget(again)


def test_a_disk_that_is_full_refuses_the_edit_and_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[: len(line) // 2]))
    before = flow.document
    with pytest.raises(OSError, match="disk is full"):
        say(flow, "two")
    assert flow.document is before
    monkeypatch.undo()
    say(flow, "three")
    forget(flow)
    assert texts(opened(tmp_path / "a.flow.json")) == ["one", "three"]


@pytest.mark.parametrize(
    "line", [b'{"ops":[{"op":"remove_node","id":"nowhere"}]}', b'{"ops":[5]}', b'{"ops":[{"op":{}}]}']
)
def test_an_edit_of_the_journal_that_does_not_fit_is_put_aside_and_the_others_are_done(
    tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "a.flow.json"
    flow = opened(path)
    say(flow, "one")
    forget(flow)
    journal = tmp_path / ".a.journal"
    first, edit = journal.read_bytes().splitlines()
    found = b"\n".join([first, b"\xff\xfe garbage", b"[1]", b"5", line, edit, b""])
    journal.write_bytes(found)
    with pytest.warns(UserWarning, match=r"1 edits of the journal do not fit a.flow.json.*\.a\.journal"):
        again = opened(path)
    assert texts(again) == ["one"] and "do not fit" in again.note
    assert [kept.read_bytes() for kept in tmp_path.glob(".a.journal.*")] == [found]
    say(again, "two")
    forget(again)
    assert texts(opened(path)) == ["one", "two"]


def test_edits_come_back_although_their_types_changed_meanwhile(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    words = flow.add("tests.say", text="a")
    flow.add("tests.paint", prompt=words["text"])
    document = flow.document
    forget(flow)
    from pixelflow_widgets.schema import Registry

    without_types = pf.Flow.open(tmp_path / "a.flow.json", registry=Registry())
    assert without_types.document == document


def test_saving_under_another_spelling_of_the_same_path_is_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = opened(tmp_path / "a.flow.json")
    say(flow, "one")
    monkeypatch.chdir(tmp_path)
    flow.save("a.flow.json")
    say(flow, "two")
    forget(flow)
    assert texts(opened(tmp_path / "a.flow.json")) == ["one", "two"]


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
    forget(flow)
    again = opened(tmp_path / "a.flow.json")  # nothing was saved
    assert again.problems() == []


KILLED = """
import json, os, signal, sys
import pixelflow_widgets as pf

flow = pf.Flow.open(sys.argv[1], autosave=True)
for number in range(int(sys.argv[2])):
    flow.apply([{"op": "add_node", "id": f"n{number}", "node": {"type": "prompt", "values": {"text": str(number)}}}])
    if number % 10 == 3:
        flow.undo()
    if number == 25:
        flow.save()
print(json.dumps(flow.document, sort_keys=True), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("edits", [1, 24, 26, 40])
def test_after_kill_9_the_flow_is_as_it_was_to_the_last_edit(tmp_path: Path, edits: int) -> None:
    path = tmp_path / "a.flow.json"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, path, str(edits)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert pf.Flow.open(path).document == json.loads(done.stdout)


@pytest.mark.soak
@examples(40)
@given(
    st.lists(st.tuples(st.sampled_from(["edit", "undo", "redo", "save", "reopen", "restore"]), OPERATIONS), max_size=25)
)
def test_whatever_is_done_the_journal_and_the_file_give_the_document_back(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.flow.json")
        flow = opened(path)
        flow.apply([{"op": "replace", "document": WHOLE}])
        for what, operation in steps:
            with contextlib.suppress(pf.OperationRejected):
                if what == "edit":
                    flow.apply([operation], merge="all")
                elif what == "restore":
                    flow.restore(flow.versions[-1])
                elif what == "reopen":
                    expected = copy.deepcopy(flow.document)
                    forget(flow)
                    flow = opened(path)
                    assert flow.document == expected
                else:
                    getattr(flow, what)()
        flow.close()
        assert opened(path).document == flow.document


def test_a_journal_that_somebody_cleared_away_is_written_anew_with_what_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelflow_widgets.flow.journal.LOOKS_EVERY", 0)
    folder = tmp_path / "work"
    flow = opened(folder / "a.flow.json")
    say(flow, "one")
    (folder / ".a.journal").unlink()
    say(flow, "two")
    forget(flow)
    flow = opened(folder / "a.flow.json")
    assert texts(flow) == ["one", "two"]
    say(flow, "three")
    shutil.rmtree(folder)
    say(flow, "four")
    flow.save()
    saved = pf.Flow.load(folder / "a.flow.json", registry=REGISTRY)
    assert texts(saved) == ["four", "one", "three", "two"]


def test_a_journal_is_not_kept_open_by_a_flow_that_nobody_holds(tmp_path: Path) -> None:
    open_files = Path("/proc/self/fd")
    if not open_files.exists():
        pytest.skip("no /proc here")
    before = len(list(open_files.iterdir()))
    for number in range(20):
        say(opened(tmp_path / f"{number}.flow.json"), "one")
    gc.collect()
    assert len(list(open_files.iterdir())) <= before + 2
