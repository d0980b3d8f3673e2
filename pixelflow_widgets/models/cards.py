"""What is known of a model before it is loaded. The models themselves are listed in `catalogue/`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..media import Model
from ..media.values import LIVE, SERVED, live_object

PACKAGE = "package:"
"""How the source of a model begins that comes with a Python package: "package:name/pattern"."""
FROM_PACKAGE = 'pip install "pixelflow-widgets[offline-llm]"'
"""What brings those models; quoted, for shells that read brackets."""


@dataclass(frozen=True)
class ModelCard:
    """Describes a model.

    Args:
        name: What it is called in flows: "starter".
        title: What a person calls it.
        source: Folder in this package (Path), Hub id, a file within one ("owner/name/file.safetensors"), a file of
            another Python package ("package:name/pattern"), or the whole path of what was taught here.
        tasks: Node types that it serves. What is no whole model serves the pickers of its kind: "controlnet", "lora",
            "ip_adapter", "motion", "vae", "embedding".
        modality: Of what it makes: "text", "image", "audio", "video".
        base_model: Its family: "Starter", "SDXL", "Whisper"; of an adapter, the family that it is for.
        licence: Under which its weights are given; empty where nobody asked yet.
        megabytes: Of what is fetched; 0 where nobody asked yet.
        revision: Pinned commit on the Hub; None takes the newest, where no commit could be verified.
        defaults: Options of a call that suit it: steps, guidance, width, height, frames, fps, seconds, max_tokens.
        help: One sentence or two.
        takes: Media that it takes.
        kind: "model", "controlnet", "lora", "ip_adapter", "motion", "vae", "embedding", "text_encoder" or "unknown".
        limits: Option → (lowest, highest) that make sense: guidance of a distilled model is (0, 0).
        multiple: Width and height are multiples of this.
        schedulers: Names in `schedulers.py` that suit it, its own first; empty where it has none.
        memory_gb: About what a call takes on a GPU in half precision; 0 where nobody knows.
        gated: Whether its page on the Hub wants an agreement before it gives the weights.
        trigger_words: Words that make an adapter show.
        variant: Which of several precisions is fetched: "fp16".
        companions: Folders of the same repository that it needs beside it.
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
    takes: tuple[str, ...] = ("text",)
    kind: str = "model"
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    multiple: int = 8
    schedulers: tuple[str, ...] = ()
    memory_gb: float = 0.0
    gated: bool = False
    trigger_words: tuple[str, ...] = ()
    variant: str | None = None
    companions: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return where it comes from, in words."""
        if str(self.source).startswith(SERVED):
            return "on a server"
        if isinstance(self.source, Path):
            return "shipped with this package" if self.source.is_relative_to(_ROOM) else str(self.source)
        if Path(self.source).is_absolute():
            return self.source
        if self.source.startswith(PACKAGE):
            return f"in the Python package {self.source.removeprefix(PACKAGE).partition('/')[0]}"
        return f"{self.source} on the Hub"

    @property
    def size(self) -> str:
        """Return how much is fetched, in words."""
        return size_in_words(round(self.megabytes * 1e6)) if self.megabytes else "unknown size"

    @property
    def modalities(self) -> tuple[str, ...]:
        """Return the media that it is about: what it makes, and what it takes besides text."""
        return tuple(dict.fromkeys((self.modality, *(medium for medium in self.takes if medium != "text"))))

    @property
    def is_here(self) -> bool:
        """Return whether its weights are on this machine; may look at the disk."""
        from .weights import is_here

        return is_here(self.name if _named(self.name) is self else str(self.source))


_ROOM = Path(__file__).parents[1]


@functools.cache
def _catalogue() -> tuple[ModelCard, ...]:
    from .catalogue import CARDS

    return CARDS


@functools.cache
def _by_name() -> dict[str, ModelCard]:
    """Return each card under its name and under its source; two cards of one source are told by their names."""
    found: dict[str, ModelCard] = {}
    for card in _catalogue():
        found.setdefault(str(card.source), card)
    return found | {card.name: card for card in _catalogue()}


def _named(name: str) -> ModelCard | None:
    from .taught import taught_card

    return _by_name().get(name) or taught_card(name)


def cards(
    task: str | None = None,
    modality: str | None = None,
    base_model: str | None = None,
    kind: str | None = None,
    *,
    taught: bool = True,
) -> list[ModelCard]:
    """Return the cards that serve: of the catalogue, then of what was taught on this machine.

    Args:
        task: Node type or kind of picker: "text_to_image", "controlnet".
        modality: What they make, or take besides text.
        base_model: Their family.
        kind: "model", "lora" …
        taught: Whether those that trainings made are wanted, too; that looks at the disk.
    """
    from .taught import taught_cards

    return [
        card
        for card in (*_catalogue(), *(taught_cards() if taught else ()))
        if (task is None or task in card.tasks)
        and (modality is None or modality in card.modalities)
        and (base_model is None or base_model == card.base_model)
        and (kind is None or kind == card.kind)
    ]


def card_of(model: Model | str) -> ModelCard | None:
    """Return the card of a model that has one; a folder or Hub id of the user's own has none."""
    source = model if isinstance(model, str) else model.source
    if source.startswith(SERVED):
        from .served import card_of_server

        return card_of_server(source)
    return _live_card(source) if source.startswith(LIVE) else _named(source)


def described(model: Model | str) -> ModelCard:
    """Return what is known of any model: its card, or one that is made from its files; reads headers only.

    Args:
        model: A card's name, a Hub id, a file within one, a local folder or file, or a handle.

    Raises:
        ModelError: There is a file or folder of this name, and it is none that can be used; says why.
    """
    from .describing import card_from_files

    source = model if isinstance(model, str) else model.source
    return card_of(source) or card_from_files(source)


def size_in_words(count: int) -> str:
    """Return a number of bytes as people say it: "6.9 GB"."""
    for unit, size in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


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
