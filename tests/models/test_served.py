"""Models on servers: what is asked, how answers come, and every way in which a server can fail."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets import secrets
from pixelflow_widgets.models.digests import digest_of, fingerprint
from pixelflow_widgets.models.fitting import check_model
from pixelflow_widgets.models.served import answering, connecting, listening
from tests.nodes.told import Told
from tests.zoo import scripted_server as acts
from tests.zoo.scripted_server import ScriptedServer

chat = pf.nodes.chat
KEY = "sk-planted-0123456789"
SCHEMA = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer(acts.says("hello"))
    yield server
    server.close()


@pytest.fixture(autouse=True)
def quick_and_forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long, and what one test plants or learns of a server another does not find."""
    monkeypatch.setattr(secrets, "_kept", secrets._Kept())
    monkeypatch.setattr(answering, "_known", {})
    monkeypatch.setattr(answering, "FIRST_WAIT", 0.01)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def model(scripted: ScriptedServer) -> pf.Model:
    return pf.nodes.language_server("tiny", base_url=scripted.address, key="")  # type: ignore[return-value]


def talk(model: pf.Model, told: Told | None = None, **values: Any) -> str:
    return chat("a red circle", model=model, progress=(told or Told()).reporter, **values)


def test_words_come_one_by_one_and_the_usage_is_the_servers(scripted: ScriptedServer, model: pf.Model) -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
    scripted.plays(acts.says("a ", "green ", "star", usage=usage))
    told = Told()
    assert talk(model, told) == "a green star"
    assert told.previews == ["a ", "a green ", "a green star"] or told.previews[-1] == "a green star"
    assert (told.usage.model, told.usage.input_tokens) == ("server:tiny", 12)
    assert (told.usage.cached_tokens, told.usage.output_tokens) == (8, 3)
    assert told.lines == []


def test_where_a_server_does_not_count_what_came_is_counted(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says("a ", "star"))
    told = Told()
    talk(model, told)
    assert told.usage.output_tokens == 2 and told.usage.input_tokens > 0


def test_the_request_says_what_the_node_says(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says("1"))
    picture = PIL.Image.new("RGB", (3, 2), (255, 0, 0))
    talk(model, system="a poet", images=[picture], max_tokens=9, seed=4, stop="##\n\\n", temperature=0.5)
    (request,) = scripted.requests
    assert request["model"] == "tiny" and request["stream"] is True
    assert (request["max_tokens"], request["seed"], request["temperature"], request["top_p"]) == (9, 4, 0.5, 0.95)
    assert request["stop"] == ["##", "\n"]
    system, user = request["messages"]
    assert system == {"role": "system", "content": "a poet"}
    shown, said = user["content"]
    data = shown["image_url"]["url"].removeprefix("data:image/png;base64,")
    assert PIL.Image.open(io.BytesIO(base64.b64decode(data))).tobytes() == picture.tobytes()
    assert said == {"type": "text", "text": "a red circle"}


def test_the_answer_ends_before_an_end_also_where_the_server_goes_on(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.never_ends("one #"))
    assert talk(model, stop="#o", max_tokens=50) == "one"
    assert scripted.hung_up.wait(5)


def test_thoughts_are_left_out(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says("<think>hm", "m</think>\n", "four"))
    assert talk(model) == "four"


# The key


def test_the_key_goes_to_the_server_and_only_to_the_one_that_it_is_for(scripted: ScriptedServer) -> None:
    scripted.plays(acts.says("hello"))
    pf.secrets["MY_KEY"] = KEY
    talk(pf.nodes.language_server("tiny", base_url=scripted.address, key="MY_KEY"))
    assert scripted.headers[0]["authorization"] == f"Bearer {KEY}"
    with pytest.raises(pf.ModelError, match="'MY_KEY' is not known to belong to https://llm.example.com"):
        talk(pf.nodes.language_server("tiny", base_url="https://llm.example.com/v1", key="MY_KEY"))


