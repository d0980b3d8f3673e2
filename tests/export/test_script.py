"""What scripts of plain nodes look like, and that they give what the executor gives."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.export.formatting import faults, formatted
from pixelflow_widgets.export.script import code_of

from . import script_nodes as nodes
from .scripts import plain, run_script


def holds(flow: pf.Flow, folder: Path, **inputs: Any) -> str:
    """Assert that a flow's script gives what a run gives, and is sound; return it."""
    script = flow.to_script()
    assert faults(script) == ""
    assert formatted(script) == script
    flow.save(folder / f"{flow.name}.flow.json")  # with its media
    result = flow.run(backend="inline", **inputs)
    expected = {name: plain(result[name]) for name in result}
    made = run_script(script, folder, **inputs)
    assert made == (next(iter(expected.values())) if len(expected) == 1 else expected)
    return script


def main_of(script: str) -> str:
    """Return the source of `main`."""
    tree = ast.parse(script)
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    return ast.get_source_segment(script, found) or ""


def holding(body: pf.Flow) -> pf.Flow:
    flow = pf.Flow("outer")
    flow.apply([{"op": "set_subflow", "name": body.name, "subflow": {"document": body.document}}])
    return flow


@pytest.fixture
def flow() -> pf.Flow:
    return pf.Flow("words")


@pytest.fixture
def growing() -> pf.Flow:
    with pf.Flow("grow") as body:
        grown = nodes.grown(value=body.input("value", 1))
        body.output("value", grown.value)
        body.output("go_on", grown.go_on)
    return body


# Inputs and outputs


def test_inputs_become_arguments_with_their_defaults_and_help(flow: pf.Flow, tmp_path: Path) -> None:
    name = flow.input("name", "World", help="Who is greeted.")
    flow.output("greeting", flow.add("join_text", texts=[flow.add("prompt", text="Hello")["text"], name])["text"])
    script = holds(flow, tmp_path)
    assert 'def main(name: str = "World") -> str:' in script
    assert "name: Who is greeted." in script
    assert '"--name"' in script
    holds(flow, tmp_path, name='"; import os \\ \n {x}')


def test_an_input_without_a_default_is_required_and_comes_first(flow: pf.Flow, tmp_path: Path) -> None:
    unit = flow.input("unit", "mm")
    flow.output("text", flow.add(nodes.in_units, value=flow.input("value", type=int), unit=unit)["text"])
    assert 'def main(value: int, unit: str = "mm") -> str:' in holds(flow, tmp_path, value=3)


def test_several_outputs_are_a_dict(flow: pf.Flow, tmp_path: Path) -> None:
    counted = flow.add(nodes.counted_up)["numbers"]
    flow.output("counted", counted)
    flow.output("many", flow.add("count_items", items=counted)["number"])
    assert 'return {"counted": counted, "many": many}' in holds(flow, tmp_path)


def test_names_that_python_has_itself_stay_pythons(flow: pf.Flow, tmp_path: Path) -> None:
    node = flow.add(nodes.half, value=flow.input("float", 3), title="print & import")
    flow.output("class", flow.add(nodes.half, value=node["number"])["number"])
    script = holds(flow, tmp_path)
    assert "print_import = half(" in script


def test_media_that_stand_in_the_flow_lie_beside_the_script(flow: pf.Flow, tmp_path: Path) -> None:
    picture = PIL.Image.linear_gradient("L").resize((6, 4)).convert("RGB")
    flow.output("image", flow.add("rotate", image=picture, angle=90.0)["image"])
    assert 'MEDIA = Path(__file__).parent / "words.media"' in holds(flow, tmp_path)


def test_a_picture_can_be_an_argument(flow: pf.Flow, tmp_path: Path) -> None:
    given = flow.input("picture", type=pf.Image)
    flow.output("image", flow.add("rotate", image=given, angle=90.0)["image"])
    script = holds(flow, tmp_path, picture=PIL.Image.linear_gradient("L").resize((6, 4)))
    assert "def main(picture: PIL.Image.Image) -> PIL.Image.Image:" in script


