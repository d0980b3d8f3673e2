"""A builder script is read without being run: what hands have edited is understood, anything else refused."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ExportError
from pixelflow_widgets.export.builder_dialect import VERBS
from pixelflow_widgets.export.builder_reading import document_of_builder
from pixelflow_widgets.flow.document import Document

HEAD = """import pixelflow_widgets as pf
from pixelflow_widgets.nodes import prompt, resize_image, text_to_image

with pf.Flow("poster") as flow:
"""
POSTER = f"""{HEAD}    words = flow.input("words", "a red circle")
    image = text_to_image(words, steps=20, seed=7)
    small = resize_image(image, width=32)
    flow.output("image", small)
"""


def read(source: str | bytes) -> Document:
    return document_of_builder(source, pf.registry)[0]


def inside(*lines: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in lines)


def recorded(source: str) -> Document:
    scope: dict[str, Any] = {}
    exec(compile(source, "flow.py", "exec"), scope)
    return scope["flow"].document


def edited(old: str, new: str) -> Document:
    """Return the poster after an edit by hand; both readers agree about it."""
    assert POSTER.count(old) == 1
    source = POSTER.replace(old, new)
    document = read(source)
    assert document == recorded(source)
    return document


# Hands


def test_a_value_is_changed_by_hand() -> None:
    assert edited("steps=20", "steps=30")["nodes"]["text_to_image"]["values"] == {"steps": 30, "seed": 7}


def test_a_node_is_added_by_hand() -> None:
    document = edited("width=32)\n", "width=32)\n    small = resize_image(small, height=16)\n")
    assert document["edges"][-1] == {"from": "resize_image.image", "to": "resize_image_2.image"}
    assert document["outputs"] == [{"name": "image", "from": "resize_image_2.image"}]


def test_a_node_is_removed_by_hand() -> None:
    document = edited('    small = resize_image(image, width=32)\n    flow.output("image", small)\n', "")
    assert list(document["nodes"]) == ["text_to_image"] and document["outputs"] == []


def test_what_was_arranged_and_is_gone_is_passed_over() -> None:
    source = POSTER + '    flow.arrange({"gone": (1, 2), "text_to_image": (3, 4)}, edges=["gone.x -> a.b"])\n'
    assert read(source) == recorded(source)
    assert read(source)["layout"]["positions"]["text_to_image"] == [3, 4]


def test_comments_docstrings_and_spaces_are_nobodys_business() -> None:
    source = '"""My poster."""\n' + POSTER.replace(
        "    image =", "\n    # the picture itself\n    'a note'\n    image  ="
    )
    assert read(source) == read(POSTER) == recorded(source)


def test_keywords_come_in_any_order() -> None:
    assert edited("words, steps=20, seed=7", "seed=7, steps=20, prompt=words") == read(POSTER)


def test_constants_stand_above_and_are_used_below() -> None:
    source = POSTER.replace("with pf", "STEPS = 20\nwith pf").replace("steps=20", "steps=STEPS")
    assert read(source) == read(POSTER) == recorded(source)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("import pixelflow_widgets", "pixelflow_widgets.nodes.text_to_image('x')"),
        ("from pixelflow_widgets import nodes", "nodes.text_to_image('x')"),
        ("from pixelflow_widgets import nodes as n", "n.text_to_image('x')"),
        ("from pixelflow_widgets.nodes import text_to_image as paint", "paint('x')"),
        ("from __future__ import annotations", "pf.nodes.text_to_image(prompt='x')"),
        ("from pixelflow_widgets import Model", "text_to_image('x', model=Model('sdxl').with_adapter('a', 0.5))"),
        ("", "text_to_image('x', model=pf.Model('sdxl').with_options(scheduler='Euler a'))"),
        ("", "flow.add(text_to_image, id='draw', prompt='x', position=(3, -4.5))"),
        ("", "flow.add('text_to_image', {'prompt': 'x'}, options={'clip_skip': 2})"),
        ("from typing import Literal", "flow.input('how', 'a', type=Literal['a', 'b'])"),
        ("from typing import Any", "flow.input('what', type=list[Any])"),
        ("", "flow.input('size', 1, type=float, min=-1.5, max=+2)"),
        ("", "width, height = flow.add('prompt', text='a')['text'], 5"),
        ("", "a = flow.add('prompt'); b = flow.add('text_to_image'); flow.connect(a['text'], b.inputs['prompt'])"),
        (
            "",
            "a = flow.add('prompt'); flow.set(a, text='x'); flow.rename(a, 'Words'); flow.mute(a); flow.move(a, 1, 2)",
        ),
        ("", "prompt('a'); flow.output('text', flow.nodes['prompt']['text'])"),
        ("", "flow.input('x', 'a'); flow.add('prompt', text=flow.inputs['x'])"),
        ("", "flow.add('resize_image', image=flow.add('text_to_image').outputs['image'])"),
        ("", "prompt('adjacent ' 'texts are one')"),
    ],
)
def test_other_ways_to_write_it_are_read_as_they_are_run(head: str, line: str) -> None:
    source = f"{head}\n{HEAD}    {line}\n"
    assert read(source) == recorded(source)


def test_several_outputs_are_taken_by_name_or_apart() -> None:
    names = 'flow.add("tests.measure", image=image)'
    assert edited("small)\n", f'small)\n    flow.output("width", {names}["width"])\n')["outputs"][-1]["name"] == "width"


def test_subflows_are_read_and_opened_again() -> None:
    source = inside(
        'with flow.subflow("small") as small:',
        '    given = small.input("image", type=pf.Image)',
        '    small.output("image", resize_image(given, width=8))',
        'flow.add("flow/small", image=text_to_image("x"))',
        'with flow.subflow("small") as small:',
        '    small.rename("resize_image", "Tiny")',
    )
    assert read(source) == recorded(source)
    assert read(source)["subflows"]["small"]["document"]["nodes"]["resize_image"]["title"] == "Tiny"


def test_a_script_is_read_from_bytes_and_with_a_mark_in_front() -> None:
    assert read(POSTER.encode("utf-8-sig")) == read("\ufeff" + POSTER) == read(POSTER)


def test_every_verb_of_the_dialect_is_one_of_a_flow() -> None:
    assert [verb for verb in VERBS if not callable(getattr(pf.Flow, verb, None))] == []


# Strangers

HEARD: list[str] = []
_listener: list[int] = []
_ABOUT = ("exec", "import", "open", "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "marshal.", "pickle.")


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and arguments[0] == "<unknown>":
        return  # Python's parser looks for a file of this name to show the line of a mistake
    if _listener and threading.get_ident() == _listener[0] and event.startswith(_ABOUT):
        HEARD.append(f"{event}{arguments!r:.200}")


sys.addaudithook(_hear)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Hear everything that this thread executes, imports, opens or starts; parsing alone is nothing of that."""
    HEARD.clear()
    _listener.append(threading.get_ident())
    try:
        yield HEARD
    finally:
        _listener.clear()


