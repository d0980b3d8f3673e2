"""Colours of latents for models that bring no sketch of their own: a straight line from channels to RGB.

The line is found once for each autoencoder, by least squares, from soft patches of colour that it encodes; that costs
about as much as a step of a small model. It shows where things are and in which colours, not their edges.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import PIL.Image

_PATCHES = 6
"""Patches of colour side by side on each picture that is encoded."""
_PICTURES = 6
_LATENTS = 12
"""Latents side by side on each of them."""
_CALM = 1e-3
"""How strongly the line is drawn towards grey where the pictures do not settle it."""
_found: WeakKeyDictionary[Any, np.ndarray] = WeakKeyDictionary()
_lock = threading.Lock()


def picture_of_latents(vae: Any) -> Callable[[Any], PIL.Image.Image] | None:
    """Return a function from latents (channels, height, width), as the sampler holds them, to an RGB picture.

    None where the autoencoder encodes no pictures, or where its weights come and go (offloading): fetching them for a
    sketch would cost more than it shows.
    """
    if vae is None or hasattr(vae, "_hf_hook") or hasattr(vae, "_diffusers_hook") or not _sees(vae):
        return None

    def picture(latents: Any) -> PIL.Image.Image:
        line = _line_of(vae)
        values = latents.detach().float().cpu().numpy()
        colours = np.tensordot(line[:, :-1], values, axes=1) + line[:, -1][:, None, None]
        return PIL.Image.fromarray((colours.clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0))

    return picture


def _sees(vae: Any) -> bool:
    """Return whether an autoencoder is one of pictures or films: those of sounds have other channels."""
    deep = any(weights.ndim >= 4 for weights in vae.encoder.parameters()) if hasattr(vae, "encoder") else False
    return deep and vae.config.get("in_channels", 3) == 3


def _line_of(vae: Any) -> np.ndarray:
    """Return (3, channels + 1): colour = line[:, :-1] @ latents + line[:, -1]."""
    with _lock:
        if vae not in _found:
            _found[vae] = _fitted(vae)
        return _found[vae]


def _fitted(vae: Any) -> np.ndarray:
    import torch

    first = next(weights for weights in vae.encoder.parameters() if weights.ndim >= 4)
    is_film = first.ndim == 5
    edge = _LATENTS * _factor_of(vae)
    patches = torch.rand((_PICTURES, 3, _PATCHES, _PATCHES), generator=torch.Generator().manual_seed(0))
    pictures = torch.nn.functional.interpolate(patches, (edge, edge), mode="bicubic").clamp(0, 1)
    given = (pictures * 2 - 1).to(first.device, first.dtype)
    with torch.inference_mode():
        made = vae.encode(given[:, :, None] if is_film else given)
        raw = made.latent_dist.mode() if hasattr(made, "latent_dist") else made.latents
        latents = _as_sampled(vae, raw).float().cpu()
    latents = latents[:, :, 0] if is_film else latents
    colours = torch.nn.functional.interpolate(pictures, latents.shape[-2:], mode="area")
    known = np.concatenate([_rows(latents), np.ones((latents[:, 0].numel(), 1))], axis=1)
    grams = known.T @ known
    grams[np.diag_indices(len(grams) - 1)] += _CALM * len(known)
    return np.linalg.solve(grams, known.T @ _rows(colours)).T


def _rows(values: Any) -> np.ndarray:
    """Return (batch, channels, height, width) as one row for each place."""
    return values.movedim(1, -1).reshape(-1, values.shape[1]).double().numpy()


def _factor_of(vae: Any) -> int:
    """Return how many pixels side by side one latent stands for."""
    config = vae.config
    for name in ("spatial_compression_ratio", "scale_factor_spatial"):
        if factor := getattr(vae, name, None) or config.get(name):
            return int(factor)
    blocks = config.get("block_out_channels") or config.get("dim_mult") or (1,) * 4
    return 2 ** (len(blocks) - 1)


def _as_sampled(vae: Any, raw: Any) -> Any:
    """Return what the encoder gave as samplers hold it: moved and scaled, by channel or all alike."""
    import torch

    config = vae.config
    scale = config.get("scaling_factor") or 1.0

    def spread(values: Any) -> Any:
        return torch.as_tensor(values, device=raw.device, dtype=raw.dtype).view(1, -1, *(1,) * (raw.ndim - 2))

    kept = dict(vae.named_buffers(recurse=False))  # LTX learnt them, others have them in their configuration
    mean = kept.get("latents_mean", config.get("latents_mean"))
    deviation = kept.get("latents_std", config.get("latents_std"))
    if mean is not None and deviation is not None:
        return (raw - spread(mean)) / spread(deviation) * scale
    return (raw - (config.get("shift_factor") or 0.0)) * scale
