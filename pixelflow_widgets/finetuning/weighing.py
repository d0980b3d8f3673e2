"""What a UNet computes and keeps when it learns, told by a UNet without weights: one forward pass on shapes alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from .methods import METHODS
from .settings import Settings

_BLOCKS = ("ResnetBlock2D", "BasicTransformerBlock")
"""What diffusers computes again on the way back, where memory is saved."""


class Weighed(NamedTuple):
    """Is what one picture costs in one forward pass.

    Args:
        work: Multiplications and additions.
        kept: Bytes that are kept for the way back.
        kept_saving: Those, where blocks are computed again on the way back.
        learnt: How many numbers of the UNet learn.
        numbers: How many it has.
    """

    work: float
    kept: float
    kept_saving: float
    learnt: int
    numbers: int


def weigh(config: Mapping[str, Any], settings: Settings, size: int, tokens: int, is_half: bool) -> Weighed:
    """Return what a UNet costs that learns by a method; nothing of its size is allocated.

    Args:
        config: Its configuration, as diffusers writes it.
        settings: Of the training, settled.
        size: Edge of the latents.
        tokens: That a prompt has.
        is_half: Whether it computes in half precision.
    """
    # Only what matters here, so that other settings find what was weighed before.
    known = Settings(method=settings.method, rank=settings.rank, alpha=1.0, convolutions=settings.convolutions)
    told = json.dumps({name: value for name, value in config.items() if not name.startswith("_")}, sort_keys=True)
    return _weigh(told, known, size, tokens, torch.float16 if is_half else torch.float32)


@functools.lru_cache(64)
def _weigh(config: str, settings: Settings, size: int, tokens: int, dtype: torch.dtype) -> Weighed:
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet: Any = UNet2DConditionModel.from_config(json.loads(config))
        unet.requires_grad_(settings.method == "full")
        numbers = sum(weight.numel() for weight in unet.parameters())
        if settings.method == "lora":
            learner: Any = SimpleNamespace(pipeline=SimpleNamespace(unet=unet), encoders=[])
            METHODS["lora"](learner, replace(settings, text_encoders=False)).lay()
        learnt = sum(weight.numel() for weight in unet.parameters() if weight.requires_grad)
        for weight in unet.parameters():
            weight.data = weight.data.to(dtype)
        unet.train()
        kept, counted = _Kept(unet), _Counted()
        given = _inputs(unet, size, tokens, dtype)
        with counted, _Fused(), torch.autograd.graph.saved_tensors_hooks(kept.keep, lambda tensor: tensor):
            unet(**given)
    return Weighed(counted.work, kept.total, kept.total_saving, learnt, numbers)


def _inputs(unet: Any, size: int, tokens: int, dtype: torch.dtype) -> dict[str, Any]:
    settings = unet.config
    # As if the text learnt, too: then the way back goes through all that reads it.
    context = torch.zeros(1, tokens, settings.cross_attention_dim, dtype=dtype, requires_grad=True)
    given = {
        "sample": torch.zeros(1, settings.in_channels, size, size, dtype=dtype, requires_grad=True),
        "timestep": torch.zeros(1, dtype=torch.long),
        "encoder_hidden_states": context,
    }
    if settings.addition_embed_type == "text_time":
        width = settings.projection_class_embeddings_input_dim - 6 * settings.addition_time_embed_dim
        told = {"text_embeds": torch.zeros(1, width, dtype=dtype), "time_ids": torch.zeros(1, 6, dtype=dtype)}
        given["added_cond_kwargs"] = told
    return given


class _Kept:
    """Adds up what a forward pass keeps for the way back, each piece of memory once.

    Args:
        unet: Whose blocks are told apart.
    """

    def __init__(self, unet: Any) -> None:
        self._own = {weight.untyped_storage()._cdata for weight in unet.parameters()}
        self._alive: list[torch.Tensor] = []
        """Holds what was counted, whose number another would get otherwise."""
        self._blocks: list[tuple[float, float]] = []
        """(what goes into a block, what it keeps)."""
        self._before = 0.0
        self.total = 0.0
        for block in unet.modules():
            if type(block).__name__ in _BLOCKS:
                block.register_forward_pre_hook(self._begin)
                block.register_forward_hook(self._end)

    def keep(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._own:
            self._own.add(storage._cdata)
            self._alive.append(tensor)
            self.total += storage.nbytes()
        return tensor

    def _begin(self, *_: Any) -> None:
        self._before = self.total

    def _end(self, _: Any, given: tuple[Any, ...], __: Any) -> None:
        taken = sum(value.nbytes for value in given if isinstance(value, torch.Tensor))
        self._blocks.append((taken, self.total - self._before))

    @property
    def total_saving(self) -> float:
        """Return what is kept at most where blocks keep only what goes into them."""
        taken, own = (sum(column) for column in zip(*self._blocks, strict=True)) if self._blocks else (0.0, 0.0)
        return self.total - own + taken + max((kept for _, kept in self._blocks), default=0.0)


class _Counted(TorchDispatchMode):
    """Counts multiplications and additions."""

    def __init__(self) -> None:
        super().__init__()
        self.work = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func._overloadpacket)) is not None:
            self.work += count(*args, **(kwargs or {}), out_val=made)
        return made


class _Fused(TorchFunctionMode):
    """Has attention keep what its fused kernels keep, which every device has: not each token's look at each other."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is functional.scaled_dot_product_attention:
            return _Attention.apply(*args[:3])
        return func(*args, **(kwargs or {}))


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        flat = [tensor.flatten(0, -3) for tensor in (query, key, value)]
        torch.bmm(torch.bmm(flat[0], flat[1].mT), flat[2])  # for what it costs
        made = torch.empty(*query.shape[:-1], value.shape[-1], dtype=query.dtype)
        ctx.save_for_backward(query, key, value, made)
        return made
