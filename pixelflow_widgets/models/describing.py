"""Cards for models that have none: made from what their files, or their names, tell."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .cards import ModelCard, cards
from .families import config_in, family
from .layout import INDEX
from .weights import looks_like_hub, place_of, size_of

_WRITING = ("chat", "expand_prompt", "summarize", "translate", "classify_text")

# How the name of a class in transformers ends (or what it is called) → (tasks, what it makes, what it takes).
_CLASSES: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    ("WhisperForConditionalGeneration", ("speech_to_text",), "text", ("audio",)),
    ("ForSpeechSeq2Seq", ("speech_to_text",), "text", ("audio",)),
    ("ForCTC", ("speech_to_text",), "text", ("audio",)),
    ("MusicgenForConditionalGeneration", ("text_to_music", "text_to_sound"), "audio", ("text",)),
    ("VitsModel", ("text_to_speech",), "audio", ("text",)),
    ("BarkModel", ("text_to_speech",), "audio", ("text",)),
    ("ForTextToSpeech", ("text_to_speech",), "audio", ("text",)),
    ("SpeechT5HifiGan", ("vocoder",), "audio", ()),
    ("CsmForConditionalGeneration", ("text_to_speech",), "audio", ("text",)),
    ("BlipForConditionalGeneration", ("caption",), "text", ("image", "text")),
    ("BlipForQuestionAnswering", ("visual_question",), "text", ("image", "text")),
    ("CLIPModel", ("clip_score",), "text", ("image", "text")),
    ("ForImageSuperResolution", ("upscale",), "image", ("image",)),
    ("ForDepthEstimation", ("depth",), "image", ("image",)),
    ("CLIPSegForImageSegmentation", ("segment", "remove_background"), "image", ("image", "text")),
    ("ForSemanticSegmentation", ("segment", "remove_background"), "image", ("image",)),
    ("ForUniversalSegmentation", ("segment", "remove_background"), "image", ("image",)),
    ("ForSequenceClassification", ("classify_text",), "text", ("text",)),
    ("ForCausalLM", _WRITING, "text", ("text",)),
    ("LMHeadModel", _WRITING, "text", ("text",)),
    ("MarianMTModel", ("translate",), "text", ("text",)),
)
# What a pipeline of a family without a card may do; whether diffusers has a class for it shows when it is loaded.
_OF_MODALITY = {
    "image": ("text_to_image", "image_to_image", "inpaint", "outpaint", "control"),
    "video": ("text_to_video", "image_to_video"),
    "audio": ("text_to_sound", "text_to_music"),
}
# What the name of a class says of its tasks, where they are not those of its family.
_BY_PIPELINE = {
    ("imagetovideo", "i2v", "stablevideodiffusion"): ("image_to_video",),
    ("animatediff", "texttovideo"): ("text_to_video",),
    ("inpaint", "fill"): ("inpaint", "outpaint"),
}
_SEEING = ("vision_config", "image_token_id", "image_token_index")
_KINDS = ("lora", "controlnet", "ip_adapter", "motion", "vae", "embedding", "text_encoder")


def card_from_files(source: str) -> ModelCard:
    """Return a card for a folder, a file or a Hub id; of what is not here, little more than its name.

    Raises:
        ModelError: There is a file or folder of this name, and it is none that can be used; or nothing is called so.
    """
    try:
        place = place_of(source)
    except ModelError:
        if Path(source).expanduser().exists() or not looks_like_hub(source):
            raise
        return _blank(source)
    megabytes = size_of(place) / 1e6
    if place.is_file() and place.suffix == ".gguf":
        return _writer(source, place, megabytes)
    if place.is_dir() and (classes := config_in(place, "config.json").get("architectures")):
        return _of_transformers(source, place, str(classes[0]), megabytes)
    return _of_weights(source, place, megabytes)


def _blank(source: str) -> ModelCard:
    return ModelCard(
        name=source,
        title=source.rpartition("/")[2],
        source=source,
        tasks=(),
        modality="",
        base_model="",
        licence="",
        megabytes=0,
        takes=(),
        kind="unknown",
        help="Not on this machine; what it is shows when it was fetched.",
    )


def _title(source: str, place: Path) -> str:
    return source.rpartition("/")[2] if looks_like_hub(source) and not Path(source).exists() else place.stem


def _of_weights(source: str, place: Path, megabytes: float) -> ModelCard:
    """Return the card of a pipeline's folder, a single file or an adapter."""
    from .detecting import detect

    found = detect(place)
    known = family(found.base_model)
    like = next(iter(cards(base_model=found.base_model, kind=found.kind)), None) if found.base_model else None
    modality = known.modality if known else ""
    pipeline = str(config_in(place, INDEX).get("_class_name", ""))
    whole = _by_pipeline(f"{pipeline} {found.variant}")
    if whole is not None and found.kind == "model":
        modality = whole[0].rpartition("_")[2] if whole[0].endswith("_video") else "image"
    tasks = whole or (like.tasks if like else _OF_MODALITY.get(modality, ()))
    width, height = found.resolution or (None, None)
    size = {"width": width, "height": height} if width and height else {}
    return ModelCard(
        name=source,
        title=_title(source, place),
        source=source,
        tasks=tasks if found.kind == "model" else (found.kind,) if found.kind in _KINDS else (),
        modality=modality,
        base_model=found.base_model,
        licence="",
        megabytes=megabytes,
        defaults={**(like.defaults if like else {}), **size} if found.kind == "model" else {},
        help=found.reason,
        takes=("text", "image") if tasks == ("image_to_video",) else like.takes if like else ("text",),
        kind=found.kind,
        limits=like.limits if like and found.kind == "model" else {},
        multiple=like.multiple if like else 8,
        schedulers=like.schedulers if like and found.kind == "model" else (),
        memory_gb=round(megabytes / 1000 * 1.2, 1),
        trigger_words=found.trigger_words,
    )


