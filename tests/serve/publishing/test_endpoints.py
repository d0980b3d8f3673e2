"""Published versions: frozen, found, called by number, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets import run
from pixelflow_widgets.errors import NoEndpoint, PublishRefused
from pixelflow_widgets.serve.publishing.endpoints import Endpoints, Opened, name_of, read_id
from pixelflow_widgets.serve.store import Store

from ..notebooks import cells, notebook
from ..served import publish, stamp_flow

__all__ = ["cells", "notebook"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "serve")


@pf.node
def endpoint_words(text: str = "a", times: int = 1, image: pf.Image | None = None) -> str:
    """Says a text several times, and the size of a picture."""
    return " ".join([text] * times) + ("" if image is None else f" {image.width}x{image.height}")


def words_flow(text: str = "hello", **values: Any) -> pf.Flow:
    with pf.Flow("words") as flow:
        flow.output("text", endpoint_words(text=flow.input("text", text), **values))  # type: ignore[arg-type]
    return flow


def answer(opened: Opened, backend: str = "inline", **inputs: Any) -> Any:
    """Return what a version answers."""
    names = [given.name for given in opened.endpoint.signature.outputs]
    started = run.start(opened.document, opened.registry, opened.files, inputs=inputs, targets=names, backend=backend)
    started.wait(60)
    return started.result()[names[0]]


def test_two_versions_with_other_defaults_answer_differently_and_edits_change_neither(store: Store) -> None:
    flow = words_flow("one")
    first = publish(store, flow, "words")
    flow.set_input("text", default="two")
    second = publish(store, flow, "words")
    flow.set_input("text", default="three")
    flow.set("endpoint_words", times=5)
    endpoints = Endpoints(store)
    assert [each.id for each in (first, second)] == ["words-v1", "words-v2"]
    assert [answer(endpoints.opened("words", number)) for number in (1, 2)] == ["one", "two"]
    assert answer(Endpoints(Store(store.folder)).opened("words", 1), text="mine") == "mine", "another process"


def test_what_changes_no_result_makes_no_new_version(store: Store) -> None:
    flow = words_flow()
    first = publish(store, flow, "words", note="The first.")
    flow.move("endpoint_words", 500, 40)
    flow.add("note", text="Do not forget.")
    flow.run(backend="inline")
    flow.pin("endpoint_words")
    again = publish(store, flow, "words")
    assert (again.number, again.digest, again.note) == (1, first.digest, "The first.")
    assert "pinned" not in again.document["nodes"]["endpoint_words"] and "note" not in again.document["nodes"]
    assert publish(store, flow, "words", seeds="given").number == 2, "the seed policy is part of a version"
    assert publish(store, flow, "other").id == "other-v1", "each name counts for itself"


def test_only_what_the_outputs_need_goes_along(store: Store) -> None:
    flow = words_flow()
    flow.add("tests.endpoint_words", text="a secret draft")
    flow.add("save_text", text="x")
    kept = publish(store, flow, "words").document
    assert list(kept["nodes"]) == ["endpoint_words"] and kept["layout"] == {"positions": {}}
    assert "secret" not in str(kept)


def test_media_go_along_by_content_and_outlive_the_flow(store: Store) -> None:
    flow = words_flow(image=PIL.Image.new("RGB", (30, 20), "red"))
    first = publish(store, flow, "words")
    del flow
    assert answer(Endpoints(Store(store.folder)).opened("words", first.number)) == "hello 30x20"
    assert [path.suffix for path in (store.folder / "media").iterdir()] == [".png"]


def test_the_default_of_an_input_may_be_a_medium(store: Store) -> None:
    flow = pf.Flow("words")
    image = flow.input("image", PIL.Image.new("RGB", (30, 20), "red"))
    flow.output("text", flow.add("tests.endpoint_words", image=image)["text"])
    endpoint = publish(store, flow, "words")
    assert "default" not in endpoint.signature.request_schema()["properties"]["image"]
    assert not endpoint.signature.inputs[0].is_required
    opened = Endpoints(Store(store.folder)).opened("words", 1)
    assert answer(opened) == "a 30x20" and answer(opened, image=PIL.Image.new("L", (5, 6))) == "a 5x6"


def test_versions_are_found_listed_rolled_back_and_unpublished(store: Store) -> None:
    endpoints = Endpoints(store)
    for text in ("one", "two", "three"):
        publish(store, words_flow(text), "words")
    publish(store, stamp_flow())
    assert [each.id for each in endpoints.all()] == ["stamp-v1", "words-v3"]
    assert [each.number for each in endpoints.versions("words")] == [3, 2, 1]
    assert endpoints.roll_back("words").number == 2 and endpoints.find("words").id == "words-v2"
    assert endpoints.roll_back("words", 1).is_current and not endpoints.find("words", 3).is_current
    endpoints.unpublish("words", 1)
    assert endpoints.find("words").number == 3, "the newest that is left"
    with pytest.raises(NoEndpoint, match="Version 1 of 'words' was unpublished") as caught:
        endpoints.find("words", 1)
    assert caught.value.is_gone
    assert endpoints.opened("words", 1).endpoint.number == 1, "a job that was accepted before still runs"
    assert publish(store, words_flow("one"), "words").number == 1, "published again, it is the same version"
    endpoints.unpublish("words")
    assert [each.id for each in endpoints.all()] == ["stamp-v1"]
    with pytest.raises(NoEndpoint, match="All of 'words' was unpublished") as caught:
        endpoints.find("words")
    assert caught.value.is_gone


def test_a_version_may_be_published_without_becoming_the_current_one(store: Store) -> None:
    publish(store, words_flow("one"), "words", is_current=False)
    assert Endpoints(store).find("words").number == 1, "the first one is in any case"
    publish(store, words_flow("two"), "words", is_current=False)
    assert Endpoints(store).find("words").number == 1


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("wrods", None, "There is no endpoint 'wrods'. Did you mean 'words'?"),
        ("words", 7, "'words' has no version 7. Its versions that answer: 1."),
        ("../etc", None, "There is no endpoint '../etc'"),
        ("words' OR 1=1 --", None, "There is no endpoint"),
    ],
)
def test_what_is_not_there_is_named(store: Store, name: str, number: int | None, words: str) -> None:
    publish(store, words_flow(), "words")
    with pytest.raises(NoEndpoint) as caught:
        Endpoints(store).find(name, number)
    assert str(caught.value).startswith(words) and not caught.value.is_gone


def test_there_is_nothing_before_the_first_version(store: Store) -> None:
    publish(store, words_flow(), "words")
    with pytest.raises(NoEndpoint, match="There is no version of 'words' before 1 that answers"):
        Endpoints(store).roll_back("words")


@pytest.mark.parametrize("name", ["", "Poster", "a b", "-a", "a" * 64, "../a", "a/b", "admin", "ä"])
def test_names_that_cannot_stand_in_an_url_are_refused(store: Store, name: str) -> None:
    with pytest.raises(PublishRefused) as caught:
        publish(store, words_flow(), name)
    assert [problem.code for problem in caught.value.problems] == ["name"]


def test_the_name_of_an_endpoint_is_made_from_the_flows() -> None:
    assert name_of(pf.Flow("My Poster: Nr. 2!").document) == "my-poster-nr-2"
    assert read_id("poster-v12") == ("poster", 12)
    assert read_id("a-v2-v3") == ("a-v2", 3)
    assert [read_id(text) for text in ("poster", "poster-v0", "Poster-v1", "poster-v", "-v1")] == [None] * 5


def test_caps_are_kept_and_may_be_changed_without_a_new_version(store: Store) -> None:
    first = publish(store, words_flow(), "words", caps={"seconds": 5})
    assert first.caps["seconds"] == 5 and first.caps.keys() == {"work", "pixels", "seconds"}
    assert publish(store, words_flow(), "words", caps={"seconds": 9}).caps["seconds"] == 9
    with pytest.raises(PublishRefused, match=r"(?s)secs = 5 is no cap.*pixels = 0 is no cap"):
        publish(store, words_flow(), "words", caps={"secs": 5, "pixels": 0})


def test_a_seed_policy_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(PublishRefused, match="'mine' does not say what a seed is"):
        publish(store, words_flow(), "words", seeds="mine")


def test_what_callers_may_know_of_an_endpoint_holds_nothing_of_the_flow(store: Store) -> None:
    told = publish(store, words_flow(image=PIL.Image.new("RGB", (3, 3))), "words").as_json()
    assert told["id"] == "words-v1" and told["signature"]["inputs"][0]["name"] == "text"
    assert not {"document", "models", "media"} & told.keys()


def test_an_endpoint_shows_what_it_takes_and_not_its_document(store: Store) -> None:
    assert repr(publish(store, words_flow(), "words")) == "<endpoint words-v1: words(text: text = …) -> text: text>"


def test_a_version_is_opened_once(store: Store) -> None:
    publish(store, words_flow(), "words")
    endpoints = Endpoints(store)
    assert endpoints.opened("words", 1) is endpoints.opened("words", 1)


# Functions of a notebook

CELL = """
import pixelflow_widgets as pf

