"""Live views of trainings that never were, to be shown and read."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import PIL.Image
import PIL.ImageDraw

from pixelflow_widgets.media import Preview
from pixelflow_widgets.media.previews import LIVE_VIEW

PROMPTS = ("a big red zorb on a blue background", "a small green zorb on a white background", "a red circle")


def packed(head: dict[str, Any], strip: bytes) -> Preview:
    """Return a head and a strip as they travel."""
    told = json.dumps(head).encode()
    return Preview(LIVE_VIEW, len(told).to_bytes(4, "little") + told + strip)


def live_view(step: int = 120, steps: int = 200, status: str = "running", **more: Any) -> Preview:
    """Return how far a training of crescents is.

    Args:
        step: How far it is.
        steps: How far it goes.
        status: "running", "finished" …
        more: Entries of the head that are others.
    """
    losses = [[at, round(0.05 + 0.2 * math.exp(-at / 40) * (1.1 + math.sin(at * 12.9898) ** 3), 4)] for at in _to(step)]
    smoothed = [[at, round(0.07 + 0.22 * math.exp(-at / 40), 4)] for at in _to(step)]
    earlier = [[at, round(0.11 + 0.2 * math.exp(-at / 70), 4)] for at in range(1, steps + 1, 3)]
    sampled = list(range(0, step + 1, max(1, steps // 6))) if step else []
    head = {
        "name": "crescents",
        "method": "lora",
        "step": step,
        "steps": steps,
        "status": status,
        "seconds": 0.82 * step,
    }
    head |= {"left": 0.82 * (steps - step) if status == "running" and step else None, "rate": 4e-4}
    head |= {"loss": smoothed[-1][1] if smoothed else None, "losses": losses, "smoothed": smoothed}
    head |= {"steady": [[at, round(0.08 + 0.2 * math.exp(-at / 50), 4)] for at in sampled], "steady_is_held_out": True}
    head |= {"ceiling": 0.4, "best": sampled[-1] if len(sampled) > 1 else None}
    head |= {"others": [{"name": "crescents, rank 4", "smoothed": earlier}]}
    head |= {"strip": {"prompts": list(PROMPTS), "steps": sampled, "tile": [64, 64]}}
    return packed(head | more, strip_of(len(PROMPTS), len(sampled)))


def _to(step: int) -> range:
    return range(1, step + 1)


def strip_of(rows: int, columns: int) -> bytes:
    """Return samples that become crescents, as a JPEG; nothing where there are none."""
    if rows * columns == 0:
        return b""
    sheet = PIL.Image.new("RGB", (64 * columns, 64 * rows))
    pen = PIL.ImageDraw.Draw(sheet)
    inks = (((40, 80, 220), (220, 40, 40)), ((245, 245, 245), (30, 160, 70)), ((40, 80, 220), (220, 40, 40)))
    for row in range(rows):
        ground, ink = inks[row % len(inks)]
        for column in range(columns):
            x, y, size = 64 * column, 64 * row, (22, 13, 18)[row % 3]
            pen.rectangle((x, y, x + 63, y + 63), fill=ground)
            pen.ellipse((x + 32 - size, y + 32 - size, x + 32 + size, y + 32 + size), fill=ink)
            bite = size * (2 - 1.5 * column / max(1, columns - 1)) if row < 2 else 3 * size
            pen.ellipse((x + 32 - size + bite, y + 32 - size, x + 32 + size + bite, y + 32 + size), fill=ground)
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()
