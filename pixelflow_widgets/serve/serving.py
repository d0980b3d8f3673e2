"""What routes work with: one store, and the rooms that keep things in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ..media import Preview
from ..schema import Registry
from ..schema import registry as process_registry
from .jobs.artifacts import Artifacts
from .jobs.jobs import KEPT_SECONDS, MAX_QUEUED, Jobs
from .keys import Keys
from .publishing.endpoints import Endpoints
from .store import Store
from .uploads.limits import Limits
from .webhooks.deliveries import Deliveries
from .webhooks.webhooks import Webhooks


@dataclass(frozen=True)
class Serving:
    """Holds the rooms of a server.

    Args:
        store: Where everything is kept.
        endpoints: What can be called.
        keys: Who may.
        artifacts: Media that came and that were made.
        jobs: What was asked for.
        webhooks: Who else is told.
        deliveries: What they were told.
        limits: How much a request may ask.
        preview: Returns the newest unfinished result of a job that runs in this process.
    """

    store: Store
    endpoints: Endpoints
    keys: Keys
    artifacts: Artifacts
    jobs: Jobs
    webhooks: Webhooks
    deliveries: Deliveries
    limits: Limits
    preview: Callable[[str], Preview | None] = lambda _: None

    @classmethod
    def of(
        cls,
        store: Store,
        *,
        registry: Registry | None = None,
        limits: Limits | None = None,
        webhook_hosts: Iterable[str] | str | None = None,
        queue: int = MAX_QUEUED,
        kept: float = KEPT_SECONDS,
    ) -> Serving:
        """Return the rooms of a store.

        Args:
            store: The store.
            registry: Which node types there are; those of this process if not given.
            limits: How much a request may ask.
            webhook_hosts: Private hosts that webhooks may be on, by name.
            queue: How many jobs may wait.
            kept: Seconds that jobs and what they made stay after their end.
        """
        return cls(
            store,
            Endpoints(store, process_registry if registry is None else registry),
            Keys(store),
            Artifacts(store),
            Jobs(store, limit=queue, kept=kept),
            Webhooks(store, webhook_hosts),
            Deliveries(store, webhook_hosts),
            limits or Limits(),
        )

    def with_preview(self, preview: Callable[[str], Preview | None]) -> Serving:
        """Return the same rooms in a process where jobs run."""
        return replace(self, preview=preview)
