"""How each medium is checked, encoded without loss, and decoded; never pickle."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import PIL.Image

from ..errors import MediaError
from .values import Audio, Model, Video, canonical_json


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
    if isinstance(value, str) and value.lstrip("-").isdigit() and len(value) <= 20:
        return int(value)  # 64-bit seeds are text in JSON
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise wrong(value, "A whole number")
    return int(value)


def check_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise wrong(value, "A number")
    if abs(value) > 1e300 or not math.isfinite(value):
        raise MediaError(f"A finite number is wanted here; this is {str(value)[:40]}.")
    return float(value)


def check_image(value: Any) -> PIL.Image.Image:
    if isinstance(value, np.ndarray):
        raise MediaError("An image travels as a PIL image. Write PIL.Image.fromarray(array).")
    if not isinstance(value, PIL.Image.Image):
        raise wrong(value, "A PIL image")
    return value


def check_mask(value: Any) -> PIL.Image.Image:
    image = check_image(value)
    return image if image.mode == "L" else image.convert("L")


def encode_array(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def decode_array(data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data), allow_pickle=False)


def encode_image(image: PIL.Image.Image) -> bytes:
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    elif image.mode not in ("RGB", "RGBA", "L", "LA", "1", "I", "I;16", "F"):
        image = image.convert("RGB")
    return encode_array(np.asarray(image))


def decode_image(data: bytes) -> PIL.Image.Image:
    return PIL.Image.fromarray(decode_array(data))


def _framed(header: Mapping[str, Any], *parts: bytes) -> bytes:
    head = canonical_json({**header, "parts": [len(part) for part in parts]}).encode()
    return b"".join([struct.pack("<I", len(head)), head, *parts])


def _unframed(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    parts, start = [], 4 + length
    for size in header["parts"]:
        parts.append(data[start : start + size])
        start += size
    return header, parts


def encode_audio(audio: Audio) -> bytes:
    return _framed({"sample_rate": audio.sample_rate}, encode_array(audio.samples))


def decode_audio(data: bytes) -> Audio:
    header, (samples,) = _unframed(data)
    return Audio(decode_array(samples), header["sample_rate"])


def encode_video(video: Video) -> bytes:
    sound = [] if video.audio is None else [encode_audio(video.audio)]
    return _framed({"fps": video.fps}, encode_array(video.frames), *sound)


def decode_video(data: bytes) -> Video:
    header, (frames, *sound) = _unframed(data)
    return Video(decode_array(frames), header["fps"], decode_audio(sound[0]) if sound else None)


def check_instance(kind: type, wanted: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind):
            raise wrong(value, wanted)
        return value

    return check


def check_model(value: Any) -> Model:
    if isinstance(value, str) and value:
        return Model(value)
    if not isinstance(value, Model):
        raise wrong(value, "A model: a name, a folder or pf.Model(...)")
    return value


def decode_model(data: bytes) -> Model:
    fields = json.loads(data)
    return Model(fields["source"], fields["options"], tuple((name, weight) for name, weight in fields["adapters"]))


def _qualified(value: Any) -> set[str]:
    return {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(value).__mro__}


def check_latents(value: Any) -> Any:
    if "torch.Tensor" not in _qualified(value):
        raise wrong(value, "A torch tensor of latents")
    return value


def encode_latents(tensor: Any) -> bytes:
    import safetensors.torch

    return safetensors.torch.save({"latents": tensor.detach().cpu().contiguous()})


def decode_latents(data: bytes) -> Any:
    import safetensors.torch

    return safetensors.torch.load(data)["latents"]


def check_table(value: Any) -> Any:
    if "pandas.DataFrame" not in _qualified(value):
        raise wrong(value, "A pandas DataFrame")
    return value


def encode_table(frame: Any) -> bytes:
    return frame.to_json(orient="table", date_format="iso", double_precision=15).encode()


def decode_table(data: bytes) -> Any:
    import pandas

    return pandas.read_json(io.BytesIO(data), orient="table", precise_float=True)


def encode_json(value: Any) -> bytes:
    return canonical_json(value).encode()
