"""What stands in a script for the things of this package that are not copied as they are."""

from __future__ import annotations

from collections.abc import Mapping

from .. import errors, schema
from .sources_kinds import Meaning, Refused, Said, Silent, StandIn, Told
from .sources_modules import PACKAGE, ImportLine

_MODEL = "needs a model"
_VALUES = f"{PACKAGE}.media.values."
_PICTURE = Said("PIL.Image.Image", ImportLine("PIL.Image"))
_NUMPY = ImportLine("numpy", "", "np")
_DATACLASS = ImportLine("dataclasses", "dataclass")

STAND_INS: Mapping[str, StandIn] = {
    f"{_VALUES}Audio": StandIn(
        "Audio",
        '''
@dataclass(eq=False)
class Audio:
    """Holds a sound: float32 (channels, frames) in [-1, 1], and frames per second."""

    samples: np.ndarray
    sample_rate: int
''',
        (_NUMPY, _DATACLASS),
    ),
    f"{_VALUES}Video": StandIn(
        "Video",
        '''
@dataclass(eq=False)
class Video:
    """Holds a film: uint8 (n, height, width, 3), frames per second, and its sound."""

    frames: np.ndarray
    fps: float
    audio: Audio | None = None

    def __post_init__(self) -> None:
        self.fps = float(self.fps)
''',
        (_NUMPY, _DATACLASS),
        (f"{_VALUES}Audio",),
    ),
    f"{PACKAGE}.models.seeding.seeded": StandIn(
        "seeded",
        '''
@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw the same numbers for the same seed within."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
''',
        (ImportLine("contextlib"), ImportLine("collections.abc", "Iterator"), ImportLine("torch")),
    ),
}
"""What is written anew where its own source would bring much that a script has no use for."""

_SAID: Mapping[str, Meaning] = {
    f"{_VALUES}Image": _PICTURE,
    f"{_VALUES}Mask": _PICTURE._replace(is_identity=True),
    f"{_VALUES}Latents": Said("torch.Tensor", ImportLine("torch"), is_identity=True),
    f"{_VALUES}Table": Said("pandas.DataFrame", ImportLine("pandas"), is_identity=True),
    f"{_VALUES}Model": Refused(_MODEL),
    f"{_VALUES}Adapter": Refused(_MODEL),
    f"{PACKAGE}.models.loan.Loan": Refused(_MODEL),
    f"{PACKAGE}.models.loading.lend": Refused(_MODEL),
    f"{PACKAGE}.models.loading.Report": Told(),
    f"{PACKAGE}.models.image_generation.Told": Told(),
    f"{PACKAGE}.schema.progress.Progress": Told(),
    f"{PACKAGE}.schema.record.Record": Told(is_empty=True),
    f"{PACKAGE}.media.tags.picture_options": Told(is_empty=True),
    f"{PACKAGE}.schema.asking.Ask": Refused("asks whoever runs the flow"),
    f"{PACKAGE}.schema.lazy.Lazy": Refused("is worked out later"),
    f"{PACKAGE}.schema.options.Options": Refused("is for the options of a model"),
    f"{PACKAGE}.schema.signature.node": Silent("@node"),
}
_RUN_ERRORS = ("RunError", "NodeFailed", "WorkerLost", "Cancelled")


def special(path: str) -> Meaning | None:
    """Return what stands in a script for something of this package that is not copied as it is."""
    module, _, name = path.rpartition(".")
    if path in STAND_INS:
        return STAND_INS[path]
    if path in _SAID:
        return _SAID[path]
    if module == f"{PACKAGE}.schema":  # all of its names are classes and functions of its parts
        found = getattr(schema, name, None)
        return special(f"{found.__module__}.{name}") if getattr(found, "__module__", module) != module else None
    if module == f"{PACKAGE}.errors":
        found = getattr(errors, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return Said("RuntimeError" if name in _RUN_ERRORS else "ValueError")
    if module.startswith((f"{PACKAGE}.controls", f"{PACKAGE}.schema")):
        return Silent(name)
    if module.startswith((f"{PACKAGE}.run", f"{PACKAGE}.flow", f"{PACKAGE}.public", f"{PACKAGE}.widget")):
        return Refused("belongs to the editor and not to a script")
    return None
