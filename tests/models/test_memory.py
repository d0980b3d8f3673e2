"""What is in memory is measured and counted; what was not used for longest goes first, and what is in use stays."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.models import memory as room
from pixelflow_widgets.models.loading import lend
from pixelflow_widgets.models.memory import Kept, Memory, limit_from, memory, resident, size_of
from tests.zoo import Zoo

from .test_loading import Notes, components


@dataclass(eq=False)
class Holder:
    """A model that holds components."""

    source: str
    title: str = ""
    users: int = 0
    gone: list[str] = field(default_factory=list)

    def let_go(self, kept: Kept) -> None:
        self.gone.append(kept.name)


@pytest.fixture(autouse=True)
def only_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests left in the worker is not looked at."""
    monkeypatch.setattr(room, "_elsewhere", [])


@pytest.fixture
def held() -> Callable[..., Memory]:
    """A memory of 100 bytes that holds components of the sizes that are given, the one used last at the end."""

    def make(holder: Holder, **sizes: int) -> Memory:
        kept = Memory(limit=100)
        for name, size in sizes.items():
            kept.keep(Kept(name, name, object(), size, "cpu"), holder)
        return kept

    return make


def test_what_was_not_used_for_longest_goes_first(held: Callable[..., Memory]) -> None:
    holder = Holder("a")
    memory = held(holder, first=40, second=30, third=20)
    assert memory.make_room(10, "cpu") == 0 and holder.gone == []
    memory.keep(memory.find("first"), holder)  # type: ignore[arg-type] - used again
    assert memory.make_room(50, "cpu") == 0
    assert holder.gone == ["second", "third"]
    assert [kept.name for kept in memory.all()] == ["first"]


def test_what_is_in_use_stays_and_it_is_said_what_lacks(held: Callable[..., Memory]) -> None:
    busy, idle = Holder("busy"), Holder("idle")
    memory = held(busy, unet=60)
    memory.keep(Kept("vae", "vae", object(), 30, "cpu"), idle)
    memory.begin(busy)
    assert memory.make_room(60, "cpu") == 20
    assert idle.gone == ["vae"] and busy.gone == []
    memory.end(busy)
    assert memory.make_room(60, "cpu") == 0 and busy.gone == ["unet"]


def test_a_component_of_two_models_stays_as_long_as_one_of_them_is_lent(held: Callable[..., Memory]) -> None:
    one, two = Holder("one"), Holder("two")
    memory = held(one, vae=50)
    assert memory.keep(Kept("vae", "vae", object(), 50, "cpu"), two) is memory.find("vae")
    memory.begin(two)
    assert memory.free() == 0
    memory.end(two)
    assert memory.free("one") == 50
    assert one.gone == two.gone == ["vae"], "both forget it"


def test_devices_are_counted_one_by_one(held: Callable[..., Memory]) -> None:
    holder = Holder("a")
    memory = held(holder, here=90)
    assert memory.make_room(90, "mps") == 0 and holder.gone == []


def test_memory_is_freed_while_another_thread_uses_a_model(tiny_model: Path, zoo: Zoo) -> None:
    components(str(zoo("sdxl")))
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with lend(str(tiny_model), "text_to_image", Notes()):
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(60)
    assert [model.source for model in resident() if model.is_in_use] == [str(tiny_model)]
    assert room.free() > 0
    assert [model.source for model in resident()] == [str(tiny_model)]
    leave.set()
    thread.join()
    assert room.free(str(tiny_model)) > 0 and resident() == []


def test_what_is_resident_is_measured(tiny_model: Path) -> None:
    room.free()
    parts = components(str(tiny_model))
    (found,) = resident()
    assert found.source == str(tiny_model) and found.title == tiny_model.name and found.where == "kernel"
    assert {part.name: part.bytes for part in found.parts} == {name: size_of(part) for name, part in parts.items()}
    tensors = [tensor for part in parts.values() for tensor in (*part.parameters(), *part.buffers())]
    assert found.bytes == sum(tensor.nbytes for tensor in tensors)
    assert [fields["title"] for fields in room.resident_as_json()] == [found.title]


