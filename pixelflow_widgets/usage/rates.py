"""What models and this machine cost: a rate card that ships, and the user's own one above it."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..errors import RatesError, nearest
from ..media.folders import config_folder

SERVED = "server:"
"""How the source of a model begins that is on a server."""
FILE = "rates.toml"
SHIPPED = Path(__file__).with_name(FILE)
MOST_BYTES = 1_000_000
OLD_DAYS = 366
_STAR = "*?["


@dataclass(frozen=True)
class Rate:
    """Is what a model costs.

    Args:
        input: For a million tokens that it reads.
        cached: For a million of those that the server had in its cache; None is as `input`.
        output: For a million tokens that it writes.
        second: For a second that it computes.
        image: For a picture.
        currency: Of all of these.
        date: When somebody read these prices.
        note: Where.
    """

    input: float = 0.0
    cached: float | None = None
    output: float = 0.0
    second: float = 0.0
    image: float = 0.0
    currency: str = "USD"
    date: date | None = None
    note: str = ""

    @property
    def is_free(self) -> bool:
        """Return whether nothing of it costs anything."""
        return not (self.input or self.cached or self.output or self.second or self.image)

    @property
    def is_old(self) -> bool:
        """Return whether it was read more than a year ago."""
        return self.date is not None and (datetime.now(UTC).date() - self.date).days > OLD_DAYS


@dataclass(frozen=True)
class Machine:
    """Is what this computer costs.

    Args:
        cpu_second: A second of one core.
        gpu_second: A second of the GPU.
    """

    cpu_second: float = 0.0
    gpu_second: float = 0.0


@dataclass(frozen=True)
class RateCard:
    """Is what is known of prices.

    Args:
        models: Rates by name or pattern, the most important file first.
        machine: What this computer costs.
        currency: Of everything.
        path: The user's file; None where there is none.
    """

    models: tuple[Mapping[str, Rate], ...] = ()
    machine: Machine = Machine()
    currency: str = "USD"
    path: Path | None = None
    _found: dict[str, tuple[str, Rate] | None] = field(default_factory=dict, compare=False, repr=False)

    def rate(self, model: str) -> Rate | None:
        """Return the rate of a model, or None where nobody wrote one down."""
        entry = self.entry(model)
        return entry[1] if entry else None

    def entry(self, model: str) -> tuple[str, Rate] | None:
        """Return (the name or pattern under which it stands, the rate of a model), or None."""
        if model not in self._found:
            if len(self._found) > 1000:
                self._found.clear()
            self._found[model] = next(filter(None, (_best(each, model) for each in self.models)), None)
        return self._found[model]

    def old(self, models: Iterator[str] | list[str]) -> list[str]:
        """Return in sentences which rates of these models were read more than a year ago."""
        entries = dict(filter(None, map(self.entry, models)))
        return [
            f"The price of '{name}' was read on {rate.date:%d.%m.%Y}, more than a year ago. Is it still so?"
            for name, rate in entries.items()
            if rate.is_old and not rate.is_free
        ]


def rate_of(model: str) -> Rate | None:
    """Return the rate of a model by its source, or None where nobody wrote one down.

    Raises:
        RatesError: The user's file of rates is wrong.
    """
    return rate_card().rate(model)


def rates_file() -> Path | None:
    """Return where the user's rates are, whether there are any or not; None where nothing is kept on disk."""
    folder = config_folder()
    return folder / FILE if folder else None


def start_file() -> Path:
    """Write the file that the user's rates begin with, where there is none; return where it is.

    Raises:
        RatesError: Nothing is kept on disk, or it cannot be written.
    """
    path = rates_file()
    if path is None:
        raise RatesError("PIXELFLOW_DATA=none: no rates are kept on disk. Set it to a folder, or take it away.")
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = SHIPPED.read_text(encoding="utf-8")
            path.write_text(text.replace(_THAT_SHIPS, _OWN), encoding="utf-8")
    except OSError as error:
        raise RatesError(f"{path} cannot be written: {error}") from error
    return path


