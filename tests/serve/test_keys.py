"""Keys: shown once, kept as a hash, scoped, revoked at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pixelflow_widgets.errors import ServeError
from pixelflow_widgets.serve import keys as keys_module
from pixelflow_widgets.serve.keys import Keys
from pixelflow_widgets.serve.store import Store


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(Store(tmp_path))


def test_a_key_is_known_again_by_its_text_alone(keys: Keys) -> None:
    made = keys.make("the shop", ["poster"])
    assert re.fullmatch(r"pf_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", made.text)
    found = keys.check(made.text)
    assert found is not None and (found.id, found.title, found.scopes) == (made.key.id, "the shop", ("poster",))


def test_what_is_kept_of_a_key_does_not_hold_its_secret(keys: Keys, tmp_path: Path) -> None:
    made = keys.make("the shop")
    secret = made.text.rpartition(f"pf_{made.key.id}_")[2].encode()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert made.key.id.encode() in kept and secret not in kept


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.replace("pf_", "sk_"),
        lambda text: text + "\n",
        lambda text: "pf_00000000" + text[11:],
        lambda text: "pf_é0000000_" + "A" * 43,
        lambda text: text[:11].upper() + text[11:],
    ],
)
def test_no_other_text_is_a_key(keys: Keys, change) -> None:  # type: ignore[no-untyped-def]
    made = keys.make("the shop")
    assert keys.check(change(made.text)) is None
    assert keys.check(made.text) is not None


def test_scopes_say_what_a_key_may_call_and_manage(keys: Keys) -> None:
    one, every, admin = (keys.make("k", scopes).key for scopes in (["poster"], ["*"], ["admin"]))
    assert [key.may_call("poster") for key in (one, every, admin)] == [True, True, False]
    assert [key.may_call("other") for key in (one, every, admin)] == [False, True, False]
    assert [key.is_admin for key in (one, every, admin)] == [False, False, True]
    assert not admin.may_call("admin") and keys.make("k", "poster").key.scopes == ("poster",)


@pytest.mark.parametrize("scopes", [[], [""], ["Poster"], ["../x"], ["a b"], ["*", "a/b"]])
def test_a_scope_that_names_nothing_is_refused_in_words(keys: Keys, scopes: list[str]) -> None:
    with pytest.raises(ServeError, match="Scopes are names of endpoints"):
        keys.make("k", scopes)


def test_a_key_that_may_make_no_request_is_refused(keys: Keys) -> None:
    assert keys.make("k", per_minute=1).key.per_minute == 1
    with pytest.raises(ServeError, match="Revoke it instead"):
        keys.make("k", per_minute=0)


def test_a_revoked_key_is_refused_at_once_also_by_other_processes(keys: Keys, tmp_path: Path) -> None:
    made, other = keys.make("k"), Keys(Store(tmp_path))
    assert other.check(made.text) is not None
    assert keys.revoke(made.key.id).revoked_at is not None
    assert keys.check(made.text) is None and other.check(made.text) is None
    assert [key.id for key in keys.all()] == [made.key.id]
    with pytest.raises(ServeError, match="was revoked"):
        keys.rotate(made.key.id)


def test_a_rotated_key_has_another_secret_and_stays_the_same_key(keys: Keys) -> None:
    made = keys.make("the shop", ["poster"], per_minute=5)
    again = keys.rotate(made.key.id)
    assert keys.check(made.text) is None
    found = keys.check(again.text)
    assert found is not None and (found.id, found.scopes, found.per_minute) == (made.key.id, ("poster",), 5)


def test_an_unknown_key_is_named_in_words(keys: Keys) -> None:
    for act in (keys.find, keys.revoke, keys.rotate):
        with pytest.raises(ServeError, match="There is no key 'nobody'"):
            act("nobody")


def test_a_use_is_noted_and_not_with_every_request(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    made = keys.make("k")
    assert made.key.last_used_at is None
    keys.check(made.text)
    first = keys.find(made.key.id).last_used_at
    assert first is not None
    keys.check(made.text)
    assert keys.find(made.key.id).last_used_at == first
    monkeypatch.setattr(keys_module, "_NOTED_SECONDS", -1)
    keys.check(made.text)
    assert keys.find(made.key.id).last_used_at != first
