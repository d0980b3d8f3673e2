"""Models in one file of weights, as a script puts them together: `from_single_file`, and settings from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import ModelError
from ..cards import cards
from ..files import index_of, only_variant
from ..safetensors_header import read_header
from ..single_files import lenders, settings_of
from .places import Place, local_in, quoted
from .writing import Writing

_PUBLISHED = {"SD1.5": "sd15", "SDXL": "sdxl"}
"""Family → the card whose settings every file of it has."""


def from_single_file(
    at: Writing, place: Place, family: str, made: str, dtype: str, arguments: Sequence[str]
) -> list[str]:
    """Return the statements that make `pipe` of a file.

    Args:
        at: Takes the code.
        place: Where the file is.
        family: What it was detected as.
        made: The class of the pipeline.
        dtype: The expression of its precision.
        arguments: Parts that are there already.

    Raises:
        ModelError: The file is not here, so nobody can tell what is in it; or no such class reads single files.
    """
    import diffusers

    if not hasattr(getattr(diffusers, made), "from_single_file"):
        raise ModelError(f"{made} reads no single files. Get the model as a folder in diffusers' format.")
    if place.here is None:
        raise ModelError("What is in a single file is not known before it is here. Get it first.")
    given = [argument.partition("=")[0] for argument in arguments]
    lines, lent = [], []
    with settings_of(family, place.here) as settings:
        config = _config(at, settings.folder, family)
        for name, folder in lenders(settings, family, place.here, given).items():
            if folder is None:
                lent.append(f"{name}=None")
                continue
            library, kind = index_of(folder)[name]
            at.add_import(f"from {library} import {kind}")
            variant = only_variant(folder)
            pins = [f"variant={quoted(variant)}"] if variant else []
            told = [local_in(at, folder), f"subfolder={quoted(name)}", *pins, f"dtype={dtype}", "use_safetensors=True"]
            lines.append(f"{name} = {kind}.from_pretrained({', '.join(told)})")
            lent.append(f"{name}={name}")
        untied = _untied(index_of(settings.folder), place.here)
    every = [place.file_in(at), *config, *lent, *arguments, f"dtype={dtype}"]
    lines.append(f"pipe = {made}.from_single_file({', '.join(every)})")
    for name in untied:
        lines.append("# diffusers reads T5 from single files as if it were to be trained.")
        lines += [f"pipe.{name}.tie_weights()", f"pipe.{name}.eval()"]
    return lines


def _config(at: Writing, folder: Path, family: str) -> list[str]:
    """Return the arguments that say how the weights are put together."""
    if (folder / "tokenizer").is_dir() or family not in _PUBLISHED:
        return [f"config={local_in(at, folder, 'CONFIG')}"]
    card = next(card for card in cards() if card.name == _PUBLISHED[family])
    return [f"config={quoted(str(card.source))}", *([f"revision={quoted(card.revision)}"] if card.revision else [])]


def _untied(index: dict[str, object], path: Path) -> list[str]:
    """Return the parts of a file that are T5 text encoders."""
    if not any(name.startswith("text_encoders.t5xxl.") for name in read_header(path).tensors):
        return []
    return [name for name, entry in index.items() if isinstance(entry, list) and entry[1] == "T5EncoderModel"]
