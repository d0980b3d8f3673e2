"""How much of a prompt a text encoder reads at once, and what it is called: from configurations, nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

CHUNKED = ("SD1.5", "SD2", "SDXL", "SDXL Refiner", "Starter")
"""Families that read longer prompts in parts and heed weights of words: CLIP's states alone are what they see."""
_CHUNKING = ("StableDiffusion", "LatentConsistencyModel")
"""How their classes begin that paint single pictures."""


class Passed(NamedTuple):
    """Is how many tokens a pipeline of diffusers lets a text encoder read.

    Args:
        starts: How the name of its class begins; the longest that fits counts.
        most: Its `max_sequence_length`.
        before: Tokens of a template that stand before the prompt and count.
    """

    starts: str
    most: int
    before: int = 0


PASSED = (
    Passed("Flux", 512),
    Passed("StableDiffusion3", 256),
    Passed("Chroma", 512),
    Passed("QwenImage", 512),
    Passed("ZImage", 512, before=3),
    Passed("Krea2", 512),
    Passed("HiDreamImage", 128),
    Passed("AuraFlow", 256),
    Passed("PixArtAlpha", 120),
    Passed("PixArtSigma", 300),
    Passed("Sana", 300),
    Passed("SanaVideo", 300),
    Passed("Lumina", 256),
    Passed("Lumina2", 256),
    Passed("CogView3Plus", 224),
    Passed("CogView4", 1024),
    Passed("OvisImage", 256),
    Passed("Kolors", 256),
    Passed("Wan", 512),
    Passed("SkyReelsV2", 512),
    Passed("LTX", 128),
    Passed("LTXCondition", 256),
    Passed("LTX2", 1024),
    Passed("HunyuanVideo", 256),
    Passed("CogVideoX", 226),
    Passed("Mochi", 256),
    Passed("CosmosTextToWorld", 512),
    Passed("CosmosVideoToWorld", 512),
    Passed("Allegro", 512),
)
"""What diffusers passes where nobody says it; a test holds each line to the library."""
_CLIP = ("clip_text_model", "clip")
_WIDTHS = {768: "CLIP L", 1024: "CLIP H", 1280: "CLIP G"}
_TITLES = {"t5": "T5", "umt5": "UMT5", "mt5": "mT5", "chatglm": "ChatGLM", "bert": "BERT", "gpt2": "GPT-2"}


def heeds_weights(family: str, pipeline: str = "") -> bool:
    """Return whether a model heeds weights of words, changes over the steps, and reads long prompts in parts.

    Args:
        family: Its base model.
        pipeline: Name of its class in diffusers; empty where a file holds it.
    """
    return family in CHUNKED and (not pipeline or pipeline.startswith(_CHUNKING))


def is_clip(config: Mapping[str, Any]) -> bool:
    """Return whether a text encoder is one of CLIP's, by its configuration."""
    return config.get("model_type") in _CLIP


def title_of(config: Mapping[str, Any], name: str) -> str:
    """Return what people call a text encoder.

    Args:
        config: Its configuration.
        name: Its folder: "text_encoder_2".
    """
    kind = str(config.get("model_type") or "")
    if is_clip(config):
        return _WIDTHS.get(_number(config, "hidden_size") or 0) or ("CLIP 2" if name.endswith("_2") else "CLIP")
    return _TITLES.get(kind) or kind.replace("_", " ").capitalize() or name.replace("_", " ").capitalize()


def window_of_encoder(config: Mapping[str, Any], pipeline: str, longest: int | None) -> int | None:
    """Return how many tokens a text encoder of a pipeline reads at once, marks included; None where nobody knows.

    Args:
        config: Its configuration.
        pipeline: Name of its pipeline's class.
        longest: What its tokenizer says.
    """
    passed = passed_by(pipeline)
    if passed is not None and not is_clip(config):
        return passed.most
    places = None if config.get("relative_attention_num_buckets") else _places(config)
    return min((length for length in (longest, places) if length), default=None)


def window_of_language_model(config: Mapping[str, Any], longest: int | None) -> int | None:
    """Return how many tokens a language model keeps in view; None where nobody knows.

    Args:
        config: Its configuration; that of its text, where it reads other things, too.
        longest: What its tokenizer says.
    """
    inner = config.get("text_config")
    config = inner if isinstance(inner, dict) else config
    return longest if config.get("relative_attention_num_buckets") else _places(config)


def passed_by(pipeline: str) -> Passed | None:
    """Return what a class of pipelines passes to text encoders that are not CLIP's."""
    fitting = [passed for passed in PASSED if pipeline.startswith(passed.starts)]
    return max(fitting, key=lambda passed: len(passed.starts), default=None)


def _places(config: Mapping[str, Any]) -> int | None:
    """Return for how many places an encoder has positions."""
    return _number(config, "max_position_embeddings") or _number(config, "n_positions")


def _number(config: Mapping[str, Any], name: str) -> int | None:
    found = config.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None
