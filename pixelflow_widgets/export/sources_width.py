"""Sources in 88 columns: what ruff's formatter leaves as it is, long texts and comments, is broken here."""

from __future__ import annotations

import io
import re
import subprocess
import textwrap
import tokenize
from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from ..errors import ExportError
from ..schema.literals import WIDTH, width_of

_CUT = "# pixelflow: next"
_ROUNDS = 5
_LEAST = 24
"""How many columns a piece of a text has at least."""
_RULES = "UP,F841,F541,B007,B905"
_fitted: dict[tuple[str, str], str] = {}
"""What was formatted before, by imports and source."""
_KEPT = 4000


def fitted(sources: Sequence[str], imports: Sequence[str] = ()) -> list[str]:
    """Return definitions in ruff's format, no line wider than 88 columns.

    Args:
        sources: Each is looked at by itself.
        imports: Statements that tell ruff what old names in them stand for.
    """
    head = "\n".join(imports)
    new = list(dict.fromkeys(source for source in sources if (head, source) not in _fitted))
    if len(_fitted) + len(new) > _KEPT:
        _fitted.clear()
        new = list(dict.fromkeys(sources))
    if new:
        _fitted.update(zip(((head, source) for source in new), _fit(new, head), strict=True))
    return [_fitted[head, source] for source in sources]


def _fit(sources: list[str], head: str) -> list[str]:
    sources = list(map(_with_short_comments, sources))
    _, *made = _apart(_ruff(_together([head, *sources]), "check", "--fix-only", "--unsafe-fixes", "--select", _RULES))
    made = _apart(_formatted(_together(made)))
    for _ in range(_ROUNDS):
        broken = [_broken(one) for one in made]
        if broken == made:
            break
        made = _apart(_formatted(_together(broken)))
    return list(map(_excused, made))


def _together(sources: list[str]) -> str:
    return f"\n\n\n{_CUT}\n\n\n".join(sources) + "\n"


def _apart(text: str) -> list[str]:
    return [part.strip("\n") for part in text.split(_CUT)]


def _formatted(text: str) -> str:
    settings = ("--line-length", str(WIDTH), "--config", "format.skip-magic-trailing-comma=true")
    return _ruff(text, "format", *settings)


