"""Memory that two processes see: what is written is read, places are reused, and nothing stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixelflow_widgets as pf
from pixelflow_widgets.run import shared_memory
from pixelflow_widgets.run.shared_memory import KEPT, SharedMemory, Span, make_shared

pytestmark = pytest.mark.skipif(os.name != "posix", reason="memory without a name can be handed on by POSIX systems")
MEGABYTE = 1024**2


def both(limit: int = shared_memory.LIMIT) -> tuple[SharedMemory, SharedMemory]:
    """The two sides of one memory, as two processes have them."""
    descriptor = make_shared()
    assert descriptor is not None
    return SharedMemory(os.dup(descriptor), limit), SharedMemory(descriptor)


def write(memory: SharedMemory, data: bytes) -> Span | None:
    """In two pieces."""
    return memory.write(len(data), [data[: len(data) // 2], memoryview(data)[len(data) // 2 :]])


@pytest.fixture
def sides() -> Iterator[tuple[SharedMemory, SharedMemory]]:
    sides = both()
    yield sides
    for side in sides:
        side.close()


def test_what_one_side_writes_the_other_reads(sides: tuple[SharedMemory, SharedMemory]) -> None:
    writer, reader = sides
    spans = [write(writer, bytes([number]) * (number * 1000 + 1)) for number in range(5)]
    for number, span in enumerate(spans):
        assert span is not None
        assert bytes(reader.read(span)) == bytes([number]) * (number * 1000 + 1)


def test_a_place_that_is_free_is_used_again_and_the_memory_does_not_grow(
    sides: tuple[SharedMemory, SharedMemory],
) -> None:
    writer, reader = sides
    sizes = set()
    for number in range(50):
        span = write(writer, bytes([number]) * 3 * MEGABYTE)
        assert span is not None and reader.read(span)[0] == number
        sizes.add(writer.size)
        writer.free(span)
    assert len(sizes) == 1 and writer.used == 0


def test_memory_grows_by_need_and_is_given_back(sides: tuple[SharedMemory, SharedMemory]) -> None:
    writer, reader = sides
    small, large = write(writer, b"small"), write(writer, b"x" * (KEPT + MEGABYTE))
    assert small and large and writer.size > KEPT
    assert bytes(reader.read(large)[-1:]) == b"x"
    writer.free(large)
    writer.free(small)
    assert writer.size == KEPT
    again = write(writer, b"y" * (KEPT + MEGABYTE))
    assert again and bytes(reader.read(again)[-1:]) == b"y"


def test_what_has_no_room_is_refused_and_goes_another_way() -> None:
    writer, _ = both(limit=4 * MEGABYTE)
    span = write(writer, b"x" * 3 * MEGABYTE)
    assert span is not None
    assert write(writer, b"x" * 2 * MEGABYTE) is None
    writer.free(span)
    assert write(writer, b"x" * 2 * MEGABYTE) is not None


def test_what_lies_beyond_the_end_is_an_error_and_no_crash(sides: tuple[SharedMemory, SharedMemory]) -> None:
    with pytest.raises(pf.MediaError, match="Run again"):
        sides[1].read(Span(0, 4096))


def test_memory_whose_descriptor_somebody_closed_is_left_alone(
    sides: tuple[SharedMemory, SharedMemory], tmp_path: Path
) -> None:
    writer, _ = sides
    assert write(writer, b"x" * MEGABYTE)
    os.close(writer._descriptor)  # type: ignore[arg-type]
    with (tmp_path / "mine").open("w+b") as file:  # gets the same number
        file.write(b"precious")
        file.flush()
        assert write(writer, b"x" * 8 * MEGABYTE) is None
        writer.close()
        assert (tmp_path / "mine").read_bytes() == b"precious"


def test_what_breaks_off_while_it_is_written_leaves_its_place_free(sides: tuple[SharedMemory, SharedMemory]) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        sides[0].write(100, pieces())
    assert sides[0].used == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300_000)), max_size=60))
def test_nothing_that_is_under_way_is_ever_written_over(steps: list[tuple[bool, int]]) -> None:
    writer, reader = both(limit=4 * MEGABYTE)
    under_way: list[tuple[Span, int]] = []
    for number, (is_write, size) in enumerate(steps):
        if is_write:
            span = write(writer, bytes([number % 256]) * size)
            if span is not None:
                under_way.append((span, number % 256))
        elif under_way:
            span, _ = under_way.pop(size % len(under_way))
            writer.free(span)
        for span, value in under_way:
            assert set(bytes(reader.read(span))) == {value}
    assert writer.used == sum(span.size for span, _ in under_way)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="named shared memory is seen in /dev/shm")
def test_nothing_is_left_behind_when_kernel_and_worker_are_killed(tmp_path: Path) -> None:
    before = {path.name for path in Path("/dev/shm").iterdir()}
    script = """
        import os, signal, sys
        import pixelflow_widgets as pf
        from tests.run import sample_nodes
        from pixelflow_widgets.run.backends import shared_worker
        with pf.Flow("script") as flow:
            flow.output("image", sample_nodes.large(edge=1024))
        flow.run(backend="worker")
        print(os.listdir("/dev/shm"), flush=True)
        os.kill(shared_worker().pid if sys.argv[1] == "worker" else os.getpid(), signal.SIGKILL)
    """
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    environment = {**os.environ, "PYTHONPATH": str(Path(pf.__file__).parents[1])}
    for victim in ("worker", "kernel"):
        done = subprocess.run(
            [sys.executable, str(path), victim],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment,
            check=False,
        )
        assert done.stdout and done.stderr == ""
    assert {path.name for path in Path("/dev/shm").iterdir()} <= before
