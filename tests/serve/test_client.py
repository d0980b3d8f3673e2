"""The typed client against a real server: values in and out, waiting, retries, and what goes wrong, in words."""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
import json
import pydoc
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import CallFailed, Cancelled, MediaError
from pixelflow_widgets.media.encoders import picture_file
from pixelflow_widgets.serve.client import AsyncClient, Client, JobState
from pixelflow_widgets.serve.client.drivers import Stream
from pixelflow_widgets.serve.client.values import MOST_INLINE, downloaded, medium_file
from tests.serve import served
from tests.serve.calling import Served, serving
from tests.serve.served_nodes import stamp


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("serve")) as made:
        yield made


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url, server.key) as made:
        yield made


def same(first: PIL.Image.Image, second: PIL.Image.Image) -> bool:
    return first.mode == second.mode and first.tobytes() == second.tobytes()


NOISE_SIZE = (16, 12)


def noise(size: tuple[int, int] = NOISE_SIZE, seed: int = 0) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8))


# Types


def test_a_flow_is_a_function_with_its_signature(client: Client) -> None:
    signature = inspect.signature(client.say_it)
    assert list(signature.parameters) == ["text", "count", "size", "flag", "mode"]
    text, count, size, flag, mode = signature.parameters.values()
    assert (text.annotation, text.default) == (str, inspect.Parameter.empty)
    assert (count.annotation, count.default) == (int, 3)
    assert (size.annotation, size.default) == (float, 0.5)
    assert (flag.annotation, flag.default) == (bool, False)
    assert mode.annotation == Literal["soft", "hard"]
    assert signature.return_annotation is str
    assert inspect.signature(client.stamp).return_annotation is PIL.Image.Image
    assert client.say_it.__annotations__["return"] is str


def test_its_help_says_what_the_flow_says(client: Client) -> None:
    words = pydoc.render_doc(client.say_it, renderer=pydoc.plaintext)
    assert "count: How often. From 0 to 20." in words
    assert "text: What to say." in words
    assert "(*, text: str, count: int" in repr(client.say_it)
    assert client.stamp.__name__ == "stamp"


def test_several_outputs_are_a_named_tuple_of_their_types(client: Client) -> None:
    returned = inspect.signature(client.media).return_annotation
    assert returned._fields == ("image", "mask", "audio", "video", "table", "images")
    assert returned.__annotations__["audio"] is pf.Audio
    assert returned.__annotations__["images"] == list[PIL.Image.Image]
    assert returned.__annotations__["table"] is pd.DataFrame


def test_flows_are_listed_for_completion(client: Client, server: Served) -> None:
    assert {"stamp", "say-it"} <= set(dir(client))
    assert "stamp" in [flow["name"] for flow in client.flows()]
    with Client("http://127.0.0.1:9", "pf_x", patience=0.0) as away:
        assert "stamp" not in dir(away)


def test_names_of_notebooks_ask_nothing_of_the_server() -> None:
    with Client("http://127.0.0.1:9", "pf_secret") as away:
        for name in ("_repr_html_", "_ipython_display_", "__wrapped__"):
            assert not hasattr(away, name)
        assert "pf_secret" not in repr(away)


# Values


def test_each_prompt_gets_its_picture(client: Client) -> None:
    for text in ("a red circle", "ein grüner Stern", "🎈"):
        assert same(client.stamp(text=text), stamp(text))


def test_every_plain_value_arrives(client: Client) -> None:
    said = client.say_it(text='ja\n"wohl"', count=np.int64(7), size=np.float32(0.25), flag=True, mode="hard")
    assert json.loads(said) == ['ja\n"wohl"', 7, 0.25, True, "hard"]
    assert json.loads(client["say-it"](text="x", count=None)) == ["x", 3, 0.5, False, "soft"]


def test_every_medium_goes_there_and_comes_back(client: Client) -> None:
    image, mask = noise(), noise(seed=1).convert("L")
    wave = np.sin(np.linspace(0, 50, 800, dtype=np.float32)).reshape(1, -1) * 0.5
    frames = np.repeat(np.linspace(0, 255, 6, dtype=np.uint8), 16 * 16 * 3).reshape(6, 16, 16, 3)
    table = pd.DataFrame({"word": ["a", None], "count": [1, 2], "share": [0.5, 1.5]})
    given = client.media(
        image=image,
        mask=mask,
        audio=pf.Audio(wave, 8000),
        video=pf.Video(frames, 12),
        table=table,
        images=[image, noise(seed=2)],
    )
    assert same(given.image, image)
    assert same(given.mask, mask)
    assert given.audio.sample_rate == 8000
    assert np.abs(given.audio.samples - wave).max() < 1e-3
    assert (given.video.frames.shape, given.video.fps) == (frames.shape, 12)
    assert np.abs(given.video.frames.astype(int) - frames).mean() < 8
    assert given.table["word"].isna().tolist() == [False, True]
    assert given.table["share"].tolist() == [0.5, 1.5]
    assert [same(*pair) for pair in zip(given.images, [image, noise(seed=2)], strict=True)] == [True, True]


