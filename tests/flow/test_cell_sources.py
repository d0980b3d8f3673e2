"""The source of a function of the notebook comes with all it needs, and with nothing else of the notebook."""

from __future__ import annotations

import ast
import itertools
import linecache
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelflow_widgets.flow.cell_sources import CellSource, run_source, source_of

from .strategies import examples

_numbers = itertools.count()


class Notebook:
    """Runs cells as a kernel does: in one namespace, the text of each found again by the name of its file."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, cell: str) -> None:
        file = f"/tmp/ipykernel_test/{next(_numbers)}.py"
        linecache.cache[file] = len(cell), None, cell.splitlines(keepends=True), file
        exec(compile(cell, file, "exec", dont_inherit=True), self.names)

    def source(self, name: str) -> CellSource:
        found = source_of(self.names[name])
        assert found is not None
        return found


def again(text: str) -> dict[str, Any]:
    """Return what a carried source defines, in a namespace of its own."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "<again>", "exec", dont_inherit=True), names)
    return names


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def test_helpers_constants_and_imports_come_from_other_cells_in_the_order_that_they_need(notebook: Notebook) -> None:
    notebook.run("import math\nimport os.path\nfrom collections import OrderedDict as Ordered\nFACTOR = 2.5")
    notebook.run("def half(n):\n    return math.floor(n) / 2\n\ndef scaled(n):\n    return half(n) * FACTOR")
    notebook.run("unused = 3\ndef whole(n: int) -> float:\n    made = Ordered(n=n)\n    return scaled(made['n'])")
    found = notebook.source("whole")
    assert again(found.text)["whole"](5) == notebook.names["whole"](5) == 6.25
    assert "unused" not in found.text and "os" not in found.text and found.missing == ()
    assert [step.name for step in ast.parse(found.text).body if isinstance(step, ast.FunctionDef)] == [
        "half",
        "scaled",
        "whole",
    ]


def test_a_local_name_or_an_attribute_brings_nothing_of_the_notebook_that_is_called_so_too(notebook: Notebook) -> None:
    notebook.run("note = 'private'\nsize = 'private'\nother = 'private'")
    notebook.run(
        "def plain(text: str) -> int:\n    note = text\n    return len(note) + sum(other for other in [1]) + text.size"
    )
    assert "private" not in notebook.source("plain").text


@pytest.mark.parametrize("name", ["API_KEY", "token", "HF_TOKEN", "db_password", "my_secret", "credentials"])
def test_what_is_named_like_a_secret_stays_here_and_is_named(notebook: Notebook, name: str) -> None:
    notebook.run(f"{name} = 'hush'\ndef asks() -> str:\n    return {name}")
    found = notebook.source("asks")
    assert "hush" not in found.text and found.missing == (name,)


def test_data_and_live_objects_stay_here_and_are_named(notebook: Notebook) -> None:
    notebook.run("import numpy as np\nphoto = np.zeros(3)\ntext = 'x' * 20_000\nthing = object()")
    notebook.run("def uses() -> int:\n    return len(photo) + len(text) + hash(thing)")
    assert notebook.source("uses").missing == ("photo", "text", "thing")


def test_classes_and_names_for_types_come_too(notebook: Notebook) -> None:
    notebook.run("from enum import Enum\nfrom typing import Literal, NamedTuple\nLook = Literal['warm', 'cold']")
    notebook.run("class Ink(Enum):\n    RED = 1\n\nclass Pair(NamedTuple):\n    first: int\n    second: Look")
    notebook.run("def pair(look: Look = 'warm', ink: Ink = Ink.RED) -> Pair:\n    return Pair(ink.value, look)")
    names = again(notebook.source("pair").text)
    assert names["pair"]() == (1, "warm")


def test_the_class_of_the_cell_that_ran_last_is_taken(notebook: Notebook) -> None:
    notebook.run("class Size:\n    edge = 1")
    notebook.run("class Size:\n    edge = 2")
    notebook.run("def edge() -> int:\n    return Size.edge")
    assert again(notebook.source("edge").text)["edge"]() == 2


def test_modules_inside_of_modules_are_imported(notebook: Notebook) -> None:
    notebook.run(
        "import PIL.Image\nimport xml.dom.minidom as dom\n"
        "def uses() -> str:\n    return PIL.Image.__name__ + dom.__name__"
    )
    text = notebook.source("uses").text
    assert "import PIL.Image\n" in text and "import xml.dom.minidom as dom" in text
    assert again(text)["uses"]() == "PIL.Imagexml.dom.minidom"


def test_functions_that_need_each_other_come_once(notebook: Notebook) -> None:
    notebook.run("def even(n):\n    return n == 0 or odd(n - 1)\n\ndef odd(n):\n    return n != 0 and even(n - 1)")
    text = notebook.source("even").text
    assert again(text)["even"](10) is True and text.count("def odd") == 1


def test_what_a_function_of_a_function_keeps_is_named_as_missing(notebook: Notebook) -> None:
    notebook.run(
        "def make():\n    kept = [1]\n    def inner() -> list:\n        return kept\n    return inner\nmade = make()"
    )
    found = source_of(notebook.names["made"])
    assert found is None or found.missing == ("kept",)


def test_a_function_whose_text_nobody_has_gives_nothing() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("def ghost() -> int:\n    return 1", names)
    assert source_of(names["ghost"]) is None


def test_what_was_run_from_a_source_gives_that_very_source(notebook: Notebook) -> None:
    text = "# said by somebody\ndef odd_spacing( n : int )->int:\n    return   n\n"
    kept: list[Callable[..., Any]] = []
    linecache.cache["<taken>"] = 0, None, [], "<taken>"
    run_source(
        "notebook.odd_spacing", text + "import tests.flow.test_cell_sources as t; t.TAKEN.append(odd_spacing)\n", "d"
    )
    kept += TAKEN
    TAKEN.clear()
    found = source_of(kept[0])
    assert found is not None and found.text.startswith(text)


TAKEN: list[Callable[..., Any]] = []

CONSTANTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.frozensets(st.integers(), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other and type(one) is type(other)


@given(CONSTANTS)
@examples(150)
def test_every_plain_constant_comes_back_as_it_was(value: Any) -> None:
    notebook = Notebook()
    notebook.names["CONSTANT"] = value
    notebook.run("def gives():\n    return CONSTANT")
    first, second = notebook.source("gives"), notebook.source("gives")
    assert first == second and first.missing == ()
    assert same(value, again(first.text)["gives"]())
