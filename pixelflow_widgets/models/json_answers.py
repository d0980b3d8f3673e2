"""Answers that are JSON of a given form: what a model is told of it, and whether it kept to it.

Schemas are strangers': nothing that they name is fetched, and what they ask for ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

from ..errors import AnswerBroken, MediaError

MOST_LETTERS = 100_000
"""Of a schema."""
MOST_STEPS = 100_000
"""Rules that are looked at for one answer: references to references are soon more than any machine does."""
PATTERN_SECONDS = 1.0
_QUOTED = 200


class Form(NamedTuple):
    """Is a JSON Schema.

    Args:
        schema: An object, or a flag.
        text: As it is told to a model.
    """

    schema: Any
    text: str

    @property
    def words(self) -> str:
        """Return what a model is told."""
        return f"Answer with JSON that fits this JSON Schema. Write the JSON alone, no words around it.\n{self.text}"

    def checked(self, answer: str) -> str:
        """Return the JSON of an answer, as it was written.

        Raises:
            AnswerBroken: It is none, or does not fit; says what, where, and how the answer begins.
        """
        text = bare(answer)
        try:
            value = json.loads(text, parse_constant=_no_number)
        except RecursionError:
            raise AnswerBroken(_words("it is nested too deeply", text), answer) from None
        except ValueError as error:
            raise AnswerBroken(_words(f"it is no JSON: {error}", text), answer) from None
        if (why := _why_unfit(self.schema, value)) is not None:
            raise AnswerBroken(_words(why, text), answer)
        return text


def _words(why: str, text: str) -> str:
    begin = text[:_QUOTED] + ("…" if len(text) > _QUOTED else "")
    return (
        f"The answer does not fit the JSON Schema: {why}. It begins: {begin or '(nothing)'} Run again with another "
        "seed, more max_tokens, a larger model, or a simpler schema."
    )


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def bare(answer: str) -> str:
    """Return an answer without the fence of code that models like to put around JSON."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```") and len(text) > 6:
        first, _, rest = text[:-3].partition("\n")
        if first[3:].strip().lower() in ("", "json"):
            return rest.strip()
    return text


def read_form(text: str) -> Form | None:
    """Return the schema that a text is; None of an empty one.

    Raises:
        MediaError: It is none; says what is wrong, and where.
    """
    if not text.strip():
        return None
    if len(text) > MOST_LETTERS:
        raise MediaError(f"The JSON Schema has {len(text)} letters; {MOST_LETTERS} are read. Shorten it.")
    try:
        schema = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise MediaError("The JSON Schema is nested too deeply. Make it flatter.") from None
    except ValueError as error:
        raise MediaError(f"This is no JSON Schema, for it is no JSON: {error}") from None
    if not isinstance(schema, dict | bool):
        raise MediaError('A JSON Schema is an object: {"type": "object", "properties": {"colour": {"type": "string"}}}')
    import jsonschema

    try:
        jsonschema.validators.validator_for(schema, _latest()).check_schema(schema)
    except jsonschema.SchemaError as error:
        where = _place(error.absolute_path)
        raise MediaError(f"This is no JSON Schema: at {where}, {error.message[:_QUOTED]}") from None
    except (RecursionError, ValueError, TypeError, AttributeError) as error:
        raise MediaError(f"This is no JSON Schema that can be read: {str(error)[:_QUOTED]}") from None
    return Form(schema, json.dumps(schema, ensure_ascii=False))


def _latest() -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator


def _why_unfit(schema: Any, value: Any) -> str | None:
    """Return what of a value does not fit and where, in words, or None."""
    import jsonschema
    import referencing

    kind = _bounded(jsonschema.validators.validator_for(schema, _latest()))
    try:
        # An empty registry: nothing that a schema names is fetched from anywhere.
        error = jsonschema.exceptions.best_match(kind(schema, registry=referencing.Registry()).iter_errors(value))
    except referencing.exceptions.Unresolvable as missing:
        return f"the schema names '{str(missing.ref)[:80]}', which is not in it"
    except RecursionError:
        return "the schema comes round to itself without end"
    except _TooHard as hard:
        return str(hard)
    return None if error is None else f"at {_place(error.absolute_path)}, {error.message[:_QUOTED]}"


def _place(path: Any) -> str:
    parts = [str(part)[:40] for part in path]
    return "/" + "/".join(parts) if parts else "the top"


class _TooHard(Exception):
    """Says that to check a value takes too long."""


def _bounded(kind: Any) -> Any:
    """Return a validator that looks at so many rules at most, and at each pattern for a moment."""
    from jsonschema import validators

    left = MOST_STEPS

    def counted(rule: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def look(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
            nonlocal left
            left -= 1
            if left < 0:
                raise _TooHard("to check it takes too long; simplify the schema")
            yield from rule(validator, wanted, instance, schema) or ()

        return look

    rules = {**kind.VALIDATORS, "pattern": _pattern}
    rules |= {"patternProperties": _pattern_properties, "additionalProperties": _additional}
    return validators.extend(kind, {name: counted(rule) for name, rule in rules.items()})


def _found(pattern: Any, text: str) -> bool:
    import regex

    try:
        return regex.search(str(pattern), text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise _TooHard(f"its pattern '{str(pattern)[:80]}' takes too long; simplify it") from None
    except regex.error as error:
        raise _TooHard(f"its pattern '{str(pattern)[:80]}' cannot be read: {error}") from None


def _pattern(validator: Any, wanted: Any, instance: Any, _: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not _found(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def _pattern_properties(validator: Any, wanted: Any, instance: Any, _: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, each in wanted.items():
            for name, value in instance.items():
                if _found(pattern, name):
                    yield from validator.descend(value, each, path=name, schema_path=pattern)


def _additional(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not validator.is_type(instance, "object"):
        return
    patterns = schema.get("patternProperties", {})
    more = [name for name in instance if name not in schema.get("properties", {})]
    more = [name for name in more if not any(_found(pattern, name) for pattern in patterns)]
    if validator.is_type(wanted, "object"):
        for name in more:
            yield from validator.descend(instance[name], wanted, path=name)
    elif not wanted and more:
        yield ValidationError(f"{', '.join(map(repr, more[:8]))} should not be there")
