"""Node types without models are copied into a script as if somebody had written them by hand, and do the same there."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pixelflow_widgets import nodes
from pixelflow_widgets.export.names import Names
from pixelflow_widgets.export.sources import Sources, exportable
from pixelflow_widgets.media import MEDIA
from pixelflow_widgets.nodes import adjust, collection, files, film, logic, prompt, sound, text, values
from pixelflow_widgets.schema import registry
from tests.nodes.examples import Varied, examples_of
from tests.zoo import Zoo

from .copied import as_module, as_theirs, brought, checked, files_in, loaded, plainly, run_without_us

MODULES = (adjust, collection, files, film, logic, prompt, sound, text, values)
NEEDS_MORE = ("switch", "first_that_works", "choose")
"""They take lazy inputs, or ask."""
PLAIN = [
    name
    for name in sorted(nodes.__all__)
    if inspect.unwrap(getattr(nodes, name)).__module__ in {module.__name__ for module in MODULES}
    and name not in NEEDS_MORE
]


@pytest.fixture(scope="module")
def everything() -> str:
    """One module with all plain nodes."""
    return brought(*(getattr(nodes, name) for name in PLAIN))


@pytest.fixture(scope="module")
def script(everything: str) -> ModuleType:
    return loaded(everything)


def test_there_are_many_plain_nodes() -> None:
    assert len(PLAIN) >= 50


def test_the_module_passes_ruff_and_runs_where_this_package_cannot_be_imported(everything: str, tmp_path: Path) -> None:
    place = tmp_path / "everything.py"
    assert checked(everything, place) == ""
    done = run_without_us(place, "assert script['not_'](True) is False")
    assert done.returncode == 0, done.stderr
    assert "noqa" not in place.read_text()


def test_no_trace_of_this_package_is_left(everything: str) -> None:
    for word in ("pixelflow", "Annotated", "MediaError", "Slider", "@node", "progress", "report(", "Provenance"):
        assert word not in everything


def test_what_is_formatted_stays_so(everything: str, tmp_path: Path) -> None:
    place = tmp_path / "everything.py"
    checked(everything, place)
    for definition in everything.split("\n\n\n")[1:]:
        assert definition.strip() in place.read_text()


@pytest.mark.parametrize("name", PLAIN)
def test_a_copied_node_gives_the_same(
    name: str, script: ModuleType, zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (_, inputs) in enumerate(trials(name, zoo, tmp_path, monkeypatch)):
        ours = outcome(getattr(nodes, name), name, inputs, zoo, tmp_path / f"ours {number}", monkeypatch)
        theirs = outcome(
            getattr(script, name),
            name,
            {key: as_theirs(value, script) for key, value in inputs.items()},
            zoo,
            tmp_path / f"theirs {number}",
            monkeypatch,
        )
        assert theirs == ours


def trials(name: str, zoo: Zoo, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Return the inputs of the examples of a node, as they are and varied one by one."""
    found = []
    for number, make in enumerate(examples_of(name)):
        place = folder / f"example {number}"
        place.mkdir()
        monkeypatch.chdir(place)
        example = make(zoo)
        found.append(("", example["inputs"]))
        for port, value in example.get("vary", {}).items():
            value, given = value if isinstance(value, Varied) else (value, {})
            found.append((port, {**example["inputs"], **given, port: value}))
    return found


def outcome(function: Any, name: str, inputs: dict[str, Any], zoo: Zoo, place: Path, patch: pytest.MonkeyPatch) -> Any:
    """Return what a function gives and writes, or that it raised and what it said."""
    place.mkdir()
    patch.chdir(place)
    for make in examples_of(name):
        make(zoo)  # writes the files that the inputs name
    try:
        value = function(**inputs)
    except ValueError as error:
        return "raised", str(error).replace(str(place), "")
    return plainly(value), files_in(place)


def test_every_output_of_several_can_be_named(script: ModuleType) -> None:
    for name in PLAIN:
        outputs = registry[name].outputs
        if registry[name].many_outputs is not None:
            returned = inspect.signature(getattr(script, name)).return_annotation
            returned = getattr(script, returned) if isinstance(returned, str) else returned
            assert list(returned._fields) == list(outputs)


