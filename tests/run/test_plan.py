"""What is planned: refused where something is wrong, keyed once, and keyed again only where an edit reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.errors import FlowProblems, OperationRejected
from pixelflow_widgets.flow.document import new_document
from pixelflow_widgets.flow.file import load
from pixelflow_widgets.flow.media_files import MediaFiles
from pixelflow_widgets.flow.operations import apply
from pixelflow_widgets.flow.problems import find_problems
from pixelflow_widgets.run import start
from pixelflow_widgets.run.cache import Cache, MemoryCache
from pixelflow_widgets.run.keys import keys_of
from pixelflow_widgets.run.plan import Plan, make_plan

from ..flow.strategies import documents, examples
from . import sample_nodes as nodes

BROKEN = sorted((Path(__file__).parents[1] / "flows" / "broken").glob("*.flow.json"))


@pf.node(pure=False)
def glances(value: int = 3) -> int:
    return value


@pf.node
def scaled(image: pf.Image, by: float = 1.0) -> float:
    return image.width * by


def plan(flow: pf.Flow, **options: Any) -> Plan:
    return make_plan(flow.document, flow.registry, flow.media, options.get("inputs", {}), options.get("targets"))


def keys(flow: pf.Flow, **options: Any) -> dict[str, str | None]:
    return {node: keyed.key for node, keyed in plan(flow, **options).keyed.items()}


def refuses(document: dict[str, Any], files: MediaFiles, targets: list[str] | None) -> bool:
    try:
        make_plan(document, pf.registry, files, {}, targets)
    except FlowProblems:
        return True
    return False


# A plan looks at a flow quickly, and asks `find_problems` for the words only where something looks wrong: it must not
# take for right what that calls wrong.


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_flow_is_refused_exactly_if_it_has_errors(path: Path) -> None:
    from ..flow import sample_types  # noqa: F401 - defines the types that these flows use

    document, files = load(path)
    errors = [problem for problem in find_problems(document, pf.registry, files) if problem.severity == "error"]
    assert refuses(document, files, None) == bool(errors)


TYPES = {
    nodes.double.node_type.name: ("value", "number"),  # type: ignore[attr-defined]
    nodes.add.node_type.name: ("first", "number"),  # type: ignore[attr-defined]
    nodes.numbers.node_type.name: ("count", "numbers"),  # type: ignore[attr-defined]
    nodes.total.node_type.name: ("values", "number"),  # type: ignore[attr-defined]
    nodes.maybe.node_type.name: ("value", "number"),  # type: ignore[attr-defined]
    glances.node_type.name: ("value", "number"),  # type: ignore[attr-defined]
}
IDS = ["a", "b", "c", "d", "e"]
INPUT_PORTS = st.builds("{}.{}".format, st.sampled_from(IDS), st.sampled_from(["value", "first", "count", "values"]))
OUTPUT_PORTS = st.builds("{}.{}".format, st.sampled_from(IDS), st.sampled_from(["number", "number", "numbers"]))
VALUES = st.sampled_from([0, 1, 2, 3, 3.0, True, None, "2", [1, 2], [], "x"])
NODES = st.builds(
    lambda name, values: {"type": name, "type_version": 1, "values": values},
    st.sampled_from([*TYPES, "unknown"]),
    st.dictionaries(st.sampled_from(["value", "first", "second", "count", "values"]), VALUES, max_size=2),
)
OPERATIONS = st.one_of(
    st.builds(lambda key, node: {"op": "add_node", "id": key, "node": node}, st.sampled_from(IDS), NODES),
    st.builds(lambda key: {"op": "remove_node", "id": key}, st.sampled_from(IDS)),
    st.builds(
        lambda key, name, value: {"op": "set_values", "id": key, "values": {name: value}},
        st.sampled_from(IDS),
        st.sampled_from(["value", "first", "count", "values"]),
        VALUES,
    ),
    st.builds(lambda a, b: {"op": "connect", "from": a, "to": b}, OUTPUT_PORTS, INPUT_PORTS),
    st.builds(lambda a, b: {"op": "disconnect", "from": a, "to": b}, OUTPUT_PORTS, INPUT_PORTS),
    st.builds(
        lambda key, fields: {"op": "set_node", "id": key, "fields": fields},
        st.sampled_from(IDS),
        st.sampled_from([{"title": "x"}, {"muted": True}, {"muted": True}, {"muted": None}]),
    ),
    st.builds(
        lambda name, kind, default: {"op": "add_input", "input": {"name": name, "type": kind, "default": default}},
        st.sampled_from(["p", "q"]),
        st.sampled_from(["int", "float", "list[int]", "text"]),
        VALUES,
    ),
    st.builds(lambda name, port: {"op": "feed", "name": name, "to": port}, st.sampled_from(["p", "q"]), INPUT_PORTS),
    st.builds(
        lambda name, value: {"op": "set_input", "name": name, "fields": {"default": value}},
        st.sampled_from(["p", "q"]),
        VALUES,
    ),
    st.builds(
        lambda name, port: {"op": "add_output", "output": {"name": name, "from": port}},
        st.sampled_from(["out", "more"]),
        OUTPUT_PORTS,
    ),
    st.builds(lambda name: {"op": "remove_output", "name": name}, st.sampled_from(["out", "more"])),
)


def usable_nodes() -> st.SearchStrategy[dict[str, Any]]:
    """Documents in which most things fit: random ones mostly are refused."""
    one = st.sampled_from(sorted(TYPES)).map(
        lambda name: {"type": name, "type_version": 1, "values": {TYPES[name][0]: [1, 2] if "total" in name else 2}}
    )
    return st.fixed_dictionaries(dict.fromkeys(IDS[:3], one), optional=dict.fromkeys(IDS[3:], one))


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A flow after each of its edits; the documents share what an edit did not touch."""
    document = {**new_document("random"), "nodes": draw(usable_nodes())}
    history = [document]
    here = sorted(document["nodes"])
    joins = draw(st.lists(st.tuples(st.sampled_from(here), st.sampled_from(here)), max_size=5))
    edits = [
        {
            "op": "connect",
            "from": f"{min(pair)}.{TYPES[document['nodes'][min(pair)]['type']][1]}",
            "to": f"{max(pair)}.{TYPES[document['nodes'][max(pair)]['type']][0]}",
        }
        for pair in joins
        if pair[0] != pair[1]
    ]
    inverses: list[Any] = []
    for edit in [*edits, *draw(st.lists(OPERATIONS | st.none(), max_size=12))]:
        try:
            edit = inverses.pop() if edit is None and inverses else edit
            if edit is not None:
                document, inverse = apply(document, edit)
                inverses.append(inverse)
                history.append(document)
        except OperationRejected:
            continue
    return history


