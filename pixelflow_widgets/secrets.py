"""Keys of servers, by name: `pf.secrets["OPENAI_API_KEY"] = "…"`, in the memory of this process only.

What is typed into a cell is in the notebook: `pf.secrets.ask("OPENAI_API_KEY")` asks in a field that nobody keeps. A
flow names a secret and never holds its value. Where none was set here the environment is asked. The module is what
users hold as `pf.secrets`; it shows names, and is copied and pickled as a module is: by reference.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any
from urllib.parse import quote, urlsplit

from .errors import SecretError

HIDDEN = "•••"
"""Stands where a secret was."""
USUAL = "https://api.openai.com"
"""Where clients of OpenAI go when nobody names another server."""
BASE_URL = "OPENAI_BASE_URL"
"""The variable of the environment that names another one for all of them."""
ALLOWED = "PIXELFLOW_SECRETS_FOR"
"""The variable that says where secrets may go, as `allow` does: "NAME=https://host OTHER=https://host"."""
_HOMES = {
    "OPENAI_API_KEY": USUAL,
    "ANTHROPIC_API_KEY": "https://api.anthropic.com",
    "CEREBRAS_API_KEY": "https://api.cerebras.ai",
    "DEEPSEEK_API_KEY": "https://api.deepseek.com",
    "FIREWORKS_API_KEY": "https://api.fireworks.ai",
    "GEMINI_API_KEY": "https://generativelanguage.googleapis.com",
    "GROQ_API_KEY": "https://api.groq.com",
    "HF_TOKEN": "https://router.huggingface.co",
    "MISTRAL_API_KEY": "https://api.mistral.ai",
    "NVIDIA_API_KEY": "https://integrate.api.nvidia.com",
    "OPENROUTER_API_KEY": "https://openrouter.ai",
    "TOGETHER_API_KEY": "https://api.together.xyz",
    "XAI_API_KEY": "https://api.x.ai",
}
"""Where a key of a well-known name belongs: it goes there, and nowhere else unless somebody says so."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_TELLING = ("_KEY", "_TOKEN", "_SECRET", "PASSWORD")
"""How names of variables end that hold secrets: a worker is told of those that were set after it started."""
_BEGINNINGS = ("sk-", "sk_", "hf_", "gsk_", "xai-", "AIza", "AKIA", "ghp_", "gho_", "pplx-", "nvapi-", "Bearer ", "eyJ")
_SHORTEST, _SHORTEST_OF_ENVIRONMENT = 4, 8
"""Letters of a value below which it is not hidden in texts: it would take half of every sentence with it."""
_LONG = 24
_lock = threading.RLock()


