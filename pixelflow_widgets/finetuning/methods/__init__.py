"""Ways of teaching: what of a model learns, and what is kept of it."""

from __future__ import annotations

from ..settings import Settings
from .full import Full
from .lora import Lora
from .prompt import Prompt
from .taught import Taught

METHODS: dict[str, type[Taught]] = {"lora": Lora, "prompt": Prompt, "full": Full}

__all__ = ["METHODS", "Settings", "Taught"]
