"""What is said where the packages of the extra `serve` are not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ExtraMissing

PACKAGES = frozenset(
    {"anyio", "fastapi", "h11", "httpx", "mcp", "mcp_types", "python_multipart"}
    | {"sse_starlette", "standardwebhooks", "starlette", "uvicorn"}
)
"""Modules that only the extra brings."""


@contextmanager
def needed_by(who: str) -> Iterator[None]:
    """Say in words which package is missing, and how to get it, where one of the extra is imported within.

    Args:
        who: What was asked for, as users write it.

    Raises:
        ExtraMissing: A package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in PACKAGES:
            raise
        raise ExtraMissing(
            f"{who} needs the package '{name}', which is not installed. Write: pip install 'pixelflow-widgets[serve]'"
        ) from None
