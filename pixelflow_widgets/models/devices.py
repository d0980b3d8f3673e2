"""Where models compute on this machine, in which precision, and how much memory is free there."""

from __future__ import annotations

import sys
from typing import Any

_HALF = frozenset(["Starter", "SD1.5", "SD2", "SDXL"])
"""Families that were made for float16; later ones overflow in it and want bfloat16, which has float32's range."""
DTYPES = ("float32", "float16", "bfloat16")


def best_device() -> str:
    """Return "cuda", "mps" or "cpu": the fastest that is here."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def precision(device: str, family: str, wanted: str | None = None) -> Any:
    """Return the dtype for a model: single precision on a CPU, half on a GPU.

    Args:
        device: Where it computes.
        family: Its base model.
        wanted: What the handle asks for, if it does: one of `DTYPES`.
    """
    import torch

    if wanted:
        return getattr(torch, wanted)
    if device == "cpu":
        return torch.float32
    if device == "mps" or family in _HALF or not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.bfloat16


def free_bytes(device: str) -> int:
    """Return how many bytes nobody holds on a device; what torch has put by for itself counts as free."""
    if device == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info()
        return free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    import psutil

    return min(psutil.virtual_memory().available, all_bytes(device))


def all_bytes(device: str) -> int:
    """Return how many bytes a device has; of a container, how many it may use."""
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[1]
    import psutil

    return min([psutil.virtual_memory().total, *_container()])


def _container() -> list[int]:
    """Return the limit of the container that this process is in, if there is one."""
    from pathlib import Path

    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return [int(Path(path).read_text())]
        except (OSError, ValueError):  # there is no such thing, or it says "max"
            continue
    return []


def sweep() -> None:
    """Give back to the system what nobody refers to any more."""
    import gc

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    elif torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()


def ran_out(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on whatever device."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    words = str(error)
    return isinstance(error, RuntimeError) and ("can't allocate memory" in words or "out of memory" in words)
