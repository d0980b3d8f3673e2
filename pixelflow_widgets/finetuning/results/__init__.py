"""What a training leaves: weights that other tools take, with what they were made of in their header; a model card."""

from .about import About
from .card import write_card
from .embeddings import write_embedding
from .loras import write_kohya, write_lora
from .whole_models import write_model

__all__ = ["About", "write_card", "write_embedding", "write_kohya", "write_lora", "write_model"]