@pytest.mark.soak
@examples(150)
@given(histories())
def test_what_a_plan_refuses_is_what_has_problems_after_every_edit(history: list[dict[str, Any]]) -> None:
    files = MediaFiles()  # one flow's, so that what was planned before is used
    for document in history:
        for targets in (None, *([key] for key in document["nodes"])):
            found = find_problems(document, pf.registry, files, targets)
            assert refuses(document, files, targets) == any(problem.severity == "error" for problem in found)


@pytest.mark.soak
@examples(150)
@given(documents())
def test_what_a_plan_refuses_is_what_has_problems_in_any_document(document: dict[str, Any]) -> None:
    files = MediaFiles()
    errors = [problem for problem in find_problems(document, pf.registry, files) if problem.severity == "error"]
    assert refuses(document, files, None) or not errors


def outcome(document: dict[str, Any], files: MediaFiles, cache: MemoryCache) -> Any:
    """What a run gives of every node that was wanted, or which nodes failed."""
    wanted = [key for key in document["nodes"] if not refuses(document, files, [key])]
    if not wanted:
        return None
    run = start(document, pf.registry, files, cache=cache, backend="inline", targets=wanted)
    run.wait()
    result = run.partial_result()
    return {key: result.node(key) for key in wanted if key in run.results}, sorted(run.errors)


@pytest.mark.soak
@examples(120)
@given(histories(), st.sampled_from([10**9, 200]))
def test_a_flow_after_its_edits_gives_what_it_gives_from_nothing(history: list[dict[str, Any]], room: int) -> None:
    files, cache = MediaFiles(), MemoryCache(limit=room)
    for document in history:
        assert outcome(document, files, cache) == outcome(document, MediaFiles(), MemoryCache())


# Keys


def chain(count: int = 6) -> pf.Flow:
    with pf.Flow("chain") as flow:
        number = nodes.double(value=1)
        for _ in range(count - 1):
            number = nodes.add(first=number, second=2.0)
        flow.output("number", number)
    return flow


