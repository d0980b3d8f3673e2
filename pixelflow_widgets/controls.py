"""What goes inside `Annotated`: the form element of a port's value, and the limits that it states.

A control adds; it never renames or retypes: `strength: Annotated[float, Slider(0, 1)] = 0.6`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Control:
    """Is a form element; `kind` names it in the page."""

    kind: ClassVar[str] = ""
    reads: ClassVar[str] = ""
    """Which files its value names, as `registry.fingerprints` calls them: results follow those, too."""

    def describe(self) -> dict[str, Any]:
        """Return the control as JSON for the page, without what is not set."""
        fields = {name: _as_json(value) for name, value in asdict(self).items() if value not in (None, ())}
        return {"kind": self.kind, **fields}

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Return the smallest and the largest value allowed; None is no limit."""
        return getattr(self, "min", None), getattr(self, "max", None)


def _as_json(value: Any) -> Any:
    """Return whole numbers that JavaScript would round as text."""
    is_large = isinstance(value, int) and abs(value) > 2**53 - 1
    return str(value) if is_large else value


@dataclass(frozen=True)
class Slider(Control):
    """Chooses a number between two limits."""

    kind: ClassVar[str] = "slider"
    min: float
    max: float
    step: float | None = None


@dataclass(frozen=True)
class Number(Control):
    """Types a number, with limits if they are set and a unit behind it."""

    kind: ClassVar[str] = "number"
    min: float | None = None
    max: float | None = None
    step: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Text(Control):
    """Types one line of text, or several.

    Args:
        lines: How many are seen.
        placeholder: What stands there while it is empty.
        names_a_secret: It is the name of a secret; an edit that puts the secret itself there is refused.
    """

    kind: ClassVar[str] = "text"
    lines: int = 1
    placeholder: str | None = None
    names_a_secret: bool | None = None


@dataclass(frozen=True)
class Prompt(Control):
    """Edits a prompt."""

    kind: ClassVar[str] = "prompt"
    lines: int = 3
    placeholder: str | None = None
    negative: bool = False


@dataclass(frozen=True)
class WrittenPrompt(Prompt):
    """Edits a prompt with comments, alternatives {red|blue} and wildcards __colour__, which its node writes out."""

    reads: ClassVar[str] = "wildcards"


@dataclass(frozen=True)
class StyleName(Text):
    """Names a style of the user's library, or one that ships."""

    reads: ClassVar[str] = "styles"


@dataclass(frozen=True)
class Seed(Control):
    """Chooses a 64-bit seed, or "random": a new one for every run, recorded with it."""

    kind: ClassVar[str] = "seed"
    min: int = 0
    max: int = 2**64 - 1


@dataclass(frozen=True)
class Choices(Control):
    """Picks one of some options."""

    kind: ClassVar[str] = "choices"
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Toggle(Control):
    """Switches something on or off."""

    kind: ClassVar[str] = "toggle"


@dataclass(frozen=True)
class Colour(Control):
    """Picks a colour, as "#rrggbb"."""

    kind: ClassVar[str] = "colour"


@dataclass(frozen=True)
class File(Control):
    """Names a file that is read or written.

    Args:
        write: The node writes it.
        endings: Which file endings fit; empty is any.
    """

    kind: ClassVar[str] = "file"
    write: bool = False
    endings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Upload(Control):
    """Takes a dropped or pasted medium."""

    kind: ClassVar[str] = "upload"


@dataclass(frozen=True)
class ModelPicker(Control):
    """Picks a model that does a task.

    Args:
        task: What the model must be able to do: "text_to_image".
    """

    kind: ClassVar[str] = "model"
    task: str = ""


@dataclass(frozen=True)
class LoraPicker(Control):
    """Picks a LoRA: a card's name, a file, or a Hub id with the file behind it."""

    kind: ClassVar[str] = "lora"


@dataclass(frozen=True)
class LoraStack(Control):
    """Edits a stack of LoRAs: one a line, "name weight [@ schedule]", with # before one that is off."""

    kind: ClassVar[str] = "loras"


@dataclass(frozen=True)
class Advanced:
    """Marks a port that is shown under *Advanced*; stands beside a control inside `Annotated`."""

    reason: str = field(default="", repr=False)


DEFAULT_CONTROLS: dict[str, Control] = {
    "text": Text(),
    "int": Number(step=1),
    "float": Number(),
    "flag": Toggle(),
    "choice": Choices(),
    "model": ModelPicker(),
    "image": Upload(),
    "mask": Upload(),
    "audio": Upload(),
    "video": Upload(),
}
"""The control of a port that names none; a type that is not here has a port only."""
