"""How much a request may ask of the server before anything is read, decoded or run."""

from __future__ import annotations

from dataclasses import dataclass

from ...media.pictures import MAX_PIXELS


@dataclass(frozen=True)
class Limits:
    """Holds the limits of a server; a published flow may have narrower ones of its own.

    Args:
        body: Bytes of a request that is no upload.
        upload: Bytes of an upload, and of a request in multipart.
        pixels: Of one picture, and of one frame of a film.
        frames: Of one film.
        seconds: Of one sound or film.
        depth: How deep JSON nests.
        items: Objects and arrays in one JSON body.
        quiet: Seconds without a byte after which a body is given up.
        pace: Bytes a second that a body comes with at least, after its first `grace` seconds.
        grace: Seconds that every body has.
        requests: Requests that are answered at the same time.
        wait: Seconds that `Prefer: wait` holds a request at most.
    """

    body: int = 30_000_000
    upload: int = 100_000_000
    pixels: int = MAX_PIXELS
    frames: int = 2_000
    seconds: float = 600.0
    depth: int = 16
    items: int = 20_000
    quiet: float = 15.0
    pace: int = 16_000
    grace: float = 20.0
    requests: int = 512
    wait: float = 300.0
