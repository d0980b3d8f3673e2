"""What pages ask about prompts: how models read them, words that wake adapters, styles, what was written before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import PixelFlowError
from ..media import Model
from ..models.cards import described
from .bridge import Answer, Buffers, Message
from .prompt_models import PromptModels

MOST_LETTERS = 100_000
"""Of a text that is compared or kept; longer ones are refused."""
MOST_RUNS, MOST_PROMPTS = 200, 50
"""So many runs are looked through, and so many prompts told."""


class PromptRequests:
    """Does what pages ask about prompts; see `bridge.Handlers`.

    Args:
        flow: Returns the flow.
    """

    def __init__(self, flow: Callable[[], Any]) -> None:
        self._flow = flow
        self.slow = {
            "read_prompt": self._read,
            "prompt_words": self._words,
            "prompt_history": self._history,
            "prompt_difference": self._difference,
            "prompt_styles": self._styles,
            "apply_style": self._apply,
            "save_style": self._save,
            "remove_style": self._remove,
        }

    def _read(self, _: str, message: Message, __: Buffers) -> Answer:
        """Tell how a text is read there; its `readers` are those of every model that reads it."""
        from ..prompts.reading import read_prompt

        text = message.get("text")
        if not isinstance(text, str):
            raise PixelFlowError("A prompt is a text.")
        models = PromptModels(self._flow())
        places = models.places(message.get("node"), message.get("port"), message.get("input"))
        port = models.port(places[0]) if places else None
        negative = bool(getattr(port.control, "negative", False)) if port else False
        found = list({model.source: model for model in reversed(models.readers(places))}.values())[::-1]
        reading = read_prompt(text, found[0] if found else None, negative=negative).as_json()
        readers = [{**reader, "model": _title(found[0])} for reader in reading["readers"]] if found else []
        for model in found[1:]:
            other = read_prompt(text, model, negative=negative).as_json()
            readers += [{**reader, "model": _title(model)} for reader in other["readers"]]
        told = {**reading, "readers": readers, "variants": _told_count(reading["variants"])}
        return {"reading": told | {"models": [_title(model) for model in found]}}, []

    def _words(self, _: str, message: Message, __: Buffers) -> Answer:
        """Tell which words wake the adapters of the models that read a prompt."""
        from .model_requests import about

        models = PromptModels(self._flow())
        places = models.places(message.get("node"), message.get("port"), message.get("input"))
        sources = {adapter.source: None for model in models.readers(places) for adapter in model.adapters}
        told = []
        for source in sources:
            try:
                entry = about(source)
            except PixelFlowError:  # a file that is none: the picker says so where it is chosen
                continue
            if entry["trigger_words"]:
                told.append({"source": source, "title": entry["title"], "words": entry["trigger_words"]})
        return {"words": told}, []

    def _history(self, _: str, message: Message, __: Buffers) -> Answer:
        """Tell what was written there and ran; of an input of the flow what came to the first port that it feeds."""
        from ..prompts import history
        from ..run.history import place_of, process_history

        flow = self._flow()
        places = PromptModels(flow).places(message.get("node"), message.get("port"), message.get("input"))
        if not places:
            return {"prompts": []}, []
        rows = process_history().runs(place_of(flow), flow.epoch, MOST_RUNS)
        return {"prompts": history.prompts(rows, *places[0], most=MOST_PROMPTS)}, []

    def _difference(self, _: str, message: Message, __: Buffers) -> Answer:
        from ..prompts.difference import parts

        return {"parts": parts(_text(message, "old"), _text(message, "new"))}, []

    def _styles(self, _: str, __: Message, ___: Buffers) -> Answer:
        from ..prompts import styles

        return {"styles": [_told_style(style) for style in styles.all()]}, []

    def _apply(self, _: str, message: Message, __: Buffers) -> Answer:
        from ..prompts import styles

        return {"text": styles.apply(_text(message, "name"), _text(message, "text"))}, []

    def _save(self, page: str, message: Message, buffers: Buffers) -> Answer:
        from ..prompts import styles

        styles.save(_text(message, "name"), _text(message, "prompt"), _text(message, "negative_prompt"))
        return self._styles(page, message, buffers)

    def _remove(self, page: str, message: Message, buffers: Buffers) -> Answer:
        from ..prompts import styles

        styles.remove(_text(message, "name"))
        return self._styles(page, message, buffers)


def _text(message: Message, name: str) -> str:
    text = message.get(name) or ""
    if not isinstance(text, str):
        raise PixelFlowError("A prompt is a text.")
    if len(text) > MOST_LETTERS:
        raise PixelFlowError(f"This text has {len(text):,} letters; at most {MOST_LETTERS:,} are read.")
    return text


def _told_count(count: int | None) -> int | str | None:
    """Return a count as pages read it: one that JavaScript cannot hold in words."""
    from ..prompts.variants import in_words

    return count if count is None or count < 2**53 else in_words(count)


def _title(model: Model) -> str:
    return described(model.source).title or model.source


def _told_style(style: Any) -> dict[str, Any]:
    told = {"name": style.name, "prompt": style.prompt, "negative_prompt": style.negative_prompt}
    return told | {"is_own": bool(style.is_own)}
