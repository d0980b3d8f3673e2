"""Pictures and folders of pictures, made quickly."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image


def photo(number: int = 0, size: tuple[int, int] = (80, 80)) -> PIL.Image.Image:
    """A smooth picture of its own, as photographs are."""
    noise = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return PIL.Image.fromarray(noise).resize(size, PIL.Image.Resampling.BICUBIC)


def quarters(size: tuple[int, int] = (40, 20)) -> PIL.Image.Image:
    """Red, green, blue and white, from the upper left to the lower right."""
    small = PIL.Image.new("RGB", (2, 2))
    small.putdata([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
    return small.resize(size, PIL.Image.Resampling.NEAREST)


def encoded(image: PIL.Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def folder_of(place: Path, files: Mapping[str, PIL.Image.Image | str | bytes]) -> Path:
    """A folder with pictures, texts and bytes by name."""
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(content))
    place.mkdir(exist_ok=True)
    return place


def zip_of(place: Path, files: Mapping[str, PIL.Image.Image | str | bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), as_bytes(content), zipfile.ZIP_DEFLATED)
    return place


def as_bytes(content: PIL.Image.Image | str | bytes) -> bytes:
    if isinstance(content, PIL.Image.Image):
        return encoded(content)
    return content.encode() if isinstance(content, str) else content


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything that a folder holds: names, times of the last change, bytes; folders, too."""
    return {
        str(path): (path.stat().st_mtime_ns, b"" if path.is_dir() else path.read_bytes())
        for path in [folder, *sorted(folder.rglob("*"))]
    }
