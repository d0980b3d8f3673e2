"""IP-Adapters: attention that looks at a picture beside the prompt, put into a denoiser and taken out again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..media import Adapter
from .bases import Base
from .files import state_of
from .fitting import adapter_file
from .memory import Kept, memory, size_of
from .pipelines import attempt
from .safetensors_header import read_header
from .weights import companions_of

if TYPE_CHECKING:
    from .loading import Report


@dataclass(eq=False)
class _Look:
    """Is what looks at pictures in a denoiser: its attention, and what makes words of a picture."""

    processors: dict[str, Any]
    projection: Any
    projection_kind: Any

    @classmethod
    def of(cls, denoiser: Any) -> _Look:
        """Return what a denoiser has now."""
        kind = getattr(denoiser.config, "encoder_hid_dim_type", None)
        return cls(dict(denoiser.attn_processors), getattr(denoiser, "encoder_hid_proj", None), kind)

    def put_into(self, denoiser: Any) -> None:
        """Put it into a denoiser."""
        denoiser.set_attn_processor(dict(self.processors))
        denoiser.encoder_hid_proj = self.projection
        denoiser.config.encoder_hid_dim_type = self.projection_kind

    @property
    def bytes(self) -> int:
        """Return how many bytes it takes."""
        parts = [part for part in (*self.processors.values(), self.projection) if hasattr(part, "parameters")]
        return sum(map(size_of, parts))


def put_on(base: Base, pipeline: Any, adapters: Sequence[Adapter], report: Report) -> None:
    """Have exactly these IP-Adapters act in the denoiser of a base; without any it is as it was.

    Args:
        base: Which is lent.
        pipeline: The pipeline that is lent.
        adapters: IP-Adapters, in order.
        report: Told what is being loaded.

    Raises:
        ModelError: The family has none, or the encoder that goes with one is not here.
    """
    if not adapters and base.plain_look is None:
        return
    denoiser = getattr(pipeline, "unet", None)
    if adapters and (denoiser is None or not hasattr(pipeline, "load_ip_adapter")):
        raise ModelError(f"{base.title} takes no IP-Adapters here: only UNets of the SD1.5 and SDXL kind do.")
    if base.plain_look is not None:
        base.plain_look()
        base.plain_look = None
    if not adapters:
        return
    plain = _Look.of(denoiser)
    before = {name: getattr(pipeline, name, None) for name in ("image_encoder", "feature_extractor")}

    def undo() -> None:
        plain.put_into(denoiser)
        for name, part in before.items():
            if hasattr(pipeline, name):
                setattr(pipeline, name, part)

    base.plain_look = undo
    paths = [adapter_file(adapter) for adapter in adapters]
    _give_encoder(base, pipeline, adapters[0], report)
    key = ("ip_adapter", base.key, tuple(map(state_of, paths)))
    kept = base.extras.get(key)
    if kept is None:
        report(note=f"Loading {', '.join(path.name for path in paths)} …")
        memory.make_room(sum(path.stat().st_size for path in paths), base.device)
        names = [path.name for path in paths]
        folders = [str(path.parent) for path in paths]
        attempt(lambda: _load(pipeline, folders, names), paths[0])
        look = _Look.of(denoiser)
        kept = base.take_extra(Kept(key, " + ".join(names), look, look.bytes, base.device))
    else:
        kept.thing.put_into(denoiser)
    weigh_looks(pipeline, adapters, 0)


def _load(pipeline: Any, folders: list[str], names: list[str]) -> None:
    pipeline.load_ip_adapter(
        folders, subfolder=[""] * len(names), weight_name=names, image_encoder_folder=None, local_files_only=True
    )


def weigh_looks(pipeline: Any, adapters: Sequence[Adapter], fraction: float) -> None:
    """Give IP-Adapters the weight that they have after a fraction of the steps."""
    pipeline.set_ip_adapter_scale([adapter.weight_at(fraction) for adapter in adapters])


def _give_encoder(base: Base, pipeline: Any, adapter: Adapter, report: Report) -> None:
    """Give a pipeline the image encoder that an adapter was trained with, unless it has one of its own."""
    if getattr(pipeline, "image_encoder", None) is not None:
        return
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    folder = encoder_folder(adapter)
    key = ("image_encoder", state_of(folder), str(base.dtype), base.device)
    kept = base.extras.get(key) or memory.find(key)
    if kept is None:
        report(note=f"Loading the image encoder of {Path(adapter.source).name} …")
        settings = {"dtype": base.dtype, "use_safetensors": True, "local_files_only": True}
        encoder = attempt(lambda: CLIPVisionModelWithProjection.from_pretrained(folder, **settings), folder)
        kept = Kept(key, "image_encoder", encoder.to(base.device), size_of(encoder), base.device)
    encoder = base.take_extra(kept).thing
    size = encoder.config.image_size
    pipeline.image_encoder = encoder
    pipeline.feature_extractor = CLIPImageProcessor(size=size, crop_size=size)


def encoder_folder(adapter: Adapter) -> Path:
    """Return the folder of the image encoder that an IP-Adapter looks through: its card's, or one of its repository.

    Raises:
        ModelError: None that fits is here.
    """
    if named := companions_of(adapter.source).get("image_encoder"):
        return named
    path = adapter_file(adapter)
    tensors = read_header(path).tensors
    widths = {shape[-1] for name, (_, shape) in tensors.items() if name.startswith("image_proj.") and len(shape) == 2}
    for folder in (path.parent / "image_encoder", path.parent.parent / "models" / "image_encoder"):
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if {config.get("projection_dim"), config.get("hidden_size")} & widths:
            return folder
    raise ModelError(
        f"The image encoder that '{path.name}' looks through is not here: its repository has it in the folder "
        f"image_encoder, which belongs beside the file ({path.parent})."
    )
