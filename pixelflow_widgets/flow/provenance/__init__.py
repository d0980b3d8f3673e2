"""What a saved picture, sound or film says of how it was made: the flow as it was run, models, versions, machine."""

from .as_run import resolved
from .parameters import parameters_of
from .record import MAX_TEXT, Provenance, read_provenance, record_text
from .upstream import Upstream

__all__ = ["MAX_TEXT", "Provenance", "Upstream", "parameters_of", "read_provenance", "record_text", "resolved"]
