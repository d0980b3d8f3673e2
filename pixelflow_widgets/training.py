"""`pf.train`: a base model and pictures become weights, in the background; `pf.Training` is what is held meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from .errors import TrainingError, nearest
from .finetuning import dataset as datasets
from .finetuning import folders
from .finetuning.history import History
from .finetuning.keeping import handle_of, keep_pictures, kept_pictures, plain
from .finetuning.places import placed
from .finetuning.settings import Settings
from .finetuning.watching import view_of
from .flow.edited import listen
from .media import Image, Model, Preview
from .nodes.finetuning import GRACE, go_on
from .public import Flow
from .schema import Registry
from .schema.signature import read_node_type

if TYPE_CHECKING:
    import pandas

    from .finetuning.dataset.problems import DatasetProblem
    from .finetuning.evaluation import Evaluation
    from .run import Run
    from .run.events import Event

_LOOK_SECONDS = 0.5
_COLUMNS = ["name", "status", "step", "steps", "method", "base", "trigger", "weights", "folder"]
_types = Registry()
"""What the worker is asked to do for `pf.train`; no type of the palette."""
_types.add(read_node_type(go_on, pure=False, grace=GRACE))


class Dataset(datasets.Dataset):
    """Is shown in a notebook as a sheet that can be edited."""

    __doc__ = datasets.Dataset.__doc__

    def _ipython_display_(self) -> None:
        from .widget.finetuning import show_dataset

        show_dataset(self)


class Training:
    """Is a training: one that runs, here or in another process, or one that ended. What it says is in its folder.

    Args:
        folder: Where it lives.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model: Model | None = None
        self._run: Run | None = None
        self._problems: list[DatasetProblem] = []
        self._listeners: list[Callable[[Training], None]] = []
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, name: str | Path) -> Self:
        """Return a training that was begun before, in any process.

        Args:
            name: What it is called, the newest of that name is taken; or its folder.

        Raises:
            TrainingError: There is none.
        """
        found = folders.all_trainings()
        if (Path(name) / folders.SETTINGS).is_file():
            return cls(Path(name))
        for folder in found:
            if str(name) in (folder.name, _name_of(folder)):
                return cls(folder)
        known = list(dict.fromkeys(map(_name_of, found)))
        there = f"There is: {', '.join(known[:20])}." if known else "There is none yet: pf.train begins one."
        raise TrainingError(f"There is no training '{name}'.{nearest(str(name), known)} {there}")

    @property
    def name(self) -> str:
        """Return what it is called."""
        return _name_of(self.folder)

    @property
    def settings(self) -> Settings:
        """Return what it was told, with what was left open filled in."""
        return Settings.of(folders.read_json(self.folder / folders.SETTINGS))

    @property
    def dataset(self) -> Dataset:
        """Return what it learns from, as it was when it began."""
        return Dataset(kept_pictures(self.folder, self.settings.trigger))

    @property
    def problems(self) -> list[DatasetProblem]:
        """Return what was found wrong with its dataset when it was begun here; of one that was opened, nothing."""
        return list(self._problems)

    @property
    def trigger(self) -> str:
        """Return the word that calls in a prompt what was learnt."""
        return self.settings.trigger

    @property
    def status(self) -> str:
        """Return "running", "stopped" (it goes on with `resume`), "finished" or "failed"."""
        state = folders.State.read(self.folder)
        if self._is_on or state.status == "running":
            return "running"
        if self._failure:
            return "failed"
        is_cut_short = state.status == "finished" and state.step < state.steps
        return "stopped" if is_cut_short else state.status

    @property
    def step(self) -> int:
        """Return how many steps are done."""
        return folders.State.read(self.folder).step

    @property
    def steps(self) -> int:
        """Return of how many."""
        return folders.State.read(self.folder).steps or self.settings.steps or 0

    @property
    def error(self) -> str:
        """Return why it failed; empty where it did not."""
        return self._failure or folders.State.read(self.folder).error

    @property
    def note(self) -> str:
        """Return what it does before its first step, where it was begun here; empty once steps are done."""
        run = self._run
        if run is None or not self._is_on or self.step > 0:
            return ""
        told, _ = run.happened({"progress"})
        return " · ".join(filter(None, [told[-1].note if told else "", self.estimate]))

    def view(self) -> Preview:
        """Return its live view: losses and samples, as pages are shown them."""
        return view_of(self.folder)

    @property
    def history(self) -> pandas.DataFrame:
        """Return how it went: a table of step, loss, smoothed, learning_rate, seconds, steady."""
        return cast("pandas.DataFrame", History(self.folder / folders.HISTORY).table())

    @property
    def samples(self) -> list[Image]:
        """Return the newest pictures of the sample prompts, one each."""
        return folders.newest_samples(self.folder)

    @property
    def estimate(self) -> str:
        """Return how long it was thought to take, and how much memory, before it began; empty until that is known."""
        return folders.read_json(self.folder / folders.ESTIMATE).get("told", "")

    @property
    def weights(self) -> Path | None:
        """Return where the result lies, the best so far if it was stopped; None before there is one."""
        told = folders.State.read(self.folder).weights
        return Path(told) if told and Path(told).exists() else None

    @property
    def model(self) -> Model:
        """Return the base model with what was learnt, for `pf.nodes.text_to_image(model=…)` and flows.

        Raises:
            TrainingError: There are no weights yet.
        """
        weights = self.weights
        if weights is None:
            raise TrainingError(
                f"The training '{self.name}' has no weights yet: it is {self.status} at step {self.step}."
            )
        return handle_of(self._base, self.settings.method, weights)

    @property
    def code(self) -> str:
        """Return the Python that paints with what was learnt; empty before there are weights."""
        from .finetuning.results.about import About
        from .finetuning.results.usage import in_this_package

        weights = self.weights
        return in_this_package(About.of(weights), self.settings.base) if weights is not None else ""

    @property
    def _base(self) -> Model:
        return self._model or Model(self.settings.base)

    @property
    def _is_on(self) -> bool:
        return self._run is not None and self._run.status == "running"

    @property
    def _failure(self) -> str:
        run = self._run
        return str(next(iter(run.errors.values()))) if run is not None and run.status == "failed" and run.errors else ""

    # What can be done

    def stop(self) -> None:
        """End it after this step: the best so far becomes the result, and `resume` goes on."""
        if folders.State.read(self.folder).status == "running":
            (self.folder / folders.FINISH).touch()
        else:
            self.cancel()  # it has not begun: there is nothing to keep

    def resume(self) -> Self:
        """Go on where it was; returns at once. What is finished, or runs, is left alone.

        Raises:
            TrainingError: Its pictures are gone.
        """
        if self.status == "running" or (self.status == "finished" and self.weights):
            return self
        kept_pictures(self.folder, "")
        (self.folder / folders.FINISH).unlink(missing_ok=True)
        flow = Flow(self.name, registry=_types)
        flow.add("go_on", id="training", title=self.name, folder=str(self.folder), model=self._base)
        self._run = flow.start(targets=["training"], on_event=_tell_editors)
        self._watch()
        return self

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for its end; Ctrl-C ends the waiting, and the training goes on.

        Args:
            timeout: Seconds after which waiting ends anyway.

        Raises:
            TrainingError: It failed.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.status == "running" and (end is None or time.monotonic() < end):
            if self._run is not None and self._is_on:
                self._run.wait(0.2)
            else:
                time.sleep(0.2)
        if self.status == "failed":
            raise TrainingError(f"The training '{self.name}' failed: {self.error}")
        return self

    def cancel(self) -> None:
        """Break off now; what the last checkpoint has stays, and `resume` goes on from there."""
        if self._run is not None:
            self._run.cancel()

    def evaluate(self, **options: Any) -> Evaluation:
        """Measure what was learnt: held-out loss, pictures that nearly are training pictures, drift of other prompts.

        Args:
            options: As of `finetuning.evaluation.evaluate`.

        Raises:
            TrainingError: There are no weights yet.
        """
        from .finetuning.evaluation import evaluate

        return evaluate(cast(Any, self), **options)

    # Who hears of it

    def on_change(self, callback: Callable[[Training], None]) -> Callable[[], None]:
        """Call back when it is further than before, from another thread; the function that is returned ends it."""
        ended = listen(self._listeners, callback)
        self._watch()
        return ended

    def _watch(self) -> None:
        with self._lock:
            if self._listeners and (self._watcher is None or not self._watcher.is_alive()):
                self._watcher = threading.Thread(target=self._look, name=f"pixelflow-training-{self.name}", daemon=True)
                self._watcher.start()

    def _look(self) -> None:
        """Tell listeners whenever the folder says something else; whichever process trains, it writes there."""
        seen: Any = None
        while self._listeners:
            is_on = self.status == "running"
            now = (
                is_on,
                self.note,
                folders.State.read(self.folder),
                *(_changed(self.folder / name) for name in (folders.HISTORY, "samples")),
            )
            if now != seen:
                for listener in tuple(self._listeners):
                    listener(self)
            seen = now
            if not is_on:
                return
            time.sleep(_LOOK_SECONDS)

    # How it is shown

    def __repr__(self) -> str:
        best = folders.State.read(self.folder).best_step
        told = f", best at {best}" if best is not None else ""
        return f"Training({self.name!r}, {self.status}, step {self.step} of {self.steps}{told})"

    def _ipython_display_(self) -> None:
        from .widget.finetuning import show_training

        show_training(self)


