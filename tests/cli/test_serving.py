from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pixelflow_widgets as pf
from pixelflow_widgets.cli import app
from pixelflow_widgets.errors import QueueFull
from pixelflow_widgets.serve.serving import Serving
from pixelflow_widgets.serve.store import shared_store


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    with pf.Flow("Many words") as flow:
        flow.output("words", pf.nodes.prompt(text=flow.input("text", "hello")))
    return flow.save(tmp_path / "words.flow.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def invoke(*words: object, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done


def test_a_flow_is_published_listed_rolled_back_and_unpublished(saved: Path, folder: Path) -> None:
    told = json.loads(invoke("publish", saved, "--folder", folder, "--json").stdout)
    assert (told["name"], told["number"]) == ("many-words", 1)
    flow = pf.Flow.load(saved)
    flow.set_input("text", default="other words")
    flow.save(saved)
    assert invoke("publish", saved, "--folder", folder, "--note", "second").stdout.startswith("many-words-v2")
    listed = invoke("endpoints", "list", "--folder", folder).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["many-words-v2", "many-words-v1"]
    assert "current" in listed[0]
    assert "second" in listed[0]
    assert invoke("endpoints", "roll-back", "many-words", "--folder", folder).stdout == "many-words-v1 is current.\n"
    invoke("endpoints", "unpublish", "many-words", "--version", 2, "--folder", folder)
    versions = json.loads(invoke("endpoints", "list", "--folder", folder, "--json").stdout)
    assert [(each["number"], each["is_published"]) for each in versions] == [(2, False), (1, True)]
    assert "no endpoint 'nothing'" in invoke("endpoints", "unpublish", "nothing", "--folder", folder, code=2).stderr


def test_what_cannot_be_published_is_said_with_every_reason(tmp_path: Path, folder: Path) -> None:
    with pf.Flow("empty") as flow:
        pf.nodes.prompt(text="x")
    path = flow.save(tmp_path / "empty.flow.json")
    told = json.loads(invoke("publish", path, "--folder", folder, "--json", code=2).stdout)
    assert told["status"] == "failed"
    assert told["problems"]
    assert "--cap wants" in invoke("publish", path, "--cap", "work", "--folder", folder, code=2).stderr
    assert "--seeds is" in invoke("publish", path, "--seeds", "mine", "--folder", folder, code=2).stderr


def test_keys_are_made_listed_rotated_and_revoked(folder: Path) -> None:
    made = json.loads(invoke("keys", "make", "me", "--flow", "poster", "--folder", folder, "--json").stdout)
    keys = Serving.of(shared_store(folder)).keys
    assert keys.check(made["key"]).scopes == ("poster",)  # pyright: ignore[reportOptionalMemberAccess]
    rotated = invoke("keys", "rotate", made["id"], "--folder", folder).stdout.strip()
    assert keys.check(made["key"]) is None
    assert keys.check(rotated)
    listed = invoke("keys", "list", "--folder", folder).stdout
    assert made["id"] in listed
    assert rotated.split("_")[2] not in listed
    invoke("keys", "revoke", made["id"], "--folder", folder)
    assert keys.check(rotated) is None
    assert "revoked" in invoke("keys", "list", "--folder", folder).stdout
    assert "no key 'nobody'" in invoke("keys", "revoke", "nobody", "--folder", folder, code=2).stderr


def test_jobs_are_listed_and_stopped(saved: Path, folder: Path) -> None:
    invoke("publish", saved, "--folder", folder)
    rooms = Serving.of(shared_store(folder))
    job, _ = rooms.jobs.submit(rooms.endpoints.find("many-words"), {"text": "x"})
    assert f"{job.id}  queued" in invoke("jobs", "list", "--folder", folder).stdout
    assert json.loads(invoke("jobs", "list", "--folder", folder, "--json").stdout)[0]["flow"] == "many-words"
    assert invoke("jobs", "cancel", job.id, "--folder", folder).stdout == "canceled\n"
    shown = json.loads(invoke("jobs", "show", job.id, "--folder", folder).stdout)
    assert (shown["status"], shown["inputs"]) == ("canceled", {"text": "x"})
    assert invoke("jobs", "list", "--status", "queued", "--folder", folder).stdout == ""
    for verb in ("show", "cancel"):
        assert "no job 'job_x'" in invoke("jobs", verb, "job_x", "--folder", folder, code=2).stderr


def test_where_there_is_nothing_the_words_say_how_to_begin(folder: Path) -> None:
    assert "pixelflow publish" in invoke("endpoints", "list", "--folder", folder).stderr
    assert "pixelflow keys make" in invoke("keys", "list", "--folder", folder).stderr
    assert "no such job" in invoke("jobs", "list", "--folder", folder).stderr
    assert invoke("jobs", "list", "--folder", folder, "--json").stdout == "[]\n"


def test_what_changed_or_did_not_is_said(saved: Path, folder: Path) -> None:
    assert "same version" not in invoke("publish", saved, "--folder", folder).stderr
    assert "same version" in invoke("publish", saved, "--folder", folder).stderr
    assert (
        "'many-words' version 1 answers no more"
        in invoke("endpoints", "unpublish", "many-words", "--version", 1, "--folder", folder).stderr
    )
    made = invoke("keys", "make", "me", "--flow", "nothing", "--folder", folder)
    assert "No flow 'nothing' is published yet" in made.stderr
    assert "refused from now on" in invoke("keys", "revoke", made.stdout.split("_")[1], "--folder", folder).stderr


def test_a_backend_that_there_is_not_is_refused_before_anything_starts(folder: Path) -> None:
    told = invoke("serve", "--backend", "wroker", "--port", 0, "--folder", folder, code=1).stderr
    assert "no backend 'wroker'. Did you mean 'worker'?" in told


def test_how_many_jobs_wait_and_how_long_results_stay_is_chosen(
    saved: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("pixelflow_widgets.serve.server.Server.run", lambda self, _: kept.append(self.serving.jobs))
    invoke("serve", saved, "--queue", 1, "--keep", 0.5, "--port", 0, "--folder", folder)
    endpoint = Serving.of(shared_store(folder)).endpoints.find("many-words")
    job, _ = kept[0].submit(endpoint, {"text": "x"})
    with pytest.raises(QueueFull):
        kept[0].submit(endpoint, {"text": "y"})
    ended = kept[0].cancel(job.id)
    assert ended.expires_at - ended.finished_at == pytest.approx(43_200)
