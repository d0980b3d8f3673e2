"""The node that trains: what it gives, what it says before it runs, and that Stop and running again lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.errors import Cancelled, MediaError
from pixelflow_widgets.finetuning.folders import State, all_trainings
from pixelflow_widgets.finetuning.settings import Settings
from pixelflow_widgets.models.weights import place_of
from pixelflow_widgets.nodes.finetuning_checks import settings_of
from pixelflow_widgets.run.cache import MemoryCache
from tests.crescents import WORD, captions, pictures
from tests.run.test_executor import run
from tests.zoo import Zoo

from .other_values import other_values

train_lora: Any = pf.nodes.train_lora
text_to_image: Any = pf.nodes.text_to_image
SHORT: dict[str, Any] = {"steps": 2, "batch": 2, "rank": 2, "sample_every": 2, "sample_prompts": [f"a red {WORD}"]}
PAINTED: dict[str, Any] = {"prompt": f"a yellow {WORD}", "steps": 2, "seed": 3, "width": 64, "height": 64}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which trainings and weights are kept."""
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def flow(tiny_model: Path) -> pf.Flow:
    """Pictures, a training, and a picture of what it taught beside one without."""
    made = pf.Flow("teaching")
    made.add("train_lora", model=str(tiny_model), images=pictures(), captions=captions(), trigger=WORD, **SHORT)
    made.add("text_to_image", id="taught", model=made.nodes["train_lora"]["model"], **PAINTED)
    made.add("text_to_image", id="untaught", model=str(tiny_model), **PAINTED)
    for name in ("taught", "untaught"):
        made.output(name, made.nodes[name]["image"])
    return made


