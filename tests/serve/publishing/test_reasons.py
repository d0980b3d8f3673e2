"""Why a flow cannot be served: each reason, all of them at once, and none that is no reason."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given as each

import pixelflow_widgets as pf
from pixelflow_widgets.controls import Number
from pixelflow_widgets.errors import PublishRefused
from pixelflow_widgets.flow.media_files import MediaFiles
from pixelflow_widgets.flow.problems import Problem
from pixelflow_widgets.flow.signature import signature_of
from pixelflow_widgets.schema import registry
from pixelflow_widgets.serve.publishing.fixed_models import named_models
from pixelflow_widgets.serve.publishing.freezing import frozen
from pixelflow_widgets.serve.publishing.reasons import reasons
from pixelflow_widgets.serve.publishing.work import caps_of
from pixelflow_widgets.serve.store import Store

from ...flow.strategies import documents, examples
from ..notebooks import cells, notebook
from ..served import publish

__all__ = ["cells", "notebook"]
nodes = pf.nodes


@pf.node(where="kernel")
def reason_kernel(text: str) -> str:
    """Touches the notebook."""
    return text


@pf.node
def reason_picture(image: pf.Image, size: Annotated[int, Number(min=10, max=20)] = 15) -> pf.Image:
    """Takes a picture."""
    return image


@pf.node
def reason_sized(size: Annotated[int, Number(min=30, max=40)] = 35) -> str:
    """Takes another size."""
    return str(size)


@pf.node(pure=False)
def reason_reads(file: str) -> str:
    """Reads a file, and says so by the name of its port alone."""
    return file


@pf.node
def reason_latents(text: str) -> pf.Latents:
    """Gives latents."""
    raise NotImplementedError


def found(flow: pf.Flow) -> list[Problem]:
    kept = frozen(flow.document, flow.registry)
    return list(reasons(flow.document, kept, flow.registry, flow.media, signature_of(kept, flow.registry)))


def codes(flow: pf.Flow) -> list[str]:
    return [problem.code for problem in found(flow)]


def given(flow: pf.Flow, source: Any, name: str = "out") -> pf.Flow:
    flow.output(name, source)
    return flow


def test_a_flow_of_plain_values_has_no_reason() -> None:
    with pf.Flow("plain") as flow:
        prompt, width = flow.input("prompt", "a red circle"), flow.input("width", 64)
        image = nodes.text_to_image(prompt=prompt, width=width, seed=flow.input("seed", 7))
        flow.output("image", image)  # type: ignore[arg-type]
    assert found(flow) == []


def test_all_reasons_are_said_at_once_each_with_what_to_do(tmp_path: Any) -> None:
    flow = pf.Flow("bad")
    file = flow.input("file", type=str)
    flow.input("idle", 3)
    picture = flow.add("load_image", id="load", path=file)
    size = flow.input("size", 99)
    given(flow, flow.add("tests.reason_picture", image=picture["image"], size=size)["image"])
    with pytest.raises(PublishRefused) as caught:
        publish(Store(tmp_path), flow, "Bad", caps={"x": 1})
    problems = caught.value.problems
    assert [each.code for each in problems] == ["name", "idle-input", "bad-default", "place", "caps"]
    assert all(each.remedy for each in problems)
    assert str(caught.value).count("\n  - ") == len(problems)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "flows").rglob("*.flow.json")), ids=lambda p: p.name
)
def test_a_broken_flow_is_refused_in_words_or_published_without_what_is_broken(path: Path, tmp_path: Path) -> None:
    flow = pf.Flow.load(path)
    try:
        publish(Store(tmp_path), flow, "broken")
    except PublishRefused as error:
        assert error.problems and all(problem.sentence for problem in error.problems)


@each(documents())
@examples(100)
def test_any_document_is_refused_in_words_or_frozen(document: dict[str, Any]) -> None:
    """Whatever a file holds, publishing it says what is wrong; a version that was frozen is frozen to itself."""
    kept = frozen(document, registry)
    list(reasons(document, kept, registry, MediaFiles(), signature_of(kept, registry)))
    list(named_models(kept, registry, MediaFiles()))
    caps_of(kept, registry, MediaFiles(), None, [])
    assert frozen(kept, registry) == kept


def test_a_default_that_the_flow_itself_refuses_is_told_once() -> None:
    flow = pf.Flow("default")
    given(flow, flow.add("join_text", texts=[flow.input("text", "x", choices=["y"])])["text"])
    assert codes(flow) == ["bad-input"]


def test_a_flow_without_outputs_is_no_endpoint() -> None:
    flow = pf.Flow("none")
    flow.add("prompt", text="x")
    assert codes(flow) == ["no-output"]


def test_what_is_wrong_with_the_flow_itself_is_a_reason_where_an_output_needs_it() -> None:
    flow = pf.Flow("wrong")
    given(flow, flow.add("resize_image", id="resize")["image"], "image")
    flow.add("text_to_image", id="unneeded")
    assert [(each.code, each.node) for each in found(flow)] == [("missing-input", "resize")]


def test_what_cannot_be_read_is_a_reason_and_is_not_left_out_in_silence() -> None:
    flow = pf.Flow("odd")
    join = flow.add("join_text", id="join", texts=[flow.input("text", "x")])
    given(flow, join["text"])
    flow = pf.Flow.of({**flow.document, "inputs": [*flow.document["inputs"], 7]}, flow.media, flow.registry)
    assert codes(flow) == ["unreadable"]
    flow = pf.Flow.of(
        {**flow.document, "inputs": [], "edges": [{"from": "gone.text", "to": "join.separator"}]},
        flow.media,
        flow.registry,
    )
    assert "dangling-edge" in codes(flow)


def test_a_pin_hides_no_reason_for_published_runs_take_it_off() -> None:
    flow = pf.Flow("pinned")
    paint = flow.add("text_to_image", id="paint", prompt="x", width=64, height=64, steps=1, seed=1)
    given(flow, paint["image"])
    flow.run(backend="inline")
    flow.pin("paint")
    flow.amend({"nodes/paint/values/model": "nobody/nothing"})
    assert "error" in {each.severity for each in found(flow)}


def test_variables_of_the_notebook_are_refused(notebook: dict[str, Any]) -> None:
    notebook["words"] = "x"
    flow = pf.Flow("bound")
    text = flow.input("text", "y")
    join = flow.add("join_text", id="join", texts=[text])
    given(flow, join["text"])
    flow.bind(flow.add("prompt", id="ask").inputs["text"], "words")
    assert found(flow) == [], "no output needs it"
    flow.connect(flow.nodes["ask"]["text"], join.inputs["texts"])
    flow.bind(text, "words")
    assert [(each.node, each.port) for each in found(flow) if each.code == "variable"] == [
        ("ask", "text"),
        (None, "text"),
    ]


def test_nobody_is_there_to_choose_also_not_inside_a_subflow() -> None:
    flow = pf.Flow("asks")
    prompt = flow.input("prompt", "x")
    image = flow.add("text_to_image", id="paint", prompt=prompt)
    choose = flow.add("choose", id="choose", candidates=[image["image"]])
    given(flow, choose[next(iter(choose.outputs))])
    assert [(each.code, each.node) for each in found(flow)] == [("asks", "choose")]
    flow.make_subflow(["paint", "choose"], "inner")
    (problem,) = found(flow)
    assert problem.code == "asks" and problem.node is None and problem.sentence.startswith("'Inner / ")


def test_nodes_of_the_kernel_are_refused_and_lazy_and_static_ones_are_not() -> None:
    flow = pf.Flow("kernel")
    given(flow, flow.add("tests.reason_kernel", text=flow.input("text", "x"))["text"])
    assert codes(flow) == ["kernel"]
    flow = pf.Flow("lazy")
    model = flow.add("load_model")
    paint = flow.add("text_to_image", prompt="x", model=model["model"])
    other = flow.add("text_to_image", prompt="y")
    switch = flow.add("switch", {"condition": flow.input("which", True), "on": paint["image"], "off": other["image"]})
    given(flow, switch[next(iter(switch.outputs))])
    assert codes(flow) == []


def test_models_that_live_in_the_notebook_and_those_that_are_not_here_are_refused(tmp_path: Any) -> None:
    class Pipe:
        components: dict[str, Any] = {}

        def __call__(self) -> None: ...

    pipe = Pipe()
    refusals = {}
    for model in (pf.Model.from_object(pipe), "nobody/nothing"):
        flow = pf.Flow("model")
        given(flow, flow.add("text_to_image", prompt="x", model=model)["image"])
        with pytest.raises(PublishRefused) as caught:
            publish(Store(tmp_path), flow)
        refusals[model] = str(caught.value)
    live, absent = refusals.values()
    assert "is an object of this notebook, which no server has" in live
    assert absent.count("is not on this machine") == 1, "said once"


def test_what_no_request_and_no_answer_can_bring_is_refused() -> None:
    flow = pf.Flow("latents")
    flow.input("noise", type=pf.Latents)
    given(flow, flow.add("tests.reason_latents", text=flow.input("text", "x"))["latents"])
    assert [(each.code, each.port) for each in found(flow)] == [
        ("idle-input", "noise"),
        ("untravelled", "noise"),
        ("untravelled", "out"),
    ]


def test_an_input_that_no_value_suits_is_refused() -> None:
    flow = pf.Flow("narrow")
    size = flow.input("size", type=int)
    picture = flow.add("tests.reason_picture", image=flow.input("image", type=pf.Image), size=size)
    given(flow, picture["image"])
    given(flow, flow.add("tests.reason_sized", size=size)["text"], "text")
    assert codes(flow) == ["no-value"]


# What callers must not name: files, folders, addresses, models


def path_of(build: Any) -> list[tuple[str, str | None]]:
    flow = pf.Flow("place")
    build(flow, flow.input("text", "x"))
    return [(each.code, each.port) for each in found(flow)]


def reads_a_file(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("load_image", path=text)["image"])


def reads_a_file_by_detours(flow: pf.Flow, text: Any) -> None:
    said = flow.add("template", text="{1}.png", texts=[text])
    given(flow, flow.add("load_image", path=said["text"])["image"])


def reads_a_file_that_a_model_names(flow: pf.Flow, text: Any) -> None:
    picture = flow.add("text_to_image", prompt=text)
    words = flow.add("caption", image=picture["image"], model="starter")
    given(flow, flow.add("load_text", path=words["text"])["text"])


def lists_a_folder(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("list_folder", folder=text)["paths"])


def learns_from_a_folder(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("train_lora", dataset=text, trigger="zorb")["samples"])


def writes_a_file(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("save_text", text="x", path=text)["text"])


def names_a_lora(flow: pf.Flow, text: Any) -> None:
    model = flow.add("add_lora", model=flow.add("load_model")["model"], lora=text)
    given(flow, flow.add("text_to_image", prompt="x", model=model["model"])["image"])


def names_loras(flow: pf.Flow, text: Any) -> None:
    model = flow.add("lora_stack", model=flow.add("load_model")["model"], loras=text)
    given(flow, flow.add("text_to_image", prompt="x", model=model["model"])["image"])


def names_a_vae(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("text_to_image", prompt="x", model=flow.add("load_model", vae=text)["model"])["image"])


def names_a_revision(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("text_to_image", prompt="x", model=flow.add("load_model", revision=text)["model"])["image"])


def says_it_by_a_name_alone(flow: pf.Flow, text: Any) -> None:
    given(flow, flow.add("tests.reason_reads", file=text)["text"])


def hands_a_text_on_as_a_model(flow: pf.Flow, text: Any) -> None:
    chosen = flow.add("switch", {"condition": True, "on": text, "off": text})
    given(flow, flow.add("text_to_image", prompt="x", model=chosen[next(iter(chosen.outputs))])["image"])


def hides_it_in_a_subflow(flow: pf.Flow, text: Any) -> None:
    said = flow.add("join_text", id="join", texts=[text])
    load = flow.add("load_image", id="load", path=said["text"])
    given(flow, load["image"])
    flow.make_subflow(["load"], "inner")


def hides_it_in_a_grid(flow: pf.Flow, text: Any) -> None:
    """The axes of a grid set any input of its body."""
    with flow.subflow("body") as body:
        image = nodes.load_image(path=body.input("place", "fixed.png"))
        body.output("image", image)  # type: ignore[arg-type]
    grid = flow.add("grid/body", axes=text)
    given(flow, grid["image"])


@pytest.mark.parametrize(
    "build",
    [
        reads_a_file,
        reads_a_file_by_detours,
        reads_a_file_that_a_model_names,
        lists_a_folder,
        learns_from_a_folder,
        writes_a_file,
        names_a_lora,
        names_loras,
        names_a_vae,
        names_a_revision,
        says_it_by_a_name_alone,
        hands_a_text_on_as_a_model,
        hides_it_in_a_subflow,
        hides_it_in_a_grid,
    ],
)
def test_no_caller_names_a_file_a_folder_or_a_model_of_this_machine(build: Any) -> None:
    assert "place" in [code for code, _ in path_of(build)]


def test_a_model_input_wants_its_choices_and_every_one_of_them_is_pinned(tmp_path: Any) -> None:
    flow = pf.Flow("model")
    model = flow.input("model", "starter", type=pf.Model)
    given(flow, flow.add("text_to_image", prompt="x", model=model)["image"])
    assert codes(flow) == ["place"]
    flow.set_input("model", choices=["starter"])
    assert codes(flow) == []
    assert list(publish(Store(tmp_path), flow).models) == ["starter"]


def test_what_callers_cannot_choose_freely_leads_to_no_place() -> None:
    flow = pf.Flow("closed")
    word = flow.input("word", "a.png", choices=["a.png", "b.png"])
    number = flow.input("number", 1)
    given(flow, flow.add("load_image", path=word)["image"])
    given(flow, flow.add("text_to_image", prompt=flow.input("prompt", "x"), seed=number)["image"], "image")
    given(flow, flow.add("json_extract", text="{}", path=flow.input("inside", "a"))["value"], "value")
    assert codes(flow) == []


# Code of the notebook


def test_code_that_cannot_go_along_is_refused_with_what_it_lacks(cells: Any) -> None:
    cells.run(
        "import pixelflow_widgets as pf\nsecret_key = 'abc'\n\n"
        "@pf.node\ndef reason_secret(text: str) -> str:\n    return text + secret_key\n"
    )
    flow = pf.Flow("code")
    given(flow, flow.add("notebook.reason_secret", text=flow.input("text", "x"))["text"])
    (problem,) = [each for each in found(flow) if "needs" in each.sentence]
    assert problem.code == "code" and "'secret_key'" in problem.sentence


def test_a_function_of_a_function_has_no_source_that_a_server_could_run() -> None:
    @pf.node
    def reason_local(text: str) -> str:
        return text

    flow = pf.Flow("local")
    given(flow, flow.add(reason_local, text=flow.input("text", "x"))["text"])
    assert codes(flow) == ["code"]


def served_talk(**server: Any) -> pf.Flow:
    flow = pf.Flow("talk")
    named = flow.add(
        "language_server", id="server", **{"model": "gpt-x", "base_url": "http://127.0.0.1:9/v1", **server}
    )
    said = flow.add("chat", id="say", prompt=flow.input("prompt", "hello"), model=named["model"])
    flow.output("said", said["text"])
    return flow


def test_a_flow_that_asks_a_server_can_be_published() -> None:
    flow = served_talk(key="")
    assert [str(one) for one in found(flow)] == []


@pytest.mark.parametrize("port", ["base_url", "key", "model"])
def test_callers_never_name_a_server_its_key_or_its_model(port: str) -> None:
    flow = served_talk(key="")
    flow.set("server", {port: flow.input("theirs", "http://127.0.0.1:9/v1" if port == "base_url" else "X")})
    assert any((one.code, one.node, one.port) == ("place", "server", port) for one in found(flow))
