"""`pixelflow cache`: the results on disk."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..models.cards import size_in_words
from .printing import WRONG, say

cache_app = typer.Typer(help="The results on disk: how much there is, how much there may be.")


@cache_app.callback(invoke_without_command=True)
def show_cache(context: typer.Context) -> None:
    """Show where results are kept and how much room they take."""
    if context.invoked_subcommand is not None:
        return
    from ..run import eviction

    disk = _disk()
    found = eviction.contents(disk.folder)
    limit = eviction.limit_of(disk.root, found.bytes)
    seconds = sum(entry.took for entry in found.entries)
    print(f"{disk.folder}\n{len(found.entries)} results, {size_in_words(found.bytes)} of {size_in_words(limit)}")
    print(f"They took {seconds / 60:.1f} minutes to make.")


@cache_app.command("limit")
def limit_cache(
    size: Annotated[str, typer.Argument(help='"5GB", "500MB", or "auto": 10 GB or a fifth of the free disk.')],
) -> None:
    """Set how much room results may take; what is too much goes at once."""
    from ..run import eviction

    disk = _disk()
    try:
        limit = None if size.strip().lower() == "auto" else _bytes(size)
        eviction.set_limit(disk.root, limit)
    except (ValueError, OSError) as error:
        say(str(error))
        raise typer.Exit(WRONG) from None
    left = eviction.make_room(disk.folder, disk.limit)
    print(f"Results may take {size_in_words(disk.limit)}; they take {size_in_words(left)}.")


@cache_app.command("clear")
def clear_cache() -> None:
    """Remove every result; flows that run go on."""
    from ..run import eviction

    print(f"{size_in_words(eviction.clear(_disk().folder))} freed.")


def _disk() -> Any:
    from ..run.disk_cache import DiskCache, cache_folder

    folder = cache_folder()
    if folder is None:
        say("PIXELFLOW_CACHE=none: results are not kept on disk. Set it to a folder, or take it away.")
        raise typer.Exit(WRONG)
    return DiskCache(folder)


_UNITS = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}


def _bytes(text: str) -> int:
    """Return a size in bytes of "5GB" or "500 MB"; a bare number is bytes."""
    import re

    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?B?)\s*", text.upper())
    if match is None:
        raise ValueError(f"'{text}' is not a size. Write a number and a unit: 5GB, 500MB.")
    unit = match[2] if match[2].endswith("B") or not match[2] else f"{match[2]}B"
    return int(float(match[1]) * _UNITS[unit or "B"])
