"""The flow that is edited and run in every host."""

from __future__ import annotations

from pathlib import Path

import pixelflow_widgets as pf

EDIT = 'pf.edit("poster.flow.json")'
PROMPT = "a red circle on a blue background"


def write_poster(path: Path) -> None:
    """Write a flow of two nodes, "prompt" and "draw", whose prompt asks for something else than `PROMPT`."""
    flow = pf.Flow("poster")
    prompt = flow.add("prompt", id="prompt", text="a green star on a white background")
    draw = flow.add("text_to_image", id="draw", prompt=prompt["text"])
    flow.output("image", draw["image"])
    path.parent.mkdir(parents=True, exist_ok=True)
    flow.save(path)
