"""Whether a model does a task, and whether what shall change it fits: by headers alone, in one sentence for all.

The same words stand in the editor, in `flow.problems()`, before a task is sent, and in what the loader raises.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import ModelError
from ..media import Adapter, Model
from .cards import card_of, described
from .detecting import Detected, base_shapes, detect
from .devices import DTYPES
from .families import config_in, family_of_folder
from .files import state_of
from .live import family_of, is_live, pipeline_behind
from .safetensors_header import read_header
from .schedulers import names_for, why_unfit_scheduler
from .served import faults_of
from .tasks import MOTION, PARTS
from .weights import companions_of, place_of

_KINDS = {"lora": "LoRA", "ip_adapter": "IP-Adapter", "embedding": "embedding", "controlnet": "ControlNet"}
_WEIGHTS_OF = ("pytorch_lora_weights.safetensors", "adapter_model.safetensors", "learned_embeds.safetensors")
_SHAPING = ("cross_attention_dim", "joint_attention_dim", "pooled_projection_dim", "block_out_channels")
"""Settings of a denoiser that a ControlNet shares with it."""
_NOT_LOADED = ("LoHa", "LoKr", "OFT", "IA3", "GLoRA")
"""Kin of LoRA that diffusers does not load."""
_MATCHED = 256


class Fault(NamedTuple):
    """Is something wrong with a model handle, as `Complaint` of the node types says it.

    Args:
        code: One word for programs.
        sentence: What is wrong.
        remedy: What to do.
        severity: A "hint" does not keep anything from running.
    """

    code: str
    sentence: str
    remedy: str = ""
    severity: Literal["error", "hint"] = "error"

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()


class Ground(NamedTuple):
    """Is what adapters are laid on.

    Args:
        place: The folder or file of the base model; None where it is an object of the notebook without one.
        title: What a person calls it.
        family: Its base model; empty where nobody knows.
    """

    place: Path | None
    title: str
    family: str

    @property
    def name(self) -> str:
        """Return what it is called in a refusal."""
        return self.family or self.title


def check_model(task: str, model: Model) -> Iterator[Fault]:
    """Yield what is wrong with a model handle before it is loaded.

    Args:
        task: The node type that it shall do, or the kind that is picked: "controlnet". Empty asks nothing of it.
        model: The handle.
    """
    if model.is_served:
        yield from (Fault(code, sentence, remedy) for code, sentence, remedy in faults_of(model, task))
        return
    try:
        ground = ground_of(model)
    except ModelError as error:
        yield Fault("missing-model", str(error))
        return
    yield from _check_task(task, model, ground)
    yield from _check_options(task, model, ground)
    for adapter in model.adapters:
        fault = check_adapter(adapter, ground) if adapter.weight else None
        if fault is not None:
            yield fault


def ground_of(model: Model) -> Ground:
    """Return what the adapters of a handle are laid on.

    Raises:
        ModelError: The model is not here, or is none.
    """
    card = card_of(model)
    if is_live(model):
        pipeline = pipeline_behind(model)
        family = card.base_model if card else family_of(pipeline)
        return Ground(None, card.title if card else type(pipeline).__name__, family)
    place = place_of(model)
    companions_of(model)
    if card is not None:
        return Ground(place, card.title, card.base_model)
    return Ground(place, place.name, _family_at(place, state_of(place) if place.is_file() else ()))


@functools.lru_cache(_MATCHED)
def _family_at(place: Path, _: object) -> str:
    if place.is_file():
        return detect(place).base_model if place.suffix == ".safetensors" else ""
    found = family_of_folder(place)
    return found.name if found else ""


def _check_task(task: str, model: Model, ground: Ground) -> Iterator[Fault]:
    card = described(model)
    is_set_in_motion = task == "text_to_video" and ground.family in MOTION
    if not task or not card.tasks or task in card.tasks or is_set_in_motion:
        return
    does = ", ".join(name.replace("_", " ") for name in card.tasks)
    wanted = task.replace("_", " ")
    sentence = f"{card.title} does not do {wanted}: it does {does}."
    if task in _KINDS or task in ("vae", "motion", *PARTS):
        sentence = f"{card.title} is no {_KINDS.get(task, task)}: it does {does}."
    yield Fault("task", sentence, f"Choose a model for {wanted}.")


def _check_options(task: str, model: Model, ground: Ground) -> Iterator[Fault]:
    options = model.options
    scheduler, dtype, vae = options.get("scheduler"), options.get("dtype"), options.get("vae")
    if scheduler and (why := why_unfit_scheduler_on(ground, str(scheduler), task)):
        yield Fault("scheduler", why)
    if dtype and dtype not in DTYPES:
        yield Fault("precision", f"'{dtype}' is no precision.", f"Choose one of {', '.join(DTYPES)}.")
    if vae and (fault := check_source(str(vae))):
        yield fault


def why_unfit_scheduler_on(ground: Ground, name: str, task: str = "") -> str | None:
    """Return why a model does not take a scheduler, or None if it does, or nobody knows before it is loaded.

    Args:
        ground: The model.
        name: What was chosen.
        task: A node type; empty asks whether any of its tasks takes it.
    """
    is_told = ground.place is not None and ground.place.is_dir()
    return why_unfit_scheduler(name, names_for(ground.place, task), task) if is_told else None


def check_source(source: str) -> Fault | None:
    """Return what is wrong with the name of something that a model shall use: it is not here."""
    try:
        place_of(source)
    except ModelError as error:
        return Fault("missing-model", str(error))
    return None


def why_unfit(adapter: Adapter, ground: Ground) -> str | None:
    """Return why an adapter does not go with a base model, in words, or None if it does."""
    fault = check_adapter(adapter, ground)
    return None if fault is None or fault.severity == "hint" else str(fault)


def check_adapter(adapter: Adapter, ground: Ground) -> Fault | None:
    """Return what is wrong with an adapter on a base model; reads headers only."""
    try:
        path = adapter_file(adapter)
        found = _detected(path, state_of(path))
    except ModelError as error:
        return Fault("missing-model", str(error))
    if adapter.kind == "embedding" and found.kind in ("embedding", "unknown"):
        return _check_embedding(path, found, ground)
    if found.kind != adapter.kind:
        return _other_kind(adapter, path, found)
    remedy = f"Choose an adapter for {ground.name}."
    if found.variant in _NOT_LOADED:
        sentence = (
            f"The adapter '{path.name}' is {_article(found.variant)} {found.variant}, which diffusers does not load."
        )
        return Fault("adapter", sentence, "Choose a LoRA.")
    families = {found.base_model, *found.candidates} - {""}
    if families and ground.family and ground.family not in families:
        made = found.base_model or " or ".join(found.candidates)
        sentence = f"This adapter '{path.name}' was made for {made}; the model here is {ground.name}."
        return Fault("adapter", sentence, remedy)
    if ground.place is None or not found.shapes:
        return None
    why = _mismatch(path, ground.place, state_of(path), _denoiser_state(ground.place))
    if why is None:
        return None
    return Fault(
        "adapter", f"This adapter '{path.name}' was made for another model than {ground.title}: {why}.", remedy
    )


def _check_embedding(path: Path, found: Detected, ground: Ground) -> Fault | None:
    """Return what is wrong with a word for a model's text encoders: its vectors are as wide as none of them."""
    vectors = {shape[-1] for _, shape in read_header(path).tensors.values() if 1 <= len(shape) <= 2}
    remedy = f"Choose an adapter for {ground.name}."
    if ground.place is None or not ground.place.is_dir():
        return None
    parts = [config_in(ground.place / part, "config.json") for part in ("text_encoder", "text_encoder_2")]
    widths = {config["hidden_size"] for config in parts if "hidden_size" in config}
    if vectors & widths:
        return None
    if found.base_model and found.base_model != ground.family:
        sentence = f"This adapter '{path.name}' was made for {found.base_model}; the model here is {ground.name}."
    elif widths:
        sizes = f"its vectors are {_listed(vectors)} wide there and {_listed(widths)} here"
        sentence = f"This adapter '{path.name}' was made for another model than {ground.title}: {sizes}."
    else:
        sentence = f"{ground.title} learns no words, so the embedding '{path.name}' has no use here."
    return Fault("adapter", sentence, remedy)


