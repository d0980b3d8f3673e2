"""One picture of a dataset: what it is called, what is written for it, what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import PIL.Image

from ...errors import MediaError
from .captions import filled
from .decoding import decoded
from .looking import Look, pixels_digest
from .reading import Origin

TEMPLATE = "a {trigger}"


@dataclass(frozen=True)
class Wording:
    """Says how captions come about.

    Args:
        how: "files" (what lies beside a picture, or was given with it; else the template), "template" or "auto".
        trigger: The trigger word.
        template: See `captions.filled`.
        model: What writes where captions are automatic.
    """

    how: str = "files"
    trigger: str = ""
    template: str = TEMPLATE
    model: str = ""

    def caption(self, own: str | None) -> str:
        """Return the caption of a picture for which a file or a model wrote something, or nothing."""
        if self.how == "auto" and own is not None:
            return filled("{trigger}, {caption}" if self.trigger else "{caption}", self.trigger, own)
        return filled(self.template, self.trigger, None if self.how == "template" else own)


class Picture:
    """Is a picture of a dataset, with its caption.

    Args:
        origin: Where it comes from.
        wording: How its caption comes about.
    """

    def __init__(self, origin: Origin, wording: Wording) -> None:
        self.origin = origin
        self.wording = wording
        self.is_used = True
        self.written: str | None = None
        """What a model wrote."""
        self.edited: str | None = None
        """What somebody wrote instead of everything else."""
        self.seen: Look | None = None

    def __repr__(self) -> str:
        left_out = "" if self.is_used else ", left out"
        return f"Picture({self.name!r}, {self.caption!r}{left_out})"

    @property
    def name(self) -> str:
        """Return its name, once in the dataset."""
        return self.origin.name

    @property
    def own(self) -> str | None:
        """Return what was written for this picture alone, if anything was."""
        if self.edited is not None:
            return self.edited
        return {"auto": self.written, "template": None}.get(self.wording.how, self.origin.caption)

    @property
    def caption(self) -> str:
        """Return its caption; an automatic one is empty until the dataset was looked through."""
        if self.edited is not None:
            return self.edited
        if self.wording.how == "auto" and self.written is None:
            return ""  # not the template: nobody shall take it for what the model wrote
        return self.wording.caption(self.own)

    @property
    def caption_fault(self) -> str:
        """Return why the caption beside it cannot be read; empty if nothing is in the way."""
        is_asked = self.wording.how == "files" and self.edited is None
        return self.origin.caption_fault if is_asked else ""

    @property
    def look(self) -> Look:
        """Return what was seen of it; the first time it is decoded for that."""
        if self.seen is None:
            self.decode()
        assert self.seen is not None
        return self.seen

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height), upright; (0, 0) of one that cannot be read."""
        return self.look.size

    @property
    def thumbnail(self) -> bytes:
        """Return a small JPEG; empty of one that cannot be read."""
        return self.look.thumbnail

    @property
    def fault(self) -> str:
        """Return why it cannot be read; empty if it can."""
        return self.look.fault

    def decode(self) -> PIL.Image.Image | None:
        """Decode it and keep what is seen; return it, or None where it cannot be read."""
        try:
            image, more = decoded(self.origin.opened())
        except MediaError as error:
            self.seen = Look(fault=str(error))
            return None
        self.seen = Look.at(image, more)
        return image

    def image(self) -> PIL.Image.Image:
        """Return it in RGB, upright; it is decoded anew each time.

        Raises:
            MediaError: It cannot be read, or shows something else than when it was looked at.
        """
        try:
            image, _ = decoded(self.origin.opened())
        except MediaError as error:
            raise MediaError(f"'{self.name}': {error}") from error
        if self.seen is not None and self.seen.digest != pixels_digest(image):
            raise MediaError(f"'{self.name}' has changed since it was looked at. Make the dataset again.")
        return image

    def copied(self, wording: Wording) -> Picture:
        """Return the same picture for another dataset."""
        copy = Picture(self.origin, wording)
        copy.is_used, copy.edited, copy.seen = self.is_used, self.edited, self.seen
        if wording.model == self.wording.model:
            copy.written = self.written
        return copy