@pf.node
def endpoint_counted(n: int = 1) -> int:
    return n + {step}
"""


def counted_flow() -> pf.Flow:
    flow = pf.Flow("counted")
    node = flow.add("notebook.endpoint_counted", id="count", n=flow.input("n", 1))
    flow.output("number", node["number"])
    return flow


def test_each_version_keeps_the_code_of_its_notebook_nodes(store: Store, cells: Any) -> None:
    from pixelflow_widgets.schema import registry

    for step in (10, 20):
        cells.run(CELL.format(step=step))
        publish(store, counted_flow(), "counted")
    cells.run(CELL.format(step=30))
    endpoints = Endpoints(store)
    assert [answer(endpoints.opened("counted", number), n=1) for number in (1, 2)] == [11, 21]
    assert counted_flow().run(backend="inline")["number"] == 31, "the notebook's own is as it was"
    del registry._types["notebook.endpoint_counted"]  # a process that never ran the cell
    fresh = Endpoints(Store(store.folder))
    assert answer(fresh.opened("counted", 1), n=5) == 15
    assert registry.find("notebook.endpoint_counted") is None


def test_code_inside_a_subflow_goes_along_too(store: Store, cells: Any) -> None:
    from pixelflow_widgets.schema import registry

    cells.run(CELL.format(step=10))
    flow = counted_flow()
    flow.make_subflow(["count"], "inner")
    publish(store, flow, "counted")
    del registry._types["notebook.endpoint_counted"]
    assert answer(Endpoints(Store(store.folder)).opened("counted", 1), n=5) == 15


def test_the_code_of_a_version_runs_in_the_worker(store: Store, cells: Any, worker: Any) -> None:
    cells.run(CELL.format(step=10))
    publish(store, counted_flow(), "counted")
    opened = Endpoints(store).opened("counted", 1)
    started = run.start(opened.document, opened.registry, opened.files, inputs={"n": 2}, backend=worker)
    started.wait(60)
    assert started.result()["number"] == 12


def test_types_of_other_modules_are_imported_where_they_are_not_known(store: Store) -> None:
    from pixelflow_widgets.schema import Registry

    first = publish(store, stamp_flow())
    assert first.document["homes"] == {"tests.stamped": "tests.serve.served_nodes"}
    opened = Endpoints(store, Registry(built_in="pixelflow_widgets.nodes")).opened("stamp", 1)
    assert opened.registry["tests.stamped"].title == "Stamped"


# The verb


def test_a_flow_publishes_itself(tmp_path: Path) -> None:
    flow = words_flow()
    endpoint = flow.publish(folder=tmp_path)
    assert endpoint.id == "words-v1" and flow.publish("poster", folder=tmp_path).id == "poster-v1"
    assert [each.id for each in Endpoints(Store(tmp_path)).all()] == ["poster-v1", "words-v1"]


def test_the_shipped_template_is_published_and_paints(store: Store) -> None:
    flow = pf.Flow.load(Path(pf.__file__).parent / "templates" / "first.flow.json")
    endpoint = publish(store, flow, "first")
    assert list(endpoint.models) == ["starter"] and len(endpoint.models["starter"]["digest"]) == 64
    assert [given.name for given in endpoint.signature.outputs] == ["image", "large"]
    assert answer(Endpoints(store).opened("first", 1), "worker", prompt="a blue star").size == (64, 64)
