"""Prompts in scripts that paint: as plain text where the pipeline reads that as it is meant, else encoded by compel."""

from __future__ import annotations

import ast

from ..models.scripting import ScriptedPipeline, steps_in
from ..models.scripting.painting import Call
from ..models.scripting.places import quoted
from ..prompts.encoding import pieces_of, plain_prompt, spoken, spoken_pieces
from ..prompts.letters import uncommented
from ..prompts.schedule import changes_over_steps
from ..prompts.tokens import MOST_LETTERS, readers_of, said_of
from ..prompts.weighting import has_weights
from ..prompts.windows import heeds_weights
from ..schema.exporting import UNKNOWN, Writing
from ..schema.literals import literal

_PORTS = {
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "prompt_2": "options.prompt_2",
    "prompt_3": "options.prompt_3",
}
_SPOKEN = ("prompt", "prompt_2", "negative_prompt", "clip_skip")
_MANY = 1000
_INDENT = 16
"""How many columns the arguments of a call stand to the right at most, in a loop of a function."""


def spoken_in(at: Writing, pipeline: ScriptedPipeline, call: Call) -> Call:
    """Return the arguments of a call with what its prompts are to become.

    Args:
        at: Takes the code.
        pipeline: Which is called.
        call: Its arguments, as code by name.
    """
    ports = {name: port for name, port in _PORTS.items() if name in call}
    texts = {name: _text(at, port) for name, port in ports.items()}
    heeds = heeds_weights(pipeline.family, pipeline.made.__name__) and "prompt_embeds" in pipeline.accepted
    if heeds and any(_is_special(at, pipeline, text, ports[name]) for name, text in texts.items()):
        return _encoded(at, pipeline, call, texts)
    plain = {name: _plain(at, ports[name], text, call[name]) for name, text in texts.items()}
    return {**call, **plain}


def _text(at: Writing, port: str) -> str | None:
    """Return the text of an input as far as it is known: from a flow's input its default; None where it is not."""
    known = at.known(port)
    if known is UNKNOWN:
        try:
            known = ast.literal_eval(at.code(port))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return known if isinstance(known, str) else None


def _is_special(at: Writing, pipeline: ScriptedPipeline, text: str | None, port: str) -> bool:
    """Return whether a pipeline cannot read a prompt by itself as it is meant."""
    if text is None:
        return at.known(port) is UNKNOWN
    if len(text) > MOST_LETTERS:
        at.refuse(f"its prompt has {len(text)} letters, and at most {MOST_LETTERS} are read. Shorten it.")
    is_open = not at.is_fixed(port) and at.known(port) is not UNKNOWN and plain_prompt(text) != text
    return is_open or _is_marked(text) or _is_long(pipeline, text)


def _is_marked(text: str) -> bool:
    """Return whether words of a prompt weigh something else than 1, or change over the steps."""
    letters = uncommented(text)
    return changes_over_steps(letters) or has_weights(letters.text)


def _is_long(pipeline: ScriptedPipeline, text: str) -> bool:
    (said, *_) = said_of(text)
    return any(reader.read_prompt(said).parts > 1 for reader in readers_of(pipeline.model))


def _encoded(at: Writing, pipeline: ScriptedPipeline, call: Call, texts: dict[str, str | None]) -> Call:
    """Return a call whose words are encoded before; it gets their arguments as one."""
    changes = any(text is not None and changes_over_steps(uncommented(text)) for text in texts.values())
    if "callback_on_step_end" in call and changes:
        at.refuse(
            "its prompt changes over the steps, and so does the weight of an adapter; a script does one of both. "
            "Take one away."
        )
    words = {name: call[name] for name in _SPOKEN if name in call}
    rest = {name: code for name, code in call.items() if name not in words}
    if (pieces := _pieces(at, pipeline, call, texts)) is not None:
        skip = [f"clip_skip={words['clip_skip']}"] if "clip_skip" in words else []
        return {f"**{at.bring(spoken_pieces)}({', '.join([pipeline.code, *pieces, *skip])})": "", **rest}
    said = ", ".join(f"{name}={code}" for name, code in words.items())
    steps = steps_in(at, pipeline)
    if "strength" in call:
        steps = f"max(1, int({steps} * {call['strength']}))"
    return {f"**{at.bring(spoken)}({pipeline.code}, {steps}, {said})": "", **rest}


def _pieces(at: Writing, pipeline: ScriptedPipeline, call: Call, texts: dict[str, str | None]) -> list[str] | None:
    """Return the arguments that say prompts in parts, where all are known now; None where one is not."""
    ports = [_PORTS[name] for name in texts]
    if None in texts.values() or not all(at.is_fixed(port) or at.known(port) is UNKNOWN for port in ports):
        return None
    known = {name: text or "" for name, text in texts.items()}
    try:
        steps = max(1, int(int(steps_in(at, pipeline)) * float(call.get("strength", 1))))
    except ValueError:  # they are known only in the script
        steps = _MANY
        if any(pieces_of(text, 1) != pieces_of(text, steps) for text in known.values()):
            return None
    return [
        f"{name}={literal(pieces_of(text, steps), indent=_INDENT)}"
        for name, text in known.items()
        if text or name != "prompt_2"
    ]


def _plain(at: Writing, port: str, text: str | None, code: str) -> str:
    """Return the expression of a prompt without its marks."""
    if text is None or plain_prompt(text) == text:
        return code
    is_known = at.is_fixed(port) or at.known(port) is UNKNOWN
    plain = quoted(plain_prompt(text)) if is_known else f"{at.bring(plain_prompt)}({at.code(port)})"
    return code.replace(at.code(port), plain) if code != at.code(port) else plain
