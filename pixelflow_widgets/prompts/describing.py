"""Prompts for pictures that are there: what a model is asked, and what is made of a sentence that it says."""

from __future__ import annotations

import re
from typing import Literal

Describing = Literal["sentence", "tags", "sdxl"]
_WISHES = {
    "sentence": "Describe this picture in one sentence, as a prompt that would paint it. Write only the sentence.",
    "tags": "List what this picture shows in 8 to 15 short tags: things, place, medium, light, colours. "
    "Write only the tags, with commas between.",
    "sdxl": "Write a prompt that would paint this picture: one sentence about what it shows, then its medium, light, "
    "colours and composition in a few words each. Write one line, with commas between.",
}
_SMALL = re.compile(
    r"\s*(?:[,.;]|\b(?:and|with|in|on|at|of|under|over|next to|in front of|behind|beside|near|from|by|is|are|there|"
    r"while|that|which|to|into)\b)\s*",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:a|an|the|some|its|his|her|their)\s+", re.IGNORECASE)
_QUALITY = "sharp focus, fine detail"


def wish_of(style: str) -> str:
    """Return what a model that follows instructions is told.

    Args:
        style: One of `Describing`.
    """
    return _WISHES[style]


def as_said(text: str) -> str:
    """Return what such a model answered as one line, without the quotation marks around it."""
    return " ".join(text.split()).strip("\"'“” ").rstrip(".")


def shaped(sentence: str, style: str) -> str:
    """Return the sentence of a model that only describes as a prompt of a style.

    Args:
        sentence: "a red fox sitting in the snow".
        style: One of `Describing`: tags are its parts, "red fox sitting, snow".
    """
    sentence = as_said(sentence)
    if style == "sentence" or not sentence:
        return sentence
    if style == "sdxl":
        return f"{sentence}, {_QUALITY}"
    parts = [_ARTICLE.sub("", part.strip()) for part in _SMALL.split(sentence)]
    return ", ".join(dict.fromkeys(part for part in parts if part))
