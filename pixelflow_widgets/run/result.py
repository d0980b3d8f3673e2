"""What a run gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import PIL.Image

from ..errors import nearest
from ..flow.document import Document
from ..flow.file import write_atomically
from ..media import Audio, Video, free_path
from ..media.encoders import film_file, picture_file, sound_file
from ..media.table_files import table_file
from .cache import Results, Slot, as_list
from .records import Records


class Result(Mapping[str, Any]):
    """Gives the outputs of the flow by name, and the results of every node.

    Args:
        outputs: Name of each output → (node, port).
        results: What each node gave, by id.
        seeds: The seed that each node used, by "node.port".
        records: Writes the records of files.
    """

    def __init__(
        self,
        outputs: Mapping[str, tuple[str, str]],
        results: Mapping[str, Results],
        seeds: Mapping[str, int | list[int]],
        records: Records,
    ) -> None:
        self._records = records
        self._outputs = {name: port for name, port in outputs.items() if port[0] in results}
        self._results = results
        self.seeds = dict(seeds)

    def __getitem__(self, name: str) -> Any:
        """Return an output of the flow, or a port by "node.port"; lists come as lists."""
        if name in self._outputs:
            node, port = self._outputs[name]
        else:
            node, _, port = name.partition(".")
        slot = self._results.get(node, {}).get(port)
        if slot is None:
            raise KeyError(self._missing(name))
        return _handed_out(slot)

    def _missing(self, name: str) -> str:
        known = [*self._outputs, *(f"{node}.{port}" for node, ports in self._results.items() for port in ports)]
        told = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
        return (
            f"There is no result '{name}'.{nearest(name, known)} There is: {told}. A node that nothing had to wait for "
            f"did not run; ask for its result with flow.run(targets=['{name.partition('.')[0]}'])."
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def node(self, node: str) -> dict[str, Any]:
        """Return what a node gave, by output port."""
        return {port: _handed_out(slot) for port, slot in self._results[node].items()}

    @property
    def document(self) -> Document:
        """Return the flow as it was run: given inputs as defaults, and the seeds that were drawn."""
        return self._records.document()

    def save(self, folder: str | Path, *, provenance: bool = True) -> list[Path]:
        """Write every output into a folder and return the paths; pictures, sounds and films say what made them.

        Files that are there stay: a number is added to the name.

        Args:
            folder: Where to.
            provenance: Whether files carry the flow as it was run, its models, versions and machine.
        """
        written = []
        for name in self:
            value = self[name]
            for item in value if isinstance(value, list) else [value]:
                has_room = provenance and isinstance(item, PIL.Image.Image | Audio | Video)
                record = self._records.text(self._outputs[name][0], item) if has_room else ""
                ending, content = as_file(item, record)
                path = free_path(Path(folder) / f"{name}{ending}")
                write_atomically(path, content)
                written.append(path)
        return written

    def __repr__(self) -> str:
        told = ", ".join(f"{name}: {type(self[name]).__name__}" for name in self)
        return f"<result {told}>"


def _handed_out(slot: Slot) -> Any:
    """Return the value, or a copy of what its owner could change under the cache."""
    values = [value.data.copy() if isinstance(value.data, PIL.Image.Image) else value.data for value in as_list(slot)]
    return values if isinstance(slot, list) else values[0]


def as_file(value: Any, record: str) -> tuple[str, bytes]:
    """Return (ending, content) of the file of a value.

    Args:
        value: A result.
        record: What the file says of how it was made; only pictures, sounds and films have room for it.
    """
    if isinstance(value, PIL.Image.Image):
        return ".png", picture_file(value, ".png", record)
    if isinstance(value, str):
        return ".txt", value.encode()
    if isinstance(value, Audio):
        return ".wav", sound_file(value, ".wav", 24, record)
    if isinstance(value, Video):
        return ".mp4", film_file(value, ".mp4", record=record)
    if hasattr(value, "to_csv"):  # a pandas DataFrame
        return ".csv", table_file(value, ".csv")
    if isinstance(value, int | float | bool | None):
        return ".json", json.dumps(value).encode()
    return ".txt", str(value).encode()
