"""Bodies of requests: JSON that is looked at before it becomes objects, and forms."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException

from ...flow.strict_json import NotStrict, read_strictly
from ..uploads.limits import Limits
from .refusals import Refusal

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""One without an end goes to the end of the text, and nothing is tried twice: else each quote in it begins another."""
_BRACKET = re.compile(rb"[\[\]{}]")
_HALF = re.compile(rb"\\u[dD]")
_MOST_FIELDS = 100
_LARGE = 200_000


class _Refused(ValueError):
    """Says what JSON holds that is refused although Python would read it."""


def read_json(content: bytes, limits: Limits) -> Any:
    """Return the values of a JSON text that comes from anybody.

    Raises:
        Refusal: It is no JSON of RFC 8259, nests too deep, names a field twice, or holds what is no number or no text.
    """
    try:
        text = content.decode("utf-8")
        _check_depth(content, limits)
        values = read_strictly(text)
        if _HALF.search(content):
            _check_texts(values)
        return values
    except _Refused as error:
        raise Refusal(400, "bad_json", str(error)) from None
    except NotStrict as error:
        raise Refusal(400, "bad_json", f"This JSON is refused: {error}.") from None
    except json.JSONDecodeError as error:
        words = f"This is no JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        raise Refusal(400, "bad_json", words) from None
    except (ValueError, RecursionError):  # bytes that are no UTF-8, a number of 5,000 digits
        raise Refusal(400, "bad_json", "This is no JSON in UTF-8 with numbers of a sensible length.") from None


def _check_depth(content: bytes, limits: Limits) -> None:
    """Refuse what nests too deep, before anything is built of it."""
    depth = items = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", content)):
        if bracket[0] in b"[{":
            depth, items = depth + 1, items + 1
            if depth > limits.depth:
                raise _Refused(f"This JSON nests deeper than {limits.depth}.")
            if items > limits.items:
                raise _Refused(f"This JSON has more than {limits.items:,} objects and lists.")
        else:
            depth -= 1


def _check_texts(values: Any) -> None:
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _Refused("A text holds half a character (a lone surrogate).") from None


async def json_of(request: Request, limits: Limits) -> dict[str, Any]:
    """Return the object that a request brings; no body is an empty one.

    Raises:
        Refusal: The body is no JSON object, or does not say that it is one.
    """
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    content = await request.body()
    if not content and not kind:
        return {}
    charset = parameters.partition("charset=")[2].strip(' "')
    if kind.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
        words = "The body is JSON in UTF-8, and says so: 'content-type: application/json'."
        raise Refusal(415, "media_type_refused", words, at="content-type")
    if len(content) > _LARGE:  # others are answered meanwhile
        values = await asyncio.to_thread(read_json, content, limits)
    else:
        values = read_json(content, limits)
    if not isinstance(values, dict):
        raise Refusal(400, "bad_json", 'The body is one JSON object: {"name": value}.')
    return values


def is_form(request: Request) -> bool:
    """Return whether a request brings multipart."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


@contextlib.asynccontextmanager
async def form_of(request: Request, files: int) -> AsyncIterator[FormData]:
    """Yield the fields of a form; files lie on disk meanwhile where they are large.

    Args:
        request: The request.
        files: How many files it may bring.

    Raises:
        Refusal: It is no form, or brings too much.
    """
    if not is_form(request):
        words = "Files come as a form: 'content-type: multipart/form-data; boundary=...'."
        raise Refusal(415, "media_type_refused", words, at="content-type")
    try:
        form = await request.form(max_files=files, max_fields=_MOST_FIELDS, max_part_size=1_000_000)
    except Refusal:
        raise
    except (MultiPartException, ValueError, LookupError) as error:
        raise Refusal(400, "bad_request", f"This form cannot be read: {str(error)[:200]}") from None
    except Exception as error:  # starlette hides what its parser says behind an HTTPException
        if getattr(error, "status_code", None) == 400:
            words = f"This form cannot be read: {str(getattr(error, 'detail', ''))[:200]}"
            raise Refusal(400, "bad_request", words) from None
        raise
    try:
        yield form
    finally:
        await form.close()
