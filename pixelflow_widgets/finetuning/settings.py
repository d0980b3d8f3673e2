"""What a training is told: every setting with what it is where nobody says it, checked before anything is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from ..errors import TrainingError, nearest

Method = Literal["lora", "prompt", "full"]
Schedule = Literal["cosine", "linear", "constant"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]

FAMILIES = ("Starter", "SD1.5", "SD2", "SDXL")
"""Base models that can be taught: a UNet that reads CLIP's text encoders."""
PRESETS: dict[str, dict[str, Any]] = {
    # A person or creature: many layers, the words for it learnt, too, and its kind kept as it was.
    "character": {"rank": 16, "text_encoders": True, "convolutions": True, "prior": 1.0},
    # A thing: as a character, and drawn more exactly.
    "product": {"rank": 32, "text_encoders": True, "convolutions": True, "prior": 1.0},
    # How pictures look, whatever they show: what the base knows of things is left alone.
    "style": {"rank": 32, "text_encoders": False, "convolutions": False, "prior": 0.0, "caption_dropout": 0.2},
}
_WORD = re.compile(r"\S+")
MOST_PROMPTS, MOST_KINDS = 16, 100
"""Samples are painted at each look, and shown on one picture; each class word stands in each caption."""


@dataclass(frozen=True)
class Settings:
    """Is what a training is told. None is what suits the base model and the pictures; `settled` fills it in.

    Args:
        base: The base model: a card's name, a folder, a file or a Hub id.
        method: "lora": small layers beside the model's own; "prompt": only what one new word means to the text encoders
            (textual inversion, arXiv 2208.01618); "full": all weights of the UNet.
        name: Of the result.
        trigger: The word that calls in a prompt what was learnt; empty is the data set's.
        preset: "character", "product" or "style": settings that go together; others that are given win.
        steps: How often the weights are changed.
        rank: Of the LoRA, from 1 to 256: how much it can hold.
        alpha: The LoRA is multiplied by alpha / rank; None is the rank.
        learning_rate: How far a step goes.
        text_encoders: Whether a LoRA changes the text encoders, too.
        text_learning_rate: Theirs; None is the learning rate.
        convolutions: Whether a LoRA also changes the convolutions of the residual blocks, not only attention.
        schedule: How the learning rate falls.
        warmup: Steps over which it rises at first.
        batch: Pictures that go through the model at a time.
        accumulation: Such batches that make one step: as if the batch were so many times larger, in the same memory.
        resolution: Pictures are taken at about this many pixels squared.
        min_snr: Gamma of arXiv 2303.09556, which keeps steps of little noise from ruling; 0 is off; 5 is usual.
        prior: For each picture, how many of the base's own of its kind go along, so that the kind stays what it was
            (arXiv 2208.12242); 0 is none.
        prior_pictures: How many of those are made before the training.
        class_words: Kinds of thing, parted by commas, that stand for the trigger in their captions: "circle, square".
        prior_weight: What an error in them weighs.
        caption_dropout: Share of pictures that are shown without their caption, for guidance.
        noise_offset: How far the brightness of the noise is shifted, so that dark and bright pictures are learnt.
        vectors: Of the new word, for "prompt": 1 to 16.
        gradient_checkpointing: Less memory, more time.
        precision: Of the computation; "auto" is half on a GPU and float32 on a CPU.
        seed: The same seed gives the same weights, on the same machine.
        held_out: Share of the pictures that are only tested on, from 0 to 0.5.
        continue_from: A LoRA that is taught further; its rank counts.
        sample_prompts: Painted now and then, to look at; empty is made of the captions.
        sample_every: Steps between those.
        sample_steps: Denoising steps of those.
        checkpoint_every: Steps between checkpoints.
        keep_last: Checkpoints that stay.
        licence: Under which the result is given.
    """

    base: str = "starter"
    method: Method = "lora"
    name: str = ""
    trigger: str = ""
    preset: str = ""
    steps: int | None = None
    rank: int | None = None
    alpha: float | None = None
    learning_rate: float | None = None
    text_encoders: bool | None = None
    text_learning_rate: float | None = None
    convolutions: bool | None = None
    schedule: Schedule = "cosine"
    warmup: int | None = None
    batch: int | None = None
    accumulation: int = 1
    resolution: int | None = None
    min_snr: float | None = None
    prior: float | None = None
    prior_pictures: int = 48
    class_words: str = ""
    prior_weight: float = 1.0
    caption_dropout: float | None = None
    noise_offset: float = 0.0
    vectors: int = 1
    gradient_checkpointing: bool | None = None
    precision: Precision = "auto"
    seed: int = 0
    held_out: float = 0.0
    continue_from: str = ""
    sample_prompts: tuple[str, ...] = ()
    sample_every: int | None = None
    sample_steps: int = 20
    checkpoint_every: int | None = None
    keep_last: int = 2
    licence: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Return settings from plain values, as a file or a call has them.

        Raises:
            TrainingError: There is no such setting, or a value makes no sense; says all that is wrong.
        """
        known = [field.name for field in fields(cls)]
        unknown = [name for name in given if name not in known]
        if unknown:
            told = " ".join(f"There is no setting '{name}'.{nearest(name, known)}" for name in unknown)
            raise TrainingError(f"{told} The settings are: {', '.join(known)}.")
        values = dict(given)
        prompts = values.get("sample_prompts", ())
        values["sample_prompts"] = (prompts,) if isinstance(prompts, str) else tuple(prompts or ())
        made = cls(**values)
        made.check()
        return made

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON."""
        return asdict(self) | {"sample_prompts": list(self.sample_prompts)}

    def check(self) -> None:
        """Check every value by itself.

        Raises:
            TrainingError: Some make no sense; says all that do not.
        """
        wrong = [*_wrong_choices(self), *_wrong_numbers(self)]
        if wrong:
            raise TrainingError(" ".join(wrong))
        if self.trigger and len(_WORD.findall(self.trigger)) != 1:
            wrong.append(f"The trigger is one word; '{self.trigger[:60]}' is not. Join its parts: 'myword'.")
        if any(not isinstance(prompt, str) for prompt in self.sample_prompts):
            wrong.append("sample_prompts is a list of texts.")
        for name, count, most in (
            ("sample_prompts", len(self.sample_prompts), MOST_PROMPTS),
            ("class_words", len(self.kinds()), MOST_KINDS),
        ):
            if count > most:
                wrong.append(f"{name} holds at most {most}, not {count:,}.")
        if self.continue_from and self.method != "lora":
            wrong.append(f"Only a LoRA is taught further; the method is '{self.method}'. Leave continue_from empty.")
        if self.prior and not self.kinds():
            wrong.append("prior needs class_words: kinds of thing that the base knows, such as 'circle, square'.")
        if wrong:
            raise TrainingError(" ".join(wrong))

    def kinds(self) -> list[str]:
        """Return the class words."""
        return [word.strip() for word in self.class_words.split(",") if word.strip()]