def test_the_parameters_are_the_inputs_without_what_only_the_editor_knows() -> None:
    sources = Sources(Names())
    for name in PLAIN:
        taken = sources.parameters_of(sources.bring(getattr(nodes, name)))
        left_out = {"provenance"} if name in ("save_image", "save_audio", "save_video") else set()
        assert set(taken) == set(registry[name].inputs) - left_out


def test_bringing_the_same_twice_gives_the_same_bytes_and_one_definition(everything: str) -> None:
    assert brought(*(getattr(nodes, name) for name in PLAIN)) == everything
    sources = Sources(Names())
    assert sources.bring(nodes.crop) == sources.bring(nodes.crop) == "crop"
    assert as_module(sources).count("def crop(") == 1


def test_the_bytes_do_not_hang_on_the_order_of_hashing() -> None:
    code = (
        "from pixelflow_widgets import nodes\n"
        "from tests.export.copied import brought\n"
        "print(brought(nodes.blend, nodes.load_table, nodes.contact_sheet))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_only_what_is_used_comes_along() -> None:
    tree = ast.parse(brought(nodes.not_))
    assert [type(one).__name__ for one in tree.body] == ["FunctionDef"]
    sources = Sources(Names())
    sources.bring(nodes.load_table)
    assert sources.requirements == {"pandas"}


def test_a_copied_function_is_what_somebody_would_have_written() -> None:
    assert brought(nodes.crop).partition("def crop")[2] == (
        "(\n"
        "    image: PIL.Image.Image,\n"
        "    width: int | None = None,\n"
        "    height: int | None = None,\n"
        '    place: Place = "upper left",\n'
        "    left: int = 0,\n"
        "    top: int = 0,\n"
        ") -> PIL.Image.Image:\n"
        '    """Cuts a rectangle out of a picture."""\n'
        "    size = width or image.width - abs(left), height or image.height - abs(top)\n"
        "    x, y = placed(place, image.size, size)\n"
        "    # What is as wide as the picture goes begins\n"
        "    # at the border, or where it was moved to.\n"
        "    x = max(left, 0) if width is None else x + left\n"
        "    y = max(top, 0) if height is None else y + top\n"
        "    return image.crop(within(image.size, (x, y, x + size[0], y + size[1])))\n"
    )


def test_what_tells_how_far_a_node_is_goes_with_all_that_served_it() -> None:
    text = brought(nodes.load_folder)
    assert "enumerate(paths)" not in text
    assert "for path in paths:" in text


def test_a_name_that_is_taken_gets_a_number_and_a_wish_is_heeded() -> None:
    names = Names()
    names.keep("placed")
    names.keep("np")
    sources = Sources(names)
    assert sources.bring(nodes.crop, name="Cut out") == "cut_out"
    sources.bring(nodes.edges)
    text = as_module(sources)
    assert "x, y = placed_2(place, image.size, size)" in text
    assert "import numpy as np_2" in text
    assert "np_2.asarray(" in text
    assert loaded(text).cut_out is not None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("switch", "'Lazy'"),
        ("choose", "'Ask'"),
        ("text_to_image", "'Model', which needs a model"),
        ("add_lora", "'Model', which needs a model"),
    ],
)
def test_what_cannot_be_copied_says_why(name: str, reason: str) -> None:
    told = exportable(getattr(nodes, name))
    assert told is not None
    assert told.startswith(f"{name}() cannot be copied into a script:")
    assert reason in told


def test_every_plain_node_can_be_copied() -> None:
    assert {name: told for name in PLAIN if (told := exportable(getattr(nodes, name)))} == {}


def test_what_node_types_hold_and_how_media_are_read_can_be_copied() -> None:
    for name in PLAIN:
        assert exportable(registry[name].function) is None
    for medium in ("image", "mask", "audio", "video", "latents", "table"):
        assert exportable(MEDIA[medium].decode) is None
