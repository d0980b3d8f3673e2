"""What a node used: tokens, pictures, and seconds of processors; what it costs is reckoned from this, elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

_MOST = 2**53
"""What JSON carries exactly."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Is what was used, by one call of a node or by many together.

    Args:
        model: Source of the model that was used: a card's name, a Hub id, "server:gpt-…"; of several the first.
        input_tokens: That models read, marks of begin and end not counted.
        cached_tokens: Those among them that a server had in its cache.
        output_tokens: That language models wrote.
        images: Pictures that were made.
        cpu_seconds: Of all cores together.
        gpu_seconds: During which a GPU was held.
    """

    model: str = ""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """Return both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Usage(self.model or other.model, **sums)

    def __bool__(self) -> bool:
        """Return whether anything was used, or a model named."""
        return any(getattr(self, name) for name in ("model", *COUNTS))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON, without what is 0; seconds to the millisecond."""
        told = {name: getattr(self, name) for name in ("model", *COUNTS)}
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items() if value}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return what `as_json` told; what is no count, from a damaged file say, is 0."""
        counts: dict[str, Any] = {}
        for name in COUNTS:
            value = told.get(name, 0)
            is_count = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST
            counts[name] = (value if name.endswith("seconds") else int(value)) if is_count else 0
        model = told.get("model", "")
        return cls(model if isinstance(model, str) else "", **counts)


COUNTS = tuple(field.name for field in fields(Usage) if field.name != "model")
