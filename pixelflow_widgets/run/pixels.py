"""The pixels of a picture as they lie in memory, read without holding them twice."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import PIL.Image

from ..errors import MediaError

RAW_MODES = {"RGB": "RGBX", "RGBA": "RGBA", "L": "L"}
"""Modes whose pixels can be read as they lie in memory, and how they lie there: a byte a letter."""
_PIECE = 64 * 1024


class _ArrowArray(ctypes.Structure):
    """Is the structure of the Arrow C data interface, by which Pillow shows where its pixels are."""


_ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    *((name, ctypes.c_void_p) for name in ("dictionary", "release", "private_data")),
]
_pointer_in = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_in.restype = ctypes.c_void_p
_pointer_in.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Pixels:
    """Yields the pixels of a picture, in one piece where they lie in one: a copy of all costs more than to send them.

    Args:
        image: A picture of one of the raw modes.
    """

    def __init__(self, image: PIL.Image.Image) -> None:
        image.load()
        self._image, self._mode = image, RAW_MODES[image.mode]
        self.size = image.width * image.height * len(self._mode)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        try:
            _, capsule = self._image.__arrow_c_array__()
        except ValueError:  # a large picture lies in several pieces
            yield from self._encoded()
            return
        array = ctypes.cast(_pointer_in(capsule, b"arrow_array"), ctypes.POINTER(_ArrowArray)).contents
        if array.n_children:  # several bytes a pixel
            array = array.children[0].contents
        yield memoryview((ctypes.c_char * self.size).from_address(array.buffers[1]))
        del capsule  # which kept them where they are

    def _encoded(self) -> Iterator[bytes]:
        """Yield what `tobytes` puts together."""
        encoder = PIL.Image._getencoder(self._image.mode, "raw", (self._mode,))
        encoder.setimage(self._image.im, (0, 0, *self._image.size))
        has_more = True
        while has_more:
            _, status, piece = encoder.encode(max(_PIECE, self._image.width * len(self._mode)))
            yield piece
            if status < 0:
                raise MediaError(f"the pixels of a picture of mode {self._image.mode} could not be read.")
            has_more = not status