def test_a_variable_of_the_notebook_becomes_an_argument(flow: pf.Flow, tmp_path: Path) -> None:
    node = flow.add(nodes.in_units, unit="mm")
    flow.bind(node.inputs["value"], "width")
    flow.output("text", node["text"])
    script = flow.to_script()
    assert "def main(width: int) -> str:" in script
    assert run_script(script, tmp_path, width=7) == "7 mm"


# Values


HARD = [
    "quotes \" and ' and \"\"\" and '''",
    "back\\slash \\n \\u0041 \\",
    "lines\nand\r\nmore\tand \x00\x1b\u2028",
    "emoji 🦊👩‍🚀 and {braces} {{}} %s %(x)d $HOME",
    "word " * 2_000,
    "x" * 10_000,
    "",
    " ",
    "# pixelflow: sha256=0",
]


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_hard_texts_survive_as_defaults_and_as_values(flow: pf.Flow, tmp_path: Path, text: str) -> None:
    texts = [flow.input("given", text), flow.add("prompt", text=text)["text"]]
    flow.output("both", flow.add("join_text", texts=texts, separator="|", skip_empty=False)["text"])
    script = holds(flow, tmp_path)
    assert pf.Flow.from_script(script).document == flow.document


@pytest.mark.parametrize("value", [0, 2**32, 2**53 + 1, 2**64 - 1])
def test_seeds_survive_however_large(flow: pf.Flow, tmp_path: Path, value: int) -> None:
    flow.output("number", flow.add("seed", value=value)["number"])
    assert str(value) in holds(flow, tmp_path)


def test_nothing_that_is_false_is_taken_for_a_default(flow: pf.Flow, tmp_path: Path) -> None:
    flow.output("text", flow.add(nodes.in_units, value=0, unit="")["text"])
    assert "in_units(value=0, unit=" in holds(flow, tmp_path)


def test_a_whole_number_becomes_a_number_on_its_way(flow: pf.Flow, tmp_path: Path) -> None:
    flow.output("half", flow.add(nodes.half, value=flow.add(nodes.raised, value=1)["number"])["number"])
    flow.output("all", flow.add(nodes.half, value=flow.add(nodes.counted_up)["numbers"])["number"])
    holds(flow, tmp_path)


def test_a_seed_left_to_chance_is_that_of_the_last_run_or_drawn(flow: pf.Flow, tmp_path: Path) -> None:
    flow.output("number", flow.add("seed", id="dice", value="random")["number"])
    assert "random.getrandbits(32)" in flow.to_script()
    drawn = flow.run(backend="inline")["number"]
    assert run_script(flow.to_script(), tmp_path) == drawn


# Lists, ways, loops


def test_a_list_maps_a_node_and_several_are_paired(flow: pf.Flow, tmp_path: Path) -> None:
    counted = flow.add(nodes.counted_up)["numbers"]
    raised = flow.add(nodes.raised, value=counted)["number"]
    flow.output("raised", raised)
    one = flow.add(nodes.counted_up, count=1)["numbers"]
    flow.output("pairs", flow.add("compare_values", first=raised, second=counted)["flag"])
    flow.output("alone", flow.add("compare_values", first=raised, second=one)["flag"])
    main = main_of(holds(flow, tmp_path))
    assert "[raised(value=number) for number in numbers]" in main
    assert main.count("in paired(") == 2


def test_only_the_side_that_is_taken_is_made(flow: pf.Flow, tmp_path: Path) -> None:
    fine, wrong = flow.add(nodes.raised, value=1), flow.add(nodes.broken)
    condition = flow.input("condition", True)
    flow.output("number", flow.add("switch", condition=condition, on=fine["number"], off=wrong["number"])["value"])
    script = holds(flow, tmp_path)
    with pytest.raises(AssertionError, match="this one is broken"):
        run_script(script, tmp_path, condition=False)