def test_an_edit_keys_only_what_follows_it() -> None:
    flow = chain(6)
    before = keys(flow)
    kept = keys_of(flow.registry, flow.media)
    assert kept.computed == 6
    flow.set("add_3", second=5.0)
    after = keys(flow)
    assert kept.computed == 6 + 3
    assert [node for node in after if after[node] != before[node]] == ["add_3", "add_4", "add_5"]
    keys(flow)
    assert kept.computed == 6 + 3
    flow.undo()
    assert keys(flow) == before


def test_an_edge_keys_only_what_follows_it() -> None:
    flow = chain(6)
    before = keys(flow)
    kept = keys_of(flow.registry, flow.media)
    flow.disconnect(flow.nodes["add_3"]["number"], flow.nodes["add_4"].inputs["first"])
    flow.connect(flow.nodes["double"]["number"], flow.nodes["add_4"].inputs["first"])
    after = keys(flow)
    assert kept.computed == 6 + 2
    assert {node for node in after if after[node] != before[node]} == {"add_4", "add_5"}


def test_titles_and_places_are_in_no_key() -> None:
    flow = chain(4)
    before = keys(flow)
    flow.rename("double", "Another name")
    flow.apply([{"op": "move_nodes", "positions": {"add": [7, 7]}}])
    assert keys(flow) == before


def test_a_flow_of_the_same_content_has_the_same_keys_whatever_its_nodes_are_called(tmp_path: Path) -> None:
    flow = chain(3)
    again = pf.Flow.load(flow.save(tmp_path / "chain.flow.json"))
    assert keys(again) == keys(flow)
    other = pf.Flow("other")
    first = other.add(nodes.double, id="x", value=1)
    other.output("y", other.add(nodes.add, id="y", first=first["number"], second=2.0)["number"])
    assert list(keys(other).values()) == list(keys(flow).values())[:2]


def test_a_default_that_is_written_out_is_the_same_key() -> None:
    one, other = pf.Flow("one"), pf.Flow("other")
    one.add(nodes.add, first=1.0)
    other.apply([{"op": "add_node", "id": "add", "node": {**one.document["nodes"]["add"], "values": {"first": 1}}}])
    explicit = pf.Flow("explicit")
    values = {"first": 1.0, "second": 1.0}
    explicit.apply([{"op": "add_node", "id": "add", "node": {**one.document["nodes"]["add"], "values": values}}])
    assert keys(one) == keys(other) == keys(explicit)


def test_only_a_target_and_what_it_needs_are_keyed() -> None:
    flow = chain(6)
    assert list(keys(flow, targets=["add_2"])) == ["double", "add", "add_2"]
    assert keys_of(flow.registry, flow.media).computed == 3
    assert len(keys(flow)) == 6
    assert keys_of(flow.registry, flow.media).computed == 6


def test_what_follows_chance_has_no_key_before_the_run() -> None:
    with pf.Flow("open") as flow:
        fixed = nodes.double(value=1)
        flow.output("after_impure", nodes.add(first=glances(value=fixed)))
        flow.output("after_seed", nodes.double(value=pf.nodes.seed(value="random")))  # type: ignore[arg-type]
        flow.output("mapped", nodes.double(value=nodes.numbers(count=3)))
        flow.output("list", nodes.total(values=nodes.numbers(count=3)))
    found = keys(flow)
    unknown = sorted(node for node, key in found.items() if key is None)
    assert unknown == ["add", "double_2", "double_3", "glances", "seed"]


def test_a_given_input_keys_what_it_feeds_again() -> None:
    with pf.Flow("fed") as flow:
        flow.output("number", nodes.add(first=nodes.double(value=flow.input("value", 2))))
        flow.output("other", nodes.numbers())
    before = keys(flow)
    kept = keys_of(flow.registry, flow.media)
    assert keys(flow, inputs={"value": 2}) == before
    assert kept.computed == 3
    changed = keys(flow, inputs={"value": 5})
    assert kept.computed == 5
    assert {node for node in before if before[node] != changed[node]} == {"double", "add"}
    assert keys(flow) == before


def test_a_changed_helper_makes_exactly_its_instances_stale() -> None:
    space: dict[str, Any] = {"pf": pf, "__name__": "__main__"}
    exec("def helper(value):\n    return value + 1", space)
    exec("@pf.node\ndef with_helper(value: int) -> int:\n    return helper(value)", space)
    exec("@pf.node\ndef without_helper(value: int) -> int:\n    return value - 1", space)
    with pf.Flow("cell") as flow:
        one = space["with_helper"](value=1)
        flow.output("after", nodes.double(value=one))
        flow.output("other", nodes.double(value=space["without_helper"](value=1)))
    cache = MemoryCache()

    def run() -> set[str]:
        started = start(flow.document, flow.registry, flow.media, cache=cache, backend="inline")
        started.result()
        return {event.node for event in started.events() if event.kind == "node-finished" and not event.cached}

    assert run() == {"with_helper", "without_helper", "double", "double_2"}
    assert run() == set()
    exec("def helper(value):\n    return value + 2", space)
    assert run() == {"with_helper", "double"}
    assert run() == set()


