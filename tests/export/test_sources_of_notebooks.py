"""Functions of notebook cells are copied with the helpers, constants and imports that they use, or refused by name."""

from __future__ import annotations

import itertools
import linecache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import ExportError
from pixelflow_widgets.export.sources import exportable
from pixelflow_widgets.schema import registry

from .copied import brought, checked, loaded, run_without_us


class Notebook:
    """Runs cells in one space of names, as a kernel does."""

    _numbers = itertools.count()

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, source: str) -> None:
        """Run a cell; its source is kept where kernels keep it."""
        name = f"<cell {next(self._numbers)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), self.names)

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A notebook; its node types are known to nobody else, and its cells are forgotten."""
    monkeypatch.setattr(registry, "add", lambda _: None)
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))
    made = Notebook()
    made.run("import pixelflow_widgets as pf")
    return made


def copied(notebook: Notebook, name: str = "work") -> tuple[ModuleType, str]:
    """Return the module of a copied function, and its text."""
    text = brought(notebook[name])
    assert "pixelflow" not in text
    return loaded(text), text


def test_a_node_comes_without_its_decorator_and_its_controls(notebook: Notebook) -> None:
    notebook.run(
        "from typing import Annotated\n"
        "@pf.node(title='Louder', pure=False)\n"
        "def work(text: Annotated[str, pf.Prompt()], times: Annotated[int, pf.Slider(1, 5)] = 2,\n"
        "         progress: pf.Progress = pf.Progress()) -> str:\n"
        "    progress(0.5, note='half')\n"
        "    return text.upper() * times\n"
    )
    module, text = copied(notebook)
    assert text.strip() == "def work(text: str, times: int = 2) -> str:\n    return text.upper() * times"
    assert module.work("a", 3) == "AAA"


def test_helpers_constants_and_imports_come_from_other_cells(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run("import math\nimport numpy as np\nimport PIL.Image")
    notebook.run("from PIL import ImageOps as ops\nfrom math import tau")
    notebook.run("FACTOR = 3 * 2\nWORDS = ['a', \"it's\"]\n_SIZES = {'small': (1, 2), 'large': (4, 4)}")
    notebook.run("def _flipped(image):\n    return ops.mirror(image)\n")
    notebook.run(
        "@pf.node\n"
        "def work(image: pf.Image, size: str = 'large') -> pf.Image:\n"
        '    """Flips.\n\n    Args:\n        image: It.\n    """\n'
        "    values = np.asarray(_flipped(image)) * FACTOR\n"
        "    made = PIL.Image.fromarray(values.astype('uint8')).resize(_SIZES[size])\n"
        "    made.info['words'] = WORDS + [math.floor(tau)]\n"
        "    return made\n"
    )
    module, text = copied(notebook)
    import PIL.Image

    picture = PIL.Image.radial_gradient("L")
    assert module.work(picture).tobytes() == notebook["work"](picture).tobytes()
    assert module.work(picture).info == {"words": ["a", "it's", 6]}
    assert "FACTOR = 6" in text
    assert "def flipped(" in text
    place = tmp_path / "copied.py"
    assert checked(text, place) == ""
    done = run_without_us(place)
    assert done.returncode == 0, done.stderr


def test_what_a_name_is_bound_to_now_counts(notebook: Notebook) -> None:
    notebook.run("SHARE = 1\ndef helper():\n    return 'old'\n")
    notebook.run("def work() -> str:\n    return f'{helper()} {SHARE}'\n")
    notebook.run("def helper():\n    return 'new'\n")
    notebook.run("SHARE += 1")
    module, _ = copied(notebook)
    assert module.work() == "new 2"


def test_classes_aliases_and_tables_of_functions_come_along(notebook: Notebook) -> None:
    notebook.run(
        "from dataclasses import dataclass\nfrom typing import Annotated, NamedTuple, Literal\nfrom enum import Enum\n"
        "Size = Annotated[int, pf.Slider(1, 9)]\n"
        "Way = Literal['up', 'down']\n"
        "class Colour(str, Enum):\n    RED = 'red'\n"
        "@dataclass\nclass Box:\n    width: Size = 2\n    def area(self) -> int:\n        return self.width * SIDE\n"
        "class Both(NamedTuple):\n    image: pf.Image | None\n    number: int\n"
    )
    notebook.run("SIDE = 5\ndef up(value):\n    return value + 1\ndef down(value):\n    return value - 1\n")
    notebook.run(
        "WAYS = {'up': up, 'down': down}\n"
        "def work(size: Size, way: Way = 'up') -> Both:\n"
        "    return Both(None, WAYS[way](Box(size).area()) + len(Colour.RED.value))\n"
    )
    module, text = copied(notebook)
    assert tuple(module.work(2)) == (None, 14)
    assert "size: int, way: Way" in text


def test_variables_that_are_called_like_copied_names_stay_themselves(notebook: Notebook) -> None:
    notebook.run("def _cell(cell):\n    return cell + 1\n_rows = 7\n_item = 1\n")
    notebook.run(
        "def work(cells: list[int], rows: int = 0) -> list:\n"
        "    item = max(_cell(cell) for cell in cells)\n"
        "    return [_cell(cell=cell) for cell in cells] + [_rows + rows, _item, item, f'{_item} {rows!r:>{_rows}}']\n"
    )
    module, _ = copied(notebook)
    assert module.work([1, 2], 3) == notebook["work"]([1, 2], 3)


def test_a_function_of_another_cell_with_the_same_name_gets_a_number(notebook: Notebook) -> None:
    notebook.run("def helper():\n    return 1\ndef first():\n    return helper()\n")
    first = notebook["first"]
    other = Notebook()
    other.run("def helper():\n    return 2\ndef second():\n    return helper()\n")
    module = loaded(brought(first, other["second"]))
    assert (module.first(), module.second()) == (1, 2)


def test_functions_that_call_each_other_and_themselves_are_copied_once(notebook: Notebook) -> None:
    notebook.run(
        "def even(number):\n    return number == 0 or odd(number - 1)\n"
        "def odd(number):\n    return number != 0 and even(number - 1)\n"
        "TABLE = {'even': even, 'odd': odd}\n"
        "def work(number: int) -> str:\n    return 'even' if TABLE['even'](number) else 'odd'\n"
    )
    module, text = copied(notebook)
    assert [module.work(number) for number in (4, 7)] == ["even", "odd"]
    assert text.count("def even(") == 1


def test_classes_that_name_themselves_in_annotations_work(notebook: Notebook) -> None:
    notebook.run(
        "from __future__ import annotations\n"
        "class Tree:\n    def __init__(self, below: list[Tree]) -> None:\n        self.below = below\n"
        "    def depth(self) -> int:\n        return 1 + max([one.depth() for one in self.below], default=0)\n"
        "def work() -> int:\n    return Tree([Tree([])]).depth()\n"
    )
    module, text = copied(notebook)
    assert module.work() == 2
    assert "from __future__ import annotations" in text


def test_errors_of_ours_become_those_of_python(notebook: Notebook) -> None:
    notebook.run(
        "from pixelflow_widgets.errors import MediaError, NodeFailed\n"
        "def work(text: str) -> int:\n"
        "    try:\n        return int(text)\n"
        "    except MediaError:\n        raise\n"
        "    except (ValueError, MediaError, OSError) as error:\n"
        "        raise pf.MediaError('no number') from error\n"
        "def fails() -> None:\n    raise NodeFailed('bad', node='x')\n"
    )
    module, text = copied(notebook)
    assert module.work("3") == 3
    with pytest.raises(ValueError, match="invalid literal|no number"):
        module.work("x")
    assert "except OSError as error" in text
    with pytest.raises(RuntimeError, match="bad"):
        loaded(brought(notebook["fails"])).fails()


def test_our_own_functions_and_media_are_resolved(notebook: Notebook) -> None:
    notebook.run(
        "from pixelflow_widgets.media.masks import softened\nfrom pixelflow_widgets.media import colours\n"
        "def work(mask: pf.Mask, sound: pf.Audio | None = None) -> pf.Mask:\n"
        "    made = pf.Mask(softened(mask, 1.5))\n"
        "    assert colours.rgb_of('#ff0000') == (255, 0, 0)\n"
        "    return pf.Mask(made if sound is None else mask)\n"
    )
    module, text = copied(notebook)
    import PIL.Image

    mask = PIL.Image.linear_gradient("L")
    assert module.work(mask).tobytes() == notebook["work"](mask).tobytes()
    assert "return made if sound is None else mask" in text


def test_what_is_imported_inside_a_function_stands_at_the_top(notebook: Notebook) -> None:
    notebook.run(
        "def work(text: str) -> str:\n    import json as reader\n    from pathlib import Path\n\n"
        "    return Path(reader.loads(text)).suffix\n"
    )
    module, text = copied(notebook)
    assert module.work('"a.png"') == ".png"
    assert text.index("import json as reader") < text.index("def work")


def test_secrets_become_environment_variables(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook.run("HF_TOKEN = 'hf_abcdefghijk'\ndef work() -> str:\n    return HF_TOKEN\n")
    monkeypatch.setenv("HF_TOKEN", "from outside")
    module, text = copied(notebook)
    assert "hf_abc" not in text
    assert module.work() == "from outside"


def test_a_decorator_of_the_notebook_stays(notebook: Notebook) -> None:
    notebook.run("import functools\n")
    notebook.run(
        "def twice(function):\n"
        "    @functools.wraps(function)\n    def call(*args):\n        return function(*args) * 2\n    return call\n"
    )
    notebook.run("@pf.node\n@twice\ndef work(text: str) -> str:\n    return text\n")
    module, _ = copied(notebook)
    assert module.work("ab") == "abab"


def test_values_of_every_plain_kind_come_as_they_are(notebook: Notebook) -> None:
    notebook.run(
        "import re\nfrom pathlib import Path\n"
        "values = [None, True, 0, -1.5, float('inf'), 'é\\n\"', (1,), {'a': [1]}]\n"
        "raw, few, shape = b'\\x00', {2, 1}, frozenset()\n"
        "pattern, place = re.compile('a+', re.I), Path('a') / 'b.txt'\n"
        "def work() -> list:\n    return [values, raw, few, shape, pattern.findall('Aab'), place.name]\n"
    )
    module, _ = copied(notebook)
    assert module.work() == notebook["work"]()


def test_a_function_inside_another_brings_what_it_sees_of_it(notebook: Notebook) -> None:
    notebook.run(
        "def made(factor):\n    def work(number: int) -> int:\n        return number * factor\n    return work\n"
        "work = made(3)\n"
    )
    module, text = copied(notebook)
    assert module.work(2) == 6
    assert "factor = 3" in text


def test_a_module_of_somebody_else_is_imported(notebook: Notebook) -> None:
    notebook.run("from statistics import mean\ndef work(values: list[float]) -> float:\n    return mean(values)\n")
    _, text = copied(notebook)
    assert "from statistics import mean" in text


def test_a_script_that_this_test_stands_in_is_copied_as_well() -> None:
    assert loaded(brought(in_this_file)).in_this_file(2) == 4


HERE = 2


def in_this_file(number: int) -> int:
    """Doubles."""
    return _doubled(number)


def _doubled(number: int) -> int:
    return number * HERE


def test_old_words_for_types_become_new_ones(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(
        "from typing import Callable, Dict, List, Optional, Tuple, Union\nimport typing as t\n"
        "def work(one: Optional[int], two: 'List[Union[int, str]]' = None, way: Callable[[int], int] = abs,\n"
        "         three: t.Annotated[Tuple[int, ...], pf.Slider(0, 1)] = ()) -> Dict[str, int]:\n"
        "    for index in range(2):\n        print(one)\n"
        "    unused = 1\n"
        "    return dict(zip(['a'], [way(one)]))\n"
    )
    module, text = copied(notebook)
    assert module.work(-1) == {"a": 1}
    assert "one: int | None, two: list[int | str]" in " ".join(text.split())
    assert checked(text, tmp_path / "copied.py") == ""


def test_long_texts_and_comments_are_broken_and_mean_the_same(notebook: Notebook, tmp_path: Path) -> None:
    words = "many words with \\\\ and {braces} and 'quotes' and \\N{BULLET} and more of them " * 3
    lines = [
        "def work(name: str = 'x') -> list:",
        f'    """Says {"a lot " * 30}."""',
        f"    # {'A long comment. ' * 12}",
        f'    first = "{words}"  # {"why " * 20}',
        f'    second = f"{words.replace("{braces}", "{{braces}}").replace("and more", "{name!r:>{10}} more")}"',
        f'    third = ["https://example.org/{"long" * 30}", r"\\d+|{"(a|b)" * 30}"]',
        f'    fourth = """{"x" * 100}\n{"y " * 60}\n"""',
        f'    fifth = f"""{"x" * 100}\n{{name}}\n"""',
        f"    if name == {'a long text ' * 10!r} and not {'another one, ' * 9!r}.startswith(name): raise ValueError",
        f"    sixth = {{'key': 'a text that is just too long for its line {'and ' * 7}'}}  # short",
        f"    for _ in range(2):  # {'a comment that stands behind a short line ' * 2}",
        "        pass",
        "    return [first, second, third, fourth, fifth, sixth]",
    ]
    notebook.run("\n".join(lines))
    module, text = copied(notebook)
    assert module.work("é") == notebook["work"]("é")
    place = tmp_path / "copied.py"
    assert checked(text, place) == ""
    assert text.strip() in place.read_text()
    assert "for _ in range(2):\n        pass" in text


def test_python_of_every_kind_keeps_its_meaning(notebook: Notebook) -> None:
    notebook.run(
        "from dataclasses import dataclass\n_count = 1\n"
        "@dataclass\nclass Point:\n    x: int\n    count: int = _count\n"
        "def _kind(value, *_rest, key=_count, **_named):\n    return type(value).__name__, key, len(_rest), _named\n"
    )
    notebook.run(
        "def work(values: list, count: int = 3) -> list:\n"
        "    try:\n        import tomllib as reader\n    except ImportError:\n        reader = None\n"
        "    found = []\n"
        "    for value in values:\n"
        "        match value:\n"
        "            case Point(x=0, count=size):\n                found.append(('point', size))\n"
        "            case {'count': size, **rest}:\n                found.append((size, rest))\n"
        "            case [first, *_]:\n                found.append(first)\n"
        "            case _:\n                found.append(_kind(value, 1, key=count, _kind=2))\n"
        "    def inner():\n        nonlocal count\n        count += _count\n        return (size := count) + size\n"
        "    class Local:\n        _count = 5\n        both = _count\n"
        "    return [*found, inner(), Local.both, [_count for _count in range(2)], {count: _count}, Point(1).count,\n"
        "            reader is not None, (lambda _count: _count)(4), *map(lambda count: count * _count, [7])]\n"
    )
    module, _ = copied(notebook)
    values = [{"count": 1, "b": 2}, [9, 8], "text"]
    theirs = module.work([module.Point(0), *values])
    assert theirs == notebook["work"]([notebook["Point"](0), *values])


def test_what_told_how_far_it_is_leaves_nothing_behind(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(
        "def helper(number: int, report: pf.Progress) -> int:\n    report(number)\n    return number\n"
        "def work(count: int, *, progress: pf.Progress = pf.Progress()) -> int:\n"
        "    def step(number):\n        progress(number)\n"
        "    total = 0\n"
        "    for index, number in enumerate(range(count)):\n"
        "        if index % 2:\n            progress.log(f'{index}')\n"
        "        elif index:\n            progress.check()\n"
        "        total += helper(number, progress) + helper(number, report=progress)\n"
        "        step(number)\n"
        "    else:\n        progress(1)\n"
        "    return total\n"
    )
    module, text = copied(notebook)
    assert module.work(4) == 12
    for word in ("progress", "report", "enumerate", "index"):
        assert word not in text
    assert checked(text, tmp_path / "copied.py") == ""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("state = object()\ndef work(): return state", "'state', which is object"),
        ("import threading\nlock = threading.Lock()\ndef work():\n    with lock: pass", "'lock', which is lock"),
        ("count = 0\ndef work():\n    global count\n    count += 1", "changes 'count'"),
        ("def work(): return globals()['x']", "'globals'"),
        ("def work(): exec('1')", "'exec'"),
        ("def work(): return nowhere", "'nowhere', which is defined nowhere"),
        ("def work(asked: pf.Ask = pf.Ask()): return asked([1])", "'pf.Ask', which asks"),
        ("def work(one: pf.Lazy[int]): return one.get()", "'pf.Lazy'"),
        ("def work(model: pf.Model): return model", "needs a model"),
        ("def work():\n    from pixelflow_widgets.models.loading import lend\n    return lend", "needs a model"),
        ("def work(): return getattr(pf, 'node')", "the module 'pf' as a value"),
        ("def work(): return pf.Flow('x')", "'pf.Flow'"),
        ("def work(progress: pf.Progress): return print(progress)", "hands"),
        ("def work(): return __file__", "__file__"),
        ("work = eval('lambda: 1')", "source"),
    ],
)
def test_what_cannot_be_in_a_script_is_refused_by_name(notebook: Notebook, source: str, reason: str) -> None:
    notebook.run(source)
    told = exportable(notebook["work"])
    assert told is not None
    assert reason in told
    with pytest.raises(ExportError):
        brought(notebook["work"])


def test_a_function_whose_source_nobody_knows_is_refused() -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("def work(): return 1", space)
    told = exportable(space["work"])
    assert told is not None
    assert "source" in told


def test_a_live_object_around_a_function_is_refused() -> None:
    pipeline = object()

    def work() -> Any:
        return pipeline

    told = exportable(work)
    assert told is not None
    assert "'pipeline'" in told
    assert pf.Image is not None
