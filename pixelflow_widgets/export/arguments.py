"""The arguments of a script: of its `main`, and of its command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..schema import PortType
from .expressions import Expression
from .literals import flat

_ANNOTATIONS = {
    "text": "str",
    "choice": "str",
    "int": "int",
    "float": "float",
    "flag": "bool",
    "image": "PIL.Image.Image",
    "mask": "PIL.Image.Image",
    "table": "pandas.DataFrame",
    "latents": "torch.Tensor",
}
_MODULES = {"image": "PIL.Image", "mask": "PIL.Image", "table": "pandas", "latents": "torch"}
_PLAIN = ("text", "choice", "int", "float")


@dataclass(frozen=True)
class Argument:
    """Is an input of the flow, as an argument of the script.

    Args:
        name: What it is called in the flow.
        code: What it is called in the script.
        type: What it carries.
        default: Its value when none is given.
        text: The expression of that; empty where there is none.
        help: What it is, in words.
    """

    name: str
    code: str
    type: PortType
    default: Any
    text: str
    help: str

    @property
    def default_text(self) -> str:
        """Return the default as the signature has it: lists and media are made in the call."""
        return self.text if self.type.name in (*_PLAIN, "flag") and not self.type.many else "None"

    @property
    def is_late(self) -> bool:
        """Return whether the default is made in the call."""
        return bool(self.text) and self.default_text == "None"


def annotation_of(port_type: PortType) -> str:
    """Return the annotation of an argument."""
    one = _ANNOTATIONS.get(port_type.name, "object")
    return f"list[{one}]" if port_type.many else one


def imports_of(types: Iterable[PortType]) -> set[str]:
    """Return the imports that annotations want."""
    found = {_MODULES[one.name] for one in types if one.name in _MODULES}
    return {f"import {module}" for module in found}


def parser_of(arguments: Sequence[Argument], outputs: Mapping[str, Expression], title: str) -> tuple[list[str], str]:
    """Return (imports, the statements that read the command line, call `main` and write what it returns)."""
    lines = ['if __name__ == "__main__":', "    parser = argparse.ArgumentParser(description=__doc__)"]
    imports = ["import argparse"]
    for one in arguments:
        lines.append(f"    parser.add_argument({', '.join(_described(one))})")
    if outputs:
        imports.append("from pathlib import Path")
        lines.append('    parser.add_argument("--out", type=Path, default=Path(), help="Folder of the results.")')
    lines.append("    given = vars(parser.parse_args())")
    if outputs:
        lines.append('    out = given.pop("out")')
        if any(_read(one.type) for one in arguments):
            lines += [f"    {line}" for one in arguments for line in _opened(one)]
        lines += [f"    {line}" for line in _written(outputs)]
    else:
        lines.append("    main(**given)")
    return imports, "\n".join(lines)


def _described(one: Argument) -> Iterator[str]:
    yield flat(f"--{one.code.strip('_').replace('_', '-')}")
    yield f"dest={flat(one.code)}"
    if one.type.name == "flag":
        yield "action=argparse.BooleanOptionalAction"
    elif one.type.name in ("int", "float"):
        yield f"type={one.type.name}"
    if one.type.many:
        yield 'nargs="*"'
    if one.text and not one.is_late:
        yield f"default={one.text}"
    elif not one.text:
        yield "required=True"
    if one.type.choices and not one.type.many:
        yield f"choices={flat(list(one.type.choices))}"
    if one.help:
        yield f"help={flat(one.help.replace('%', '%%'))}"


def _read(port_type: PortType) -> str:
    return {"image": "PIL.Image.open({})", "mask": "PIL.Image.open({})", "table": "pandas.read_csv({})"}.get(
        port_type.name, ""
    )


def _opened(one: Argument) -> Iterator[str]:
    read = _read(one.type)
    if not read:
        return
    place = f"given[{flat(one.code)}]"
    opened = f"[{read.format('path')} for path in {place}]" if one.type.many else read.format(place)
    if one.text:
        yield f"if {place} is not None:"
        yield f"    {place} = {opened}"
    else:
        yield f"{place} = {opened}"


def _written(outputs: Mapping[str, Expression]) -> Iterator[str]:
    """Yield statements that write what `main` returned."""
    if len(outputs) == 1:
        ((name, code),) = outputs.items()
        yield "result = main(**given)"
        yield from _written_one(name, "result", code.type)
        return
    yield "results = main(**given)"
    for name, code in outputs.items():
        yield from _written_one(name, f"results[{flat(name)}]", code.type)


def _written_one(name: str, value: str, port_type: PortType) -> Iterator[str]:
    if port_type.many:
        yield f"for number, item in enumerate({value}, 1):"
        numbered = f'f"{name}_{{number}}'
        yield from ("    " + line for line in _file(f"{numbered}", "item", port_type.name))
    else:
        yield from _file(f'"{name}', value, port_type.name)


def _file(stem: str, value: str, kind: str) -> Iterator[str]:
    if kind in ("image", "mask"):
        yield f'{value}.save(out / {stem}.png")'
    elif kind == "table":
        yield f'{value}.to_csv(out / {stem}.csv", index=False)'
    else:
        yield f"print({value})"
