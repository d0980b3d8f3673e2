"""What a value is in a script: an expression, what it carries, and what is known of it before the script runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..schema import PortType
from ..schema.exporting import UNKNOWN
from ..schema.literals import flat

_WORD = PortType("text")


@dataclass(frozen=True)
class Expression:
    """Is an expression in a script.

    Args:
        text: The expression.
        type: What it carries.
        known: Its value, or what it is by default; UNKNOWN where that is worked out in the script.
        is_fixed: It is known and always so.
        is_default: It is the default of the input that it goes into.
    """

    text: str
    type: PortType
    known: Any = UNKNOWN
    is_fixed: bool = False
    is_default: bool = False

    @property
    def is_simple(self) -> bool:
        """Return whether it may be written where it is used, several times: a name, a literal."""
        return self.text.isidentifier() or (self.is_fixed and len(self.text) < 60 and "\n" not in self.text)

    def listed(self) -> str:
        """Return it as part of a list."""
        return f"*{self.text}" if self.type.many else self.text

    def into(self, target: PortType) -> Expression:
        """Return it as an input takes it: a whole number becomes a number, one thing a list."""
        made = self
        if target.name == "float" and self.type.name == "int" and not self.type.many:
            known = float(self.known) if isinstance(self.known, int) else self.known
            text = flat(known) if self.is_fixed else f"float({self.text})"
            made = replace(made, text=text, known=known, type=PortType("float"))
        elif target.name == "float" and self.type.name == "int":
            made = replace(made, text=f"[float(one) for one in {self.text}]", type=PortType("float", many=True))
        if target.many and not made.type.many:
            known = [made.known] if made.known is not UNKNOWN and made.known is not None else made.known
            made = replace(made, text=f"[{made.text}]", known=known, type=made.type.listed)
        return made


def fixed(value: Any, port_type: PortType, text: str | None = None) -> Expression:
    """Return the code of a value that stands in the flow."""
    return Expression(flat(value) if text is None else text, port_type, value, is_fixed=True)
