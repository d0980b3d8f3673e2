"""The medium of ports that take anything: a value keeps its own form, and is stored and shown as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image

from ..errors import MediaError
from .codecs import qualified
from .framing import framed, unframed
from .previews import Preview, preview_text
from .values import Audio, Model, Video

if TYPE_CHECKING:
    from . import Medium

_LIST = "list"
_BY_TYPE: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "text"),
    ((bool, np.bool_), "flag"),
    ((int, np.integer), "int"),
    ((float, np.floating), "float"),
    (PIL.Image.Image, "image"),
    (Audio, "audio"),
    (Video, "video"),
    (Model, "model"),
)
_BY_NAME = {"torch.Tensor": "latents", "pandas.DataFrame": "table"}


def medium_name_of(value: Any) -> str | None:
    """Return the name of the medium that a value is one of, or None where nothing like it travels on edges."""
    for kind, name in _BY_TYPE:
        if isinstance(value, kind):
            return name
    return next((name for known, name in _BY_NAME.items() if known in qualified(value)), None)


class Anything:
    """Checks, stores and shows a value of any medium, or a list of such values.

    Args:
        media: The media by name.
    """

    def __init__(self, media: Mapping[str, Medium]) -> None:
        self._media = media

    def check(self, value: Any) -> Any:
        """Return the value in the canonical form of its medium; one that has that form is returned itself.

        Raises:
            MediaError: Nothing like it travels on edges.
        """
        if not isinstance(value, list | tuple):
            return self._of(value).check(value)
        checked = [self._of(item).check(item) for item in value]
        is_same = isinstance(value, list) and all(one is other for one, other in zip(value, checked, strict=True))
        return value if is_same else checked

    def encode(self, value: Any) -> bytes:
        """Return the name of the value's medium with its bytes."""
        if isinstance(value, list):
            return framed({"kind": _LIST}, *(self.encode(item) for item in value))
        medium = self._of(value)
        return framed({"kind": medium.name}, medium.encode(value))

    def decode(self, data: bytes) -> Any:
        """Return the value of those bytes."""
        header, parts = unframed(data)
        if header["kind"] == _LIST:
            return [self._decode_one(*unframed(part)) for part in parts]
        return self._decode_one(header, parts)

    def preview(self, value: Any) -> Preview:
        """Return what a page shows of the value; of a list, of its first item."""
        if not isinstance(value, list):
            return self._of(value).preview(value)
        return self._of(value[0]).preview(value[0]) if value else preview_text("An empty list")

    def _of(self, value: Any) -> Medium:
        name = medium_name_of(value)
        if name is None:
            what = "nothing" if value is None else "a list inside a list" if isinstance(value, list) else None
            known = (
                "text, numbers, True and False, PIL images, Audio, Video, tensors, DataFrames, models; lists of them"
            )
            raise MediaError(f"{what or type(value).__name__} does not travel on edges; these do: {known}.")
        return self._media[name]

    def _decode_one(self, header: Mapping[str, Any], parts: list[bytes]) -> Any:
        medium = self._media.get(header["kind"])
        if medium is None or medium.name == "any" or len(parts) != 1:
            raise MediaError("This value is of a medium that this version does not know.")
        return medium.decode(parts[0])
