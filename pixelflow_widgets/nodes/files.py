"""Reading and writing files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ..controls import File
from ..errors import MediaError
from ..media import Image, free_path, open_picture
from ..schema import node

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")


@node(pure=False)
def load_image(path: Annotated[str, File(endings=PICTURES)]) -> Image:
    """Reads a picture from a file.

    Args:
        path: Where it is; relative to the folder of the notebook.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise MediaError(f"There is no file '{path}' (in {Path.cwd()}).")
    return open_picture(place)


@node(pure=False)
def save_image(image: Image, path: Annotated[str, File(write=True, endings=PICTURES)] = "outputs/image.png") -> str:
    """Writes a picture to a file, and never over another one: a number is added to the name.

    Args:
        image: The picture.
        path: Where to; stays inside the folder of the notebook.

    Returns:
        The path that was written.
    """
    folder = Path.cwd().resolve()
    place = (folder / path).resolve()
    if not place.is_relative_to(folder):
        raise MediaError(f"'{path}' leads out of {folder}. A flow writes below the folder of its notebook only.")
    if place.suffix.lower() not in PICTURES:
        raise MediaError(f"'{path}' does not end like a picture. Use one of {', '.join(PICTURES)}.")
    place.parent.mkdir(parents=True, exist_ok=True)
    place = free_path(place)
    bare = image if place.suffix.lower() in (".png", ".webp", ".tif", ".tiff") else image.convert("RGB")
    bare.save(place)
    return str(place.relative_to(folder))
