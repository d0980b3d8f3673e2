"""`pf.compare` and `pf.Comparison`: what is run, what is kept of it, and what is refused before anything runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.run.backends import WorkerBackend
from pixelflow_widgets.schema import Registry
from pixelflow_widgets.schema.signature import read_node_type
from tests.zoo import Zoo

COLOURS = ["red", "green", "blue"]


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which stars are kept."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXELFLOW_DATA", str(folder))
        yield folder


def made(name: str, function: Callable[..., Any]) -> pf.Flow:
    """An empty flow that knows one node type."""
    types = Registry()
    types.add(read_node_type(function))
    return pf.Flow(name, registry=types)


@pytest.fixture(scope="module")
def types() -> pf.Flow:
    """A flow that makes a plain picture of a colour, and counts how often; one colour it has not got."""
    calls: list[str] = []
    gate = threading.Event()
    gate.set()

    def coloured_square(prompt: str, size: int = 8, seed: int = 0) -> pf.Image:
        gate.wait(20)
        calls.append(prompt)
        return PIL.Image.new("RGB", (size, size), prompt)

    flow = made("squares", coloured_square)
    square = flow.add("coloured_square", prompt=flow.input("prompt", type=str), seed=flow.input("seed", 0))
    flow.output("image", square["image"])
    flow.calls, flow.gate = calls, gate  # type: ignore[attr-defined]
    return flow


@pytest.fixture
def squares(types: pf.Flow) -> pf.Flow:
    types.calls.clear()  # type: ignore[attr-defined]
    types.gate.set()  # type: ignore[attr-defined]
    return types


def corner(image: Any) -> Any:
    return image.getpixel((0, 0))


def run(flow: Any, **given: Any) -> pf.Comparison:
    return pf.compare(flow, **{"backend": "inline", **given}).wait(60)


def test_every_combination_is_a_row_with_its_picture(squares: pf.Flow) -> None:
    comparison = run(squares, prompts=["red", "blue"], seeds=[1, 2, 3])
    assert comparison.status == "finished" and len(comparison) == 6
    assert comparison.axes == {"prompt": ["red", "blue"], "seed": ["1", "2", "3"]}
    table = comparison.table
    assert set(table.columns) == {"prompt", "seed", "image", "seconds", "rating", "error"}
    assert list(zip(table.prompt, table.seed, strict=True))[:4] == [("red", 1), ("red", 2), ("red", 3), ("blue", 1)]
    assert corner(table.image[0]) == (255, 0, 0) and corner(table.image[5]) == (0, 0, 255)
    assert (table.seconds >= 0).all() and (table.error == "").all()


def test_ports_that_nothing_feeds_are_axes_too_and_what_is_no_list_is_the_same_everywhere(squares: pf.Flow) -> None:
    comparison = run(squares, prompts="red", size=[4, 6], seed=7)
    assert comparison.axes == {"prompt": ["red"], "size": ["4", "6"]}
    assert [image.size for image in comparison.table.image] == [(4, 4), (6, 6)]
    assert "size" not in squares.inputs, "the flow itself is as it was"


def test_what_ran_is_not_run_again(squares: pf.Flow) -> None:
    run(squares, prompts=["maroon"], seeds=[1, 2])
    run(squares, prompts=["maroon", "navy"], seeds=[1, 2])
    assert squares.calls == ["maroon"] * 2 + ["navy"] * 2  # type: ignore[attr-defined]


def test_values_that_are_given_twice_are_one(squares: pf.Flow) -> None:
    assert run(squares, prompts=["red", "blue", "red"]).axes["prompt"] == ["red", "blue"]


def test_a_cell_that_fails_is_kept_with_its_sentence_and_tried_again_when_asked(squares: pf.Flow) -> None:
    comparison = run(squares, prompts=["red", "no colour", "blue"])
    assert [cell.status for cell in comparison.cells] == ["done", "failed", "done"]
    assert "no colour" in comparison.table.error[1] and comparison.table.image[1] is None
    assert comparison.image().width > 100
    assert comparison.resume(failed=True).wait(60).table.error[1]


def test_it_is_stopped_and_goes_on(squares: pf.Flow) -> None:
    seen: list[int] = []
    gate: threading.Event = squares.gate  # type: ignore[attr-defined]
    gate.clear()
    comparison = pf.compare(squares, prompts=["olive", "teal", "purple"], backend="inline")
    comparison.on_change(seen.extend)
    comparison.stop()
    gate.set()
    comparison.wait(60)
    assert comparison.status == "stopped"
    assert "waiting" in [cell.status for cell in comparison.cells]
    assert comparison.resume().wait(60).status == "finished"
    assert set(seen) == {0, 1, 2}


def test_how_many_runs_there_are_is_said_and_absurd_numbers_are_refused(squares: pf.Flow) -> None:
    assert "6 runs: 2 prompts × 3 seeds" in repr(run(squares, prompts=["red", "blue"], seeds=range(3)))
    with pytest.raises(pf.PixelFlowError, match=r"1,500 runs: 3 prompts × 500 seeds.*most=1500"):
        pf.compare(squares, prompts=COLOURS, seeds=range(500))
    with pytest.raises(pf.PixelFlowError, match="has 1,000,000,000,000 values"):
        pf.compare(squares, prompts="red", seeds=range(10**12))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"prompts": ["red"], "colours": [1, 2]}, "has no input 'colours'"),
        ({"prompts": []}, "'prompts?' has no values"),
        ({"seeds": [1]}, "needs 'prompt'"),
        ({"prompts": ["red"], "seeds": ["one"]}, "'seed' cannot be 'one'"),
        ({"prompts": ["red"], "prompt": ["blue"]}, "the same input"),
        ({"prompts": ["red"], "models": ["starter"]}, "has no input 'model'"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_runs(
    squares: pf.Flow, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(pf.PixelFlowError, match=words):
        pf.compare(squares, **given)
    assert squares.calls == []  # type: ignore[attr-defined]


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(pf.PixelFlowError, match="Say what is compared"):
        pf.compare(prompts=["red"])
    with pytest.raises(pf.PixelFlowError, match="gives no picture, text or number"):
        pf.compare(pf.Flow("empty"), prompts=["red"])
    with pytest.raises(TypeError, match="not int"):
        pf.compare(7, prompts=["red"])  # type: ignore[arg-type]


def test_the_sheet_has_the_rows_and_columns_that_are_wished(squares: pf.Flow) -> None:
    comparison = run(squares, prompts=["red", "blue"], seeds=[1, 2, 3], size=[4, 6])
    wide, high = comparison.image(rows="prompt", columns="seed", size=4), comparison.image("seed", "prompt", size=4)
    assert wide.width > high.width and wide.height < high.height
    assert comparison.image("prompt", "seed").height > 1.8 * wide.height, "two blocks, one for each size"
    with pytest.raises(pf.PixelFlowError, match="no axis 'colour'"):
        comparison.image("colour")
    with pytest.raises(pf.PixelFlowError, match="no value 9"):
        comparison.image(size=9)


def test_a_function_is_a_score_and_cells_are_sorted_by_it(squares: pf.Flow) -> None:
    comparison = run(squares, prompts=COLOURS)
    comparison.score(lambda image: corner(image)[2], name="blue").score(
        lambda image, row: len(row["prompt"]), name="letters"
    )
    assert comparison.scores == ["blue", "letters"]
    assert list(comparison.table.letters) == [3, 5, 4]
    assert comparison.best().prompt.tolist() == ["blue"]
    assert comparison.sort("letters").table.prompt.tolist() == ["green", "blue", "red"]
    assert comparison.best(2).prompt.tolist() == ["green", "blue"]
    assert comparison.sort(None).table.prompt.tolist() == COLOURS
    with pytest.raises(pf.PixelFlowError, match="Nothing is called 'blu'. Did you mean 'blue'"):
        comparison.sort("blu")


def test_a_node_type_is_a_score_with_the_prompt_of_each_cell(squares: pf.Flow, zoo: Zoo, worker: WorkerBackend) -> None:
    clip = pf.Model(str(zoo("clip")))
    comparison = run(squares, prompts=["red", "blue"], size=16).score("clip_score", model=clip)
    by_hand = [
        float(pf.nodes.clip_score(PIL.Image.new("RGB", (16, 16), name), name, model=clip)) for name in ("red", "blue")
    ]
    assert comparison.table.clip_score.tolist() == pytest.approx(by_hand, abs=1e-3)
    with pytest.raises(pf.PixelFlowError, match=r"'text_to_image' gives no number.*clip_score"):
        comparison.score("text_to_image")


def test_stars_are_found_again_by_the_same_comparison_and_by_a_larger_one(squares: pf.Flow, data: Path) -> None:
    comparison = run(squares, prompts=["red", "blue"], seeds=[1, 2])
    comparison.rate(2, 5)
    comparison.rate(1, 3)
    comparison.rate(1, None)
    assert comparison.table.rating.dropna().to_dict() == {2: 5}
    larger = run(squares, prompts=["green", "red", "blue"], seeds=[2, 1])
    best = larger.best()
    assert (best.prompt.item(), best.seed.item(), best.rating.item()) == ("blue", 1, 5)
    assert len(list((data / "comparisons").glob("*.json"))) >= 1
    for cell, stars in ((0, 6), (9, 3), (0, "5")):
        with pytest.raises(pf.PixelFlowError):
            comparison.rate(cell, stars)  # type: ignore[arg-type]


def test_a_file_of_stars_that_is_damaged_is_none(squares: pf.Flow, data: Path) -> None:
    comparison = run(squares, prompts=["red"], size=5)
    comparison.rate(0, 4)
    (path,) = [one for one in (data / "comparisons").glob("*.json") if comparison._subject.mark in one.name]
    for text in ("{", '{"stars": 3}', '{"stars": {"a": 99, "b": "x", "c": true}}', "[" * 100_000):
        path.write_text(text)
        assert run(squares, prompts=["red"], size=5).rating(0) is None


def test_pictures_are_saved_with_how_they_were_made_and_the_table_beside(squares: pf.Flow, tmp_path: Path) -> None:
    import pandas

    comparison = run(squares, prompts=["red", "blue"], seeds=[5])
    written = comparison.save(tmp_path)
    assert [path.name for path in written] == ["0 red.png", "1 blue.png", "comparison.csv", "comparison.png"]
    assert pf.Flow.load(written[1]).document["inputs"][0]["default"] == "blue"
    table = pandas.read_csv(tmp_path / "comparison.csv")
    assert table.file.tolist() == ["0 red.png", "1 blue.png"] and table.prompt.tolist() == ["red", "blue"]
    assert "image" not in table
    assert comparison.save(tmp_path)[0] != written[0], "nothing is written over"


def test_texts_are_compared_as_pictures_are() -> None:
    def shouted_greeting(prompt: str, marks: int = 1) -> str:
        return prompt.upper() + "!" * marks

    flow = made("greetings", shouted_greeting)
    node = flow.add("shouted_greeting", prompt=flow.input("prompt", type=str))
    flow.output("answer", node["text"])
    comparison = run(flow, prompts=["hello", "good day"], marks=[1, 2])
    assert comparison.table.answer.tolist() == ["HELLO!", "HELLO!!", "GOOD DAY!", "GOOD DAY!!"]
    assert comparison.score(len, name="length").best().answer.item() == "GOOD DAY!!"
    with pytest.raises(pf.PixelFlowError, match="gives no pictures"):
        comparison.image()


def test_models_and_weights_are_axes(tiny_model: Path, worker: WorkerBackend, tmp_path: Path) -> None:
    model = pf.Model(str(tiny_model))
    comparison = pf.compare(
        models=[model, "no such model"], prompts=["a red circle"], seeds=[1, 2], steps=2, width=32, height=32
    ).wait(120)
    assert comparison.axes["model"] == ["tiny", "no such model"] and comparison.axes["seed"] == ["1", "2"]
    table = comparison.table
    assert [bool(error) for error in table.error] == [False, False, True, True]
    assert table.image[0].size == (32, 32) and table.image[0].tobytes() != table.image[1].tobytes()
    by_hand = pf.nodes.text_to_image("a red circle", model=model, steps=2, seed=2, width=32, height=32)
    assert table.image[1].tobytes() == by_hand.tobytes()


def test_weights_are_files_stacks_and_strengths() -> None:
    from pixelflow_widgets.comparison.axes import weighted, weights_axis

    axis = weights_axis([None, "zorb.safetensors", ("zorb.safetensors", 0.5), ["a.safetensors", ("b.safetensors", 2)]])
    assert axis.labels == ("none", "zorb 1", "zorb 0.5", "a 1 + b 2")
    model = pf.Model("starter")
    assert weighted(model, axis.values[0]) == model
    assert [(one.source, one.weight) for one in weighted(model, axis.values[3]).adapters] == [
        ("a.safetensors", 1),
        ("b.safetensors", 2),
    ]
    taught = model.with_adapter("zorb.safetensors")
    assert weighted(taught, weights_axis([0.3]).values[0]).adapters[0].weight == 0.3
    assert weights_axis([taught]).values[0] == taught.adapters
    with pytest.raises(pf.PixelFlowError, match="has none"):
        weighted(model, 0.5)
    for wrong in (True, [0.5], model, 3 + 2j):
        with pytest.raises(pf.PixelFlowError):
            weights_axis([wrong])


def test_seeds_that_are_drawn_anew_are_the_same_in_all_cells(tiny_model: Path, worker: WorkerBackend) -> None:
    flow = pf.Flow("drawn")
    node = flow.add("text_to_image", model=str(tiny_model), seed="random", steps=2, width=32, height=32)
    flow.output("image", node["image"])
    first, again = (pf.compare(flow, prompts=["a red circle"], guidance=[1.0, 5.0]).wait(120) for _ in range(2))
    assert [image.tobytes() for image in first.table.image] == [image.tobytes() for image in again.table.image]
    assert flow.nodes[node.id].values["seed"] == "random"


def test_a_budget_stops_it_with_the_reason_and_it_goes_on_when_that_is_said(squares: pf.Flow) -> None:
    squares.budget = pf.Budget(run_seconds=0)
    try:
        comparison = run(squares, prompts=["coral", "orchid"])
        assert (comparison.status, squares.calls) == ("stopped", [])  # type: ignore[attr-defined]
        assert "nothing may run" in comparison.error and comparison.error in repr(comparison)
        assert comparison.resume(over_budget=True).wait(60).status == "finished" and comparison.error == ""
        assert run(squares, prompts=["salmon"], over_budget=True).status == "finished"
    finally:
        squares.budget = None


def test_its_runs_are_runs_of_the_flow(squares: pf.Flow) -> None:
    before = len(squares.runs)
    run(squares, prompts=["gold", "plum"], size=3)
    assert len(squares.runs) == before + 2


def test_prompts_go_to_the_input_that_feeds_a_prompt_or_to_the_port_itself() -> None:
    def captioned_words(prompt: str, style: str = "plain") -> str:
        return f"{prompt}, {style}"

    flow = made("captioned", captioned_words)
    node = flow.add("captioned_words", prompt="a hat", style=flow.input("look", "oil"))
    flow.output("answer", node["text"])
    assert run(flow, prompts=["a cat"]).table.answer.tolist() == ["a cat, oil"]
    flow.connect(flow.input("subject", "a dog"), node.inputs["prompt"])
    assert run(flow, prompts=["a cat"], look=["ink"]).table.answer.tolist() == ["a cat, ink"]
