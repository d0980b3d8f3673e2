"""A flow made an endpoint by mouse in JupyterLab: published, served, called with the key that was shown, changed.

One notebook, in the order in which a person would do it: each test goes on where the one before ended.
"""

from __future__ import annotations

import http.server
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

import pixelflow_widgets as pf

from .editor import EditorPage
from .lab import Lab, eventually, in_both_themes, write_notebook
from .servers import Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLOW = """
import os
os.environ |= SETTINGS
import pixelflow_widgets as pf

poster = pf.edit("poster")
words = poster.input("words", "at dusk", help="What is said.")
first = poster.add("prompt", id="first", text="a lighthouse", position=(0, 0))
joined = poster.add("join_text", id="join", texts=[first["text"], words], position=(330, 0))
poster.output("text", joined["text"])
poster.save()
poster
"""


@dataclass
class Hooks:
    """Is a receiver of webhooks on this machine."""

    told: queue.Queue[tuple[bytes, dict[str, str]]] = field(default_factory=queue.Queue)
    port: int = 0


@dataclass
class Known:
    """Is what was read off the page by one test and is used by those after it."""

    url: str = ""
    key: str = ""
    secret: str = ""


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    received = Hooks()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.told.put((body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        received.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield received
        server.shutdown()


@pytest.fixture(scope="module")
def lab(jupyter: Jupyter, page: Page, hooks: Hooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    settings = {"PIXELFLOW_DATA": str(tmp_path_factory.mktemp("data"))}
    settings["PIXELFLOW_WEBHOOK_HOSTS"] = f"127.0.0.1:{hooks.port}"
    write_notebook(jupyter.root / "publish" / "publish.ipynb", FLOW.replace("SETTINGS", repr(settings)), "1 + 1")
    page.set_viewport_size({"width": 1300, "height": 1000})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=jupyter.address)
    lab = Lab(page, jupyter)
    lab.open("publish/publish.ipynb")
    lab.run_cell(0)
    assert lab.errors() == []
    yield lab
    jupyter.end_kernels()


@pytest.fixture(scope="module")
def editor(lab: Lab, page: Page) -> EditorPage:
    return EditorPage(page).wait()


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


def panel_of(editor: EditorPage, tab: str) -> Locator:
    panel = editor.root.get_by_role("dialog", name="Publish")
    if not panel.is_visible():
        editor.button("Publish").click()
    panel.get_by_role("tab", name=tab, exact=True).click()
    return panel


def call(known: Known, path: str = "/v1/flows/poster/jobs", **values: Any) -> Any:
    headers = {"x-api-key": known.key, "content-type": "application/json", "prefer": "wait=60"}
    request = urllib.request.Request(known.url + path, json.dumps(values).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["outputs"]["text"]


def publish(panel: Locator, note: str, answer: str) -> None:
    panel.get_by_label("Note").fill(note)
    panel.get_by_role("button", name="Publish", exact=True).click()
    expect(panel).to_contain_text(answer)


def test_the_signature_is_edited_by_hand_and_shown_as_callers_will_see_it(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    editor.dock("inputs").locator('[data-port="words"]').first.hover()
    editor.dock("inputs").get_by_role("button", name="Edit the input Words").click()
    panel = editor.root.get_by_role("dialog", name="Publish")
    panel.get_by_label("Title").fill("When")
    panel.get_by_label("Title").blur()
    panel.get_by_label("Letters at most").fill("40")
    panel.get_by_label("Letters at most").blur()
    panel.get_by_label("Affects the cost").check()
    editor.wait_synced()
    seen = panel.get_by_role("region", name="What callers see")
    expect(seen).to_contain_text("text, max length 40, affects the cost")
    told = lab.value("poster.signature.input('words').as_json()")
    assert (told["title"], told["limits"], told["affects_cost"]) == ("When", {"max_length": 40}, True)
    seen.get_by_role("tab", name="Schema").click()
    expect(seen.locator("pre")).to_contain_text('"maxLength": 40')
    assert json.loads(seen.locator("pre").inner_text()) == lab.value("poster.signature.request_schema()")
    in_both_themes(lab, editor, artifacts, "lab-publish-signature")


def test_reasons_are_said_before_and_a_version_is_published(lab: Lab, editor: EditorPage, artifacts: Path) -> None:
    lab.execute("idle = poster.input('idle', 'x')")
    panel = panel_of(editor, "Publish")
    expect(panel.get_by_label("Name")).to_have_value("poster")
    reasons = panel.get_by_role("region", name="Reasons against publishing")
    expect(reasons).to_contain_text("The input 'idle' feeds nothing")
    panel.get_by_role("button", name="Publish", exact=True).click()
    in_both_themes(lab, editor, artifacts, "lab-publish-refused")
    lab.execute("poster.undo()")
    expect(reasons).to_have_count(0)
    publish(panel, "The first", "poster-v1 is published")
    told = "pf.serve.Endpoints(pf.serve.Store()).find('poster').note"
    assert lab.value(f"(__import__('pixelflow_widgets.serve'), {told})[1]") == "The first"


def test_the_server_starts_and_the_key_that_is_shown_once_calls_it(
    lab: Lab, editor: EditorPage, known: Known, artifacts: Path
) -> None:
    panel = panel_of(editor, "Call")
    panel.get_by_role("button", name="Serve").click()
    shown = panel.get_by_role("alert").filter(has_text="shown once")
    expect(shown).to_be_visible()
    known.key = shown.locator("code").inner_text()
    known.url = panel.get_by_role("region", name="Server").locator("code").inner_text()
    shown.get_by_role("button", name="Copy key").click()
    assert editor.page.evaluate("() => navigator.clipboard.readText()") == known.key
    in_both_themes(lab, editor, artifacts, "lab-publish-serving")
    shown.get_by_role("button", name="Done").click()
    assert call(known) == "a lighthouse, at dusk"
    assert call(known, words="at noon") == "a lighthouse, at noon"
    links = [link.get_attribute("href") for link in panel.get_by_role("link").all()]
    assert links == [f"{known.url}/docs", f"{known.url}/play/poster"]
    for link in links:
        with urllib.request.urlopen(str(link), timeout=20) as answer:
            assert answer.status == 200 and "text/html" in answer.headers["content-type"]
    assert lab.value("1 + 1") == 2, "the kernel is free"


def test_the_programs_that_are_shown_are_copied(editor: EditorPage, known: Known) -> None:
    panel = panel_of(editor, "Call")
    programs = panel.get_by_role("region", name="Programs that call it")
    for language, words in (("curl", "curl"), ("Python", "Client("), ("TypeScript", "fetch(")):
        programs.get_by_role("tab", name=language).click()
        programs.get_by_role("button", name="Copy").click()
        expect(programs.get_by_role("button", name="Copied")).to_be_visible()
        copied = editor.page.evaluate("() => navigator.clipboard.readText()")
        assert words in copied and known.url in copied and known.key not in copied


def test_two_versions_with_other_defaults_answer_otherwise_and_one_is_rolled_back_to(
    lab: Lab, editor: EditorPage, known: Known, artifacts: Path
) -> None:
    panel = panel_of(editor, "Signature")
    field = panel.get_by_label("Default of When")
    field.fill("at dawn")
    field.blur()
    editor.wait_synced()
    assert call(known) == "a lighthouse, at dusk", "editing changes nothing that is published"
    panel = panel_of(editor, "Publish")
    expect(panel.get_by_role("region", name="What has changed")).to_contain_text(
        "words is “at dawn” by default, was “at dusk”"
    )
    publish(panel, "The second", "poster-v2 is published")
    assert call(known) == "a lighthouse, at dawn"
    assert call(known, "/v1/flows/poster/versions/1/jobs") == "a lighthouse, at dusk"
    panel.get_by_role("button", name="Roll back to poster-v1").click()
    expect(panel.locator(".pf-version-list > li").nth(1)).to_contain_text("current")
    in_both_themes(lab, editor, artifacts, "lab-publish-versions")
    assert call(known) == "a lighthouse, at dusk"
    assert call(known, "/v1/flows/poster/versions/2/jobs") == "a lighthouse, at dawn"
    panel.get_by_role("button", name="Unpublish poster-v2").click()
    panel.get_by_role("button", name="Unpublish", exact=True).click()
    expect(panel.locator(".pf-version-list > li").first).to_contain_text("unpublished")
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(known, "/v1/flows/poster/versions/2/jobs")
    assert refused.value.code == 410


def test_a_rename_warns_of_the_published_version_until_it_is_undone(
    lab: Lab, editor: EditorPage, artifacts: Path
) -> None:
    editor.root.get_by_role("button", name="Close").click()
    editor.dock("inputs").get_by_text("When", exact=True).dblclick()
    editor.page.keyboard.type("Hour")
    editor.page.keyboard.press("Enter")
    expect(editor.notice).to_contain_text("Version 1 of the endpoint 'poster' takes 'words'")
    mark = editor.dock("inputs").get_by_role("button", name="Callers would miss inputs")
    in_both_themes(lab, editor, artifacts, "lab-publish-renamed")
    mark.click()
    panel = editor.root.get_by_role("dialog", name="Publish")
    expect(panel.get_by_role("alert").first).to_contain_text("an input that the flow has no longer")
    panel = panel_of(editor, "Publish")
    expect(panel.get_by_role("region", name="What has changed")).to_contain_text("The input words is gone")
    editor.undo()
    expect(mark).to_have_count(0)


def test_a_webhook_is_told_signed_and_a_delivery_is_replayed(
    lab: Lab, editor: EditorPage, known: Known, hooks: Hooks, artifacts: Path
) -> None:
    panel = panel_of(editor, "Webhooks")
    panel.get_by_label("URL").fill("http://10.0.0.1/hook")
    panel.get_by_role("button", name="Add webhook").click()
    expect(editor.notice).to_contain_text("10.0.0.1")
    panel.get_by_label("URL").fill(f"http://127.0.0.1:{hooks.port}/hook")
    panel.get_by_role("button", name="Add webhook").click()
    shown = panel.get_by_role("alert").filter(has_text="shown once")
    known.secret = shown.locator("code").inner_text()
    shown.get_by_role("button", name="Done").click()
    call(known, words="at night")
    body, headers = hooks.told.get(timeout=30)
    told = pf.verify_webhook(body, headers, known.secret)
    assert (told["type"], told["data"]["status"]) == ("job.finished", "succeeded")
    sent = panel.get_by_role("region", name="Deliveries")
    expect(sent.get_by_role("listitem")).to_contain_text("delivered")
    in_both_themes(lab, editor, artifacts, "lab-publish-webhooks")
    sent.get_by_role("button", name="Replay job.finished").click()
    again, its = hooks.told.get(timeout=30)
    assert (again, its["webhook-id"]) == (body, headers["webhook-id"])
    pf.verify_webhook(again, its, known.secret)


def test_usage_is_summed_by_day_and_key(lab: Lab, editor: EditorPage, artifacts: Path) -> None:
    panel = panel_of(editor, "Usage")
    row = panel.get_by_role("region", name="Usage").locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("notebook")
    expect(row).to_contain_text("succeeded")
    in_both_themes(lab, editor, artifacts, "lab-publish-usage")


def test_a_key_is_rotated_and_revoked_and_the_server_stops(editor: EditorPage, known: Known) -> None:
    panel = panel_of(editor, "Call")
    panel.get_by_role("button", name="Rotate notebook").click()
    panel.get_by_role("button", name="Rotate", exact=True).click()
    shown = panel.get_by_role("alert").filter(has_text="shown once")
    expect(shown).to_be_visible()
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(known)
    assert refused.value.code == 401
    known.key = shown.locator("code").inner_text()
    assert call(known) == "a lighthouse, at dusk"
    panel.get_by_role("button", name="Revoke notebook").click()
    panel.get_by_role("button", name="Revoke", exact=True).click()
    eventually(lambda: status(known), lambda code: code == 401)
    panel.get_by_role("button", name="Stop serving").click()
    expect(panel).to_contain_text("No server runs in this kernel")
    with pytest.raises(urllib.error.URLError):
        call(known)


def status(known: Known) -> int:
    try:
        call(known)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