class _Kept:
    """Holds what is known, and shows nothing of it."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.allowed: dict[str, tuple[str, ...]] = {}
        self.environment: Mapping[str, str] | None = None
        """Of the kernel, in a worker: variables may have been set after that started."""
        self.hidden: dict[str, str] = {}
        """Each form of a value that was ever known → its name; the longest first."""

    def value_of(self, name: str) -> str:
        if name in self.values:
            return self.values[name]
        around = os.environ if self.environment is None or not _is_telling(name) else self.environment
        return around.get(name, "").strip()

    def hide(self, name: str, value: str, shortest: int) -> None:
        forms = {value, quote(value, safe=""), json.dumps(value)[1:-1], *value.splitlines()}
        known = self.hidden | {form: name for form in forms if len(form) >= shortest}
        self.hidden = dict(sorted(known.items(), key=lambda pair: -len(pair[0])))


_kept = _Kept()


class Secrets(ModuleType):
    """Holds secrets by name; what was put in is used by nodes and never shown.

    A secret goes to the server that its name belongs to, to this machine itself, and where `allow` lets it go: else a
    flow of somebody else could name a server of theirs and be given the key.
    """

    def __setitem__(self, name: str, value: str) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SecretError("A secret is called as a variable is, with letters, digits and _: 'OPENAI_API_KEY'.")
        if not isinstance(value, str) or not value.strip():
            raise SecretError(
                f"The secret '{name}' is a text that is not empty. To forget it: del pf.secrets['{name}']"
            )
        with _lock:
            _kept.values[name] = value.strip()
            _kept.hide(name, value.strip(), _SHORTEST)

    def __getitem__(self, name: str) -> str:
        raise SecretError(
            f"Secrets are not shown: a notebook would keep them. '{name}' in pf.secrets says if it is set."
        )

    def __delitem__(self, name: str) -> None:
        with _lock:
            if _kept.values.pop(name, None) is None:
                raise SecretError(f"No secret '{str(name)[:80]}' was set here.")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and has(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_kept.values))

    def __len__(self) -> int:
        return len(_kept.values)

    def __repr__(self) -> str:
        return f"<secrets: {', '.join(self) or 'none was set; the environment is asked'}>"

    def __reduce_ex__(self, _: Any) -> Any:
        return importlib.import_module, (__name__,)


def ask(name: str) -> None:
    """Ask for a secret in a field that shows nothing and is kept nowhere: a notebook holds what its cells say.

    Args:
        name: What it is called.

    Raises:
        SecretError: The name is none of a variable, or nothing was typed.
    """
    from getpass import getpass

    secrets[name] = getpass(f"{name}: ")


def has(name: str) -> bool:
    """Return whether a secret was set here or stands in the environment."""
    return bool(_kept.value_of(name))


def reveal(name: str) -> str:
    """Return the value of a secret; from then on it is hidden in everything that nodes say.

    Args:
        name: What it is called; of what was not set here, the variable of the environment.

    Raises:
        SecretError: There is none.
    """
    with _lock:
        value = _kept.value_of(name)
        if not value:
            raise SecretError(why_missing(name))
        if name not in _kept.values:
            _kept.hide(name, value, _SHORTEST_OF_ENVIRONMENT)
        return value


def why_missing(name: str) -> str:
    """Say that there is no secret of a name, and how it is set."""
    return (
        f"There is no secret '{name[:80]}'. Write pf.secrets.ask('{name[:80]}') in a cell, which asks for it in a "
        "field that no notebook keeps; or set the variable of the environment."
    )


def redacted(text: str) -> str:
    """Return a text in which every secret that is known is hidden."""
    for form in _kept.hidden:
        if form in text:
            text = text.replace(form, HIDDEN)
    return text


def held_by(value: Any) -> str | None:
    """Return the name of a secret whose value stands somewhere in JSON, or None."""
    pending = [value] if _kept.hidden else []
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            for form, name in _kept.hidden.items():
                if len(form) >= _SHORTEST_OF_ENVIRONMENT and form in each:
                    return name
        elif isinstance(each, Mapping):
            pending += [*each, *each.values()]
        elif isinstance(each, list | tuple):
            pending += each
    return None


def looks_like_a_key(text: str) -> bool:
    """Return whether a text is rather the value of a secret than its name."""
    text = text.strip()
    if text.startswith(_BEGINNINGS) or (text and not _NAME.fullmatch(text)):
        return True
    kinds = [any(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit)]
    return len(text) >= _LONG and (all(kinds) or ("_" not in text and kinds[2]))


# Where they may go


def allow(name: str, *addresses: str) -> None:
    """Let a secret go to servers, in this process.

    Args:
        name: What it is called.
        addresses: Of the servers: "https://api.example.com". Without a scheme, https is meant.

    Raises:
        SecretError: One is no address.
    """
    with _lock:
        known = _kept.allowed.get(name, ())
        _kept.allowed[name] = tuple(dict.fromkeys([*known, *map(origin_of, addresses)]))


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address, as two are compared.

    Raises:
        SecretError: It is none that http knows.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise SecretError(f"'{redacted(address)[:120]}' is no address of a server. Write https://host/v1, say.")
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def why_not_to(name: str, address: str) -> str | None:
    """Return why a secret does not go to a server, with what allows it; None if it does.

    Args:
        name: What it is called.
        address: Of the server.

    Raises:
        SecretError: That is no address.
    """
    origin = origin_of(address)
    host = urlsplit(origin).hostname or ""
    if host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host):
        return None
    homes = {_HOMES.get(name, ""), *_kept.allowed.get(name, ()), *_of_environment(name)}
    if origin in homes:
        return None
    return (
        f"The secret '{name[:80]}' is not known to belong to {origin}. If it does, write "
        f"pf.secrets.allow('{name[:80]}', '{origin}') in a cell, or set {ALLOWED}='{name[:80]}={origin}'."
    )


def _of_environment(name: str) -> Iterator[str]:
    around = os.environ if _kept.environment is None else _kept.environment
    for word in around.get(ALLOWED, "").split():
        known, _, address = word.partition("=")
        if known == name:
            yield origin_of(address)
    if name == "OPENAI_API_KEY" and around.get(BASE_URL):
        yield origin_of(around[BASE_URL])


def usual_address() -> str:
    """Return where clients go when a flow names no server: as the environment says, else OpenAI's own."""
    around = os.environ if _kept.environment is None else _kept.environment
    return around.get(BASE_URL, "").strip() or f"{USUAL}/v1"


# Between a kernel and its worker


def state() -> dict[str, Any]:
    """Return everything that a worker has to know, as plain data for a line within this machine."""
    with _lock:
        around = {name: value for name, value in os.environ.items() if _is_telling(name)}
        return {"values": dict(_kept.values), "allowed": dict(_kept.allowed), "environment": around}


def take(told: Mapping[str, Any]) -> None:
    """Know what the kernel knows, and nothing else; what was known before stays hidden."""
    with _lock:
        _kept.values, _kept.allowed = dict(told["values"]), dict(told["allowed"])
        _kept.environment = dict(told["environment"])
        for name, value in _kept.values.items():
            _kept.hide(name, value, _SHORTEST)


def _is_telling(name: str) -> bool:
    return name.endswith(_TELLING) or name in (BASE_URL, ALLOWED)


secrets: Secrets = sys.modules[__name__]  # type: ignore[assignment] - what `pf.secrets` is
secrets.__class__ = Secrets