def test_a_picture_may_be_what_people_hold(tmp_path: Path) -> None:
    image = noise()
    content = picture_file(image, ".png")
    (tmp_path / "a.png").write_bytes(content)
    for given in (image, np.asarray(image), content, tmp_path / "a.png", str(tmp_path / "a.png"), io.BytesIO(content)):
        assert same(PIL.Image.open(io.BytesIO(medium_file("image", "image", given))), image)
    fractions = np.asarray(image).astype(np.float64) / 255
    assert same(PIL.Image.open(io.BytesIO(medium_file("image", "image", fractions))), image)
    selected = np.zeros((4, 4, 1), bool)
    assert PIL.Image.open(io.BytesIO(medium_file("mask", "mask", selected))).mode == "L"
    with pytest.raises(MediaError, match="'photo' takes a PIL image"):
        medium_file("photo", "image", 7)
    with pytest.raises(MediaError, match="cannot be read"):
        medium_file("photo", "image", "/nowhere/at/all.png")
    with pytest.raises(MediaError, match="shape"):
        medium_file("photo", "image", np.zeros((4, 4, 7)))


def test_a_large_picture_is_uploaded_first_and_may_be_named_by_its_id(
    client: Client, server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pf.Flow("turn") as flow:
        from tests.serve.served_nodes import echoed

        flow.output("image", echoed(image=flow.input("image", type=pf.Image)))
    server.publish(flow, "turn")
    image = noise((400, 400))
    assert len(picture_file(image, ".png")) > MOST_INLINE
    turned = image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)
    job = client.turn.submit(image=image)
    assert same(job.wait(), turned)
    stored = server.serving.jobs.find(job.id)
    assert stored is not None
    upload = stored.inputs["image"]
    assert upload.startswith("up_")
    assert same(client.turn(image=upload), turned)
    url = f"data:image/png;base64,{base64.b64encode(picture_file(noise(), '.png')).decode()}"
    assert client.turn(image=url).size == (16, 12)
    (tmp_path / "up_to_date.png").write_bytes(picture_file(noise(), ".png"))
    monkeypatch.chdir(tmp_path)
    assert client.turn(image="up_to_date.png").size == (16, 12)


def test_a_number_beyond_javascript_is_whole(client: Client) -> None:
    assert client.large() == 2**60 + 1


def test_the_drawn_seed_is_answered_and_gives_the_same_again(client: Client) -> None:
    job = client.drawn.submit()
    number = job.wait()
    assert job.state.seeds["seed"] in (number, str(number))
    assert client.drawn(seed=number) == number


def test_media_of_other_servers_are_not_asked_for() -> None:
    for url in ("https://elsewhere.example/x", "//elsewhere.example/x", "http://127.0.0.1:81/x"):
        with pytest.raises(CallFailed, match="another server"):
            next(downloaded({"url": url}, "http://127.0.0.1:80", 1.0))


# What goes wrong


def test_an_unknown_or_missing_input_is_said_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(TypeError, match="no input 'txt'. Did you mean 'text'"):
        client.stamp(txt="x")
    with pytest.raises(TypeError, match="takes its inputs by name"):
        client.stamp("a poster")
    with pytest.raises(TypeError, match=r"stamp\(\) needs text"):
        client.stamp()


def test_every_fault_of_the_values_is_said(client: Client) -> None:
    with pytest.raises(CallFailed) as raised:
        client.say_it(text="x", count=99, mode="loud")
    assert (raised.value.status, raised.value.type) == (422, "values_refused")
    assert "/count" in str(raised.value)
    assert "/mode" in str(raised.value)
    with pytest.raises(CallFailed, match="cannot be sent"):
        client.say_it(text="x", size=float("nan"))


def test_a_flow_that_fails_says_why(client: Client) -> None:
    with pytest.raises(CallFailed, match="It is too late") as raised:
        client.breaks()
    assert raised.value.type == "node_failed"
    assert raised.value.status is None


