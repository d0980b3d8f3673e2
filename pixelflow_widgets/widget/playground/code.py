"""A generation as something to copy: a script, the flow, the call of its endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ExportError, NoEndpoint
from ...export.forms import Form, text_of
from ...flow.file import to_text
from .subject import Subject


def flow_with(subject: Subject, values: Mapping[str, Any]) -> Any:
    """Return a flow of its own that has values as the defaults of its inputs; media stay inputs that want a value.

    Args:
        subject: What is played.
        values: Of its inputs, for a run.
    """
    document, files = subject.resolved(values)
    return type(subject.flow).of(document, files, subject.flow.registry)


def code_of(subject: Subject, values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """Return programs that do the same: "python" (a script; the builder where none can be written), "builder", "curl".

    Args:
        subject: What is played.
        values: Of its inputs, for a run.
        given: The same as JSON.
    """
    flow = flow_with(subject, values)
    told = {"builder": text_of(flow, Form.BUILDER)}
    try:
        told["python"] = text_of(flow, Form.SCRIPT)
    except ExportError:
        told["python"] = told["builder"]
    curl = _curl(subject, given)
    return told | ({"curl": curl} if curl else {})


def opened(subject: Subject, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the flow with these values: the code of a cell, and its file for hosts where no cell can be made."""
    flow = flow_with(subject, values)
    name = "-".join(flow.name.lower().split()) or "flow"
    name = "".join(letter for letter in name if letter.isalnum() or letter in "-_.")
    return {
        "name": flow.name,
        "python": f"{text_of(flow, Form.BUILDER)}\nflow\n",
        "document": to_text(flow.document),
        "file": f"{name}.flow.json",
    }


def _curl(subject: Subject, given: Mapping[str, Any]) -> str | None:
    """Return the call of the endpoint that this flow is, where it is one and a server of this kernel runs."""
    from ...serve.publishing.endpoints import Endpoints, name_of
    from ...serve.served import running_server
    from ...serve.snippets import snippets
    from ...serve.store import shared_store

    if (server := running_server()) is None:
        return None
    document = subject.flow.document
    try:
        endpoint = Endpoints(shared_store(), subject.flow.registry).find(name_of(document))
    except NoEndpoint:
        return None
    if endpoint.document["name"] != document["name"]:
        return None
    signature = endpoint.signature
    known = {name: value for name, value in given.items() if signature.input(name) is not None}
    request, result = signature.request_schema(), signature.result_schema()
    return snippets(server.url, endpoint.name, request, result, values=known)["curl"]
