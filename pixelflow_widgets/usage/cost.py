"""What was used, in money: by the rate card, or not known."""

from __future__ import annotations

from ..schema.usage import Usage
from .rates import RateCard, rate_card

MILLION = 1_000_000


def money(usage: Usage, seconds: float = 0.0, card: RateCard | None = None) -> float | None:
    """Return what it costs that something was used, or None where a price of it is not known.

    Args:
        usage: What was used.
        seconds: How long it took; counts where no GPU was held and the model is paid by the second.
        card: The prices; those of now if None.

    Raises:
        RatesError: The user's file of rates is wrong.
    """
    card = card or rate_card()
    own = usage.cpu_seconds * card.machine.cpu_second + usage.gpu_seconds * card.machine.gpu_second
    if not usage.model:
        return own
    rate = card.rate(usage.model)
    if rate is None:
        return None
    cached = min(usage.cached_tokens, usage.input_tokens)
    tokens = (usage.input_tokens - cached) * rate.input + usage.output_tokens * rate.output
    tokens += cached * (rate.input if rate.cached is None else rate.cached)
    return own + tokens / MILLION + (usage.gpu_seconds or seconds) * rate.second + usage.images * rate.image


def in_words(amount: float | None, currency: str = "USD") -> str:
    """Return money as people write it: "0.12 USD"; small sums with the digits that say something."""
    if amount is None:
        return "not known"
    digits = 2 if amount == 0 or abs(amount) >= 0.1 else 4 if abs(amount) >= 0.001 else 6
    told = f"{amount:.{digits}f}"
    while len(told) - told.index(".") > 3 and told.endswith("0"):
        told = told[:-1]
    return f"{told} {currency}"
