"""What scripts do with models that write: copied into them, never called here; tests hold it to what nodes do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ..media import Image
from .summaries import FREE, SENTENCE_TOKENS, instruction_for
from .text_generation import UNLIMITED, pieces_of
from .translation import MARKS, SHORT


def window_of(model: Any, tokenizer: Any, otherwise: int) -> int:
    """Return how many tokens a model keeps in view."""
    config = model.config.get_text_config()
    window = getattr(config, "max_position_embeddings", None)
    if window is None or hasattr(config, "relative_attention_num_buckets"):
        window = tokenizer.model_max_length
    return window if window < UNLIMITED else otherwise


def length_of(tokenizer: Any, text: str) -> int:
    """Return how many tokens a text has."""
    return len(tokenizer(text)["input_ids"])


# Models that go on with what they read


def written(
    model: Any, tokenizer: Any, inputs: Any, max_tokens: int, seed: int = 0, stop: Sequence[str] = (), **options: Any
) -> str:
    """Return what a model writes after its inputs, as far as a text where it shall stop."""
    import torch

    given = inputs["input_ids"].shape[1]
    room = window_of(model, tokenizer, given + max_tokens) - given
    if stop:
        options |= {"stop_strings": list(stop), "tokenizer": tokenizer}
    torch.manual_seed(seed)
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=min(max_tokens, room), **options)
    text = tokenizer.decode(tokens[0, given:], skip_special_tokens=True)
    return text[: min((text.index(one) for one in stop if one in text), default=None)]


def ask(model: Any, tokenizer: Any, prompt: str, system: str = "", has_system_role: bool = True, **options: Any) -> str:
    """Return what a chat model answers."""
    if system and not has_system_role:
        prompt, system = f"{system}\n\n{prompt}", ""
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": prompt})
    inputs = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(model.device)
    return without_thoughts(written(model, tokenizer, inputs, **options))


def ask_about(
    model: Any,
    processor: Any,
    prompt: str,
    images: Sequence[Image] = (),
    system: str = "",
    has_system_role: bool = True,
    **options: Any,
) -> str:
    """Return what a vision-language model answers."""
    if system and not has_system_role:
        prompt, system = f"{system}\n\n{prompt}", ""
    shown = [{"type": "image"} for _ in images]
    messages = [{"role": "user", "content": [*shown, {"type": "text", "text": prompt}]}]
    if system:
        messages.insert(0, {"role": "system", "content": [{"type": "text", "text": system}]})
    text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    pictures = [image.convert("RGB") for image in images] or None
    inputs = processor(text=[text], images=pictures, return_tensors="pt").to(model.device, model.dtype)
    return without_thoughts(written(model, processor.tokenizer, inputs, **options))


def without_thoughts(text: str) -> str:
    """Return what a model says after it has thought."""
    return re.sub(r"<think>.*?</think>\s*", "", text, flags=re.DOTALL).strip()


def continued(model: Any, tokenizer: Any, text: str, **options: Any) -> str:
    """Return a text with what a model writes next, to the end of the line."""
    inputs = tokenizer(text, return_tensors="pt").to(model.device)
    return text + written(model, tokenizer, inputs, **options).split("\n")[0].rstrip()


# Models that read a whole text and write another one


def rewritten(model: Any, tokenizer: Any, text: str, max_tokens: int, seed: int = 0, **options: Any) -> str:
    """Return what a sequence-to-sequence model makes of a text."""
    import torch

    inputs = tokenizer(text, return_tensors="pt").to(model.device)
    most = min(max_tokens, window_of(model, tokenizer, max_tokens))
    torch.manual_seed(seed)
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=most, **options)
    return tokenizer.decode(tokens[0], skip_special_tokens=True).strip()


# Summaries


def summary_by_chat(
    model: Any, tokenizer: Any, text: str, length: str, focus: str, max_tokens: int, **options: Any
) -> str:
    """Summarise a text: where it is too long its parts first, and then these."""

    def summarize(part: str, length: str) -> str:
        return ask(model, tokenizer, part, instruction_for(length, focus), max_tokens=max_tokens, **options)

    window = window_of(model, tokenizer, 4 * max_tokens) - max_tokens
    return summary_of_parts(tokenizer, text, length, focus, max_tokens, window, summarize)


def summary_by_rewriting(
    model: Any, tokenizer: Any, text: str, length: str, focus: str, max_tokens: int, prefix: str = "", **options: Any
) -> str:
    """Summarise a text: where it is too long its parts first, and then these."""

    def summarize(part: str, length: str) -> str:
        most = min(max_tokens, SENTENCE_TOKENS) if length == "sentence" else max_tokens
        made = rewritten(model, tokenizer, prefix + part, most, **options)
        points = re.split(r"(?<=[.!?])\s+", made)
        return "\n".join(f"- {point}" for point in points) if length == "points" else made

    window = window_of(model, tokenizer, 4 * max_tokens)
    return summary_of_parts(tokenizer, text, length, focus, max_tokens, window, summarize)


def summary_of_parts(
    tokenizer: Any,
    text: str,
    length: str,
    focus: str,
    max_tokens: int,
    window: int,
    summarize: Callable[[str, str], str],
) -> str:
    """Summarise parts that fit until there is one."""
    longest = window - length_of(tokenizer, focus) - FREE
    if longest < 2 * max_tokens:
        raise ValueError("The model keeps too little in view for summaries of so many tokens.")
    while len(parts := pieces_of(text, lambda part: length_of(tokenizer, part) <= longest)) > 1:
        text = "\n".join(summarize(part, "paragraph") for part in parts)
    return summarize(text, length)


# Translations


def translation_by_chat(model: Any, tokenizer: Any, text: str, system: str, max_tokens: int, **options: Any) -> str:
    """Translate a text; lines stay lines."""

    def translate(piece: str) -> str:
        return ask(model, tokenizer, piece, system, max_tokens=max_tokens, **options)

    window = window_of(model, tokenizer, 4 * max_tokens)
    longest = max(min(max_tokens, (window - length_of(tokenizer, system) - MARKS) // 2), 1)
    return translated_by_lines(tokenizer, text, longest, translate)


def translation_by_model(
    model: Any,
    tokenizer: Any,
    text: str,
    max_tokens: int,
    prefix: str = "",
    source: str = "",
    target: str = "",
    **options: Any,
) -> str:
    """Translate a text; lines stay lines."""
    if source:
        tokenizer.src_lang = source
    if target:
        options["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids(target)

    def translate(piece: str) -> str:
        return rewritten(model, tokenizer, prefix + piece, max_tokens, **options)

    longest = min(max_tokens, window_of(model, tokenizer, SHORT) - length_of(tokenizer, prefix) - MARKS)
    return translated_by_lines(tokenizer, text, longest, translate)


def translated_by_lines(tokenizer: Any, text: str, longest: int, translate: Callable[[str], str]) -> str:
    """Translate each line in pieces of so many tokens."""
    if not text.strip():
        return text
    lines = [
        pieces_of(line, lambda piece: length_of(tokenizer, piece) <= longest) if line.strip() else []
        for line in text.split("\n")
    ]
    return "\n".join(" ".join(translate(piece.strip()) for piece in pieces) for pieces in lines)
