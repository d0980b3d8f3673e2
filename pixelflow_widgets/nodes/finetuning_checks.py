"""What the ports of a training mean: its pictures and settings, and what is wrong with them before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError, TrainingError
from ..finetuning.settings import FAMILIES, Settings
from ..media import Adapter, Model
from ..models.fitting import check_adapter, ground_of
from ..schema import Complaint

if TYPE_CHECKING:
    from ..finetuning.dataset import Dataset

_SETTINGS = frozenset(field.name for field in fields(Settings))


def refused(known: Mapping[str, Any]) -> Iterable[Complaint]:
    """Say before the run what no training could begin with."""
    yield from _wrong_pictures(known)
    yield from _wrong_words(known)
    yield from _wrong_base(known)
    try:
        settings_of(known)
    except TrainingError as error:
        yield Complaint("training", str(error))


def _wrong_pictures(known: Mapping[str, Any]) -> Iterable[Complaint]:
    images, dataset = known.get("images", ()), known.get("dataset", "")
    if images and dataset:
        sentence = f"There are pictures at 'images', and 'dataset' names '{dataset}'."
        yield Complaint("training", sentence, "Give one of them.", port="dataset")
    elif not dataset and "images" in known and not images and "dataset" in known:
        sentence = "There are no pictures to learn from."
        remedy = "Drop some on 'images', or name a folder or .zip at 'dataset'."
        yield Complaint("missing-input", sentence, remedy, "images")
    elif dataset and not Path(dataset).expanduser().exists():
        sentence = f"There is no folder or .zip '{dataset}' (in {Path.cwd()})."
        yield Complaint("training", sentence, "Name one that is there.", port="dataset")
    captions = known.get("captions")
    if captions and images and len(captions) != len(images):
        sentence = f"There are {len(images)} pictures and {len(captions)} captions."
        yield Complaint("training", sentence, "Give each picture one, in the same order, or none.", port="captions")
    elif captions and dataset:
        sentence = "Captions stand beside the pictures of a data set, in files."
        yield Complaint("training", sentence, "Leave 'captions' empty, or give the pictures at 'images'.", "captions")


def _wrong_words(known: Mapping[str, Any]) -> Iterable[Complaint]:
    trigger, template, captions = (known.get(name) or "" for name in ("trigger", "template", "captions"))
    is_used = "template" in known and "captions" in known and not captions
    if is_used and trigger and "{trigger}" not in template and trigger not in template.split():
        sentence = f"The template '{template}' does not say where the trigger word stands."
        yield Complaint("training", sentence, "Write 'a {trigger}', say.", port="template")
    without = [caption for caption in captions if trigger and trigger.lower() not in caption.lower()]
    if without:
        count = f"{len(without)} of {len(captions)} captions"
        sentence = f"{count} lack the trigger word '{trigger}': '{without[0][:80]}'."
        yield Complaint("training", sentence, "Write it into each.", port="captions", severity="hint")
    kinds = [word.strip() for word in known.get("class_words", "").split(",")]
    if trigger and trigger in kinds:
        sentence = f"The class words name what the model knows already, and '{trigger}' is the new word."
        yield Complaint("training", sentence, "Take it out of them: 'circle, square', say.", port="class_words")


def _wrong_base(known: Mapping[str, Any]) -> Iterable[Complaint]:
    model = known.get("model")
    if not isinstance(model, Model):
        return
    try:
        ground = ground_of(model)
    except ModelError:
        return  # the model's own port says that it is not here
    if ground.family not in FAMILIES:
        sentence = f"{ground.title} is {ground.family or 'of an unknown family'}, which cannot be taught here."
        yield Complaint("training", sentence, f"Choose a base model of {', '.join(FAMILIES)}.", port="model")
    elif known.get("continue_from") and (fault := check_adapter(Adapter(known["continue_from"]), ground)):
        yield Complaint(fault.code, fault.sentence, fault.remedy, "continue_from")


def dataset_of(told: Mapping[str, Any]) -> Dataset:
    """Return the pictures that come to a node.

    Raises:
        TrainingError: There are none, or there are two kinds of them.
    """
    from ..finetuning.dataset import Dataset

    for complaint in _wrong_pictures({"images": None, **told}):
        raise TrainingError(str(complaint))
    about = {"trigger": told["trigger"], "template": told["template"]}
    if told["images"]:
        return Dataset(told["images"], captions=told["captions"] or "template", **about)
    return Dataset(told["dataset"], **about)


def settings_of(told: Mapping[str, Any]) -> Settings:
    """Return the settings among the values of a node's ports.

    Raises:
        TrainingError: One makes no sense.
    """
    given = {name: value for name, value in told.items() if name in _SETTINGS}
    if "preset" in given:
        given["preset"] = given["preset"].replace("none", "")
    base = told.get("model", "starter")
    name = told.get("name") or told.get("trigger", "")
    return Settings.of(given | {"base": base.source if isinstance(base, Model) else base, "name": name})
