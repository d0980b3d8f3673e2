"""How each medium is checked, encoded without loss, and decoded; never pickle."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image

from ..errors import MediaError
from .framing import decode_array, encode_array, framed, unframed
from .values import Audio, Model, Video, canonical_json

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}\Z")
# Modes that an array holds as they are; the others are stored in the nearest of these.
_STORED_MODES = ("RGB", "RGBA", "L", "LA", "1", "I", "I;16", "F")
_NEAREST_MODES = {"PA": "RGBA", "RGBa": "RGBA", "La": "LA", "I;16B": "I", "I;16L": "I", "I;16N": "I"}


def wrong(value: Any, wanted: str) -> MediaError:
    """Return the error for a value of the wrong kind."""
    return MediaError(f"{wanted} is wanted here; this is {type(value).__name__} ({str(value)[:60]!r}).")


def check_text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(value, "Text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise MediaError("This text holds half a character (a lone surrogate). Type it again.") from None
    return value


def check_flag(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise wrong(value, "True or False")
    return bool(value)


def check_int(value: Any) -> int:
    if isinstance(value, str) and _WHOLE_NUMBER.match(value):
        return int(value)  # 64-bit seeds are text in JSON
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise wrong(value, "A whole number")
    return int(value)


def check_float(value: Any) -> float:
    if type(value) is float and abs(value) <= 1e300:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise wrong(value, "A number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not abs(number) <= 1e300:
        raise MediaError(f"A finite number is wanted here; this is {str(value)[:40]}.")
    return number


def check_image(value: Any) -> PIL.Image.Image:
    if isinstance(value, np.ndarray):
        raise MediaError("An image travels as a PIL image. Write PIL.Image.fromarray(array).")
    if not isinstance(value, PIL.Image.Image):
        raise wrong(value, "A PIL image")
    if 0 in value.size:
        raise MediaError(f"An image has at least one pixel; this one is {value.width} x {value.height}.")
    return value


def check_mask(value: Any) -> PIL.Image.Image:
    image = check_image(value)
    return image if image.mode == "L" else image.convert("L")


def encode_image(image: PIL.Image.Image) -> bytes:
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode not in _STORED_MODES:
        image = image.convert(_NEAREST_MODES.get(image.mode, "RGB"))
    return encode_array(np.asarray(image))


def decode_image(data: bytes) -> PIL.Image.Image:
    return PIL.Image.fromarray(decode_array(data))


def encode_audio(audio: Audio) -> bytes:
    return framed({"sample_rate": audio.sample_rate}, encode_array(audio.samples))


def decode_audio(data: bytes) -> Audio:
    header, (samples,) = unframed(data)
    return Audio(decode_array(samples), header["sample_rate"])


def encode_video(video: Video) -> bytes:
    sound = [] if video.audio is None else [encode_audio(video.audio)]
    return framed({"fps": video.fps}, encode_array(video.frames), *sound)


def decode_video(data: bytes) -> Video:
    header, (frames, *sound) = unframed(data)
    return Video(decode_array(frames), header["fps"], decode_audio(sound[0]) if sound else None)


def check_instance(kind: type, wanted: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind):
            raise wrong(value, wanted)
        return value

    return check


def check_model(value: Any) -> Model:
    if isinstance(value, str) and value:
        return Model(check_text(value))
    if not isinstance(value, Model):
        raise wrong(value, "A model: a name, a folder or pf.Model(...)")
    return value


def decode_model(data: bytes) -> Model:
    model = Model.from_dict(json.loads(data))
    for source in (model.source, *(adapter.source for adapter in model.adapters)):
        check_text(source)
    return model


def qualified(value: Any) -> set[str]:
    """Return "package.Class" for each class of a value: heavy libraries are known without importing them."""
    return {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(value).__mro__}


def check_latents(value: Any) -> Any:
    if "torch.Tensor" not in qualified(value):
        raise wrong(value, "A torch tensor of latents")
    return value


def encode_latents(tensor: Any) -> bytes:
    import safetensors.torch

    return safetensors.torch.save({"latents": tensor.detach().cpu().contiguous()})


def decode_latents(data: bytes) -> Any:
    import safetensors.torch

    return safetensors.torch.load(data)["latents"]


def check_table(value: Any) -> Any:
    if "pandas.DataFrame" not in qualified(value):
        raise wrong(value, "A pandas DataFrame")
    return value


def encode_json(value: Any) -> bytes:
    return canonical_json(value).encode()
