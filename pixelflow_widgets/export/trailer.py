"""The flow in the last comment of a script, with the digest of the code above it."""

from __future__ import annotations

import base64
import hashlib
import json
import textwrap
import zlib

from ..flow.document import Document

MARK = "# pixelflow: "
"""How the lines begin in which the flow rides along."""
MAX_BYTES = 64 * 1024**2
"""As large as a flow in a script, and the script itself, can be."""


def trailer_of(code: str, document: Document) -> str:
    """Return the comment in which a flow rides along."""
    packed = zlib.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), 9)
    lines = textwrap.wrap(base64.b64encode(packed).decode(), 74)
    return "\n".join(["", f"{MARK}sha256={digest_of(code)}", *(MARK + one for one in lines), ""])


def digest_of(code: str) -> str:
    """Return what tells code from code that was edited."""
    return hashlib.sha256(code.encode()).hexdigest()
