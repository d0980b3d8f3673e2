"""What a file of weights says of itself, in its header: how it came about, in our words and in those of other tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal, get_type_hints

from ...errors import ModelError
from ...models.detecting.makers_words import OWN, OWN_BASE, OWN_WORDS
from ...models.safetensors_header import read_header
from ...models.taught import MODEL_WEIGHTS

_KINDS = {"lora": "lora", "prompt": "textual-inversion", "full": ""}
"""What follows the architecture in `modelspec.architecture`."""
# Family → (what the model specification calls it, what kohya's scripts call it).
_ELSEWHERE = {
    "SD1.5": ("stable-diffusion-v1", "sd_v1"),
    "SD2": ("stable-diffusion-v2-768-v", "sd_v2_v"),
    "SDXL": ("stable-diffusion-xl-v1-base", "sdxl_base_v1-0"),
}


@dataclass(frozen=True)
class About:
    """Says how weights came about.

    Args:
        name: What the result is called.
        method: "lora", "prompt" (an embedding) or "full" (a whole model).
        base: What was taught, as it was named: a card, a folder, a Hub id.
        base_model: Its family.
        base_digest: What identifies its files.
        trigger_words: What calls the thing in a prompt.
        rank: Of a LoRA.
        alpha: Of a LoRA; it is laid on with alpha / rank.
        steps: After how many the weights were taken.
        pictures: How many it was taught with.
        dataset_digest: What identifies pictures and captions.
        resolution: About how many pixels wide and high they were.
        licence: Under which the result is given; empty says nothing.
        date: When, as ISO 8601.
        learning_rate: The highest.
        seed: Of everything random.
        settings: All settings of the training, as JSON knows them.
    """

    name: str
    method: Literal["lora", "prompt", "full"]
    base: str
    base_model: str
    base_digest: str = ""
    trigger_words: tuple[str, ...] = ()
    rank: int | None = None
    alpha: float | None = None
    steps: int = 0
    pictures: int = 0
    dataset_digest: str = ""
    resolution: int = 0
    licence: str = ""
    date: str = ""
    learning_rate: float | None = None
    seed: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, weights: Path) -> About:
        """Return what weights say of themselves that a training wrote.

        Args:
            weights: A file, or the folder of a whole model.

        Raises:
            ModelError: They are not sound, or nobody wrote there how they came about.
        """
        told = read_header(weights / MODEL_WEIGHTS if weights.is_dir() else weights).metadata
        if OWN_BASE not in told or f"{OWN}method" not in told:
            raise ModelError(f"'{weights.name}' does not say how it came about: no training here wrote it.")
        known: dict[str, Any] = {}
        for name, kind in get_type_hints(cls).items():
            text = told.get(f"{OWN}{name}", "")
            numeric = next((each for each in (int, float) if kind in (each, each | None)), None)
            if text:
                known[name] = text if numeric is None else numeric(text)
        known |= {"trigger_words": tuple(json.loads(told.get(OWN_WORDS, "[]")))}
        return cls(**known | {"settings": json.loads(told.get(f"{OWN}settings", "{}"))})

    @property
    def trigger(self) -> str:
        """Return the word that calls the thing, or an empty string."""
        return self.trigger_words[0] if self.trigger_words else ""

    @property
    def shown_base(self) -> str:
        """Return the base as strangers may read it: a folder of this machine by its last name alone."""
        return _shown(self.base)

    @property
    def shown_settings(self) -> dict[str, Any]:
        """Return the settings as strangers may read them."""
        return {name: _shown(value) if isinstance(value, str) else value for name, value in self.settings.items()}

    def header(self) -> dict[str, str]:
        """Return the entries of a header; what is not known is left out."""
        entries = {**self._own(), **self._of_the_specification(), **self._of_kohya()}
        return {"format": "pt"} | {name: text for name, value in entries.items() if (text := _text(value))}

    def _own(self) -> dict[str, Any]:
        words = list(self.trigger_words)
        given = ("name", "method", "base_digest", "rank", "alpha", "steps", "pictures", "dataset_digest")
        more = ("resolution", "licence", "date", "learning_rate", "seed")
        own = {f"{OWN}{name}": getattr(self, name) for name in (*given, *more)}
        own |= {f"{OWN}base": self.shown_base, f"{OWN}settings": self.shown_settings}
        # Named even where there are none: that says so, while without it words are looked for elsewhere.
        return own | {OWN_BASE: self.base_model, OWN_WORDS: json.dumps(words, ensure_ascii=False)}

    def _of_the_specification(self) -> dict[str, Any]:
        """Return the entries of the model specification that pickers of other tools read."""
        family, _ = _ELSEWHERE.get(self.base_model, (_plain(self.base_model), ""))
        kind = _KINDS[self.method]
        return {
            "modelspec.sai_model_spec": "1.0.0",
            "modelspec.architecture": f"{family}/{kind}" if kind else family,
            "modelspec.implementation": "diffusers",
            "modelspec.title": self.name,
            "modelspec.date": self.date,
            "modelspec.resolution": f"{self.resolution}x{self.resolution}" if self.resolution else "",
            "modelspec.trigger_phrase": ", ".join(self.trigger_words),
            "modelspec.license": self.licence,
        }

    def _of_kohya(self) -> dict[str, Any]:
        """Return the entries of kohya's scripts, which tools show beside a LoRA."""
        if self.method != "lora":
            return {}
        _, family = _ELSEWHERE.get(self.base_model, ("", _plain(self.base_model)))
        return {
            "ss_base_model_version": family,
            "ss_sd_model_name": self.shown_base,
            "ss_output_name": self.name,
            "ss_network_module": "networks.lora",
            "ss_network_dim": self.rank,
            "ss_network_alpha": self.alpha,
            "ss_steps": self.steps,
            "ss_num_train_images": self.pictures,
            "ss_learning_rate": self.learning_rate,
            "ss_resolution": f"({self.resolution}, {self.resolution})" if self.resolution else "",
            "ss_seed": self.seed,
        }


def _shown(text: str) -> str:
    """Return a text, of a path of this machine only the last name: a header travels, and paths name people."""
    is_path = text.startswith(("/", "~", "\\\\")) or text[1:3] in (":\\", ":/")
    return PurePath(text.replace("\\", "/")).name if is_path else text


def _plain(family: str) -> str:
    return family.lower().replace(" ", "-")


def _text(value: Any) -> str:
    """Return a value of a header, which holds texts only; nothing is told by leaving it out."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, sort_keys=True, default=str) if value else ""
    return str(value)
