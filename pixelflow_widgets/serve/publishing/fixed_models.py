"""The models that a version was published with, and whether they are still the same files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import EndpointChanged, ModelError
from ...flow import document as doc
from ...flow.complaints import StaticValues
from ...flow.document import Document
from ...flow.graph import Graph
from ...flow.media_files import MediaFiles, from_json
from ...flow.subflows import port_at, with_subflows
from ...media import Model
from ...models.cards import card_of
from ...models.digests import digest_of
from ...models.weights import revision_of, sources_of
from ...schema import NodeType, Port, PortType, Registry

_ANY = "a model that callers choose"
Models = dict[str, dict[str, Any]]
"""Source, with its revision where one is chosen → {"source", "revision", "digest": of its files}."""


def named_models(document: Document, registry: Registry, files: MediaFiles) -> Iterator[Model]:
    """Yield the models that a flow names, with their adapters, those of its subflows among them.

    Args:
        document: The flow.
        registry: Which node types there are.
        files: Its media.
    """
    types = with_subflows(registry, document)
    yield from _chosen_models(document, types)
    static = StaticValues(document, types, files, Graph.of(document))
    for key, entry in doc.nodes(document).items():
        node_type = types.find(entry["type"])
        if node_type is None:
            continue
        known = static.inputs(key)
        for name, value in known.items():
            yield from _models_at(node_type.inputs[name], value)
        if node_type.is_static:
            yield from _added_models(node_type, known)
        if node_type.body is not None:
            yield from named_models(dict(node_type.body.document), registry, files)


def _added_models(node_type: NodeType, known: Mapping[str, Any]) -> Iterator[Model]:
    """Yield what a node adds to a model that callers choose: its adapters do not hang on which one that is."""
    given = dict(known)
    for name, port in node_type.inputs.items():
        if name not in given and port.type.name == "model":
            given[name] = Model(_ANY)
        elif name not in given and not port.required:
            given[name] = port.default
    try:
        made = node_type.shape.unpack(node_type.function(**given))
    except Exception:  # `find_problems` says what is wrong, where it is
        return
    for handle in made.values():
        if isinstance(handle, Model):
            yield from (Model(source) for source in sources_of(handle) if source != _ANY)


def _chosen_models(document: Document, types: Registry) -> Iterator[Model]:
    """Yield the models among which callers may choose."""
    for entry in doc.inputs(document):
        ports = [port for place in doc.feeds(entry) if (port := port_at(document, types, place)) is not None]
        if not any(_names_models(port) for port in ports):
            continue
        default = entry.get("default")
        if isinstance(default, Mapping):
            yield from _models_at(ports[0], from_json(PortType("model"), default, MediaFiles()))
        listed = entry.get("choices")
        for name in [*(listed if isinstance(listed, list) else []), default]:
            if isinstance(name, str) and name:
                yield Model(name)


def _names_models(port: Port) -> bool:
    return port.type.name == "model" or (port.control is not None and port.control.kind in ("model", "lora"))


def _models_at(port: Port, value: Any) -> Iterator[Model]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Model):
            yield item
        elif _names_models(port) and isinstance(item, str) and item:
            yield Model(item)


def fix_models(models: Iterator[Model]) -> tuple[Models, list[str]]:
    """Return (what identifies each model and adapter, sentences about those that cannot be told again elsewhere)."""
    fixed: Models = {}
    faults: list[str] = []
    for model in models:
        if model.is_live:
            sentence = f"The model '{model.source}' is an object of this notebook, which no server has."
            faults += [sentence] if sentence not in faults else []
            continue
        for source in sources_of(model):
            chosen = model.options.get("revision") if source == model.source else None
            name = f"{source}@{chosen}" if chosen else source
            if name in fixed:
                continue
            wanted = Model(source, {"revision": chosen})
            fixed[name] = {"source": source, "revision": revision_of(wanted), "digest": ""}
            try:
                fixed[name]["digest"] = digest_of(wanted)
            except (ModelError, OSError) as error:
                faults.append(str(error))
            if _is_relative(source):
                whole = Path(source).resolve()
                faults.append(f"'{source}' is a path that begins in this folder. Write the whole path: {whole}")
    return dict(sorted(fixed.items())), faults


def _is_relative(source: str) -> bool:
    try:
        place = Path(source).expanduser()
        return not place.is_absolute() and card_of(source) is None and place.exists()
    except (OSError, RuntimeError, ValueError):
        return False


def check_models(models: Mapping[str, Mapping[str, Any]], who: str) -> None:
    """Raise where a model is not the one any more that a version was published with; a file is read once.

    Args:
        models: What `fix_models` returned.
        who: The version, in words.

    Raises:
        EndpointChanged: Names the model and what to do.
    """
    for fixed in models.values():
        source = fixed["source"]
        try:
            now = digest_of(Model(source, {"revision": fixed["revision"]}))
        except (ModelError, OSError) as error:
            raise EndpointChanged(f"{who} cannot run: {error}") from error
        if now != fixed["digest"]:
            raise EndpointChanged(
                f"{who} was published with other files of the model '{source}'. Put those back, or publish the flow "
                "again with what is there now."
            )
