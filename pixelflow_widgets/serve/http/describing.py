"""The OpenAPI document: the fixed addresses as FastAPI reads them, and each published flow with its own types."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ..publishing.endpoints import Endpoint

TITLE = "PixelFlow"
_SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
_OF_A_FLOW = (
    "/v1/flows/{name}",
    "/v1/flows/{name}/code",
    "/v1/flows/{name}/jobs",
    "/v1/flows/{name}/versions/{number}",
    "/v1/flows/{name}/versions/{number}/jobs",
    "/v1/flows/{name}/openapi.json",
)
_WORKFLOW = "/workflows/{id}"
_JSON_ONLY = (_WORKFLOW, "/v1/flows/{name}/code")
_ANY_BODY = {"type": "object", "description": "The flow's inputs by name: GET /v1/flows/{name} says which."}


def describe(app: FastAPI, endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI document of a server.

    Args:
        app: The app.
        endpoints: The flows that are in it.
    """
    told = copy.deepcopy(_fixed(app))
    for endpoint in endpoints:
        told["paths"].update(_paths(told["paths"], told["components"]["schemas"], endpoint))
    return told


def describe_flow(app: FastAPI, endpoint: Endpoint) -> dict[str, Any]:
    """Return the OpenAPI document of one flow: how to call it, and all about its jobs."""
    fixed = copy.deepcopy(_fixed(app))
    kept = {
        path: item
        for path, item in fixed["paths"].items()
        if path.startswith(("/v1/jobs", "/v1/artifacts", "/v1/uploads"))
    }
    fixed["info"] |= {"title": endpoint.signature.title, "version": str(endpoint.number)}
    if endpoint.signature.help:
        fixed["info"]["description"] = endpoint.signature.help
    fixed["paths"] = {**_paths(fixed["paths"], fixed["components"]["schemas"], endpoint), **kept}
    return fixed


def _fixed(app: FastAPI) -> dict[str, Any]:
    """Return what is the same for every server, made once."""
    if not hasattr(app.state, "description"):
        told = get_openapi(title=TITLE, version="1", openapi_version="3.1.0", routes=app.routes)
        told["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
        told["components"]["securitySchemes"] = _SECURITY
        told["security"] = [{"key": []}, {"bearer": []}]
        for path in (*_OF_A_FLOW, _WORKFLOW):
            for operation in told["paths"][path].values():
                if operation is told["paths"][path].get("post"):
                    operation["requestBody"] = _body(_ANY_BODY, with_form=path not in _JSON_ONLY)
        app.state.description = told
    return app.state.description


def _body(schema: dict[str, Any], *, with_form: bool, required: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if with_form:
        words = "A field for each input; files as files, numbers and tables as JSON."
        content["multipart/form-data"] = {"schema": {"type": "object", "description": words}}
    return {"required": required, "content": content}


def _paths(paths: dict[str, Any], schemas: dict[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    """Return the addresses of one flow, with its inputs and outputs as types of their own."""
    name = f"{endpoint.name}-v{endpoint.number}"
    request = {key: value for key, value in endpoint.signature.request_schema().items() if key != "$schema"}
    result = {key: value for key, value in endpoint.signature.result_schema().items() if key != "$schema"}
    schemas[f"{name}-inputs"], schemas[f"{name}-outputs"] = request, result
    schemas[f"{name}-job"] = _job_schema(schemas["JobTold"], f"{name}-outputs", endpoint)
    made: dict[str, Any] = {}
    told = {"{name}": endpoint.name, "{number}": str(endpoint.number), "{id}": name}
    for path in (*_OF_A_FLOW, _WORKFLOW):
        concrete = path
        for mark, value in told.items():
            concrete = concrete.replace(mark, value)
        made[concrete] = {method: _operation(operation, name, endpoint) for method, operation in paths[path].items()}
    return made


def _operation(operation: dict[str, Any], name: str, endpoint: Endpoint) -> dict[str, Any]:
    made = copy.deepcopy(operation)
    made["operationId"] = f"{operation['operationId']}__{name}"
    made["tags"] = [endpoint.name]
    made["parameters"] = [each for each in made.get("parameters", ()) if each["in"] != "path"]
    if "requestBody" in made:
        reference = {"$ref": f"#/components/schemas/{name}-inputs"}
        needed = any(entry.is_required for entry in endpoint.signature.inputs)
        with_form = "multipart/form-data" in made["requestBody"]["content"]
        made["requestBody"] = _body(reference, with_form=with_form, required=needed)
    for answer in made["responses"].values():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("$ref") == "#/components/schemas/JobTold":
            answer["content"]["application/json"]["schema"] = {"$ref": f"#/components/schemas/{name}-job"}
    return made


def _job_schema(job: dict[str, Any], outputs: str, endpoint: Endpoint) -> dict[str, Any]:
    """Return the type of a job of one version: its outputs are that version's."""
    made = copy.deepcopy(job)
    made["title"] = f"Job of {endpoint.name}, version {endpoint.number}"
    made["properties"]["outputs"] = {"anyOf": [{"$ref": f"#/components/schemas/{outputs}"}, {"type": "null"}]}
    return made
