"""Values on their way between processes: nothing is lost, large ones go through shared memory."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas
import PIL.Image
import pytest

import pixelflow_widgets as pf
from pixelflow_widgets.media import MEDIA
from pixelflow_widgets.run.shared_memory import SharedMemory, make_shared
from pixelflow_widgets.run.transport import can_travel, pack, spans_of, unpack
from pixelflow_widgets.schema import Port, PortType

from ..models.pipelines import painter

GENERATOR = np.random.default_rng(7)


@pytest.fixture(params=[True, False], ids=["shared memory", "no shared memory"])
def memory(request: pytest.FixtureRequest) -> SharedMemory | None:
    descriptor = make_shared() if request.param else None
    return None if descriptor is None else SharedMemory(descriptor)


def travel(port_type: PortType, value: Any, memory: SharedMemory | None) -> Any:
    """A value as it arrives, when its place was used by another meanwhile."""
    port = Port("value", port_type, optional=True)
    sent = pickle.loads(pickle.dumps(pack({"value": port}, {"value": value}, memory)))
    found = unpack(sent, memory)["value"]
    if memory is not None:
        for span in spans_of(sent):
            memory.read(span)[:] = b"\xee" * span.size  # somebody else's now
            memory.free(span)
        assert memory.used == 0
    return found


def noise(*shape: int) -> np.ndarray:
    return GENERATOR.integers(0, 255, shape, dtype=np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "I", "I;16", "F"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (517, 311)])
def test_pictures_arrive_pixel_by_pixel(mode: str, size: tuple[int, int], memory: SharedMemory | None) -> None:
    image = PIL.Image.fromarray(noise(size[1], size[0], 4), "RGBA").convert("RGB").convert(mode)
    found = travel(PortType("image"), image, memory)
    assert (found.mode, found.size, found.tobytes()) == (image.mode, image.size, image.tobytes())


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_picture_so_large_that_it_lies_in_pieces_arrives_pixel_by_pixel(
    mode: str, memory: SharedMemory | None
) -> None:
    image = PIL.Image.fromarray(noise(5000, 4099, 1)[..., 0]).convert(mode)
    found = travel(PortType("image"), image, memory)
    assert (found.mode, found.size) == (image.mode, image.size) and found.tobytes() == image.tobytes()


def test_part_of_a_picture_arrives_as_it_is_seen(memory: SharedMemory | None) -> None:
    part = PIL.Image.fromarray(noise(400, 500, 3)).crop((7, 11, 407, 311))
    assert travel(PortType("image"), part, memory).tobytes() == part.tobytes()


@pytest.mark.parametrize("mode", ["P", "CMYK", "HSV"])
def test_pictures_of_other_modes_arrive_as_the_cache_keeps_them(mode: str, memory: SharedMemory | None) -> None:
    image = PIL.Image.fromarray(noise(300, 300, 3)).convert(mode)
    medium = MEDIA["image"]
    kept = medium.decode(medium.encode(image))
    found = travel(PortType("image"), image, memory)
    assert (found.mode, found.tobytes()) == (kept.mode, kept.tobytes())


def test_sound_and_film_arrive_sample_by_sample(memory: SharedMemory | None) -> None:
    sound = pf.Audio(GENERATOR.random((2, 50_000), np.float32), 44_100)
    found = travel(PortType("audio"), sound, memory)
    assert found.sample_rate == 44_100 and np.array_equal(found.samples, sound.samples)
    for audio in (None, sound):
        film = pf.Video(noise(5, 120, 160, 3)[:, ::-1], 24, audio)  # no array that lies in one piece
        seen = travel(PortType("video"), film, memory)
        assert seen.fps == 24 and np.array_equal(seen.frames, film.frames)
        assert (seen.audio is None) if audio is None else np.array_equal(seen.audio.samples, sound.samples)
        assert seen.frames.flags.writeable and seen.frames.flags.owndata


def test_latents_and_tables_arrive_whole(memory: SharedMemory | None) -> None:
    import torch

    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        tensor = torch.randn(1, 4, 128, 128).to(dtype)
        assert torch.equal(travel(PortType("latents"), tensor, memory), tensor)
    table = pandas.DataFrame({"number": np.arange(20_000), "word": [f"w{n}" for n in range(20_000)]})
    pandas.testing.assert_frame_equal(travel(PortType("table"), table, memory), table)


def test_lists_nothing_and_anything_arrive_as_they_are(memory: SharedMemory | None) -> None:
    images = [PIL.Image.fromarray(noise(200, 200, 3)) for _ in range(3)]
    found = travel(PortType("image", many=True), images, memory)
    assert [one.tobytes() for one in found] == [one.tobytes() for one in images]
    assert travel(PortType("image", many=True), [], memory) == []
    assert travel(PortType("image"), None, memory) is None
    assert travel(PortType("text"), "ü" * 100_000, memory) == "ü" * 100_000
    assert travel(PortType("any"), 3, memory) == 3
    assert travel(PortType("any"), images[0], memory).tobytes() == images[0].tobytes()
    assert [one.tobytes() for one in travel(PortType("any"), images, memory)] == [one.tobytes() for one in images]


def test_a_value_that_cannot_travel_is_named_and_leaves_nothing_in_shared_memory() -> None:
    descriptor = make_shared()
    assert descriptor is not None
    memory = SharedMemory(descriptor)
    ports = {"image": Port("image", PortType("image", many=True)), "table": Port("table", PortType("table"))}
    values = {"image": [PIL.Image.fromarray(noise(300, 300, 3))] * 3, "table": pandas.DataFrame({"x": [object()]})}
    with pytest.raises(pf.MediaError, match="'table' cannot travel between processes"):
        pack(ports, values, memory)
    assert memory.used == 0 and memory.size > 0


def test_a_live_model_cannot_travel_and_a_named_one_can() -> None:
    pipeline = painter()
    live, named = pf.Model.from_object(pipeline), pf.Model("starter")
    model, anything = Port("model", PortType("model")), Port("any", PortType("any"))
    models = Port("models", PortType("model", many=True))
    assert not can_travel(model, live) and not can_travel(models, [named, live])
    assert not can_travel(anything, live) and not can_travel(anything, [1, live])
    assert can_travel(model, named) and can_travel(models, [named]) and can_travel(anything, "text")
    with pytest.raises(pf.MediaError, match=r"lives in the kernel. Choose backend=\"auto\""):
        pack({"model": model}, {"model": live})
