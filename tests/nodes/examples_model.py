"""Examples of the nodes that name models and what changes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.zoo import Zoo

from .examples import Example

FALLING = "0:1 1:0.25"


def loaded(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("sdxl"))},
        "vary": {"model": str(zoo("sd15")), "vae": str(zoo("vae_sdxl"))},
    }


def stacked(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("sdxl")), "loras": f"{zoo('lora_sdxl')} 0.5"},
        "vary": {"model": str(zoo("sdxl_other")), "loras": f"{zoo('lora_sdxl')} 0.5 @ {FALLING}"},
    }


def scheduled(zoo: Zoo) -> Example:
    return {
        "inputs": {"model": str(zoo("sdxl")), "scheduler": "Euler"},
        "vary": {"model": str(zoo("sd15")), "scheduler": "Euler a"},
    }


def _adapted(port: str, base: str, other: str, source: str, another: str, **vary: Any) -> Callable[[Zoo], Example]:
    def example(zoo: Zoo) -> Example:
        return {
            "inputs": {"model": str(zoo(base)), port: str(zoo(source))},
            "vary": {"model": str(zoo(other)), port: str(zoo(another)), **vary},
        }

    return example


EXAMPLES: dict[str, Callable[[Zoo], Example]] = {
    "load_model": loaded,
    "lora_stack": stacked,
    "set_scheduler": scheduled,
    "add_lora": _adapted("lora", "sdxl", "sdxl_other", "lora_sdxl", "lora_sdxl_second", schedule=FALLING),
    "add_ip_adapter": _adapted(
        "adapter", "sdxl", "sdxl_other", "ip_adapter_sdxl", "ip_adapter_sdxl_other", schedule=FALLING
    ),
    "add_embedding": _adapted("embedding", "sdxl", "sdxl_other", "embedding_sdxl", "embedding_sdxl_other"),
}
