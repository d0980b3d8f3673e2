"""What runs may cost: a run that would exceed a budget is stopped before it starts, with the reason.

Budgets are kept in the folder of the user's settings, those of a flow under its file: a flow that is handed on takes
none along. What was spent is noted when a run has ended, beside the history of runs.
"""

from __future__ import annotations

import functools
import json
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import BudgetExceeded, FlowProblems, RatesError
from ..flow.document import Document
from ..flow.file import write_atomically
from ..flow.media_files import MediaFiles
from ..media.folders import config_folder
from ..run.history import place_of, process_history
from ..schema import Registry
from .cost import in_words
from .estimates import Estimate, estimate, estimate_of
from .paces import process_paces

FILE = "budgets.json"
MOST_BYTES = 5_000_000
MOST_FLOWS = 5000
FLUSH_SECONDS = 2.0
_SCOPES = ("run", "flow", "day")
_UNITS = ("money", "seconds", "tokens")
_SpentBy = Callable[[str, str], float]
_WORDS = {"run": "the budget of a run", "flow": "this flow's budget", "day": "today's budget"}


@dataclass(frozen=True)
class Budget:
    """Is what runs may cost; None is without end, and 0 lets nothing run.

    Args:
        run: Money for one run.
        flow: Money for all runs of the flow together.
        day: Money for all runs of all flows of a day together; there is one for everything.
        run_seconds: Seconds that the nodes of one run take, one after another.
        flow_seconds: The same for all runs of the flow.
        day_seconds: The same for a day.
        run_tokens: Tokens that models read and write in one run.
        flow_tokens: The same for all runs of the flow.
        day_tokens: The same for a day.

    Raises:
        ValueError: A limit is no number from 0 up.
    """

    run: float | None = None
    flow: float | None = None
    day: float | None = None
    run_seconds: float | None = None
    flow_seconds: float | None = None
    day_seconds: float | None = None
    run_tokens: float | None = None
    flow_tokens: float | None = None
    day_tokens: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (is_number and 0 <= value < math.inf):
                raise ValueError(
                    f"{name} = {str(value)[:40]} is no budget. Write a number from 0 up, or None for no end."
                )

    def __bool__(self) -> bool:
        """Return whether there is any limit."""
        return any(value is not None for value in asdict(self).values())

    def limit(self, scope: str, unit: str) -> float | None:
        """Return a limit, or None where there is none.

        Args:
            scope: "run", "flow" or "day".
            unit: "money", "seconds" or "tokens".
        """
        return getattr(self, scope if unit == "money" else f"{scope}_{unit}")

    def as_json(self) -> dict[str, float]:
        """Return the limits that there are."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def check_run(flow: Any, inputs: Mapping[str, Any] | None = None, targets: Iterable[str] | None = None) -> None:
    """Refuse a run that would exceed a budget; without one, nothing is reckoned.

    Args:
        flow: The flow.
        inputs: Values of its inputs by name.
        targets: As for `flow.run`.

    Raises:
        BudgetExceeded: It would, or nobody knows whether it would; says why, and what to do.
    """
    if budget := budget_of(flow):
        remedy = "Run with over_budget=True, or raise flow.budget."
        _check(flow.name, budget, lambda: estimate(flow, inputs=inputs, targets=targets), _spent_by(flow), remedy)


def check_job(
    document: Document, registry: Registry, files: MediaFiles, inputs: Mapping[str, Any], targets: Iterable[str]
) -> None:
    """Refuse a job of a server that would exceed the budget of the day.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: Its media.
        inputs: Values of its inputs by name.
        targets: Names of its outputs.

    Raises:
        BudgetExceeded: It would, or nobody knows whether it would.
    """
    if budget := _budget(_read()["day"]):
        remedy = "Send it again tomorrow, or let the owner of the server raise the budget."
        told = functools.partial(estimate_of, document, registry, files, inputs, list(targets))
        _check(str(document["name"]), budget, told, _spent_by(None), remedy)


def _check(name: str, budget: Budget, reckon: Callable[[], Estimate], spent: _SpentBy, remedy: str) -> None:
    try:
        told = reckon()
    except FlowProblems:
        return  # the run says so itself
    if not told.ran:
        return
    process_history().flush(FLUSH_SECONDS)  # what has just ended counts
    over = [each for scope in _SCOPES for unit in _UNITS if (each := _over(budget, scope, unit, told, spent))]
    if over:
        reasons = " ".join(each["reason"] for each in over)
        raise BudgetExceeded(f"'{name}' was not started. {reasons} {remedy}", over)


def left_of(flow: Any) -> dict[str, dict[str, float]]:
    """Return what is left of each budget of a flow, by scope and unit: {"day": {"money": 0.5}}; never below 0."""
    budget = budget_of(flow)
    process_history().flush(FLUSH_SECONDS)
    found: dict[str, dict[str, float]] = {}
    spent = _spent_by(flow)
    for scope in _SCOPES:
        for unit in _UNITS:
            if (limit := budget.limit(scope, unit)) is not None:
                found.setdefault(scope, {})[unit] = max(0.0, limit - spent(scope, unit))
    return found


def _over(budget: Budget, scope: str, unit: str, told: Estimate, spent: _SpentBy) -> dict[str, Any] | None:
    limit = budget.limit(scope, unit)
    if limit is None:
        return None
    needed, about = _needed(told, unit), "at least" if told.is_least and unit != "seconds" else "about"
    left = max(0.0, limit - spent(scope, unit))
    whose = _WORDS[scope]
    if limit == 0:
        reason = f"{whose[0].upper()}{whose[1:]} is 0 {_name(unit, told)}: nothing may run."
    elif needed is None:
        reason = f"What it costs is not known: {_why(told)} So it may exceed {whose} of {_amount(limit, unit, told)}."
    elif needed > left or not left:
        rest = f"of {whose} of {_amount(limit, unit, told)} there are {_amount(left, unit, told)} left."
        reason = f"It would cost {about} {_amount(needed, unit, told)}; {rest}"
        if scope == "run":
            reason = f"It would cost {about} {_amount(needed, unit, told)}; {whose} is {_amount(limit, unit, told)}."
    else:
        return None
    return {"budget": scope, "unit": unit, "limit": limit, "left": left, "needed": needed, "reason": reason}


def _needed(told: Estimate, unit: str) -> float | None:
    if unit == "money":
        return told.money
    if unit == "tokens":
        return float(told.input_tokens + told.output_tokens)
    return told.seconds or 0.0  # the first run of its kind is how it becomes known


def _why(told: Estimate) -> str:
    if told.unpriced:
        return f"there is no price of '{told.unpriced[0]}' (write it in the file that `pixelflow usage rates` names)."
    return told.notes[0] if told.notes else "not everything that it depends on has run."


def _spent_by(flow: Any) -> _SpentBy:
    """Return what tells how much was spent by a flow, and today by all; None is a job of a server."""

    def spent(scope: str, unit: str) -> float:
        if scope == "day":
            today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
            return getattr(process_paces().spent(since=today), unit)
        if scope == "run" or flow is None:
            return 0.0
        return getattr(process_paces().spent(place=place_of(flow), life=flow.epoch), unit)

    return spent


def _name(unit: str, told: Estimate) -> str:
    return told.currency if unit == "money" else unit


def _amount(value: float, unit: str, told: Estimate) -> str:
    if unit == "money":
        return in_words(value, told.currency)
    return f"{value:,.0f} tokens" if unit == "tokens" else f"{value:,.1f} s"


# Where they are kept

_OF_ALL = tuple(field.name for field in fields(Budget) if field.name.startswith("day"))
_lock = threading.Lock()
_in_memory: dict[str, Any] = {}
_places: dict[str, str] = {}
"""Under which name the budget of a flow's life is kept: it gets another one when it is saved for the first time."""


