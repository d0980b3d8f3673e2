"""Files: uploads that inputs name by their ids, and the media that jobs gave."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from ....errors import ArtifactGone, MediaError
from ...jobs.artifacts import Artifact
from ...keys import Key
from ...serving import Serving
from ...uploads.reading import look_at, medium_of
from ..bodies import form_of
from ..refusals import Refusal
from ..shapes import UploadTold
from .answering import answers, key_of, serving_of

router = APIRouter(tags=["files"])
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                    "required": ["file"],
                    "additionalProperties": False,
                }
            }
        },
    }
}
ArtifactId = Annotated[str, Path(pattern=r"^(art|up)_[0-9a-f]{32}$")]


@router.post(
    "/v1/uploads",
    status_code=201,
    responses={**answers(), 201: {"model": UploadTold, "description": "It is kept for a day."}},
    openapi_extra=_FORM,
    summary="Upload a file",
)
async def upload(request: Request) -> JSONResponse:
    """Take a picture, sound or film, in the form's field `file`; inputs name it by the id that is answered."""
    serving = serving_of(request)
    async with form_of(request, files=1) as form:
        parts = form.multi_items()
        if len(parts) != 1 or parts[0][0] != "file" or not isinstance(parts[0][1], UploadFile):
            raise Refusal(422, "values_refused", "The form has one field, 'file', and it is a file.", at="/file")
        content = await parts[0][1].read()
    artifact = await asyncio.to_thread(_kept, serving, key_of(request), content)
    told = {name: value for name, value in artifact.as_json().items() if name != "url"}
    return JSONResponse({**told, "expires_at": artifact.expires_at}, 201)


def _kept(serving: Serving, key: Key, content: bytes) -> Artifact:
    try:
        found = look_at(medium_of(content), content, serving.limits)
    except MediaError as error:
        raise Refusal(422, "values_refused", str(error), at="/file") from None
    facts = {name: fact for name, fact in found.as_dict().items() if name not in ("type", "bytes")}
    return serving.artifacts.put(content, found.type, role="upload", facts=facts, key=key.id)


@router.get(
    "/v1/artifacts/{id}",
    responses=answers()
    | {200: {"description": "The file.", "content": {kind: {"schema": {"type": "string"}} for kind in _ENDINGS}}},
    response_class=Response,
    summary="Get a file",
)
async def get_artifact(request: Request, id: ArtifactId) -> Response:
    """Return a file that a job of the key gave, or that the key uploaded."""
    serving, key = serving_of(request), key_of(request)
    artifact = serving.artifacts.find(id)
    if artifact is None or (artifact.key != key.id and not key.is_admin) or artifact.type not in _ENDINGS:
        raise Refusal(404, "not_found", "There is no such file (any more).")
    try:
        content = await asyncio.to_thread(serving.artifacts.read, id)
    except ArtifactGone as error:
        raise Refusal(404, "not_found", str(error)) from None
    headers = {
        "content-disposition": f'attachment; filename="{artifact.id}.{_ENDINGS[artifact.type]}"',
        "cache-control": "private, max-age=86400, immutable",
    }
    return Response(content, media_type=artifact.type, headers=headers)
