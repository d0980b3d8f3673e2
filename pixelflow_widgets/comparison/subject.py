"""What runs in each cell of a comparison: a flow of its own, made of a flow or of a model."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import PixelFlowError
from ..flow import document as doc
from ..flow.media_files import MediaFiles
from ..flow.trust import meaning
from ..media import Model
from ..playground import flow_of
from ..public import Flow
from ..schema import PortType
from ..widget.playground.of_model import of_model
from .targets import Target, Targets, still_seeds

_TOLD = ("text", "int", "float", "flag", "choice")


class Subject:
    """Is what runs in each cell. It is a copy: what is edited in the flow later changes nothing here.

    Args:
        flow: The flow.

    Raises:
        PixelFlowError: It gives no picture, text or number.
    """

    def __init__(self, flow: Flow) -> None:
        files = MediaFiles()
        files.join(flow.media)
        self._of = flow
        self._flow = self._filed(Flow.of(copy.deepcopy(flow.document), files, flow.registry))
        still_seeds(self._flow)
        self.name = flow.name
        kinds = {given.name: given.type for given in self._flow.signature.outputs}
        self.picture = next((name for name, kind in kinds.items() if kind == PortType("image")), "")
        """The output that is shown; empty where there is no picture."""
        if not self.picture:
            self.picture = next((name for name, kind in kinds.items() if kind.name == "image"), "")
        self.told = [name for name, kind in kinds.items() if kind.name in _TOLD and not kind.many]
        """The outputs that are texts and numbers."""
        self.outputs = [name for name in kinds if name == self.picture or name in self.told]
        if not self.outputs:
            raise PixelFlowError(
                f"The flow '{flow.name}' gives no picture, text or number to compare. Name one: "
                "flow.output('image', node['image'])."
            )
        self.targets = Targets(self._flow)
        self._added: dict[str, Mapping[str, Any]] = {}

    def use(self, target: Target) -> None:
        """Take notice of an input that is given in some cells, which the flow has not got by itself."""
        if target.entry:
            self._added[target.name] = target.entry

    @property
    def mark(self) -> str:
        """Return what tells apart what is run, whatever it is given."""
        return meaning({**self._flow.document, "added": sorted(self._added)})[:32]

    @property
    def required(self) -> list[str]:
        """Return the names of inputs that have to be given."""
        return [entry.name for entry in self._flow.signature.inputs if entry.is_required]

    @property
    def usual(self) -> dict[str, Any]:
        """Return what is given to inputs that no cell gives: 0 to seeds, which would be drawn."""
        seeds = {entry.name for entry in self._flow.signature.inputs if entry.is_seed}
        return {entry["name"]: 0 for entry in doc.inputs(self._flow.document) if entry["name"] in seeds & _open(entry)}

    def prompt_of(self, given: Mapping[str, Any]) -> str:
        """Return the prompt that is run with some inputs; empty where there is none."""
        target = self.targets.own("prompt")
        value = given.get("prompt", target.usual if target else "")
        return value if isinstance(value, str) else ""

    def flow_of(self, given: Mapping[str, Any]) -> Flow:
        """Return the flow that is run with some inputs; its document says all that it does."""
        added = [copy.deepcopy(dict(entry)) for name, entry in self._added.items() if name in given]
        if not added:
            return self._flow
        document = {**self._flow.document, "inputs": [*self._flow.document["inputs"], *added]}
        return self._filed(Flow.of(document, self._flow.media, self._flow.registry))

    def _filed(self, flow: Flow) -> Flow:
        """Return a flow whose runs count as those of the one that is compared: in its history, for its budget."""
        flow.path, flow.epoch = None if self._of.is_draft else self._of.path, self._of.epoch
        return flow

    def place_of(self, output: str) -> tuple[str, str]:
        """Return (node, port) of an output."""
        entries = self._flow.document["outputs"]
        found = doc.split_port(entries[doc.find_named(entries, output)]["from"])
        assert found is not None
        return found


def _open(entry: Mapping[str, Any]) -> set[str]:
    return set() if entry.get("default") is not None else {str(entry["name"])}


def subject_of(subject: str | Path | Model | Flow) -> Subject:
    """Return what was named as what runs in each cell.

    Args:
        subject: A flow or its file; a model's card, id, folder or file, which does its first task.

    Raises:
        PixelFlowError: There is no such model or file, or it gives nothing to compare.
    """
    if not isinstance(subject, str | Path | Model | Flow):
        raise TypeError(
            f"pf.compare wants a flow or its file, the name of a model or pf.Model, not {type(subject).__name__}."
        )
    flow = flow_of(subject)
    if flow is None:
        model = subject if isinstance(subject, Model) else Model(str(subject))
        flow = of_model(model, None, {}, Flow).flow
    return Subject(flow)
