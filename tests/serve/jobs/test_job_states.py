"""Random lives of jobs against a model of plain dicts: whatever comes in which order, each ends once.

PIXELFLOW_SOAK multiplies the lives.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pixelflow_widgets.errors import IdempotencyClash, QueueFull
from pixelflow_widgets.serve.jobs.job import FINAL, PRIORITIES
from pixelflow_widgets.serve.jobs.jobs import MAX_LOST, Jobs
from pixelflow_widgets.serve.jobs.retention import sweep
from pixelflow_widgets.serve.store import Store
from pixelflow_widgets.serve.usage import used

from ...flow.strategies import SOAK
from ..fakes import NamedVersion

pytestmark = pytest.mark.soak

LIMIT = 6
KEPT = 100.0
owners = st.sampled_from(["own_a", "own_b"])
names = st.sampled_from([None, "x", "y"])
places = st.integers(0, 20)


class JobLives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.told: list[tuple[str, str]] = []
        self.jobs = Jobs(self.store, limit=LIMIT, kept=KEPT, outbox=self.note)
        self.model: dict[str, dict[str, Any]] = {}
        self.names: dict[str, tuple[str, str]] = {}
        self.ended: dict[str, str] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def note(self, _: Any, job: Any, kind: str, data: dict[str, Any]) -> None:
        self.told.append((kind, job["id"]))

    def some(self, place: int) -> str:
        return list(self.model)[place % len(self.model)]

    def waiting(self) -> list[str]:
        there = [(each["priority"], each["place"], id) for id, each in self.model.items() if each["status"] == "queued"]
        return [id for *_, id in sorted(there)]

    def end(self, id: str, status: str) -> None:
        assert id not in self.ended
        self.ended[id] = status
        self.model[id] |= {"status": status, "owner": None}

    def back(self, id: str, attempts: int, lost: int) -> None:
        if self.model[id]["cancel_asked"]:
            self.end(id, "canceled")
        elif lost >= MAX_LOST:
            self.end(id, "failed")
        else:
            self.model[id] |= {"status": "queued", "owner": None, "attempts": attempts, "lost": lost}

    @rule(
        priority=st.sampled_from(sorted(PRIORITIES)), name=st.sampled_from([None, "x", "y"]), body=st.sampled_from("ab")
    )
    def submit(self, priority: Any, name: str | None, body: str) -> None:
        known = self.names.get(name) if name else None
        asked = {"priority": priority, "idempotency_key": name, "body_hash": body}
        try:
            job, is_new = self.jobs.submit(NamedVersion(), {}, **asked)  # type: ignore[arg-type]
        except QueueFull:
            assert known is None and len(self.waiting()) == LIMIT
            return
        except IdempotencyClash:
            assert known is not None and known[1] != body
            return
        assert is_new == (known is None)
        if known is not None:
            assert (job.id, body) == known
            return
        fields = {"status": "queued", "owner": None, "attempts": 0, "lost": 0, "cancel_asked": False}
        self.model[job.id] = fields | {"priority": PRIORITIES[priority], "place": time.monotonic_ns()}
        if name:
            self.names[name] = (job.id, body)

    @rule(owner=owners)
    def claim(self, owner: str) -> None:
        waiting = self.waiting()
        job = self.jobs.claim(owner)
        assert (job.id if job else None) == (waiting[0] if waiting else None)
        if job is not None:
            attempts = self.model[job.id]["attempts"] + 1
            self.model[job.id] |= {"status": "running", "owner": owner, "attempts": attempts}

    @precondition(lambda self: self.model)
    @rule(place=places, owner=owners)
    def tell(self, place: int, owner: str) -> None:
        id = self.some(place)
        has = self.jobs.tell(id, owner, [("progress", {"progress": 0.5})], 0.5)
        assert has == (self.model[id]["owner"] == owner)

    @precondition(lambda self: self.model)
    @rule(place=places, owner=owners, status=st.sampled_from(FINAL))
    def finish(self, place: int, owner: str, status: str) -> None:
        id = self.some(place)
        has = self.model[id]["owner"] == owner
        assert self.jobs.finish(id, owner, status, usage={"seconds": 1}) == has
        if has:
            self.end(id, status)

    @precondition(lambda self: self.model)
    @rule(place=places)
    def cancel(self, place: int) -> None:
        id = self.some(place)
        job = self.jobs.cancel(id)
        if self.model[id]["status"] == "queued":
            self.end(id, "canceled")
        elif self.model[id]["status"] == "running":
            self.model[id]["cancel_asked"] = True
        assert job is not None and job.status == self.model[id]["status"]

    @precondition(lambda self: self.model)
    @rule(place=places, owner=owners, counts=st.booleans())
    def hand_back(self, place: int, owner: str, counts: bool) -> None:
        id = self.some(place)
        has = self.model[id]["owner"] == owner
        assert self.jobs.hand_back(id, owner, counts=counts) == has
        if has:
            job = self.model[id]
            self.back(id, job["attempts"] - (not counts), job["lost"] + counts)

    @rule(owner=owners)
    def give_back(self, owner: str) -> None:
        had = [id for id, job in self.model.items() if job["owner"] == owner]
        assert sorted(self.jobs.give_back([owner])) == sorted(had)
        for id in had:
            self.back(id, self.model[id]["attempts"], self.model[id]["lost"])

    @rule()
    def sweep(self) -> None:
        gone = [id for id, job in self.model.items() if job["status"] in FINAL]
        assert sweep(self.store, time.time() + KEPT + 10) == len(gone)
        for id in gone:
            del self.model[id]
        self.names = {name: (id, body) for name, (id, body) in self.names.items() if id not in gone}

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = Store(self.folder)
        self.jobs = Jobs(self.store, limit=LIMIT, kept=KEPT, outbox=self.note)

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        found = {job.id: job for job in self.jobs.of_key(most=1000)}
        assert found.keys() == self.model.keys()
        for id, wanted in self.model.items():
            job = found[id]
            told = {
                name: getattr(job, name) for name in ("status", "owner", "attempts", "lost", "priority", "cancel_asked")
            }
            assert told == {name: wanted[name] for name in told}
            assert (job.finished_at is not None) == (job.expires_at is not None) == job.is_final
        for place, id in enumerate(self.waiting()):
            assert self.jobs.position(id) == place

    @invariant()
    def every_end_is_told_once_and_last(self) -> None:
        assert sorted(id for kind, id in self.told if kind == "job.finished") == sorted(self.ended)
        for id, wanted in self.model.items():
            events = self.jobs.events(id)
            numbers = [event.number for event in events]
            assert numbers == sorted(set(numbers)) and events[0].kind == "queued"
            ends = [event.kind for event in events if event.kind in FINAL]
            assert ends == ([wanted["status"]] if wanted["status"] in FINAL else [])
            assert not ends or events[-1].kind == ends[0]

    @invariant()
    def usage_counts_every_end(self) -> None:
        counted = {row["status"]: row["jobs"] for row in used(self.store)}
        ends = list(self.ended.values())
        assert counted == {status: ends.count(status) for status in set(ends)}


JobLives.TestCase.settings = settings(max_examples=20 * SOAK, stateful_step_count=40, deadline=None)
test_job_lives = JobLives.TestCase
