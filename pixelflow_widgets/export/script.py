"""A flow as a plain script: what a user of diffusers would have written, with nothing of this package in it."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ExportError, PixelFlowError
from ..flow import document as doc
from ..flow.media_files import KEY, MediaFiles, from_json
from ..flow.subflows import with_subflows
from ..media import blake3_hex
from ..nodes.files_code import FILM, SAVE_FILM
from ..schema import PortType
from ..schema.exporting import indented
from ..schema.literals import flat, literal
from .arguments import (
    Argument,
    annotation_of,
    argument_of,
    bound_arguments,
    imports_of,
    parser_of,
    saving_imports,
    signature_of,
)
from .expressions import Expression
from .formatting import formatted
from .lowering import Lowering
from .names import COMMAND_LINE, Names, identifier
from .sources import Sources
from .trailer import trailer_of

if TYPE_CHECKING:
    from .exportable import ExportableFlow

_LONG = 60
"""From how many characters on a text is a constant at the top."""
OVERLOOKED = ("missing-model", "missing-secret", "missing-input", "unconfirmed", "no-variable", "bad-variable")
"""Problems that do not hinder a script: it may run on another machine, with other inputs."""
_PACKAGES = {
    "PIL": "pillow",
    "av": "av",
    "cv2": "opencv-python",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_BESIDE = {"diffusers": ("accelerate", "peft", "safetensors", "transformers"), "transformers": ("safetensors",)}
"""What a package needs in practice and does not bring."""
_PAIRED = '''
def {name}(*columns):
    """Pair lists item by item; a list of one goes with every item of the others."""
    count = max((len(column) for column in columns if len(column) != 1), default=1)
    return zip(
        *(column * count if len(column) == 1 else column for column in columns),
        strict=True,
    )
'''


class Parts(NamedTuple):
    """Are the parts of a script before they are joined: a notebook makes cells of them.

    Args:
        title: What the flow is called.
        about: The words at the top, without quotes.
        needs: The packages that it needs, as pip reads them.
        imports: Import statements.
        constants: Statements.
        definitions: Functions and classes.
        arguments: Of `main`.
        lines: What `main` does; before each node stands a comment with its title.
        returns: The expression of what it returns; empty where it returns nothing.
        outputs: The outputs of the flow by name.
    """

    title: str
    about: str
    needs: list[str]
    imports: list[str]
    constants: list[str]
    definitions: list[str]
    arguments: list[Argument]
    lines: list[str]
    returns: str
    outputs: Mapping[str, Expression]


class Script:
    """Collects what stands at the top of a script.

    Args:
        media: Name of the folder in which media of the flow lie beside the script.
        memory: What nodes tell each other, by key.
    """

    def __init__(self, media: str, memory: dict[Hashable, dict[Hashable, None]]) -> None:
        self.names = Names(avoided=COMMAND_LINE)
        self.imports: set[str] = set()
        self.required: set[str] = set()
        """Packages that the code needs and nobody imports, as pip calls them."""
        self.numbers: dict[float, str] = {}
        """What the numbers in handles of models stand for that only the script knows."""
        self.sources = Sources(self.names)
        self.bodies: dict[Hashable, dict[str, PortType]] = {}
        """What each function gives that a subflow became."""
        self.memory = memory
        self._media = media
        self._constants: dict[Hashable, tuple[str, str]] = {}
        self._definitions: dict[Hashable, tuple[str, str]] = {}

    @property
    def constants(self) -> list[str]:
        """Return the constants, in the order in which they were wanted."""
        defined = [source for _, source in self._definitions.values() if not _is_function(source)]
        return [*(source for _, source in self._constants.values()), *defined]

    @property
    def definitions(self) -> list[str]:
        """Return what was copied, and what nodes defined, in order."""
        defined = [source for _, source in self._definitions.values() if _is_function(source)]
        return [*self.sources.definitions, *defined]

    def define(self, key: Hashable, wanted: str, write: Callable[[str], str]) -> str:
        """Put something at the top, once for each key; see `Writing.define`."""
        if key not in self._definitions:
            name = wanted if key == FILM else self.names.take(wanted)  # its command line calls that, too
            self._definitions[key] = (name, "")  # its place: what it defines itself while it is written comes after it
            self._definitions[key] = (name, textwrap.dedent(write(name)).strip())
        return self._definitions[key][0]

    def constant(self, wanted: str, value: Any) -> str:
        """Return a literal, or the name of a constant where it is long."""
        text = flat(value)
        if not isinstance(value, str) or len(value) < _LONG:
            return text
        key = (wanted, value)
        if key not in self._constants:
            name = self.names.take(wanted, constant=True)
            self._constants[key] = (name, f"{name} = {literal(value, before=f'{name} = ')}")
        return self._constants[key][0]

    def medium(self, port_type: PortType, stored: Any, files: MediaFiles) -> str:
        """Return the expression of a medium that lies beside the script."""
        if not isinstance(stored, Mapping) or KEY not in stored:
            return flat(from_json(port_type, stored, files))
        reference = stored[KEY]
        self.imports.add("from pathlib import Path")
        if ("media",) not in self._constants:
            name = self.names.take("media", constant=True)
            self._constants["media",] = (name, f"{name} = Path(__file__).parent / {flat(self._media)}")
        place = f"{self._constants['media',][0]} / {flat(reference)}"
        if reference.endswith(".png"):
            self.imports.add("import PIL.Image")
            return f"PIL.Image.open({place})"
        # Long names of files fit at the top alone.
        kept = self.define(("medium", reference), port_type.name.upper(), lambda name: f"{name} = {place}")
        return f"{self.sources.bring(port_type.medium.decode)}({kept}.read_bytes())"

    def number_for(self, code: str) -> float:
        """Return a number that stands in a model's handle for what only the script knows; the same for the same code.

        It lies between 1 and 2, so that nothing takes it for a weight of 0, and nobody writes one like it.
        """
        number = 1 + int(blake3_hex(code.encode())[:12], 16) / 2**48
        self.numbers[number] = code
        return number

    def paired(self) -> str:
        """Return the name of the function that goes through several lists at once."""
        return self.define(("paired",), "paired", lambda name: _PAIRED.format(name=name))


def _is_function(source: str) -> bool:
    """Return whether a source is a function or class, and no statement."""
    return isinstance(ast.parse(source).body[0], ast.FunctionDef | ast.ClassDef)


def script_of(flow: ExportableFlow) -> str:
    """Return a flow as a script; see `Flow.to_script`.

    Raises:
        ExportError: A node cannot be written, or the flow has problems.
    """
    code = code_of(flow)
    return code + trailer_of(code, flow.document)


def code_of(flow: ExportableFlow) -> str:
    """Return a flow as a script, without the comment in which the flow itself rides along.

    Raises:
        ExportError: A node cannot be written, or the flow has problems.
    """
    return formatted(joined(parts_of(flow)))


def parts_of(flow: ExportableFlow) -> Parts:
    """Return the parts of a flow's script.

    Raises:
        ExportError: A node cannot be written, or the flow has problems.
    """
    check(flow)
    memory: dict[Hashable, dict[Hashable, None]] = {}
    parts = _written(flow, memory)
    return _written(flow, memory) if memory else parts  # now each node knows what the others told


def _written(flow: ExportableFlow, memory: dict[Hashable, dict[Hashable, None]]) -> Parts:
    document = flow.document
    script = Script(f"{document['name']}.media", memory)
    names = Names(outer=script.names)
    types = with_subflows(flow.registry, document)
    arguments = [argument_of(entry, script, flow.media) for entry in doc.inputs(document)]
    arguments += bound_arguments(document, types, {one.code for one in arguments})
    given = {one.name: given_of(one) for one in arguments}
    for one in arguments:
        script.names.keep(one.code)  # nothing at the top is called so, and hidden in `main`
    seeds = getattr(flow.last_run, "seeds", {})
    lowering = Lowering(script, document, types, flow.media, names, given, seeds)
    try:
        outputs = lowering.write()
    except ExportError:
        raise
    except PixelFlowError as error:
        raise ExportError(str(error)) from error
    kinds = [*(one.type for one in arguments), *([next(iter(outputs.values())).type] if len(outputs) == 1 else [])]
    imports = sorted({*script.imports, *script.sources.imports, *imports_of(kinds)})
    return Parts(
        document["name"],
        about(flow),
        needed([*imports, *saving_imports(outputs)], script.required),
        imports,
        _used(script, [*lowering.lines, *(one.text for one in arguments)]),
        script.definitions,
        [one for one in arguments if one.type.name != "model" and not _is_settled(one, document, lowering.settled)],
        lowering.lines,
        _returned(outputs),
        outputs,
    )


def _is_settled(argument: Argument, document: doc.Document, settled: Collection[str]) -> bool:
    """Return whether an input of the flow feeds only nodes of which nothing is written."""
    feeds = [place for entry in doc.inputs(document) if entry["name"] == argument.name for place in doc.feeds(entry)]
    return bool(feeds) and all(node in settled for node, _ in feeds)


def _used(script: Script, code: Iterable[str]) -> list[str]:
    """Return the constants that code names, or other constants: a node may have had no use for a value."""
    constants, text = script.constants, "\n".join([*code, *script.definitions, *script.constants])
    return [one for one in constants if len(re.findall(rf"\b{_name_of(one)}\b", text)) > 1]


def _name_of(constant: str) -> str:
    """Return the name that a statement gives."""
    first = next(line for line in constant.splitlines() if not line.startswith("#"))
    return re.split(r"\W", first, maxsplit=1)[0]


def check(flow: ExportableFlow) -> None:
    """Check that a flow may be written.

    Raises:
        ExportError: It has problems; says them.
    """
    wrong = [one for one in flow.problems() if one.severity == "error" and one.code not in OVERLOOKED]
    if wrong:
        told = " ".join(map(str, wrong[:5]))
        raise ExportError(f"The flow has problems, and what is wrong cannot be written. {told}")


def given_of(one: Argument) -> Expression:
    """Return what an input of the flow is in its script."""
    if one.type.name == "model":  # a script names its models
        return Expression("None", one.type, one.default, is_fixed=True)
    return Expression(one.code, one.type, one.default)


def _returned(outputs: Mapping[str, Expression]) -> str:
    if len(outputs) == 1:
        return next(iter(outputs.values())).text
    return "{" + ", ".join(f"{flat(name)}: {code.text}" for name, code in outputs.items()) + "}" if outputs else ""


def about(flow: ExportableFlow) -> str:
    """Return the words at the top of a script: what it is."""
    title = " ".join(str(flow.document.get("title") or identifier(flow.name).replace("_", " ")).split())
    made = f"Written by PixelFlow {metadata.version('pixelflow-widgets')}."
    return "\n".join([*textwrap.wrap(f"{title[:1].upper()}{title[1:]}.", 80, break_on_hyphens=False), "", made])


def needed(imports: Iterable[str], required: Iterable[str] = ()) -> list[str]:
    """Return the packages that imports need, with their versions as pip reads them.

    Args:
        imports: Import statements.
        required: Packages that are needed besides.
    """
    found = set(required)
    for line in imports:
        module = line.split()[1].partition(".")[0]
        if module not in sys.stdlib_module_names:
            found |= {_PACKAGES.get(module, module), *_BESIDE.get(module, ())}
    return sorted(map(_requirement, found))


def _installing(packages: list[str]) -> list[str]:
    """Return the lines of a docstring that say what is needed, as a shell reads them."""
    if not packages:
        return []
    quoted = " ".join(f'"{one}"' for one in packages)  # ">" is the shell's
    lines = textwrap.wrap(f"pip install {quoted}", 78, subsequent_indent="    ", break_on_hyphens=False)
    return ["Needs:", " \\\n".join(lines)]


def _requirement(package: str) -> str:
    """Return a package with its version as pip reads it, if it is here."""
    try:
        return f"{package}>={metadata.version(package).partition('+')[0]}"
    except metadata.PackageNotFoundError:
        return package


def joined(parts: Parts) -> str:
    """Return the parts of a script as one text, not yet formatted."""
    late = [one.late for one in parts.arguments if one.is_late]
    lines = parts.lines if late or parts.lines[:1] != [""] else parts.lines[1:]
    body = [*late, *lines, *(["", f"return {parts.returns}"] if parts.returns else [])] or ["pass"]
    head, tail = parser_of(parts.arguments, parts.outputs, parts.title)
    saving = [SAVE_FILM.strip()] if "save_film(" in tail and SAVE_FILM.strip() not in parts.definitions else []
    sections = [
        "\n".join([f'"""{_quotable(parts.about)}', *_installing(parts.needs), '"""']),
        "\n".join([*parts.imports, *head]),
        "\n".join(parts.constants),
        *parts.definitions,
        *saving,
        "\n".join(
            [
                f"def main({signature_of(parts.arguments)}){_promised(parts.outputs)}:",
                *indented([*_docstring(parts), *body]),
            ]
        ),
        tail,
    ]
    return "\n\n\n".join(filter(None, sections)) + "\n"


def _quotable(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"""')


def _promised(outputs: Mapping[str, Expression]) -> str:
    """Return the annotation of what `main` returns."""
    if len(outputs) == 1:
        return f" -> {annotation_of(next(iter(outputs.values())).type)}"
    return " -> dict[str, object]" if outputs else " -> None"


def _docstring(parts: Parts) -> Iterator[str]:
    first = parts.about.partition("\n")[0]
    told = [one for one in parts.arguments if one.help]
    if not told:
        yield f'"""{_quotable(first)}"""'
        return
    yield f'"""{_quotable(first)}'
    yield ""
    yield "Args:"
    for one in told:
        lines = textwrap.wrap(f"{one.code}: {one.help}", 76)
        yield from (("    " if number == 0 else "        ") + _quotable(line) for number, line in enumerate(lines))
    yield '"""'
