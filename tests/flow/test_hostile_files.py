"""Files that somebody damaged, by accident or on purpose: refused in words, or loaded with problems.

PIXELFLOW_SOAK=40 tries 20,000 of them; a failure prints the seed and the number of the file.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow import document as doc

FLOWS = Path(__file__).parents[1] / "flows"
GOOD = [path.read_bytes() for path in sorted(FLOWS.rglob("*.flow.json"))]
SEED = int(os.environ.get("PIXELFLOW_SEED", "20240501"))
COUNT = 500 * int(os.environ.get("PIXELFLOW_SOAK", "1"))

NAMES = ["__proto__", "constructor", "../../etc/passwd", "a.b", "", "a" * 70, "C:\\x", "\ud800", "None", "text", "type"]
VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        2**53,
        2**64,
        -(2**70),
        10**400,
        1e300,
        "",
        "²",
        "--5",
        "random",
        "18446744073709551616",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        {"$none": True},
        {"$media": "x"},
        {"$media": "0" * 64 + ".png"},
        {"$media": "0" * 64 + ".table"},
    ),
    *(
        {"$media": "../../etc/passwd"},
        {"$model": {"source": 5}},
        {"$model": {"source": "x", "options": [], "adapters": 1}},
    ),
    *(
        {"__proto__": {"type": "x"}},
        {"choices": []},
        {"choices": ["a"], "many": 5},
        "list[image]",
        "image",
        "\ud800",
        "a.b",
    ),
    *({"min": "a", "max": []}, {"min": -1, "max": 10**400}),
]

Mutation = Callable[[random.Random, bytes], bytes]


def flip_bytes(chance: random.Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randrange(1, 6)):
        damaged[chance.randrange(len(damaged))] = (
            chance.choice(b'{}[]",:0a\\\xff\x00 \ne-') if chance.random() < 0.7 else chance.randrange(256)
        )
    return bytes(damaged)


def cut_or_repeat(chance: random.Random, content: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:] if chance.random() < 0.5 else content[:end] + content[start:]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    found, pending = [], [value]
    while pending:
        current = pending.pop()
        keys = list(current) if isinstance(current, dict) else range(len(current)) if isinstance(current, list) else []
        for key in keys:
            found.append((current, key))
            pending.append(current[key])
    return found


def swap_values(chance: random.Random, content: bytes) -> bytes:
    document = json.loads(content)
    for _ in range(chance.randrange(1, 4)):
        container, key = chance.choice(places(document))
        other, other_key = chance.choice(places(document))
        replacement = copy.deepcopy(other[other_key] if chance.random() < 0.3 else chance.choice(VALUES))
        if isinstance(container, dict) and chance.random() < 0.4:
            container[chance.choice(NAMES)] = container.pop(key) if chance.random() < 0.5 else replacement
        elif key != "format" or chance.random() < 0.1:
            container[key] = replacement
    return json.dumps(document).encode()


def nest_deeply(chance: random.Random, content: bytes) -> bytes:
    document = json.loads(content)
    container, key = chance.choice(places(document))
    deep: Any = container[key]
    for _ in range(chance.choice([30, 58, 62, 66, 200])):
        deep = [deep] if chance.random() < 0.5 else {"a": deep}
    container[key] = deep
    return json.dumps(document).encode()


def odd_numbers(chance: random.Random, content: bytes) -> bytes:
    document = json.loads(content)
    container, key = chance.choice(places(document))
    container[key] = "@@"
    odd = [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "9" * 5000,
        "9" * 300,
        "0.1e-400",
        "01",
        "+1",
        ".5",
        "0x1",
    ]
    return json.dumps(document).replace('"@@"', chance.choice(odd), 1).encode()


def repeat_keys(chance: random.Random, content: bytes) -> bytes:
    document = json.loads(content)
    container, key = chance.choice([(box, name) for box, name in places(document) if isinstance(box, dict)])
    container["@@"] = container[key]
    return json.dumps(document).replace('"@@"', json.dumps(key), 1).encode()


MUTATIONS: list[Mutation] = [
    flip_bytes,
    cut_or_repeat,
    swap_values,
    swap_values,
    swap_values,
    nest_deeply,
    odd_numbers,
    repeat_keys,
]


def survive(path: Path, content: bytes) -> bool:
    """Return whether a file was loaded; anything but a refusal in words raises."""
    path.write_bytes(content)
    try:
        flow = pf.Flow.load(path)
    except pf.FlowFileError as error:
        assert str(path) in str(error)
        return False
    problems = flow.problems()
    json.dumps([problem.as_json() for problem in problems])
    assert flow.problems(list(doc.nodes(flow.document))) is not None
    saved = flow.save(path.with_name("saved.flow.json")).read_bytes()
    again = pf.Flow.load(path.with_name("saved.flow.json"))
    assert again.save(path.with_name("saved.flow.json")).read_bytes() == saved
    assert sorted(problem.code for problem in again.problems()) == sorted(problem.code for problem in problems)
    if any(problem.severity == "error" for problem in problems):
        with pytest.raises(pf.FlowProblems):
            flow.start(backend="inline")
    repr(flow), flow.inputs, flow.outputs, flow.edges, flow.subflow_updates()
    json.dumps([node_type.describe() for node_type in flow.types])
    for node in list(flow.nodes):
        for gesture in (lambda node: flow.make_subflow([node]), flow.unpack):
            with contextlib.suppress(pf.OperationRejected):
                gesture(node)
    for node in list(flow.nodes.values()):
        repr(node)
        flow.remove(node)
    while flow.undo():
        pass
    return True


@pytest.mark.soak
def test_a_hostile_file_is_refused_or_loaded_with_problems_and_nothing_else(tmp_path: Path) -> None:
    path, loaded = tmp_path / "hostile.flow.json", 0
    for number in range(COUNT):
        chance = random.Random(f"{SEED}/{number}")
        content = chance.choice(GOOD)
        for _ in range(chance.choice([1, 1, 1, 2])):
            try:
                content = chance.choice(MUTATIONS)(chance, content)
            except (ValueError, RecursionError, IndexError):
                break  # the first mutation left no JSON for the second
        try:
            loaded += survive(path, content)
        except BaseException as error:
            error.add_note(f"PIXELFLOW_SEED={SEED}, file {number}: {content[:3000]!r}")
            raise
    assert COUNT * 0.2 < loaded < COUNT * 0.9, "the mutations are too wild or too tame to find anything"


@pytest.mark.soak
def test_a_damaged_zip_is_refused_or_loaded(tmp_path: Path) -> None:
    import PIL.Image

    flow = pf.Flow("z")
    flow.add("resize_image", image=PIL.Image.new("RGB", (4, 4), "red"))
    whole = flow.save(tmp_path / "whole.flow.zip").read_bytes()
    path = tmp_path / "damaged.flow.zip"
    for number in range(COUNT // 5):
        chance = random.Random(f"{SEED}/zip/{number}")
        content = flip_bytes(chance, whole) if chance.random() < 0.7 else cut_or_repeat(chance, whole)
        path.write_bytes(content)
        try:
            pf.Flow.load(path).problems()
        except pf.FlowFileError:
            continue
        except BaseException as error:
            error.add_note(f"PIXELFLOW_SEED={SEED}, zip {number}")
            raise


def test_opening_a_hostile_file_imports_nothing_that_it_names(tmp_path: Path) -> None:
    import sys

    path = tmp_path / "hostile.flow.json"
    nodes = {
        "a": {"type": "antigravity.node", "values": {}},
        "b": {"type": "this", "values": {"source": "import this"}},
    }
    path.write_text(json.dumps({"format": "pixelflow", "version": 1, "nodes": nodes}))
    codes = [problem.code for problem in pf.Flow.load(path).problems()]
    assert codes == ["unknown-type", "unknown-type"]
    assert not {"antigravity", "this"} & sys.modules.keys()