# Name → (lowest, highest, whether it is a whole number). None passes, where it is the default.
_LIMITS: dict[str, tuple[float, float, bool]] = {
    "steps": (1, 1_000_000, True),
    "rank": (1, 256, True),
    "alpha": (0.001, 1024, False),
    "learning_rate": (1e-9, 1, False),
    "text_learning_rate": (0, 1, False),
    "warmup": (0, 1_000_000, True),
    "batch": (1, 1024, True),
    "accumulation": (1, 1024, True),
    "resolution": (16, 4096, True),
    "min_snr": (0, 100, False),
    "prior": (0, 16, False),
    "prior_pictures": (1, 10_000, True),
    "prior_weight": (0, 100, False),
    "caption_dropout": (0, 1, False),
    "noise_offset": (0, 1, False),
    "vectors": (1, 16, True),
    "seed": (0, 2**64 - 1, True),
    "held_out": (0, 0.5, False),
    "sample_every": (1, 1_000_000, True),
    "sample_steps": (1, 1000, True),
    "checkpoint_every": (1, 1_000_000, True),
    "keep_last": (1, 1000, True),
}


def _wrong_choices(settings: Settings) -> list[str]:
    choices = {
        "method": get_args(Method),
        "schedule": get_args(Schedule),
        "precision": get_args(Precision),
        "preset": ("", *PRESETS),
    }
    wrong = [
        f"{name} is one of {', '.join(repr(choice) for choice in known)}, not {getattr(settings, name)!r}."
        for name, known in choices.items()
        if getattr(settings, name) not in known
    ]
    for name in ("base", "name", "trigger", "class_words", "continue_from", "licence"):
        if not isinstance(getattr(settings, name), str):
            wrong.append(f"{name} is a text, not {getattr(settings, name)!r}.")
    for name in ("text_encoders", "convolutions", "gradient_checkpointing"):
        if getattr(settings, name) not in (None, True, False):
            wrong.append(f"{name} is true or false, not {getattr(settings, name)!r}.")
    return wrong


