"""Models: what is known of them, where their weights are, and how they are loaded."""

from .cards import ModelCard, card_of, cards

__all__ = ["ModelCard", "card_of", "cards"]
