"""The tables of the store, and every step from an older form of them to the next.

A step that was released is never edited: what changes is another one at the end. Times are seconds since 1970.
"""

from __future__ import annotations

_ENDPOINTS = (
    """CREATE TABLE versions (
        name TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, document TEXT NOT NULL, media TEXT NOT NULL,
        signature TEXT NOT NULL, models TEXT NOT NULL, caps TEXT NOT NULL, seeds TEXT NOT NULL, note TEXT NOT NULL,
        published_at REAL NOT NULL, unpublished_at REAL, PRIMARY KEY (name, number)
    )""",
    "CREATE TABLE endpoints (name TEXT PRIMARY KEY, current INTEGER)",
)
_KEYS = (
    """CREATE TABLE keys (
        id TEXT PRIMARY KEY, hash BLOB NOT NULL, title TEXT NOT NULL, scopes TEXT NOT NULL, created_at REAL NOT NULL,
        last_used_at REAL, revoked_at REAL, per_minute INTEGER
    )""",
)
_JOBS = (
    """CREATE TABLE jobs (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
        priority INTEGER NOT NULL, inputs TEXT NOT NULL, webhook TEXT, idempotency_key TEXT, body_hash TEXT NOT NULL,
        created_at REAL NOT NULL, started_at REAL, finished_at REAL, expires_at REAL,
        attempts INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0, owner TEXT, progress REAL,
        note TEXT NOT NULL DEFAULT '', error TEXT, outputs TEXT, seeds TEXT, usage TEXT,
        cancel_asked INTEGER NOT NULL DEFAULT 0,
        UNIQUE (key, idempotency_key)
    )""",
    "CREATE INDEX jobs_queued ON jobs (priority) WHERE status = 'queued'",
    "CREATE INDEX jobs_running ON jobs (owner) WHERE status = 'running'",
    "CREATE INDEX jobs_of_a_key ON jobs (key)",
    "CREATE INDEX jobs_of_a_version ON jobs (name, number, finished_at)",
    "CREATE INDEX jobs_that_expire ON jobs (expires_at)",
    # The one promise that everything else may rely on: whoever is mistaken, a job ends once.
    """CREATE TRIGGER jobs_end_once BEFORE UPDATE OF status ON jobs
        WHEN old.status IN ('succeeded', 'failed', 'canceled') AND new.status <> old.status
        BEGIN SELECT RAISE(ABORT, 'this job has ended already'); END""",
    """CREATE TABLE events (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL, at REAL NOT NULL,
        kind TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (job, number)
    ) WITHOUT ROWID""",
    "CREATE TABLE owners (id TEXT PRIMARY KEY, pid INTEGER NOT NULL, started_at REAL NOT NULL)",
)
_ARTIFACTS = (
    """CREATE TABLE artifacts (
        id TEXT PRIMARY KEY, hash TEXT NOT NULL, type TEXT NOT NULL, bytes INTEGER NOT NULL, facts TEXT NOT NULL,
        job TEXT, key TEXT NOT NULL, role TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL
    )""",
    "CREATE INDEX artifacts_of_a_hash ON artifacts (hash)",
    "CREATE INDEX artifacts_of_a_job ON artifacts (job)",
    "CREATE INDEX artifacts_that_expire ON artifacts (expires_at)",
    # What a job was given stays at least until it has ended, however long it waits.
    """CREATE TABLE job_uploads (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, artifact TEXT NOT NULL, PRIMARY KEY (artifact, job)
    ) WITHOUT ROWID""",
    "CREATE INDEX uploads_of_a_job ON job_uploads (job)",
)
_WEBHOOKS = (
    """CREATE TABLE webhooks (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, url TEXT NOT NULL, secret TEXT NOT NULL, events TEXT NOT NULL,
        created_at REAL NOT NULL, removed_at REAL
    )""",
    """CREATE TABLE deliveries (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, webhook TEXT, url TEXT NOT NULL, secret TEXT NOT NULL, job TEXT,
        kind TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        next_at REAL, last_status INTEGER, last_error TEXT, created_at REAL NOT NULL, delivered_at REAL
    )""",
    "CREATE INDEX deliveries_due ON deliveries (state, next_at)",
    "CREATE INDEX deliveries_of_a_job ON deliveries (job)",
    "CREATE INDEX deliveries_of_a_key ON deliveries (key)",
)
_USAGE = (
    # Sums, so that they outlive the jobs.
    """CREATE TABLE usage (
        day TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, jobs INTEGER NOT NULL,
        seconds REAL NOT NULL, nodes INTEGER NOT NULL, found INTEGER NOT NULL, PRIMARY KEY (day, key, name, status)
    ) WITHOUT ROWID""",
)

_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "images")
_COSTS = (
    *(f"ALTER TABLE usage ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0" for name in _TOKENS),
    *(
        f"ALTER TABLE usage ADD COLUMN {name} REAL NOT NULL DEFAULT 0"
        for name in ("cpu_seconds", "gpu_seconds", "money")
    ),
    # How many jobs used something that has no price here: their money is not all of it.
    "ALTER TABLE usage ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_ENDPOINTS + _KEYS + _JOBS + _ARTIFACTS + _WEBHOOKS + _USAGE, _COSTS)
"""What brings the tables from one form to the next; the number of the form is kept in the file."""
