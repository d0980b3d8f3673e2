"""What is wrong with pictures and captions before anything is trained on them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from ...media import Model
from .lengths import too_long
from .looking import alike
from .picture import Picture, Wording
from .problems import DatasetProblem, closed, counted, listed
from .words import ORDINARY

FEW = 4
"""Of fewer pictures a model learns the pictures, not what they have in common."""
LONGEST = 3.0
"""Of a picture whose longer side is more than so many times the shorter one, most is cut off."""
_ENLARGED = 1.05


def problems_of(
    pictures: Sequence[Picture], wording: Wording, resolution: int | None, base: Model | str | None = None
) -> list[DatasetProblem]:
    """Return what is wrong with the pictures that are used.

    Args:
        pictures: All of a dataset.
        wording: How their captions come about.
        resolution: Of the training; None leaves out what depends on it.
        base: The base model, as for `resolution`.
    """
    used = [picture for picture in pictures if picture.is_used]
    readable = [picture for picture in used if not picture.fault]
    return [
        *_number(len(pictures), len(used)),
        *_unreadable(used),
        *_copies(readable),
        *_shapes(readable, resolution),
        *_contents(readable),
        *_trigger(wording.trigger),
        *_captions(readable, wording),
        *(too_long(readable, base) if base is not None else ()),
    ]


def _names(pictures: Sequence[Picture]) -> tuple[str, ...]:
    return tuple(picture.name for picture in pictures)


def _about(code: str, pictures: Sequence[Picture], one: str, many: str, remedy: str) -> Iterator[DatasetProblem]:
    """Yield a warning about some pictures, if there are any; `one` and `many` go on after their names."""
    if pictures:
        names = _names(pictures)
        yield DatasetProblem(code, f"{listed(names)} {one if len(names) == 1 else many}", remedy, "warning", names)


def _number(count: int, used: int) -> Iterator[DatasetProblem]:
    if not count:
        told = "There is no picture in it."
        yield DatasetProblem("no-pictures", told, "Put PNG, JPEG or WebP files there, eight or more.", "error")
    elif not used:
        yield DatasetProblem("no-pictures", "All pictures are left out.", "Take some in again.", "error")
    elif used < FEW:
        told = f"There {'is' if used == 1 else 'are'} only {counted(used)}: the model may learn to copy."
        yield DatasetProblem("few-pictures", told, "Eight to twenty different ones teach what they have in common.")


def _unreadable(pictures: Sequence[Picture]) -> Iterator[DatasetProblem]:
    reasons: dict[str, list[str]] = {}
    for picture in pictures:
        if picture.fault:
            reasons.setdefault(picture.fault, []).append(picture.name)
    for reason, names in reasons.items():
        told = f"{listed(names)}: {closed(reason)}"
        yield DatasetProblem("unreadable", told, "Mend it or leave it out.", "error", tuple(names))


def _copies(pictures: Sequence[Picture]) -> Iterator[DatasetProblem]:
    equal: dict[str, list[Picture]] = {}
    for picture in pictures:
        equal.setdefault(picture.look.digest, []).append(picture)
    remedy = "Leave all but one out: what is shown twice is learnt twice as hard."
    for group in equal.values():
        if len(group) > 1:
            yield from _about("duplicate", group, "", "show the same, pixel by pixel.", remedy)
    for places in alike([picture.look for picture in pictures]):
        group = [pictures[place] for place in places]
        yield from _about("near-duplicate", group, "", "show nearly the same.", "Leave all but the best one out.")


def _shapes(pictures: Sequence[Picture], resolution: int | None) -> Iterator[DatasetProblem]:
    long = [picture for picture in pictures if max(picture.size) > LONGEST * min(picture.size)]
    yield from _about(
        "extreme-shape",
        long,
        f"is more than {LONGEST:g} times as long as it is wide or high: most of it is cut off.",
        f"are more than {LONGEST:g} times as long as they are wide or high: most of each is cut off.",
        "Crop to what matters.",
    )
    if resolution is None:
        return
    small = [picture for picture in pictures if math.sqrt(math.prod(picture.size)) * _ENLARGED < resolution]
    if small:
        worst = min(small, key=lambda picture: math.prod(picture.size))
        size = f"{worst.size[0]} x {worst.size[1]}"
        told = f"{listed(_names(small))} {'has' if len(small) == 1 else 'have'} fewer pixels than the training's "
        told += f"{resolution} x {resolution}; the smallest has {size}. Enlarged pictures teach blur."
        remedy = "Take larger ones, or train at a lower resolution."
        yield DatasetProblem("too-small", told, remedy, "warning", _names(small))


def _contents(pictures: Sequence[Picture]) -> Iterator[DatasetProblem]:
    plain = [picture for picture in pictures if picture.look.is_plain]
    yield from _about(
        "one-colour",
        plain,
        "is all of one colour.",
        "are each all of one colour.",
        "Look at them: was the export broken?",
    )
    for more, whole in (("frames", "animated"), ("pages", "of several pages")):
        some = [picture for picture in pictures if picture.look.more == more]
        told = f"{whole}: only the first {more[:-1]} is trained on."
        remedy = f"Save the {more} that you want as pictures of their own."
        yield from _about("animated" if more == "frames" else "pages", some, f"is {told}", f"are {told}", remedy)


def _trigger(trigger: str) -> Iterator[DatasetProblem]:
    take = "Take one that means nothing: 'zorb'."
    if not trigger:
        told = "There is no trigger word: what is taught will show in every picture, asked for or not."
        yield DatasetProblem("no-trigger", told, f"{take} For a style that is always wanted this is right.")
    elif all(word in ORDINARY for word in trigger.lower().split()):
        told = f"The trigger word '{trigger}' is an ordinary word: what it means now would change everywhere."
        yield DatasetProblem("ordinary-trigger", told, take)


def _captions(pictures: Sequence[Picture], wording: Wording) -> Iterator[DatasetProblem]:
    faulty = [picture for picture in pictures if picture.caption_fault]
    if faulty:
        more = f" {counted(len(faulty) - 1, 'other caption')} cannot be read, either." if faulty[1:] else ""
        yield DatasetProblem("caption-unreadable", closed(faulty[0].caption_fault) + more, "", "error", _names(faulty))
    empty = [picture for picture in pictures if not (picture.caption or picture.caption_fault)]
    yield from _about(
        "empty-caption",
        empty,
        "has no caption.",
        "have no caption.",
        "Write one, or give a trigger word and a template.",
    )
    written = [picture for picture in pictures if picture.caption and not picture.caption_fault]
    if wording.trigger:
        spoken = re.compile(rf"(?<!\w){re.escape(wording.trigger)}(?!\w)", re.IGNORECASE)
        without = [picture for picture in written if not spoken.search(picture.caption)]
        yield from _about(
            "no-trigger-in-caption",
            without,
            f"has a caption without the trigger word '{wording.trigger}'.",
            f"have captions without the trigger word '{wording.trigger}'.",
            "Write it in, or put it before all: template='{trigger}, {caption}'.",
        )
    if wording.how == "files":
        yield from _from_files(written)


def _from_files(written: Sequence[Picture]) -> Iterator[DatasetProblem]:
    filled = [picture for picture in written if picture.own is None]
    if filled and len(filled) < len(written):
        gets = f"'{filled[0].caption[:60]}'"
        yield from _about(
            "caption-missing",
            filled,
            f"has no caption of its own, and gets {gets}.",
            f"have no caption of their own, and get {gets}.",
            "Write one where the picture shows more than that.",
        )
    if len(written) > 1 and len({picture.caption for picture in written}) == 1:
        told = f"All {counted(len(written))} have one caption, '{written[0].caption[:60]}': what they have in common "
        told += "besides the thing (its ground, its place) is learnt with it."
        remedy = "Say in each what else it shows, in a file x.txt beside x.png, or take captions='auto'."
        yield DatasetProblem("equal-captions", told, remedy)
