"""Sums by day and model as a drawing: plain SVG with colours for light and dark grounds; no library of plots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 48
MOST_DAYS = 92
"""The newest days are drawn."""
MOST_MODELS = 7
"""More models than that share the last colour."""
OTHERS = "others"
_LIGHT = ("#2f6fde", "#d9622b", "#2b8a5b", "#9146c2", "#b8860b", "#0d8aa6", "#c2385f", "#7a7f87")
_DARK = ("#7aa7ff", "#ff9a66", "#62c793", "#c38af0", "#e3b94d", "#55c6de", "#f27d9e", "#a4a9b1")

Sums = Mapping[tuple[date, str], float]


@dataclass(frozen=True)
class Plot:
    """Is a drawing that a notebook shows.

    Args:
        svg: The drawing.
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return f'<div style="max-width:{WIDTH}px">{self.svg}</div>'

    def __str__(self) -> str:
        return self.svg


def plot_of(sums: Sums, title: str, unit: str) -> Plot:
    """Return a drawing with a column a day and a colour a model.

    Args:
        sums: By day and model; none is below 0.
        title: What is drawn.
        unit: Of the sums.
    """
    days = _days(sums)
    models = _models(sums)
    heights = {day: [0.0] * len(models) for day in days}
    for (day, model), value in sums.items():
        if day in heights:
            heights[day][models.index(model) if model in models else len(models) - 1] += max(value, 0.0)
    top, step = _scale(max((sum(column) for column in heights.values()), default=0.0))
    drawn = [*_axis(top, step, unit), *_columns(days, heights, models, top, unit), *_legend(models), *_dates(days)]
    if not any(map(sum, heights.values())):
        drawn.append(f'<text class="t" x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">Nothing was used.</text>')
    name = escape(f"{title} by day and model")
    return Plot(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}" '
        f'class="pixelflow-usage" style="width:100%;height:auto;font:11px system-ui,sans-serif"><title>{name}</title>'
        f"<style>{_style()}</style>{''.join(drawn)}</svg>"
    )


def _style() -> str:
    def colours(inks: tuple[str, ...], text: str, line: str, of: str) -> str:
        shades = "".join(f"{of} .c{number}{{fill:{ink}}}" for number, ink in enumerate(inks))
        return f"{of} .t{{fill:{text}}}{of} .l{{stroke:{line};stroke-width:1}}{shades}"

    own = ".pixelflow-usage"
    dark = colours(_DARK, "#c9ccd1", "#4a4f57", own)
    by_jupyter = "[data-jp-theme-light=false] "
    return (
        colours(_LIGHT, "#4a4f57", "#d7dae0", own)
        + f"@media (prefers-color-scheme:dark){{{dark}}}"
        + colours(_LIGHT, "#4a4f57", "#d7dae0", f"[data-jp-theme-light=true] {own}")
        + colours(_DARK, "#c9ccd1", "#4a4f57", by_jupyter + own)
    )


def _days(sums: Sums) -> list[date]:
    """Return every day from the first to the last, those without anything too; the newest where there are many."""
    there = sorted({day for day, _ in sums})
    if not there:
        return []
    first = max(there[0], there[-1] - timedelta(days=MOST_DAYS - 1))
    return [first + timedelta(days=number) for number in range((there[-1] - first).days + 1)]


def _models(sums: Sums) -> list[str]:
    totals: dict[str, float] = {}
    for (_, model), value in sums.items():
        totals[model] = totals.get(model, 0.0) + value
    ordered = sorted(totals, key=lambda model: -totals[model])
    return ordered if len(ordered) <= MOST_MODELS + 1 else [*ordered[:MOST_MODELS], OTHERS]


def _scale(most: float) -> tuple[float, float]:
    """Return (the height of the axis, the distance of its lines): 1, 2 or 5 times a power of ten."""
    if most <= 0 or not math.isfinite(most):
        return 1.0, 0.5
    raw = most / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    return math.ceil(most / step - 1e-9) * step, step


def _axis(top: float, step: float, unit: str) -> list[str]:
    made = [f'<text class="t" x="{_LEFT}" y="14">{escape(unit)}</text>']
    for number in range(round(top / step) + 1):
        y = _y(number * step, top)
        made.append(f'<line class="l" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        made.append(
            f'<text class="t" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(number * step)}</text>'
        )
    return made


def _columns(
    days: list[date], heights: Mapping[date, list[float]], models: list[str], top: float, unit: str
) -> list[str]:
    wide = (WIDTH - _LEFT - _RIGHT) / max(len(days), 1)
    made = []
    for place, day in enumerate(days):
        below = 0.0
        for number, value in enumerate(heights[day]):
            if value <= 0:
                continue
            high, low = _y(below + value, top), _y(below, top)
            x, width = _LEFT + place * wide + wide * 0.15, min(wide * 0.7, 56)
            told = escape(f"{day:%d.%m.%Y}, {models[number]}: {_number(value)} {unit}")
            made.append(
                f'<rect class="c{min(number, len(_LIGHT) - 1)}" x="{x:.1f}" y="{high:.1f}" width="{width:.1f}" '
                f'height="{max(low - high, 0.5):.1f}"><title>{told}</title></rect>'
            )
            below += value
    return made


def _dates(days: list[date]) -> list[str]:
    wide, every = (WIDTH - _LEFT - _RIGHT) / max(len(days), 1), max(1, math.ceil(len(days) / 9))
    return [
        f'<text class="t" x="{_LEFT + place * wide + wide * 0.15:.1f}" y="{HEIGHT - _BOTTOM + 16}">{day:%d.%m.}</text>'
        for place, day in enumerate(days)
        if place % every == 0
    ]


def _legend(models: list[str]) -> list[str]:
    made, x = [], float(_LEFT)
    for number, model in enumerate(models):
        name = model if len(model) <= 24 else f"…{model[-23:]}"
        width = 22 + 6.2 * len(name)
        if x + width > WIDTH:
            break
        made.append(f'<rect class="c{number}" x="{x:.0f}" y="{HEIGHT - 18}" width="10" height="10" rx="2"/>')
        made.append(f'<text class="t" x="{x + 14:.0f}" y="{HEIGHT - 9}">{escape(name)}</text>')
        x += width
    return made


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / top


def _number(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:.3g} M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
