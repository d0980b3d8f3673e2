"""Publishing a flow: the verb that `pf.Flow` takes from this room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...flow.carrying import CarryingFlow

if TYPE_CHECKING:
    from ...flow.signature import SeedPolicy
    from .endpoints import Endpoint


class PublishableFlow(CarryingFlow):
    """Becomes an endpoint."""

    def publish(
        self,
        name: str | None = None,
        *,
        note: str = "",
        caps: Mapping[str, float] | None = None,
        seeds: SeedPolicy = "drawn",
        is_current: bool = True,
        folder: str | Path | None = None,
    ) -> Endpoint:
        """Freeze the flow as it is now, as a version that can be called; editing the flow changes nothing of it.

        Published again as it was, it is the same version. Older versions stay callable.

        Args:
            name: What callers name it by, in URLs; made from the flow's name if not given.
            note: What to say of this version.
            caps: How much one request may ask for: "work" in pixel steps, "pixels" of one picture, "seconds" of a run.
            seeds: What a seed is that no caller gives: "drawn" for each request, or the default that is "given".
            is_current: It answers where no version is named.
            folder: Where endpoints are kept; the user's own if not given.

        Raises:
            PublishRefused: The flow cannot be served as it is; carries every reason.
        """
        from ..store import shared_store
        from .endpoints import Endpoints

        with self.lock:
            document = self.document
        endpoints = Endpoints(shared_store(None if folder is None else Path(folder)), self.registry)
        return endpoints.publish(
            document, self.media, self.registry, name, note=note, caps=caps, seeds=seeds, is_current=is_current
        )
