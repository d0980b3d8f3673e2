"""The Python types of what travels, where no other library has one, and the names for those that exist."""

from __future__ import annotations

import itertools
import json
import math
import numbers
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NewType, Self, get_args
from weakref import WeakValueDictionary

import numpy as np
import PIL.Image

from ..errors import MediaError

Image = PIL.Image.Image
Mask = NewType("Mask", PIL.Image.Image)
"""A PIL image of mode "L": 255 where something is selected, 0 elsewhere."""
Latents = NewType("Latents", object)
"""A torch tensor (batch, channels, height, width) in a model's latent space."""
Table = NewType("Table", object)
"""A pandas DataFrame."""


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Audio:
    """Holds a sound.

    Args:
        samples: float32 (channels, frames), in [-1, 1].
        sample_rate: Frames per second, in hertz.
    """

    samples: np.ndarray
    sample_rate: int

    def __post_init__(self) -> None:
        samples = self.samples
        if not _is_array(samples, np.float32, 2) or not samples.shape[0]:
            raise MediaError(
                f"Audio wants float32 samples of shape (channels, frames), not {_spell(samples)}. "
                "Write Audio(samples.astype('float32').reshape(channels, -1), sample_rate)."
            )
        if not _is_positive(self.sample_rate) or int(self.sample_rate) != self.sample_rate:
            raise MediaError(f"The sample rate of audio is a whole number of hertz, not {str(self.sample_rate)[:40]}.")
        object.__setattr__(self, "sample_rate", int(self.sample_rate))


@dataclass(frozen=True, eq=False)
class Video:
    """Holds a film.

    Args:
        frames: uint8 (n, height, width, 3), RGB.
        fps: Frames per second.
        audio: Its sound, if any.
    """

    frames: np.ndarray
    fps: float
    audio: Audio | None = None

    def __post_init__(self) -> None:
        frames = self.frames
        if not _is_array(frames, np.uint8, 4) or frames.shape[-1] != 3 or not frames.size:
            raise MediaError(f"Video wants uint8 frames of shape (n, height, width, 3), not {_spell(frames)}.")
        if not _is_positive(self.fps):
            raise MediaError(f"A video has a positive number of frames per second, not {str(self.fps)[:40]}.")
        if self.audio is not None and not isinstance(self.audio, Audio):
            raise MediaError(f"The sound of a video is Audio, not {type(self.audio).__name__}.")
        object.__setattr__(self, "fps", float(self.fps))  # PyAV gives a fraction


def _is_array(value: Any, dtype: type, dimensions: int) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == dtype and value.ndim == dimensions


