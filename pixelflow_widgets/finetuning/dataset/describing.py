"""Captions that a model writes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import PIL.Image

if TYPE_CHECKING:
    from ...models.loading import Report

_LONGEST, _BEAMS = 40, 3
"""As the node `caption` has them."""


@contextlib.contextmanager
def describing(model: str, report: Report) -> Iterator[Callable[[PIL.Image.Image], str]]:
    """Lend what writes a sentence about a picture.

    Args:
        model: A card's name, a Hub id or a folder.
        report: Told what is being loaded; asked at each word whether to stop.

    Raises:
        ModelError: The model is not here, or writes no captions.
    """
    from ...models.loading import lend
    from ...models.vision import described

    def word(fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
        report()  # how far a sentence is says nothing of the whole

    with lend(model, "caption", report) as loan:
        yield lambda image: described(loan, image, "", _LONGEST, _BEAMS, word)