_THAT_SHIPS = (
    "This file came with the package. Your own one stands above it: `pixelflow usage rates` says where, and begins it."
)
_OWN = "This file is yours: change it as you like. What stands here counts before what came with the package."


def rate_card() -> RateCard:
    """Return what is known of prices now: the user's file is read again when it was changed.

    Raises:
        RatesError: The user's file of rates is wrong.
    """
    path = rates_file()
    try:
        facts = path.stat() if path else None
    except OSError:
        facts = None
    return _card(path, facts.st_mtime_ns, facts.st_size) if path and facts else _shipped()


@functools.lru_cache(maxsize=4)
def _card(path: Path, changed: int, size: int) -> RateCard:
    own, ground = read_rates(path), _shipped()
    return RateCard((*own.models, *ground.models), own.machine, own.currency, path)


@functools.cache
def _shipped() -> RateCard:
    return RateCard(read_rates(SHIPPED).models)


def read_rates(path: Path) -> RateCard:
    """Return the rates of a file.

    Raises:
        RatesError: It cannot be read, or something in it is no rate; names the entry and says what to write.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RatesError(f"{path} is larger than {MOST_BYTES:,} bytes: that is no file of rates.")
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RatesError(f"The rates in {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise RatesError(
            f"{path} is not TOML: {error}. Mend it, or take it away; then the rates that ship count."
        ) from None
    _only(path, "the file", told, ("currency", "machine", "models"))
    currency = _text(path, "currency", told.get("currency", "USD"))
    machine = _table(path, "machine", told.get("machine", {}))
    _only(path, "machine", machine, ("cpu_second", "gpu_second"))
    prices = {name: _price(path, f"machine.{name}", value) for name, value in machine.items()}
    models = _table(path, "models", told.get("models", {}))
    rates = {name: _rate(path, f'models."{name}"', entry, currency) for name, entry in models.items()}
    return RateCard((rates,), Machine(**prices), currency, path)


def _rate(path: Path, name: str, entry: Any, currency: str) -> Rate:
    entry = _table(path, name, entry)
    _only(path, name, entry, [each.name for each in fields(Rate)])
    made: dict[str, Any] = {"currency": currency}
    for key, value in entry.items():
        place = f"{name}.{key}"
        if key == "date":
            made[key] = _date(path, place, value)
        elif key in ("note", "currency"):
            made[key] = _text(path, place, value)
        else:
            made[key] = _price(path, place, value)
    if made["currency"] != currency:
        raise RatesError(
            f"{path}: {name} is in {made['currency']}, the file in {currency}. Sums of two currencies mean nothing: "
            f"write this price in {currency}, or all of them in {made['currency']} and that at the top."
        )
    return Rate(**made)


def _table(path: Path, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RatesError(f"{path}: {name} is {_told(value)}, not a table. Write [{name}] and its lines below.")
    return value


def _only(path: Path, name: str, entry: Mapping[str, Any], known: tuple[str, ...] | list[str]) -> None:
    for key in entry:
        if key not in known:
            raise RatesError(f"{path}: {name} has '{key[:60]}'; it may have {', '.join(known)}.{nearest(key, known)}")


def _price(path: Path, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise RatesError(f"{path}: {name} = {_told(value)} is no price. Write a number from 0 up, as 0.5.")
    return float(value)


def _text(path: Path, name: str, value: Any) -> str:
    if not isinstance(value, str) or (name == "currency" and not 0 < len(value.strip()) <= 8):
        raise RatesError(f'{path}: {name} = {_told(value)} is not what is wanted. Write a word in quotes: "USD".')
    return value[:500]


def _date(path: Path, name: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise RatesError(f"{path}: {name} = {_told(value)} is no date. Write the year first: 2026-11-01.") from None


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _best(rates: Mapping[str, Rate], model: str) -> tuple[str, Rate] | None:
    """Return the entry for a model that says most of its name."""
    if model in rates:
        return model, rates[model]
    is_served = model.startswith(SERVED)
    found = [name for name in rates if name.startswith(SERVED) == is_served and fnmatchcase(model, name)]
    if not found:
        return None
    name = max(found, key=lambda name: sum(letter not in _STAR for letter in name))
    return name, rates[name]
