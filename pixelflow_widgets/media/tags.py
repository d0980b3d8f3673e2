"""Texts that files carry beside their pixels and samples: read from any file, and written where each format has room.

What is written is one text, the record (`flow/provenance/`), and for pictures the `parameters` that other programs
read. What is read may come from anybody: every text is bounded, and no pixel is decoded.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import PIL.Image
from PIL.PngImagePlugin import PngInfo

from ..errors import MediaError

KEY = "pixelflow"
"""Under which the record stands; once it was the flow alone."""
CARRIERS = (
    *(".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".tif", ".tiff"),
    *(".wav", ".flac", ".ogg", ".mp3", ".mp4", ".mov", ".mkv", ".webm"),
)
"""How the names of files end that may carry a record."""
MAX_TEXT = 4_000_000
"""Characters of a text that are read."""
_PACKED_MOST = 64_000
"""Characters of XMP that a JPEG has room for."""
_COMMENT_MOST = 30_000
"""Characters that are certain to fit into the EXIF block of a JPEG."""

_STARTS: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"WEBP", 8, "WEBP"),
    (b"GIF8", 0, "GIF"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"ftypavif", 4, "AVIF"),
    (b"ftypavis", 4, "AVIF"),
    (b"WAVE", 8, "wav"),
    (b"fLaC", 0, "flac"),
    (b"OggS", 0, "ogg"),
    (b"ID3", 0, "mp3"),
    *((bytes((0xFF, second)), 0, "mp3") for second in (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2)),
    (b"ftyp", 4, "mov"),
    (b"\x1aE\xdf\xa3", 0, "matroska"),
)
_PICTURES = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF")
_PACKED = re.compile(rb"pixelflow:record(?:>|\s*=\s*[\"'])([A-Za-z0-9+/=\s]*)")
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:pixelflow="urn:pixelflow:record" pixelflow:record="%s"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
_EXIF, _USER_COMMENT, _TIFF_XMP = 0x8769, 0x9286, 700
# What PIL raises for damaged files.
_DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    EOFError,
    RuntimeError,
    OverflowError,
    TypeError,
    struct.error,
)


def kind_of(start: bytes) -> str:
    """Return the format of a medium by its first 16 bytes, as PIL ("PNG") or FFmpeg ("mov") calls it; "" is none."""
    return next((kind for mark, place, kind in _STARTS if start[place:].startswith(mark)), "")


# Writing


def picture_options(ending: str, record: str) -> dict[str, Any]:
    """Return the options of PIL's `save` that put a record into a picture.

    Args:
        ending: ".png", ".jpg", ".webp" …; one that has no room for texts takes none.
        record: The text; "" is nothing.
    """
    if not record:
        return {}
    parameters = _parameters_in(record)
    if ending == ".png":
        info = PngInfo()
        info.add_itxt(KEY, record, zip=True)
        if parameters:
            info.add_text("parameters", parameters)
        return {"pnginfo": info}
    packed = _packed(record)
    if ending == ".gif":
        return {"comment": packed}
    if ending in (".tif", ".tiff"):
        return {"tiffinfo": {_TIFF_XMP: packed}}
    if ending not in (".jpg", ".jpeg", ".webp", ".avif"):
        return {}
    if ending in (".jpg", ".jpeg") and len(packed) > _PACKED_MOST:
        packed = _packed(without_flow(record))
    exif = _exif(parameters) if parameters and len(parameters) <= _COMMENT_MOST else {}
    return {"xmp": packed, **exif} if len(packed) <= _PACKED_MOST or ending in (".webp", ".avif") else exif


def without_flow(record: str) -> str:
    """Return a record whose flow is too long for a file: everything else, and that it was left out."""
    return json.dumps({**json.loads(record), "flow": None}, separators=(",", ":"))


def _parameters_in(record: str) -> str:
    return str(json.loads(record).get("parameters") or "").encode("utf-8", "replace").decode()


def _packed(text: str) -> bytes:
    return (_XMP % base64.b64encode(zlib.compress(text.encode(), 9)).decode()).encode()


def _exif(comment: str) -> dict[str, bytes]:
    exif = PIL.Image.Exif()
    exif.get_ifd(_EXIF)[_USER_COMMENT] = b"UNICODE\0" + comment.encode("utf-16-be")
    return {"exif": exif.tobytes()}


def wav_with_comment(content: bytes, text: str) -> bytes:
    """Return a WAV file with a comment behind its samples, which stay as they are.

    libsndfile writes none that is longer than its buffer.
    """
    data = text.encode() + b"\0"
    data += b"\0" * (len(data) % 2)
    chunk = b"LIST" + struct.pack("<I", len(data) + 12) + b"INFOICMT" + struct.pack("<I", len(data)) + data
    whole = content + b"\0" * (len(content) % 2) + chunk
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


# Reading


def read_tags(source: Path | bytes) -> dict[str, str]:
    """Return the texts that a picture, sound or film carries, by key: "pixelflow", "parameters", "prompt", "workflow".

    Args:
        source: The file, or what it holds; nothing for what is no medium.

    Raises:
        MediaError: It is damaged, or a text is longer than anything that is meant to be one.
        OSError: The file cannot be read.
    """
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        kind = kind_of(file.read(16))
        file.seek(0)
        if not kind:
            return {}
        try:
            found = dict(_texts(file, kind))
        except MediaError:
            raise
        except (*_DAMAGE, zlib.error, PIL.Image.DecompressionBombError) as error:
            raise MediaError(f"This {_word(kind)} cannot be read: {str(error)[:200]}") from error
    if any(len(text) > MAX_TEXT for text in found.values()):
        raise _too_long()
    return {key: text for key, text in _sorted_out(found).items() if text}


def _texts(file: BinaryIO, kind: str) -> Iterable[tuple[str, str]]:
    if kind == "PNG":
        return _png_texts(file)
    return _of_picture(file, kind) if kind in _PICTURES else _of_recording(file, kind)


def _word(kind: str) -> str:
    return "picture" if kind in _PICTURES else "film" if kind in ("mov", "matroska") else "sound"


def _too_long() -> MediaError:
    return MediaError(f"A text in this file is longer than {MAX_TEXT // 1_000_000} million characters.")


def _png_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield (key, text) of each text chunk, before and behind the pixels."""
    file.seek(8)
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise MediaError("This picture cannot be read: it is cut off.")
        size, name = struct.unpack(">I4s", head)
        if name == b"IEND":
            return
        if name not in (b"tEXt", b"zTXt", b"iTXt"):
            file.seek(size + 4, 1)
            continue
        if size > MAX_TEXT:
            raise _too_long()
        data, check = file.read(size), file.read(4)
        if check != struct.pack(">I", zlib.crc32(name + data)):
            raise MediaError("This picture cannot be read: a text in it is damaged.")
        yield _png_text(name, data)


