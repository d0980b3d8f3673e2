"""Wildcards: files of options, and those that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.prompts import variants, wildcards
from pixelflow_widgets.starter.scenes import SHAPES


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the folder of the user's wildcards."""
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    (tmp_path / "wildcards").mkdir()
    return tmp_path / "wildcards"


def test_shipped_lists_are_there_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", "none")
    assert {"colour", "light", "medium", "time_of_day", "shape"} <= set(wildcards.names())
    assert variants.draw("a __colour__ __shape__", 1) != variants.draw("a __colour__ __shape__", 2)
    assert tuple(wildcards.options("shape")) == SHAPES
    assert all(variants.count(line) == 1 for name in wildcards.names() for line in wildcards.options(name))


def test_a_file_of_the_user_goes_before_the_shipped_one(place: Path) -> None:
    (place / "colour.txt").write_text("# mine\n\n  teal \n3::ochre\n", encoding="utf-8")
    (place / "animals").mkdir()
    (place / "animals" / "small-ones.txt").write_text("mouse", encoding="utf-8")
    assert wildcards.options("colour") == ["teal", "3::ochre"]
    assert variants.draw("a __animals/small-ones__", 1) == "a mouse"
    assert "animals/small-ones" in wildcards.names()


def test_one_that_is_not_there_names_the_nearest_and_where_to_write_it(place: Path) -> None:
    with pytest.raises(MediaError, match=r"no wildcard '__color__'. Did you mean 'colour'\?.*color\.txt"):
        variants.draw("a __color__ fox", 1)


def test_files_that_cannot_be_read_are_told_in_words(place: Path) -> None:
    (place / "empty.txt").write_text("\n# nothing\n")
    (place / "other.txt").write_bytes(b"\xff\xfe\x00a")
    (place / "large.txt").write_text("word\n" * 500_000)
    for name, why in (("empty", "has no line"), ("other", "no text in UTF-8"), ("large", "larger than")):
        with pytest.raises(MediaError, match=why):
            variants.draw(f"__{name}__", 1)


def test_wildcards_in_a_circle_are_told(place: Path) -> None:
    (place / "a.txt").write_text("x\n__b__")
    (place / "b.txt").write_text("__c__")
    (place / "c.txt").write_text("y\n__b__")
    with pytest.raises(MediaError, match="__b__ → __c__ → __b__"):
        variants.count("__a__")


def test_what_stands_for_the_files_changes_with_any_of_them(place: Path) -> None:
    (place / "a.txt").write_text("x\n__b__")
    (place / "b.txt").write_text("y")
    before = wildcards.fingerprint("an __a__")
    assert wildcards.fingerprint("a fox") == ""
    assert wildcards.fingerprint("an __a__") == before
    (place / "b.txt").write_text("z")
    assert wildcards.fingerprint("an __a__") != before
    assert wildcards.fingerprint("__nowhere__").startswith("There is no wildcard")
