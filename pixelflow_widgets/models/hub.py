"""Asking the Hub what a model consists of, and saying in words why it does not give it."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ModelError
from ..media import Model
from .cards import ModelCard, card_of, described
from .layout import CONFIGS, INDEX, PICKLES, WEIGHTS, files_within, wanted_files, weights_at_top
from .weights import looks_like_hub, revision_of, split_source

_DIGEST = re.compile("[0-9a-f]{64}")
_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class RemoteFile:
    """Is a file of a repository.

    Args:
        name: Its path there.
        bytes: Its size.
        sha256: Of its content; empty for small ones, which the Hub keeps in git.
    """

    name: str
    bytes: int
    sha256: str = ""


@dataclass(frozen=True)
class Download:
    """Is what would be fetched of a model.

    Args:
        source: As the user named it.
        title: What a person calls it.
        repository: Its Hub id.
        commit: Which commit.
        files: Those that it consists of, the configuration last: a folder without one is not taken for a model.
        licence: As its card says it, else as the Hub does.
        is_gated: Whether its makers want an agreement first.
        is_newest: Whether no commit was asked for.
    """

    source: str
    title: str
    repository: str
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str
    is_gated: bool
    is_newest: bool

    @property
    def bytes(self) -> int:
        """Return how large it is."""
        return sum(file.bytes for file in self.files)


def endpoint() -> str:
    """Return the address of the Hub, or of what HF_ENDPOINT names in its place."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def ask(model: Model | str, *, token: str | None = None) -> Download:
    """Return what would be fetched of a model; only asks.

    Args:
        model: A card's name, a Hub id, or a file within one.
        token: For the Hub; else HF_TOKEN, or whoever is logged in.

    Raises:
        ModelError: The Hub cannot be reached, does not have it, does not give it, or has pickles only.
    """
    from huggingface_hub import HfApi, constants

    source = model if isinstance(model, str) else model.source
    card = card_of(source)
    repository, file = split_source(str(card.source) if card else source)
    revision = revision_of(model)
    title = card.title if card else source
    if constants.is_offline_mode():
        raise ModelError(f"{title} is not fetched: HF_HUB_OFFLINE is set. Take it away, and try again.")
    try:
        found = HfApi(endpoint=endpoint(), token=token).model_info(repository, revision=revision, files_metadata=True)
        if not _COMMIT.fullmatch(str(found.sha)):
            raise ValueError(f"'{str(found.sha)[:80]}' is no commit")
        remote = {sibling.rfilename: _remote(sibling) for sibling in found.siblings or ()}
        names = _names(source, remote, file, model, lambda: _index(repository, str(found.sha), token))
    except trouble() as error:
        raise why_not(error, title, repository, revision) from error
    files = sorted(
        (remote[name] for name in names), key=lambda one: (not one.name.endswith(WEIGHTS), one.name in CONFIGS)
    )
    licence = (card.licence if card else "") or _licence(found)
    is_gated = bool(found.gated)
    return Download(source, title, repository, str(found.sha), tuple(files), licence, is_gated, revision is None)


def asked(model: Model | str, *, token: str | None = None) -> ModelCard:
    """Return the card of a model with what the Hub says of its size, licence and gate.

    Raises:
        ModelError: See `ask`.
    """
    card = described(model)
    told = ask(model, token=token)
    return replace(card, megabytes=told.bytes / 1e6, licence=told.licence, gated=told.is_gated)


def _remote(sibling: Any) -> RemoteFile:
    """Return a file as the Hub tells it; its digest becomes the name of a file here, so it has to be one.

    Raises:
        ValueError: It is none.
    """
    digest = str(sibling.lfs.sha256) if sibling.lfs else ""
    if digest and not _DIGEST.fullmatch(digest):
        raise ValueError(f"'{digest[:80]}' is no SHA-256")
    return RemoteFile(sibling.rfilename, int(sibling.size or 0), digest)


def _licence(found: Any) -> str:
    """Return the licence that a repository states, or that it states none."""
    data = found.card_data or {}
    named = data.get("license_name") or data.get("license")
    tag = next((tag.removeprefix("license:") for tag in found.tags or () if tag.startswith("license:")), "")
    return str(named or tag or "not stated on the Hub")


def _index(repository: str, commit: str, token: str | None) -> Mapping[str, Any]:
    """Return what a repository's model_index.json holds."""
    from huggingface_hub.file_download import hf_hub_url, http_get
    from huggingface_hub.utils import build_hf_headers

    content = io.BytesIO()
    url = hf_hub_url(repository, INDEX, revision=commit, endpoint=endpoint())
    http_get(url, content, headers=build_hf_headers(token=token), tqdm_class=NoBar)
    found = json.loads(content.getvalue())
    return found if isinstance(found, dict) else {}


