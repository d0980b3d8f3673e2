"""An endpoint called in three languages: what its publisher copies into the program that shall call it.

Every snippet is a program that runs as it stands; the key is read from the environment, so that none is ever pasted
into code.
"""

from __future__ import annotations

import json
import keyword
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

KEY = "PIXELFLOW_KEY"
_ENDINGS = {"image": "png", "mask": "png", "audio": "wav", "video": "mp4"}
_TYPES = {"image": "image/png", "mask": "image/png", "audio": "audio/wav", "video": "video/mp4"}


def snippets(
    url: str,
    name: str,
    request: Schema,
    result: Schema,
    version: int | None = None,
    values: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Return programs that call an endpoint: "curl", "python" and "typescript".

    Args:
        url: Of the server.
        name: Of the endpoint.
        request: The schema of what it takes.
        result: The schema of what it gives.
        version: One of its versions; the current one if not given.
        values: What is given to it; an example of each input if not given.
    """
    call = _Call(url.rstrip("/"), name, request, result, version, values)
    return {"curl": _curl(call), "python": _python(call), "typescript": _typescript(call)}


class _Call:
    """Is a call of an endpoint with values, or with an example of each input."""

    def __init__(
        self,
        url: str,
        name: str,
        request: Schema,
        result: Schema,
        version: int | None,
        values: Mapping[str, Any] | None,
    ) -> None:
        self.url, self.name, self.version = url, name, version
        self.inputs: Schema = request.get("properties", {})
        self.required = set(request.get("required", ()))
        self.outputs: Schema = result.get("properties", {})
        shown = {given: value for given, schema in self.inputs.items() for value in self._example(given, schema)}
        self.values = shown if values is None else {given: values[given] for given in self.inputs if given in values}
        self.files = {given: _file(given, _kind(self.inputs[given])) for given in self.values if self.is_medium(given)}

    @property
    def path(self) -> str:
        """Return where jobs are started."""
        return f"/v1/flows/{self.name}" + ("" if self.version is None else f"/versions/{self.version}")

    def is_medium(self, given: str) -> bool:
        """Return whether an input takes a picture, a sound or a film."""
        return _kind(self.inputs[given]) in _ENDINGS

    def only_medium(self) -> str:
        """Return the kind of the one thing that it gives, if that is a file; an empty text if not."""
        kinds = [schema.get("x-type") for schema in self.outputs.values()]
        return kinds[0] if len(kinds) == 1 and kinds[0] in _ENDINGS else ""

    def _example(self, given: str, schema: Schema) -> Iterator[Any]:
        """Yield what to show of an input, if it is shown: seeds are drawn, and optional media left out."""
        if given not in self.required and (schema.get("x-seed") or _kind(schema) in _ENDINGS):
            return
        examples = schema.get("examples") or ([schema["default"]] if "default" in schema else [])
        if examples or given in self.required:
            yield examples[0] if examples else None


def _kind(schema: Schema) -> str:
    return str(schema.get("x-type", "")).removeprefix("list[").removesuffix("]")


def _is_list(schema: Schema) -> bool:
    return schema.get("type") == "array"


def _file(given: str, kind: str) -> str:
    return f"{re.sub('[^A-Za-z0-9_-]', '_', given)}.{_ENDINGS[kind]}"


# curl


def _curl(call: _Call) -> str:
    kind = call.only_medium() if call.version is None else ""  # a version answers jobs only
    place = f"{call.url}{call.path}" + ("" if call.version is None else "/jobs")
    lines = [f"curl --fail-with-body -sS {shlex.quote(place)}", f'-H "x-api-key: ${KEY}"']
    lines += [f"-H 'accept: {_TYPES[kind]}'"] if kind else ["-H 'prefer: wait=60'"]
    lines += _form(call) if call.files else _body(call)
    lines += [f"--output {call.name}.{_ENDINGS[kind]}"] if kind else []
    return f"export {KEY}=…  # pixelflow keys make\n\n" + " \\\n  ".join(lines) + "\n"


def _body(call: _Call) -> list[str]:
    body = json.dumps(call.values, ensure_ascii=False, indent=2)
    return ["-H 'content-type: application/json'", f"-d {shlex.quote(body)}"]


def _form(call: _Call) -> Iterator[str]:
    """Yield the fields of a form: files as they lie on the disk, everything else as text."""
    for given, value in call.values.items():
        if given in call.files:
            yield f"-F {shlex.quote(f'{given}=@{call.files[given]}')}"
            continue
        for item in value if isinstance(value, list) else [value]:
            text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            yield f"--form-string {shlex.quote(f'{given}={text}')}"


# Python


def _python(call: _Call) -> str:
    method = f".{call.name}" if _is_name(call.name) else f"[{call.name!r}]"
    method = method if call.version is None else f".flow({call.name!r}, version={call.version})"
    named = [f"{given}={_python_value(call, given)}," for given in call.values if _is_name(given)]
    others = [f"{given!r}: {_python_value(call, given)}," for given in call.values if not _is_name(given)]
    arguments = [*named, *(["**{", *(f"    {line}" for line in others), "},"] if others else [])]
    lines = ["import os", "", "import pixelflow_widgets as pf", ""]
    lines += [f'client = pf.Client("{call.url}", os.environ["{KEY}"])']
    target = "value" if len(call.outputs) == 1 else "outputs"
    if arguments:
        lines += [f"{target} = client{method}(", *(f"    {line}" for line in arguments), ")"]
    else:
        lines += [f"{target} = client{method}()"]
    return "\n".join([*lines, *_python_use(call, target)]) + "\n"


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _python_value(call: _Call, given: str) -> str:
    if given in call.files:
        path = repr(call.files[given]).replace("'", '"')
        return f"[{path}]" if _is_list(call.inputs[given]) else path
    return _literal(call.values[given])


def _literal(value: Any) -> str:
    """Return a value as Python writes it, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    return repr(value)


def _python_use(call: _Call, target: str) -> Iterator[str]:
    kind = call.only_medium()
    yield f'{target}.save("{call.name}.png")' if kind in ("image", "mask") else f"print({target})"


# TypeScript


def _typescript(call: _Call) -> str:
    title = _title(call.name)
    inputs = [_field(given, _typed_input(schema), given in call.required) for given, schema in call.inputs.items()]
    outputs = [_field(given, _typed_output(schema), True) for given, schema in call.outputs.items()]
    kind = call.only_medium()
    modules = [name for name, used in (("readFile", call.files), ("writeFile", kind)) if used]
    imports = [f'import {{ {", ".join(modules)} }} from "node:fs/promises";', ""] if modules else []
    lines = [
        *imports,
        *_interface(f"Inputs{title}", inputs),
        *_interface(f"Outputs{title}", outputs),
        *(_MEDIUM if "Medium" in "".join(outputs) else ()),
        f"const server = {json.dumps(call.url)};",
        f'const headers = {{ "x-api-key": process.env.{KEY} ?? "", "content-type": "application/json" }};',
        "",
        *_FUNCTION.format(title=title, path=call.path).splitlines(),
        "",
        f"const outputs = await call{title}({{",
        *(f"  {_property(given)}: {_typescript_value(call, given)}," for given in call.values),
        "});",
    ]
    if kind:
        only = next(iter(call.outputs))
        lines += [
            f"const file = await fetch(server + outputs{_access(only)}.url, {{ headers }});",
            f'await writeFile("{call.name}.{_ENDINGS[kind]}", Buffer.from(await file.arrayBuffer()));',
        ]
    else:
        lines += ["console.log(outputs);"]
    return "\n".join(lines) + "\n"


_MEDIUM = (
    "/** A file of the server; ask for it with the same key. */",
    "export interface Medium {",
    "  id: string;",
    "  url: string;",
    "  type: string;",
    "  bytes: number;",
    "  width?: number;",
    "  height?: number;",
    "  seconds?: number;",
    "}",
    "",
)
_FUNCTION = """\
export async function call{title}(inputs: Inputs{title}): Promise<Outputs{title}> {{
  let response = await fetch(`${{server}}{path}/jobs`, {{
    method: "POST",
    headers: {{ ...headers, prefer: "wait=60", "idempotency-key": crypto.randomUUID() }},
    body: JSON.stringify(inputs),
  }});
  let job = await response.json();
  while (response.ok && (job.status === "queued" || job.status === "running")) {{
    await new Promise((resolve) => setTimeout(resolve, 1000));
    response = await fetch(`${{server}}/v1/jobs/${{job.id}}`, {{ headers }});
    job = await response.json();
  }}
  if (!response.ok || job.status !== "succeeded") {{
    throw new Error(job.error?.message ?? `The job was ${{job.status}}.`);
  }}
  return job.outputs;
}}"""


def _title(name: str) -> str:
    """Return a name as TypeScript's types are written; with a word before it, it is none of the language's own."""
    return "".join(word[:1].upper() + word[1:] for word in re.split("[-_]+", name))


def _interface(name: str, fields: list[str]) -> Iterator[str]:
    yield f"export interface {name} {{"
    yield from fields
    yield from ("}", "")


def _field(given: str, typed: str, is_required: bool) -> str:
    return f"  {_property(given)}{'' if is_required else '?'}: {typed};"


def _property(name: str) -> str:
    return name if re.fullmatch("[A-Za-z_$][A-Za-z0-9_$]*", name) else json.dumps(name)


def _access(name: str) -> str:
    made = _property(name)
    return f".{made}" if made == name else f"[{made}]"


def _typed_input(schema: Schema) -> str:
    if _is_list(schema):
        return f"Array<{_typed_input(schema.get('items', {}))}>"
    if "anyOf" in schema:  # a seed: a number, or digits
        return "number | string"
    return _typed_plain(schema)


def _typed_plain(schema: Schema) -> str:
    if "enum" in schema:
        return " | ".join(json.dumps(choice, ensure_ascii=False) for choice in schema["enum"])
    if "rows" in schema.get("properties", {}):
        return "{ columns: string[]; rows: unknown[][] }"
    plain = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
    return plain.get(str(schema.get("type")), "unknown")


def _typed_output(schema: Schema) -> str:
    if _is_list(schema):
        return f"Array<{_typed_output(schema.get('items', {}))}>"
    if schema.get("x-type") in _ENDINGS:
        return "Medium"
    if "anyOf" in schema:
        return " | ".join(
            dict.fromkeys("null" if each.get("type") == "null" else _typed_output(each) for each in schema["anyOf"])
        )
    return _typed_plain(schema)


def _typescript_value(call: _Call, given: str) -> str:
    if given in call.files:
        read = f'(await readFile({json.dumps(call.files[given])})).toString("base64")'
        return f"[{read}]" if _is_list(call.inputs[given]) else read
    return json.dumps(call.values[given], ensure_ascii=False)
