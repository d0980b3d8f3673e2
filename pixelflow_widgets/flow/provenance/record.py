"""The record: one text that a file carries, and what it says once it is read again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import FlowFileError, MediaError
from ...media.tags import KEY, kind_of, read_tags
from ..document import Document
from ..file import RECORD, read_json

MAX_TEXT = 900_000
"""Characters of a record that fit into a text chunk that picture programs still read."""
MAX_PARAMETERS = 50_000
"""Characters of settings; more is nothing that other programs would read."""
_MOST = 200
"""Models and libraries that are read of a record."""


def record_text(document: Document, parameters: str, models: Mapping[str, Any], machine: Mapping[str, Any]) -> str:
    """Return the record of a flow that was run, in ASCII; one that is too long for a file has no flow.

    Args:
        document: The flow as it was run.
        parameters: As other programs write them; "" is nothing.
        models: What is known of each model, by source.
        machine: "versions", "threads", "made_at".
    """
    told = {"format": RECORD, "version": 1, **machine, "models": models}
    if parameters and len(parameters) <= MAX_PARAMETERS:
        told["parameters"] = parameters
    text = json.dumps({**told, "flow": document}, separators=(",", ":"))
    return text if len(text) <= MAX_TEXT else json.dumps({**told, "flow": None}, separators=(",", ":"))


@dataclass(frozen=True)
class Provenance:
    """Says how a file was made, as far as the file says it; everything in it may be untrue.

    Args:
        path: The file.
        flow: The flow as it was run; None where the file carries none.
        parameters: Prompt and settings, as programs for pictures write them; "" is none.
        models: What is said of each model, by source: "digest", "base_model", "device", "dtype".
        versions: Of the libraries.
        threads: With which torch computed on the processor; None is not said.
        made_at: When the run began; None is not said.
        notes: What else there is, and what is wrong with it, in sentences.
    """

    path: Path
    flow: Any = None
    parameters: str = ""
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    threads: int | None = None
    made_at: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """Return where the models computed: "cpu", "cuda", "mps"; "" is not said."""
        return next((model["device"] for model in self.models.values() if model.get("device")), "")

    def differences(self) -> list[str]:
        """Return a sentence for each thing that is not the same on this machine; models are looked at, none is got."""
        from .differences import differences

        if self.flow is None:
            return []
        return differences(self, self.flow.registry)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "path": str(self.path),
            "flow": None if self.flow is None else self.flow.document,
            "parameters": self.parameters,
            "models": {source: dict(model) for source, model in self.models.items()},
            "versions": dict(self.versions),
            "device": self.device,
            "threads": self.threads,
            "made_at": self.made_at.isoformat() if self.made_at else None,
            "notes": list(self.notes),
        }


def read_provenance(path: Path, load: Callable[[], Any]) -> Provenance:
    """Return what a file says of how it was made; runs and imports nothing.

    Args:
        path: A picture, sound or film.
        load: Loads the flow that it carries.

    Raises:
        FlowFileError: It cannot be read, or what it carries is no record.
    """
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(16))
        tags = read_tags(path)
    except OSError as error:
        raise FlowFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    except MediaError as error:
        raise FlowFileError(f"{path}: {error}") from error
    if not kind:
        raise FlowFileError(f"{path} is no picture, sound or film that carries texts.")
    notes = tuple(_other(tags))
    if KEY not in tags:
        return Provenance(path, parameters=tags.get("parameters", ""), notes=notes)
    try:
        told = read_json(tags[KEY])
    except FlowFileError as error:
        raise FlowFileError(f"{path}: {error}") from error.__cause__
    flow = None if _is_without_flow(told) else load()
    if flow is None:
        notes += ("The flow was too long for this kind of file and is not in it.",)
    return _said(path, flow, told if told.get("format") == RECORD else {}, tags.get("parameters", ""), notes)


def _is_without_flow(told: Any) -> bool:
    return isinstance(told, Mapping) and told.get("format") == RECORD and told.get("flow") is None


def _other(tags: Mapping[str, str]) -> list[str]:
    held = [word for word in ("workflow", "prompt") if word in tags]
    if not held:
        return []
    found = _nodes_in(tags[held[0]])
    size = f" of {len(found)} node{'' if len(found) == 1 else 's'}" if isinstance(found, dict | list) else ""
    return [f"It carries a graph of ComfyUI{size} ({' and '.join(held)}), which cannot be opened as a flow here."]


def _nodes_in(text: str) -> Any:
    try:
        told = read_json(text)
    except FlowFileError:
        return None
    return told.get("nodes", told) if isinstance(told, Mapping) else None


def _said(path: Path, flow: Any, told: Mapping[str, Any], outside: str, notes: tuple[str, ...]) -> Provenance:
    threads, inside = told.get("threads"), told.get("parameters")
    return Provenance(
        path=path,
        flow=flow,
        parameters=inside if isinstance(inside, str) else outside,
        models={source: _texts(model) for source, model in _entries(told.get("models"))},
        versions=_texts(told.get("versions")),
        threads=threads if isinstance(threads, int) and not isinstance(threads, bool) and 0 < threads < 10**6 else None,
        made_at=_moment(told.get("made_at")),
        notes=notes,
    )


def _entries(value: Any) -> list[tuple[str, Any]]:
    return list(value.items())[:_MOST] if isinstance(value, Mapping) else []


def _texts(value: Any) -> dict[str, str]:
    return {name: text for name, text in _entries(value) if isinstance(text, str) and len(text) <= 1000}


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
