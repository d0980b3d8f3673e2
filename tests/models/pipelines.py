"""Pipelines that tests hold as a notebook would."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Painter:
    """Looks like a diffusers pipeline and is none."""

    components: dict[str, Any] = {}

    def __call__(self, **options: Any) -> Any:
        raise NotImplementedError


def painter() -> Painter:
    return Painter()


def pipeline_of(folder: Path) -> Any:
    """A real one, loaded as people load it."""
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(folder, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
