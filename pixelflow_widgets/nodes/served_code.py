"""How `chat` with a model on a server is written into scripts: with its client, and the key from the environment."""

from __future__ import annotations

import json
from typing import Any

from ..media import Model
from ..models import scripted_servers
from ..models.scripting.places import quoted
from ..models.served import Server, server_of
from ..schema.exporting import Writing


def write_served_chat(at: Writing, model: Model, system: list[str], schema: Any, ends: list[str]) -> str:
    """Return the expression of what a model on a server answers.

    Args:
        at: Takes the code.
        model: The handle.
        system: The argument that says how it is to behave, if it is told.
        schema: The JSON Schema of the answer; None is any text.
        ends: The texts before which it ends.
    """
    server = server_of(model)
    arguments = [_client(at, model, server), quoted(server.model), at.code("prompt"), *system]
    ask = scripted_servers.ask_server
    if at.is_set("images"):
        ask = scripted_servers.ask_server_about
        arguments.append(f"images={at.code('images')}")
    arguments += [f"max_tokens={at.code('max_tokens')}", f"temperature={at.code('temperature')}"]
    is_cold = at.is_fixed("temperature") and at.known("temperature") == 0
    if not is_cold and not (at.is_fixed("top_p") and at.known("top_p") == 1):
        arguments.append(f"top_p={at.code('top_p')}")
    arguments.append(f"seed={at.code('seed')}")
    if ends:
        arguments.append(f"stop={ends!r}")
    if schema is not None:
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        arguments.append(f"response_format={form!r}")
    if not (at.is_fixed("repetition_penalty") and at.known("repetition_penalty") == 1):
        arguments.append(f'extra_body={{"repetition_penalty": {at.code("repetition_penalty")}}}')
    return f"{at.bring(ask)}({', '.join(arguments)})"


def _client(at: Writing, model: Model, server: Server) -> str:
    """Write the client of a server, once, and return the call that gives it."""
    at.add_import("import functools")
    at.add_import("from openai import OpenAI")
    given = []
    if model.options.get("base_url"):
        given.append(f"base_url={quoted(server.address)}")
    if server.key:
        at.add_import("import os")
        wanted = f"os.environ[{quoted(server.key)}]"
        if not server.needs_key:  # a server on this machine mostly asks for none
            wanted = f"os.environ.get({quoted(server.key)}, 'none')"
        given.append(f"api_key={wanted}")
    else:
        given.append("api_key='none'")

    def write(name: str) -> str:
        return f"@functools.cache\ndef {name}() -> OpenAI:\n    return OpenAI({', '.join(given)})"

    return f"{at.define(('client', server.address, server.key), 'connect', write)}()"


def in_form(at: Writing, code: str, schema: Any) -> str:
    """Return the expression of an answer that is checked against a schema, a constant; None is any text."""
    if schema is None:
        return code
    text = json.dumps(schema, ensure_ascii=False)
    name = at.define(("schema", text), "ANSWER_SCHEMA", lambda known: f"{known} = {schema!r}")
    return f"{at.bring(scripted_servers.json_answer)}({code}, {name})"