def test_the_environment_says_how_much_may_stay(zoo: Zoo, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room.free()
    components(str(tiny_model))
    small = sum(model.bytes for model in resident())
    components(str(zoo("sdxl")))
    both = sum(model.bytes for model in resident())
    room.free()
    monkeypatch.setenv(room.VARIABLE, str(both - 1))
    components(str(zoo("sdxl")))
    assert len(resident()) == 1
    components(str(tiny_model))
    assert str(tiny_model) in [model.source for model in resident()]
    assert sum(model.bytes for model in resident()) <= both - 1
    room.free()
    monkeypatch.setenv(room.VARIABLE, str(small // 2))
    components(str(zoo("sdxl")))
    components(str(tiny_model))  # what is asked for is loaded, however little may stay
    assert [model.source for model in resident()] == [str(tiny_model)]


@pytest.mark.parametrize(
    ("text", "count"),
    [("", None), ("  ", None), ("800", 800), ("6GB", 6 * 10**9), ("1.5 g", 15 * 10**8), ("20MB", 2 * 10**7)],
)
def test_a_limit_is_a_number_of_bytes(text: str, count: int | None) -> None:
    assert limit_from(text) == count


@pytest.mark.parametrize("text", ["much", "-1", "6 GBB", "1e9", "٣GB"])
def test_a_limit_that_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(pf.ModelError, match="PIXELFLOW_MODEL_MEMORY is a number of bytes, such as"):
        limit_from(text)


def test_other_processes_are_asked_too(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    room.free()
    components(str(tiny_model))
    there = room.resident_as_json()
    asked: list[tuple[Any, ...]] = []

    def ask(*question: Any) -> Any:
        asked.append(question)
        return there if question[0].endswith("resident_as_json") else 7

    monkeypatch.setattr(room, "_elsewhere", [ask, lambda *_: None])
    assert [model.where for model in resident()] == ["kernel", "worker"]
    assert resident()[1].parts == resident()[0].parts
    own = sum(part.bytes for part in resident()[0].parts)
    assert room.free("x") == 7 and room.free() == own + 7
    assert asked[-1] == ("pixelflow_widgets.models.memory:free_here", None)


def test_models_come_and_go_without_a_trace(zoo: Zoo, tmp_path: Path) -> None:
    import gc

    from torch import Tensor, nn

    folders = [shutil.copytree(zoo("sdxl"), tmp_path / str(number)) for number in range(2)]
    lora = str(zoo("lora_sdxl"))

    def cycle() -> int:
        for folder in folders:
            with lend(pf.Model(str(folder)).with_adapter(lora, 1.0), "image_to_image", Notes()):
                pass
        room.free()
        gc.collect()
        return sum(1 for thing in gc.get_objects() if issubclass(type(thing), nn.Module | Tensor))

    counts = [cycle() for _ in range(3)]
    assert len(set(counts[1:])) == 1 and memory.all() == []


def test_a_fit_is_told_in_words(tiny_model: Path, zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    room.free()
    one = pf.models.fit(str(tiny_model))
    assert one.how == "fits" and one.device == "cpu" and str(one).endswith("free: fits.")
    weights = sum(size_of(part) for part in components(str(tiny_model)).values())
    assert weights <= one.needed <= 1.3 * weights
    assert pf.models.fit(str(tiny_model)).how == "resident"
    adapted = pf.Model(str(zoo("sdxl"))).with_adapter(str(zoo("lora_sdxl")))
    assert pf.models.fit(adapted).needed > pf.models.fit(adapted.source).needed

    monkeypatch.setenv(room.VARIABLE, str(weights + 1))
    assert pf.models.fit(str(zoo("sdxl"))).how == "too large"
    monkeypatch.setenv(room.VARIABLE, str(int(pf.models.fit(str(zoo("sdxl"))).needed / room.WORK) + weights // 2))
    assert pf.models.fit(str(zoo("sdxl"))).how == "others make room"
    monkeypatch.setattr("pixelflow_widgets.models.estimates.best_device", lambda: "cuda")
    monkeypatch.setattr("pixelflow_widgets.models.estimates.free_bytes", lambda _: 8 * 10**9)
    monkeypatch.setattr(memory, "_limit", 10**12)
    big = pf.models.fit("sdxl")
    assert big.how == "offload"
    assert str(big).startswith("Stable Diffusion XL") and str(big).endswith(
        "8.0 GB free: will offload, which is slower."
    )
