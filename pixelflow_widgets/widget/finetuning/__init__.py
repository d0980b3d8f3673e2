"""What a notebook shows of fine-tuning: a training as it goes, a dataset as a sheet that can be edited."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

_shown: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
"""The widget of each training and dataset: two cells that show one are two views of one widget."""


def show_training(held: Any) -> None:
    """Show a training in the running cell; a plain terminal, which has no widgets, gets a line of words."""

    def widget() -> Any:
        from .training import TrainingWidget

        return TrainingWidget(held)

    show(held, widget)


def show_dataset(held: Any) -> None:
    """Show a dataset in the running cell; a plain terminal, which has no widgets, gets a line of words."""

    def widget() -> Any:
        from .dataset import DatasetWidget

        return DatasetWidget(held)

    show(held, widget)


def show(subject: Any, make: Callable[[], Any]) -> None:
    """Show the one widget of something in the running cell; a plain terminal gets a line of words.

    Args:
        subject: What is shown.
        make: Makes its widget, where it has none yet.
    """
    from IPython.core.getipython import get_ipython

    if getattr(get_ipython(), "kernel", None) is None:
        print(repr(subject))
        return
    if subject not in _shown:
        _shown[subject] = make()
    _shown[subject].show()
