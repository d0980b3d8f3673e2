"""Models that learn what they have never seen: a few pictures become weights, and the next node paints with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from ..controls import Advanced, LoraPicker, ModelPicker, Number, Seed, Slider, Text
from ..finetuning.folders import SETTINGS, read_json
from ..finetuning.keeping import handle_of, keep_pictures, kept_pictures, plain
from ..finetuning.places import placed
from ..finetuning.settings import Settings
from ..media import Image, Model, Table
from ..schema import Progress, node
from .finetuning_checks import dataset_of, refused, settings_of
from .finetuning_code import write_train_lora

if TYPE_CHECKING:
    from ..finetuning.dataset import Dataset

Line = Annotated[str, Text(), Advanced()]
Count = Annotated[int | None, Number(min=1, max=1_000_000, step=1), Advanced()]
Choice = Annotated[bool | None, Advanced()]
Rate = Annotated[float | None, Number(min=1e-9, max=1), Advanced()]
Share = Annotated[float | None, Slider(0, 1, step=0.05), Advanced()]


GRACE = 120.0
"""Seconds after Stop: a step of a large model ends, and the best weights so far are written."""


class Taught(NamedTuple):
    """Is what a training gives: the model with what it learnt, what it painted, how it went, where the weights lie.

    The first pictures are what a card shows, live while it trains: they come before the table.
    """

    model: Model
    samples: list[Image]
    history: Table
    weights: str


@node(pure=False, check=refused, export=write_train_lora, title="Train LoRA", grace=GRACE)
def train_lora(
    images: list[Image] | None = None,
    captions: Annotated[list[str] | None, Text(lines=4)] = None,
    dataset: Annotated[str, Text(placeholder="folder or .zip")] = "",
    model: Annotated[Model, ModelPicker("text_to_image")] = "starter",  # type: ignore[assignment]
    trigger: Annotated[str, Text(placeholder="zorb")] = "",
    class_words: Annotated[str, Text(placeholder="circle, square")] = "",
    steps: Annotated[int | None, Number(min=1, max=1_000_000, step=10)] = None,
    seed: Annotated[int, Seed()] = 0,
    name: Line = "",
    template: Line = "a {trigger}",
    preset: Annotated[Literal["none", "character", "product", "style"], Advanced()] = "none",
    method: Annotated[Literal["lora", "prompt", "full"], Advanced()] = "lora",
    rank: Annotated[int | None, Slider(1, 256, step=1), Advanced()] = None,
    alpha: Annotated[float | None, Number(min=0.001, max=1024), Advanced()] = None,
    learning_rate: Rate = None,
    text_encoders: Choice = None,
    convolutions: Choice = None,
    schedule: Annotated[Literal["cosine", "linear", "constant"], Advanced()] = "cosine",
    batch: Annotated[int | None, Number(min=1, max=1024, step=1), Advanced()] = None,
    accumulation: Annotated[int, Number(min=1, max=1024, step=1), Advanced()] = 1,
    resolution: Annotated[int | None, Number(min=16, max=4096, step=8, unit="px"), Advanced()] = None,
    min_snr: Annotated[float | None, Number(min=0, max=100), Advanced()] = None,
    prior: Annotated[float | None, Slider(0, 4, step=0.25), Advanced()] = None,
    caption_dropout: Share = None,
    vectors: Annotated[int, Slider(1, 16, step=1), Advanced()] = 1,
    gradient_checkpointing: Choice = None,
    precision: Annotated[Literal["auto", "float32", "bfloat16", "float16"], Advanced()] = "auto",
    held_out: Annotated[float, Slider(0, 0.5, step=0.05), Advanced()] = 0.0,
    continue_from: Annotated[str, LoraPicker(), Advanced()] = "",
    sample_prompts: Annotated[list[str] | None, Text(lines=3), Advanced()] = None,
    sample_every: Count = None,
    progress: Progress = Progress(),
) -> Taught:
    """Teaches a model a new thing or style from a few pictures; call it by its trigger word afterwards.

    Stop keeps the best so far, and running again goes on. What was trained before with the same settings is there at
    once.

    Args:
        images: Four to forty pictures of the thing.
        captions: What each shows, with the trigger word; empty is the template. What they name can be changed later.
        dataset: Instead of images: a folder or .zip, with captions in text files beside them.
        model: The base model, which stays as it is. It learns without the adapters that it wears; they are kept, and
            what was learnt comes on top.
        trigger: A word that the model does not know: "zorb". In a prompt it calls what was learnt.
        class_words: What the model knows of the same kind, "circle, square": it is shown its own pictures of them, so
            that these stay what they were.
        steps: How often the weights are changed; empty is what suits the model.
        seed: The same seed gives the same weights, on the same machine.
        name: Of the weights; empty is the trigger word, else the name of the data set.
        template: The caption of pictures that have none; {trigger} is the trigger word.
        preset: Settings that go together; those that you set win.
        method: lora: small layers beside the model's own. prompt: only what the word means. full: all weights.
        rank: How much a LoRA can hold; empty is what suits the model, as below.
        alpha: A LoRA counts alpha / rank; empty is the rank.
        learning_rate: How far each step goes.
        text_encoders: Whether a LoRA changes the text encoders, too.
        convolutions: Whether a LoRA changes the convolutions, too.
        schedule: How the learning rate falls.
        batch: Pictures at a time.
        accumulation: Batches that make one step.
        resolution: Pictures are taken at about this many pixels squared.
        min_snr: Keeps steps of little noise from ruling (gamma; 5 is usual); 0 is off.
        prior: How many pictures of the class words go along with each of yours.
        caption_dropout: Share of pictures that are shown without their caption.
        vectors: Of the word, for the method prompt.
        gradient_checkpointing: Less memory, more time.
        precision: auto is half on a GPU and float32 on a CPU.
        held_out: Share of the pictures that are only tested on.
        continue_from: A LoRA that is taught further.
        sample_prompts: Painted now and then to look at; empty is made of the captions.
        sample_every: Steps between those.
    """
    told = dict(locals())  # settings and ports are called alike
    return teach(dataset_of(told), settings_of(told), model, progress)


def go_on(folder: str, model: Model, progress: Progress = Progress()) -> Taught:
    """Trains what the folder of a training says: what `pf.train` asks the worker for.

    Args:
        folder: The training's.
        model: The base model.
    """
    place = Path(folder)
    settings = Settings.of(read_json(place / SETTINGS))
    return teach(kept_pictures(place, settings.trigger), settings, model, progress)


def teach(dataset: Dataset, settings: Settings, model: Model | str, progress: Progress) -> Taught:
    """Train, or go on, or return what was trained before.

    Raises:
        TrainingError: A setting or the base model does not allow it.
        MediaError: The pictures cannot be learnt from.
        Cancelled: The run was stopped; checkpoint and best weights are kept.
    """
    from ..finetuning.training import train

    base = Model(model) if isinstance(model, str) else model
    dataset.look(progress)
    place = placed(dataset, settings, plain(base))
    dataset.check(place.settings.resolution or 0)  # nothing is kept of pictures that are refused
    for problem in dataset.problems(place.settings.resolution, base):
        progress.log(str(problem))
    outcome = train(keep_pictures(dataset, place.folder), place.settings, progress, model=plain(base))
    progress.log(f"Learnt: {outcome.weights}")
    made = handle_of(base, place.settings.method, outcome.weights)
    return Taught(made, outcome.samples, outcome.history, str(outcome.weights))