def _names(source: str, remote: Mapping[str, RemoteFile], file: str, model: Model | str, index: Any) -> list[str]:
    """Return the files that a model consists of.

    Raises:
        ModelError: There are none that are taken.
    """
    card = card_of(source)
    variant = None if isinstance(model, str) else model.options.get("variant")
    if file:
        extra = [name for folder in (card.companions if card else ()) for name in files_within(remote, folder)]
        if file not in remote:
            near = ", ".join(name for name in remote if name.endswith(WEIGHTS)) or "none"
            raise ModelError(f"'{source}': there is no such file in this repository. Its weights: {near[:400]}.")
        if not file.endswith(WEIGHTS):
            raise ModelError(f"'{source}' is not fetched: only .safetensors and .gguf files are.")
        return [file, *extra]
    whole = INDEX in remote
    names = wanted_files(remote, index() if whole else None, variant or (card.variant if card else None))
    if any(name.endswith(WEIGHTS) for name in names):
        return names
    single = weights_at_top(remote)
    if single:
        raise ModelError(
            f"'{source}' holds several weights; name one of them: "
            f"{', '.join(f'{source}/{name}' for name in single)[:600]}."
        )
    pickles = [name for name in remote if name.endswith(PICKLES)]
    if pickles:
        raise ModelError(
            f"'{source}' is refused: its weights are pickles only ({pickles[0]}), and loading one can run code. Look "
            "for a commit with safetensors (pf.Model(id, {'revision': …})), or for another maker's conversion."
        )
    raise ModelError(f"'{source}' holds no weights that are taken: no .safetensors file where one belongs.")


def trouble() -> tuple[type[Exception], ...]:
    """Return the errors of the Hub's library and of the HTTP library under it, whichever that is in its version."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    return (*HfHubHTTPError.__bases__, HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, OSError, ValueError)


def why_not(error: Exception, title: str, repository: str, revision: str | None) -> ModelError:
    """Return an error of fetching in words, with what to do.

    Args:
        error: What was raised.
        title: What the model is called.
        repository: Its Hub id.
        revision: What was asked for.
    """
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, ModelError):
        return error
    if isinstance(error, GatedRepoError):
        return ModelError(_gated(title, repository))
    if isinstance(error, RevisionNotFoundError):
        return ModelError(f"{title}: the Hub has {repository}, but not its revision '{revision}'.")
    if isinstance(error, RepositoryNotFoundError) or status in (401, 403, 404):
        hint = "If it is private, set HF_TOKEN to a token that may read it." if not _has_token() else ""
        refused = " (or the token in HF_TOKEN is not valid)" if status == 401 and _has_token() else ""
        return ModelError(f"The Hub has no model '{repository}'{refused}, or does not show it. {hint}".strip())
    if isinstance(error, HfHubHTTPError) and status:
        return ModelError(f"{title} is not fetched: {endpoint()} answered {status}. Try again later.")
    if isinstance(error, ValueError) and looks_like_hub(repository):
        return ModelError(f"{title} is not fetched: the answer of {endpoint()} cannot be read ({error}).")
    if isinstance(error, ValueError):
        return ModelError(f"'{title}' is no card, folder, file or Hub id. A Hub id looks like owner/name.")
    return ModelError(
        f"{title} is not fetched: {endpoint()} cannot be reached ({_short(error)}). Check the network, and try again; "
        "what came so far is kept."
    )


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else f"{text[:117]}…"


def _has_token() -> bool:
    from huggingface_hub import get_token

    return bool(get_token())


def _gated(title: str, repository: str) -> str:
    """Return how to come by a model that its makers give only to who accepted their conditions."""
    page = f"{endpoint()}/{repository}"
    if _has_token():
        return (
            f"{title} is gated, and your token does not open it. Log in as its owner, accept the makers' conditions at "
            f"{page} (some answer by hand, which takes days), and let the token read gated repositories."
        )
    return (
        f"{title} is gated: its makers give it to who accepts their conditions. Log in at {page} and accept them, make "
        f"a token that may read at {endpoint()}/settings/tokens, set HF_TOKEN to it (or: hf auth login), and try again."
    )


class NoBar:
    """Stands where the Hub's library would draw a bar."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, *_: Any) -> None:
        """Draw nothing."""

    def close(self) -> None:
        """Draw nothing."""
