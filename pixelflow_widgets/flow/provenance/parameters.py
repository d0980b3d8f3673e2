"""The line of settings that other programs for pictures read and write: "prompt, Steps: 20, Sampler: …, Seed: 7"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...media import Model
from ...schema import NodeType
from .upstream import Upstream

_WANTED = ("prompt", "seed", "model")


def parameters_of(
    upstream: Upstream, target: str, version: str, usual: Mapping[str, Any], size: tuple[int, int] | None = None
) -> str:
    """Return the settings of the node that painted what came out of another one; "" where no single one did.

    Args:
        upstream: What the nodes were given.
        target: The node that gave the picture.
        version: Of this package.
        usual: What suits each model, by its source: "steps", "guidance" …
        size: Of the picture.
    """
    painter, is_at_once = _painter(upstream, target)
    if painter is None:
        return ""
    known = {}
    for name in ("prompt", "negative_prompt", "model", "seed", "steps", "guidance", "width", "height", "strength"):
        try:
            known[name] = upstream.value(painter, name)
        except LookupError:
            continue
    if not isinstance(known.get("prompt"), str):
        return ""
    model = known.get("model")
    defaults = usual.get(model.source, {}) if isinstance(model, Model) else {}
    settings = {name: known[name] if known.get(name) is not None else defaults.get(name) for name in known}
    own = (settings.get("width"), settings.get("height"))
    return _written(settings, size if size and is_at_once else own, version)


def _painter(upstream: Upstream, target: str) -> tuple[str | None, bool]:
    """Return (the nearest node before a target that paints, whether it is the target itself)."""
    level, seen = [target], {target}
    while level:
        types = {node: upstream.type_of(node) for node in level}
        painters = [node for node, node_type in types.items() if node_type and is_painter(node_type)]
        if painters:
            return (painters[0], painters[0] == target) if len(painters) == 1 else (None, False)
        if any(node_type and node_type.body for node_type in types.values()):
            return None, False  # what paints may be within, with values that differ from turn to turn
        level = _before(upstream, level, seen)
    return None, False


def _before(upstream: Upstream, level: Iterable[str], seen: set[str]) -> list[str]:
    found = []
    for node in level:
        for edge in upstream.graph.incoming.get(node, ()):
            if edge.source not in seen:
                seen.add(edge.source)
                found.append(edge.source)
    return found


def is_painter(node_type: NodeType) -> bool:
    """Return whether a node paints a picture of what a prompt says."""
    gives = any(port.type.name == "image" for port in node_type.outputs.values())
    return gives and all(name in node_type.inputs for name in _WANTED) and node_type.inputs["seed"].is_seed


def _written(settings: Mapping[str, Any], size: tuple[Any, Any], version: str) -> str:
    model = settings.get("model")
    told: dict[str, Any] = {"Steps": settings.get("steps")}
    if isinstance(model, Model):
        told["Sampler"] = model.options.get("scheduler")
    told["CFG scale"] = settings.get("guidance")
    told["Seed"] = settings.get("seed")
    told["Size"] = f"{size[0]}x{size[1]}" if all(size) else None
    told["Denoising strength"] = settings.get("strength")
    told["Model"] = model.source if isinstance(model, Model) else None
    told["Version"] = f"pixelflow_widgets {version}" if version else "pixelflow_widgets"
    line = ", ".join(f"{name}: {_quoted(value)}" for name, value in told.items() if value not in (None, ""))
    unwanted = settings.get("negative_prompt")
    return "\n".join([settings["prompt"], *([f"Negative prompt: {unwanted}"] if unwanted else []), line])


def _quoted(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ',\n:"') else text
