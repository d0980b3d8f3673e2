"""Registering webhooks, choosing one for a job, and believing what comes."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import WebhookError
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.webhooks.webhooks import MOST_OF_A_KEY, Webhooks, new_secret, signed

URL = "https://hooks.example/pixelflow"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "serve")
    yield made
    made.close()


@pytest.fixture
def webhooks(store: Store) -> Webhooks:
    return Webhooks(store, "")


def test_a_webhook_belongs_to_its_key_and_its_secret_is_not_told_later(webhooks: Webhooks) -> None:
    made = webhooks.add("ada", URL, ["job.finished", "NODE_RUN"])
    assert made.secret.startswith("whsec_")
    assert webhooks.of_key("ada") == webhooks.of_key() == [made]
    assert webhooks.find(made.id, "ada") == made
    assert webhooks.find(made.id, "bob") is None
    assert made.secret not in json.dumps(made.as_json())
    assert not webhooks.remove(made.id, "bob")
    assert webhooks.remove(made.id, "ada")
    assert not webhooks.remove(made.id)
    assert webhooks.of_key("ada") == []


def test_a_key_has_a_limited_number_of_webhooks(webhooks: Webhooks) -> None:
    for _ in range(MOST_OF_A_KEY):
        webhooks.add("ada", URL)
    with pytest.raises(WebhookError, match="at most"):
        webhooks.add("ada", URL)
    webhooks.add("bob", URL)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"events": ["job.finnished"]}, "Did you mean 'job.finished'"),
        ({"events": []}, "at least one"),
        ({"events": "job.finished"}, "a list"),
        ({"secret": "whsec_c2hvcnQ="}, "24 to 64"),
        ({"secret": "hunter2"}, "whsec_"),
        ({"secret": "whsec_****"}, "base64"),
        ({"url": "http://192.168.0.1/"}, "PIXELFLOW_WEBHOOK_HOSTS"),
    ],
)
def test_what_cannot_be_is_refused_in_words(webhooks: Webhooks, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(WebhookError, match=words):
        webhooks.add("ada", **{"url": URL, **settings})


def test_a_job_names_a_url_a_url_with_its_secret_or_a_registered_webhook(webhooks: Webhooks) -> None:
    assert webhooks.chosen(None, "ada") is None
    assert json.loads(webhooks.chosen(URL, "ada") or "") == {
        "url": URL,
        "secret": webhooks.secret_of("ada"),
        "events": ["job.finished"],
    }
    own = {"url": URL, "secret": new_secret(), "events": ["job.started"]}
    assert json.loads(webhooks.chosen(own, "ada") or "") == own
    made = webhooks.add("ada", URL)
    assert webhooks.chosen(made.id, "ada") is None  # it is told anyway
    for wrong in (made.id, 7, ["x"], {"url": URL, "method": "GET"}, {"secret": new_secret()}, "http://127.0.0.1/"):
        with pytest.raises(WebhookError):
            webhooks.chosen(wrong, "bob")


def test_the_secret_of_a_key_is_its_own_and_lasts(store: Store) -> None:
    first, again = Webhooks(store, ""), Webhooks(store, "")
    assert first.secret_of("ada") == again.secret_of("ada") != first.secret_of("bob")
    assert stat.S_IMODE((store.folder / "webhooks.key").stat().st_mode) == 0o600
    assert [path.name for path in store.folder.glob("webhooks.key*")] == ["webhooks.key"]


BODY = '{"type": "job.finished", "data": {"prompt": "grün"}}'


def test_a_receiver_believes_what_is_signed_with_its_secret() -> None:
    secret = new_secret()
    headers = signed("msg_1", BODY, secret, time.time())
    assert pf.verify_webhook(BODY.encode(), headers, secret) == json.loads(BODY)
    assert pf.verify_webhook(BODY, {name.title(): value for name, value in headers.items()}, secret) == json.loads(BODY)


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the Standard Webhooks specification.
    headers = signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY.replace("grün", "rot")},
        {"secret": new_secret()},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(time.time()) - 400)},
        {"webhook-timestamp": str(int(time.time()) + 400)},
        {"webhook-timestamp": "yesterday"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,*"},
        {"webhook-signature": ""},
        {"body": b"\xff\xfe"},
    ],
)
def test_a_receiver_does_not_believe_what_was_changed_or_is_old(change: dict[str, Any]) -> None:
    secret = new_secret()
    headers = signed("msg_1", BODY, secret, time.time())
    headers |= {name: value for name, value in change.items() if name.startswith("webhook-")}
    with pytest.raises(WebhookError):
        pf.verify_webhook(change.get("body", BODY), headers, change.get("secret", secret))
