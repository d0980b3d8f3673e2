"""What hands did to a flow that code made is kept, and asked about when the code runs again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow import drafts

from .living import coded, forget, opened, say, say_by_hand, texts
from .sample_types import REGISTRY


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/somebody/My notebook.ipynb")


def shown(name: str = "first", *words: str) -> pf.Flow:
    """Return a flow as code makes and shows it."""
    flow = coded(name, *words)
    flow.keep_draft()
    return flow


def draft(name: str = "first") -> Path:
    return Path(".pixelflow", "My notebook", f"{name}.flow.json").absolute()


def test_nothing_is_written_before_the_first_edit_by_hand() -> None:
    flow = shown("first", "code")
    assert flow.is_draft and not flow.is_saved and flow.path is None
    say(flow, "more code")
    flow.undo()
    flow.keep_draft()
    assert list(Path.cwd().iterdir()) == []
    say_by_hand(flow, "hand")
    assert flow.path == draft() and draft().is_file() and flow.is_draft and flow.autosave


def test_an_edit_by_hand_is_in_the_journal_before_anybody_hears_of_it() -> None:
    flow = shown("first", "code")
    heard: list[bytes] = []
    flow.on_change(lambda change: heard.append(draft().with_name(".first.journal").read_bytes()))
    say_by_hand(flow, "hand")
    assert b'"hand"' in heard[0]


def test_an_edit_by_hand_that_is_rejected_makes_no_draft() -> None:
    flow = shown("first", "code")
    with pytest.raises(pf.OperationRejected):
        flow.apply([{"op": "remove_node", "id": "nowhere"}], source="page1")
    assert not draft().exists()


def test_what_hands_made_is_asked_about_when_the_code_runs_again_after_a_kill() -> None:
    flow = shown("first", "code")
    say_by_hand(flow, "hand")
    say(flow, "later code")
    forget(flow)
    again = shown("first", "code")
    conflict = again.conflict
    assert conflict is not None and conflict.kind == "code"
    assert texts(conflict.mine) == ["code", "hand", "later code"]
    assert texts(conflict.other) == texts(again) == ["code"]
    assert again.is_draft


def test_while_the_question_waits_hands_are_refused_and_code_is_not() -> None:
    forget_edited("first", "code")
    flow = shown("first", "code")
    with pytest.raises(pf.OperationRejected, match="First say which flow to keep"):
        say_by_hand(flow, "more")
    with pytest.raises(pf.OperationRejected, match="First say which flow to keep"):
        flow.undo(source="page1")
    say(flow, "more")
    assert flow.conflict is not None and texts(flow.conflict.other) == ["code", "more"]


def forget_edited(name: str, *words: str) -> pf.Flow:
    flow = shown(name, *words)
    say_by_hand(flow, "hand")
    forget(flow)
    return flow


def test_keeping_mine_goes_on_in_the_draft_and_keeps_what_the_code_made() -> None:
    forget_edited("first", "code")
    flow = shown("first", "new code")
    change = flow.resolve("mine")
    assert change is not None and texts(flow) == ["code", "hand"]
    assert flow.conflict is None and flow.path == draft()
    assert ["new code"] in [texts(pf.Flow.load(version.path)) for version in flow.versions]
    say_by_hand(flow, "more")
    forget(flow)
    again = shown("first", "new code")
    assert again.conflict is not None and texts(again.conflict.mine) == ["code", "hand", "more"]
    again.resolve("mine")
    again.undo()
    assert texts(again) == ["new code"], "the answer can be taken back"


def test_taking_the_codes_keeps_mine_as_a_version_and_begins_anew() -> None:
    forget_edited("first", "code")
    flow = shown("first", "new code")
    assert flow.resolve("other") is None
    assert texts(flow) == ["new code"] and flow.conflict is None and flow.is_draft
    assert not draft().exists()
    assert texts(pf.Flow.load(flow.versions[0].path)) == ["code", "hand"]
    assert shown("first", "newest code").conflict is None, "nothing by hand is left to ask about"
    flow.restore(flow.versions[0])
    assert texts(flow) == ["code", "hand"] and draft().exists(), "and it comes back as an edit by hand"


def test_code_that_makes_what_hands_made_is_not_asked_about() -> None:
    forget_edited("first", "code")
    flow = coded("first", "code")
    flow.add("tests.say", id="hand", text="hand", position=(0, 0))
    flow.keep_draft()
    assert flow.conflict is None and flow.path == draft() and flow.is_draft
    say(flow, "more")
    forget(flow)
    assert shown("first", "code").conflict is not None


def test_a_cell_that_runs_again_takes_the_draft_over_from_the_flow_it_made_before() -> None:
    old = shown("first", "code")
    say_by_hand(old, "hand")
    new = shown("first", "code")
    assert new.conflict is not None and texts(new.conflict.mine) == ["code", "hand"]
    assert old.path is None and old.is_draft and old.conflict is None
    say_by_hand(old, "still shown somewhere")
    assert old.path == draft("first-2"), "what hands do to it is kept beside"
    new.resolve("mine")
    assert texts(new) == ["code", "hand"]


def test_a_cell_that_runs_again_is_not_asked_about_where_no_hand_was_in_it() -> None:
    old = shown("first", "code")
    new = shown("first", "new code")
    newest = shown("first", "newest code")
    assert new.conflict is None and newest.conflict is None
    say_by_hand(newest, "hand")
    assert newest.path == draft()
    say_by_hand(old, "hand")
    assert old.path == draft("first-2")


def test_a_question_that_waits_moves_to_the_newest_flow() -> None:
    forget_edited("first", "code")
    old = shown("first", "code")
    new = shown("first", "code")
    assert old.conflict is None and new.conflict is not None
    say_by_hand(old, "free again")
    assert old.path == draft("first-2")


def test_of_several_flows_with_one_name_each_finds_its_own_draft_again() -> None:
    one, two = shown("flow", "one"), shown("flow", "two")
    say_by_hand(two, "by hand in two")
    say_by_hand(one, "by hand in one")
    forget(one)
    forget(two)
    one, two = shown("flow", "one"), shown("flow", "two")
    assert one.conflict is not None and "by hand in one" in texts(one.conflict.mine)
    assert two.conflict is not None and "by hand in two" in texts(two.conflict.mine)


def test_saving_a_draft_under_a_name_binds_it_to_that_file(tmp_path: Path) -> None:
    flow = shown("first", "code")
    say_by_hand(flow, "hand")
    assert flow.save("mine.flow.json") == Path("mine.flow.json")
    assert flow.path == tmp_path / "mine.flow.json" and not flow.is_draft and flow.is_saved and flow.autosave
    assert opened(tmp_path / "mine.flow.json") is flow
    say_by_hand(flow, "more")
    flow.close()
    assert texts(opened(tmp_path / "mine.flow.json")) == ["code", "hand", "more"]
    assert shown("first", "code").conflict is None, "the draft has become that file"


def test_what_the_file_held_that_a_draft_is_saved_to_is_a_version(tmp_path: Path) -> None:
    coded("a", "before").save("a.flow.json")
    flow = shown("first", "code")
    flow.save("a.flow.json")
    assert [texts(pf.Flow.load(version.path)) for version in flow.versions] == [["code"], ["before"]]


def test_a_cell_that_saves_can_run_again(tmp_path: Path) -> None:
    old = shown("first", "code")
    old.save("a.flow.json")
    say_by_hand(old, "hand")
    new = shown("first", "code")
    new.save("a.flow.json")
    assert new.path == tmp_path / "a.flow.json" and opened(tmp_path / "a.flow.json") is new
    assert ["code", "hand"] in [texts(pf.Flow.load(version.path)) for version in new.versions]


def test_a_draft_that_is_saved_over_a_file_that_is_open_leaves_that_flow_to_ask(tmp_path: Path) -> None:
    live = opened(tmp_path / "a.flow.json")
    say(live, "mine")
    flow = shown("first", "code")
    flow.save("a.flow.json")
    assert opened(tmp_path / "a.flow.json") is live
    assert live.conflict is not None and texts(live.conflict.other) == ["code"]


def test_a_loaded_flow_that_hands_edit_is_saved_where_it_came_from(tmp_path: Path) -> None:
    path = coded("first", "file").save(tmp_path / "a.flow.json")
    flow = pf.Flow.load(path, registry=REGISTRY)
    flow.keep_draft()
    say_by_hand(flow, "hand")
    assert draft().exists() and texts(pf.Flow.load(path)) == ["file"]
    assert flow.save() == path
    assert texts(pf.Flow.load(path)) == ["file", "hand"] and not flow.is_draft


def test_a_flow_with_a_file_needs_no_draft(tmp_path: Path) -> None:
    flow = opened(tmp_path / "a.flow.json")
    flow.keep_draft()
    say_by_hand(flow, "hand")
    assert not flow.is_draft and not Path(".pixelflow").exists()


def test_media_that_hands_drop_are_beside_the_draft_and_those_of_the_code_too() -> None:
    import PIL.Image

    flow = coded("first")
    flow.add("tests.soften", id="one", image=PIL.Image.new("RGB", (2, 2), "red"))
    flow.keep_draft()
    say_by_hand(flow, "hand")
    flow.add("tests.soften", id="two", image=PIL.Image.new("RGB", (2, 2), "blue"))
    forget(flow)
    again = shown("first", "code")
    again.resolve("mine")
    assert again.problems() == [] and len(list(draft().with_name("first.media").iterdir())) == 2
    again.save("kept.flow.json")
    assert again.problems() == [] and len(list(Path("kept.media").iterdir())) == 2


def test_a_closed_draft_is_asked_about_like_any_other() -> None:
    flow = shown("first", "code")
    say_by_hand(flow, "hand")
    flow.close()
    assert not flow.is_draft and flow.path is None
    assert shown("first", "code").conflict is not None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "", ".", "..", "...", "a\\b\n", "ä☃", "\ud800", "x" * 300, "CON ", ".hidden"]
)
def test_a_name_with_odd_characters_stays_in_the_folder_of_drafts(name: str, tmp_path: Path) -> None:
    flow = shown(name, "code")
    say_by_hand(flow, "hand")
    assert flow.path is not None and flow.path.parent == draft().parent, flow.path
    assert not flow.path.name.startswith(".")
    forget(flow)
    again = shown(name, "code")
    assert again.conflict is not None


def test_names_that_look_alike_have_drafts_of_their_own() -> None:
    paths = {drafts.choose(name, b"") for name in ("a/b", "a_b", "a\\b", "a:b", "a_b ")}
    assert len(paths) == 5


def test_without_a_notebooks_name_drafts_lie_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME")
    flow = shown("first", "code")
    say_by_hand(flow, "hand")
    assert flow.path == tmp_path / ".pixelflow" / "first.flow.json"


def test_a_draft_that_cannot_be_written_says_so_and_editing_goes_on() -> None:
    Path(".pixelflow").write_text("in the way")
    flow = shown("first", "code")
    say_by_hand(flow, "hand")
    assert texts(flow) == ["code", "hand"]
    assert "Edits of 'first' are in memory only" in flow.save_error
    Path(".pixelflow").unlink()
    say_by_hand(flow, "more")
    assert flow.save_error == "" and draft().exists()


def test_a_draft_that_cannot_be_read_is_left_as_it_is() -> None:
    draft().parent.mkdir(parents=True)
    draft().write_text("<<<<<<< HEAD")
    flow = shown("first", "code")
    assert flow.conflict is None and "An earlier draft is left as it is" in flow.note
    say_by_hand(flow, "hand")
    assert flow.path == draft("first-2") and draft().read_text() == "<<<<<<< HEAD"


def test_a_draft_that_another_kernel_has_is_left_to_it() -> None:
    import subprocess
    import sys

    script = """
import sys, pixelflow_widgets as pf
flow = pf.Flow("first")
flow.keep_draft()
flow.apply([{"op": "set_flow", "fields": {"title": "hand"}}], source="page1")
print("ready", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    ) as other:
        assert other.stdout is not None and other.stdout.readline().strip() == b"ready"
        flow = shown("first", "code")
        assert flow.conflict is None and "is open in another kernel" in flow.note
        say_by_hand(flow, "hand")
        assert flow.path == draft("first-2")
        other.kill()
