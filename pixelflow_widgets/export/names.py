"""Names in a script: readable, Python's, and each given once."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

COMMAND_LINE = ("given", "out", "result", "results", "number", "item")
"""What the command line of a script calls its variables: nothing else at the top is called so."""
_RESERVED = frozenset(
    [*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "main", "parser", "arguments", "save_film", "sound_frame"]
)


class Names:
    """Gives names that are free.

    Args:
        taken: Those that are not, besides Python's own.
        outer: The names around, which are not free here either.
        avoided: Those that are not given here, and free within.
    """

    def __init__(self, taken: Iterable[str] = (), outer: Names | None = None, avoided: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._outer = outer
        self._avoided = frozenset(avoided)

    def take(self, wanted: str, *, constant: bool = False) -> str:
        """Return a free name that reads like what was wanted: "Text to image" gives `text_to_image`, then `…_2`.

        Args:
            wanted: A title, the name of a port, of a function.
            constant: It stands for what never changes, and is written in capitals, as what was wanted in capitals is.
        """
        plain = identifier(wanted)
        plain = plain.upper() if constant or wanted.isupper() else plain
        name, number = plain, 2
        while not self.is_free(name):
            name, number = f"{plain}_{number}", number + 1
        self._taken.add(name)
        return name

    def keep(self, name: str) -> str:
        """Return a name as it is, which is nobody else's from now on."""
        self._taken.add(name)
        return name

    def is_free(self, name: str) -> bool:
        """Return whether a name may still be given."""
        return name not in self._avoided and not self._is_taken(name)

    def _is_taken(self, name: str) -> bool:
        if name in _RESERVED or name in self._taken:
            return True
        return self._outer is not None and self._outer._is_taken(name)


def identifier(text: str) -> str:
    """Return words as a Python name in small letters: "Size (px)" gives `size_px`; ASCII, at most 40 letters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    name = "_".join(words).lower()[:40].strip("_") or "value"
    return f"n{name}" if name[0].isdigit() else name
