from __future__ import annotations

import numpy as np
import pytest

from pixelflow_widgets.models.latent_colours import picture_of_latents
from tests.zoo import Zoo


class Mean:
    """An autoencoder whose latents are the mean colours of squares of eight pixels, turned and moved."""

    def __init__(self) -> None:
        import torch

        self.encoder = torch.nn.Conv2d(3, 4, 1)
        self.config = {"in_channels": 3, "block_out_channels": (1, 1, 1, 1), "scaling_factor": 0.5, "shift_factor": 0.1}
        self.mixture = torch.tensor([[1.0, 0.2, 0.0], [0.0, 1.0, 0.3], [0.4, 0.0, 1.0], [0.5, 0.5, 0.5]])

    def named_buffers(self, recurse: bool = True) -> list[tuple[str, object]]:
        return []

    def encode(self, pictures: object) -> object:
        import torch

        means = torch.nn.functional.avg_pool2d(pictures, 8)  # type: ignore[arg-type]

        class Encoded:
            latents = torch.einsum("ck,nkhw->nchw", self.mixture, means)

        return Encoded


def test_colours_come_back_where_latents_hold_them() -> None:
    import torch

    vae = Mean()
    picture = picture_of_latents(vae)
    assert picture is not None
    colours = torch.rand((3, 5, 7), generator=torch.Generator().manual_seed(3))
    latents = (torch.einsum("ck,khw->chw", vae.mixture, colours * 2 - 1) - 0.1) * 0.5
    made = np.asarray(picture(latents))
    assert made.shape == (5, 7, 3)
    assert np.abs(made / 255 - colours.permute(1, 2, 0).numpy()).max() < 0.03


@pytest.mark.parametrize(("family", "channels"), [("sdxl", 4), ("ltx_video", 16), ("wan", 16), ("svd", 4)])
def test_each_kind_of_autoencoder_has_colours(zoo: Zoo, family: str, channels: int) -> None:
    import torch
    from diffusers import DiffusionPipeline

    vae = DiffusionPipeline.from_pretrained(zoo(family)).vae
    picture = picture_of_latents(vae)
    assert picture is not None
    first, second = (torch.randn((channels, 4, 6), generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert picture(first).size == (6, 4)
    assert picture(first).tobytes() == picture(first).tobytes()
    assert np.isfinite(np.asarray(picture(second))).all()


def test_what_encodes_no_pictures_has_none(zoo: Zoo) -> None:
    from diffusers import DiffusionPipeline

    assert picture_of_latents(None) is None
    for family in ("stable_audio", "audioldm"):
        assert picture_of_latents(DiffusionPipeline.from_pretrained(zoo(family)).vae) is None
