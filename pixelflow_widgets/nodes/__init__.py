"""The built-in node types, one file a family. The list below is the palette's."""

from ..models.weights import fingerprint
from ..schema import registry
from .collection import (
    column,
    contact_sheet,
    count_items,
    count_up,
    join_lists,
    list_folder,
    load_folder_audio,
    load_folder_images,
    load_folder_texts,
    load_folder_videos,
    pick_item,
    read_csv,
    split_lines,
)
from .files import load_image, save_image
from .image import resize_image, text_to_image
from .logic import choose, combine_flags, compare, contains_text, first_that_works, not_, switch
from .prompt import prompt
from .values import note, number, seed

__all__ = [
    "choose",
    "column",
    "combine_flags",
    "compare",
    "contact_sheet",
    "contains_text",
    "count_items",
    "count_up",
    "first_that_works",
    "join_lists",
    "list_folder",
    "load_folder_audio",
    "load_folder_images",
    "load_folder_texts",
    "load_folder_videos",
    "load_image",
    "not_",
    "note",
    "number",
    "pick_item",
    "prompt",
    "read_csv",
    "resize_image",
    "save_image",
    "seed",
    "split_lines",
    "switch",
    "text_to_image",
]

# A model handle is identified by the files behind it, too.
registry.fingerprints["model"] = fingerprint
