"""A page of a widget of fine-tuning that is not there: sends what a browser would, and keeps what it is sent."""

from __future__ import annotations

import itertools
from typing import Any

from ..page import Page


class WidgetPage(Page):
    """A page of such a widget."""

    def __init__(self, widget: Any, client: str = "page") -> None:
        self.client, self.editor = client, widget
        self.numbers = itertools.count(1)
