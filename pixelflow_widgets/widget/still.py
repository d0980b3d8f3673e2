"""The still picture that a cell keeps beneath a live widget, so that a saved notebook shows its last state."""

from __future__ import annotations

import logging
import secrets
import sys
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MOST_CELLS = 16
_log = logging.getLogger(__name__)


@dataclass
class _Display:
    """Is the picture in one cell."""

    id: str
    svg: str


class Still(ABC):
    """Keeps the still picture of something in every cell that shows it; what it is, its `bundle` says.

    A notebook saves the outputs of its cells, but not what a live widget shows. The picture stands beneath the widget,
    which hides it, and comes to light on GitHub, in nbconvert and wherever there is no kernel.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._displays: OrderedDict[str, _Display] = OrderedDict()
        """The pictures by cell, the newest last: a cell that runs again has lost its old one."""

    @abstractmethod
    def bundle(self) -> dict[str, str] | None:
        """Return the picture as it is now, as SVG and in words; None where what it shows is gone."""

    def show(self) -> None:
        """Put the picture beneath what the running cell has shown so far; does nothing outside of notebooks."""
        shell = _shell()
        if shell is None:
            return
        with self._lock:
            if (bundle := self.bundle()) is None:
                return
            display = _Display(secrets.token_hex(16), bundle["image/svg+xml"])
            cell = _cell(shell)
            self._displays.pop(cell, None)
            self._displays[cell] = display
            if len(self._displays) > _MOST_CELLS:
                self._displays.popitem(last=False)
            _publish(bundle, display.id, update=False)

    def renew(self) -> None:
        """Draw anew what every cell shows, where that changed something; from any thread, and never raises."""
        try:
            if self._displays and _shell() is not None:
                with self._lock:
                    self._renew()
        except Exception:  # a picture that stays old must not take down a run or an edit
            _log.exception("The picture in the notebook could not be renewed.")

    def drawn(self) -> dict[str, str]:
        """Return the picture as it is now, as SVG and in words."""
        with self._lock:
            return self.bundle() or {}

    def _renew(self) -> None:
        bundle = self.bundle()
        for display in self._displays.values() if bundle else ():
            if bundle and display.svg != bundle["image/svg+xml"]:
                _publish(bundle, display.id, update=True)
                display.svg = bundle["image/svg+xml"]


# The notebook


def _shell() -> Any | None:
    """Return IPython's shell in a notebook; None in scripts, and in terminals, where an output cannot be replaced."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return None if shell is None or type(shell).__module__.startswith("IPython.terminal") else shell


def _cell(shell: Any) -> str:
    """Return what identifies the running cell; where the notebook does not tell, the request that runs it."""
    try:
        parent: Mapping[str, Any] = shell.get_parent()
        return str((parent.get("metadata") or {}).get("cellId") or parent["header"]["msg_id"])
    except Exception:  # not every notebook has an ipykernel behind it
        return secrets.token_hex(8)


def _publish(bundle: dict[str, str], display_id: str, *, update: bool) -> None:
    from IPython.display import publish_display_data

    more = {"update": True} if update else {}
    publish_display_data(bundle, {}, transient={"display_id": display_id}, **more)
