"""Everything that is wrong is found at once, and nothing that a file holds is lost."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.media_files import MediaFiles
from pixelflow_widgets.flow.problems import find_problems

from .sample_types import REGISTRY

FLOWS = Path(__file__).parents[1] / "flows"
EXPECTED = json.loads((FLOWS / "broken" / "expected.json").read_text())
FILES = sorted([*FLOWS.glob("*.flow.json"), *FLOWS.glob("broken/*.flow.json")])


@pytest.mark.parametrize("name", EXPECTED)
def test_every_problem_of_a_broken_file_is_found_at_once(name: str) -> None:
    problems = pf.Flow.load(FLOWS / "broken" / name).problems()
    found = [[problem.code, problem.node, problem.port] for problem in problems]
    assert sorted(found, key=str) == sorted(EXPECTED[name], key=str)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_problem_is_told_in_words_and_as_json(name: str) -> None:
    for problem in pf.Flow.load(FLOWS / "broken" / name).problems():
        assert problem.sentence.endswith((".", "?")), problem
        assert problem.remedy == "" or problem.remedy.endswith((".", "?")), problem
        assert json.loads(json.dumps(problem.as_json()))["code"] == problem.code
        assert str(problem).startswith(problem.sentence)


def test_every_broken_file_has_its_expectation() -> None:
    assert set(EXPECTED) == {path.name for path in FLOWS.glob("broken/*.flow.json")}


def test_every_code_has_a_broken_file() -> None:
    folder = Path(pf.__file__).parent / "flow"
    source = "".join((folder / name).read_text() for name in ("problems.py", "subflow_problems.py"))
    codes = set(re.findall(r'Problem\(\s*"([a-z-]+)"', source))
    assert len(codes) > 10
    assert codes == {code for entries in EXPECTED.values() for code, _, _ in entries}


@pytest.mark.parametrize("path", [path for path in FILES if path.parent == FLOWS], ids=lambda path: path.name)
def test_a_good_file_has_no_problem(path: Path) -> None:
    assert pf.Flow.load(path).problems() == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_saving_what_was_loaded_keeps_every_byte(path: Path, tmp_path: Path) -> None:
    first = pf.Flow.load(path).save(tmp_path / "first.flow.json")
    second = pf.Flow.load(first).save(tmp_path / "second.flow.json")
    assert second.read_bytes() == first.read_bytes()

    def holds(kept: Any, given: Any) -> bool:
        if isinstance(given, dict):
            return isinstance(kept, dict) and all(name in kept and holds(kept[name], given[name]) for name in given)
        if isinstance(given, list):
            return isinstance(kept, list) and len(kept) == len(given) and all(map(holds, kept, given))
        return type(kept) is type(given) and kept == given

    assert holds(json.loads(first.read_text()), json.loads(path.read_text()))


def test_a_file_that_this_version_wrote_is_saved_unchanged(tmp_path: Path) -> None:
    for path in FLOWS.glob("*.flow.json"):
        assert pf.Flow.load(path).save(tmp_path / path.name).read_bytes() == path.read_bytes()


def test_only_what_the_targets_need_is_looked_at() -> None:
    flow = pf.Flow("x", registry=REGISTRY)
    fine = flow.add("tests.say", text="a")
    flow.add("tests.paint")
    assert flow.problems([fine.id]) == []
    assert [problem.code for problem in flow.problems()] == ["missing-input"]


def test_a_flow_with_an_error_refuses_to_run_and_says_everything() -> None:
    flow = pf.Flow.load(FLOWS / "broken" / "all-at-once.flow.json")
    with pytest.raises(pf.FlowProblems) as caught:
        flow.run(backend="inline")
    assert len(caught.value.problems) >= 8
    assert str(caught.value).count("\n  - ") == len(caught.value.problems)


def test_a_hint_does_not_keep_a_flow_from_running() -> None:
    problems = pf.Flow.load(FLOWS / "broken" / "unknown-value.flow.json").problems()
    assert [problem.severity for problem in problems] == ["hint"]


def test_a_damaged_medium_names_its_file(tmp_path: Path) -> None:
    import PIL.Image

    flow = pf.Flow("pictures", registry=REGISTRY)
    flow.add("tests.soften", image=PIL.Image.new("RGB", (4, 4), "red"))
    path = flow.save(tmp_path / "pictures.flow.json")
    (medium,) = (tmp_path / "pictures.media").iterdir()
    assert pf.Flow.load(path, registry=REGISTRY).problems() == []

    medium.write_bytes(b"not a picture")
    (problem,) = pf.Flow.load(path, registry=REGISTRY).problems()
    assert (problem.code, problem.node, problem.port) == ("bad-value", "soften", "image")
    assert medium.name in problem.sentence and "damaged" in problem.sentence

    PIL.Image.new("RGB", (4, 4), "blue").save(medium, "PNG")
    (problem,) = pf.Flow.load(path, registry=REGISTRY).problems()
    assert "is not what was saved under that name" in problem.sentence

    shutil.rmtree(medium.parent)
    (problem,) = pf.Flow.load(path, registry=REGISTRY).problems()
    assert medium.name in problem.sentence and "missing" in problem.sentence and str(medium.parent) in problem.sentence


@pytest.mark.parametrize(
    "value",
    [{"$media": "x"}, {"$media": None}, {"$media": "0" * 64 + ".png"}, {"$media": "../../etc/passwd"}, {"$model": 5}],
)
@pytest.mark.parametrize("port", ["prompt", "steps", "model", "blend", "strength", "guidance"])
def test_a_medium_where_none_belongs_is_a_problem(port: str, value: Any) -> None:
    nodes = {"p": {"type": "tests.paint", "values": {"prompt": "x", port: value}}}
    problems = find_problems({**new_document("x"), "nodes": nodes}, REGISTRY, MediaFiles())
    assert [(problem.code, problem.port) for problem in problems] == [("bad-value", port)]


@pytest.mark.parametrize(
    "handle",
    [
        {"source": 5, "options": {}, "adapters": []},
        {"source": "x", "options": 7, "adapters": []},
        {"source": "x", "options": {}, "adapters": 3},
        {"source": "x", "options": {}, "adapters": [{"source": "a", "kind": "x"}]},
        {"source": "x", "options": {}, "adapters": [{"source": "a", "weight": "b"}]},
        {"options": {}},
        [],
    ],
)
def test_a_model_handle_that_cannot_be_read_is_a_problem(handle: Any) -> None:
    nodes = {"p": {"type": "tests.paint", "values": {"prompt": "x", "model": {"$model": handle}}}}
    problems = find_problems({**new_document("x"), "nodes": nodes}, REGISTRY, MediaFiles())
    assert [(problem.code, problem.port) for problem in problems] == [("bad-value", "model")]


@pytest.mark.parametrize("port", ["prompt", "steps", "model"])
def test_a_picture_of_the_flow_does_not_stand_where_something_else_belongs(port: str) -> None:
    import PIL.Image

    flow = pf.Flow("pictures", registry=REGISTRY)
    flow.add("tests.soften", image=PIL.Image.new("RGB", (4, 4), "red"))
    flow.add("tests.paint", prompt="x")
    flow.apply(
        [{"op": "set_values", "id": "paint", "values": {port: flow.document["nodes"]["soften"]["values"]["image"]}}]
    )
    (problem,) = flow.problems()
    assert (problem.code, problem.port) == ("bad-value", port)
    assert "is not" in problem.sentence and ".png" in problem.sentence
