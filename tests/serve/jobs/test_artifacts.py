"""Artifacts: bytes by content, whole or not there, and gone when nobody needs them."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from pixelflow_widgets.errors import ArtifactGone
from pixelflow_widgets.serve.jobs import artifacts as artifacts_module
from pixelflow_widgets.serve.jobs.artifacts import UPLOAD_SECONDS, Artifacts
from pixelflow_widgets.serve.jobs.jobs import Jobs
from pixelflow_widgets.serve.jobs.owners import Owner
from pixelflow_widgets.serve.jobs.retention import sweep
from pixelflow_widgets.serve.store import Store

from ..fakes import NamedVersion

LATER = UPLOAD_SECONDS + 10


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def artifacts(store: Store) -> Artifacts:
    return Artifacts(store)


def files(store: Store) -> list[str]:
    return sorted(path.name for path in store.files.rglob("*") if path.is_file())


def test_what_was_stored_is_read_again_with_what_is_known_of_it(artifacts: Artifacts) -> None:
    made = artifacts.put(b"pixels", "image/png", role="result", facts={"width": 3}, job="job_1", key="k1")
    assert made.id.startswith("art_") and artifacts.read(made.id) == b"pixels"
    found = artifacts.find(made.id)
    assert found == made and found.as_json() == {
        "id": made.id,
        "url": f"/v1/artifacts/{made.id}",
        "type": "image/png",
        "bytes": 6,
        "width": 3,
    }
    assert [each.id for each in artifacts.of_job("job_1")] == [made.id]


def test_the_same_bytes_lie_once_under_ids_that_tell_nothing_of_them(artifacts: Artifacts, store: Store) -> None:
    ids = {artifacts.put(b"same", "text/plain", role="upload").id for _ in range(5)}
    assert len(ids) == 5 and len(files(store)) == 1
    assert all(id.startswith("up_") and len(id) == 35 for id in ids)


@pytest.mark.parametrize("id", ["", "up_unknown", "../store.sqlite", "art_" + "0" * 32, "%", "\0"])
def test_an_unknown_id_finds_nothing_and_no_file(artifacts: Artifacts, id: str) -> None:
    assert artifacts.find(id) is None
    with pytest.raises(ArtifactGone, match="There is no artifact"):
        artifacts.read(id)


def test_a_file_that_is_damaged_or_missing_is_said_and_never_given_out(artifacts: Artifacts) -> None:
    made = artifacts.put(b"pixels", "image/png", role="upload")
    made.path.write_bytes(b"pixelz")
    with pytest.raises(ArtifactGone, match="missing or damaged"):
        artifacts.read(made.id)
    made.path.unlink()
    with pytest.raises(ArtifactGone, match="missing or damaged"):
        artifacts.read(made.id)
    again = artifacts.put(b"pixels", "image/png", role="upload")
    assert artifacts.read(made.id) == artifacts.read(again.id) == b"pixels"


def test_an_upload_that_no_job_uses_goes_after_a_day_and_its_file_with_the_last_of_its_content(
    artifacts: Artifacts, store: Store
) -> None:
    upload = artifacts.put(b"same", "text/plain", role="upload")
    medium = artifacts.put(b"same", "text/plain", role="media")
    assert sweep(store, time.time()) == 0 and artifacts.find(upload.id) is not None
    assert sweep(store, time.time() + LATER) == 1
    assert artifacts.find(upload.id) is None and artifacts.read(medium.id) == b"same"


def test_an_upload_stays_as_long_as_a_job_that_was_given_it_has_not_ended(artifacts: Artifacts, store: Store) -> None:
    jobs = Jobs(store)
    upload = artifacts.put(b"given", "text/plain", role="upload")
    job, _ = jobs.submit(NamedVersion(), {"image": upload.id}, uploads=[upload.id])  # type: ignore[arg-type]
    sweep(store, time.time() + LATER)
    assert artifacts.read(upload.id) == b"given"
    owner = Owner(store)
    jobs.claim(owner.id)
    sweep(store, time.time() + LATER)
    assert artifacts.read(upload.id) == b"given"
    jobs.finish(job.id, owner.id, "succeeded")
    sweep(store, time.time() + LATER)
    assert artifacts.find(upload.id) is None and files(store) == []
    owner.leave(jobs)


def test_results_go_with_their_job_and_not_before(artifacts: Artifacts, store: Store) -> None:
    jobs, owner = Jobs(store, kept=3600.0), Owner(store)
    job, _ = jobs.submit(NamedVersion(), {})  # type: ignore[arg-type]
    jobs.claim(owner.id)
    result = artifacts.put(b"result", "text/plain", role="result", job=job.id)
    sweep(store, time.time() + 10 * LATER)
    assert artifacts.read(result.id) == b"result"
    jobs.finish(job.id, owner.id, "succeeded", outputs={"text": result.as_json()})
    found = artifacts.find(result.id)
    assert found is not None and found.expires_at == pytest.approx(time.time() + 3600, abs=60)
    sweep(store, time.time() + 3500)
    assert artifacts.read(result.id) == b"result"
    assert sweep(store, time.time() + 3700) == 1
    assert artifacts.find(result.id) is None and files(store) == [] and jobs.find(job.id) is None
    assert store.read("SELECT count(*) FROM events")[0][0] == 0
    owner.leave(jobs)


def test_many_that_expire_are_all_removed(artifacts: Artifacts, store: Store) -> None:
    for number in range(artifacts_module._AT_ONCE + 7):
        artifacts.put(str(number).encode(), "text/plain", role="upload")
    assert sweep(store, time.time() + LATER) == artifacts_module._AT_ONCE + 7
    assert files(store) == []


def test_what_is_stored_while_the_same_is_swept_is_never_without_its_file(artifacts: Artifacts, store: Store) -> None:
    is_over = threading.Event()

    def remove() -> None:
        while not is_over.is_set():
            artifacts.sweep(time.time() + LATER)

    threads = [threading.Thread(target=remove) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            kept = artifacts.put(b"again and again", "text/plain", role="media")
            artifacts.put(b"again and again", "text/plain", role="upload")
            assert artifacts.read(kept.id) == b"again and again"
            with store.writing() as connection:
                connection.execute("UPDATE artifacts SET expires_at = 0")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_what_a_killed_process_left_behind_is_tidied_when_it_is_old(artifacts: Artifacts, store: Store) -> None:
    kept = artifacts.put(b"kept", "text/plain", role="media")
    folder = store.files / "ab"
    folder.mkdir()
    left = [folder / ".unfinished-x", folder / ("ab" + "0" * 62), folder / ("ab" + "1" * 62)]
    for path in left:
        path.write_bytes(b"left")
    for path in (left[0], left[1], kept.path):
        os.utime(path, (0, 0))
    artifacts.tidy(time.time())
    assert [path.exists() for path in left] == [False, False, True]
    assert artifacts.read(kept.id) == b"kept"
