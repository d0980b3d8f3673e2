"""Changing any one input of any node type changes what comes out or what is written, or its example says why not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets import nodes
from pixelflow_widgets.media import blake3_hex
from pixelflow_widgets.run import executor, start
from pixelflow_widgets.run.cache import MemoryCache
from pixelflow_widgets.schema import registry
from tests.zoo import Zoo

from .examples import Example, Varied, examples, examples_of
from .other_values import other_values


class Noon(datetime):
    """Is always now: what is saved says when it was made."""

    @classmethod
    def now(cls, tz: Any = None) -> Noon:
        return cls(2026, 1, 2, 12, tzinfo=tz)


@pytest.fixture(autouse=True)
def always_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "datetime", Noon)


@pytest.fixture(autouse=True)
def trainings_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trained twice is trained once; what another training made has another name."""
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "kept"))


class Trials:
    """Runs a node of one type, each time in a folder of its own.

    Args:
        name: Of the node type.
        make: Returns its example, and writes the files that it names.
        folder: Where the folders are made.
        enter: Goes into a folder.
    """

    def __init__(self, name: str, make: Callable[[], Example], folder: Path, enter: Callable[[Path], None]) -> None:
        self._name, self._make, self._folder, self._enter = name, make, folder, enter
        self._numbers = itertools.count()
        self._known: dict[str, str] = {}
        self.example = self._set_up()

    def outcome(self, changes: Mapping[str, Any]) -> str:
        """Return the digest of what comes out with these inputs instead of those of the example."""
        inputs = {**self._set_up()["inputs"], **changes}
        flow = pf.Flow("trial")
        flow.add(self._name, id="node", **inputs)
        run = start(flow.document, flow.registry, flow.media, targets=["node"], cache=MemoryCache(), backend="inline")
        made = run.result().node("node")
        written = sorted(path for path in Path.cwd().rglob("*") if path.is_file())
        parts = [self._digest(port, value) for port, value in made.items()]
        parts += [f"{path.relative_to(Path.cwd())} {blake3_hex(path.read_bytes())}" for path in written]
        return blake3_hex("\n".join(parts).encode())

    def is_changed_by(self, port: str, value: Any) -> bool:
        """Return whether another value of an input changes what comes out."""
        value, given = value if isinstance(value, Varied) else (value, {})
        key = ",".join(given)
        if key not in self._known:
            self._known[key] = self.outcome(given)
        return self.outcome({**given, port: value}) != self._known[key]

    def _set_up(self) -> Example:
        place = self._folder / str(next(self._numbers))
        place.mkdir()
        self._enter(place)
        return self._make()

    def _digest(self, port: str, value: Any) -> str:
        kind = registry[self._name].outputs[port].type
        items = value if kind.many and isinstance(value, list) else [value]
        return " ".join([port, *("none" if item is None else kind.medium.digest(item) for item in items)])


@pytest.mark.parametrize("name", sorted(nodes.__all__))
def test_every_input_has_an_influence(name: str, zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    for number, example in enumerate(examples_of(name)):
        folder = tmp_path / str(number)
        folder.mkdir()
        tried.append(Trials(name, lambda example=example: example(zoo), folder, monkeypatch.chdir))
    assert tried, f"'{name}' has no example. Add it to tests/nodes/examples_<room>.py."
    assert tried[0].outcome({}) == tried[0].outcome({}), f"'{name}' gives something else for the same inputs."
    ports = registry[name].inputs.values()
    assert {port.name for port in ports if not any(_matters(one, port) for one in _made_for(port, tried))} == set()


def _made_for(port: Any, tried: list[Trials]) -> list[Trials]:
    """Return the examples with those first that were made for an input: where one shows it, the others are not run."""
    return sorted(tried, key=lambda one: port.name not in one.example.get("only", ()))


def _matters(trials: Trials, port: Any) -> bool:
    """Return whether an input changes something in an example, or need not."""
    example = trials.example
    if port.name in example.get("unchanged", {}):
        return True
    if port.name not in example.get("only", (port.name,)):
        return False
    now = example["inputs"].get(port.name, None if port.required else port.default)
    vary = example.get("vary", {})
    others = [vary[port.name]] if port.name in vary else other_values(port, now)
    return any(trials.is_changed_by(port.name, other) for other in others)


def test_every_node_type_has_an_example_and_every_example_a_node_type() -> None:
    assert {key.partition(":")[0] for key in examples()} == set(nodes.__all__)


@pytest.mark.parametrize("name", sorted(nodes.__all__))
def test_who_is_excused_says_why(name: str, zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in examples_of(name):
        made = example(zoo)
        named = {*made["inputs"], *made.get("vary", {}), *made.get("unchanged", {}), *made.get("only", ())}
        assert named <= set(registry[name].inputs)
        for reason in made.get("unchanged", {}).values():
            assert reason.endswith(".") and len(reason.split()) >= 3
