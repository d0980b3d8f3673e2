"""LoRA (arXiv 2106.09685): two small matrices beside layers of the UNet, and of the text encoders if asked for."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from ...errors import TrainingError
from ...media import Adapter
from ...models.fitting import adapter_file
from ..learner import Learner
from ..settings import Settings

NAME = "taught"
_ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2")
_CONVOLUTIONS = ("conv1", "conv2", "conv_shortcut", "time_emb_proj")
_TEXT = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


class Lora:
    """Teaches a LoRA; see `Taught`."""

    def __init__(self, learner: Learner, settings: Settings) -> None:
        self._learner, self._settings = learner, settings
        names = ["unet"]
        if settings.text_encoders:
            names += [encoder for _, encoder in learner.encoders]
        self.parts: dict[str, Any] = {name: getattr(learner.pipeline, name) for name in names}

    def lay(self) -> None:
        """Put the matrices beside the layers: one is drawn at random, the other zero, so that nothing changes yet."""
        from peft import LoraConfig

        settings = self._settings
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")  # other LoRAs may lie there, at rest
        if settings.continue_from:
            self._go_on_from(settings.continue_from)
        else:
            unet = _ATTENTION + (_CONVOLUTIONS if settings.convolutions else ())
            with torch.random.fork_rng():
                torch.manual_seed(settings.seed)
                for name, module in self.parts.items():
                    layers = list(unet if name == "unet" else _TEXT)
                    config = LoraConfig(
                        r=settings.rank or 1,
                        lora_alpha=settings.alpha or 1.0,  # type: ignore[arg-type]  # fractions are fine
                        target_modules=layers,
                        init_lora_weights="gaussian",
                    )
                    module.add_adapter(config, adapter_name=NAME)
        for weight in self._weights():
            weight.data = weight.data.float()  # small steps would be lost in half precision
            weight.requires_grad_(True)

    def _go_on_from(self, source: str) -> None:
        path = adapter_file(Adapter(source))
        self._learner.pipeline.load_lora_weights(
            str(path.parent), weight_name=path.name, adapter_name=NAME, use_safetensors=True, local_files_only=True
        )
        every = {"unet": self._learner.pipeline.unet} | {
            encoder: getattr(self._learner.pipeline, encoder) for _, encoder in self._learner.encoders
        }
        self.parts = {name: module for name, module in every.items() if NAME in getattr(module, "peft_config", {})}
        if not self.parts:
            raise TrainingError(
                f"The LoRA '{path.name}' touches no layer of this model, so it cannot be taught further."
            )
        if any(name != "unet" for name in self.parts):
            self._learner.texts_learn = True

    @property
    def rank(self) -> int:
        """Return the rank of the LoRA, which that of one taught further decides."""
        return next(iter(self.parts.values())).peft_config[NAME].r

    @property
    def alpha(self) -> float:
        """Return its alpha."""
        return float(next(iter(self.parts.values())).peft_config[NAME].lora_alpha)

    def groups(self) -> list[dict[str, Any]]:
        """Return the matrices: those of the UNet at one rate, those of the text encoders at theirs."""
        rates = {"unet": self._settings.learning_rate}
        return [
            {"params": list(_laid(module)), "lr": rates.get(name, self._settings.text_learning_rate)}
            for name, module in self.parts.items()
        ]

    def modules(self) -> list[torch.nn.Module]:
        """Return the UNet, and the text encoders if they learn."""
        return list(self.parts.values())

    def _weights(self) -> list[torch.nn.Parameter]:
        return [weight for module in self.parts.values() for weight in _laid(module)]

    def state_dict(self) -> dict[str, Any]:
        """Return the matrices by part and name, as peft names them."""
        from peft import get_peft_model_state_dict

        return {
            name: {key: value.detach().cpu().clone() for key, value in state.items()}
            for name, module in self.parts.items()
            for state in [get_peft_model_state_dict(module, adapter_name=NAME)]
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up matrices."""
        from peft import set_peft_model_state_dict

        for name, module in self.parts.items():
            set_peft_model_state_dict(module, state[name], adapter_name=NAME)

    def take_out(self) -> None:
        """Take the matrices out; the layers are again what they were."""
        from ...models.loras import take_out

        take_out(NAME, self.parts.values())


def _laid(module: torch.nn.Module) -> list[torch.nn.Parameter]:
    return [weight for name, weight in module.named_parameters() if f".{NAME}." in name]