def test_a_redirect_is_not_followed_so_no_key_goes_elsewhere(scripted: ScriptedServer) -> None:
    other = ScriptedServer(acts.says("stolen"))
    try:
        pf.secrets["MY_KEY"] = KEY
        scripted.plays(acts.redirects(f"{other.address}/chat/completions"))
        with pytest.raises(pf.AnswerBroken, match="pass the request on to another address"):
            talk(pf.nodes.language_server("tiny", base_url=scripted.address, key="MY_KEY"))
        assert other.requests == []
    finally:
        other.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_key_that_a_server_echoes_is_hidden(scripted: ScriptedServer, status: int) -> None:
    pf.secrets["MY_KEY"] = KEY
    scripted.plays(acts.echoes(status))
    told = Told()
    with pytest.raises(pf.AnswerBroken, match="The key ••• ") as caught:
        talk(pf.nodes.language_server("tiny", base_url=scripted.address, key="MY_KEY"), told)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert KEY not in str(caught.value) + "".join(told.lines + told.notes)


def test_a_missing_key_is_said_before_anything_is_sent() -> None:
    with pytest.raises(pf.ModelError, match=r"no secret 'OPENAI_API_KEY'. Write pf.secrets.ask\("):
        talk(pf.Model("server:gpt-x"))


