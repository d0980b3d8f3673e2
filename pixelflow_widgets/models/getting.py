"""Fetching models from the Hub: only what is needed, going on where it was cut off, checked before it is used.

Everything lies in the Hub's own cache, in its own layout: what other programs fetched is found here, and
what is fetched here is found by them. What is here is never asked for again.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from typing import Any

from ..errors import Cancelled, ModelError
from ..media import Model
from .cards import PACKAGE, ModelCard, card_of, described, size_in_words
from .describing import gguf_architecture
from .hub import Download, NoBar, RemoteFile, ask, asked, endpoint, trouble, why_not
from .safetensors_header import read_header
from .weights import hub_cache, is_here, looks_like_hub, place_of, sources_of

__all__ = ["OnProgress", "asked", "get", "missing"]

OnProgress = Callable[[int, int, str], object]
"""Is told how many bytes are here, how many there will be, and what is being done; may raise to stop."""
_SPARE = 200_000_000
"""Bytes that shall stay free on the disk."""
_ROOM = "Make room (pixelflow models rm …), or set HF_HOME to a folder on a larger disk"
_PIECE = 16 * 1024 * 1024
_PATIENCE_SECONDS = 0.2


def missing(models: Iterable[Model | str]) -> list[ModelCard]:
    """Return the cards of what models need and what is not on this machine, each once; asks no network.

    Args:
        models: Handles or names; their adapters and other parts count too. What nothing can be known of is left out:
            whatever loads it says why.
    """
    found: dict[str, ModelCard] = {}
    for model in models:
        for source in sources_of(model):
            wanted = model if not isinstance(model, str) and source == model.source else source
            if source in found or is_here(wanted):
                continue
            try:
                found[source] = described(source)
            except ModelError:
                continue
    return list(found.values())


def get(
    model: Model | str,
    on_progress: OnProgress | None = None,
    *,
    stop: Event | None = None,
    token: str | None = None,
) -> Path:
    """Return the folder or file of a model, after it was fetched if it was not here.

    What is cut off goes on from there the next time. Of a handle, the model alone is fetched; `missing` names the rest.

    Args:
        model: A card's name, a Hub id, a file within one ("owner/name/file.safetensors"), or a handle.
        on_progress: Told (bytes here, bytes in all, what is done); may raise to stop.
        stop: Ends the fetch when it is set.
        token: For the Hub; else HF_TOKEN, or whoever is logged in.

    Raises:
        ModelError: It cannot be had; says why: gated, no network, no room, damaged, pickles only …
        Cancelled: `stop` was set.
    """
    if is_here(model):
        return place_of(model)
    source = model if isinstance(model, str) else model.source
    card = card_of(source)
    name = str(card.source) if card else source
    if name.startswith(PACKAGE) or not looks_like_hub(name) or Path(source).expanduser().exists():
        return place_of(model)  # which says what is wrong
    download = ask(model, token=token)
    _Fetch(download, on_progress, stop, token).run()
    return place_of(model)


class _Fetch:
    """Fetches the files of a download, one after another."""

    def __init__(
        self, download: Download, on_progress: OnProgress | None, stop: Event | None, token: str | None
    ) -> None:
        self.download = download
        self.on_progress = on_progress
        self.stop = stop
        self.token = token
        self.folder = hub_cache() / f"models--{download.repository.replace('/', '--')}"
        self.done = 0

    def run(self) -> None:
        """Fetch what is not here yet.

        Raises:
            ModelError: See `get`.
        """
        self.report(f"{self.download.title}, {size_in_words(self.download.bytes)}, licence {self.download.licence}")
        self.check_room()
        try:
            for file in self.download.files:
                before = self.done
                if file.sha256:
                    self.fetch_blob(file)
                self.link(file)
                self.done = before + file.bytes
                self.report(file.name)
            if self.download.is_newest:
                self.note_newest()
        except trouble() as error:
            raise self.in_words(error) from error

    def report(self, note: str) -> None:
        """Tell how far it is.

        Raises:
            Cancelled: Somebody wants it to end.
        """
        if self.stop is not None and self.stop.is_set():
            raise Cancelled(f"Fetching {self.download.title} was stopped; what came so far is kept.")
        if self.on_progress is not None:
            self.on_progress(self.done, self.download.bytes, note)

    def check_room(self) -> None:
        """Refuse to begin what the disk cannot hold.

        Raises:
            ModelError: There is too little room.
        """
        needed = sum(file.bytes - self.bytes_here(file) for file in self.download.files)
        existing = next(path for path in (self.folder, *self.folder.parents) if path.is_dir())
        free = shutil.disk_usage(existing).free
        if needed and needed + _SPARE > free:
            raise ModelError(
                f"{self.download.title} is not fetched: {size_in_words(needed)} are to come, and {size_in_words(free)} "
                f"are free where {hub_cache()} lies. {_ROOM}."
            )

    def bytes_here(self, file: RemoteFile) -> int:
        """Return how much of a file came before."""
        blob = self.folder / "blobs" / file.sha256
        if file.sha256 and blob.is_file():
            return file.bytes
        part = _part(blob)
        return min(part.stat().st_size, file.bytes) if file.sha256 and part.is_file() else 0

    def fetch_blob(self, file: RemoteFile) -> None:
        """Fetch a large file under the name of its content, from where it was cut off."""
        from filelock import FileLock, Timeout

        blob = self.folder / "blobs" / file.sha256
        # The one that the Hub's library takes.
        lock_file = hub_cache() / ".locks" / self.folder.name / f"{file.sha256}.lock"
        blob.parent.mkdir(parents=True, exist_ok=True)
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(lock_file, mode=0o664)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=_PATIENCE_SECONDS)
            except Timeout:
                self.report(f"{file.name}: another program is fetching it")
        try:
            if not blob.is_file():
                self.download_to(_part(blob), file)
                self.check(_part(blob), file)
                _part(blob).replace(blob)
        finally:
            lock.release()

    def download_to(self, part: Path, file: RemoteFile) -> None:
        """Append to a file what of it is not here yet."""
        from huggingface_hub.file_download import hf_hub_url, http_get
        from huggingface_hub.utils import build_hf_headers

        url = hf_hub_url(self.download.repository, file.name, revision=self.download.commit, endpoint=endpoint())
        before = self.done
        with _Told(part, lambda here: self.tell_bytes(before + here, file.name)) as content:
            there = content.seek(0, io.SEEK_END)
            if there > file.bytes:
                there = content.truncate(content.seek(0))
            http_get(
                url,
                content,  # pyright: ignore[reportArgumentType]
                resume_size=there,
                headers=build_hf_headers(token=self.token),
                expected_size=file.bytes,
                displayed_filename=file.name,
                tqdm_class=NoBar,  # pyright: ignore[reportArgumentType]
            )

    def tell_bytes(self, done: int, note: str) -> None:
        self.done = done
        self.report(note)

    def check(self, part: Path, file: RemoteFile) -> None:
        """Refuse a file that is not what the Hub said, or that is no file of weights.

        Raises:
            ModelError: It is refused, and was removed.
        """
        self.report(f"Checking {file.name}")
        digest = hashlib.sha256()
        with part.open("rb") as content:
            while piece := content.read(_PIECE):
                digest.update(piece)
        try:
            if digest.hexdigest() != file.sha256:
                raise ModelError(f"'{file.name}' came damaged: its content is not what the Hub announced. Try again.")
            _check_content(part, file.name)
        except ModelError as error:
            part.unlink(missing_ok=True)
            raise ModelError(str(error).replace(part.name, Path(file.name).name)) from None

    def link(self, file: RemoteFile) -> None:
        """Let a file appear in the snapshot; a small one is fetched with it."""
        from huggingface_hub import hf_hub_download

        download = self.download
        hf_hub_download(
            download.repository,
            file.name,
            revision=download.commit,
            cache_dir=hub_cache(),
            endpoint=endpoint(),
            token=self.token,
            tqdm_class=NoBar,  # pyright: ignore[reportArgumentType]
        )

    def note_newest(self) -> None:
        """Note which commit is the newest, as the Hub's library does: a name without a commit means this one."""
        ref = self.folder / "refs" / "main"
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(self.download.commit, encoding="utf-8")

    def in_words(self, error: Exception) -> ModelError:
        import errno

        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return ModelError(
                f"The disk is full, so {self.download.title} is not all here ({hub_cache()}). {_ROOM}, and try again: "
                "it goes on from there."
            )
        if isinstance(error, OSError) and "Consistency check" in str(error):
            return ModelError(f"{self.download.title} was cut off. Try again: it goes on from there.")
        return why_not(error, self.download.title, self.download.repository, self.download.commit)


class _Told(io.FileIO):
    """Is a file that tells how large it has become."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        path.touch()
        super().__init__(path, "r+")
        self._tell = tell

    def write(self, data: Any) -> int:
        """Write all of the data, then tell."""
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]
        self._tell(self.tell())
        return len(data)


def _part(blob: Path) -> Path:
    """Return where a file lies until it is whole."""
    return blob.with_name(f"{blob.name}.incomplete")


def _check_content(path: Path, name: str) -> None:
    """Refuse what is not the weights that the name of a file promises.

    Raises:
        ModelError: It is something else, or damaged; says how.
    """
    if name.endswith(".safetensors"):
        read_header(path)
    elif name.endswith(".gguf"):
        gguf_architecture(path)