def _listed(numbers: Iterable[int]) -> str:
    return " and ".join(map(str, sorted(numbers)))


def _other_kind(adapter: Adapter, path: Path, found: Detected) -> Fault:
    wanted = _KINDS[adapter.kind]
    if found.kind == "unknown":
        sentence = f"What '{path.name}' is, nobody can tell: {found.reason}"
        return Fault("adapter", sentence, f"Choose {_article(wanted)} {wanted} in a known format.")
    is_a = _KINDS.get(found.kind, found.kind.replace("_", " "))
    return Fault(
        "adapter",
        f"'{path.name}' is {_article(is_a)} {is_a}, not {_article(wanted)} {wanted}.",
        f"Choose {_article(wanted)} {wanted}.",
    )


def _article(word: str) -> str:
    return "an" if word[0] in "aeiouAEIOU" else "a"


@functools.lru_cache(_MATCHED)
def _detected(path: Path, _: object) -> Detected:
    return detect(path)


def _denoiser_state(place: Path) -> object:
    """Return what changes when the layers of a base model do; looks at a few files only."""
    if place.is_file():
        return state_of(place)
    names = [
        place / "model_index.json",
        *(place / part / "config.json" for part in ("unet", "transformer", "text_encoder")),
    ]
    return tuple((path.name, path.stat().st_mtime_ns) for path in names if path.is_file())


