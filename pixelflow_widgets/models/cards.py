"""What is known of a model before it is loaded: one explicit list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..media import Model
from ..media.values import LIVE, live_object

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class ModelCard:
    """Describes a model.

    Args:
        name: What it is called in flows: "starter".
        title: What a person calls it.
        source: Folder in this package (Path) or Hub id.
        revision: Pinned commit on the Hub.
        tasks: Node types that it serves.
        modality: Of what it makes.
        base_model: Its family: "Starter", "SDXL".
        licence: Under which its weights are given.
        megabytes: Size of its weights.
        defaults: Options of a call that suit it: guidance, width, height, steps.
        help: One sentence.
    """

    name: str
    title: str
    source: Path | str
    tasks: tuple[str, ...]
    modality: str
    base_model: str
    licence: str
    megabytes: float
    revision: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    help: str = ""

    @property
    def url(self) -> str:
        """Return where it comes from, in words."""
        return "shipped with this package" if isinstance(self.source, Path) else f"{self.source} on the Hub"

    @property
    def is_here(self) -> bool:
        """Return whether its weights are on this machine; may look at the disk."""
        from .weights import folder_of

        if self.name.startswith(LIVE):
            return live_object(self.name) is not None
        try:
            folder_of(self.name)
        except ModelError:
            return False
        return True


_CARDS = (
    ModelCard(
        name="starter",
        title="Starter",
        source=PACKAGE / "starter" / "text_to_image",
        tasks=("text_to_image",),
        modality="image",
        base_model="Starter",
        licence="MIT",
        megabytes=10,
        defaults={"guidance": 3.0, "width": 64, "height": 64},
        help="Draws coloured shapes on coloured backgrounds, 64 x 64 pixels, on any laptop; ships with the package.",
    ),
    ModelCard(
        name="sdxl",
        title="Stable Diffusion XL 1.0",
        source="stabilityai/stable-diffusion-xl-base-1.0",
        revision="462165984030d82259a11f4367a4eed129e94a7b",
        tasks=("text_to_image",),
        modality="image",
        base_model="SDXL",
        licence="CreativeML Open RAIL++-M",
        megabytes=6940,
        defaults={"guidance": 5.0, "width": 1024, "height": 1024},
        help="Paints what a prompt says, 1024 x 1024 pixels; wants a GPU with 8 GB or more.",
    ),
)


def cards() -> list[ModelCard]:
    """Return every card."""
    return list(_CARDS)


def card_of(model: Model | str) -> ModelCard | None:
    """Return the card of a model that has one; a folder or Hub id of the user's own has none."""
    source = model if isinstance(model, str) else model.source
    if source.startswith(LIVE):
        return _live_card(source)
    return next((card for card in _CARDS if source in (card.name, str(card.source))), None)


def _live_card(source: str) -> ModelCard | None:
    """Return what is known of a pipeline that the notebook holds; what it is called with is its own business."""
    from .live import family_of, folder_behind, size_of

    pipeline = live_object(source)
    if pipeline is None:
        return None
    folder = folder_behind(pipeline)
    known = card_of(str(folder)) if folder else None
    return ModelCard(
        name=source,
        title=f"{type(pipeline).__name__} of this notebook",
        source=source,
        tasks=("text_to_image",),
        modality="image",
        base_model=known.base_model if known else family_of(pipeline),
        licence=known.licence if known else "",
        megabytes=size_of(pipeline) / 1e6,
        help="A pipeline that this notebook holds; nodes that take it run in the kernel.",
    )
