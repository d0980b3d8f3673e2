"""How the nodes that write prompts are written into scripts: as the words that come out, where these are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import MediaError
from ..prompts import styles, variants, writing
from ..prompts.presets import negative
from ..prompts.template import read_values, row_values
from ..prompts.wildcards import gathered
from ..schema.exporting import UNKNOWN, Writing
from .text_code import as_code, pieces_of

_MOST_WRITTEN = 5_000
"""Characters of prompts that are written out; for more, the functions are copied that make them."""


def write_prompt(at: Writing) -> None:
    """Write `prompt`. A text that the script is given is taken as it is, unless the flow's own has alternatives."""
    text = at.known("text")
    if text is not UNKNOWN and variants.is_plain(text):
        at.give(text=at.code("text"))
        return
    lists = _lists(at)
    if at.is_fixed("text") and at.is_fixed("seed"):
        at.give(text=as_code([(_tried(at, writing.written, text, at.known("seed"), lists), False)]))
    else:
        at.give(text=f"{at.bring(writing.written)}({at.code('text')}, {at.code('seed')}, {_as_constant(at, lists)})")


def write_prompt_variants(at: Writing) -> None:
    """Write `prompt_variants`."""
    lists = _lists(at)
    if all(at.is_fixed(port) for port in ("text", "draw", "most", "seed")):
        text, draw, most, seed = (at.known(port) for port in ("text", "draw", "most", "seed"))
        made = _tried(
            at, *((writing.drawn, text, lists, most, seed) if draw else (writing.combinations, text, lists, most))
        )
        if sum(map(len, made)) <= _MOST_WRITTEN:
            at.give(texts=f"[{', '.join(map(repr, made))}]")
            return
    constant, text, most = _as_constant(at, lists), at.code("text"), at.code("most")
    ordered = f"{at.bring(writing.combinations)}({text}, {constant}, {most})" if at.known("draw") is not True else ""
    drawn = (
        ""
        if at.is_fixed("draw") and ordered
        else f"{at.bring(writing.drawn)}({text}, {constant}, {most}, {at.code('seed')})"
    )
    at.give(texts=f"{drawn} if {at.code('draw')} else {ordered}" if drawn and ordered else drawn or ordered)


def write_prompt_template(at: Writing) -> None:
    """Write `prompt_template`."""
    ports = [port for port in ("subject", "style", "place") if at.is_set(port) and at.known(port) is not None]
    is_known = all(at.is_fixed(port) for port in ("text", "values", "missing", "seed"))
    lists = _lists(at)
    if is_known and not at.is_set("table"):
        text, values, missing, seed = (at.known(port) for port in ("text", "values", "missing", "seed"))
        fixed = {port: at.known(port) for port in ports if at.is_fixed(port)}
        marks = {port: f"\x00{number}\x01" for number, port in enumerate(ports)} | fixed
        if "\x00" not in "".join([text, values, *fixed.values()]):
            made = _tried(at, writing.written, text, seed, lists, marks | _tried(at, read_values, values), missing)
            code = as_code(
                [(at.code(ports[one]), True) if isinstance(one, int) else (one, False) for one in pieces_of(made)]
            )
            if at.is_read("texts"):
                variable = at.variable("text")
                at.line(f"{variable} = {code}")
                code = variable
            at.give(text=code, texts=f"[{code}]")
            return
    known = [f"{port!r}: {at.code(port)}" for port in ports]
    if not at.is_fixed("values"):
        known.append(f"**{at.bring(read_values)}({at.code('values')})")
    elif at.known("values"):
        known += [f"{name!r}: {value!r}" for name, value in _tried(at, read_values, at.known("values")).items()]
    rows = f"[{{{', '.join(known)}}}]"
    if at.is_set("table"):
        rows = f"{at.bring(row_values)}({at.code('table')})"
        if known:
            rows = f"[{{{', '.join([*known, '**row'])}}} for row in {rows}]"
    arguments = [at.code("text"), at.code("seed"), _as_constant(at, lists), rows, at.code("missing")]
    texts = at.variable("texts")
    at.line(f"{texts} = {at.bring(writing.written_rows)}({', '.join(arguments)})")
    at.give(texts=texts, **({"text": f"{texts}[0]"} if at.is_read("text") else {}))


def write_negative_preset(at: Writing) -> None:
    """Write `negative_preset`."""
    if at.is_fixed("preset") and at.is_fixed("extra"):
        at.give(text=as_code([(negative(at.known("preset"), at.known("extra")), False)]))
    else:
        at.copy()


def write_prompt_style(at: Writing) -> None:
    """Write `prompt_style`, with the words that the style has now."""
    if not at.is_fixed("style"):
        at.refuse("its style is only known in the run. Choose one on the node.")
    name = at.known("style")
    style = _tried(at, styles.find, name) if name.strip() else styles.Style("", "{prompt}")
    before, after = style.around()
    given, unwanted = at.code("prompt"), at.code("negative_prompt")
    if at.is_fixed("prompt"):
        made = as_code([(style.apply(at.known("prompt")), False)])
    else:
        made = as_code([(before, False), (given, True), (after, False)]) if before + after else given
    words = style.negative_prompt
    if not words.strip():
        refused = unwanted
    elif at.is_fixed("negative_prompt"):
        known = at.known("negative_prompt")
        refused = as_code([(f"{words}, {known}" if known.strip() else words, False)])
    else:
        refused = f"{words + ', '!r} + {unwanted} if {unwanted}.strip() else {words!r}"
    at.give(prompt=made, negative_prompt=refused)


def _lists(at: Writing) -> dict[str, list[str]]:
    """Return the lines of the wildcards that the text names, as far as it is known now."""
    text = at.known("text")
    return {} if text is UNKNOWN else _tried(at, gathered, text)


def _as_constant(at: Writing, lists: Mapping[str, Sequence[str]]) -> str:
    """Return the expression of the wildcards of a node: a constant, where there are any."""
    if not lists:
        return "{}"
    lines = [f"    {name!r}: {list(lines)!r}," for name, lines in sorted(lists.items())]
    key = ("wildcards", *sorted(lists))
    return at.define(key, "WILDCARDS", lambda name: "\n".join([f"{name} = {{", *lines, "}"]))


def _tried(at: Writing, make: Any, *arguments: Any) -> Any:
    """Return what a function gives; what it cannot do now, the script could not either."""
    try:
        return make(*arguments)
    except MediaError as error:
        at.refuse(str(error))
