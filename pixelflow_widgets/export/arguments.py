"""The arguments of a script: of its `main`, and of its command line."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..flow import document as doc
from ..flow.bindings import bound_ports
from ..flow.document import Document
from ..flow.media_files import MediaFiles, from_json
from ..media import Audio, Video
from ..media.recordings import open_film
from ..nodes.files_code import FILM_IMPORTS
from ..schema import PortType, Registry
from ..schema.exporting import UNKNOWN
from ..schema.literals import flat
from ..schema.port_types import read_port_type
from .expressions import Expression
from .names import Names

if TYPE_CHECKING:
    from .script import Script

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
    "audio": "Audio",
    "video": "Video",
}
_MODULES = {"image": "PIL.Image", "mask": "PIL.Image", "table": "pandas", "latents": "torch", "audio": "soundfile"}
_WRITTEN = ("image", "mask", "table", "audio", "video")
"""What goes into files; the rest is printed."""
_OPENED = {"image": "PIL.Image.open({})", "mask": "PIL.Image.open({})", "table": "pandas.read_csv({})"}
_READ_AUDIO = '''
def {0}(path):
    """Read a sound from a file."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Audio(np.ascontiguousarray(samples.T), rate)
'''
BOUND = "$"
"""How the names of inputs begin that are variables of the notebook; no input of a flow is called so."""
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
        read: How a file that the command line names is opened, with {} for its path; empty where it names none.
    """

    name: str
    code: str
    type: PortType
    default: Any
    text: str
    help: str
    read: str = ""

    @property
    def is_late(self) -> bool:
        """Return whether the default is made in the call."""
        return bool(self.text) and (self.type.name not in (*_PLAIN, "flag") or self.type.many)

    @property
    def late(self) -> str:
        """Return the statement that makes the default in the call."""
        return f"{self.code} = {self.text} if {self.code} is None else {self.code}"


def argument_of(entry: Mapping[str, Any], script: Script, files: MediaFiles) -> Argument:
    """Return an input of a flow as an argument.

    Args:
        entry: The input, as the document has it.
        script: Takes long texts and media.
        files: The media that values refer to.
    """
    port_type = read_port_type(entry["type"])
    name, stored = entry["name"], entry.get("default")
    code = name if not keyword.iskeyword(name) and Names().is_free(name) else f"{name}_"
    default = UNKNOWN if stored is None else port_type.check(from_json(port_type, stored, files))
    text = ""
    if stored is not None and port_type.name in (*_PLAIN, "flag"):
        text = script.constant(name, default)
    elif stored is not None and port_type.name != "model":
        codes = [script.medium(port_type, item, files) for item in (stored if port_type.many else [stored])]
        text = f"[{', '.join(codes)}]" if port_type.many else codes[0]
    told = " ".join(str(entry.get("help") or entry.get("title") or "").split())
    return Argument(name, code, port_type, default, text, told, _read(port_type, script))


def bound_arguments(document: Document, types: Registry, taken: set[str]) -> list[Argument]:
    """Return the variables of the notebook that nodes read, as arguments: a script has no notebook around it.

    Args:
        document: The flow.
        types: Which node types there are.
        taken: Names of other arguments.
    """
    found: dict[str, Argument] = {}
    names = Names(taken)
    for entry in doc.nodes(document).values():
        node_type = types.find(entry["type"])
        for port, variable in bound_ports(entry).items():
            if variable not in found and node_type is not None and port in node_type.inputs:
                kind = node_type.inputs[port].type
                told = f"What the notebook calls {variable}."
                found[variable] = Argument(f"{BOUND}{variable}", names.take(variable), kind, UNKNOWN, "", told)
    return list(found.values())


def signature_of(arguments: Iterable[Argument]) -> str:
    """Return the parameters of a function: those without a default come first."""
    ordered = sorted(arguments, key=lambda one: bool(one.text))
    plain = [f"{one.code}: {annotation_of(one.type)}" for one in ordered if not one.text]
    late = [f"{one.code}: {annotation_of(one.type)} | None = None" for one in ordered if one.is_late]
    others = [f"{one.code}: {annotation_of(one.type)} = {one.text}" for one in ordered if one.text and not one.is_late]
    return ", ".join([*plain, *others, *late])


def annotation_of(port_type: PortType) -> str:
    """Return the annotation of an argument."""
    one = _ANNOTATIONS.get(port_type.name, "object")
    return f"list[{one}]" if port_type.many else one


def imports_of(types: Iterable[PortType]) -> set[str]:
    """Return the imports that annotations want, and files of the command line."""
    found = {_MODULES[one.name] for one in types if one.name in _MODULES}
    return {f"import {module}" for module in found}


def saving_imports(outputs: Mapping[str, Expression]) -> list[str]:
    """Return the imports of what writes results into files."""
    kinds = {code.type.name for code in outputs.values()}
    return [*(["import soundfile"] if "audio" in kinds else []), *(FILM_IMPORTS if "video" in kinds else [])]


def parser_of(arguments: Sequence[Argument], outputs: Mapping[str, Expression], title: str) -> tuple[list[str], str]:
    """Return (imports, the statements that read the command line, call `main` and write what it returns)."""
    lines = ['if __name__ == "__main__":', "    parser = argparse.ArgumentParser(description=__doc__)"]
    imports = ["import argparse", *saving_imports(outputs)]
    taken = {"help"}
    for one in arguments:
        lines.append(f"    parser.add_argument({', '.join(_described(one, _option(one.code, taken)))})")
    folder = _option("out", taken)
    if outputs:
        imports.append("from pathlib import Path")
        lines.append(f'    parser.add_argument("--{folder}", type=Path, default=Path(), help="Where results go.")')
    lines.append("    given = vars(parser.parse_args())")
    if outputs:
        lines.append(f"    out = given.pop({flat(folder.replace('-', '_'))})")
        if any(one.read for one in arguments):
            lines += [f"    {line}" for one in arguments for line in _opened(one)]
        lines += [f"    {line}" for line in _written(outputs)]
    else:
        lines.append("    main(**given)")
    return imports, "\n".join(lines)


def _option(code: str, taken: set[str]) -> str:
    """Return what an argument is called on the command line, which no other one is."""
    plain = code.strip("_").replace("_", "-")
    option, number = plain, 2
    while option in taken:
        option, number = f"{plain}-{number}", number + 1
    taken.add(option)
    return option


def _described(one: Argument, option: str) -> Iterator[str]:
    yield flat(f"--{option}")
    if option.replace("-", "_") != one.code:
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


def _read(port_type: PortType, script: Script) -> str:
    """Return how a file is opened, with {} for its path."""
    if port_type.name == "audio":
        name = script.define(("read audio",), "read_audio", _READ_AUDIO.format)
        script.imports.add("import numpy as np")
        script.sources.bring(Audio)
        return f"{name}({{}})"
    if port_type.name == "video":
        script.imports.add("from pathlib import Path")
        script.sources.bring(Video)
        return f"{script.sources.bring(open_film)}(Path({{}}).read_bytes())"
    return _OPENED.get(port_type.name, "")


def _opened(one: Argument) -> Iterator[str]:
    read = one.read
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
    if port_type.many and port_type.name in _WRITTEN:
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
    elif kind == "audio":
        yield f'soundfile.write(out / {stem}.wav", {value}.samples.T, {value}.sample_rate)'
    elif kind == "video":
        yield f'save_film({value}, out / {stem}.mp4")'
    else:
        yield f"print({value})"
