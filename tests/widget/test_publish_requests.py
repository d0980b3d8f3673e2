"""What pages ask about a flow as an endpoint: signature, versions, server, keys, webhooks, usage."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.serve import served

from .page import Page


@pytest.fixture
def flow(warmed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pf.Flow]:
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    flow = pf.Flow("Big words")
    words = flow.input("words", "at dusk", help="What is said.")
    flow.output("text", flow.add("join_text", texts=[flow.add("prompt", text="a mill")["text"], words])["text"])
    yield flow
    if (server := served.running_server()) is not None:
        server.stop(0)


def state(page: Page, name: str = "") -> dict[str, Any]:
    return page.ask("publishing", name=name)["publishing"]


def call(url: str, key: str, **values: Any) -> Any:
    headers = {"x-api-key": key, "content-type": "application/json", "prefer": "wait=60"}
    request = urllib.request.Request(f"{url}/jobs", json.dumps(values).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_the_signature_is_told_with_both_schemas(page: Page) -> None:
    signature = page.ask("signature")["signature"]
    (entry,) = signature["inputs"]
    assert entry["takes"] == "text, max length 10000"
    assert (entry["name"], entry["default"], entry["help"]) == ("words", "at dusk", "What is said.")
    assert list(signature["request"]["properties"]) == ["words"]
    assert list(signature["result"]["properties"]) == ["text"]


def test_a_flow_that_cannot_be_served_says_every_reason_at_once(flow: pf.Flow, page: Page) -> None:
    flow.output("image", flow.add("resize_image", id="shrink")["image"])
    answer = page.ask("publish", name="Big Words", caps={"hours": 3})
    told = answer["reasons"]
    assert any("cannot name an endpoint" in reason["message"] for reason in told)
    assert any(reason["node"] == "shrink" for reason in told)
    assert any("hours" in reason["message"] for reason in told)
    assert state(page)["versions"] == []


def test_reasons_and_caps_are_told_before_anybody_publishes(flow: pf.Flow, page: Page) -> None:
    told = state(page)
    assert told["reasons"] == [] and told["changes"] is None and told["caps"]["seconds"] == 600
    flow.output("image", flow.add("resize_image", id="shrink")["image"])
    assert [reason["node"] for reason in state(page)["reasons"]] == ["shrink"]


def test_a_flow_is_published_again_where_it_was_whatever_its_name_there(flow: pf.Flow, page: Page) -> None:
    assert page.ask("publish", name="loud")["did"] is True
    assert state(page)["name"] == "loud"
    again = page.ask("publish", name="loud")
    assert (again["published"], again["did"]) == ("loud-v1", False)
    other = Page(pf.Flow("Other"))
    assert state(other)["name"] == "other"
    taken = state(other, "loud")
    assert taken["of"] == "Big words" and state(other)["others"] == ["loud"]


def test_versions_are_listed_with_what_changed_and_rolled_back_and_taken_down(flow: pf.Flow, page: Page) -> None:
    assert state(page)["name"] == "big-words"
    assert page.ask("publish", name="big-words", note="the first")["published"] == "big-words-v1"
    assert state(page)["changes"] == []
    flow.apply([{"op": "set_input", "name": "words", "fields": {"default": "at dawn"}}])
    assert "“at dawn” by default, was “at dusk”" in state(page)["changes"][0]["words"]
    page.ask("publish", name="big-words", caps={"seconds": 60})
    second, first = state(page)["versions"]
    assert (second["number"], second["is_current"], second["caps"]["seconds"]) == (2, True, 60)
    assert (first["note"], first["changes"]) == ("the first", None) and "at dawn" in second["changes"][0]["words"]
    page.ask("roll_back", name="big-words", number=1)
    assert [each["is_current"] for each in state(page)["versions"]] == [False, True]
    page.ask("unpublish", name="big-words", number=1)
    assert [each["is_current"] for each in state(page)["versions"]] == [True, False]
    assert "unpublished" in page.ask("roll_back", name="big-words", number=1)["message"]
    assert page.ask("unpublish", name="big-words", number="1")["type"] == "reject"


def test_a_change_that_breaks_callers_is_marked(flow: pf.Flow, page: Page) -> None:
    page.ask("publish", name="big-words")
    flow.apply([{"op": "set_input", "name": "words", "fields": {"default": None, "limits": {"max_length": 50}}}])
    told = {each["words"]: each["breaks"] for each in state(page)["changes"]}
    assert told["words is required now"] and told["words has a max length of 50, was 10000"]


def test_the_server_starts_with_a_key_that_is_told_once_and_the_shown_address_answers(page: Page) -> None:
    page.ask("publish", name="big-words")
    assert "url" not in page.ask("serving", name="big-words")["serving"]
    key = page.ask("serve")["key"]
    assert "key" not in page.ask("serve")
    told = page.ask("serving", name="big-words")["serving"]
    assert (told["docs"], told["play"]) == (f"{told['url']}/docs", f"{told['url']}/play/big-words")
    assert told["about"] in told["snippets"]["curl"] and set(told["snippets"]) == {"curl", "python", "typescript"}
    assert [each["title"] for each in told["keys"]] == ["notebook"] and key not in json.dumps(told)
    assert call(told["about"], key, words="by night")["outputs"]["text"] == "a mill, by night"
    (row,) = page.ask("usage", name="big-words")["usage"]
    assert (row["key"], row["jobs"], row["status"]) == ("notebook", 1, "succeeded")
    page.ask("stop_serving")
    assert "url" not in page.ask("serving", name="big-words")["serving"]


def test_keys_are_made_turned_and_revoked(page: Page) -> None:
    first = page.ask("make_key", title="phone", scope="big-words")["key"]
    (key,) = page.ask("serving")["serving"]["keys"]
    assert (key["title"], key["scopes"]) == ("phone", ["big-words"])
    assert page.ask("rotate_key", id=key["id"])["key"] not in ("", first)
    page.ask("revoke_key", id=key["id"])
    assert page.ask("serving")["serving"]["keys"] == []
    assert "whom it is for" in page.ask("make_key", title=" ")["message"]


def test_webhooks_are_added_with_a_secret_told_once_and_removed(page: Page) -> None:
    page.ask("make_key", title="phone")
    (key,) = page.ask("webhooks")["webhooks"]["keys"]
    assert page.ask("add_webhook", key=key["id"], url="http://localhost:9", events=["job.finished"])["type"] == "reject"
    assert "at least one event" in page.ask("add_webhook", key=key["id"], url="https://example.com/")["message"]
    told = page.ask("add_webhook", key=key["id"], url="https://example.com/hook", events=["job.finished"])
    assert told["secret"].startswith("whsec_")
    (hook,) = page.ask("webhooks")["webhooks"]["hooks"]
    assert (hook["url"], hook["key"]) == ("https://example.com/hook", "phone") and "secret" not in hook
    assert page.ask("remove_webhook", id=hook["id"])["did"] is True
    assert page.ask("webhooks")["webhooks"]["hooks"] == []
    assert "not kept" in page.ask("replay", id="msg_none")["message"]


def test_nothing_of_the_room_is_imported_before_a_page_asks_and_no_web_framework_before_the_server() -> None:
    code = """
import sys
import pixelflow_widgets as pf
flow = pf.Flow("f"); flow.input("a", "b"); flow.editor
from pixelflow_widgets.widget.publish_requests import PublishRequests
asked = PublishRequests(lambda: flow)
print([name for name in sys.modules if name.startswith("pixelflow_widgets.serve.publishing.endpoints")])
asked._publishing("", {}, []); asked._serving("", {}, []); asked._webhooks("", {}, []); asked._usage("", {}, [])
print([name for name in ("fastapi", "starlette", "uvicorn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
