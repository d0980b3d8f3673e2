"""Following models of transformers while they write, token by token; the only place where they can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loading import Report

_SHOWN = 4000
"""Letters of an unfinished text that are shown: the last ones, where it grows."""


def each_token(notice: Callable[[Any], None]) -> Callable[..., Any]:
    """Return what `generate` asks after each token whether to stop: it never does.

    Args:
        notice: Is given the tokens so far, (batch, length); may raise to stop.
    """
    import torch

    def follow(tokens: Any, _: Any, **__: Any) -> Any:
        notice(tokens)
        return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)

    return follow


def each_word(tokenizer: Any, report: Report, given: int, most: int) -> Callable[..., Any]:
    """Return what `generate` asks after each token, which reports how far it is and the text so far.

    Args:
        tokenizer: Makes text of tokens, when the text is shown.
        report: Is told; may raise to stop.
        given: How many tokens stand before the text.
        most: The longest text, in tokens.
    """

    def notice(tokens: Any) -> None:
        written = tokens[0, given:]
        report(
            min(len(written) / most, 1.0),
            preview=lambda: tokenizer.decode(written, skip_special_tokens=True)[-_SHOWN:],
            note=f"{len(written)} tokens",
        )

    return each_token(notice)
