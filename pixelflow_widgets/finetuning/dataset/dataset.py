"""Pictures with captions, from wherever they are, as a training takes them."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import PIL.Image

from ...errors import DatasetRefused, MediaError, nearest
from ...media import Model, blake3_hex
from ...media.cells import is_empty
from .buckets import bucket_of, buckets, cut_into
from .captions import plain
from .checks import problems_of
from .describing import describing
from .freezing import freeze
from .picture import TEMPLATE, Picture, Wording
from .problems import DatasetProblem, counted, refusal
from .reading import found_in
from .sheet import sheet

if TYPE_CHECKING:
    from ...models.loading import Report

_WAYS = ("files", "template", "auto")
_FILLED = ("trigger", "caption")


@dataclass(frozen=True)
class Example:
    """Is a picture as it is trained on.

    Args:
        name: Of the picture.
        image: RGB, exactly of the size of its bucket.
        caption: Its caption.
        original_size: (width, height) before it was resized.
        crop: (top, left) of what was taken, after resizing.
        target_size: (width, height) of the bucket.
    """

    name: str
    image: PIL.Image.Image
    caption: str
    original_size: tuple[int, int]
    crop: tuple[int, int]
    target_size: tuple[int, int]


def quiet(fraction: float | None = None, *, preview: Any = None, note: str = "") -> None:
    """Tell nobody."""


class Dataset:
    """Holds pictures with captions; decodes one at a time, and never writes to where they are.

    Captions from files are, for a picture x.png: x.txt, else x.caption, else (in folders and zips) its row in
    metadata.jsonl or metadata.csv (columns file_name, text), else the template.

    Args:
        source: A folder, a .zip, a list of PIL images or paths, a DataFrame (columns image, path or file_name, and
            caption or text), or another dataset, whose captions and edits are taken over.
        trigger: The word that shall stand for what is taught.
        captions: "files"; "template", one for all; "auto", a model writes them and the trigger is put before; or a
            list, one a picture; None is the template.
        template: {trigger} is filled in; with {caption} it stands around captions from files, too.
        caption_model: What writes automatic captions: a card's name, a Hub id or a folder. Empty is BLIP.
        name: What it is called; empty is the source's name.

    Raises:
        DatasetRefused: The source is not read; says why and what to do.
        MediaError: There is no such folder.
    """

    def __init__(
        self,
        source: Any,
        *,
        trigger: str = "",
        captions: str | Sequence[str | None] = "files",
        template: str = TEMPLATE,
        caption_model: str = "",
        name: str = "",
    ) -> None:
        _check_wording(captions, template)
        how = captions if isinstance(captions, str) else "files"
        self._wording = Wording(how, plain(trigger), template, caption_model or "blip")
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._place: Path | None = None
        self._found: list[DatasetProblem] = []
        if isinstance(source, Dataset):
            self._take_over(source)
        else:
            found = found_in(source, with_captions=captions == "files")
            self.name, self._found, self._place = found.name, found.problems, found.place
            self._pictures = [Picture(origin, self._wording) for origin in found.origins]
        self.name = name or self.name
        if not isinstance(captions, str):
            self._give(captions)

    def _take_over(self, other: Dataset) -> None:
        mine, theirs = self._wording, other._wording
        self._wording = Wording(
            theirs.how if mine.how == "files" else mine.how,
            mine.trigger or theirs.trigger,
            theirs.template if mine.template == TEMPLATE else mine.template,
            theirs.model if mine.model == "blip" else mine.model,
        )
        self.name, self._found, self._place = other.name, other._found, other._place
        self._pictures = [picture.copied(self._wording) for picture in other.pictures]

    def _give(self, captions: Sequence[str | None]) -> None:
        if len(captions) != len(self._pictures):
            raise refusal(
                f"There are {counted(len(self._pictures))} and {counted(len(captions), 'caption')}.",
                "Give one caption a picture, in their order.",
            )
        for picture, caption in zip(self._pictures, captions, strict=True):
            own = None if is_empty(caption) else plain(str(caption))
            picture.origin = replace(picture.origin, caption=own, caption_fault="")
            picture.edited = None

    def __len__(self) -> int:
        return len(self.used)

    def __repr__(self) -> str:
        left_out = len(self._pictures) - len(self)
        told = [counted(len(self)), f"{left_out} left out" if left_out else "", f"trigger {self.trigger!r}"]
        return f"Dataset({self.name!r}: {', '.join(part for part in told if part)})"

    @property
    def trigger(self) -> str:
        """Return the trigger word."""
        return self._wording.trigger

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return all pictures in order, those that are left out, too."""
        return tuple(self._pictures)

    @property
    def used(self) -> list[Picture]:
        """Return the pictures that are trained on."""
        return [picture for picture in self._pictures if picture.is_used]

    @property
    def digest(self) -> str:
        """Return the BLAKE3 of pixels and captions of those that are used, in order."""
        self.look()
        lines = (f"{picture.look.digest} {picture.caption}\n".encode() for picture in self.used)
        return blake3_hex(*lines)

    def look(self, report: Report = quiet) -> None:
        """Look at every picture that was not yet looked at, and write its caption where that is automatic.

        Args:
            report: Told how far it is; may raise to stop. What was done until then stays.
        """
        with self._lock:
            missing = [picture for picture in self._pictures if picture.seen is None or self._is_wordless(picture)]
            if not missing:
                return
            wants_words = any(map(self._is_wordless, missing))
            with describing(self._wording.model, report) if wants_words else contextlib.nullcontext(None) as describe:
                for number, picture in enumerate(missing):
                    report(number / len(missing), note=f"Looking at {picture.name} …")
                    image = picture.decode()
                    if image is not None and describe is not None and self._is_wordless(picture):
                        picture.written = plain(describe(image))

    def _is_wordless(self, picture: Picture) -> bool:
        """Return whether a model has yet to write a caption."""
        is_readable = picture.seen is None or not picture.seen.fault
        return self._wording.how == "auto" and picture.is_used and picture.own is None and is_readable

    def problems(self, resolution: int | None = None, base: Model | str | None = None) -> list[DatasetProblem]:
        """Return what is wrong, errors first.

        Args:
            resolution: Which the training has; None leaves out what depends on it.
            base: Which model is taught, a card's name say: captions that are too long for it are told.
        """
        self.look()
        found = [*self._found, *problems_of(self.pictures, self._wording, resolution, base)]
        return sorted(found, key=lambda problem: problem.severity != "error")

    def check(self, resolution: int) -> None:
        """Do nothing if it can be trained on.

        Raises:
            DatasetRefused: It cannot; carries every error.
        """
        errors = [problem for problem in self.problems(resolution) if problem.severity == "error"]
        if errors:
            raise DatasetRefused(errors)

    def caption(self, name: str, text: str) -> None:
        """Give a picture another caption; no file is changed."""
        self._named(name).edited = plain(text)
        self._changed()

    def leave_out(self, name: str) -> None:
        """Train without a picture; no file is removed."""
        self._named(name).is_used = False
        self._changed()

    def take_in(self, name: str) -> None:
        """Train with a picture that was left out."""
        self._named(name).is_used = True
        self._changed()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each edit; the function that is returned ends it."""
        self._listeners.append(callback)

        def end() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return end

    def _changed(self) -> None:
        for callback in list(self._listeners):
            callback()

    def _named(self, name: str) -> Picture:
        for picture in self._pictures:
            if picture.name == name:
                return picture
        known = [picture.name for picture in self._pictures]
        raise MediaError(f"There is no picture '{name}' in the dataset '{self.name}'.{nearest(name, known)}")

    def examples(self, resolution: int, multiple: int) -> Iterator[Example]:
        """Yield the used pictures in order, one at a time, each in the size of the bucket nearest to its shape.

        Args:
            resolution: Side of a square picture.
            multiple: What the sides of the model's pictures are multiples of.

        Raises:
            MediaError: One cannot be read, or has changed since it was looked at.
        """
        self.look()
        sizes = buckets(resolution, multiple)
        for picture in self.used:
            image = picture.image()
            cut = cut_into(image.size, bucket_of(image.size, sizes))
            yield Example(picture.name, cut.of(image), picture.caption, image.size, cut.crop, cut.bucket)

    def freeze(self, folder: str | Path) -> Path:
        """Write used pictures (PNG, without loss) and captions into a new folder, whose dataset has the same digest.

        Raises:
            MediaError: The folder is not empty or lies within the source, or a picture cannot be read.
        """
        self.look()
        return freeze(self.used, Path(folder), self._place)

    def sheet(self, edge: int | None = None) -> PIL.Image.Image:
        """Return all pictures on one, with captions and marks of problems.

        Args:
            edge: Pixels of the longer side of a picture; None is what suits.
        """
        title = f"{self.name}: {counted(len(self))}" + (f", trigger '{self.trigger}'" if self.trigger else "")
        return sheet(title, self.pictures, self.problems(), edge)

    def table(self) -> Any:
        """Return a DataFrame with a row for each picture: name, caption, width, height, is_used, problems."""
        import pandas

        told: dict[str, list[str]] = {}
        for problem in self.problems():
            for name in problem.pictures:
                told.setdefault(name, []).append(problem.code)
        rows = [
            (picture.name, picture.caption, *picture.size, picture.is_used, ", ".join(told.get(picture.name, ())))
            for picture in self._pictures
        ]
        return pandas.DataFrame(rows, columns=["name", "caption", "width", "height", "is_used", "problems"])


def _check_wording(captions: str | Sequence[str | None], template: str) -> None:
    """Refuse a way to make captions, or a word in a template, that there is not."""
    if isinstance(captions, Mapping) or (isinstance(captions, str) and captions not in _WAYS):
        given = f"'{captions[:40]}'.{nearest(captions, _WAYS)}" if isinstance(captions, str) else "a dictionary."
        raise refusal(
            f"Captions are {', '.join(_WAYS)} or a list, not {given}",
            "For one caption for all: captions='template', template='a photo of a {trigger}'.",
        )
    for word in re.findall(r"{(\w*)}", template):
        if word not in _FILLED:
            raise refusal(
                f"The template '{template[:80]}' holds {{{word}}}, which nothing fills in.{nearest(word, _FILLED)}",
                "It may hold {trigger} and {caption}.",
            )
