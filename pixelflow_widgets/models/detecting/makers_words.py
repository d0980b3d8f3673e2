"""What the maker of a file wrote about it: base model, trigger words, resolution, alpha."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

OWN = "pixelflow."
"""How the entries begin that this package writes beside what others read."""
OWN_BASE, OWN_WORDS = f"{OWN}base_model", f"{OWN}trigger_words"

_MOST_WORDS = 5
_LARGEST = 4_000_000
"""Characters of an entry; more are not read."""

# How a name of a base model begins, in lower case without marks → its family; the longest that fits counts.
_CLAIMS = {
    "sdv1": "SD1.5",
    "sd15": "SD1.5",
    "sd1": "SD1.5",
    "stablediffusionv1": "SD1.5",
    "sdv2": "SD2",
    "sd2": "SD2",
    "stablediffusionv2": "SD2",
    "sdxl": "SDXL",
    "stablediffusionxl": "SDXL",
    "sd3": "SD3",
    "stablediffusion3": "SD3",
    "flux": "FLUX.1",
    "flux1": "FLUX.1",
    "flux2": "FLUX.2",
    "flux3": "FLUX.3",
    "chroma": "Chroma",
    "kolors": "Kolors",
    "wan": "Wan 2.1",
    "wan2": "Wan 2.1",
    "wan22ti2v5b": "Wan 2.2 5B",
    "qwenimage": "Qwen-Image",
    "qwenimage21": "Qwen-Image 2.1",
    "ltxvideo": "LTX-Video",
    "ltxv": "LTX-Video",
    "ltx2": "LTX-2",
    "hunyuanvideo": "HunyuanVideo",
    "lumina2": "Lumina 2",
    "zimage": "Z-Image",
    "hidream": "HiDream",
    "auraflow": "AuraFlow",
    "pixart": "PixArt",
    "sana": "Sana",
}
_BASE_ENTRIES = (OWN_BASE, "ss_base_model_version", "modelspec.architecture")
_RESOLUTION_ENTRIES = ("modelspec.resolution", "ss_resolution")
_RESOLUTION = re.compile(r"\D{0,4}(\d{1,6})(?:\D{1,4}(\d{1,6}))?\D{0,4}$")


def claimed_base(metadata: Mapping[str, str]) -> tuple[str, str]:
    """Return (family that a file says it was made for, the entry that says so); nothing where it does not."""
    for entry in _BASE_ENTRIES:
        word = metadata.get(entry, "")[:200]
        plain = re.sub(r"[^a-z0-9]", "", word.partition("/")[0].lower())
        fitting = [start for start in _CLAIMS if plain.startswith(start)]
        if entry == OWN_BASE and word:
            return word, entry
        if fitting:
            return _CLAIMS[max(fitting, key=len)], entry
    return "", ""


def trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that call an adapter in a prompt, where its maker says them or every picture had them."""
    own = _object(metadata, OWN_WORDS)
    if isinstance(own, list):
        return _words(word for word in own if isinstance(word, str))
    for entry in (OWN_WORDS, "modelspec.trigger_phrase"):
        if metadata.get(entry, "").strip():
            return _words(re.split(r"[,;\n]", metadata[entry][:1000]))
    return _words(_always_there(metadata))


def resolution(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Return (width, height) in pixels that a file was trained on, where it says so."""
    for entry in _RESOLUTION_ENTRIES:
        if match := _RESOLUTION.match(metadata.get(entry, "")[:100].strip()):
            width, height = int(match[1]), int(match[2] or match[1])
            if 0 < width <= 65536 and 0 < height <= 65536:
                return width, height
    return None


def claimed_alpha(metadata: Mapping[str, str]) -> float | None:
    """Return the alpha that kohya's or diffusers' entries name."""
    try:
        alpha = float(metadata.get("ss_network_alpha", "nan"))
    except ValueError:
        alpha = math.nan
    if math.isfinite(alpha):
        return alpha
    settings = _object(metadata, "lora_adapter_metadata")
    found = {
        value
        for name, value in (settings.items() if isinstance(settings, dict) else ())
        if name.rpartition(".")[2] == "lora_alpha" and type(value) in (int, float)
    }
    return _finite(found.pop()) if len(found) == 1 else None


def _finite(number: float) -> float | None:
    try:
        return float(number) if math.isfinite(number) else None
    except OverflowError:
        return None


def _always_there(metadata: Mapping[str, str]) -> list[str]:
    """Return the tags that all pictures of a training had, as kohya counts them."""
    folders = _object(metadata, "ss_tag_frequency")
    sizes = _object(metadata, "ss_dataset_dirs")
    found: list[str] = []
    for folder, tags in folders.items() if isinstance(folders, dict) else ():
        counts = {
            tag.strip(): count
            for tag, count in (tags.items() if isinstance(tags, dict) else ())
            if type(count) is int and count > 0
        }
        info = sizes.get(folder) if isinstance(sizes, dict) else None
        pictures = info.get("img_count") if isinstance(info, dict) else None
        most = pictures if type(pictures) is int and pictures > 0 else max(counts.values(), default=0)
        if most > 1:  # one picture has all of its words, which says nothing
            found += [tag for tag, count in counts.items() if count >= most]
    return found


def _object(metadata: Mapping[str, str], entry: str) -> Any:
    text = metadata.get(entry, "")
    if not text or len(text) > _LARGEST:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _words(words: Any) -> tuple[str, ...]:
    plain = (" ".join(word.split())[:100] for word in words)
    return tuple(dict.fromkeys(word for word in plain if word.isprintable() and word))[:_MOST_WORDS]