def test_what_both_sides_need_is_made_once_before(flow: pf.Flow, tmp_path: Path) -> None:
    shared = flow.add(nodes.raised, value=1)["number"]
    on, off = (flow.add(nodes.in_units, value=shared, unit=unit)["text"] for unit in ("on", "off"))
    flow.output("text", flow.add("switch", condition=flow.input("condition", False), on=on, off=off)["value"])
    assert main_of(holds(flow, tmp_path)).count("raised(") == 1
    holds(flow, tmp_path, condition=True)


def test_the_first_that_works_is_taken(flow: pf.Flow, tmp_path: Path) -> None:
    tried = {"first": flow.add(nodes.broken)["number"], "second": flow.add(nodes.raised, value=1)["number"]}
    flow.output("number", flow.add("first_that_works", **tried)["value"])
    holds(flow, tmp_path)


def test_a_muted_node_passes_on_what_comes_in(flow: pf.Flow, tmp_path: Path) -> None:
    middle = flow.add(nodes.raised, value=flow.add(nodes.raised, value=1)["number"])
    flow.mute(middle)
    flow.output("number", flow.add(nodes.raised, value=middle["number"])["number"])
    assert main_of(holds(flow, tmp_path)).count("raised(") == 2


def test_a_subflow_is_one_function_however_often_it_is_placed(growing: pf.Flow, tmp_path: Path) -> None:
    flow = holding(growing)
    first = flow.add("flow/grow", value=5)
    flow.output("number", flow.add("flow/grow", value=first["value"])["value"])
    script = holds(flow, tmp_path)
    assert script.count("def grow(") == 1
    assert "value=5" in main_of(script)


def test_a_subflow_is_mapped_over_a_list(growing: pf.Flow, tmp_path: Path) -> None:
    flow = holding(growing)
    flow.output("numbers", flow.add("flow/grow", value=flow.add(nodes.counted_up)["numbers"])["value"])
    holds(flow, tmp_path)


@pytest.mark.parametrize("kind", ["repeat", "while_"])
def test_loops_carry_values_and_list_every_turn(growing: pf.Flow, tmp_path: Path, kind: str) -> None:
    flow = holding(growing)
    loop = flow.add(f"{kind}/grow", value=3)
    flow.output("last", loop["value"])
    flow.output("every", loop["every_value"])
    assert "for _ in range(" in main_of(holds(flow, tmp_path))


def test_rows_of_a_table_call_a_function_each(growing: pf.Flow, tmp_path: Path) -> None:
    flow = holding(growing)
    rows = flow.add(nodes.table_of, values=flow.add(nodes.counted_up)["numbers"])
    each = flow.add("for_each/grow", rows=rows["table"])
    flow.output("values", each["values"])
    flow.output("table", each["table"])
    holds(flow, tmp_path)


def test_a_grid_is_a_product_with_a_sheet_and_a_table(tmp_path: Path) -> None:
    with pf.Flow("paint") as body:
        body.output("image", nodes.grey_square(level=body.input("level", 0), size=body.input("size", 8)))
    flow = holding(body)
    grid = flow.add("grid/paint", axes="level: 10 | 200\nsize: 8 | 16 | 24")
    for name in ("image", "images", "table"):
        flow.output(name, grid[name])
    assert "itertools.product(" in main_of(holds(flow, tmp_path))


def test_an_output_of_a_mapped_node_that_nobody_reads_is_no_list(flow: pf.Flow, tmp_path: Path) -> None:
    grown = flow.add(nodes.grown, value=flow.add(nodes.counted_up)["numbers"])
    flow.output("values", grown["value"])
    main = main_of(holds(flow, tmp_path))
    assert main.count(" = []") == main.count(".append(") == 1


# The command line


