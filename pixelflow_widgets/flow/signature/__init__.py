"""What a flow takes and gives, said once: forms, HTTP, command line, tools and clients all read this."""

from .entries import MISSING, Entry, Given, SeedPolicy, Signature, signature_of
from .reading import checked_values, read_values

__all__ = [
    "MISSING",
    "Entry",
    "Given",
    "SeedPolicy",
    "Signature",
    "checked_values",
    "read_values",
    "signature_of",
]
