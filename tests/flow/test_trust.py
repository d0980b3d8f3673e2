"""What was confirmed is remembered by hashes, in every kernel of a user, and never breaks anything."""

from __future__ import annotations

from pathlib import Path

from pixelflow_widgets.flow.trust import Trust, mark_of, meaning


def test_what_one_kernel_remembers_another_knows(tmp_path: Path) -> None:
    path = tmp_path / "data" / "confirmed.sqlite"
    one, other = Trust(path), Trust(path)
    assert other.knows(["a", "b"]) == set() and not path.exists(), "asking makes no file"
    one.remember(["a", "c"])
    one.remember(["a"])
    assert other.knows(["a", "b", "c"]) == {"a", "c"}


def test_nothing_that_was_confirmed_can_be_read_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "confirmed.sqlite"
    Trust(path).remember([mark_of("read", "photo", "digest")])
    content = path.read_bytes()
    assert b"photo" not in content and b"read" not in content


def test_a_damaged_database_or_a_folder_that_cannot_be_written_lasts_as_long_as_the_kernel(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database at all" * 100)
    nowhere = tmp_path / "file" / "confirmed.sqlite"
    (tmp_path / "file").write_text("")
    for path in (damaged, nowhere):
        trust = Trust(path)
        trust.remember(["a"])
        assert trust.knows(["a", "b"]) == {"a"}


def test_words_that_run_together_are_no_other_words() -> None:
    assert mark_of("read", "ab") != mark_of("read", "a", "b") != mark_of("reada", "b")


def test_the_meaning_of_a_flow_is_not_where_its_nodes_stand() -> None:
    document = {"name": "x", "nodes": {}, "layout": {"positions": {}}, "sources": {}}
    assert meaning(document) == meaning({**document, "layout": {"positions": {"a": [1, 2]}}})
    assert meaning(document) != meaning({**document, "nodes": {"a": {}}})