def test_an_unknown_flow_is_said_with_the_nearest_one(client: Client) -> None:
    with pytest.raises(AttributeError, match="Did you mean 'stamp'"):
        _ = client.stmp
    with pytest.raises(CallFailed) as raised:
        client.flow("stamp", version=99)
    assert raised.value.status == 404


def test_a_wrong_key_is_said(server: Served) -> None:
    with Client(server.url, "pf_wrong") as stranger, pytest.raises(CallFailed) as raised:
        stranger.flows()
    assert raised.value.status == 401


def test_the_key_may_come_from_the_environment(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELFLOW_KEY", server.key)
    with Client(server.url) as made:
        assert made.flows()


def test_a_server_that_is_away_and_a_url_that_is_none_are_said() -> None:
    with Client("127.0.0.1:9", "pf_x", patience=0.3) as away, pytest.raises(CallFailed, match="does not answer"):
        away.flows()
    with pytest.raises(ValueError, match="A server's URL"):
        Client("ftp://x")


# Waiting


def test_progress_is_told_as_it_comes(client: Client) -> None:
    told: list[JobState] = []
    assert client.counts.using(progress=told.append)() == 4
    assert told[-1].status == "succeeded"
    assert any(state.note.startswith("step") and state.progress for state in told)


def test_a_job_can_be_left_and_found_again(client: Client) -> None:
    job = client.stamp.submit(text="later")
    again = client.job(job.id)
    assert same(again.wait(), stamp("later"))
    assert again.refresh().status == "succeeded"


def ended(server: Served, id: str) -> str:
    job = server.serving.jobs.wait(id, 10)
    assert job is not None
    return job.status


def newest(server: Served, name: str) -> str:
    return server.serving.jobs.of_key(name=name, most=1)[0].id


def test_a_cancelled_job_raises(client: Client) -> None:
    job = client.slow.submit()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()


def test_a_call_that_takes_too_long_is_given_up_and_cancelled(client: Client, server: Served) -> None:
    with pytest.raises(TimeoutError, match="after 0.5 seconds"):
        client.slow.using(timeout=0.5)()
    assert ended(server, newest(server, "slow")) == "canceled"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whoever_stops_waiting_cancels_the_job(client: Client, server: Served, error: type[BaseException]) -> None:
    def stop(state: JobState) -> None:
        if state.progress:
            raise error

    with pytest.raises(error):
        client.slow.using(progress=stop)()
    assert ended(server, newest(server, "slow")) == "canceled"


def test_two_calls_with_one_idempotency_key_are_one_job(client: Client) -> None:
    once = client.stamp.using(idempotency_key="monday", priority="high")
    assert once.submit(text="x").id == once.submit(text="x").id
    assert client.stamp.submit(text="x").id != client.stamp.submit(text="x").id
    with pytest.raises(CallFailed) as raised:
        once.submit(text="y")
    assert raised.value.status == 409


def test_a_new_version_is_noticed_and_an_old_one_stays(client: Client, server: Served) -> None:
    server.publish(served.stamp_flow(), "changing")
    assert client.changing(text="x").size == (16, 16)
    with pf.Flow("changing") as flow:
        from tests.serve import client_nodes

        flow.output("said", client_nodes.every_value(text=flow.input("text", type=str)))
    server.publish(flow, "changing")
    assert json.loads(client.changing(text="x"))[0] == "x"
    assert client.flow("changing", version=1)(text="x").size == (16, 16)


# Servers and lines as they are


Send = Callable[[Any], Any]


class Before:
    """Stands before the app, and answers in its place as long as `faults` has something."""

    def __init__(self) -> None:
        self.faults: list[Callable[[Any, Send], Any]] = []
        self.path = "/v1"
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def __call__(self, app: Any) -> Any:
        async def front(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                self.seen.append((scope["method"], scope["path"], headers))
                if self.faults and self.path in scope["path"]:
                    fault = self.faults.pop(0)
                    if not await fault(lambda send: app(scope, receive, send), send):
                        return
            await app(scope, receive, send)

        return front


async def busy(do: Any, send: Send) -> bool:
    await send({"type": "http.response.start", "status": 429, "headers": [(b"retry-after", b"1")]})
    await send({"type": "http.response.body", "body": b"{}"})
    return False


async def done_but_cut_off(do: Any, send: Send) -> bool:
    """Do what is asked, and drop the line before the answer."""

    async def silent(_: Any) -> None: ...

    await do(silent)
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"900")]})
    raise RuntimeError("the line is cut")


