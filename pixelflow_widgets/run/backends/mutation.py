"""Catches a node that changes its inputs: others have the same values, and the cache has them too.

Only in debug mode, because it hashes every input before and after.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...errors import MediaError
from ...schema import Port


def is_debugging() -> bool:
    """Return whether the environment variable PIXELFLOW_DEBUG asks for debug mode."""
    return os.environ.get("PIXELFLOW_DEBUG", "") not in ("", "0")


class InputWatch:
    """Remembers what inputs hold before a node is called.

    Args:
        ports: The input ports.
        inputs: Their values.
    """

    def __init__(self, ports: Mapping[str, Port], inputs: Mapping[str, Any]) -> None:
        self._ports, self._inputs = ports, inputs
        self._before = self._digests()

    def _digests(self) -> dict[str, list[str]]:
        found = {}
        for name, value in self._inputs.items():
            if value is not None and name in self._ports:
                medium = self._ports[name].type.medium
                found[name] = [medium.digest(item) for item in (value if isinstance(value, list) else [value])]
        return found

    def check(self) -> None:
        """Compare with what they hold now.

        Raises:
            MediaError: The node changed one; names it.
        """
        after = self._digests()
        for name, digests in self._before.items():
            if after.get(name) != digests:
                raise MediaError(
                    f"It changed its input '{name}', which other nodes and the cache hold too. Change a copy: "
                    f"{name} = {name}.copy()."
                )