def _ruff(text: str, *command: str) -> str:
    from ruff import find_ruff_bin

    first, *others = command
    call = [find_ruff_bin(), first, "--isolated", "--quiet", "--target-version", "py311", *others, "-"]
    done = subprocess.run(call, input=text, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise ExportError(f"What was copied is no Python, which is a mistake of this package: {done.stderr[:400]}")
    return done.stdout


def _broken(text: str) -> str:
    """Return source whose long comments, docstrings and texts are broken once more."""
    if all(width_of(line) <= WIDTH for line in text.split("\n")):
        return text
    wrapper = MetadataWrapper(cst.parse_module(_with_short_comments(text)), unsafe_skip_copy=True)
    breaking = _Breaking(wrapper)
    return wrapper.module.visit(breaking).code


def _with_short_comments(source: str) -> str:
    """Return source whose comments fit: wrapped, and above their line where that is too long with them."""
    lines = source.split("\n")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start: token.string for token in tokens if token.type == tokenize.COMMENT}
    for (number, column), comment in sorted(comments.items(), reverse=True):
        line = lines[number - 1]
        if width_of(line) <= WIDTH or not comment.startswith("# "):
            continue
        code = line[:column].rstrip()
        indent = line[: len(line) - len(line.lstrip())]
        above = [f"{indent}# {part}" for part in _wrapped(comment[2:], WIDTH - len(indent) - 2)]
        lines[number - 1 : number] = [*above, code] if code else above
    return "\n".join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    """Return a text in lines of so many columns, the last one not much shorter than the others."""

    def lines(width: int) -> list[str]:
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)

    made = lines(room)
    if len(made) > 1 and len(made[-1]) < room / 3:
        widths = range(room - 1, room // 2, -1)
        made = lines(min((width for width in widths if len(lines(width)) == len(made)), default=room))
    return made


def _excused(source: str) -> str:
    """Return source that says where a line is too long that nothing can be done about: a long word in a text."""
    lines = source.split("\n")
    long = [number for number, line in enumerate(lines, 1) if width_of(line) > WIDTH]
    if not long:
        return source
    ends = dict(_ends_of_texts(source))
    for number in dict.fromkeys(ends.get(number, number) for number in long):
        if not lines[number - 1].lstrip().startswith("#"):
            lines[number - 1] += "  # noqa: E501"
    return "\n".join(lines)


def _ends_of_texts(source: str) -> Iterator[tuple[int, int]]:
    """Yield (line, last line) of each line of a text over several."""
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":
            begun.append(token.start[0])
        if kind in ("STRING", "FSTRING_END"):
            first = begun.pop() if kind == "FSTRING_END" else token.start[0]
            yield from ((line, token.end[0]) for line in range(first, token.end[0] + 1))


class _Breaking(cst.CSTTransformer):
    """Cuts texts in two that go beyond the last column.

    Args:
        wrapper: The source.
    """

    def __init__(self, wrapper: MetadataWrapper) -> None:
        super().__init__()
        self._places: Any = wrapper.resolve(PositionProvider)
        self._given: set[cst.CSTNode] = set()
        """What is an argument, and needs no brackets of its own."""
        self._alone: set[cst.CSTNode] = set()
        """What is a statement: docstrings."""
        self._lines = wrapper.module.code.split("\n")

    def visit_Arg(self, node: cst.Arg) -> None:
        self._given.add(node.value)

    def visit_Expr(self, node: cst.Expr) -> None:
        self._alone.add(node.value)

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> Any:
        if original_node in self._alone:
            is_long = len(original_node.quote) == 3 and self._is_long(original_node)
            return self._wrapped(original_node) if is_long else original_node
        return self._joined(self._pieces(original_node), original_node)

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False

    def leave_FormattedString(self, original_node: cst.FormattedString, updated_node: cst.FormattedString) -> Any:
        return self._joined(self._pieces(original_node), original_node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> bool:
        return False

    def leave_ConcatenatedString(
        self, original_node: cst.ConcatenatedString, updated_node: cst.ConcatenatedString
    ) -> Any:
        parts: list[Any] = []
        rest: Any = original_node
        while isinstance(rest, cst.ConcatenatedString):
            parts, rest = [*parts, rest.left], rest.right
        pieces = [piece for part in [*parts, rest] for piece in self._pieces(part)]
        return original_node if len(pieces) == len(parts) + 1 else self._joined(pieces, original_node)

    def _pieces(self, node: Any) -> list[Any]:
        """Return a text in pieces that fit, as far as it can be cut."""
        if not self._is_long(node):
            return [node]
        place = self._places[node]
        room = self._room(place.start)
        if place.end.column > WIDTH:  # it stands where it has to, and is cut in any case
            room = min(room, place.end.column - place.start.column - 1)
        pieces: list[Any] = []
        while True:
            halves = _halves(node, room)
            if halves is None:
                return [*pieces, node]
            pieces.append(halves[0])
            node = halves[1]

    def _is_long(self, node: cst.CSTNode) -> bool:
        place = self._places[node]
        line = self._lines[place.start.line - 1]
        return place.start.line == place.end.line and width_of(line) > WIDTH

    def _room(self, start: Any) -> int:
        """Return how many columns a piece may take: from where it stands now, or where it will in brackets."""
        line = self._lines[start.line - 1]
        indent = len(line) - len(line.lstrip())
        column = start.column if start.column <= indent + 2 else indent + 4
        return max(WIDTH - column - 2, _LEAST)

    def _wrapped(self, node: cst.SimpleString) -> cst.SimpleString:
        """Return a docstring over several lines."""
        column = self._places[node].start.column
        indent = " " * column
        text, room = node.raw_value.strip(), WIDTH - column - len(node.prefix) - 3
        ends = [found.start() for found in re.finditer(r"[;:] ", text) if found.start() <= room - 4]
        if ends and ends[-1] > room / 3:  # the first half of a sentence says enough
            return node.with_changes(value=f'{node.prefix}"""{text[: ends[-1]]}."""')
        inner = f"\n{indent}".join(_wrapped(text, room - 3))
        return node.with_changes(value=f'{node.prefix}"""{inner}\n{indent}"""')

    def _joined(self, pieces: list[Any], like: Any) -> cst.BaseExpression:
        """Return pieces of a text as one expression, with the brackets that it had, or some if it needs them."""
        if len(pieces) == 1:
            return like
        *others, made = pieces
        for piece in reversed(others):
            made = cst.ConcatenatedString(piece, made)
        if like.lpar or like in self._given:
            return made.with_changes(lpar=like.lpar, rpar=like.rpar)
        return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _halves(node: Any, room: int) -> tuple[Any, Any] | None:
    """Return a text cut in two where its first part fits; None where it fits itself, or cannot be cut."""
    if width_of(cst.Module([]).code_for_node(node)) <= room:
        return None
    if isinstance(node, cst.FormattedString):
        split = _split(list(node.parts), room - len(node.start) - len(node.end), node.end)
        return None if split is None else (_as_string(split[0], node), _as_string(split[1], node))
    quote, prefix, inner = node.quote, node.prefix, node.raw_value
    cut = _cut(inner, room - len(prefix) - 2 * len(quote), quote)
    if not cut or "b" in prefix.lower():
        return None
    return cst.SimpleString(f"{prefix}{quote}{inner[:cut]}{quote}"), cst.SimpleString(
        f"{prefix}{quote}{inner[cut:]}{quote}"
    )


def _cut(text: str, room: int, quote: str) -> int:
    """Return where a text between quotes is cut: behind a space, else behind a mark; 0 is nowhere."""
    if "\\N{" in text:
        return 0
    best = 0
    for pattern in (r"(?<=[^\\] )(?=\S)", r"(?<=[^\\][|,/;])"):
        for found in re.finditer(pattern, text):
            at = found.start()
            if at >= len(text) or text[at - 1] in "\"'":
                continue
            if width_of(text[:at]) > room:
                break
            best = at
        if best:
            break
    return best


def _split(parts: list[Any], room: int, quote: str) -> tuple[list[Any], list[Any]] | None:
    """Return the parts of an f-string before and behind the last space that fits."""
    taken = 0
    best: tuple[int, int] | None = None
    for number, part in enumerate(parts):
        if isinstance(part, cst.FormattedStringText):
            if cut := _cut(part.value, room - taken, quote):
                best = number, cut
            taken += width_of(part.value)
        else:
            taken += width_of(cst.Module([]).code_for_node(part))
        if taken > room:
            break
    if best is None:
        return None
    number, cut = best
    text = parts[number].value
    before = [*parts[:number], cst.FormattedStringText(text[:cut])]
    return before, [cst.FormattedStringText(text[cut:]), *parts[number + 1 :]]


def _as_string(parts: list[Any], like: cst.FormattedString) -> cst.BaseExpression:
    """Return parts as an f-string, or as a plain one where nothing is filled in."""
    if any(isinstance(part, cst.FormattedStringExpression) for part in parts):
        return cst.FormattedString(parts, like.start, like.end)
    text = "".join(part.value for part in parts).replace("{{", "{").replace("}}", "}")
    prefix = "r" if "r" in like.start.lower() else ""
    return cst.SimpleString(f"{prefix}{like.end}{text}{like.end}")