def test_without_an_address_the_environment_says_where(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.plays(acts.says("hello"))
    monkeypatch.setenv("OPENAI_BASE_URL", scripted.address)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    assert talk(pf.Model("server:tiny")) == "hello"
    assert "openai-organization" not in scripted.headers[0]
    assert scripted.headers[0]["authorization"] == f"Bearer {KEY}"


# What is refused


def test_a_busy_server_is_asked_again_as_it_wishes(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.refuses(429, "too many", retry_after="0.3"), acts.refuses(503), acts.says("there"))
    told, began = Told(), time.monotonic()
    assert talk(model, told) == "there"
    assert time.monotonic() - began >= 0.3
    assert "Asked again in 0.3 s (1 of 4)" in told.lines[0] and "too many" in told.lines[0]
    assert len(scripted.requests) == 3 and len(told.lines) == 2


def test_it_is_asked_five_times_and_no_more(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.refuses(500, "broken"))
    with pytest.raises(pf.AnswerBroken, match=r"failed \(500\).*broken"):
        talk(model)
    assert len(scripted.requests) == answering.MOST_TRIES


@pytest.mark.parametrize("headers", [{"retry_after": "3600"}, {"retry_after": "Wed, 21 Oct 2099 07:28:00 GMT"}])
def test_who_asks_for_an_hour_is_not_waited_for(
    scripted: ScriptedServer, model: pf.Model, headers: dict[str, str]
) -> None:
    scripted.plays(acts.refuses(429, "later", **headers))
    with pytest.raises(pf.AnswerBroken, match="Wait a while"):
        talk(model)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_will_not_change_is_not_asked_again(scripted: ScriptedServer, model: pf.Model, status: int) -> None:
    scripted.plays(acts.refuses(status, "never"))
    with pytest.raises(pf.AnswerBroken, match=rf"\({status}\).*never"):
        talk(model)
    assert len(scripted.requests) == 1


def test_stop_is_heard_while_a_busy_server_is_waited_for(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.refuses(429, "busy", retry_after="30"))

    class Impatient(Told):
        def progress(self, fraction: float | None, note: str) -> None:
            if "asked again" in note:
                raise pf.Cancelled("enough")

    began = time.monotonic()
    with pytest.raises(pf.Cancelled):
        talk(model, Impatient())
    assert time.monotonic() - began < 20


def test_arguments_that_a_server_does_not_know_are_left_out(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(
        acts.refuses(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        acts.refuses(400, "Unsupported value: 'temperature' does not support 0.7 with this model."),
        acts.refuses(422, "Unexpected fields in the request: {'repetition_penalty'}"),
        acts.says("fine"),
    )
    told = Told()
    assert talk(model, told, repetition_penalty=1.2, max_tokens=7) == "fine"
    last = scripted.requests[-1]
    assert last["max_completion_tokens"] == 7 and not {"max_tokens", "temperature", "repetition_penalty"} & set(last)
    assert any("does not take 'temperature'" in line for line in told.lines)
    assert talk(model, max_tokens=7) == "fine"
    assert "temperature" not in scripted.requests[-1] and len(scripted.requests) == 5  # it is remembered


def test_nobody_at_the_address_is_said_so() -> None:
    gone = ScriptedServer(acts.says("x"))
    gone.close()
    with pytest.raises(pf.AnswerBroken, match="was not reached. Is the address right"):
        talk(pf.nodes.language_server("tiny", base_url=gone.address, key=""))


# How answers break


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (acts.dies("a red ", "circle on"), "broke the connection off"),
        (acts.breaks_off("a red ", "circle on"), "without saying that it is whole"),
        (acts.stumbles("a red ", "circle on"), "no part of an answer"),
        (acts.stumbles("a red ", "circle on", over='{"error": {"message": "out of room"}}'), "out of room"),
    ],
)
def test_an_answer_that_breaks_off_keeps_its_text_and_a_retry_works(
    scripted: ScriptedServer, model: pf.Model, act: Any, words: str
) -> None:
    scripted.plays(act, acts.says("a red circle on white"))
    told = Told()
    with pytest.raises(pf.AnswerBroken, match=words) as caught:
        talk(model, told)
    assert caught.value.partial == "a red circle on" == told.previews[-1]
    assert "15 letters had come" in str(caught.value) and "circle on" in str(caught.value)
    assert told.usage.output_tokens == 2
    assert len(scripted.requests) == 1  # nothing is asked twice behind somebody's back
    assert talk(model) == "a red circle on white"


@pytest.mark.parametrize("act", [acts.dies(), acts.breaks_off()])
def test_what_breaks_before_the_first_word_is_asked_again(scripted: ScriptedServer, model: pf.Model, act: Any) -> None:
    scripted.plays(act, acts.says("there"))
    told = Told()
    assert talk(model, told) == "there"
    assert len(scripted.requests) == 2 and "Asked again" in told.lines[0]


def test_a_silent_server_is_given_up(
    scripted: ScriptedServer, model: pf.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SILENCE_SECONDS", 0.4)
    scripted.plays(acts.falls_silent("a red "))
    with pytest.raises(pf.AnswerBroken, match=r"is silent: nothing came for 0.4 s") as caught:
        talk(model)
    assert caught.value.partial == "a red "
    assert scripted.hung_up.wait(5)


def test_who_only_says_that_something_will_come_is_given_up(
    scripted: ScriptedServer, model: pf.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "FIRST_SECONDS", 0.4)
    scripted.plays(acts.pings())
    with pytest.raises(pf.AnswerBroken, match="is silent"):
        talk(model)
    assert scripted.hung_up.wait(5)


def test_a_slow_server_is_waited_for_and_the_node_says_so(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.slowly("a ", "star", seconds=1.3))
    told = Told()
    assert talk(model, told) == "a star"
    assert "Waiting for the server … 1 s" in told.notes and told.lines == []


def test_a_seed_and_a_temperature_of_zero_go_along_as_they_are(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says("1"))
    talk(model, temperature=0.0, seed=2**64 - 1)
    assert scripted.requests[0]["temperature"] == 0 and "top_p" not in scripted.requests[0]
    assert scripted.requests[0]["seed"] == 2**63 - 1


@pytest.mark.parametrize("words", [(), ("a red ",)])
def test_stop_ends_the_request_of_a_silent_server_at_once(
    scripted: ScriptedServer, model: pf.Model, words: tuple[str, ...]
) -> None:
    scripted.plays(acts.falls_silent(*words))

    class Impatient(Told):
        def progress(self, fraction: float | None, note: str) -> None:
            if " s" in note:  # it is silent for a second
                raise pf.Cancelled("enough")

    began = time.monotonic()
    with pytest.raises(pf.Cancelled):
        talk(model, Impatient())
    assert scripted.hung_up.wait(5)
    assert time.monotonic() - began < 10


def test_stop_between_words_ends_the_request(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.never_ends())
    told = Told(stop_after=3)
    with pytest.raises(pf.Cancelled):
        talk(model, told, max_tokens=4000)
    assert len(told.previews) == 3 and told.usage.output_tokens >= 3
    assert scripted.hung_up.wait(5)


def test_an_answer_without_end_is_cut_off(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.never_ends())
    with pytest.raises(pf.AnswerBroken, match="does not come to an end") as caught:
        talk(model, max_tokens=5)
    assert 0 < len(caught.value.partial) < 5000
    assert scripted.hung_up.wait(5)


def test_a_line_without_end_is_cut_off(
    scripted: ScriptedServer, model: pf.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "MOST_BYTES", 3_000_000)
    scripted.plays(acts.floods())
    with pytest.raises(pf.AnswerBroken, match="cut off: it sent more than 3 MB"):
        talk(model)
    assert scripted.hung_up.wait(5)


@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", b"<html>welcome</html>"), ("application/json", b'{"choices": []}')]
)
def test_what_does_not_stream_is_said_so(scripted: ScriptedServer, model: pf.Model, kind: str, body: bytes) -> None:
    scripted.plays(acts.gives(200, kind, body))
    with pytest.raises(pf.AnswerBroken, match=f"answered with {kind}"):
        talk(model)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 5}}], "usage": "much"},
        {"choices": [{"delta": {"content": ""}, "finish_reason": 7}], "usage": {"prompt_tokens": "x"}},
    ],
)
def test_chunks_of_strange_shapes_do_no_harm(scripted: ScriptedServer, model: pf.Model, body: Any) -> None:
    text = f"data: {json.dumps(body)}\n\ndata: {json.dumps(acts.chunk('fine', 'stop'))}\n\ndata: [DONE]\n\n"
    scripted.plays(acts.gives(200, "text/event-stream", text.encode()))
    assert talk(model) == "fine"