@functools.lru_cache(_MATCHED)
def _mismatch(path: Path, place: Path, _: object, __: object) -> str | None:
    """Return which layer of an adapter does not fit a base model, in words; the last arguments tell states of both."""
    shapes, own = detect(path).shapes, base_shapes(place)
    if not own:
        return None
    known = {name: shape for name, shape in shapes.items() if name in own}
    for name, shape in known.items():
        if shape != own[name]:
            return f"its layer '{name}' is {_size(shape)} there and {_size(own[name])} here"
    return None if known else f"none of the {len(shapes)} layers that it changes is here"


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def adapter_file(adapter: Adapter) -> Path:
    """Return the file of an adapter.

    Raises:
        ModelError: It is not here, or its folder does not say which file is meant.
    """
    place = place_of(adapter.source)
    if place.is_file():
        return place
    named = [place / name for name in _WEIGHTS_OF if (place / name).is_file()]
    files = named or sorted(place.glob("*.safetensors"))
    if len(files) != 1:
        names = ", ".join(path.name for path in files[:8])
        which = f"holds {len(files)} .safetensors files ({names})" if files else "holds no .safetensors file"
        raise ModelError(
            f"The folder of the adapter '{adapter.source}' {which}. Name one: {adapter.source}/….safetensors."
        )
    return files[0]


def why_unfit_controlnet(controlnet: Model, model: Model) -> str | None:
    """Return why a ControlNet does not go with a base model, in words, or None if it does, or nobody knows yet.

    Args:
        controlnet: The ControlNet.
        model: The base model.
    """
    try:
        ground, place = ground_of(model), place_of(controlnet)
    except ModelError:
        return None  # that it is not here is said elsewhere
    found = _detected(place, state_of(place))
    name, remedy = place.name, f"Choose a ControlNet for {ground.name}."
    card = card_of(controlnet)
    family = card.base_model if card else found.base_model
    if card is None and found.kind not in ("controlnet", "unknown"):
        return f"'{name}' is {_article(found.kind)} {found.kind.replace('_', ' ')}, not a ControlNet. {remedy}"
    if family and ground.family and family != ground.family:
        return f"This ControlNet '{name}' was made for {family}; the model here is {ground.name}. {remedy}"
    if ground.place is None or not ground.place.is_dir() or not place.is_dir():
        return None
    own = next(
        (config for part in ("unet", "transformer") if (config := config_in(ground.place / part, "config.json"))), {}
    )
    its = config_in(place, "config.json")
    for setting in _SHAPING:
        if setting in own and setting in its and own[setting] != its[setting]:
            sizes = f"its {setting} is {its[setting]} there and {own[setting]} here"
            return f"This ControlNet '{name}' was made for another model than {ground.title}: {sizes}. {remedy}"
    return None


def trigger_words(model: Model) -> tuple[str, ...]:
    """Return the words that make a handle's adapters show, those of their cards and files."""
    words: list[str] = []
    for adapter in model.adapters:
        card = card_of(adapter.source)
        words += card.trigger_words if card else ()
        try:
            path = adapter_file(adapter)
            words += _detected(path, state_of(path)).trigger_words
        except ModelError:
            continue
    return tuple(dict.fromkeys(words))
