"""Examples of the nodes that write prompts."""

from __future__ import annotations

from pathlib import Path

from tests.zoo import Zoo

from .examples import Example, Varied
from .examples_plain import simple
from .media_samples import table
from .pictures import scene


def _prompt_from_image(zoo: Zoo) -> Example:
    return {
        "inputs": {"image": scene(1), "model": str(zoo("blip")), "longest": 8},
        "vary": {"model": str(zoo("blip_other")), "longest": 3, "style": "sdxl"},
    }


def _prompt_template(zoo: Zoo) -> Example:
    Path("outputs").mkdir(exist_ok=True)
    return {
        "inputs": {
            "text": "{style} {subject} in {place}, {colour} {a|b|c|d|e}",
            "subject": "fox",
            "style": "ink",
            "place": "snow",
            "values": "colour: red",
        },
        "vary": {
            "text": "{subject}",
            "values": "colour: blue",
            "table": table().rename(columns={"animal": "subject"}),
            "missing": Varied("leave it", {"text": "{none}", "missing": "leave it out"}),
        },
    }


EXAMPLES = {
    "prompt": simple({"text": "{x|y}"}, text="a {red|blue|green|white|black} fox"),
    "prompt_template": _prompt_template,
    "prompt_variants": simple({"text": "{1|2}", "seed": Varied(7, {"draw": True})}, text="{a|b|c|d} {1|2|3|4}", most=3),
    "prompt_from_image": _prompt_from_image,
    "prompt_schedule": simple({"text": "a", "at": 0.3}, text="a\nb", then="c"),
    "negative_preset": simple(extra="cats"),
    "prompt_style": simple({"style": "watercolour"}, prompt="a fox", style="photo", negative_prompt="cats"),
}
