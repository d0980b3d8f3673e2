"""What a node gets to compute with, while it is lent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .devices import ran_out, sweep
from .memory import memory

if TYPE_CHECKING:
    from .adapters import Worn
    from .cards import ModelCard
    from .loading import Report
    from .served import Server

T = TypeVar("T")


@dataclass(eq=False)
class Loan:
    """Is a model that is lent.

    Args:
        card: What is known of it, if it has a card.
        folder: Where its files lie; of a single file, the file.
        device: Where it computes.
        dtype: In which precision.
        family: Its base model.
        pipeline: The diffusers pipeline of the class for the task; None for a model of transformers.
        model: The model of transformers.
        processor: Its tokenizer, image processor or both.
        worn: The adapters that act.
        source: What the handle names.
        server: Where it is served; everything else says nothing then.
    """

    card: ModelCard | None
    folder: Path
    device: str
    dtype: Any
    family: str
    pipeline: Any = None
    model: Any = None
    processor: Any = None
    worn: Worn | None = field(default=None, repr=False)
    source: str = ""
    server: Server | None = None

    def after_step(
        self, report: Report, steps: int, sketch: Callable[[Any], Any] | None = None
    ) -> Callable[..., dict[str, Any]]:
        """Return what a pipeline calls after each step: it reports, and weighs adapters whose weight changes.

        Args:
            report: Told the fraction that is done, and shown a sketch; may raise to stop.
            steps: As many as were asked for; where the pipeline does fewer or more, that counts.
            sketch: Makes a picture of the latents; None is the model's own, or the colours of its autoencoder.
        """
        shown = sketch or self._sketch()

        def call(pipeline: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            total = getattr(pipeline, "num_timesteps", None) or steps
            fraction = min((step + 1) / total, 1.0)
            if self.worn is not None:
                self.worn.weigh(fraction)
            latents = tensors.get("latents")
            is_shown = shown is not None and latents is not None and (sketch is not None or latents.ndim == 4)
            report(fraction, preview=functools.partial(shown, latents) if is_shown else None)
            return tensors

        return call

    def _sketch(self) -> Callable[[Any], Any] | None:
        """Return what makes a picture of latents (batch, channels, height, width)."""
        from .latent_colours import picture_of_latents
        from .sketch import latent_preview

        if own := latent_preview(self.folder) if self.folder.is_dir() else None:
            return own
        colours = picture_of_latents(getattr(self.pipeline, "vae", None))
        return None if colours is None else lambda latents: colours(latents[0])

    @property
    def ip_adapters(self) -> int:
        """Return how many IP-Adapters act: each wants a picture in the call, as `ip_adapter_image`."""
        return len(self.worn.glances) if self.worn is not None else 0

    def attempt(self, work: Callable[..., T], **arguments: Any) -> T:
        """Call something; if memory runs out, let go of everything else and try once more.

        Args:
            work: The pipeline, or a function.
            arguments: By name; torch generators among them begin again where they were.
        """
        given = [arguments.get("generator")]
        generators = [
            one for value in given for one in (value if isinstance(value, list) else [value]) if one is not None
        ]
        states = [one.get_state() for one in generators]
        try:
            return work(**arguments)
        except Exception as error:
            if not ran_out(error):
                raise
        memory.free()
        sweep()
        for one, state in zip(generators, states, strict=True):
            one.set_state(state)
        return work(**arguments)
