"""Deliveries with real receivers: each comes at least once, signed, and never where it may not go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.webhooks import deliveries as module
from pixelflow_widgets.serve.webhooks import outbox
from pixelflow_widgets.serve.webhooks.deliveries import CLAIM_SECONDS, PAUSES, Deliveries, Delivery
from pixelflow_widgets.serve.webhooks.webhooks import Webhooks
from tests.serve.receivers import Receiver, drips, floods, receiving, says

LOOPBACK = "127.0.0.1"
QUICK = (0.02,) * 9


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "serve")
    yield made
    made.close()


@pytest.fixture
def sending(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Deliveries]]:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    started: list[Deliveries] = []

    def start(hosts: str = LOOPBACK, pauses: tuple[float, ...] = QUICK) -> Deliveries:
        made = Deliveries(store, hosts, pauses=pauses)
        made.start()
        started.append(made)
        return made

    yield start
    for each in started:
        each.stop(5)


def put(store: Store, kind: str = "job.finished", key: str = "ada", webhook: str | None = None, **data: Any) -> int:
    job = {"id": "job_1", "key": key, "name": "poster", "number": 3, "webhook": webhook}
    with store.writing() as connection:
        return outbox.put(connection, job, kind, data)


def registered(store: Store, receiver: Receiver, *events: str, key: str = "ada") -> Any:
    return Webhooks(store, LOOPBACK).add(key, receiver.url, events or ("job.finished",))


def ended(log: Deliveries, state: str, count: int = 1) -> list[Delivery]:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = log.of_key()
        if len(found) >= count and all(each.state == state for each in found):
            return found
        time.sleep(0.01)
    raise AssertionError(log.of_key())


def due(store: Store, seconds: float = 0.0) -> None:
    """Let the clock of all deliveries go on."""
    with store.writing() as connection:
        connection.execute("UPDATE deliveries SET next_at = next_at - ?", (seconds,))


def test_a_finished_job_is_told_once_and_can_be_verified(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving() as receiver:
        webhook = registered(store, receiver)
        assert put(store, status="succeeded", outputs={"image": {"id": "art_1"}}) == 1
        log = sending()
        came = receiver.wait(1)[0]
        told = pf.verify_webhook(came.body, came.headers, webhook.secret)
        assert told["type"] == "job.finished"
        assert told["data"] == {
            "job": "job_1",
            "flow": "poster",
            "version": 3,
            "status": "succeeded",
            "outputs": {"image": {"id": "art_1"}},
        }
        assert came.headers["content-type"] == "application/json"
        delivery = ended(log, "delivered")[0]
        assert came.headers["webhook-id"] == delivery.id
        assert (delivery.attempts, delivery.last_status, delivery.next_at) == (1, 204, None)
        assert webhook.secret not in json.dumps(delivery.as_json())


def test_only_those_that_want_an_event_are_told_of_it(store: Store) -> None:
    with receiving() as receiver:
        registered(store, receiver, "job.finished")
        registered(store, receiver, "job.started", "node.finished")
        registered(store, receiver, "job.finished", key="bob")
        own = Webhooks(store, LOOPBACK).chosen(receiver.url, "ada")
        assert put(store) == 1
        assert put(store, "job.started") == 1
        assert put(store, webhook=own) == 2
        assert put(store, "node.finished", webhook=own) == 1
        assert put(store, key="carl", webhook=own) == 1
        assert put(store, key="carl") == 0


def test_the_other_shape_of_the_api_has_its_names(store: Store) -> None:
    with receiving() as receiver:
        registered(store, receiver, "GRAPH_RUN", "NODE_RUN")
        put(store, "node.finished", node="n1", title="Text to image")
        put(store, status="succeeded", outputs={"image": 1})
        put(store, status="canceled")
    node, done, canceled = (json.loads(row["body"]) for row in store.read("SELECT body FROM deliveries ORDER BY rowid"))
    assert node["event_type"] == "NODE_RUN"
    assert node["node"] == {"node": "n1", "title": "Text to image"}
    assert (done["event_type"], done["request_id"], done["workflow_id"]) == ("GRAPH_RUN", "job_1", "poster-v3")
    assert (done["status"], done["output"], canceled["status"]) == ("COMPLETED", {"image": 1}, "FAILED")


def test_what_a_rolled_back_transaction_told_is_never_sent(store: Store) -> None:
    with receiving() as receiver:
        registered(store, receiver)
        with pytest.raises(RuntimeError), store.writing() as connection:
            job = {"id": "job_1", "key": "ada", "name": "poster", "number": 1, "webhook": None}
            outbox.put(connection, job, "job.finished", {})
            raise RuntimeError
    assert store.read("SELECT * FROM deliveries") == []


def test_outputs_that_are_too_large_are_left_out(store: Store) -> None:
    with receiving() as receiver:
        registered(store, receiver)
        put(store, status="succeeded", outputs={"text": "x" * outbox.MOST_BYTES})
    body = store.read("SELECT body FROM deliveries")[0]["body"]
    assert len(body) < 1_000
    assert json.loads(body)["data"]["outputs_left_out"] is True


def test_a_receiver_that_fails_is_tried_again_with_the_same_id(
    store: Store, sending: Callable[..., Deliveries]
) -> None:
    with receiving(says(500), says(404), says(200)) as receiver:
        webhook = registered(store, receiver)
        put(store, status="failed")
        log = sending()
        came = receiver.wait(3)
        assert len({each.headers["webhook-id"] for each in came}) == 1
        for each in came:
            pf.verify_webhook(each.body, each.headers, webhook.secret)
        assert ended(log, "delivered")[0].attempts == 3


def test_a_delivery_is_given_up_after_ten_attempts_within_a_day_and_can_be_replayed(
    store: Store, sending: Callable[..., Deliveries]
) -> None:
    assert len(PAUSES) == 9
    assert 20 * 3600 < sum(PAUSES) < 24 * 3600
    with receiving(*[says(500)] * 10, says(200)) as receiver:
        registered(store, receiver)
        put(store)
        log = sending()
        given_up = ended(log, "failed")[0]
        assert (given_up.attempts, given_up.last_status, given_up.next_at) == (10, 500, None)
        assert given_up.last_error == "It answered 500."
        assert log.replay(given_up.id, "bob") is None
        assert log.replay(given_up.id, "ada") is not None
        assert ended(log, "delivered")[0].id == given_up.id
        assert len(receiver.came) == 11
        log.replay(given_up.id)  # what was delivered, too
        assert receiver.wait(12)[-1].headers["webhook-id"] == given_up.id


def test_pauses_grow_and_are_not_the_same_for_all(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving(says(500)) as receiver:
        registered(store, receiver)
        for _ in range(8):
            put(store)
        before = time.time()
        log = sending(pauses=PAUSES)
        waits = [(each.next_at or 0) - before for each in ended(log, "waiting", 8) if each.attempts]
        receiver.wait(8)
        while not all(each.attempts == 1 and each.state == "waiting" for each in log.of_key()):
            time.sleep(0.01)
        waits = [(each.next_at or 0) - before for each in log.of_key()]
        assert all(0.8 * PAUSES[0] <= wait <= 1.2 * PAUSES[0] + 15 for wait in waits)
        assert len({round(wait, 3) for wait in waits}) > 1


def test_a_receiver_says_how_long_it_wants_to_be_left_alone(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving(says(429, retry_after="3600")) as receiver:
        registered(store, receiver)
        put(store)
        log = sending()
        receiver.wait(1)
        while (delivery := log.of_key()[0]).last_status is None:
            time.sleep(0.01)
        assert 3500 < (delivery.next_at or 0) - time.time() < 3700


def test_a_receiver_that_is_gone_is_told_nothing_more(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving(says(410)) as receiver:
        registered(store, receiver)
        put(store)
        log = sending()
        assert "410" in (ended(log, "failed")[0].last_error or "")
        assert Webhooks(store, LOOPBACK).of_key("ada") == []
        assert put(store) == 0


def test_what_waits_for_a_removed_webhook_is_not_sent(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving() as receiver:
        webhook = registered(store, receiver)
        put(store)
        Webhooks(store, LOOPBACK).remove(webhook.id)
        log = sending()
        assert "removed" in (ended(log, "failed")[0].last_error or "")
        assert receiver.came == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(store: Store, sending: Callable[..., Deliveries], status: int) -> None:
    with receiving() as inside, receiving(says(status, location=inside.url)) as receiver:
        registered(store, receiver)
        put(store)
        log = sending(pauses=())
        assert "redirect" in (ended(log, "failed")[0].last_error or "")
        assert inside.came == []


def test_a_host_that_is_not_allowed_any_more_gets_nothing(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving() as receiver:
        registered(store, receiver)
        put(store)
        log = sending(hosts="")
        delivery = ended(log, "failed")[0]
        assert delivery.attempts == 1
        assert "not on the public Internet" in (delivery.last_error or "")
        assert receiver.came == []


def test_a_receiver_that_nobody_is_at_is_tried_again(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving() as receiver:
        registered(store, receiver)
    put(store)  # it is closed now
    log = sending(pauses=(0.01,))
    delivery = ended(log, "failed")[0]
    assert delivery.attempts == 2
    assert "could not be reached" in (delivery.last_error or "")


def test_an_answer_that_drips_is_cut_off_and_holds_nobody_else_up(
    store: Store, sending: Callable[..., Deliveries], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPT_SECONDS", 1.0)
    with receiving(drips) as slow, receiving() as quick:
        registered(store, slow)
        for _ in range(20):
            put(store)
        registered(store, quick, key="bob")
        put(store, key="bob")
        log = sending(pauses=())
        quick.wait(1)
        assert slow.most_busy <= module.AT_ONCE_TO_ONE
        slow.wait(5)  # the first four were cut off, and others have their turn
        cut = [each for each in log.of_key("ada") if each.state == "failed"]
        assert all("within 1 seconds" in (each.last_error or "") for each in cut)


def test_an_endless_answer_is_not_read(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving(floods) as receiver:
        registered(store, receiver)
        put(store)
        assert ended(sending(), "delivered")[0].last_status == 200
        assert receiver.flooded < 32 * 1024**2  # what the sockets held


def test_cookies_of_a_receiver_are_not_kept(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving(says(500, set_cookie="seen=1; Path=/"), says(200)) as receiver:
        registered(store, receiver)
        put(store)
        sending()
        assert "cookie" not in receiver.wait(2)[1].headers


def test_two_senders_never_send_one_at_the_same_time(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving() as receiver:
        registered(store, receiver)
        for _ in range(100):
            put(store)
        for _ in range(3):
            sending()
        receiver.wait(100)
        ended(sending(), "delivered", 100)
        ids = [came.headers["webhook-id"] for came in receiver.came]
        assert len(ids) == len(set(ids)) == 100


def test_what_a_killed_process_was_sending_is_sent_by_another(store: Store, sending: Callable[..., Deliveries]) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pixelflow_widgets.serve.webhooks.deliveries import Deliveries\n"
        "from pixelflow_widgets.serve.store import Store\n"
        "Deliveries(Store(Path(sys.argv[1])), '127.0.0.1').start()\n"
        "time.sleep(60)\n"
    )

    def hangs(receiver: Receiver, handler: Any) -> None:
        while not receiver.is_closed:
            time.sleep(0.02)

    with receiving(hangs, says(200)) as receiver:
        webhook = registered(store, receiver)
        put(store)
        process = subprocess.Popen([sys.executable, "-c", code, str(store.folder)])
        try:
            receiver.wait(1, 60)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        log = sending()
        assert log.of_key()[0].state == "sending"  # it may still be alive: its claim holds
        due(store, CLAIM_SECONDS)
        again = receiver.wait(2)[1]
        pf.verify_webhook(again.body, again.headers, webhook.secret)
        assert ended(log, "delivered")[0].attempts == 2


def test_stopping_waits_for_what_is_being_sent(store: Store, sending: Callable[..., Deliveries]) -> None:
    def takes_a_while(receiver: Receiver, handler: Any) -> None:
        time.sleep(0.3)
        says(200)(receiver, handler)

    with receiving(takes_a_while) as receiver:
        registered(store, receiver)
        put(store)
        log = sending()
        receiver.wait(1)
        log.stop()
        assert log.of_key()[0].state == "delivered"
        put(store)
        log.start()  # and it can go on
        ended(log, "delivered", 2)


def test_the_log_forgets_after_a_month(store: Store, sending: Callable[..., Deliveries]) -> None:
    with receiving() as receiver:
        registered(store, receiver)
        put(store)
        log = sending()
        delivery = ended(log, "delivered")[0]
        assert log.find(delivery.id, "ada") == delivery
        assert log.of_key(job="job_1") == [delivery]
        assert log.of_key(job="job_2") == []
        log.sweep(time.time() + 29 * 86_400)
        assert log.find(delivery.id) == delivery
        log.sweep(time.time() + 31 * 86_400)
        assert log.find(delivery.id) is None


_SENDER = """
import sys, time
from pathlib import Path
from random import Random
from pixelflow_widgets.serve.webhooks import deliveries
from pixelflow_widgets.serve.store import Store
deliveries.CLAIM_SECONDS, deliveries.ATTEMPT_SECONDS = 2.0, 1.0
deliveries.Deliveries(Store(Path(sys.argv[1])), "127.0.0.1", pauses=(0.1,) * 9).start()
time.sleep(120)
"""


@pytest.mark.slow
@pytest.mark.soak
def test_senders_that_are_killed_lose_nothing_and_never_send_one_by_two_at_a_time(store: Store) -> None:
    count = 40 * int(os.environ.get("PIXELFLOW_SOAK", "1"))
    random = Random(7)
    at_once: list[str] = []
    clashes: list[str] = []

    def takes_a_moment(receiver: Receiver, handler: Any) -> None:
        id = handler.headers["webhook-id"]
        clashes.extend({id} & set(at_once))
        at_once.append(id)
        time.sleep(0.1)
        at_once.remove(id)
        says(200 if random.random() < 0.8 else 500)(receiver, handler)

    def sender() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", _SENDER, str(store.folder)])

    with receiving(takes_a_moment) as receiver:
        webhook = registered(store, receiver)
        for _ in range(count):
            put(store)
        processes = [sender() for _ in range(3)]
        try:
            until = time.monotonic() + 60 + count
            while any(each.state != "delivered" for each in Deliveries(store, "").of_key(limit=count)):
                assert time.monotonic() < until
                time.sleep(random.uniform(0.2, 1.5))
                place = random.randrange(len(processes))
                processes[place].kill()
                processes[place].wait()
                processes[place] = sender()
        finally:
            for process in processes:
                process.kill()
                process.wait()
        ids = [came.headers["webhook-id"] for came in receiver.came]
        assert len(set(ids)) == count
        assert clashes == []
        for came in receiver.came:
            pf.verify_webhook(came.body, came.headers, webhook.secret)
