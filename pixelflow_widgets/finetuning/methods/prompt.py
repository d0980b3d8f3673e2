"""Textual inversion (arXiv 2208.01618): only the vectors of one new word learn, in each text encoder's table."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.nn import functional

from ...errors import TrainingError
from ..learner import Learner
from ..settings import Settings

_FILES = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}


class Prompt:
    """Teaches a word; see `Taught`."""

    def __init__(self, learner: Learner, settings: Settings) -> None:
        self._learner, self._settings = learner, settings
        self._before: list[tuple[str, Any, str, Any]] = []
        self.tables: dict[str, _Table] = {}

    def lay(self) -> None:
        """Put the new word into copies of the tokenizers, and its vectors behind the tables."""
        pipeline = self._learner.pipeline
        for tokenizer_name, encoder_name in self._learner.encoders:
            tokenizer, encoder = getattr(pipeline, tokenizer_name), getattr(pipeline, encoder_name)
            table = encoder.get_input_embeddings()
            self._before.append((tokenizer_name, tokenizer, encoder_name, table))
            learner = copy.deepcopy(tokenizer)
            is_known = len(tokenizer.tokenize(self._settings.trigger)) == 1
            if is_known or learner.add_tokens(self._words()) < self._settings.vectors:
                raise TrainingError(
                    f"'{self._settings.trigger}' is a word that the model's tokenizer knows as one. Choose another "
                    "trigger: the word that is learnt must be new."
                )
            self.tables[encoder_name] = _Table(table, self._first(tokenizer, table))
            encoder.set_input_embeddings(self.tables[encoder_name])
            setattr(pipeline, tokenizer_name, learner)

    def _words(self) -> list[str]:
        """Return the tokens: the word, and "word_1" … for its other vectors, as diffusers expands them."""
        word = self._settings.trigger
        return [word, *(f"{word}_{number}" for number in range(1, self._settings.vectors))]

    def _first(self, tokenizer: Any, table: torch.nn.Embedding) -> torch.Tensor:
        """Return where the vectors begin: between the class words, a little apart; else between all words."""
        kinds = self._settings.kinds()
        numbers = tokenizer(" ".join(kinds), add_special_tokens=False).input_ids if kinds else []
        known = table.weight.detach().float()
        middle = known[torch.tensor(numbers)].mean(0) if numbers else known.mean(0)
        noise = torch.randn(
            (self._settings.vectors, known.shape[1]), generator=torch.Generator().manual_seed(self._settings.seed)
        )
        return middle + 0.1 * known.std() * noise.to(known.device)

    def groups(self) -> list[dict[str, Any]]:
        """Return the vectors."""
        return [{"params": [table.learnt for table in self.tables.values()], "lr": self._settings.learning_rate}]

    def modules(self) -> list[torch.nn.Module]:
        """Return the text encoders."""
        return [getattr(self._learner.pipeline, name) for name in self.tables]

    def state_dict(self) -> dict[str, Any]:
        """Return the vectors (n, width) as files of embeddings name them: "clip_l", "clip_g"."""
        return {_FILES[name]: table.learnt.detach().cpu().clone() for name, table in self.tables.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up vectors."""
        for name, table in self.tables.items():
            table.learnt.data.copy_(state[_FILES[name]])

    def take_out(self) -> None:
        """Put the tokenizers and tables back that were there."""
        for tokenizer_name, tokenizer, encoder_name, table in self._before:
            setattr(self._learner.pipeline, tokenizer_name, tokenizer)
            getattr(self._learner.pipeline, encoder_name).set_input_embeddings(table)


class _Table(torch.nn.Module):
    """Is a table of embeddings with rows behind it that learn, while its own stay."""

    def __init__(self, known: torch.nn.Embedding, first: torch.Tensor) -> None:
        super().__init__()
        self.known = known
        self.learnt = torch.nn.Parameter(first.clone().float())

    @property
    def weight(self) -> torch.Tensor:
        return torch.cat([self.known.weight, self.learnt.to(self.known.weight.dtype)])

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return functional.embedding(numbers, self.weight)
