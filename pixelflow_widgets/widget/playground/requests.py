"""What pages of a playground may ask for, and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import ExportError, FlowProblems, PixelFlowError, ValuesRefused
from ..bridge import Answer, Buffers, Message
from .code import code_of, opened
from .play import Play


class PlayRequests:
    """Does what pages ask for; see `bridge.Handlers`.

    Args:
        play: What is played.
    """

    def __init__(self, play: Play) -> None:
        self._play = play
        self.edits: dict[str, Callable[[str, Message, Buffers], bool]] = {}
        self.quick = {"cancel": self._cancel, "jobs": self._jobs}
        self.slow = {
            "about": self._about,
            "start": self._start,
            "medium": self._medium,
            "estimate": self._estimate,
            "code": self._code,
            "open": self._open,
        }
        self.notices = {"values": self._values}

    def _about(self, _: str, __: Message, ___: Buffers) -> Answer:
        play = self._play
        signature = play.subject.signature
        told: Message = {"name": signature.name, "title": signature.title, "help": signature.help}
        told |= {"request": signature.request_schema(), "result": signature.result_schema()}
        told |= {"estimate": play.estimate(play.values), "values": play.values}
        told |= {"kind": play.subject.kind, "can_open": True, "models": play.subject.titles_of_models()}
        return {**told, "problems": [str(problem) for problem in play.subject.problems()]}, []

    def _start(self, _: str, message: Message, buffers: Buffers) -> Answer:
        play = self._play
        try:
            begun = play.start(message.get("values", {}), message.get("count", 1), buffers)
        except (ValuesRefused, FlowProblems) as error:
            return {"refused": refused(error, play)}, []
        return {"jobs": [play.generations.told(one) for one in begun]}, []

    def _cancel(self, _: str, message: Message, __: Buffers) -> Message:
        generations = self._play.generations
        return {"job": generations.told(generations.cancel(message.get("id")))}

    def _jobs(self, _: str, __: Message, ___: Buffers) -> Message:
        generations = self._play.generations
        return {"jobs": [generations.told(one) for one in reversed(generations.all())]}

    def _medium(self, _: str, message: Message, __: Buffers) -> Answer:
        medium = self._play.media.find(message.get("id"))
        return {"medium": medium.as_json()}, [medium.content]

    def _estimate(self, _: str, message: Message, __: Buffers) -> Answer:
        return {"estimate": self._play.estimate(message.get("values"))}, []

    def _code(self, _: str, message: Message, __: Buffers) -> Answer:
        play, given = self._play, _given(message)
        try:
            return {**code_of(play.subject, play.run_values(given), given)}, []
        except ExportError as error:
            return {"refused": {"type": "not_written", "message": str(error), "details": []}}, []

    def _open(self, _: str, message: Message, __: Buffers) -> Answer:
        play = self._play
        try:
            return {**opened(play.subject, play.run_values(_given(message)))}, []
        except ExportError as error:
            return {"refused": {"type": "not_written", "message": str(error), "details": []}}, []

    def _values(self, _: str, message: Message, __: Buffers) -> None:
        try:
            self._play.keep(message.get("values"))
        except ValuesRefused:
            return  # a page that shows the flow as it was; it asks anew what there is


def refused(error: ValuesRefused | FlowProblems, play: Play) -> Message:
    """Return a refusal as the HTTP API says it: a type, words, and what is wrong at which input."""
    if isinstance(error, ValuesRefused):
        details = error.problems
        message = details[0]["message"] if len(details) == 1 else "Several values do not fit; `details` names each."
        return {"type": "values_refused", "message": message, "details": details}
    details = [{"at": play.subject.at(one), "message": str(one)} for one in error.problems]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return {"type": "flow_refused", "message": f"{error.problems[0]}{more}", "details": details}


def _given(message: Message) -> dict[str, Any]:
    values = message.get("values", {})
    if not isinstance(values, dict):
        raise PixelFlowError("An object is wanted here: the inputs by name.")
    return values