@pytest.mark.parametrize(
    ("reason", "words", "line"),
    [
        ("length", ("a red",), "cut off after max_tokens, 9"),
        ("content_filter", ("a red",), "filter cut the answer off"),
    ],
)
def test_why_an_answer_ended_early_is_told(
    scripted: ScriptedServer, model: pf.Model, reason: str, words: tuple[str, ...], line: str
) -> None:
    scripted.plays(acts.says(*words, reason=reason))
    told = Told()
    assert talk(model, told, max_tokens=9) == "a red"
    assert line in told.lines[0]


def test_an_answer_that_was_kept_back_is_an_error(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says(reason="content_filter"))
    with pytest.raises(pf.AnswerBroken, match="filter kept the whole answer back"):
        talk(model)


# JSON


def test_json_is_asked_for_by_schema_and_checked(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says('{"n": ', "4}"))
    assert talk(model, json_schema=SCHEMA) == '{"n": 4}'
    (request,) = scripted.requests
    assert request["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)
    assert '"integer"' in request["messages"][0]["content"]


def test_a_server_that_knows_no_schemas_is_asked_in_words(scripted: ScriptedServer, model: pf.Model) -> None:
    refusal = acts.refuses(400, "response_format is not supported")
    scripted.plays(refusal, refusal, acts.says('```json\n{"n": 4}\n```'))
    assert talk(model, json_schema=SCHEMA) == '{"n": 4}'
    kinds = [request.get("response_format", {}).get("type") for request in scripted.requests]
    assert kinds == ["json_schema", "json_object", None]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('{"n": "four"}', r"at /n, 'four' is not of type 'integer'.*It begins: \{\"n\": \"four\"\}"),
        ("{}", "at the top, 'n' is a required property"),
        ("It is four.", "it is no JSON.*It begins: It is four."),
        ('{"n": NaN}', "NaN is no number"),
        ("[" * 30_000, "nested too deeply"),
        ("", r"It begins: \(nothing\)"),
    ],
)
def test_an_answer_that_fails_the_schema_is_quoted(
    scripted: ScriptedServer, model: pf.Model, said: str, why: str
) -> None:
    scripted.plays(acts.says(said))
    with pytest.raises(pf.AnswerBroken, match=why) as caught:
        talk(model, json_schema=SCHEMA, max_tokens=400)
    assert caught.value.partial == said


