"""Messages: every request is handled once, in its page's order, and answered."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pixelflow_widgets as pf
from tests.flow.strategies import SOAK

from .page import Page, add, wait_for


def test_hello_is_answered_by_the_whole_flow_or_by_what_is_missing(flow: pf.Flow) -> None:
    flow.add("number", id="first")
    page = Page(flow)
    assert page.hello["type"] == "welcome"
    assert (page.hello["epoch"], page.hello["rev"], page.hello["undo"]) == (flow.epoch, 1, True)
    assert page.hello["flow"] == flow.document
    flow.add("number", id="second")
    again = page.ask("hello", have={"epoch": flow.epoch, "rev": 1})
    assert "flow" not in again
    assert [change["rev"] for change in again["changes"]] == [2]
    assert again["changes"][0]["ops"][0]["id"] == "second"
    for have in ({"epoch": "other", "rev": 1}, {"epoch": flow.epoch, "rev": 99}, {"epoch": flow.epoch, "rev": "1"}, 7):
        assert page.ask("hello", have=have)["flow"] == flow.document


def test_an_edit_is_answered_by_the_change_that_every_page_hears(flow: pf.Flow, page: Page) -> None:
    other = Page(flow, "other")
    change = page.edit(add("n", value=2.0))
    assert change["type"] == "change"
    assert (change["rev"], change["client"], change["source"]) == (1, "page", "page")
    assert (change["undo"], change["redo"]) == (True, False)
    assert flow.document["nodes"]["n"]["values"] == {"value": 2.0}
    assert other.edit({"op": "set_values", "id": "n", "values": {"value": 3.0}})["client"] == "other"
    assert [m["rev"] for m in page.of("change")] == [1, 2]


def test_an_edit_from_python_reaches_the_pages_as_nobodys(flow: pf.Flow, page: Page) -> None:
    flow.add("number", id="n")
    change = page.of("change")[-1]
    assert (change["rev"], change["client"], change["seq"], change["source"]) == (1, None, None, "python")


def test_an_edit_that_breaks_a_rule_is_refused_in_words_and_changes_nothing(flow: pf.Flow, page: Page) -> None:
    page.edit(add("a"), add("b"))
    before = flow.document
    refused = page.edit({"op": "connect", "from": "a.number", "to": "b.colour"})
    assert refused["type"] == "reject"
    assert "has no input 'colour'" in refused["message"]
    assert flow.document is before
    assert page.edit(add("c"))["rev"] == 2, "the next one is taken, with its own number"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"epoch": "another"}, "earlier life"),
        ({"ops": []}, "at least one"),
        ({"ops": "add"}, "at least one"),
        ({"ops": [3]}, "There is no operation"),
        ({"ops": [{"op": ["add_node"]}]}, "There is no operation"),
        ({"ops": [add("n", "note", text="\ud83d")]}, "half a character"),
        ({"ops": [add("n")], "merge": 3}, "named by a text"),
    ],
)
def test_edits_that_make_no_sense_are_refused_in_words(flow: pf.Flow, page: Page, fields: Any, words: str) -> None:
    answer = page.ask("ops", **{"epoch": flow.epoch, "base_rev": 0, **fields})
    assert answer["type"] == "reject"
    assert words in answer["message"]
    assert flow.revision == 0


def test_undo_and_redo_are_one_history_of_code_and_hands(flow: pf.Flow, page: Page) -> None:
    assert page.ask("undo")["did"] is False
    page.edit(add("hand"))
    flow.add("number", id="code")
    undone = page.ask("undo")
    assert (undone["type"], undone["client"], undone["redo"]) == ("change", "page", True)
    assert set(flow.nodes) == {"hand"}
    assert page.ask("undo")["undo"] is False
    assert set(flow.nodes) == set()
    assert page.ask("redo")["ops"][0]["id"] == "hand"
    assert page.ask("redo")["type"] == "change"
    assert page.ask("redo")["did"] is False


def test_edits_that_belong_together_are_one_undo_step(flow: pf.Flow, page: Page) -> None:
    page.edit(add("n"))
    for value in (1.0, 2.0, 3.0):
        page.edit({"op": "set_values", "id": "n", "values": {"value": value}}, merge="n.value")
    page.ask("undo")
    assert flow.document["nodes"]["n"]["values"] == {}


def test_a_request_that_comes_twice_is_answered_twice_and_done_once(flow: pf.Flow, page: Page) -> None:
    change = page.edit(add("n"))
    message = {"type": "ops", "client": "page", "seq": change["seq"], "epoch": flow.epoch, "ops": [add("n")]}
    page.send(message)
    assert flow.revision == 1
    assert page.of("change") == [change, change]
    refused = page.edit(add("n"))
    page.send({**message, "seq": refused["seq"]})
    assert page.of("reject") == [refused, refused]


def test_a_request_of_long_ago_is_answered_and_not_done(flow: pf.Flow, page: Page) -> None:
    page.edit(add("n"))
    for _ in range(300):
        page.ask("stop", run="r1")
    page.send({"type": "ops", "client": "page", "seq": 2, "epoch": flow.epoch, "ops": [add("m")]})
    assert page.of("ack")[-1]["seq"] == 2
    assert flow.revision == 1


def test_a_request_that_overtook_others_waits_for_them(flow: pf.Flow, page: Page) -> None:
    def request(seq: int, node: str) -> dict[str, Any]:
        return {"type": "ops", "client": "page", "seq": seq, "epoch": flow.epoch, "base_rev": 0, "ops": [add(node)]}

    page.send(request(4, "c"))
    page.send(request(3, "b"))
    assert flow.revision == 0
    page.send(request(2, "a"))
    assert list(flow.nodes) == ["a", "b", "c"]
    assert [m["seq"] for m in page.of("change")] == [2, 3, 4]


@pytest.mark.soak
@settings(max_examples=30 * SOAK, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
    copies=st.integers(1, 3),
)
def test_in_whatever_order_and_however_often_requests_come_the_flow_is_the_same(
    warmed: list[str], values: list[int], order: random.Random, copies: int
) -> None:
    flow = pf.Flow("ordered")
    page = Page(flow)
    operations = [add("n", value=0)] + [{"op": "set_values", "id": "n", "values": {"value": v}} for v in values]
    operations[1:1] = [add("n")]  # one that is refused, in its place
    requests = [
        {"type": "ops", "client": "page", "seq": seq, "epoch": flow.epoch, "base_rev": 0, "ops": [operation]}
        for seq, operation in enumerate(operations, 2)
    ]
    delivered = requests * copies
    order.shuffle(delivered)
    for request in delivered:
        page.send(request)
    assert flow.document["nodes"]["n"]["values"] == {"value": values[-1]}
    assert flow.revision == len(values) + 1
    answers = {seq: page.answer(seq) for seq in range(2, len(operations) + 2)}
    assert [answer["type"] if answer else None for answer in answers.values()] == [
        "change",
        "reject",
        *["change"] * len(values),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
KINDS = "hello ops undo redo run stop media want resolve compare versions restore save credit visible nonsense"
FIELDS = (
    "have ops epoch base_rev merge run targets inputs name medium node port item full media choice id frame nodes path"
)
kinds = st.sampled_from(KINDS.split())
fields = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.sampled_from(["n", "number", "image", "mine", "a.png", 1, [], ["n"], {}])
        for name in FIELDS.split()
    },
)


@pytest.mark.soak
@settings(max_examples=50 * SOAK, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.tuples(kinds, fields, st.booleans()), max_size=8), noise=st.lists(json_values, max_size=4))
def test_whatever_a_page_sends_the_next_request_is_answered(
    warmed: list[str], messages: list[tuple[str, dict[str, Any], bool]], noise: list[Any]
) -> None:
    flow = pf.Flow("hostile")
    page = Page(flow)
    page.edit(add("n", value=1.0))
    for kind, given_fields, in_turn in messages:
        if kind == "run":
            given_fields = {**given_fields, "targets": ["nobody"]}
        if in_turn and kind not in ("credit", "visible"):
            assert page.ask(kind, [b"no picture"], **given_fields)["type"] in ("ack", "reject", "welcome", "change")
        else:
            page.tell(kind, **given_fields)
    for value in noise:
        page.send(value)
        page.send({"type": "ops", "client": value, "seq": value})
        page.editor.set_state(
            {"selection": value, "viewport": value, "options": value, "document": value, "_esm": value}
        )
    assert page.edit(add("last"))["type"] == "change"
    assert page.editor.document["epoch"] == flow.epoch
    assert isinstance(page.editor.selection, list)


@pytest.mark.parametrize("client", ["python", "resolve", "file", "", "a b", "x" * 65, None, 3])
def test_a_page_that_takes_the_name_of_another_source_is_not_heard(flow: pf.Flow, page: Page, client: Any) -> None:
    before = len(page.line.messages)
    page.send({"type": "hello", "client": client, "seq": 1, "have": None})
    page.send({"type": "ops", "client": client, "seq": 1, "epoch": flow.epoch, "ops": [add("n")]})
    assert len(page.line.messages) == before
    assert flow.revision == 0


def test_a_request_that_nobody_knows_is_refused(page: Page) -> None:
    assert "does not know the request 'dance'" in page.ask("dance")["message"]


def test_an_error_in_a_handler_becomes_a_refusal(page: Page, flow: pf.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(flow, "undo", broken)
    answer = page.ask("undo")
    assert (answer["type"], "ZeroDivisionError" in answer["message"]) == ("reject", True)
    monkeypatch.setattr(flow, "apply", broken)
    assert page.edit(add("n"))["type"] == "reject"
    monkeypatch.undo()
    assert page.edit(add("n"))["seq"] == 4, "the change is the answer of this request, and of no earlier one"


# Media, files and versions


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (3, 2), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_dropped_picture_is_kept_and_can_be_fetched(flow: pf.Flow, page: Page) -> None:
    kept = page.ask("media", [png()], name="red.png", medium="image")
    reference = kept["value"]["$media"]
    assert reference.endswith(".png")
    fetched = page.ask("want", media=reference)
    assert fetched["mime"] == "image/png"
    assert PIL.Image.open(io.BytesIO(bytes(fetched["buffers"][0]))).getpixel((0, 0)) == (255, 0, 0)
    mask = page.ask("media", [png("white")], name="", medium="mask")["value"]["$media"]
    assert PIL.Image.open(io.BytesIO(bytes(page.ask("want", media=mask)["buffers"][0]))).mode == "L"


@pytest.mark.parametrize(
    ("buffers", "fields", "words"),
    [
        ([b"no picture"], {"name": "cat.png", "medium": "image"}, "'cat.png': This cannot be read as a picture"),
        ([b"no sound"], {"name": "a.wav", "medium": "audio"}, "cannot be read as a sound"),
        ([b"no film"], {"name": "a.mp4", "medium": "video"}, "cannot be read as a film"),
        ([], {"name": "a.png", "medium": "image"}, "with its bytes"),
        ([b""], {"name": "a.exe", "medium": "program"}, "with its bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(page: Page, buffers: Any, fields: Any, words: str) -> None:
    answer = page.ask("media", buffers, **fields)
    assert answer["type"] == "reject"
    assert words in answer["message"]


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a" * 64 + ".exe", 3, None, ["x"]])
def test_only_media_are_read_from_the_disk(page: Page, tmp_path: Path, name: Any) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    answer = page.ask("want", media=name)
    assert (answer["type"], answer["buffers"]) == ("reject", [])


def test_a_medium_that_is_not_here_is_refused(page: Page) -> None:
    assert "is missing" in page.ask("want", media="0" * 64 + ".png")["message"]


def test_saving_gives_a_name_its_ending_and_writes_over_no_other_file(
    flow: pf.Flow, page: Page, tmp_path: Path
) -> None:
    page.edit(add("n"))
    assert page.ask("save")["type"] == "reject"
    assert Path(page.ask("save", path="first")["file"]).name == "first.flow.json"
    assert set(pf.Flow.load(tmp_path / "first.flow.json").nodes) == {"n"}
    assert "Write flow.save" not in page.ask("save").get("message", "")
    (tmp_path / "other.flow.json").write_text("precious")
    assert "Choose another name" in page.ask("save", path="other.flow.json")["message"]
    assert (tmp_path / "other.flow.json").read_text() == "precious"
    for path in ("", " ", "a\0b", 3):
        assert page.ask("save", path=path)["type"] == "reject"


def test_versions_are_listed_and_one_can_be_restored(tmp_path: Path, warmed: list[str]) -> None:
    flow = pf.edit(tmp_path / "kept.flow.json")
    page = Page(flow)
    page.edit(add("old"))
    page.ask("save")
    page.edit({"op": "remove_node", "id": "old"}, add("new"))
    page.ask("save")
    versions = page.ask("versions")["versions"]
    assert len(versions) == 3
    assert versions[0]["saved_at"] >= versions[-1]["saved_at"]
    restored = page.ask("restore", id=versions[1]["id"])
    assert (restored["type"], restored["client"]) == ("change", "page")
    assert set(flow.nodes) == {"old"}
    assert page.ask("undo")["type"] == "change"
    assert set(flow.nodes) == {"new"}
    assert "not kept any more" in page.ask("restore", id="../../etc")["message"]
    flow.close()


def test_a_conflict_is_told_compared_and_resolved(tmp_path: Path, warmed: list[str]) -> None:
    path = tmp_path / "shared.flow.json"
    flow = pf.edit(path)
    page = Page(flow)
    assert "nothing to decide" in page.ask("compare")["message"]
    assert "nothing to decide" in page.ask("resolve", choice="mine")["message"]
    page.edit(add("mine"))
    elsewhere = pf.Flow("elsewhere")
    elsewhere.add("number", id="theirs")
    elsewhere.save(path)
    page.ask("save")
    wait_for(lambda: page.editor.conflict)
    assert page.editor.conflict["kind"] == "file"
    compared = page.ask("compare")
    assert set(compared["mine"]["nodes"]) == {"mine"}
    assert set(compared["other"]["nodes"]) == {"theirs"}
    assert page.ask("resolve", choice="neither")["type"] == "reject"
    assert page.ask("resolve", choice="other")["type"] == "ack"
    assert set(flow.nodes) == {"theirs"}
    assert page.of("change")[-1]["source"] == "resolve"
    wait_for(lambda: not page.editor.conflict)
    flow.close()


def test_code_that_makes_an_edited_flow_anew_asks_first_and_pages_wait(warmed: list[str]) -> None:
    first = pf.Flow("made")
    first._repr_mimebundle_()
    Page(first).edit(add("by_hand"))
    second = pf.Flow("made")
    second.add("number", id="by_code")
    second._repr_mimebundle_()
    page = Page(second)
    assert wait_for(lambda: page.editor.conflict)["kind"] == "code"
    refused = page.edit(add("n"))
    assert (refused["type"], "which" in refused["message"]) == ("reject", True)
    compared = page.ask("compare")
    assert (set(compared["mine"]["nodes"]), set(compared["other"]["nodes"])) == ({"by_hand"}, {"by_code"})
    assert page.ask("resolve", choice="mine")["type"] == "ack"
    assert set(second.nodes) == {"by_hand"}
    assert page.edit(add("n"))["type"] == "change"
    wait_for(lambda: page.editor.conflict == {} and page.editor.status["draft"])
    second.close()
