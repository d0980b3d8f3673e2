"""A version of an endpoint where only its name and number matter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NamedVersion:
    name: str = "poster"
    number: int = 1
