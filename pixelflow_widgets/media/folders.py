"""What lies in a folder, in the order in which people count; and the folder of what must not be lost."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from ..errors import MediaError


def files_in(folder: str, endings: tuple[str, ...] = (), subfolders: bool = False) -> list[Path]:
    """Return the files of a folder, image 2 before image 10; hidden ones are left out.

    Args:
        folder: Where they are.
        endings: Only files that end so, in capitals or not; none is all.
        subfolders: Those inside its folders, too; links to folders are not followed.

    Raises:
        MediaError: There is no such folder, or it may not be read.
    """
    place = Path(folder).expanduser()
    if not place.is_dir():
        raise MediaError(f"There is no folder '{folder}' (in {Path.cwd()}).")
    wanted = tuple(ending.lower() for ending in endings)
    try:
        found = [path for path in _walk(place, subfolders) if not wanted or path.name.lower().endswith(wanted)]
    except OSError as error:
        raise MediaError(f"The folder '{folder}' cannot be read: {error}") from error
    return sorted(found, key=counted)


def _walk(place: Path, subfolders: bool) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(place, onerror=stop):
        folders[:] = [name for name in folders if subfolders and not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def counted(path: PurePath) -> list[list[tuple[int, int, str]]]:
    """Return a path so that its numbers are compared as numbers."""
    return [_pieces(part) for part in path.parts]


def _pieces(part: str) -> list[tuple[int, int, str]]:
    pieces = re.findall(r"\d+|\D+", part)
    return [(0, int(piece), piece) if piece.isdecimal() else (1, 0, piece.casefold()) for piece in pieces]


def data_folder() -> Path | None:
    """Return where what must not be lost is kept: the environment variable PIXELFLOW_DATA, else the user's data folder.

    None where that variable says "none": nothing is kept on disk.
    """
    chosen = os.environ.get("PIXELFLOW_DATA")
    if chosen:
        return None if chosen.lower() == "none" else Path(chosen).expanduser()
    from platformdirs import user_data_dir

    return Path(user_data_dir("pixelflow_widgets", appauthor=False))


def config_folder() -> Path | None:
    """Return where a user's settings are kept: in the folder that PIXELFLOW_DATA names, else where the system has them.

    None where that variable says "none": nothing is kept on disk.
    """
    if os.environ.get("PIXELFLOW_DATA"):
        return data_folder()
    from platformdirs import user_config_dir

    return Path(user_config_dir("pixelflow_widgets", appauthor=False))