class Watching:
    """Hears what a node says, and presses Stop at a step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.previews: list[Any] = []
        self.lines: list[str] = []
        self.reports = 0
        self._stop_at = stop_at

    def progress(self, fraction: float | None, note: str) -> None:
        self.reports += 1

    def preview(self, value: Any) -> None:
        self.previews.append(value() if callable(value) else value)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def used(self, usage: object) -> None: ...

    def is_stopped(self) -> bool:
        return self._stop_at is not None and any(State.read(folder).step >= self._stop_at for folder in all_trainings())


def taught(model: Path, watching: Watching | None = None, **more: Any) -> Any:
    """What the node gives for the eight pictures."""
    heard = watching or Watching()
    given = {"images": pictures(), "captions": captions(), "trigger": WORD, **SHORT, **more}
    return train_lora(model=str(model), progress=pf.Progress(heard, heard.is_stopped), **given)


def test_every_setting_among_the_ports_is_handed_on() -> None:
    ports = pf.registry["train_lora"].inputs
    others = {
        "preset": "style",
        "method": "full",
        "schedule": "linear",
        "precision": "float16",
        "sample_prompts": ["a"],
    }
    others |= {"model": "sdxl", "trigger": "blip", "continue_from": "a.safetensors"}
    usual = {name: port.default for name, port in ports.items()} | {"class_words": "circle"}
    before = settings_of(usual)
    for name, port in ports.items():
        if name in Settings.__dataclass_fields__:
            [other, *_] = [others[name]] if name in others else other_values(port, port.default)
            told = settings_of({**usual, name: other})
            assert getattr(told, name) == (tuple(other) if isinstance(other, list) else other), name
            assert told != before
    assert settings_of({"model": pf.Model("sdxl"), "trigger": WORD}).base == "sdxl"


def test_pictures_without_captions_have_the_template(tiny_model: Path) -> None:
    taught(tiny_model, images=pictures()[:2], captions=None, template="one {trigger} alone", steps=1)
    [folder] = all_trainings()
    assert {picture.caption for picture in pf.Training(folder).dataset.pictures} == {f"one {WORD} alone"}


def test_what_was_taught_goes_straight_into_the_node_that_paints(flow: pf.Flow) -> None:
    result = run(flow).result()
    assert result["taught"].tobytes() != result["untaught"].tobytes()
    given = result.node("train_lora")
    assert Path(given["weights"]).name == f"{WORD}.safetensors" and Path(given["weights"]).is_file()
    assert given["history"]["step"].tolist() == [1, 2]
    assert [sample.size for sample in given["samples"]] == [(64, 64)]
    [adapter] = given["model"].adapters
    assert (adapter.source, adapter.kind) == (WORD, "lora"), "by its name, which travels"
    assert place_of(adapter.source) == Path(given["weights"])


def test_the_same_training_is_done_once_and_what_follows_does_not_run_again(flow: pf.Flow) -> None:
    cache = MemoryCache()
    first = run(flow, cache).result()
    again = run(flow, cache)
    assert again.result().node("train_lora")["weights"] == first.node("train_lora")["weights"]
    assert len(all_trainings()) == 1
    found = {event.node for event in again.events() if event.kind == "node-finished" and event.cached}
    assert {"taught", "untaught"} <= found
    flow.set("train_lora", seed=1)
    assert run(flow, cache).result().node("train_lora")["weights"] != first.node("train_lora")["weights"]


def test_its_card_shows_how_it_goes_while_it_runs(tiny_model: Path) -> None:
    heard = Watching()
    taught(tiny_model, heard)
    assert heard.previews and {view.mime for view in heard.previews} == {"application/vnd.pixelflow.training"}
    assert any("safetensors" in line for line in heard.lines)


def test_stop_keeps_what_was_learnt_and_running_again_ends_where_an_uninterrupted_run_does(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = taught(tiny_model, steps=4)
    monkeypatch.setenv("PIXELFLOW_DATA", str(tmp_path / "other"))
    with pytest.raises(Cancelled):
        taught(tiny_model, Watching(stop_at=2), steps=4)
    [folder] = all_trainings()
    state = State.read(folder)
    assert state.status == "stopped" and 0 < state.step < 4 and Path(state.weights).is_file()
    ended = taught(tiny_model, steps=4)
    assert ended.history["step"].tolist() == [1, 2, 3, 4]
    assert ended.history["loss"].tolist() == whole.history["loss"].tolist()


def test_adapters_that_the_model_wears_stay_and_what_was_learnt_comes_last(tiny_model: Path) -> None:
    first = taught(tiny_model)
    second = train_lora(model=first.model, images=pictures()[:4], trigger="blip", **SHORT)
    assert [str(place_of(adapter.source)) for adapter in second.model.adapters] == [first.weights, second.weights]
    assert Path(second.weights).stem == "blip", "which the catalogue has: named by its place"


def test_a_lora_that_is_named_is_taught_further(tiny_model: Path) -> None:
    first = taught(tiny_model)
    further = taught(tiny_model, continue_from=first.weights)
    anew = taught(tiny_model, seed=5)
    assert further.weights not in (first.weights, anew.weights)
    assert further.history["loss"].tolist() != first.history["loss"].tolist()


def test_pictures_and_captions_may_lie_in_a_folder(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for number, (picture, caption) in enumerate(zip(pictures(), captions(), strict=True)):
        picture.save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(caption)
    before = sorted(path.name for path in folder.iterdir())
    made = train_lora(dataset=str(folder), model=str(tiny_model), trigger=WORD, **SHORT)
    assert made.history["loss"].tolist() == taught(tiny_model).history["loss"].tolist(), "the same as when dropped in"
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    ("method", "kind"),
    [("prompt", "embedding"), ("full", None)],
)
def test_other_methods_give_a_model_that_paints_as_well(tiny_model: Path, method: str, kind: str | None) -> None:
    made = taught(tiny_model, method=method)
    assert [adapter.kind for adapter in made.model.adapters] == ([kind] if kind else [])
    image = text_to_image(model=made.model, **PAINTED)
    assert image.tobytes() != text_to_image(model=str(tiny_model), **PAINTED).tobytes()


def told(flow: pf.Flow, **values: Any) -> list[str]:
    flow.set("train_lora", **values)
    return [str(problem) for problem in flow.problems() if problem.node == "train_lora"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"images": None}, "There are no pictures to learn from. Drop some on 'images', or name a folder"),
        ({"dataset": "elsewhere"}, "There are pictures at 'images', and 'dataset' names 'elsewhere'. Give one of them"),
        ({"images": None, "captions": None, "dataset": "elsewhere"}, "There is no folder or .zip 'elsewhere'"),
        ({"captions": ["a zorb"]}, "There are 8 pictures and 1 captions. Give each picture one"),
        ({"captions": ["a moon"] * 8}, "8 of 8 captions lack the trigger word 'zorb': 'a moon'. Write it into each"),
        ({"captions": None, "template": "a moon"}, "The template 'a moon' does not say where the trigger word stands"),
        ({"class_words": f"circle, {WORD}"}, "'zorb' is the new word. Take it out of them"),
        ({"trigger": "two words"}, "The trigger is one word; 'two words' is not"),
        ({"method": "prompt", "continue_from": "x.safetensors"}, "Only a LoRA is taught further"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(flow: pf.Flow, values: dict[str, Any], sentence: str) -> None:
    assert told(flow) == []
    assert any(sentence in line for line in told(flow, **values)), told(flow)


def test_a_base_that_cannot_be_taught_is_refused_by_its_family(flow: pf.Flow, zoo: Zoo) -> None:
    [said] = [line for line in told(flow, model=str(zoo("flux"))) if "taught" in line and "Train" in line]
    assert "is FLUX.1, which cannot be taught here. Choose a base model of Starter, SD1.5, SD2, SDXL." in said


def test_a_lora_for_another_base_is_not_taught_further(flow: pf.Flow, zoo: Zoo) -> None:
    said = told(flow, model=str(zoo("sd15")), continue_from=str(zoo("lora_sdxl")))
    assert any("was made for another model than sd15" in line for line in said)


def test_pictures_that_no_training_can_learn_from_are_refused_when_it_runs(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    pictures()[0].save(folder / "whole.png")
    (folder / "half.png").write_bytes((folder / "whole.png").read_bytes()[:200])
    with pytest.raises(MediaError, match="half"):
        train_lora(dataset=str(folder), model=str(tiny_model), trigger=WORD, **SHORT)
    assert all_trainings() == []


def test_what_could_be_better_about_the_pictures_is_told(tiny_model: Path) -> None:
    heard = Watching()
    taught(tiny_model, heard, images=pictures()[:1] * 2, captions=captions()[:2])
    assert any("alike" in line or "same" in line or "twice" in line for line in heard.lines), heard.lines
