"""The wildcards that ship: short lists of words, which a user's file of the same name replaces."""

from __future__ import annotations

WILDCARDS: dict[str, tuple[str, ...]] = {
    "colour": ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey"),
    "shape": ("circle", "square", "triangle", "star", "ring", "cross"),
    "light": (
        "soft morning light",
        "bright noon sun",
        "golden evening light",
        "pale moonlight",
        "candlelight",
        "light from a window",
        "light from behind",
        "an overcast sky",
        "neon light",
        "deep shadows",
    ),
    "medium": (
        "photo",
        "oil painting",
        "watercolour",
        "pencil drawing",
        "ink drawing",
        "pastel",
        "woodcut",
        "paper collage",
        "clay figure",
        "vector drawing",
        "3D render",
    ),
    "time_of_day": ("dawn", "morning", "noon", "afternoon", "dusk", "night"),
    "weather": ("clear sky", "light clouds", "fog", "drizzle", "heavy rain", "snowfall", "thunderstorm", "wind"),
    "season": ("spring", "summer", "autumn", "winter"),
    "view": ("close-up", "from the side", "from above", "from below", "from far away", "wide angle"),
    "mood": ("calm", "cheerful", "lonely", "mysterious", "solemn", "playful", "dramatic"),
    "material": ("wood", "stone", "glass", "metal", "paper", "wool", "clay", "ice"),
}