def _is_positive(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 < float(value) < math.inf


def _spell(value: Any) -> str:
    return f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


LIVE = "object:"
"""How the source of a model begins that is an object of this process."""
SERVED = "server:"
"""How the source of a model begins that somebody serves: "server:gpt-4o"."""
_live: WeakValueDictionary[str, Any] = WeakValueDictionary()


def live_name(pipeline: Any) -> str:
    """Return the name of an object of this process, always the same one.

    Raises:
        MediaError: It cannot paint: it is not called, or it has no parts.
    """
    for name, known in list(_live.items()):
        if known is pipeline:
            return name
    if not callable(pipeline) or not isinstance(getattr(pipeline, "components", None), Mapping):
        raise MediaError(
            f"Model.from_object takes a diffusers pipeline; this is {type(pipeline).__name__}. "
            "For a folder or a Hub id write pf.Model(name)."
        )
    name = f"{LIVE}{type(pipeline).__name__}-{secrets.token_hex(4)}"
    _live[name] = pipeline
    return name


def live_object(name: str) -> Any:
    """Return the object of a name, or None if it is gone."""
    return _live.get(name)


MAX_ADAPTERS = 64
"""In one handle: each is looked at wherever the handle comes, so a row of nodes that add one costs the square."""
AdapterKind = Literal["lora", "ip_adapter", "embedding"]


@dataclass(frozen=True)
class Adapter:
    """Changes a base model, reversibly; one that is switched off is not in the handle.

    Args:
        source: A .safetensors file, a folder, a Hub id, or a file within one: "owner/name/file.safetensors".
        weight: How strongly; 0 is as if it were not there.
        kind: What it is.
        schedule: (fraction of the steps from 0 to 1, factor of the weight) at each corner, straight lines between;
            empty is 1 all along.

    Raises:
        MediaError: The kind is unknown, a number is not finite, or the corners are not in order.
    """

    source: str
    weight: float = 1.0
    kind: AdapterKind = "lora"
    schedule: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(AdapterKind):
            raise MediaError(
                f"An adapter is one of {', '.join(get_args(AdapterKind))}; {str(self.kind)[:40]!r} is not."
            )
        corners = tuple((float(at), float(factor)) for at, factor in self.schedule)
        if not all(math.isfinite(number) for number in (self.weight, *itertools.chain(*corners))):
            raise MediaError(f"The weight of the adapter '{self.source[:80]}' is a finite number.")
        places = [at for at, _ in corners]
        if places != sorted(set(places)) or not all(0 <= at <= 1 for at in places):
            raise MediaError(
                f"The schedule of the adapter '{self.source[:80]}' goes from 0 to 1, each corner after the one before; "
                f"these are at {', '.join(f'{at:g}' for at in places[:8])}."
            )
        object.__setattr__(self, "weight", float(self.weight))
        object.__setattr__(self, "schedule", corners)

    def weight_at(self, fraction: float) -> float:
        """Return the weight after a fraction of the steps, from 0 to 1."""
        if not self.schedule:
            return self.weight
        places, factors = zip(*self.schedule, strict=True)
        return self.weight * float(np.interp(fraction, np.array(places), np.array(factors)))


@dataclass(frozen=True)
class Model:
    """Is a light handle on a model: where it comes from and how it is set up, never the module itself.

    Args:
        source: Name of a model card, Hub id, local folder or single file.
        options: What changes the pipeline: scheduler, dtype, vae, variant, revision.
        adapters: What changes the base model, in order.
    """

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    adapters: tuple[Adapter, ...] = ()
    _pipeline: Any = field(default=None, compare=False, repr=False)  # keeps one of `from_object` alive

    def __post_init__(self) -> None:
        if not all(isinstance(adapter, Adapter) for adapter in self.adapters):
            raise MediaError(f"The adapters of '{self.source[:80]}' are pf.Adapter(source, weight), in a tuple.")
        if len(self.adapters) > MAX_ADAPTERS:
            raise MediaError(f"A model takes at most {MAX_ADAPTERS} adapters; these are {len(self.adapters)}.")
        object.__setattr__(self, "adapters", tuple(self.adapters))

    def __hash__(self) -> int:
        return hash(self.as_json())

    def __reduce__(self) -> tuple[Any, ...]:
        if self.is_live:
            raise MediaError(f"the model '{self.source}' was made with from_object and lives in the kernel")
        return Model, (self.source, self.options, self.adapters)

    def __deepcopy__(self, _: Any) -> Model:
        return self  # nobody changes it

    @classmethod
    def from_object(cls, pipeline: Any) -> Model:
        """Return a handle on a diffusers pipeline that you hold; nodes that take it run in the kernel, where it lives.

        A flow notes only its name: keep the handle or the pipeline as long as the flow is to run.

        Args:
            pipeline: The pipeline, on the device and in the precision that it shall have.

        Raises:
            MediaError: It is no pipeline.
        """
        return cls(live_name(pipeline), _pipeline=pipeline)

    @property
    def is_live(self) -> bool:
        """Return whether it was made with `from_object`, and so cannot leave this process."""
        return self.source.startswith(LIVE)

    @property
    def is_served(self) -> bool:
        """Return whether a server computes with it, and nothing of it is on this machine."""
        return self.source.startswith(SERVED)

    def with_adapter(self, source: str | Adapter, weight: float = 1.0, **settings: Any) -> Self:
        """Return a handle on the same model with one more adapter.

        Args:
            source: Where the adapter comes from, or the adapter.
            weight: How strongly.
            settings: `kind` and `schedule`, as of `Adapter`.
        """
        adapter = source if isinstance(source, Adapter) else Adapter(source, weight, **settings)
        return replace(self, adapters=(*self.adapters, adapter))

    def with_options(self, **options: Any) -> Self:
        """Return a handle on the same model with other options; None takes one away."""
        kept = {name: value for name, value in {**self.options, **options}.items() if value is not None}
        return replace(self, options=kept)

    def as_dict(self) -> dict[str, Any]:
        """Return the handle as plain data, for JSON."""
        adapters = [asdict(adapter) for adapter in self.adapters]
        return {"source": self.source, "options": dict(self.options), "adapters": adapters}

    @classmethod
    def from_dict(cls, fields: Any) -> Self:
        """Return the handle that `as_dict` wrote.

        Raises:
            MediaError: It is no handle.
        """
        if not isinstance(fields, Mapping) or not isinstance(fields.get("source"), str):
            raise MediaError("A model handle is an object with a source that is text.")
        options, adapters = fields.get("options", {}), fields.get("adapters", [])
        if not isinstance(options, Mapping) or not isinstance(adapters, list | tuple):
            raise MediaError("A model handle wants its options as an object and its adapters as a list.")
        return cls(fields["source"], dict(options), tuple(map(_read_adapter, adapters)))

    def as_json(self) -> str:
        """Return the handle as canonical JSON."""
        return canonical_json(self.as_dict())


def _read_adapter(entry: Any) -> Adapter:
    try:
        if not isinstance(entry["source"], str):
            raise TypeError
        return Adapter(**entry)
    except MediaError:
        raise
    except (TypeError, ValueError, KeyError) as error:
        raise MediaError("An adapter is an object with a source, a weight, a kind and a schedule.") from error


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces, so that equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def blake3_hex(*chunks: bytes) -> str:
    """Return the BLAKE3 digest of the chunks one after another, as 64 hexadecimal digits."""
    from blake3 import blake3

    hasher = blake3()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()
