"""The file of a flow that a caller means by a media type, in the form that is asked for."""

from __future__ import annotations

from ...flow.signature import Given, Signature
from ...media.encoders import picture_file
from ..uploads.reading import open_medium
from .refusals import Refusal

_MODALITIES = {"image": "image", "mask": "image", "audio": "audio", "video": "video"}
_ENDINGS = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/png": ".png"}


def the_file(signature: Signature, wanted: str) -> Given | None:
    """Return the output that is meant by a media type: the first of its modality, a picture before a mask."""
    group = wanted.partition("/")[0]
    found = [each for each in signature.outputs if _MODALITIES.get(each.type.name) == group and not each.type.many]
    return min(found, key=lambda each: each.type.name == "mask", default=None)


def outputs_told(signature: Signature) -> str:
    """Return the sentence that says what the flow gives."""
    return f"The flow gives {', '.join(f'{each.name} ({each.type})' for each in signature.outputs)}."


def file_as(content: bytes, kind: str, wanted: str) -> tuple[bytes, str]:
    """Return a file and its media type, as a picture of another format where one is asked for.

    Raises:
        Refusal: It cannot be had like that.
    """
    if wanted in (kind, f"{kind.partition('/')[0]}/*"):
        return content, kind
    if kind in _ENDINGS and wanted in _ENDINGS:
        return picture_file(open_medium("image", content), _ENDINGS[wanted]), wanted
    raise Refusal(406, "not_acceptable", f"The file is {kind}. Ask for that.")