def _wrong_numbers(settings: Settings) -> list[str]:
    wrong = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name not in _LIMITS or (value is None and field.default is None):
            continue
        low, high, is_whole = _LIMITS[field.name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        if not is_number or (is_whole and not isinstance(value, int)):
            kind = "a whole number" if is_whole else "a number"
            wrong.append(f"{field.name} is {kind} from {low:g} to {high:g}, not {value!r}.")
    return wrong


def settled(settings: Settings, family: str, sample_size: int, pictures: int) -> Settings:
    """Return settings in which nothing is left open.

    Args:
        settings: As they were given.
        family: Of the base model.
        sample_size: Pixels of the edge of pictures that the base makes by itself.
        pictures: How many there are to learn from.

    Raises:
        TrainingError: The base model's family cannot be taught.
    """
    if family not in FAMILIES:
        raise TrainingError(
            f"The base model '{settings.base}' is {family or 'of an unknown family'}, which cannot be taught here. "
            f"Choose one of {', '.join(FAMILIES)}."
        )
    is_small = family == "Starter"
    own = {name: value for name, value in settings.as_json().items() if value is not None}
    usual = _usual(settings, is_small, pictures) | PRESETS.get(settings.preset, {})
    filled = {name: own.get(name, value) for name, value in usual.items()}
    steps = filled["steps"]
    filled |= {
        "resolution": own.get("resolution", sample_size),
        "alpha": own.get("alpha", float(filled["rank"])),
        "text_learning_rate": own.get("text_learning_rate", filled["learning_rate"]),
        "warmup": own.get("warmup", min(10 if is_small else 100, steps // 10)),
        "sample_every": own.get("sample_every", max(1, steps // 6)),
        "checkpoint_every": own.get("checkpoint_every", max(1, steps // 8)),
    }
    if not settings.kinds():
        filled["prior"] = 0.0
    return replace(settings, **filled)


def _usual(settings: Settings, is_small: bool, pictures: int) -> dict[str, Any]:
    """Return what suits a base: rates of the starter are those of a model of a five-hundredth of SDXL's size."""
    rates = {"lora": (1e-3, 1e-4), "prompt": (2e-2, 5e-3), "full": (3e-4, 1e-5)}[settings.method]
    return {
        "steps": (200 if is_small else min(2000, max(400, 100 * pictures))),
        "rank": 16,
        "learning_rate": rates[0 if is_small else 1],
        "text_encoders": is_small,
        "convolutions": is_small,
        "batch": 8 if is_small else 1,
        "min_snr": 0.0 if is_small else 5.0,
        "prior": 1.0,
        "caption_dropout": 0.1 if is_small else 0.05,
        "gradient_checkpointing": not is_small,
    }