DEED = "open('/tmp/pixelflow_was_run', 'w')"
HOSTILE: dict[str, tuple[str, str]] = {
    "os": ("import os\n" + POSTER, "Line 1, column 1: 'os' is not imported here"),
    "dotted": ("import os.path\n" + POSTER, "'os.path' is not imported"),
    "from os": ("from os import system\n" + POSTER, "'os' is not imported"),
    "two at once": ("import pixelflow_widgets, os\n" + POSTER, "'os' is not imported"),
    "inside of ours": ("from pixelflow_widgets.cli import main\n" + POSTER, "'pixelflow_widgets.cli' is not imported"),
    "dotted of ours": ("import pixelflow_widgets.cli\n" + POSTER, "'pixelflow_widgets.cli' is not imported"),
    "no name of ours": ("from pixelflow_widgets import edit\n" + POSTER, "has no 'edit' that is read here"),
    "no node": ("from pixelflow_widgets.nodes import registry\n" + POSTER, "has no 'registry'"),
    "star": ("from pixelflow_widgets.nodes import *\n" + POSTER, "Name what is used"),
    "relative": ("from . import nodes\n" + POSTER, "'.' is not imported"),
    "import inside": (inside("import os"), "Line 5, column 5: 'os' is not imported"),
    "eval": (inside(f'eval("{DEED}")'), "Nothing is called 'eval'"),
    "exec": (inside(f'exec("{DEED}")'), "Nothing is called 'exec'"),
    "open": (inside(DEED), "Nothing is called 'open'"),
    "import function": (inside("__import__('os').system('true')"), "Nothing is called '__import__'"),
    "getattr": (inside("getattr(flow, 'run')()"), "by their names"),
    "getattr alone": (inside("prompt(getattr(flow, 'name'))"), "Nothing is called 'getattr'"),
    "builtins": (inside("__builtins__['eval']('1')"), "by their names"),
    "builtins alone": (inside("prompt(__builtins__)"), "Nothing is called '__builtins__'"),
    "walrus": (inside(f"prompt((text := {DEED}))"), "An assignment inside an expression is not read here"),
    "f-string": (inside(f'prompt(f"{{{DEED}}}")'), "Line 5, column 12: An f-string"),
    "f-string alone": (inside('f"{1}"'), "This does nothing"),
    "lambda": (inside("prompt(lambda: 0)"), "A lambda"),
    "lambda called": (inside("(lambda: 0)()"), "by their names"),
    "list comprehension": (inside("prompt([x for x in (1,)])"), "A comprehension"),
    "dict comprehension": (inside("flow.amend({x: 1 for x in 'a'})"), "A comprehension"),
    "generator": (inside("prompt(x for x in 'a')"), "A generator"),
    "arithmetic": (inside("prompt('a' * 10**9)"), "Arithmetic is not read here"),
    "format": (inside("prompt('{}'.format(1))"), "has no '.format' that is read here"),
    "percent": (inside("prompt('%s' % 1)"), "Arithmetic"),
    "comparison": (inside("prompt(1 < 2)"), "A comparison"),
    "and": (inside("prompt('' or 'x')"), "'and' and 'or'"),
    "not": (inside("prompt(not 1)"), "An operator"),
    "choice": (inside("prompt('a' if 1 else 'b')"), "A choice by 'if'"),
    "set": (inside("prompt({1, 2})"), "A set"),
    "slice": (inside("prompt('abc'[0:1])"), "A slice"),
    "await": (inside("await flow.run_async()"), "This does nothing|no Python|'await'"),
    "yield": (inside("yield 1"), "This does nothing|'yield'"),
    "decorator": (f"@print\ndef f(): {DEED}\n" + POSTER, "A function is not read here"),
    "class": (f"class A:\n    {DEED}\n" + POSTER, "A class"),
    "function": (inside(f"def f(): {DEED}"), "A function"),
    "if": (inside(f"if True: {DEED}"), "'if' is not read here"),
    "for": (inside("for _ in range(9): prompt('a')"), "A loop"),
    "while": (inside("while True: prompt('a')"), "A loop"),
    "try": (inside(f"try: {DEED}", "except Exception: pass"), "'try'"),
    "del": (inside("del flow"), "'del'"),
    "assert": (inside(f"assert {DEED}"), "'assert'"),
    "raise": (inside("raise SystemExit"), "'raise'"),
    "match": (inside("match 1:", "    case _: pass"), "'match'"),
    "global": (inside("global flow"), "'global'"),
    "annotation": (inside(f"x: {DEED} = 1"), "An annotation"),
    "augmented": (inside("flow += 1"), "An assignment that computes"),
    "chained": (inside("a = b = 1"), "One name is given at a time"),
    "attribute set": (inside("flow.registry = 1"), "plain names"),
    "item set": (inside("flow.nodes['a'] = 1"), "plain names"),
    "starred target": (inside("a, *b = (1, 2)"), "plain names"),
    "too few": (inside("a, b = (1,)"), "There are 2 names"),
    "dunder set": (inside("__builtins__ = 1"), "an inside of Python"),
    "dunder": (inside("prompt(flow.__class__)"), "'__class__' is an inside of Python"),
    "dunder of a text": (inside("prompt(''.__class__.__mro__)"), "an inside of Python"),
    "dunder called": (inside("flow.__init__()"), "does not build a flow"),
    "inside called": (inside("flow._become({}, 'x')"), "does not build a flow"),
    "attribute of the flow": (inside("prompt(flow.registry)"), "The flow has no '.registry'"),
    "function of a node": (inside("prompt(text_to_image.node_type)"), "has no '.node_type'"),
    "wrapped": (inside("text_to_image.__wrapped__('x')"), "an inside of Python"),
    "value of a port": (inside("prompt(flow.add('prompt').inputs['text'].value)"), "has no '.value'"),
    "only known in a run": (inside("a = text_to_image('x')", "prompt(a.size)"), "only known when the flow runs"),
    "run": (POSTER + "    flow.run()\n", "does not build a flow, and nothing is run here"),
    "run after": (POSTER + "flow.run()\n", "does not build a flow"),
    "save": (POSTER + "    flow.save('/tmp/pixelflow_was_run')\n", "does not build a flow"),
    "load": (inside("pf.Flow.load('x.json')"), "not read here|has no '.load'"),
    "file": (inside("flow.add('/etc/passwd.json')"), "opens no file"),
    "the flow itself": (inside("flow.add(flow)"), "is not given to anything"),
    "the package": (inside("prompt(pf)"), "is not given to anything"),
    "star arguments": (inside("prompt(*['a'])"), "A star is not read"),
    "double star": (inside("prompt(**{'text': 'a'})"), "Write each argument out"),
    "double star in braces": (inside("flow.amend({**{}})"), "Write each entry out"),
    "bytes": (inside("prompt(b'x')"), "This is not read here"),
    "ellipsis": (inside("prompt(...)"), "This is not read here"),
    "imaginary": (inside("prompt(1j)"), "This is not read here"),
    "twice a key": (inside("flow.amend({'a': 1, 'a': 2})"), "stands twice"),
    "number as a key": (inside("flow.amend({1: 2})"), "A name in braces is text"),
    "call of a call": (inside("text_to_image('x')('y')"), "by their names"),
    "call of an item": (inside("[prompt][0]('x')"), "by their names"),
    "call of a type": (inside("prompt(str(1))"), "is not called here"),
    "float of a text": (inside("prompt(float('1e5'))"), "is not called here"),
    "unknown name": (inside("prompt(tekst)"), "Nothing is called 'tekst'"),
    "unknown type": (inside("flow.add('text_to_imag')"), "Did you mean 'text_to_image'"),
    "unknown input": (inside("text_to_image('x', step=3)"), "unexpected keyword argument 'step'"),
    "value of another kind": (inside("text_to_image('x', steps='many')"), "A whole number is wanted"),
    "value out of limits": (inside("text_to_image('x', steps=-1)"), "less than the smallest value"),
    "circle": (inside("a = flow.add('resize_image')", "flow.connect(a['image'], a.inputs['image'])"), "a circle"),
    "no place": (inside("flow.amend({'nodes/gone/note': 1})"), "There is no place 'nodes/gone/note'"),
    "node outside": ("from pixelflow_widgets.nodes import prompt\nprompt('a')\n", "inside of 'with pf.Flow"),
    "second flow": (POSTER + POSTER, "A script builds one flow"),
    "flow in a flow": (inside("with pf.Flow('x') as other:", "    pass"), "A script builds one flow"),
    "other block": (inside("with open('x') as file:", "    pass"), "Nothing is called 'open'"),
    "two in a block": (
        "import pixelflow_widgets as pf\nwith pf.Flow('a') as a, pf.Flow('b') as b: pass",
        "of one flow",
    ),
    "registry": ("import pixelflow_widgets as pf\nwith pf.Flow('a', registry=None): pass", "alone, a text"),
    "block of a node": (inside("with text_to_image('x') as a:", "    pass"), "A block is of a flow"),
    "subflow outside of a block": (inside("flow.subflow('a')"), "Write with flow.subflow"),
    "outer flow inside": (inside("with flow.subflow('a') as a:", "    flow.input('x', 1)"), "belongs to another flow"),
    "async": ("async def f():\n    async with x: pass\n", "A function"),
    "semicolon": (inside(f"prompt('a'); {DEED}"), "Nothing is called 'open'"),
    "half an expression": (inside("prompt("), "this is no Python"),
    "indentation": ("  import os\nx", "this is no Python"),
    "nothing": ("", "This script builds no flow"),
    "only a text": ('"""poster"""', "This script builds no flow"),
    "half a character": ("x = '\ud800'\n", "cannot be read"),
    "null byte": (POSTER + "\0", "null byte"),
    "long number": (inside("prompt(" + "9" * 10_000 + ")"), "no Python|cannot be read"),
    "infinite": (inside("text_to_image('x', guidance=1e999)"), "A finite number is wanted"),
    "growing": (
        "a0 = ['ab', 'ab']\n" + "".join(f"a{n + 1} = [a{n}, a{n}]\n" for n in range(60)) + POSTER,
        "too large",
    ),
}
DEEP = {
    "brackets": "[" * 100_000 + "]" * 100_000,
    "braces": "{'a': " * 100_000 + "1" + "}" * 100_000,
    "parentheses": "(" * 100_000 + "1" + ")" * 100_000,
    "open": "[" * 100_000,
    "minus": "-" * 100_000 + "1",
    "not": "not " * 100_000 + "1",
    "attributes": "flow" + ".a" * 100_000,
    "calls": "flow" + "()" * 100_000,
    "items": "flow" + "[0]" * 100_000,
    "sum": "1 + " * 100_000 + "1",
    "lambda": "lambda: " * 100_000 + "1",
    "lists of 150": "[" * 150 + "]" * 150,
    "models": "pf.Model('a')" + ".with_options(a=1)" * 150,
}


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    read(POSTER)  # what we import ourselves when we read for the first time
    with pytest.raises(ExportError):
        read(inside("eval(1)"))


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_else_is_refused_in_words_and_not_run(name: str) -> None:
    source, words = HOSTILE[name]
    with listening() as heard, pytest.raises(ExportError, match=words) as refused:
        read(source)
    assert heard == []
    assert not Path("/tmp/pixelflow_was_run").exists()
    assert name in ("nothing", "only a text", "half a character", "long number") or "Line " in str(refused.value)


