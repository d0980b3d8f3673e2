"""A dataset as it is now, in a folder of its own."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ...errors import MediaError
from ...media import canonical_json
from ...media.encoders import quick_png
from .picture import Picture

LIST = "metadata.jsonl"


def freeze(pictures: Sequence[Picture], folder: Path, source: Path | None) -> Path:
    """Write pictures as PNG and their captions, as Hugging Face's image folders have them; all or nothing.

    Args:
        pictures: Those that are used.
        folder: Not there yet, or empty.
        source: The user's folder, which nothing is written into.

    Raises:
        MediaError: The folder is not empty or lies in the source, or a picture cannot be read.
    """
    folder = folder.expanduser().absolute()
    if source is not None and folder.resolve().is_relative_to(source.resolve()):
        raise MediaError(f"'{folder}' lies in the folder that the pictures come from. Freeze into another one.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise MediaError(f"'{folder}' is not empty. Freeze into a new folder.")
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.unfinished")
    unfinished.mkdir(parents=True)
    try:
        rows = []
        for number, picture in enumerate(pictures, 1):
            file = f"{number:05d}-{_word(picture.name)}.png"
            (unfinished / file).write_bytes(quick_png(picture.image()))
            rows.append(canonical_json({"file_name": file, "text": picture.caption}))
        (unfinished / LIST).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _word(name: str) -> str:
    """Return a name as it may stand in a file's on every system."""
    return re.sub(r"[^\w.-]+", "-", PurePosixPath(name).stem, flags=re.ASCII).strip("-.")[:40] or "picture"
