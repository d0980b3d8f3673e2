"""Which way a flow goes: switches, comparisons, and the question to whoever runs it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Annotated, Any, Literal

from ..controls import Number, Text
from ..errors import Cancelled, MediaError, PixelFlowError
from ..schema import Ask, Lazy, node
from ..schema.exporting import Writing, assigned, indented

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "less": operator.lt,
    "at most": operator.le,
    "equal": operator.eq,
    "not equal": operator.ne,
    "at least": operator.ge,
    "more": operator.gt,
}


def _write_switch(at: Writing) -> None:
    (on_lines, on), (off_lines, off) = at.block("on"), at.block("off")
    if not on_lines and not off_lines:
        at.give(value=f"{on} if {at.code('condition')} else {off}")
        return
    value = at.variable("value")
    at.line(f"if {at.code('condition')}:", *indented(assigned(value, on_lines, on)))
    at.line("else:", *indented(assigned(value, off_lines, off)))
    at.give(value=value)


@node(export=_write_switch)
def switch(condition: bool, on: Lazy[Any], off: Lazy[Any] | None = None) -> Any | None:
    """Passes one of two things on; what the other one needs does not run.

    Args:
        condition: Which one.
        on: Is passed on where the condition is true: a picture, a text, a list, anything.
        off: Is passed on where it is false; empty gives nothing.
    """
    taken = on if condition else off
    return None if taken is None else taken.get()


def _write_first_that_works(at: Writing) -> None:
    at.add_import("import contextlib")
    value = at.variable("value")
    at.line(f"{value} = None")
    for number, name in enumerate(name for name in ("first", "second", "third", "fourth") if at.is_set(name)):
        lines, code = at.block(name)
        tried = ["with contextlib.suppress(Exception):", *indented(assigned(value, lines, code))]
        at.line(*(tried if not number else [f"if {value} is None:", *indented(tried)]))
    at.line(f"if {value} is None:", '    raise ValueError("None of them worked.")')
    at.give(value=value)


@node(export=_write_first_that_works)
def first_that_works(
    first: Lazy[Any], second: Lazy[Any], third: Lazy[Any] | None = None, fourth: Lazy[Any] | None = None
) -> Any:
    """Passes the first thing on that can be made; what comes after it does not run.

    Args:
        first: Is tried first.
        second: Is tried where the first fails or gives nothing.
        third: Is tried after the second.
        fourth: Is tried last.
    """
    candidates = {"first": first, "second": second, "third": third, "fourth": fourth}
    reasons: list[str] = []
    for name, candidate in candidates.items():
        if candidate is None:
            continue
        try:
            value = candidate.get()
        except Cancelled:  # somebody pressed Stop, and does not want the next one
            raise
        except Exception as error:  # whatever went wrong, the next one may do
            told = str(error) if isinstance(error, PixelFlowError) else f"{type(error).__name__}: {error}"
            reasons.append(f"{name}: {told.rstrip('.')}.")
        else:
            if value is not None:
                return value
            reasons.append(f"{name}: It gave nothing.")
    raise MediaError(f"None of {len(reasons)} worked. {' '.join(reasons)}")


_ASKING = '''
def {name}(candidates, question):
    """Show candidates at the prompt and return the one that is picked."""
    for number, candidate in enumerate(candidates):
        print(f"{{number}}: {{candidate}}")
    return candidates[int(input(f"{{question}} 0-{{len(candidates) - 1}}: "))]
'''


def _write_choose(at: Writing) -> None:
    if at.known("pick") is not None:
        at.give(value=f"{at.code('candidates')}[{at.code('pick')}]")
        return
    asking = at.define(("choose",), "choose", lambda name: _ASKING.format(name=name))
    question = at.code("question") if at.known("question") else '"Which one?"'
    at.give(value=f"{asking}({at.code('candidates')}, {question})")


@node(export=_write_choose)
def choose(
    candidates: list[Any],
    pick: Annotated[int | None, Number(min=0, step=1)] = None,
    question: Annotated[str, Text(placeholder="Which one?")] = "",
    ask: Ask = Ask(),
) -> Any:
    """Stops the run, shows several candidates and goes on with the one that somebody picks.

    The answer is kept as long as the candidates and the question are the same, so that a run after an edit further down
    asks nothing.

    Args:
        candidates: Pictures, texts, sounds; in the order of the edges.
        pick: Number of the one that is taken without a question, from 0; empty asks.
        question: What is asked; another question is asked anew.
    """
    if pick is None or not candidates:
        return candidates[ask(candidates, question)]
    if not 0 <= pick < len(candidates):
        raise MediaError(f"There are {len(candidates)} candidates, counted from 0; there is no {pick}.")
    return candidates[pick]


@node
def compare_values(
    first: float,
    how: Literal["less", "at most", "equal", "not equal", "at least", "more"] = "more",
    second: float = 0.0,
) -> bool:
    """Compares two numbers.

    Args:
        first: The number.
        how: What the first must be for the answer to be true.
        second: What it is compared with.
    """
    return _COMPARISONS[how](first, second)


@node
def contains_text(text: str, part: Annotated[str, Text(placeholder="a word")], match_case: bool = False) -> bool:
    """Looks whether a text holds another one.

    Args:
        text: Where is looked.
        part: What is looked for.
        match_case: Capitals count.
    """
    return part in text if match_case else part.casefold() in text.casefold()


@node(title="Not")
def not_(flag: bool) -> bool:
    """Turns true into false, and false into true.

    Args:
        flag: What is turned.
    """
    return not flag


@node
def combine_flags(flags: list[bool], how: Literal["all", "any", "none"] = "all") -> bool:
    """Makes one answer of several.

    Args:
        flags: The answers.
        how: How many of them must be true for the one to be.
    """
    return {"all": all(flags), "any": any(flags), "none": not any(flags)}[how]