# Without a server


def test_the_extra_is_named_where_it_is_missing(model: pf.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *rest: Any) -> Any:
        raise ModuleNotFoundError(name) if name == "openai" else ImportError(name)

    monkeypatch.setattr(connecting.importlib, "import_module", missing)
    with pytest.raises(pf.ModelError, match=r'pip install "pixelflow-widgets\[llm\]"'):
        talk(model)


def test_a_handle_names_where_and_with_what_and_holds_no_key() -> None:
    made = pf.nodes.language_server(" gpt-x ", base_url="https://h/v1 ", key="MY_KEY")
    assert made == pf.Model("server:gpt-x", {"base_url": "https://h/v1", "key": "MY_KEY"})
    assert made.is_served and not made.is_live


def test_models_on_servers_are_described_weighed_and_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    model = pf.Model("server:gpt-x")
    card = pf.models.info(model)
    assert (card.title, card.is_here, "chat" in card.tasks) == ("gpt-x", True, True)
    assert "takes no memory here" in str(pf.models.fit(model))
    assert len(digest_of(model)) == 64
    others = [model, pf.Model("server:gpt-y"), model.with_options(base_url="https://h/v1"), model.with_options(key="K")]
    assert len({fingerprint(one) for one in others}) == 4
    before = fingerprint(model)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://other.example/v1")
    assert fingerprint(model) != before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"source": "server: "}, "No model is named"),
        ({"base_url": "ftp://host/v1"}, "no address of a server"),
        ({"base_url": "host/v1"}, "begins with https://"),
        ({"base_url": "https://me:word@host/v1"}, "holds a name or a password"),
        ({"base_url": "https://host/v1?key=abc"}, "ends with its path"),
        ({"key": "sk-abcdef"}, "looks like a key itself"),
        ({"key": "NOT_THERE"}, "no secret 'NOT_THERE'"),
    ],
)
def test_what_is_wrong_with_a_handle_is_said_before_a_run(fields: dict[str, str], words: str) -> None:
    options = {"base_url": "http://127.0.0.1:9/v1", "key": ""} | fields
    source = options.pop("source", "server:gpt-x")
    (fault,) = check_model("chat", pf.Model(source, options))
    assert words in str(fault)
    assert options["key"] not in str(fault) or not options["key"].startswith("sk-")


def test_a_model_on_a_server_paints_nothing_and_wears_nothing() -> None:
    model = pf.Model("server:gpt-x", {"base_url": "http://127.0.0.1:9/v1", "key": ""})
    assert "writes texts" in str(next(iter(check_model("text_to_image", model))))
    assert "no adapters" in str(next(iter(check_model("chat", model.with_adapter("x")))))


def test_where_likelihoods_are_needed_a_server_is_refused_in_words(model: pf.Model) -> None:
    with pytest.raises(pf.ModelError, match="does not tell how likely each label is"):
        pf.nodes.classify_text("a", labels=["b", "c"], model=model)


def test_the_other_nodes_of_texts_and_pictures_ask_servers_too(scripted: ScriptedServer, model: pf.Model) -> None:
    picture = PIL.Image.new("RGB", (4, 4))
    scripted.plays(acts.says("said"))
    assert pf.nodes.expand_prompt("a circle", model=model) == "said"
    assert pf.nodes.summarize("a circle. " * 9000, model=model, max_tokens=100) == "said"
    assert len(scripted.requests) > 2  # part by part
    assert pf.nodes.translate("a\nb", target="German", model=model) == "said\nsaid"
    assert pf.nodes.caption(picture, model=model) == "said"
    assert pf.nodes.visual_question(picture, "what?", model=model) == "said"


def test_a_translation_that_breaks_off_keeps_the_lines_before(scripted: ScriptedServer, model: pf.Model) -> None:
    scripted.plays(acts.says("eins"), acts.dies("zw"))
    with pytest.raises(pf.AnswerBroken) as caught:
        pf.nodes.translate("one\ntwo", target="German", model=model)
    assert caught.value.partial == "eins\nzw"
