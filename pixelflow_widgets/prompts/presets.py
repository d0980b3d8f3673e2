"""What pictures should usually not show, by what they are to be: words for negative prompts."""

from __future__ import annotations

from typing import Literal, get_args

Preset = Literal["none", "general", "photo", "drawing", "people", "hands", "landscape", "product", "SDXL", "SD 1.5"]

_GENERAL = "blurry, low quality, jpeg artifacts, noise, watermark, text, signature, cropped"
_PRESETS: dict[str, str] = {
    "none": "",
    "general": _GENERAL,
    "photo": f"drawing, painting, illustration, 3d render, plastic skin, oversaturated, {_GENERAL}",
    "drawing": f"photo, photorealistic, 3d render, smudged lines, uneven outlines, {_GENERAL}",
    "people": f"deformed face, crossed eyes, extra limbs, missing limbs, wrong proportions, stiff pose, {_GENERAL}",
    "hands": "deformed hands, extra fingers, missing fingers, fused fingers, extra hands, long fingers",
    "landscape": f"tilted horizon, hazy, flat light, power lines, people, frame, border, {_GENERAL}",
    "product": f"cluttered background, harsh shadows, reflections of the room, hands, price tag, {_GENERAL}",
    "SDXL": "blurry, low resolution, watermark, text, frame, border, oversharpened, deformed",
    "SD 1.5": (
        "worst quality, low quality, normal quality, lowres, blurry, bad anatomy, bad proportions, extra limbs, "
        "extra fingers, deformed, duplicate, out of frame, watermark, text, signature"
    ),
}
assert set(_PRESETS) == set(get_args(Preset))


def negative(preset: str, extra: str = "") -> str:
    """Return the words of a preset, and others behind them; words that come twice stand once.

    Args:
        preset: One of `Preset`.
        extra: More words, with commas between.
    """
    found: dict[str, str] = {}
    for word in f"{_PRESETS[preset]},{extra}".split(","):
        if word.strip():
            found.setdefault(word.strip().casefold(), word.strip())
    return ", ".join(found.values())