async def no_events(do: Any, send: Send) -> bool:
    await send({"type": "http.response.start", "status": 501, "headers": []})
    await send({"type": "http.response.body", "body": b"<html>"})
    return False


async def cut_after_one_event(do: Any, send: Send) -> bool:
    count = 0

    async def some(message: Any) -> None:
        nonlocal count
        count += message["type"] == "http.response.body"
        if count > 2:
            raise RuntimeError("the line is cut")
        await send(message)

    with suppress(RuntimeError):
        await do(some)
    raise RuntimeError("the line is cut")


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Before]]:
    before = Before()
    with serving(tmp_path_factory.mktemp("serve"), before) as made:
        yield made, before


@pytest.fixture
def front(shaky: tuple[Served, Before]) -> Before:
    shaky[1].faults.clear()
    shaky[1].seen.clear()
    return shaky[1]


@pytest.fixture
def over(shaky: tuple[Served, Before]) -> Iterator[Client]:
    with Client(shaky[0].url, shaky[0].key) as made:
        yield made


def test_a_busy_server_is_asked_again_when_it_says(over: Client, front: Before) -> None:
    front.faults = [busy]
    began = time.monotonic()
    assert over.flows()
    assert time.monotonic() - began >= 1.0
    front.faults = [busy] * 9
    with Client(over.url, over._http.headers["x-api-key"], patience=0.5) as hasty, pytest.raises(CallFailed) as raised:
        hasty.flows()
    assert raised.value.status == 429


def test_a_job_whose_answer_was_lost_is_not_made_twice(
    over: Client, front: Before, shaky: tuple[Served, Before]
) -> None:
    front.path, front.faults = "/jobs", [done_but_cut_off]
    job = over.stamp.submit(text="only once")
    assert same(job.wait(), stamp("only once"))
    assert [each.id for each in shaky[0].serving.jobs.of_key(name="stamp")] == [job.id]


def test_without_events_the_job_is_asked_for(over: Client, front: Before) -> None:
    front.path, front.faults = "/events", [no_events] * 9
    assert over.counts(count=12) == 12
    assert sum(path.endswith("/events") for _, path, _ in front.seen) == 2


def test_events_go_on_where_they_were_cut_off(over: Client, front: Before) -> None:
    front.path, front.faults = "/events", [cut_after_one_event]
    told: list[JobState] = []
    assert over.counts.using(progress=told.append)(count=13) == 13
    asked = [headers for _, path, headers in front.seen if path.endswith("/events")]
    assert "last-event-id" not in asked[0]
    assert int(asked[1]["last-event-id"]) >= 0
    assert told[-1].status == "succeeded"


def test_what_is_no_server_of_ours_is_said(over: Client, front: Before) -> None:
    front.path, front.faults = "/v1", [no_events]
    with pytest.raises(CallFailed, match="right URL"):
        over.flows()


def test_events_are_read_as_the_standard_says() -> None:
    heard: list[Any] = []

    def hear(event: Any) -> bool:
        heard.append(event)
        return event is not None and event.kind == "last"

    stream = Stream(hear)
    lines = ["id: 1", "event:first", 'data: {"a":', "data: 1}", "", ": ping", "", "data: no json", "", "nonsense", ""]
    assert not any(stream.feed(line) for line in lines)
    assert stream.feed("event: last") is False
    stream.feed("data: {}")
    assert stream.feed("")
    told = [event for event in heard if event is not None]
    assert [(event.id, event.kind, event.data) for event in told] == [
        ("1", "first", {"a": 1}),
        ("", "", {}),
        ("", "last", {}),
    ]


# asyncio


def test_the_same_in_asyncio(server: Served) -> None:
    async def call() -> None:
        async with AsyncClient(server.url, server.key) as client:
            pictures = await asyncio.gather(*(client.stamp(text=text) for text in "abc"))
            assert [same(*pair) for pair in zip(pictures, map(stamp, "abc"), strict=True)] == [True] * 3
            assert "text" in inspect.signature(client.stamp).parameters
            job = await client.drawn.submit(seed=4)
            assert await job.wait() == 4
            assert "stamp" in [flow["name"] for flow in await client.flows()]
            with pytest.raises(CallFailed, match="too late"):
                await client.breaks()

    asyncio.run(call())


def test_a_cancelled_task_cancels_its_job(server: Served) -> None:
    async def call() -> None:
        async with AsyncClient(server.url, server.key) as client:
            begun = asyncio.Event()
            call = client.slow.using(progress=lambda state: begun.set())()
            task = asyncio.create_task(call)
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(call())
    assert ended(server, newest(server, "slow")) == "canceled"
