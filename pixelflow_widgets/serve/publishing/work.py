"""How much one request may ask for; what it asks for is worked out in `usage/work.py`.

A cap refuses what is out of all proportion; a run's deadline ends what it does not foresee.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableSequence

from ...errors import ValuesRefused
from ...flow.document import Document
from ...flow.media_files import MediaFiles
from ...flow.problems import Problem
from ...flow.signature import Signature
from ...schema import Registry
from ...usage.work import Work, work_of

Caps = dict[str, float]
"""How much one request may ask for: "work" in pixel steps, "pixels" of one picture, "seconds" of a run."""
WORK = 400e6
"""Pixel steps that every flow may ask for; four times what it asks for by itself where that is more."""
PIXELS = 16_777_216
SECONDS = 600


def check_caps(caps: Mapping[str, float], signature: Signature, work: Work) -> None:
    """Raise where a request asks for more than one may.

    Args:
        caps: Of the endpoint.
        signature: Of the flow.
        work: What it asks for.

    Raises:
        ValuesRefused: Says how much it is, and by which inputs it can become less.
    """
    costly = [entry.name for entry in signature.inputs if entry.affects_cost]
    less = f" Ask for less: {', '.join(costly)}." if costly else ""
    if work.largest > caps["pixels"]:
        told = f"This asks for a picture of {work.largest:,.0f} pixels; at most {caps['pixels']:,.0f} are made here."
        raise ValuesRefused([{"at": "", "message": told + less}])
    if work.steps > caps["work"]:
        told = f"This asks for {work.steps:,.0f} pixel steps; at most {caps['work']:,.0f} are done for one request."
        raise ValuesRefused([{"at": "", "message": told + less}])


def caps_of(
    document: Document,
    registry: Registry,
    files: MediaFiles,
    given: Mapping[str, float] | None,
    problems: MutableSequence[Problem],
) -> Caps:
    """Return how much one request may ask for.

    Args:
        document: The flow, frozen.
        registry: Which node types there are.
        files: Its media.
        given: What its publisher says; the rest is made from what the flow asks for by itself.
        problems: Gets what is wrong with that.
    """
    own = work_of(document, registry, {}, files=files)
    caps: Caps = {"work": max(WORK, 4 * own.steps), "pixels": max(PIXELS, own.largest), "seconds": SECONDS}
    for name, value in (given or {}).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name not in caps or not is_number or not 0 < value < math.inf:
            sentence = f"{str(name)[:40]} = {str(value)[:40]} is no cap."
            remedy = "There are work (pixel steps), pixels (of one picture) and seconds (of a run), each above 0."
            problems.append(Problem("caps", sentence, remedy))
        else:
            caps[name] = value
    return caps
