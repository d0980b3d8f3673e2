"""What identifies the behaviour of a function of a notebook: its code and that of what it names."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import pytest

from pixelflow_widgets.schema.code_digest import code_digest, unseen

CELL = """
import functools
import pixelflow_widgets as pf
SCALE = 2
SIZES = (1, 2)

def inner(x):
    return x + 1

def helper(x):
    return inner(x) * SCALE

def loud(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call

@loud
def decorated(x):
    return x

def f(text: str, times: int = 3, *, sep: str = "-", progress: pf.Progress = pf.Progress()) -> str:
    '''Repeats.'''
    try:
        value = [helper(n) for n in range(times) if n in {1, 2, "three"}]
    except ValueError:
        value = SIZES
    return sep.join(map(str, value)) + str(decorated(0))
"""


def digest_of(source: str, name: str = "f") -> str:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(textwrap.dedent(source), space)
    return code_digest(space[name])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("value = SIZES", "value = SIZES[:1]"),
        ("SCALE = 2", "SCALE = 3"),
        ("SIZES = (1, 2)", "SIZES = (1, 3)"),
        ("return x + 1", "return x + 2"),
        ("inner(x) * SCALE", "inner(x) + SCALE"),
        ("times: int = 3", "times: int = 4"),
        ('sep: str = "-"', 'sep: str = "+"'),
        ('{1, 2, "three"}', '{1, 2, "four"}'),
        ("except ValueError", "except TypeError"),
        ("return function(*args, **kwargs)", "return function(*args, **kwargs) * 2"),
        ("SCALE = 2", "SCALE = 2.0"),
    ],
)
def test_a_change_of_the_function_or_of_what_it_names_changes_the_digest(before: str, after: str) -> None:
    assert before in CELL
    assert digest_of(CELL.replace(before, after)) != digest_of(CELL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    try:", "    # why\n\n    try:"),
        ("SCALE = 2", "\n\nSCALE = 2  # pixels"),
        ("def inner(x):", "OTHER = 5\n\ndef unrelated(x):\n    return x\n\ndef inner(x):"),
        ("text: str", "text:   str"),
    ],
)
def test_a_comment_or_something_unrelated_does_not_change_the_digest(before: str, after: str) -> None:
    assert before in CELL
    assert digest_of(CELL.replace(before, after)) == digest_of(CELL)


def test_running_the_same_cell_again_does_not_change_the_digest() -> None:
    assert digest_of(CELL) == digest_of(CELL)


def test_the_digest_is_the_same_in_every_process() -> None:
    program = f"""
import sys; sys.argv = ['x']
from pixelflow_widgets.schema.code_digest import code_digest, unseen
space = {{"__name__": "__main__"}}
exec({CELL!r}, space)
print(code_digest(space["f"]))
"""
    found = {digest_of(CELL)}
    for seed in "123":
        environment = {"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        found.add(done.stdout.strip())
    assert len(found) == 1


def test_what_a_closure_holds_counts() -> None:
    cell = """
    def outer(factor):
        def helper(x):
            return x * factor
        def f(text: str) -> str:
            return text * helper(1)
        return f
    one, two, again = outer(1), outer(2), outer(1)
    """
    assert digest_of(cell, "one") == digest_of(cell, "again")
    assert digest_of(cell, "one") != digest_of(cell, "two")


def test_a_helper_that_is_a_node_itself_or_cached_counts() -> None:
    cell = """
    import functools, pixelflow_widgets as pf
    @pf.node
    def helper(text: str) -> str:
        return text + "a"
    @functools.lru_cache
    def cached(text):
        return text + "b"
    @pf.node
    def f(text: str) -> str:
        return helper(text) + cached(text)
    """
    assert digest_of(cell) == digest_of(cell)
    assert digest_of(cell) != digest_of(cell.replace('"a"', '"c"'))
    assert digest_of(cell) != digest_of(cell.replace('"b"', '"c"'))


def test_functions_that_call_each_other_have_a_digest() -> None:
    cell = """
    def even(n): return n == 0 or odd(n - 1)
    def odd(n): return n != 0 and even(n - 1)
    """
    assert digest_of(cell, "even") != digest_of(cell, "odd")


def test_the_digest_of_a_type_holds_its_name_and_version() -> None:
    cell = """
    import pixelflow_widgets as pf
    @pf.node(version=VERSION)
    def f(text: str) -> str:
        return text
    """
    digests = []
    for version in "12":
        space: dict[str, Any] = {"__name__": "__main__"}
        exec(textwrap.dedent(cell).replace("VERSION", version), space)
        digests.append(space["f"].node_type.digest())
    assert digests[0].startswith("notebook.f@1:") and digests[1].startswith("notebook.f@2:")


def defined(source: str, **names: Any) -> Any:
    """Return the function `f` of a cell."""
    space = {"__name__": "__main__", **names}
    exec(source, space)
    return space["f"]


def test_what_no_digest_sees_is_named() -> None:
    import functools

    import numpy

    class Own:
        __module__ = "__main__"

    cell = "def g(x):\n    return table, x\ndef f(x):\n    return g(x), number, words, library, own, sine, made, cached"
    seen = {"number": 3, "words": ("a", 1), "library": functools, "sine": numpy.sin}
    own = {"table": [1], "own": Own, "made": Own(), "cached": {}}
    assert unseen(defined(cell, **seen, **own)) == ["cached", "made", "own", "table"]
    assert unseen(defined("def f(x):\n    return number, words, library, sine", **seen)) == []


def test_a_helper_counts_if_it_is_of_the_package_that_is_named() -> None:
    def digest(body: str, package: str) -> str:
        space: dict[str, Any] = {"__name__": "shapes.nodes"}
        exec(f"def helper(x):\n    return x {body}\ndef f(x):\n    return helper(x)", space)
        return code_digest(space["f"], package)

    assert digest("+ 1", "shapes") != digest("+ 2", "shapes")
    assert digest("+ 1", "shapes") == digest("+ 1", "shapes")
    assert digest("+ 1", "other") == digest("+ 2", "other")
