"""Python values to what a request carries, and what is answered to Python values, by a flow's schemas."""

from __future__ import annotations

import base64
import collections
import io
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import numpy as np
import PIL.Image

from ...errors import CallFailed, MediaError, nearest
from ...media import Audio, Video
from ...media.encoders import film_file, picture_file, sound_file
from ...media.pictures import open_picture
from ...media.recordings import open_film, open_sound
from .steps import Ask, Steps, answer, asked, uploaded

MEDIA = ("image", "mask", "audio", "video")
_UPLOAD = re.compile(r"up_[0-9a-f]{32}\Z")  # and not a file whose name begins so
MOST_INLINE = 256_000
"""Bytes up to which a medium goes inside the request."""


def sent(name: str, schema: Mapping[str, Any], inputs: Mapping[str, Any], patience: float) -> Steps[dict[str, Any]]:
    """Return the body of a request; large media are uploaded first.

    Args:
        name: What the flow is called.
        schema: Of its request.
        inputs: Python values; one that is None is left out.
        patience: For a server that does not answer, in seconds.

    Raises:
        TypeError: An input is unknown, or one is missing.
        MediaError: A value is not the medium that its input takes.
    """
    known = schema.get("properties", {})
    for given in inputs:
        if given not in known:
            raise TypeError(f"{name}() has no input '{given}'.{nearest(given, known)} It takes: {', '.join(known)}.")
    inputs = {given: value for given, value in inputs.items() if value is not None}
    if missing := [each for each in schema.get("required", ()) if each not in inputs]:
        raise TypeError(f"{name}() needs {', '.join(missing)}.")
    body: dict[str, Any] = {}
    for given, value in inputs.items():
        kind = kind_of(known[given])
        if known[given].get("type") == "array" and not isinstance(value, str | bytes | Mapping):
            body[given] = []
            for item in value:
                body[given].append((yield from _sent(given, kind, item, patience)))
        else:
            body[given] = yield from _sent(given, kind, value, patience)
    return body


def kind_of(schema: Mapping[str, Any]) -> str:
    """Return what a value of an input is, of each item where it takes a list: "image", "text"."""
    return str(schema.get("x-type", "")).removeprefix("list[").removesuffix("]")


def _sent(name: str, kind: str, value: Any, patience: float) -> Steps[Any]:
    if kind in MEDIA:
        if isinstance(value, str) and (value.startswith("data:") or _UPLOAD.match(value)):
            return value
        content = medium_file(name, kind, value)
        if len(content) <= MOST_INLINE:
            return base64.b64encode(content).decode()
        return (yield from uploaded(content, patience))
    if kind == "table" and hasattr(value, "to_dict"):
        told = value.astype(object).where(value.notna(), None).to_dict("split")
        return {"columns": [str(column) for column in told["columns"]], "rows": told["data"]}
    return value.item() if isinstance(value, np.generic) else value


def medium_file(name: str, kind: str, value: Any) -> bytes:
    """Return a medium as a file.

    Args:
        name: Of the input, for words.
        kind: "image", "mask", "audio" or "video".
        value: A PIL image, Audio or Video; an array of pixels; the path, the bytes or the open file of one.

    Raises:
        MediaError: It is none of these.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str | Path):
        path = Path(value).expanduser()
        try:
            return path.read_bytes()
        except (OSError, ValueError) as error:
            raise MediaError(f"'{name}' takes a file, and '{str(value)[:200]}' cannot be read: {error}.") from None
    if callable(getattr(value, "read", None)):
        return value.read()
    if kind in ("image", "mask"):
        picture = _picture(name, value) if isinstance(value, np.ndarray) else value
        if isinstance(picture, PIL.Image.Image):
            return picture_file(picture, ".png")
    elif kind == "audio" and isinstance(value, Audio):
        return sound_file(value, ".wav", 24)
    elif kind == "video" and isinstance(value, np.ndarray | Video):
        video = value if isinstance(value, Video) else Video(value, 24)
        return film_file(video, ".mp4", "best")
    takes = {"audio": "Audio", "video": "Video, an array of frames"}.get(kind, "a PIL image, an array of pixels")
    raise MediaError(f"'{name}' takes {takes}, or a path, bytes or open file, not {type(value).__name__}.")


def _picture(name: str, pixels: np.ndarray) -> PIL.Image.Image:
    """Return the picture of an array: integers from 0 to 255, or fractions from 0 to 1."""
    if np.issubdtype(pixels.dtype, np.floating):
        pixels = (pixels.clip(0, 1) * 255).round()
    if pixels.dtype == bool:
        pixels = pixels * 255
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise MediaError(f"'{name}' takes pixels of shape (height, width) or (…, 3 or 4), not {pixels.shape}.")
    pixels = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return PIL.Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def received(schema: Mapping[str, Any], outputs: Mapping[str, Any], origin: str, patience: float) -> Steps[Any]:
    """Return outputs as Python values: the value if there is one output, else a named tuple.

    Args:
        schema: Of the result.
        outputs: As answered; what is not in the schema is passed over.
        origin: The server's URL; media are asked of no other.
        patience: For a server that does not answer, in seconds.
    """
    values: dict[str, Any] = {}
    for name, told in schema.get("properties", {}).items():
        values[name] = yield from _received(told, outputs.get(name), origin, patience)
    if len(values) == 1:
        return next(iter(values.values()))
    return outputs_type(schema)(*values.values())


def outputs_type(schema: Mapping[str, Any]) -> Any:
    """Return the named tuple of several outputs."""
    return collections.namedtuple("Outputs", [identifier(name) for name in schema.get("properties", {})])


def identifier(name: str) -> str:
    """Return a name as Python can spell it."""
    made = "".join(sign if sign.isalnum() else "_" for sign in name).strip("_") or "value"
    made = f"n{made}" if made[0].isdigit() else made
    return f"{made}_" if keyword.iskeyword(made) else made


def _received(schema: Mapping[str, Any], value: Any, origin: str, patience: float) -> Steps[Any]:
    if value is None:
        return None
    if schema.get("type") == "array":
        items = []
        for item in value:
            items.append((yield from _received(schema.get("items", {}), item, origin, patience)))
        return items
    if schema.get("x-type") in MEDIA:
        content = yield from downloaded(value, origin, patience)
        return open_medium(schema["x-type"], content)
    if options := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
        if options[0].get("type") == "integer":
            return int(value)
        return (yield from _received(options[0], value, origin, patience))
    if schema.get("type") == "object" and "rows" in schema.get("properties", {}):
        import pandas as pd

        return pd.DataFrame(value["rows"], columns=value["columns"])
    return value


def downloaded(told: Mapping[str, Any], origin: str, patience: float) -> Steps[bytes]:
    """Return the bytes of an artifact.

    Raises:
        CallFailed: It is not there any more, or lies elsewhere, where the key must not go.
    """
    url = urlsplit(urljoin(f"{origin}/", str(told.get("url", ""))))
    if f"{url.scheme}://{url.netloc}" != origin:
        raise CallFailed("The server names a file of another server; it is not fetched.", type="no_answer")
    response = yield from asked(Ask("GET", url.path), patience)
    return response.content if response.is_success else answer(response)


def open_medium(kind: str, content: bytes) -> Any:
    """Return what a file shows."""
    if kind == "audio":
        return open_sound(content)
    if kind == "video":
        return open_film(content)
    picture = open_picture(io.BytesIO(content))
    return picture.convert("L") if kind == "mask" else picture
