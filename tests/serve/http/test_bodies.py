"""JSON from anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.serve.http.bodies import read_json
from pixelflow_widgets.serve.http.refusals import Refusal
from pixelflow_widgets.serve.uploads.limits import Limits

LIMITS = Limits()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_json_says_is_read_as_json_says_it(value: Any) -> None:
    for ascii in (True, False):
        try:
            content = json.dumps(value, ensure_ascii=ascii).encode()
        except UnicodeEncodeError:
            continue
        assert read_json(content, LIMITS) == value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 100_000, "deeper than 16"),
        (b"[" * 17 + b"]" * 17, "deeper than 16"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "deeper than 16"),
        (b"[" + b"[]," * 30_000 + b"[]]", "objects and lists"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": Infinity}', "Infinity"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "1e999 is not a number"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "sensible"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 2}}', "twice"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": ["\\udfff"]}', "surrogate"),
        (b'{"\\ud800": 1}', "surrogate"),
        (b'{"a": [["\\uD800"]]}', "surrogate"),
        (b"{\0}\0", "no JSON"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "no JSON"),
        (b"", "no JSON"),
        (b"{'a': 1}", "no JSON"),
        (b'{"a": 1,}', "no JSON"),
        (b"]" * 100 + b"[" * 100, "no JSON"),
        # Each would take hours if a part of it were read again for each of its signs.
        pytest.param(b'"' + b'\\"' * 2_000_000, "no JSON", id="quotes"),
        pytest.param(b'{"a": "' + b'\\"' * 2_000_000 + b"\\", "no JSON", id="quotes within"),
        pytest.param(
            b"{" + b",".join(b'"%d":0' % number for number in range(500_000)) + b',"499999":0}', "twice", id="names"
        ),
    ],
)
def test_what_is_not_plain_json_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        read_json(content, LIMITS)


def test_brackets_within_texts_do_not_count() -> None:
    assert read_json(json.dumps({"a": "[" * 100 + '\\"[['}).encode(), LIMITS)["a"].startswith("[[[")
