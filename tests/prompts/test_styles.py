"""The library of styles: a file that a user may edit, and styles that ship."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelflow_widgets.errors import MediaError
from pixelflow_widgets.prompts import styles


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns where the user's styles are kept."""
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path))
    return tmp_path / "styles.toml"


def test_shipped_styles_are_there_and_take_a_prompt_in(file: Path) -> None:
    shipped = styles.all()
    assert len(shipped) >= 10
    assert not any(style.is_own for style in shipped)
    assert all(style.prompt.count("{prompt}") == 1 and style.negative_prompt for style in shipped)
    assert "a fox" in styles.apply("watercolour", "a fox")
    assert styles.apply("", "a fox") == "a fox"


def test_a_style_is_saved_found_changed_and_removed(file: Path) -> None:
    styles.save("My Ink", "ink of {prompt}", "photo")
    assert styles.find("my ink") == styles.Style("My Ink", "ink of {prompt}", "photo", is_own=True)
    styles.save("my ink", 'two\nlines "quoted" \\ {prompt}')
    assert [style.name for style in styles.all() if style.is_own] == ["my ink"]
    assert styles.apply("MY INK", "a fox") == 'two\nlines "quoted" \\ a fox'
    styles.remove("My Ink")
    assert not any(style.is_own for style in styles.all())
    with pytest.raises(MediaError, match="no style 'My Ink' of your own"):
        styles.remove("My Ink")


def test_an_own_style_stands_for_the_shipped_one_of_its_name(file: Path) -> None:
    number = len(styles.all())
    styles.save("Photo", "polaroid of {prompt}")
    assert len(styles.all()) == number
    assert styles.apply("photo", "a fox") == "polaroid of a fox"
    styles.remove("photo")
    assert "lens" in styles.apply("photo", "a fox")


def test_words_without_a_place_stand_behind_the_prompt() -> None:
    assert styles.Style("x", "in oil").apply("a fox") == "a fox, in oil"
    assert styles.Style("x", "").apply("a fox") == "a fox"
    assert styles.Style("x", "{prompt}!").apply("{prompt}") == "{prompt}!"


def test_what_was_typed_into_the_file_stays_when_another_style_is_saved(file: Path) -> None:
    typed = (
        '# my styles\nauthor = "me"\n\n[[style]]\nname = "a"  # the first\nprompt = """\n[[style]]\nname = "b"\n"""\n'
    )
    file.write_text(typed)
    styles.save("c", "{prompt} in c")
    assert file.read_text().startswith(typed.rstrip())
    styles.save("d", "{prompt} in d")
    styles.remove("c")
    assert file.read_text().startswith(typed.rstrip())
    assert [style.name for style in styles.all() if style.is_own] == ["a", "d"]


@pytest.mark.parametrize(
    "content",
    [
        b"[[style]\nname=",
        b"\xff\xfe",
        b"style = 3",
        b"[[style]]\nprompt = 'x'",
        b"[[style]]\nname = 'a'\nprompt = 3",
        b"[[style]]\nname = 'a'\n[[style]]\nname = 'A'",
        b"a = " + b"[" * 100_000,
    ],
)
def test_a_broken_file_is_told_in_words_and_never_written_over(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for use in (styles.all, lambda: styles.save("x", "y"), lambda: styles.remove("a"), lambda: styles.find("photo")):
        with pytest.raises(MediaError, match="Mend it or move it away"):
            use()
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


@given(name=st.text(min_size=1, max_size=20), words=st.text(max_size=40), unwanted=st.text(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_words_come_back_as_they_were(file: Path, name: str, words: str, unwanted: str) -> None:
    try:
        styles.save(name, words, unwanted)
    except MediaError:
        return
    found = styles.find(name)
    assert (found.prompt, found.negative_prompt) == (words, unwanted)
    assert tomllib.loads(file.read_text(encoding="utf-8"))["style"]


def test_names_that_cannot_be_and_folders_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_DATA", "none")
    assert styles.all()
    with pytest.raises(MediaError, match="nothing is kept on disk"):
        styles.save("a", "b")
    for name in ("", "  ", "a\nb", "x" * 101):
        with pytest.raises(MediaError, match="1 to 100 characters"):
            styles.save(name, "b")


def test_a_style_that_is_not_there_names_the_nearest(file: Path) -> None:
    with pytest.raises(MediaError, match="no style 'watercolor'. Did you mean 'watercolour'"):
        styles.apply("watercolor", "a fox")


def test_what_stands_for_a_style_changes_with_its_words(file: Path) -> None:
    before = styles.fingerprint("photo")
    assert styles.fingerprint("") == ""
    styles.save("photo", "other {prompt}")
    assert styles.fingerprint("photo") != before