def _png_text(name: bytes, data: bytes) -> tuple[str, str]:
    key, _, rest = data.partition(b"\0")
    if name == b"tEXt":
        return key.decode("latin-1"), rest.decode("latin-1")
    if name == b"zTXt":
        return key.decode("latin-1"), _inflated(rest[1:]).decode("latin-1")
    _, _, text = rest[2:].partition(b"\0")[2].partition(b"\0")
    text = _inflated(text) if rest[:1] == b"\1" else text
    return key.decode("latin-1"), text.decode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    """Return what was compressed, as long as it is no bomb."""
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(data, MAX_TEXT + 1)
    if len(text) > MAX_TEXT:
        raise _too_long()
    if not unpacking.eof:
        raise MediaError("A text in this file is cut off.")
    return text


def _of_picture(file: BinaryIO, kind: str) -> Iterator[tuple[str, str]]:
    with PIL.Image.open(file, formats=[kind]) as image:
        for packed in (image.info.get("xmp"), image.info.get("comment")):
            found = _PACKED.search(packed.encode() if isinstance(packed, str) else packed or b"")
            if found:
                yield KEY, _inflated(base64.b64decode(found[1])).decode("utf-8", "replace")
        exif = image.getexif()
        comment = exif.get_ifd(_EXIF).get(_USER_COMMENT)
        if isinstance(comment, bytes) and "Steps: " in (text := _user_comment(comment)):
            yield "parameters", text
        for value in exif.values():  # ComfyUI writes "prompt:{…}" where cameras write their name
            key, _, text = value.partition(":") if isinstance(value, str) else ("", "", "")
            if key in ("prompt", "workflow"):
                yield key, text


def _user_comment(data: bytes) -> str:
    code, text = data[:8], data[8:]
    if code == b"UNICODE\0":  # in the order of bytes of whoever wrote it
        big, little = text.decode("utf-16-be", "replace"), text.decode("utf-16-le", "replace")
        return little if "Steps: " in little else big
    return text.decode("utf-8", "replace")


def _of_recording(file: BinaryIO, kind: str) -> list[tuple[str, str]]:
    import av

    # The format is said, never guessed: FFmpeg knows playlists, too, and follows what they name.
    try:
        with av.open(file, "r", format=kind) as container:
            texts = [*(stream.metadata for stream in container.streams), container.metadata]
            return [(key.lower(), text) for found in texts for key, text in found.items()]
    except av.FFmpegError as error:
        raise MediaError(f"This {_word(kind)} cannot be read: {error}") from error


def _sorted_out(found: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that say how a file was made; a comment may be one, or hold several."""
    known = {key: found[key] for key in (KEY, "parameters", "prompt", "workflow") if key in found}
    comment = found.get("comment", "").strip()
    if comment.startswith('{"format":"pixelflow'):
        known.setdefault(KEY, comment)
    elif comment.startswith("{"):
        with contextlib.suppress(ValueError, RecursionError):
            held = json.loads(comment)
            for key in ("prompt", "workflow"):
                if key in held:
                    known.setdefault(key, held[key] if isinstance(held[key], str) else json.dumps(held[key]))
    return known