def train(
    base: str | Path | Model,
    dataset: Any,
    *,
    captions: str | list[str] = "files",
    template: str = "a {trigger}",
    **settings: Any,
) -> Training:
    """Teach a model from pictures, in the background; returns at once. As the last line of a cell it is shown.

    The same call again goes on where that was, or returns what it made.

    Args:
        base: A card's name, a Hub id, a folder, a file, or `pf.Model`; also one of `Model.from_object`.
        dataset: `pf.Dataset`, or what makes one: a folder, a .zip, a list of pictures or paths, a DataFrame.
        captions: Where `dataset` is no `pf.Dataset`: "files", "template", "auto" or a list of texts.
        template: The caption of pictures that have none; {trigger} is the trigger word.
        settings: As of `finetuning.settings.Settings`: trigger, steps, rank, learning_rate, method, preset …

    Raises:
        TrainingError: A setting makes no sense, or the base cannot be taught.
        MediaError: The pictures cannot be learnt from; says all that is wrong with them.
        ModelError: The base is not here.
    """
    model = base if isinstance(base, Model) else Model(str(base))
    told = Settings.of({**settings, "base": model.source})
    if not isinstance(dataset, datasets.Dataset):
        dataset = Dataset(dataset, trigger=told.trigger, captions=captions, template=template)
    told = replace(told, name=told.name or told.trigger or dataset.trigger)
    place = placed(dataset, told, plain(model))
    training = Training(place.folder)
    training._model = model
    if training.status != "running":
        dataset.check(place.settings.resolution or 0)
        keep_pictures(dataset, place.folder)
        folders.write_json(place.folder / folders.SETTINGS, place.settings.as_json())
        if not (place.folder / folders.STATE).is_file():
            folders.State("stopped", steps=place.settings.steps or 0).write(place.folder)
    training._problems = dataset.problems(place.settings.resolution, model)
    return training.resume()


def trainings() -> pandas.DataFrame:
    """Return a table of all trainings on this machine, used last first: name, status, step, base, weights, folder."""
    import pandas as pd

    rows = []
    for folder in folders.all_trainings():
        settings, state = folders.read_json(folder / folders.SETTINGS), folders.State.read(folder)
        rows.append(
            {
                "name": _name_of(folder),
                "status": state.status,
                "step": state.step,
                "steps": state.steps,
                **{name: settings.get(name, "") for name in ("method", "base", "trigger")},
                "weights": state.weights,
                "folder": str(folder),
            }
        )
    return pd.DataFrame(rows, columns=pd.Index(_COLUMNS))


def _tell_editors(event: Event) -> None:
    """Have open editors offer what was learnt, once a training has ended."""
    if event.kind == "run-finished":
        from .widget.gettings import shared_gettings

        shared_gettings().look()


def _name_of(folder: Path) -> str:
    """Return what a training is called: its folder's name without the mark that tells it from others."""
    return folder.name.rpartition("-")[0] or folder.name


def _changed(path: Path) -> int:
    """Return when a file, or what is in a folder, was changed; 0 where there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0
