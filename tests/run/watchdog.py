"""What must not hang is done beside the test: where it does, the test fails with what every thread stood at."""

from __future__ import annotations

import faulthandler
import tempfile
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from pixelflow_widgets.run import Run

PATIENCE = 90.0
"""Seconds: far more than anything here takes on a busy machine, so that only what hangs needs it."""


def in_time(*jobs: Callable[[], Any], seconds: float = PATIENCE) -> list[Any]:
    """Do jobs at once, each in a thread of its own, and return what they return; raise what the first raises."""
    given: dict[int, Any] = {}
    raised: list[BaseException] = []

    def do(number: int, job: Callable[[], Any]) -> None:
        try:
            given[number] = job()
        except BaseException as error:  # told to the test
            raised.append(error)

    threads = [threading.Thread(target=do, args=pair, daemon=True, name=f"test-{pair[0]}") for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    if any(thread.is_alive() for thread in threads):
        pytest.fail(f"It hangs. Every thread stands here:\n{stacks()}", pytrace=False)
    if raised:
        raise raised[0]
    return [given[number] for number in range(len(jobs))]


def end_in_time(runs: Iterable[Run], seconds: float = PATIENCE) -> None:
    """Wait until runs have ended."""
    for run in runs:
        if not run.wait(seconds):
            pytest.fail(f"The run {run.id} hangs. Every thread stands here:\n{stacks()}", pytrace=False)


def stacks() -> str:
    """Return what every thread of this process does."""
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read().decode(errors="replace")
