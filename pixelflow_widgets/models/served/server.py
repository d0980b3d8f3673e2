"""What the handle of a served model says: which model, where, and under which name its key is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from ... import secrets
from ...errors import SecretError
from ...media import Model
from ...media.values import SERVED
from ..cards import ModelCard

TASKS = ("chat", "expand_prompt", "summarize", "translate", "caption", "visual_question")
DEFAULT_KEY = "OPENAI_API_KEY"
FIELDS = ("base_url", "key")
"""Options of a handle that say where its server is."""


class Server(NamedTuple):
    """Is where a model is served.

    Args:
        model: What the server calls it.
        address: Of its API, the environment's or the usual one where the handle names none.
        key: Name of the secret that it wants; empty where it wants none.
    """

    model: str
    address: str
    key: str

    @property
    def host(self) -> str:
        """Return what a person calls the server."""
        return urlsplit(self.address).netloc.rpartition("@")[2]

    @property
    def needs_key(self) -> bool:
        """Return whether it is of no use without its key; a server on this machine mostly asks for none."""
        return bool(self.key) and not (self.key == DEFAULT_KEY and self.is_local)

    @property
    def is_local(self) -> bool:
        """Return whether it is on this machine: every secret may go there."""
        return secrets.why_not_to("", self.address) is None


def server_of(model: Model) -> Server:
    """Return where the model of a handle is served."""
    address = str(model.options.get("base_url") or "").strip() or secrets.usual_address()
    key = str(model.options.get("key", DEFAULT_KEY) or "").strip()
    return Server(model.source.removeprefix(SERVED).strip(), address, key)


def why_bad_address(address: str) -> str | None:
    """Return why an address is none of an API, in words; None if it may be one. Empty is the usual server."""
    if not address.strip():
        return None
    try:
        secrets.origin_of(address)
        parts = urlsplit(address)
    except SecretError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "The address of a server begins with https:// or http://."
    if parts.username or parts.password or "@" in parts.netloc:
        return (
            "The address holds a name or a password, and would be saved with the flow. Name a secret in 'key' instead."
        )
    if parts.query or parts.fragment:
        return "The address of a server ends with its path, as in https://host/v1; take away what follows ? or #."
    return None


def faults_of(model: Model, task: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with the handle of a served model: (code, sentence, remedy); nothing is sent anywhere.

    Args:
        model: The handle.
        task: The node type that it shall do; empty asks nothing of it.
    """
    server = server_of(model)
    if not server.model:
        yield "server", "No model is named that the server shall use.", "Write its name, such as gpt-4o-mini."
    if task == "classify_text":
        sentence = "A server does not tell how likely each label is."
        remedy = "Choose a model on this machine; or ask with 'chat' and a json_schema that lists the labels."
        yield "task", sentence, remedy
    elif task and task not in TASKS:
        does = ", ".join(name.replace("_", " ") for name in TASKS)
        sentence = f"A model on a server writes texts: it does {does}."
        yield "task", sentence, f"Choose a model on this machine for {task.replace('_', ' ')}."
    if any(adapter.weight for adapter in model.adapters):
        yield "adapter", "A model on a server takes no adapters.", "Take them away."
    if why := why_bad_address(server.address):
        yield "server", why, ""
        return
    if secrets.looks_like_a_key(server.key):
        yield "secret", *WHY_NO_NAME
    elif server.key and secrets.has(server.key):
        if why := secrets.why_not_to(server.key, server.address):
            yield "missing-secret", why, ""
    elif server.needs_key:
        yield "missing-secret", secrets.why_missing(server.key), ""


WHY_NO_NAME = (
    "What stands in 'key' looks like a key itself, which would be saved with the flow.",
    "Write pf.secrets.ask('MY_KEY') in a cell, and MY_KEY here. If it was real, have it replaced by a new one.",
)


def card_of_server(source: str) -> ModelCard:
    """Return what is known of a served model: that it writes.

    Args:
        source: "server:gpt-4o".
    """
    name = source.removeprefix(SERVED).strip()
    return ModelCard(
        name=source,
        title=name or "A model on a server",
        source=source,
        tasks=TASKS,
        modality="text",
        base_model="",
        licence="",
        megabytes=0,
        help="Runs on a server; nothing of it is on this machine.",
        takes=("text", "image"),
    )
