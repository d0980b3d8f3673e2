"""Reading and writing files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from ..controls import Advanced, File, Number
from ..errors import MediaError
from ..media import Audio, Image, Table, Video, free_path, open_picture
from ..media.encoders import FILMS, SOUNDS, film_file, picture_file, sound_file
from ..media.recordings import open_film, open_sound
from ..media.table_files import SEPARATORS, TABLES, read_table, table_file
from ..media.text_files import TEXTS, read_text
from ..schema import Record, node
from .files_code import write_save_audio, write_save_image, write_save_video
from .sound import Seconds, Until

Provenance = Annotated[bool, Advanced()]
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")

# Files change without the flow, so nothing here is pure: it reads in every run, and what follows runs again only if
# something else came out. What is written is never written over another file, and stays below the notebook's folder.


@node(pure=False)
def load_image(path: Annotated[str, File(endings=PICTURES)]) -> Image:
    """Reads a picture from a file.

    Args:
        path: Where it is; relative to the folder of the notebook.
    """
    return open_picture(_there(path))


@node(pure=False)
def load_audio(path: Annotated[str, File(endings=SOUNDS)]) -> Audio:
    """Reads a sound from a file: WAV, FLAC, Ogg or MP3.

    Args:
        path: Where it is; relative to the folder of the notebook.
    """
    return open_sound(_there(path).read_bytes())


@node(pure=False)
def load_video(
    path: Annotated[str, File(endings=FILMS)],
    start: Seconds = 0.0,
    end: Until = None,
    longest_edge: Annotated[int | None, Number(min=16, max=16_384, step=1, unit="px")] = None,
) -> Video:
    """Reads a film from a file, with its sound: MP4, WebM, MOV, MKV or GIF.

    Films are unpacked in memory: a minute of Full HD takes 9 GB, and 1 GB is read. Take a piece, or make it smaller.

    Args:
        path: Where it is; relative to the folder of the notebook.
        start: What comes before is left out, in seconds.
        end: What comes behind is left out, in seconds; empty is the end.
        longest_edge: It is made as small as this, in pixels; empty leaves its size.
    """
    return open_film(_there(path).read_bytes(), start, end, longest_edge)


@node(pure=False)
def load_text(path: Annotated[str, File(endings=TEXTS)]) -> str:
    """Reads a text from a file in UTF-8.

    Args:
        path: Where it is; relative to the folder of the notebook.
    """
    return read_text(_there(path))


@node(pure=False)
def load_table(
    path: Annotated[str, File(endings=TABLES)],
    separator: Literal["automatic", "comma", "semicolon", "tab"] = "automatic",
) -> Table:
    """Reads a table from a file: CSV, TSV, JSON or Parquet.

    Args:
        path: Where it is; relative to the folder of the notebook.
        separator: What stands between two columns of a CSV.
    """
    return read_table(_there(path), SEPARATORS.get(separator, ""))


@node(pure=False, export=write_save_image)
def save_image(
    image: Image,
    path: Annotated[str, File(write=True, endings=PICTURES)] = "outputs/image.png",
    provenance: Provenance = True,
    record: Record = Record(),
) -> str:
    """Writes a picture to a file, and never over another one: a number is added to the name.

    Args:
        image: The picture.
        path: Where to; stays inside the folder of the notebook.
        provenance: The file says what made it: the flow as it was run, models, versions. A .bmp has no room for that.

    Returns:
        The path that was written.
    """
    place = _free(path, PICTURES, "a picture")
    place.write_bytes(picture_file(image, place.suffix.lower(), record if provenance else ""))
    return _told(place)


@node(pure=False, export=write_save_audio)
def save_audio(
    audio: Audio,
    path: Annotated[str, File(write=True, endings=SOUNDS)] = "outputs/sound.wav",
    bits: Annotated[Literal[16, 24], Advanced()] = 16,
    provenance: Provenance = True,
    record: Record = Record(),
) -> str:
    """Writes a sound to a file, and never over another one: a number is added to the name.

    Args:
        audio: The sound.
        path: Where to; stays inside the folder of the notebook. WAV and FLAC keep all of it, MP3 and Ogg are small.
        bits: Of a sample, in WAV and FLAC.
        provenance: The file says what made it: the flow as it was run, models, versions.

    Returns:
        The path that was written.
    """
    place = _free(path, SOUNDS, "a sound")
    place.write_bytes(sound_file(audio, place.suffix.lower(), bits, record if provenance else ""))
    return _told(place)


@node(pure=False, export=write_save_video)
def save_video(
    video: Video,
    path: Annotated[str, File(write=True, endings=FILMS)] = "outputs/film.mp4",
    quality: Literal["small", "good", "best"] = "good",
    provenance: Provenance = True,
    record: Record = Record(),
) -> str:
    """Writes a film to a file, and never over another one: a number is added to the name.

    Args:
        video: The film.
        path: Where to; stays inside the folder of the notebook. MP4 plays nearly everywhere; a GIF is silent and large.
        quality: A small file or a good picture.
        provenance: The file says what made it: the flow as it was run, models, versions.

    Returns:
        The path that was written.
    """
    place = _free(path, FILMS, "a film")
    place.write_bytes(film_file(video, place.suffix.lower(), quality, record if provenance else ""))
    return _told(place)


@node(pure=False)
def save_text(text: str, path: Annotated[str, File(write=True, endings=TEXTS)] = "outputs/text.txt") -> str:
    """Writes a text to a file in UTF-8, and never over another one: a number is added to the name.

    Args:
        text: The text.
        path: Where to; stays inside the folder of the notebook.

    Returns:
        The path that was written.
    """
    place = _free(path, TEXTS, "a text")
    place.write_bytes(text.encode())
    return _told(place)


@node(pure=False)
def save_table(table: Table, path: Annotated[str, File(write=True, endings=TABLES)] = "outputs/table.csv") -> str:
    """Writes a table to a file, and never over another one: a number is added to the name.

    Args:
        table: The table.
        path: Where to; stays inside the folder of the notebook.

    Returns:
        The path that was written.
    """
    place = _free(path, TABLES, "a table")
    place.write_bytes(table_file(table, place.suffix.lower()))
    return _told(place)


def _there(path: str) -> Path:
    place = Path(path).expanduser()
    if not place.is_file():
        raise MediaError(f"There is no file '{path}' (in {Path.cwd()}).")
    return place


def _free(path: str, endings: tuple[str, ...], what: str) -> Path:
    """Return where a file is to be written: below the notebook's folder, where nothing stands yet."""
    folder = Path.cwd().resolve()
    place = (folder / path).resolve()
    if not place.is_relative_to(folder):
        raise MediaError(f"'{path}' leads out of {folder}. A flow writes below the folder of its notebook only.")
    if place.suffix.lower() not in endings:
        raise MediaError(f"'{path}' does not end like {what}. Use one of {', '.join(endings)}.")
    place.parent.mkdir(parents=True, exist_ok=True)
    return free_path(place)


def _told(place: Path) -> str:
    return str(place.relative_to(Path.cwd().resolve()))
