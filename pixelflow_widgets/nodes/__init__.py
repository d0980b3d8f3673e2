"""The built-in node types, one file a family. The list below is the palette's."""

from ..models.weights import fingerprint
from ..schema import registry
from .files import load_image, save_image
from .image import resize_image, text_to_image
from .prompt import prompt
from .values import note, number, seed

__all__ = [
    "load_image",
    "note",
    "number",
    "prompt",
    "resize_image",
    "save_image",
    "seed",
    "text_to_image",
]

# A model handle is identified by the files behind it, too.
registry.fingerprints["model"] = fingerprint
