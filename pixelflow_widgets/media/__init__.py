"""What travels on edges: how each medium is checked, encoded, decoded, previewed and hashed.

What travels is what Python users of a medium already hold: `str`, a PIL image, a PIL "L" mask, `Audio`, `Video`, a
torch tensor for latents, a pandas DataFrame for tables, a `Model` handle. Codecs are typed and never pickle, so a
cache folder that somebody else wrote cannot run code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import codecs
from .anything import Anything, medium_name_of
from .codecs import wrong
from .paths import free_path
from .pictures import open_picture
from .previews import (
    Preview,
    preview_audio,
    preview_image,
    preview_of,
    preview_table,
    preview_text,
    preview_video,
)
from .tables import decode_table, encode_table
from .values import Adapter, Audio, Image, Latents, Mask, Model, Table, Video, blake3_hex, canonical_json

__all__ = [
    "MEDIA",
    "Adapter",
    "Audio",
    "Image",
    "Latents",
    "Mask",
    "Medium",
    "Model",
    "Preview",
    "Table",
    "Video",
    "blake3_hex",
    "canonical_json",
    "free_path",
    "medium_name_of",
    "open_picture",
    "preview_of",
    "wrong",
]


@dataclass(frozen=True)
class Medium:
    """Says how values of one kind are checked, stored and shown.

    Args:
        name: The word used in port types: "image".
        modality: "text", "image", "audio", "video" or "" for values that are none of these.
        check: Returns the value in its canonical form or raises MediaError.
        encode: Value to bytes; lossless.
        decode: Those bytes to an equal value.
        preview: Value to something a page can show.
    """

    name: str
    modality: str
    check: Callable[[Any], Any]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    preview: Callable[[Any], Preview]

    def digest(self, value: Any) -> str:
        """Return the BLAKE3 digest of what the value holds, as hexadecimal text."""
        return blake3_hex(self.name.encode(), b"\0", self.encode(value))


MEDIA: dict[str, Medium] = {
    medium.name: medium
    for medium in (
        Medium("text", "text", codecs.check_text, str.encode, bytes.decode, preview_text),
        Medium("choice", "", codecs.check_text, str.encode, bytes.decode, preview_text),
        Medium("int", "", codecs.check_int, codecs.encode_json, json.loads, preview_text),
        Medium("float", "", codecs.check_float, codecs.encode_json, json.loads, preview_text),
        Medium("flag", "", codecs.check_flag, codecs.encode_json, json.loads, preview_text),
        Medium("image", "image", codecs.check_image, codecs.encode_image, codecs.decode_image, preview_image),
        Medium("mask", "image", codecs.check_mask, codecs.encode_image, codecs.decode_image, preview_image),
        Medium(
            "audio",
            "audio",
            codecs.check_instance(Audio, "Audio"),
            codecs.encode_audio,
            codecs.decode_audio,
            preview_audio,
        ),
        Medium(
            "video",
            "video",
            codecs.check_instance(Video, "Video"),
            codecs.encode_video,
            codecs.decode_video,
            preview_video,
        ),
        Medium("latents", "", codecs.check_latents, codecs.encode_latents, codecs.decode_latents, preview_text),
        Medium("table", "", codecs.check_table, encode_table, decode_table, preview_table),
        Medium(
            "model", "", codecs.check_model, lambda model: model.as_json().encode(), codecs.decode_model, preview_text
        ),
    )
}

_anything = Anything(MEDIA)
MEDIA["any"] = Medium("any", "", _anything.check, _anything.encode, _anything.decode, _anything.preview)
