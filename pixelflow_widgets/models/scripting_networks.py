"""Models of transformers as a script loads them: the class, the place, the precision, and what prepares the inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..media import Model
from .cards import PACKAGE, ModelCard, card_of, described
from .families import family as family_named
from .networks import class_at, processor_at, serving, settings_at
from .quiet import quiet
from .scripting import Writing, device_in, dtype_in, local_in, place_in
from .scripting.places import quoted
from .tasks import PARTS
from .weights import place_of

_BY_TABLE = ("AutoModelForCausalLM", "AutoModelForSeq2SeqLM", "AutoModelForSequenceClassification")
"""Tables of classes by which people load a model; all others are called by their own names."""


@dataclass(frozen=True)
class ScriptedNetwork:
    """Is a model of transformers as a script has it.

    Args:
        code: The expression of the model, in the script.
        processor: The expression of its tokenizer, image processor or both; of a part of another model empty.
        made: The name of its class in transformers.
        card: What is known of it, if it has a card.
        family: Its base model.
        title: What a person calls it.
        config: Its settings as transformers reads them; those of its class where it is not on this machine.
        ready: Its processor, loaded; None where it is not on this machine.
        here: Where it lies on this machine, if it does.
    """

    code: str
    processor: str
    made: str
    card: ModelCard | None
    family: str
    title: str
    config: Any = field(repr=False)
    ready: Any = field(repr=False)
    here: Path | None = None


def network_in(at: Writing, model: Model, task: str) -> ScriptedNetwork:
    """Write how a model of transformers is loaded for a task, once, and return what it is called.

    Args:
        at: Takes the code.
        model: The handle.
        task: A node type, or a part of another model: "vocoder".
    """
    if model.is_live:
        at.refuse(
            "its model is an object of this notebook. Name a model that can be loaded: a card, a folder, a Hub id."
        )
    if model.is_served:
        at.refuse("its model is on a server; only 'chat' is written with one. Use that, or a model of this machine.")
    if any(adapter.weight for adapter in model.adapters):
        at.refuse("adapters are for models of diffusers. Take them away.")
    try:
        with quiet():
            found = _found(model, task)
    except ModelError as error:
        at.refuse(str(error))
    card = card_of(model)
    title = card.name if card else Path(model.source).stem
    code = _model_in(at, model, card, found, title)
    processor = _processor_in(at, model, card, found, title) if found.prepared else ""
    said = card.title if card else title
    return ScriptedNetwork(
        code, processor, found.made, card, found.family, said, found.config, found.ready, found.place
    )


@dataclass(frozen=True)
class _Found:
    """Is what is known of a model before it is loaded; `prepared` is the class that loads its processor, if any."""

    place: Path | None
    table: str
    made: str
    prepared: str
    family: str
    config: Any
    ready: Any


def _found(model: Model, task: str) -> _Found:
    try:
        place = place_of(model)
    except ModelError:
        return _found_by_family(model, task)
    card = card_of(model) or described(model)
    made = class_at(place, card.title, task)
    if task in PARTS:
        return _Found(place, "", made.__name__, "", card.base_model, settings_at(place), None)
    ready, config = processor_at(place), settings_at(place)
    table = next((name for name, one in serving(config, task) if one is made), "")
    return _Found(place, table, made.__name__, _loader_of(ready), card.base_model, config, ready)


def _found_by_family(model: Model, task: str) -> _Found:
    """Return what the family of a model that is not here says of it.

    Raises:
        ModelError: Nobody knows its family, or that does not do the task.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    card = card_of(model)
    if task in PARTS:
        return _Found(None, "", PARTS[task], "", "", None, None)
    name = card.base_model if card else ""
    known = family_named(name)
    for model_type in (*(known.model_types if known else ()), name.lower().replace("-", "_")):
        if model_type in CONFIG_MAPPING:
            config = CONFIG_MAPPING[model_type]()
            for table, made in serving(config, task):
                if made.__name__.endswith("Classification") and card and "chat" in card.tasks:
                    continue  # a head that only some files have cannot be taken for granted
                return _Found(None, table, made.__name__, _usual_loader(model_type, table), name, config, None)
    raise ModelError(
        f"which class of transformers loads '{model.source}' is not known before it is on this machine. "
        f"Get it first: pixelflow models get {model.source}"
    )


