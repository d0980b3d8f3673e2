"""`@node`: reads a function's signature and docstring into a node type."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, get_args, get_origin, overload

from ..controls import DEFAULT_CONTROLS, Advanced, Choices, Control
from ..errors import MediaError, NodeTypeError
from .asking import Ask
from .complaint import Complaint
from .exporting import Export
from .lazy import Lazy
from .node_type import REQUIRED, NodeType, Port, in_words
from .options import Option, Options, gathered
from .port_types import is_lazy, options_of, port_type_of, takes_none, without_none
from .progress import Progress
from .record import Record
from .recording import active_recorder
from .registry import defining, registry

Check = Callable[[Mapping[str, Any]], Iterable[Complaint]]
P = ParamSpec("P")
R = TypeVar("R")


@overload
def node(function: Callable[P, R]) -> Callable[P, R]: ...
@overload
def node(
    *,
    title: str = "",
    version: int = 1,
    pure: bool = True,
    where: Literal["auto", "kernel"] = "auto",
    is_static: bool = False,
    options: Iterable[Option] = (),
    check: Check | None = None,
    export: Export | None = None,
    grace: float = 0.0,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def node(function: Any = None, **settings: Any) -> Any:
    """Make a node type of a function, which stays callable.

    Args:
        function: Every parameter has a type and so becomes an input port; the return annotation becomes the outputs.
        title: Its name in words; made from the function's name if empty.
        version: Grows when what the ports mean, or what comes out, changes.
        pure: False where the same inputs may give other outputs, or something else happens (a file is written).
        where: "kernel" for functions that touch live notebook objects; those with lazy inputs, and those that ask, run
            there in any case.
        export: Writes the node into a plain script (see `schema.exporting`), where its own source would not do.
        grace: Seconds that it has after Stop, to put away what it made so far; 0 is as many as any node has.

    Raises:
        NodeTypeError: A parameter has no type, an unknown type or takes **kwargs; says what to write.
    """
    frame = sys._getframe(1)

    def decorate(function: Any) -> Any:
        made = read_node_type(function, names=frame.f_locals, **settings)
        own = defining.get()
        (registry if own is None else own).add(made)
        return _recordable(function, made)

    return decorate if function is None else decorate(function)


def _recordable(function: Callable[..., Any], node_type: NodeType) -> Callable[..., Any]:
    signature = inspect.signature(function)
    is_adapted = node_type.options or any(port.lazy for port in node_type.inputs.values())
    plain = node_type.function if is_adapted else function

    @functools.wraps(node_type.function)
    def call(*args: Any, **kwargs: Any) -> Any:
        recorder = active_recorder.get()
        if recorder is None:
            return plain(*args, **kwargs)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function.__name__}(): {error}. Its inputs: {', '.join(node_type.inputs)}.") from None
        return recorder.record(node_type, dict(bound.arguments))

    call.node_type = node_type  # type: ignore[attr-defined]
    return call


def read_node_type(
    function: Callable[..., Any],
    *,
    title: str = "",
    version: int = 1,
    pure: bool = True,
    where: Literal["auto", "kernel"] = "auto",
    is_static: bool = False,
    options: Iterable[Option] = (),
    check: Check | None = None,
    export: Export | None = None,
    grace: float = 0.0,
    names: Mapping[str, Any] | None = None,
) -> NodeType:
    """Return the node type of a function without adding it to the registry.

    Args:
        function: As for `node`, as the others are.
        names: Where types that are local to a function are found, for postponed annotations.
    """
    hints = _hints(function, names or {}, function.__name__)
    first_line, parameter_help = read_docstring(inspect.getdoc(function) or "")
    inputs, injected = _read_inputs(function, hints, parameter_help)
    outputs, many = _read_outputs(function, hints, names or {})
    inputs |= {option.port.name: option.port for option in _wanted(function, options, injected)}
    return NodeType(
        name=_type_name(function),
        function=_adapted(function, hints, inputs, injected.get(Options)),
        inputs=inputs,
        outputs=outputs,
        title=title or in_words(function.__name__),
        help=first_line,
        version=version,
        pure=pure,
        where="kernel" if is_static or Ask in injected or any(port.lazy for port in inputs.values()) else where,
        family=_family(function),
        progress=injected.get(Progress),
        ask=injected.get(Ask),
        record=injected.get(Record),
        options=injected.get(Options),
        check=check,
        is_static=is_static,
        many_outputs=many,
        export=export,
        grace=grace,
    )


def _family(function: Callable[..., Any]) -> str:
    """Return the shelf of the palette: what the module says by SHELF, else its name."""
    module = function.__module__
    shelf = getattr(sys.modules.get(module), "SHELF", None)
    return shelf if isinstance(shelf, str) else "notebook" if module == "__main__" else module.rpartition(".")[2]


def _wanted(
    function: Callable[..., Any], options: Iterable[Option], injected: Mapping[type, str]
) -> tuple[Option, ...]:
    options = tuple(options)
    if bool(options) != (Options in injected):
        raise NodeTypeError(
            f"{function.__name__}(): what @node(options=…) names comes as one parameter. Write both, or neither: "
            "options: Options = Options()."
        )
    return options


def _adapted(
    function: Callable[..., Any], hints: Mapping[str, Any], inputs: Mapping[str, Port], options: str | None
) -> Callable[..., Any]:
    """Return a function that turns what travels on edges into what is annotated.

    Args:
        function: What is called.
        hints: Its annotations.
        inputs: Its ports; where one takes a `Lazy`, a plain value is wrapped, and None stays None.
        options: Name of the parameter that takes the options, if there is one.
    """
    choices = {name: found for name in inputs if name in hints and not _is_text(found := options_of(hints[name]))}
    lazy = [name for name, port in inputs.items() if port.lazy]
    if not (choices or lazy or options):
        return function

    def restore(name: str, value: Any) -> Any:
        if isinstance(value, Lazy):
            return Lazy(lambda: restore(name, value.get()))
        if isinstance(value, list):
            return [restore(name, item) for item in value]
        return choices[name].get(value, value) if isinstance(value, str) else value

    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **(gathered(kwargs, options) if options else kwargs))
        bound.apply_defaults()  # they are wrapped, too
        for name, value in bound.arguments.items():
            value = restore(name, value) if name in choices else value
            bound.arguments[name] = Lazy.of(value) if name in lazy and value is not None else value
        return function(**bound.arguments)

    return call


def _type_name(function: Callable[..., Any]) -> str:
    package = function.__module__.partition(".")[0]
    if package == __name__.partition(".")[0]:
        return function.__name__
    return f"{'notebook' if package == '__main__' else package}.{function.__name__}"


def _hints(annotated: Any, names: Mapping[str, Any], who: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(annotated, localns=dict(names), include_extras=True)
    except NameError as error:
        raise NodeTypeError(f"{who}(): {error}. Define or import the type before the function.") from None
    except (TypeError, SyntaxError, AttributeError) as error:
        raise NodeTypeError(f"{who}(): an annotation is not a type: {error}. Write a type, such as Image.") from None


def _read_inputs(
    function: Callable[..., Any], hints: dict[str, Any], helps: dict[str, str]
) -> tuple[dict[str, Port], dict[type, str]]:
    """Return the input ports by name, and the parameters that are injected by their types."""
    inputs: dict[str, Port] = {}
    injected: dict[type, str] = {}
    for parameter in inspect.signature(function).parameters.values():
        kind = without_none(hints.get(parameter.name))
        if kind is Progress or kind is Ask or kind is Options or kind is Record:
            injected[kind] = parameter.name
        else:
            inputs[parameter.name] = _read_input(function, parameter, hints, helps)
    return inputs, injected


def _is_text(options: Mapping[str, Any]) -> bool:
    """Return whether all options are texts, which are given to the function as they are."""
    return all(isinstance(option, str) for option in options.values())


def _read_input(
    function: Callable[..., Any], parameter: inspect.Parameter, hints: dict[str, Any], helps: dict[str, str]
) -> Port:
    who = f"{function.__name__}(): parameter '{parameter.name}'"
    if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else "*"
        raise NodeTypeError(f"{who} is {stars}{parameter.name}, and a port needs a name. Write each parameter out.")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise NodeTypeError(f"{who} has no name for its caller, and a port needs one. Take the '/' away.")
    if parameter.name not in hints:
        raise NodeTypeError(f"{who} has no type, so it cannot become a port. Write {parameter.name}: Image, say.")
    hint = hints[parameter.name]
    extras = _extras(hint)
    try:
        port_type = port_type_of(hint)
    except NodeTypeError as error:
        raise NodeTypeError(f"{who}: {error}") from None
    control = next((extra for extra in extras if isinstance(extra, Control)), DEFAULT_CONTROLS.get(port_type.name))
    if isinstance(control, Choices) and not control.options:
        control = Choices(port_type.choices)
    port = Port(
        name=parameter.name,
        type=port_type,
        default=_default(parameter),
        optional=takes_none(hint),
        control=None if port_type.many and port_type.name not in ("image", "model", "text") else control,
        help=helps.get(parameter.name, ""),
        advanced=any(isinstance(extra, Advanced) or extra is Advanced for extra in extras),
        lazy=is_lazy(hint),
    )
    if port.default is None and not port.optional:
        raise NodeTypeError(f"{who} has None as its default and does not take it. Write {parameter.name}: … | None.")
    if not port.required and port.default is not None:
        try:
            port.check(port.default)
        except MediaError as error:
            raise NodeTypeError(f"{who} has a default that does not fit: {error}") from None
    return port


def _extras(hint: Any) -> list[Any]:
    """Return what `Annotated` adds, wherever it stands around or inside `| None` and `Lazy`."""
    found: list[Any] = []
    while get_origin(hint) in (Annotated, Lazy) or without_none(hint) is not hint:
        if get_origin(hint) is Annotated:
            found += get_args(hint)[1:]
        hint = without_none(hint) if without_none(hint) is not hint else get_args(hint)[0]
    return found


def _default(parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        return REQUIRED
    return str(parameter.default.value) if isinstance(parameter.default, Enum) else parameter.default


def _read_outputs(
    function: Callable[..., Any], hints: dict[str, Any], names: Mapping[str, Any]
) -> tuple[dict[str, Port], type | None]:
    result = hints.get("return", inspect.Signature.empty)
    if result is inspect.Signature.empty:
        raise NodeTypeError(
            f"{function.__name__}() does not say what it returns. Write -> Image, say, or -> None for nothing."
        )
    if result is type(None):
        return {}, None
    many = without_none(result)
    if isinstance(many, type) and issubclass(many, tuple) and (named := getattr(many, "_fields", None)) is not None:
        fields = _hints(many, names, function.__name__)
        return {name: _read_output(function, name, fields[name]) for name in named}, many
    port = _read_output(function, "", result)
    return {port.name: port}, None


def _read_output(function: Callable[..., Any], name: str, hint: Any) -> Port:
    try:
        if is_lazy(hint):
            raise NodeTypeError("only inputs are lazy. Write the type inside Lazy[...] alone.")
        port_type = port_type_of(hint)
    except NodeTypeError as error:
        raise NodeTypeError(f"{function.__name__}(): its result: {error}") from None
    return Port(name=name or port_type.value_name, type=port_type, optional=takes_none(hint))


def read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return the first sentence of a Google-style docstring and the help of each parameter under `Args:`."""
    lines = text.splitlines()
    first = lines[0].strip() if lines else ""
    helps: dict[str, str] = {}
    current, indent, inside = "", 0, False
    for line in lines[1:]:
        depth = len(line) - len(line.lstrip())
        if line.strip() in ("Args:", "Arguments:", "Parameters:"):
            inside, indent = True, depth
        elif inside and line.strip() and depth <= indent:
            inside = False
        elif inside and line.strip():
            name, colon, rest = line.strip().partition(":")
            if colon and name.split(" (")[0].isidentifier():
                current = name.split(" (")[0]
                helps[current] = rest.strip()
            elif current:
                helps[current] += f" {line.strip()}"
    return first, helps