def from_the_shell(script: str, folder: Path, *arguments: str) -> str:
    """Return what a script prints that is run by hand."""
    (folder / "by_hand.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "by_hand.py", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_helpers_called_like_variables_of_the_command_line_are_still_called(flow: pf.Flow, tmp_path: Path) -> None:
    flow.output("raised", flow.add(nodes.raised_by_helpers, value=1)["number"])
    flow.output("all", flow.add(nodes.counted_up)["numbers"])
    script = holds(flow, tmp_path)
    assert from_the_shell(script, tmp_path).splitlines()[0] == "5"


def test_inputs_may_be_called_like_options_that_are_there_already(flow: pf.Flow, tmp_path: Path) -> None:
    texts = [flow.input(name, name) for name in ("out", "help", "a", "a_")]
    flow.output("text", flow.add("join_text", texts=texts, separator=" ")["text"])
    script = holds(flow, tmp_path)
    said = from_the_shell(script, tmp_path, "--out", "1", "--help-2", "2", "--a", "3", "--a-2", "4")
    assert said.strip() == "1 2 3 4"


# Refusals


def test_a_node_of_a_type_that_is_not_known_is_named(flow: pf.Flow) -> None:
    node = flow.add(nodes.raised, value=1, title="My node")
    flow.output("number", node["number"])
    flow.apply([{"op": "set_node", "id": node.id, "fields": {"type": "elsewhere.unknown"}}])
    with pytest.raises(pf.ExportError, match="My node"):
        flow.to_script()


def test_an_input_that_nobody_set_is_named(flow: pf.Flow) -> None:
    flow.output("number", flow.add(nodes.raised)["number"])
    with pytest.raises(pf.ExportError, match="'Raised': its input 'value' has no value"):
        flow.to_script()


# The way back


def test_the_flow_rides_in_its_script(flow: pf.Flow, tmp_path: Path) -> None:
    flow.output("text", flow.add(nodes.in_units, value=flow.input("value", 1))["text"])
    path = tmp_path / "words.py"
    path.write_text(flow.to_script())
    back = pf.Flow.from_script(path)
    assert back.document == flow.document
    assert back.to_script() == flow.to_script()


def test_an_edited_script_says_so_and_what_can_be_kept(flow: pf.Flow) -> None:
    flow.output("text", flow.add(nodes.in_units, value=flow.input("value", 1))["text"])
    edited = flow.to_script().replace("value: int = 1", "value: int = 7").replace("default=1", "default=7")
    with pytest.raises(pf.ExportError, match=r"edited.*value=7"):
        pf.Flow.from_script(edited)
    read = pf.Flow.read_script(edited)
    assert read.is_edited and read.kept == ["value=7"] and not read.lost
    assert read.flow().run(backend="inline")["text"] == "7 px"
    more = edited.replace("in_units(value=value)", "in_units(value=value * 2)")
    assert pf.Flow.read_script(more).lost


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print(1)\n", "No flow rides"),
        ("x = 1\n\n# pixelflow: sha256=0\n# pixelflow: !!!\n", "damaged"),
        ("x = 1\n\n# pixelflow: sha256=0\n# pixelflow: eJwDAAAAAAE=\n", "damaged"),
    ],
)
def test_a_script_without_a_sound_flow_is_refused_in_words(script: str, words: str) -> None:
    with pytest.raises(pf.ExportError, match=words):
        pf.Flow.from_script(script)


def test_nothing_of_a_script_is_run_when_it_is_read(flow: pf.Flow, tmp_path: Path) -> None:
    flow.output("text", flow.add(nodes.in_units, value=1)["text"])
    flag = tmp_path / "ran"
    hostile = f"open({str(flag)!r}, 'w').close()\n{flow.to_script()}"
    assert pf.Flow.read_script(hostile).is_edited
    assert not flag.exists()


def test_code_is_the_script_without_the_flow(flow: pf.Flow) -> None:
    flow.output("text", flow.add(nodes.in_units, value=1)["text"])
    assert flow.to_script().startswith(code_of(flow))