def _loader_of(ready: Any) -> str:
    """Return the class by which people load what prepares the inputs."""
    from transformers import PreTrainedTokenizerBase
    from transformers.feature_extraction_utils import FeatureExtractionMixin
    from transformers.image_processing_base import ImageProcessingMixin

    kinds = {
        "AutoTokenizer": PreTrainedTokenizerBase,
        "AutoImageProcessor": ImageProcessingMixin,
        "AutoFeatureExtractor": FeatureExtractionMixin,
    }
    return next((name for name, kind in kinds.items() if isinstance(ready, kind)), "AutoProcessor")


def _usual_loader(model_type: str, table: str) -> str:
    from transformers.models.auto import image_processing_auto, processing_auto

    if table in _BY_TABLE:
        return "AutoTokenizer"
    if model_type in processing_auto.PROCESSOR_MAPPING_NAMES:
        return "AutoProcessor"
    if model_type in image_processing_auto.IMAGE_PROCESSOR_MAPPING_NAMES:
        return "AutoImageProcessor"
    return "AutoTokenizer"


# Code


def _model_in(at: Writing, model: Model, card: ModelCard | None, found: _Found, title: str) -> str:
    place, settings = _place_in(at, model, card, found.place)
    dtype, device = dtype_in(at, found.family, model.options.get("dtype")), device_in(at)
    by_table = found.table in _BY_TABLE
    loader = found.table if by_table else found.made
    at.add_import("import functools")
    at.add_import(f"from transformers import {loader}")
    is_gguf = found.place is not None and found.place.suffix == ".gguf"
    kept = [] if is_gguf or (card and str(card.source).startswith(PACKAGE)) else ["use_safetensors=True"]
    arguments = ", ".join([place, *settings, f"dtype={dtype}", *kept])
    promised = "" if by_table else f" -> {loader}"

    def write(name: str) -> str:
        return (
            f"@functools.cache\ndef {name}(){promised}:\n"
            f"    model = {loader}.from_pretrained({arguments})\n"
            f"    return model.to({device})"
        )

    return f"{at.define(('network', model.source, tuple(settings), loader, dtype), f'load {title}', write)}()"


def _processor_in(at: Writing, model: Model, card: ModelCard | None, found: _Found, title: str) -> str:
    place, settings = _place_in(at, model, card, found.place)
    settings = [one for one in settings if not one.startswith("variant=")]
    loader = found.prepared
    if "sentencepiece" in getattr(type(found.ready), "__backends", ()):
        at.require("sentencepiece")
    at.add_import("import functools")
    at.add_import(f"from transformers import {loader}")

    def write(name: str) -> str:
        arguments = ", ".join([place, *settings])
        return f"@functools.cache\ndef {name}():\n    return {loader}.from_pretrained({arguments})"

    word = {"AutoTokenizer": "tokenizer", "AutoFeatureExtractor": "feature extractor"}.get(loader, "processor")
    return f"{at.define(('processor', model.source, tuple(settings), loader), f'load {title} {word}', write)}()"


def _place_in(at: Writing, model: Model, card: ModelCard | None, place: Path | None) -> tuple[str, list[str]]:
    """Return (the expression of where a model lies, the arguments that say which files of it)."""
    source = str(card.source if card else model.source)
    if source.endswith(".gguf") or (place is not None and place.suffix == ".gguf"):
        at.require("gguf")
    if source.startswith(PACKAGE):
        file = _in_package(at, source, card.name if card else source)
        return f"{file}.parent", [f"gguf_file={file}.name"]
    if place is not None and place.suffix == ".gguf" and Path(source).expanduser().exists():
        return local_in(at, place.parent, f"{place.stem}_FOLDER"), [f"gguf_file={quoted(place.name)}"]
    code, settings = place_in(at, model, card)
    if source.endswith(".gguf"):  # a file of a repository
        settings = [*settings, f"gguf_file={quoted('/'.join(source.split('/')[2:]))}"]
    return code, settings


def _in_package(at: Writing, source: str, name: str) -> str:
    """Return the constant of a file that another Python package brings."""
    package, _, pattern = source.removeprefix(PACKAGE).partition("/")
    at.require(package.replace("_", "-"))
    at.add_import("from importlib.util import find_spec")
    at.add_import("from pathlib import Path")
    return at.define(
        ("package", source),
        name.upper().replace("-", "_").replace(".", "_"),
        lambda known: (
            f"# The model '{name}' comes with the package {package.replace('_', '-')}.\n"
            f'{known} = next(Path(find_spec("{package}").origin).parent.rglob("{pattern}"))'
        ),
    )
