"""Models in one file: weights alone, put together by settings that come from elsewhere.

They come from the folder beside the file that has its name, else from the file's own header where its family is known
so well that this is enough (`header_settings`), else from a folder of the same family. What a file lacks (autoencoder,
text encoders) comes from a folder too.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ModelError
from .cards import cards
from .families import family as family_named
from .files import index_of, state_of, weight_files
from .header_settings import settings_from, tokenizers, write_settings
from .layout import PICKLES
from .safetensors_header import Header, read_header
from .weights import files_in, place_of

_DENOISERS = ("unet", "transformer")
_LIGHT = ("Tokenizer", "TokenizerFast", "Scheduler", "Processor", "Extractor")
"""How the classes of parts without weights end."""
_HELD = {
    "vae": ("first_stage_model.", "vae."),
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0.transformer.", "text_encoders.clip_l."),
    "text_encoder_2": ("conditioner.embedders.1.", "conditioner.embedders.0.model.", "text_encoders.clip_g."),
}
"""Part → where makers' files keep it."""
_T5 = ("text_encoders.t5xxl.",)
_SPARED = ("text_encoder_3",)
"""Parts that makers leave out of smaller files, and whose work is then not done: T5 of SD3."""
_WEIGHTS = (".safetensors", ".gguf", *PICKLES)
_BESIDE_GGUF = (
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
"""What transformers reads beside a GGUF file, where it is there."""
_OTHERS = {
    "lora": ("a LoRA", "Add it to a model with the node add_lora."),
    "controlnet": ("a ControlNet", "Give it to the node control."),
    "vae": ("a VAE", "Choose it as the VAE of a model in the node load_model."),
    "ip_adapter": ("an IP-Adapter", "Add it to a model with the node add_ip_adapter."),
    "embedding": ("an embedding", "Add it to a model with the node add_embedding."),
    "motion": ("a motion adapter", "Give it to a node that makes films."),
    "text_encoder": ("a text encoder", "Choose a model that brings its own."),
}
"""Kind → what a file is that is no model, and what to do with it."""


class Settings(NamedTuple):
    """Is how a file is put together.

    Args:
        made: The diffusers class of its pipeline.
        folder: Its configurations, as diffusers writes them.
        light: Parts without weights that the folder lacks: tokenizers.
    """

    made: Any
    folder: Path
    light: Mapping[str, Any]


@contextlib.contextmanager
def settings_of(family: str, path: Path) -> Iterator[Settings]:
    """Find how a file is put together; written settings are there only meanwhile.

    Args:
        family: What the file was detected as; empty where nobody can tell.
        path: The file.

    Raises:
        ModelError: It is no model, or nobody can tell how it is put together; says what to do.
    """
    header, beside = _header(path, state_of(path)), path.with_suffix("")
    if not _is_pipeline(beside):
        _refuse_what_is_no_model(path)
    made = pipeline_class(family, path) if family else None
    with contextlib.ExitStack() as stack:
        written = None if _is_pipeline(beside) else settings_from(header, family)
        if written is None:
            folder, light = settings_folder(family, path), {}
        else:
            folder, light = Path(stack.enter_context(tempfile.TemporaryDirectory())), tokenizers(family)
            write_settings(written, folder)
        yield Settings(made or pipeline_class("", path, folder), folder, light)


def lenders(settings: Settings, family: str, path: Path, given: Collection[str]) -> dict[str, Path | None]:
    """Return the parts that a file lacks → the folder of a model that they come from; None does without.

    Args:
        settings: How the file is put together.
        family: What it was detected as.
        path: The file.
        given: Parts that come from elsewhere anyway.

    Raises:
        ModelError: A part is nowhere here; says what to get.
    """
    lacking = [name for name in _lacking(_header(path, state_of(path)), index_of(settings.folder)) if name not in given]
    return {name: _lender(name, settings, family, path) for name in lacking}


def files_behind(family: str, path: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of every file beside a model's single file that it is put together of.

    Args:
        family: What the file was detected as.
        path: The file; of folders, and of what is no model, there are none.

    Raises:
        ModelError: The file is damaged.
    """
    if path.suffix == ".gguf":
        return [(name, path.parent / name) for name in _BESIDE_GGUF if (path.parent / name).is_file()]
    if path.suffix != ".safetensors":
        return []
    return _lent_files(family, path) if _is_pipeline(path.with_suffix("")) or _is_model(path, state_of(path)) else []


def _lent_files(family: str, path: Path) -> list[tuple[str, Path]]:
    header, beside, kin = _header(path, state_of(path)), path.with_suffix(""), _of_family(family)
    written = None if _is_pipeline(beside) else settings_from(header, family)
    folder = beside if _is_pipeline(beside) else None if written else kin
    found = [file for file in files_in(folder) if file[1].suffix not in _WEIGHTS] if folder else []
    index = written["model_index.json"] if written else index_of(folder) if folder else {}
    for part in _lacking(header, index):
        if (lender := _having(part, folder, kin)) is not None:
            found += [(f"{part}/{name}", file) for name, file in files_in(lender / part)]
    return found


@functools.lru_cache(64)
def _header(path: Path, _: object) -> Header:
    return read_header(path)


@functools.lru_cache(256)
def _is_model(path: Path, _: object) -> bool:
    from .detecting import detect

    return detect(path).kind == "model"


def pipeline_class(family: str, path: Path, folder: Path | None = None) -> Any:
    """Return the diffusers class of a family's pipeline.

    Args:
        family: What the file was detected as.
        path: The file.
        folder: Its settings, which name the class where the family is open.

    Raises:
        ModelError: Nobody knows the family, or it has no pipeline.
    """
    import diffusers

    known = family_named(family)
    name = f"{known.pipelines[0]}Pipeline" if known and known.pipelines else ""
    if folder is not None and not family:
        name = str(index_of(folder).get("_class_name", ""))
    made = getattr(diffusers, name, None) if name else None
    if made is None or not hasattr(made, "from_single_file"):
        raise ModelError(
            f"'{path.name}' cannot be loaded as a model: {family or 'its family, which nobody can tell,'} has no "
            "pipeline for single files. Get the model as a folder in diffusers' format."
        )
    return made


def settings_folder(family: str, path: Path) -> Path:
    """Return a folder that says how the weights of a file are put together, and has the tokenizers.

    That is the folder beside the file of the same name without its ending, else any model of the family that is here.

    Raises:
        ModelError: There is none; says what to get.
    """
    beside = path.with_suffix("")
    if _is_pipeline(beside):
        return beside
    if (place := _of_family(family)) is not None:
        return place
    raise ModelError(
        f"'{path.name}' holds weights alone; how they are put together is said by a folder of a {family or 'similar'} "
        f"model, and none is here. {_how_to_get(family, beside)}"
    )


def _is_pipeline(folder: Path) -> bool:
    return (folder / "model_index.json").is_file()


def _of_family(family: str) -> Path | None:
    """Return the folder of a model of a family that is here."""
    for card in cards(base_model=family, kind="model") if family else []:
        if card.is_here and _is_pipeline(place := place_of(card.name)):
            return place
    return None


def _how_to_get(family: str, beside: Path) -> str:
    fitting = cards(base_model=family, kind="model") if family else []
    return f"Get one with: pixelflow models get {fitting[0].name}" if fitting else f"Put one into {beside}."


def _refuse_what_is_no_model(path: Path) -> None:
    """Say what a file is that is no model.

    Raises:
        ModelError: It is no model.
    """
    from .detecting import detect

    found = detect(path)
    if found.kind == "model":
        return
    if found.kind == "unknown":
        raise ModelError(
            f"What '{path.name}' is, nobody can tell: {found.reason} Get the model as a folder in diffusers' format."
        )
    what, use = _OTHERS[found.kind]
    raise ModelError(f"'{path.name}' is {what}, not a model that works by itself. {use}")


def _lacking(header: Header, index: Mapping[str, Any]) -> list[str]:
    """Return the parts of a pipeline that have weights, and none in the file."""
    found = []
    for name, entry in index.items():
        if not isinstance(entry, list) or len(entry) != 2 or not all(entry):
            continue
        kind = str(entry[1])
        if name in (*_DENOISERS, "safety_checker") or kind.endswith(_LIGHT):
            continue
        places = _T5 if kind == "T5EncoderModel" else _HELD.get(name, ()) if name == "vae" or "CLIP" in kind else ()
        if not any(tensor.startswith(places) for tensor in header.tensors):
            found.append(name)
    return found


def _lender(name: str, settings: Settings, family: str, path: Path) -> Path | None:
    """Return the folder of a model that has a part which a file lacks; None where its pipeline does without."""
    if (lender := _having(name, settings.folder, _of_family(family))) is not None:
        return lender
    if name in (*_SPARED, *settings.made._optional_components):
        return None
    what = "VAE" if name == "vae" else name.replace("_", " ")
    chosen = ", or choose a VAE for the model" if name == "vae" else ""
    raise ModelError(
        f"'{path.name}' holds no {what}, and no folder of a {family or 'similar'} model is here to take one from. "
        f"{_how_to_get(family, path.with_suffix(''))}{chosen}"
    )


def _having(part: str, *folders: Path | None) -> Path | None:
    """Return the first folder of a model that has the weights of a part."""
    return next((folder for folder in folders if folder and weight_files(folder / part)), None)


def assembled(settings: Settings, path: Path, **parts: Any) -> Any:
    """Return the pipeline of a file.

    Args:
        settings: How it is put together.
        path: The file.
        parts: Those that are there already, and what `from_single_file` takes.
    """
    made = settings.made.from_single_file(str(path), config=str(settings.folder), local_files_only=True, **parts)
    for part in made.components.values():
        if hasattr(part, "tie_weights"):
            # diffusers fills T5 by hand: it leaves out the table of words that T5 has twice, and lets it drop numbers.
            part.tie_weights()
            part.eval()
    return made


def part_of(folder: Path, name: str, **settings: Any) -> Any:
    """Load one part of a model's folder.

    Args:
        folder: It has a model_index.json.
        name: The part: "vae".
        settings: Of `from_pretrained`.
    """
    library, kind = index_of(folder)[name]
    made = getattr(importlib.import_module(library), kind)
    return made.from_pretrained(folder / name, use_safetensors=True, local_files_only=True, **settings)