def test_the_fingerprint_of_a_model_is_in_the_key(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    flow = pf.Flow("painted")
    flow.output("image", flow.add("text_to_image", prompt="x", model=str(tiny_model))["image"])
    before = keys(flow)
    assert keys(flow) == before
    monkeypatch.setitem(pf.registry.fingerprints, "model", lambda model: "other files")
    assert keys(flow) != before
    monkeypatch.undo()
    assert keys(flow) == before


def test_a_stored_picture_is_not_decoded_to_be_keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = pf.Flow("photo")
    flow.output("number", flow.add(scaled, image=nodes.gradient(8))["number"])
    path = flow.save(tmp_path / "photo.flow.json")
    cache = MemoryCache()

    def run() -> Any:
        loaded = pf.Flow.load(path)
        return start(loaded.document, loaded.registry, loaded.media, cache=cache, backend="inline").result()["number"]

    assert run() == 8.0
    monkeypatch.setattr(MediaFiles, "get", lambda *_: pytest.fail("it was decoded"))
    assert run() == 8.0


def test_a_stored_picture_that_went_away_is_a_problem_although_its_result_is_there(tmp_path: Path) -> None:
    flow = pf.Flow("photo")
    flow.output("number", flow.add(scaled, image=nodes.gradient(8))["number"])
    path = flow.save(tmp_path / "photo.flow.json")
    loaded = pf.Flow.load(path)
    plan(loaded)
    for medium in (tmp_path / "photo.media").iterdir():
        medium.unlink()
    with pytest.raises(FlowProblems, match="is missing"):
        plan(loaded)


def test_a_stored_picture_that_is_damaged_fails_the_node_that_needs_it(tmp_path: Path) -> None:
    flow = pf.Flow("photo")
    flow.output("number", flow.add(scaled, image=nodes.gradient(8))["number"])
    loaded = pf.Flow.load(flow.save(tmp_path / "photo.flow.json"))
    for medium in (tmp_path / "photo.media").iterdir():
        medium.write_bytes(b"no picture")
    with pytest.raises(pf.NodeFailed, match="'Scaled' failed: The medium .* is damaged"):
        start(loaded.document, loaded.registry, loaded.media, cache=MemoryCache(), backend="inline").result()


def test_what_nothing_has_to_wait_for_does_not_run_again(tmp_path: Path) -> None:
    with pf.Flow("demand") as flow:
        first = nodes.counts_purely(path=str(tmp_path / "first"), value=1)
        flow.output("number", nodes.counts_purely(path=str(tmp_path / "second"), value=first))
    memory = MemoryCache()

    def run(**options: Any) -> Any:
        return start(
            flow.document, flow.registry, flow.media, cache=Cache(memory), backend="inline", **options
        ).result()

    run()
    known = plan(flow).keyed["counts_purely"].key
    assert known is not None
    memory._entries.pop(known)  # as if there had been no more room
    result = run()
    assert result["number"] == 1
    assert (tmp_path / "first").read_text() == (tmp_path / "second").read_text() == "x"
    with pytest.raises(KeyError, match=r"flow.run\(targets=\['counts_purely'\]\)"):
        result["counts_purely.number"]
    assert run(targets=["counts_purely"])["counts_purely.number"] == 1
    flow.set("counts_purely_2", path=str(tmp_path / "third"))
    run()
    assert (tmp_path / "third").read_text() == "x"


def test_seeds_are_recorded_of_nodes_that_were_found() -> None:
    with pf.Flow("seeds") as flow:
        flow.output("seed", pf.nodes.seed(value=5))
    cache = MemoryCache()
    for _ in range(2):
        run = start(flow.document, flow.registry, flow.media, cache=cache, backend="inline")
        assert run.result().seeds == {"seed.value": 5}


def test_a_flow_that_is_gone_leaves_no_keys_behind() -> None:
    import gc
    import weakref

    flow = chain(3)
    plan(flow)
    kept = weakref.ref(keys_of(flow.registry, flow.media))
    del flow
    gc.collect()
    assert kept() is None