def test_the_ear_hears_what_is_run() -> None:
    with listening() as heard:
        exec(compile("import wave\nopen('/dev/null').close()", "hostile.py", "exec"), {})
    assert {event.partition("(")[0] for event in heard} >= {"exec", "open"}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_without_end_is_refused_and_the_interpreter_lives(name: str) -> None:
    for source in (inside(f"x = {DEEP[name]}"), f"x = {DEEP[name]}\n"):
        with pytest.raises(ExportError, match="too deep|no Python|Nothing is called"):
            read(source)


def test_blocks_without_end_are_refused() -> None:
    lines = [f'{" " * 4 * depth}with flow.subflow("a") as flow:\n' for depth in range(1, 60)]
    with pytest.raises(ExportError, match="too deep|no Python"):
        read(HEAD + "".join(lines) + " " * 300 + "pass\n")


@pytest.mark.parametrize("source", [b"\xff\xfe" + POSTER.encode(), POSTER.encode("utf-16"), b"x = '\xe9'"])
def test_what_is_not_utf_8_is_refused(source: bytes) -> None:
    with pytest.raises(ExportError, match="not UTF-8|null byte"):
        read(source)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ExportError, match="A script is text, not int"):
        read(5)  # type: ignore[arg-type]


def test_columns_count_characters_and_not_bytes() -> None:
    with pytest.raises(ExportError, match=r"Line 5, column 32: Nothing is called 'x'"):
        read(inside("text_to_image('🙂漢é', model=x)"))


def test_reading_leaves_the_recorder_of_the_notebook_alone() -> None:
    with pf.Flow("outer") as outer:
        read(POSTER)
        pf.nodes.prompt("a")
    assert list(outer.nodes) == ["prompt"]
