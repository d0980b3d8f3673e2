"""How a node puts a question to whoever runs the flow, and waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import MediaError, RunError


class Ask:
    """Shows candidates and returns the number of the one that somebody picked.

    Is injected by type, and is not a port: write `ask: Ask = Ask()` among the parameters. A node that asks runs in the
    kernel. Outside a flow it asks at the prompt of the notebook or terminal.

    Args:
        answer: Puts the question and returns the answer; None is the prompt.
    """

    def __init__(self, answer: Callable[[list[Any], str], int] | None = None) -> None:
        self._answer = answer or _at_the_prompt

    def __call__(self, candidates: Sequence[Any], note: str = "") -> int:
        """Ask, and wait for the answer.

        Args:
            candidates: What can be picked: pictures, texts, sounds …
            note: What the picked one is for.

        Returns:
            The number of the picked one, from 0.

        Raises:
            MediaError: There is nothing to pick from.
            Cancelled: The run was stopped; let it pass through.
            RunError: The answer is none of the candidates, or nobody is there to give one.
        """
        candidates = list(candidates)
        if not candidates:
            raise MediaError("There is nothing to choose from: the list of candidates is empty.")
        pick = self._answer(candidates, note)
        if isinstance(pick, bool) or not isinstance(pick, int) or not 0 <= pick < len(candidates):
            raise RunError(
                f"There are {len(candidates)} candidates, from 0 to {len(candidates) - 1}; {pick!r} is none."
            )
        return pick


def _at_the_prompt(candidates: list[Any], note: str) -> int:
    told = [f"  {number}: {_line(candidate)}" for number, candidate in enumerate(candidates)]
    question = "\n".join([note or "Which one?", *told, f"0 to {len(candidates) - 1}: "])
    while True:
        try:
            answer = input(question).strip()
        except (EOFError, OSError, NotImplementedError) as error:  # a pipe, or a notebook that runs by itself
            raise RunError("Nobody is here to choose. Give the answer with the input that names it.") from error
        if answer.isdecimal() and int(answer) < len(candidates):
            return int(answer)
        question = f"'{answer[:40]}' is none of them. 0 to {len(candidates) - 1}: "


def _line(candidate: Any) -> str:
    text = " ".join(str(candidate).split())
    return text if len(text) <= 100 else f"{text[:99]}…"
