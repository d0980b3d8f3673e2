from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.models import text_generation
from pixelflow_widgets.models.languages import LANGUAGES, language_of
from pixelflow_widgets.models.text_generation import Sampling, answer, pieces_of


@given(st.text(alphabet="ab .!?\n", max_size=200), st.integers(1, 40))
def test_pieces_fit_and_lose_nothing_but_white_space(text: str, longest: int) -> None:
    pieces = pieces_of(text, lambda piece: len(piece) <= longest)
    assert all(len(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_text_is_cut_between_paragraphs_before_sentences_and_between_these_before_words() -> None:
    text = "One. Two.\nThree four five.\n"

    def cut(longest: int) -> list[str]:
        return pieces_of(text, lambda piece: len(piece) <= longest)

    assert cut(40) == [text]
    assert cut(20) == ["One. Two.\n", "Three four five.\n"]
    assert cut(11) == ["One. Two.\n", "Three four", "five."]


def test_thoughts_are_no_part_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_generation, "_chat_inputs", lambda *_: {})
    loan: Any = SimpleNamespace(processor=SimpleNamespace(chat_template="x"), card=None, server=None)

    def said(text: str) -> str:
        monkeypatch.setattr(text_generation, "generated", lambda *_: text)
        return answer(loan, "Is it?", Sampling(), lambda *_, **__: None)

    assert said("<think>\nHm.\n</think>\n\nYes.") == "Yes."
    assert said(" Yes. ") == "Yes."
    assert said("<think> Hm") == "<think> Hm"


def test_a_temperature_of_nought_takes_the_likeliest() -> None:
    assert not Sampling(temperature=0).arguments["do_sample"]
    assert Sampling(temperature=0.5, top_p=0.9).arguments["top_p"] == 0.9


def test_languages_are_known_by_name_and_code_and_by_no_other_word() -> None:
    for language in LANGUAGES:
        assert language_of(language.name.upper()) == language_of(language.code) == language
    for codes in ("name", "code", "flores"):
        assert len({getattr(language, codes) for language in LANGUAGES}) == len(LANGUAGES)
    with pytest.raises(pf.ModelError, match="Did you mean 'French'"):
        language_of("frensh")