def _by_pipeline(name: str) -> tuple[str, ...] | None:
    """Return the tasks of a pipeline that does other ones than its family, by its class in diffusers; else None."""
    for words, tasks in _BY_PIPELINE.items():
        if any(word in name.lower() for word in words):
            return tasks
    return None


def _of_transformers(source: str, place: Path, class_name: str, megabytes: float) -> ModelCard:
    """Return the card of a folder that transformers wrote."""
    from .families import family_of_folder

    config = config_in(place, "config.json")
    known = family_of_folder(place)
    tasks, modality, takes = _serves(class_name, config)
    return ModelCard(
        name=source,
        title=_title(source, place),
        source=source,
        tasks=tasks,
        modality=modality or (known.modality if known else ""),
        base_model=known.name if known else str(config.get("model_type", "")),
        licence="",
        megabytes=megabytes,
        help=f"{class_name} of transformers.",
        takes=takes,
        kind="model" if tasks else "unknown",
        memory_gb=round(megabytes / 1000 * 1.2, 1),
    )


def _serves(class_name: str, config: Mapping[str, Any]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return (tasks, what it makes, what it takes) of a class."""
    for end, tasks, modality, takes in _CLASSES:
        if class_name.endswith(end):
            return tasks, modality, takes
    if class_name.endswith(("ForConditionalGeneration", "ForImageTextToText")):
        if any(name in config for name in _SEEING):
            return ("chat", "visual_question", "caption"), "text", ("text", "image")
        return ("translate", "summarize", "expand_prompt"), "text", ("text",)
    return (), "", ()


def _writer(source: str, place: Path, megabytes: float) -> ModelCard:
    """Return the card of a GGUF file, which holds a model that writes."""
    from .families import family_of_model_type

    architecture = gguf_architecture(place)
    known = family_of_model_type(architecture)
    return ModelCard(
        name=source,
        title=_title(source, place),
        source=source,
        tasks=_WRITING,
        modality="text",
        base_model=known.name if known else architecture,
        licence="",
        megabytes=megabytes,
        help=f"A GGUF file of the architecture {architecture or 'that it does not say'}.",
        memory_gb=round(megabytes / 1000 * 4, 1),
    )


def gguf_architecture(path: Path) -> str:
    """Return what a GGUF file says it holds: "llama"; nothing where that is not its first entry.

    The layout: "GGUF", a version, two counts, then entries of a name, a type (8 is text) and a value.

    Raises:
        ModelError: It is no GGUF file, or of another version.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] != b"GGUF" or len(head) < 64:
        raise ModelError(f"'{path.name}' is refused: in spite of its name it is no GGUF file. ({path})")
    version = struct.unpack_from("<I", head, 4)[0]
    if version not in (2, 3):
        raise ModelError(f"'{path.name}' is refused: version {version} of GGUF is not known here. ({path})")
    length = struct.unpack_from("<Q", head, 24)[0]
    if head[32 : 32 + length] != b"general.architecture" or head[52:56] != struct.pack("<I", 8):
        return ""
    length = struct.unpack_from("<Q", head, 56)[0]
    return head[64 : 64 + min(length, 100)].decode("utf-8", "replace")
