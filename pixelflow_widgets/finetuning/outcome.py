"""What a training leaves: a folder with the weights, their card and samples, that can be used or uploaded as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..media import free_path, open_picture
from .folders import weights_folder
from .results import About, write_card, write_embedding, write_kohya, write_lora, write_model

if TYPE_CHECKING:
    from .lesson import Lesson


def publish(lesson: Lesson, pictures: int, digest: str, step: int) -> Path:
    """Write what was learnt so far as a result, over what the same training wrote before; return where it lies.

    Args:
        lesson: The training; what is in its model now is written.
        pictures: How many it was taught with.
        digest: Of the data set.
        step: After which these weights were taken.
    """
    settings = lesson.settings
    folder = _folder_before(lesson.weights) or free_path(weights_folder() / settings.name)
    about = _about(lesson, folder.name, pictures, digest, step)
    state = lesson.taught.state_dict()
    weights = folder / f"{folder.name}.safetensors"
    if settings.method == "full":
        weights = write_model(folder, lesson.loan.pipeline, about)
    elif settings.method == "prompt":
        write_embedding(weights, state, about)
    else:
        write_lora(weights, state, about)
        write_kohya(folder / "kohya" / weights.name, state, about)
    samples = [open_picture(path) for path in sorted((lesson.folder / "samples").glob(f"{step:07d}-*.png"))]
    write_card(folder / "README.md", about, samples, lesson.history.table())
    return weights


def _folder_before(weights: str) -> Path | None:
    """Return the folder that the same training wrote before, if it is still there."""
    path = Path(weights) if weights else None
    if path is None or not path.exists():
        return None
    return path if path.is_dir() else path.parent


def _about(lesson: Lesson, name: str, pictures: int, digest: str, step: int) -> About:
    settings, taught = lesson.settings, lesson.taught
    has_rank = settings.method == "lora"
    told: dict[str, Any] = settings.as_json() | {"sample_prompts": lesson.prompts}
    return About(
        name=name,
        method=settings.method,
        base=settings.base,
        base_model=lesson.placed.family,
        base_digest=lesson.placed.base_digest,
        trigger_words=(settings.trigger,) if settings.trigger else (),
        rank=getattr(taught, "rank", None) if has_rank else None,
        alpha=getattr(taught, "alpha", None) if has_rank else None,
        steps=step,
        pictures=pictures,
        dataset_digest=digest,
        resolution=settings.resolution or 0,
        licence=settings.licence,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        settings=told,
    )
