"""Flows called over HTTP: jobs, events, files, versions, by every shape of the API."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import PIL.Image
import pytest

from pixelflow_widgets.serve.server import Server

from ..flows import poster_flow, served
from ..http_nodes import colour_of
from ..pictures import film, picture, sound, text64
from ..served import publish

POSTER = "/v1/flows/poster"
WAIT = {"prefer": "wait=20"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("store"), per_minute=100_000) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    key = server.serving.keys.make("tests").text
    with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=30) as client:
        yield client


def done(client: httpx.Client, id: str) -> dict[str, Any]:
    while (job := client.get(f"/v1/jobs/{id}").json())["status"] in ("queued", "running"):
        time.sleep(0.02)
    return job


def shown(content: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(content)).convert("RGB")


def test_a_job_is_accepted_done_and_its_picture_fetched(client: httpx.Client) -> None:
    answer = client.post(f"{POSTER}/jobs", json={"prompt": "a red boat", "width": 32})
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == job["urls"]["self"] == f"/v1/jobs/{job['id']}"
    ended = done(client, job["id"])
    assert ended["status"] == "succeeded"
    assert ended["usage"]["seconds"] >= 0
    told = ended["outputs"]["image"]
    assert (told["type"], told["width"], told["height"]) == ("image/png", 32, 48)
    file = client.get(told["url"])
    assert shown(file.content).getpixel((0, 0)) == colour_of("a red boat")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "pixelflow" not in str(PIL.Image.open(io.BytesIO(file.content)).info), "the flow would be given away"


def test_prefer_wait_answers_with_the_end(client: httpx.Client) -> None:
    answer = client.post(f"{POSTER}/jobs", json={}, headers=WAIT)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    slow = client.post("/v1/flows/slow/jobs", json={"seconds": 3}, headers={"prefer": "respond-async, wait=0.1"})
    assert slow.status_code == 202
    slow = client.post("/v1/flows/slow/jobs", json={"seconds": 1}, headers={"prefer": "wait=1"})
    assert slow.json()["status"] in ("running", "succeeded", "queued")


@pytest.mark.parametrize(("kind", "format"), [("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/webp", "WEBP")])
def test_accept_asks_for_the_picture_itself(client: httpx.Client, kind: str, format: str) -> None:
    answer = client.post(POSTER, json={"prompt": "a tree"}, headers={"accept": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    image = PIL.Image.open(io.BytesIO(answer.content))
    assert (image.format, image.size) == (format, (64, 48))
    assert answer.headers["location"].startswith("/v1/jobs/job_")


def test_what_a_flow_does_not_give_is_not_acceptable(client: httpx.Client) -> None:
    for path, kind in ((POSTER, "video/mp4"), ("/v1/flows/slow", "image/png"), (POSTER, "text/html")):
        answer = client.post(path, json={}, headers={"accept": kind})
        assert (answer.status_code, answer.json()["error"]["type"]) == (406, "not_acceptable")
    told = client.post(POSTER, json={}, headers={"accept": "video/mp4"}).json()["error"]["message"]
    assert told.startswith("The flow gives image (image).")


def test_a_job_that_fails_says_why(client: httpx.Client) -> None:
    job = client.post("/v1/flows/fail/jobs", json={"text": "no more ink"}, headers=WAIT).json()
    assert job["status"] == "failed"
    assert "no more ink" in job["error"]["message"]
    assert job["error"]["type"] == "node_failed"
    assert "Traceback" not in json.dumps(job)


def test_all_faults_are_told_at_once(client: httpx.Client) -> None:
    answer = client.post(f"{POSTER}/jobs", json={"width": 17, "steps": 999, "style": "x", "promt": "a"})
    error = answer.json()["error"]
    assert answer.status_code == 422
    assert {each["at"] for each in error["details"]} == {"/width", "/steps", "/style", "/promt"}


def test_events_come_as_they_happen_and_go_on_where_a_client_was_cut_off(client: httpx.Client) -> None:
    id = client.post("/v1/flows/slow/jobs", json={"seconds": 0.2}).json()["id"]
    events = _events(client, id)
    assert [event["event"] for event in events][-1] == "succeeded"
    assert {"queued", "started", "node-started", "node-finished"} <= {event["event"] for event in events}
    numbers = [int(event["id"]) for event in events]
    assert numbers == sorted(set(numbers))
    rest = _events(client, id, {"last-event-id": str(numbers[1])})
    assert [event["id"] for event in rest] == [event["id"] for event in events[2:]]
    assert _events(client, id, {"last-event-id": str(numbers[-1])}) == []


def _events(client: httpx.Client, id: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = []
    with client.stream("GET", f"/v1/jobs/{id}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, Any] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                fields[name] = value
            elif not line and fields:
                read.append({**fields, "data": json.loads(fields["data"])})
                fields = {}
    return read


def test_unfinished_results_are_shown_while_a_job_runs(client: httpx.Client) -> None:
    id = client.post("/v1/flows/gradual/jobs", json={"prompt": "a hill"}).json()["id"]
    while (seen := client.get(f"/v1/jobs/{id}/preview")).status_code == 404:
        assert client.get(f"/v1/jobs/{id}").json()["status"] in ("queued", "running")
        time.sleep(0.02)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert done(client, id)["status"] == "succeeded"
    assert client.get(f"/v1/jobs/{id}/preview").status_code == 404


def test_jobs_are_stopped_while_they_wait_and_while_they_run(client: httpx.Client) -> None:
    jobs = [client.post("/v1/flows/slow/jobs", json={"seconds": 20, "mark": mark}).json()["id"] for mark in range(4)]
    try:
        waiting = client.post(f"/v1/jobs/{jobs[-1]}/cancel").json()
        assert waiting["status"] == "canceled"
    finally:
        for id in jobs:
            client.post(f"/v1/jobs/{id}/cancel")
    assert client.post(f"/v1/jobs/{jobs[-1]}/cancel").json()["status"] == "canceled"


def test_the_same_idempotency_key_is_the_same_job(client: httpx.Client) -> None:
    key = {"idempotency-key": "order-1"}
    first, again = (client.post(f"{POSTER}/jobs", json={"prompt": "one"}, headers=key).json()["id"] for _ in range(2))
    assert first == again
    other = client.post(f"{POSTER}/jobs", json={"prompt": "two"}, headers=key)
    assert (other.status_code, other.json()["error"]["type"]) == (409, "idempotency_conflict")
    file = {"image": picture()}
    forms = [client.post("/v1/flows/turn/jobs", files=file, headers={"idempotency-key": "form"}) for _ in range(2)]
    assert len({answer.json()["id"] for answer in forms}) == 1
    changed = client.post(
        "/v1/flows/turn/jobs", files={"image": picture(colour=(1, 2, 3))}, headers={"idempotency-key": "form"}
    )
    assert changed.status_code == 409


def test_pictures_come_in_by_base64_by_upload_and_by_form(client: httpx.Client) -> None:
    image = PIL.Image.new("RGB", (6, 4))
    image.putpixel((0, 0), (255, 10, 20))
    file = io.BytesIO()
    image.save(file, "PNG")
    uploaded = client.post("/v1/uploads", files={"file": file.getvalue()})
    assert (uploaded.status_code, uploaded.json()["width"]) == (201, 6)
    asked: list[dict[str, Any]] = [
        {"json": {"image": text64(file.getvalue())}},
        {"json": {"image": f"data:image/png;base64,{text64(file.getvalue())}"}},
        {"json": {"image": uploaded.json()["id"]}},
        {"files": {"image": file.getvalue()}, "data": {"prompt": "12"}},
    ]
    for request in asked:
        job = client.post("/v1/flows/turn/jobs", headers=WAIT, **request).json()
        assert job["status"] == "succeeded", job
        turned = shown(client.get(job["outputs"]["image"]["url"]).content)
        assert turned.getpixel((5, 0)) == (255, 10, 20)


def test_forms_bring_numbers_and_flags(client: httpx.Client) -> None:
    form = {"prompt": "123", "width": "32", "bright": "false", "strength": "0.25", "seed": "18446744073709551615"}
    files = {name: (None, value) for name, value in form.items()}
    job = client.post(f"{POSTER}/jobs", files=files, headers=WAIT).json()
    assert job["status"] == "succeeded", job
    assert job["outputs"]["image"]["width"] == 32
    wrong = client.post(f"{POSTER}/jobs", files={"width": (None, "wide"), "bright": (None, "perhaps")})
    assert {each["at"] for each in wrong.json()["error"]["details"]} == {"/width", "/bright"}


def test_sounds_and_films_are_uploaded_too(client: httpx.Client) -> None:
    for content, kind in ((sound(), "audio/wav"), (film(), "video/mp4")):
        told = client.post("/v1/uploads", files={"file": content}).json()
        assert told["type"] == kind
        assert client.get(f"/v1/artifacts/{told['id']}").content == content


def test_refused_requests_leave_no_file_behind(server: Server, client: httpx.Client) -> None:
    content = picture(colour=(9, 8, 7))
    before = server.store.read("SELECT count(*) FROM artifacts")[0][0]
    answer = client.post("/v1/flows/turn/jobs", json={"image": text64(content), "more": 1})
    assert answer.status_code == 422
    assert server.store.read("SELECT count(*) FROM artifacts")[0][0] == before


def test_seeds_are_drawn_answered_and_give_the_same_again(client: httpx.Client) -> None:
    first, second = (client.post(f"{POSTER}/jobs", json={"seed": -1}, headers=WAIT).json() for _ in range(2))
    assert first["seeds"] != second["seeds"]
    assert set(first["seeds"]) == {"seed"}


def test_two_versions_answer_differently_and_editing_changes_neither(server: Server, client: httpx.Client) -> None:
    flow = poster_flow("an owl")
    one = publish(server.store, flow, "versions")
    flow.set_input("prompt", default="a fox")
    two = publish(server.store, flow, "versions")
    flow.set_input("prompt", default="a bear")
    assert (one.number, two.number) == (1, 2)

    def colour(path: str) -> Any:
        job = client.post(path, json={}, headers=WAIT).json()
        return shown(client.get(job["outputs"]["image"]["url"]).content).getpixel((0, 0))

    assert colour("/v1/flows/versions/versions/1/jobs") == colour_of("an owl")
    assert colour("/v1/flows/versions/jobs") == colour("/v1/flows/versions/versions/2/jobs") == colour_of("a fox")
    server.serving.endpoints.roll_back("versions")
    assert colour("/v1/flows/versions/jobs") == colour_of("an owl")
    server.serving.endpoints.unpublish("versions", 2)
    gone = client.post("/v1/flows/versions/versions/2/jobs", json={})
    assert (gone.status_code, gone.json()["error"]["type"]) == (410, "gone")


def test_the_other_shape_answers_ids_and_polls(client: httpx.Client) -> None:
    asked = client.post("/workflows/poster-v1", json={"prompt": "a poll"}).json()
    assert asked["status"] == "QUEUED"
    while (told := client.get(asked["poll_url"]).json())["status"] in ("QUEUED", "PROCESSING"):
        time.sleep(0.02)
    assert told["status"] == "COMPLETED"
    address = json.loads(told["output"])["image"]
    assert shown(client.get(address).content).getpixel((0, 0)) == colour_of("a poll")
    failed = client.post("/workflows/fail-v1", json={"text": "no poll"}).json()
    while (told := client.get(failed["poll_url"]).json())["status"] in ("QUEUED", "PROCESSING"):
        time.sleep(0.02)
    assert told["status"] == "FAILED"
    assert "no poll" in told["error"] == told["error_message"]


def test_the_list_of_jobs_has_pages_and_is_the_keys_own(server: Server, client: httpx.Client) -> None:
    own = httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.serving.keys.make('own').text}"})
    with own:
        ids = [own.post("/v1/flows/slow/jobs", json={"seconds": 0, "mark": mark}).json()["id"] for mark in range(3)]
        page = own.get("/v1/jobs", params={"limit": 2}).json()
        assert [job["id"] for job in page["jobs"]] == [ids[2], ids[1]]
        rest = own.get("/v1/jobs", params={"before": page["next"]}).json()
        assert ([job["id"] for job in rest["jobs"]], rest["next"]) == ([ids[0]], None)
        for id in ids:
            done(own, id)
        used = own.get("/v1/usage").json()
        assert (used["jobs"], {row["name"] for row in used["usage"]}) == (3, {"slow"})
    admin = server.serving.keys.make("admin", ["admin"]).text
    everything = httpx.get(f"{server.url}/v1/jobs", headers={"x-api-key": admin}, params={"limit": 100}).json()
    assert {job["id"] for job in everything["jobs"]} > set(ids)


def test_a_full_queue_says_when_to_come_again(
    server: Server, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.serving.jobs, "_limit", 0)
    answer = client.post(f"{POSTER}/jobs", json={})
    assert (answer.status_code, answer.json()["error"]["type"]) == (429, "queue_full")
    assert int(answer.headers["retry-after"]) >= 1


def test_many_clients_at_once_each_get_their_own(client: httpx.Client) -> None:
    wrong: list[str] = []

    def ask(number: int) -> None:
        answer = client.post(POSTER, json={"prompt": f"picture {number}"}, headers={"accept": "image/png"})
        if answer.status_code != 200 or shown(answer.content).getpixel((0, 0)) != colour_of(f"picture {number}"):
            wrong.append(answer.text[:200])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
