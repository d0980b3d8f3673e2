"""How far a training is, read from the live view that it reports and drawn as still pictures have it.

js/src/media/{liveView.ts,Training.tsx} are the same for pages; tests/vectors/live_view.json holds both to one reading.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...export.diagram.shapes import COLOURS, FAINT, LINE, MUTED, number, text
from ...export.diagram.words import fitted, printable
from ...media import Preview
from ...media.previews import LIVE_VIEW
from .thumbnails import thumbnail

_HEAD = 4
_GUTTER = 34
_SMALL = 10
_SMOOTH, _STEADY, _BEST = COLOURS["model"], COLOURS["latents"], COLOURS["audio"]


@dataclass(frozen=True)
class LiveView:
    """Is how far a training is.

    Args:
        head: What is known of it: "step", "steps", "losses" …
        strip: Its samples as a JPEG; may be empty.
    """

    head: Mapping[str, Any]
    strip: bytes

    def words(self) -> str:
        """Return how far it is, in a line: "step 120 of 200 · 1:40 left · loss 0.067"."""
        head = self.head
        status, at = head["status"], f"step {head['step']} of {head['steps']}"
        first = at if status == "running" else f"{status} at {at}"
        if status == "finished":
            first = f"{head['step']} steps in {_clock(head['seconds'])}"
        left, best = head["left"], head["best"]
        if status == "running":
            second = "" if left is None else f"{_clock(left)} left"
        else:
            second = "" if best is None else f"best at {best}"
        third = "" if head["loss"] is None else f"loss {_loss(head['loss'])}"
        return " · ".join(part for part in (first, second, third) if part)

    def place(self, point: Sequence[float]) -> tuple[float, float]:
        """Return where a point (step, loss) stands in a chart of 1 by 1; what is beyond its edge stands on it."""
        across, up = point[0] / max(1, self.head["steps"]), 1 - point[1] / (self.head["ceiling"] or 1)
        return min(1.0, max(0.0, across)), min(1.0, max(0.0, up))


@functools.lru_cache(32)
def read_live_view(preview: Preview) -> LiveView | None:
    """Return the live view that a preview holds, or None for what is none."""
    if preview.mime != LIVE_VIEW:
        return None
    try:
        end = _HEAD + int.from_bytes(preview.data[:_HEAD], "little")
        head = json.loads(preview.data[_HEAD:end])
        return LiveView(head, preview.data[end:]) if _is_whole(head) else None
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _is_whole(head: Mapping[str, Any]) -> bool:
    """Return whether everything is there that is drawn; raises where it is of another kind."""
    lines = [head["losses"], head["smoothed"], head["steady"], *(other["smoothed"] for other in head["others"])]
    lists = [*lines, head["strip"]["prompts"], head["strip"]["steps"], head["strip"]["tile"]]
    known = [head[name] for name in ("left", "loss", "best") if head[name] is not None]
    numbers = [head[name] for name in ("step", "steps", "seconds", "ceiling")]
    return (
        all(isinstance(each, list) for each in lists)
        and all(isinstance(each, int | float) for each in [*numbers, *known])
        and all(math.isfinite(step + loss) for line in lines for step, loss in line)
    )


def draw_live_view(view: LiveView, width: float, height: float, most: int, *, with_words: bool = True) -> str:
    """Return the chart of a live view, a line of words, and its samples, from (0, 0) on.

    Args:
        view: The live view.
        width: Of the room.
        height: Of the room.
        most: How many bytes the samples may take.
        with_words: False leaves the line out: it stands elsewhere.
    """
    strip = _strip(view, width - 16, height * 0.48, most)
    line = 16 if with_words else 0
    chart = height - 18 - line - (strip[1] + 8 if strip else 0)
    words = text(8, chart + 27, fitted(printable(view.words()), width - 16, _SMALL), size=_SMALL) if with_words else ""
    drawn = f'<g transform="translate(8 {number(chart + 22 + line)})">{strip[0]}</g>' if strip else ""
    return _chart(view, width - 16 - _GUTTER, chart) + words + drawn


def _chart(view: LiveView, width: float, height: float) -> str:
    head = view.head

    def at(point: Sequence[float]) -> str:
        across, down = view.place(point)
        return f"{number(across * width)} {number(down * height)}"

    def line(points: Iterable[Sequence[float]], looks: str) -> str:
        return f'<path d="M{"L".join(map(at, points))}" {looks}/>' if points else ""

    dots = "".join(f"M{at(point)}h0" for point in head["steady"])
    parts = [
        f'<path d="M0 0H{number(width)}M0 {number(height / 2)}h{number(width)}M0 {number(height)}h{number(width)}" '
        f'stroke="{LINE}"/>',
        *(line(other["smoothed"], f'stroke="{FAINT}" opacity=".5"') for other in head["others"]),
        line(head["losses"], f'stroke="{_SMOOTH}" opacity=".3"'),
        line(head["smoothed"], f'stroke="{_SMOOTH}" stroke-width="2"'),
        f'<path d="{dots}" stroke="{_STEADY}" stroke-width="5"/>' if dots else "",
        _best(view, width, height) if head["best"] is not None else "",
        *(
            text(-6, height * share, _loss(head["ceiling"] * (1 - share)), size=_SMALL, fill=MUTED, end=True)
            for share in (0, 0.5, 1)
        ),
        text(width, height + 9, str(head["steps"]), size=_SMALL, fill=MUTED, end=True),
    ]
    place = f'transform="translate({_GUTTER + 4} 8)"'
    return f'<g {place} fill="none" stroke-linecap="round" stroke-linejoin="round">{"".join(parts)}</g>'


def _best(view: LiveView, width: float, height: float) -> str:
    across, _ = view.place((view.head["best"], 0))
    x = across * width
    mark = f'<path d="M{number(x)} 0V{number(height)}" stroke="{_BEST}" stroke-dasharray="3 3"/>'
    is_left = across > 0.5
    return mark + text(x - 4 if is_left else x + 4, 2, "best", size=_SMALL, fill=_BEST, weight=600, end=is_left)


def _strip(view: LiveView, width: float, height: float, most: int) -> tuple[str, float] | None:
    """Return the samples and how high they stand; None where there are none."""
    strip = view.head["strip"]
    columns, rows = len(strip["steps"]), len(strip["prompts"])
    small = thumbnail(Preview("image/jpeg", view.strip), most) if view.strip and columns and rows else None
    if small is None:
        return None
    scale = min(width / small.width, (height - 14) / small.height)
    wide, high = small.width * scale, small.height * scale
    left, tile = (width - wide) / 2, wide / columns
    labels = "".join(
        f'<text x="{number(left + (place + 0.5) * tile)}" y="6" font-size="{_SMALL}" fill="{MUTED}" '
        f'text-anchor="middle">{int(step)}</text>'
        for place, step in enumerate(strip["steps"])
    )
    place = f'x="{number(left)}" y="12" width="{number(wide)}" height="{number(high)}"'
    return f'{labels}<image {place} href="{small.uri}"/>', high + 14


def _clock(seconds: float) -> str:
    whole = max(0, math.floor(seconds + 0.5))
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _loss(loss: float) -> str:
    return f"{float(f'{loss:.3g}'):g}"