def budget_of(flow: Any) -> Budget:
    """Return what runs of a flow may cost, and those of a day.

    Raises:
        RatesError: The file of budgets is damaged.
    """
    kept = _read()
    with _lock:
        place, before = place_of(flow), _places.get(flow.epoch)
    if before is not None and before != place and before in kept["flows"]:
        _move(before, place)
        kept = _read()
    told = {**kept["flows"].get(place, {}), **kept["day"]}
    return _budget(told)


def _budget(told: Mapping[str, Any]) -> Budget:
    try:
        return Budget(**told)
    except (TypeError, ValueError) as error:
        raise RatesError(f"{_path()} holds a budget that is none: {error}") from error


def set_budget(flow: Any, budget: Budget | float | None) -> None:
    """Keep what runs of a flow may cost, and those of a day.

    Args:
        flow: The flow.
        budget: The budget; a number is money for one run; None takes those of the flow away, and leaves the day's.

    Raises:
        RatesError: The file of budgets is damaged, or cannot be written.
    """
    if isinstance(budget, int | float) and not isinstance(budget, bool):
        budget = Budget(run=budget)
    if budget is not None and not isinstance(budget, Budget):
        raise TypeError(
            f"flow.budget wants pf.Budget(run=…, flow=…, day=…), a number or None, not {type(budget).__name__}."
        )
    limits = budget.as_json() if budget else {}
    kept, place = _read(), place_of(flow)
    kept["flows"].pop(place, None)
    if own := {name: value for name, value in limits.items() if name not in _OF_ALL}:
        kept["flows"][place] = own
    if budget is not None:
        kept["day"] = {name: value for name, value in limits.items() if name in _OF_ALL}
    while len(kept["flows"]) > MOST_FLOWS:
        del kept["flows"][next(iter(kept["flows"]))]
    _write(kept)
    with _lock:
        _places[flow.epoch] = place


def _move(before: str, place: str) -> None:
    kept = _read()
    own = kept["flows"].pop(before)
    kept["flows"].setdefault(place, own)
    _write(kept)


def _path() -> Path | None:
    folder = config_folder()
    return folder / FILE if folder else None


def _read() -> dict[str, Any]:
    path = _path()
    if path is None:
        with _lock:
            return json.loads(json.dumps(_in_memory or _EMPTY))
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return json.loads(json.dumps(_EMPTY))
    except (OSError, ValueError, RecursionError) as error:
        raise RatesError(f"The budgets in {path} cannot be read: {error}. Put the file aside to begin anew.") from error
    is_whole = isinstance(told, dict) and all(isinstance(told.get(name), dict) for name in _EMPTY)
    if not is_whole or not all(isinstance(own, dict) for own in told["flows"].values()):
        raise RatesError(f"{path} holds no budgets. Put the file aside to begin anew.")
    return told


_EMPTY: dict[str, Any] = {"flows": {}, "day": {}}


def _write(kept: dict[str, Any]) -> None:
    path = _path()
    if path is None:
        with _lock:
            _in_memory.clear()
            _in_memory.update(kept)
        return
    try:
        write_atomically(path, (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise RatesError(f"The budgets cannot be kept in {path}: {error}") from error
